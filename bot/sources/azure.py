"""Azure Monitor's common alert schema; of the older schemas that of metric alerts.

Known from Microsoft's documentation of the schema and its sample payloads (2026); not tried against the service.
"""

from collections.abc import Sequence
from urllib.parse import quote

from bot.domain.signal import Kind, Link, Signal
from bot.domain.vocabulary import kind_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, objects, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "azure"
MARKS: Sequence[Mark] = (("data.essentials",), ("schemaId", "data"))
SEVERITIES = {
    "sev0": "critical",
    "sev1": "error",
    "sev2": "warning",
    "sev3": "info",
    "sev4": "info",
}
"""Azure's scale: critical, error, warning, informational, verbose. Elsewhere sev1 is the worst."""
HEALTH = frozenset({"servicehealth", "resourcehealth"})
"""Services whose every event has an alert of its own, also the one that says that it is over."""
TEST_SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111/"
"""What the test of an action group writes for the subscription."""
PORTAL = "https://portal.azure.com/#@/resource"


def parse(payload: Payload) -> list[Item]:
    """Read an alert. Its id is the same when it is fired and when it is resolved."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    essentials = given.inner("data.essentials")
    if essentials.text("alertId", "alertRule", "description"):
        return [_signal(essentials, given.inner("data"))]
    context = given.inner("data.context")
    if context.text("id", "name"):
        return [_metric(context, given.inner("data"))]
    found = loose.read(given.inner("data"), SENDER) or loose.read(given, SENDER)
    return [odd(payload.body, SENDER) if found is None else found]


def _signal(essentials: Fields, data: Fields) -> Signal:
    context = data.inner("alertContext")
    rule, target = essentials.text("alertRule"), _first(essentials, "alertTargetIDs")
    service = essentials.text("monitoringService")
    health = service.replace(" ", "").lower() in HEALTH
    resource = _first(essentials, "configurationItems") or target.rpartition("/")[2]
    test = TEST_SUBSCRIPTION in f"{essentials.text('alertId')} {target}"
    event = context.text("properties.trackingId", "correlationId") if health else ""
    condition = kind_of(context.text("status")) if health else kind_of(essentials.text("monitorCondition"))
    title = context.text("properties.title") if health else ""
    labels = {
        "rule": rule,
        "resource": resource,
        "service": service,
        "signal": essentials.text("signalType"),
        "region": context.text("properties.region"),
        **_place(target),
        **_dimensions(context),
        **data.texts("customProperties"),
    }
    said = title or essentials.text("description") or "; ".join(_conditions(context))
    return build(
        SENDER,
        key=f"azure:{event or _identity(essentials, rule, target)}",
        summary=": ".join(filter(None, (rule, said))) or resource,
        kind=condition or Kind.FIRING,
        severity="info" if test else SEVERITIES.get(essentials.text("severity").lower(), essentials.text("severity")),
        source=resource,
        description="\n".join(_description(essentials, context)),
        labels=labels,
        links=_links(essentials, context, target),
        starts_at=essentials.text("firedDateTime"),
    )


def _identity(essentials: Fields, rule: str, target: str) -> str:
    alert = essentials.text("alertId", "originAlertId")
    return alert.rpartition("/")[2] or f"{rule}!{target}"


def _first(given: Fields, name: str) -> str:
    """Return the first of a list of texts, or the text itself."""
    value = given.at(name)
    return (text_of(value[0]) if value else "") if isinstance(value, list) else text_of(value)


def _place(target: str) -> dict[str, str]:
    """Return what a resource's id says: `/subscriptions/S/resourceGroups/G/providers/...`."""
    parts = target.strip("/").split("/")
    named = dict(zip(map(str.lower, parts[0:4:2]), parts[1:4:2], strict=False))
    return {"subscription": named.get("subscriptions", ""), "resource_group": named.get("resourcegroups", "")}


def _dimensions(context: Fields) -> dict[str, str]:
    return {
        each.text("name"): each.text("value")
        for condition in objects(context.at("condition.allOf"))
        for each in objects(condition.at("dimensions"))
    }


def _conditions(context: Fields) -> list[str]:
    """Return each condition as a line: `Percentage CPU GreaterThan 80 (93.5)`."""
    lines = []
    for each in objects(context.at("condition.allOf")):
        value = each.text("metricValue")
        said = " ".join(
            filter(None, (each.text("metricName", "searchQuery"), each.text("operator"), each.text("threshold")))
        )
        lines.append(f"{said} ({value})" if value and said else said)
    return list(filter(None, lines))


def _description(essentials: Fields, context: Fields) -> list[str]:
    given = (essentials.text("description"), *_conditions(context), context.text("properties.communication"))
    return list(filter(None, given))


def _links(essentials: Fields, context: Fields, target: str) -> list[Link | None]:
    searches = [context, *objects(context.at("condition.allOf"))]
    return [
        link_to(essentials.text("investigationLink"), "Azure"),
        *(link_to(each.text("linkToSearchResultsUI", "LinkToSearchResults"), "Search") for each in searches),
        link_to(PORTAL + quote(target) if target.startswith("/") else "", "Resource"),
    ]


def _metric(context: Fields, data: Fields) -> Signal:
    """Read a metric alert of the older schema: its rule's id and the resource are its identity."""
    resource = context.text("resourceName") or context.text("resourceId").rpartition("/")[2]
    rank = context.text("severity")
    lines = _conditions(context)
    kind = kind_of(data.text("status")) or Kind.FIRING
    return build(
        SENDER,
        key=f"azure:{context.text('id', 'name')}!{context.text('resourceId')}",
        summary=": ".join(filter(None, (context.text("name"), context.text("description") or "; ".join(lines)))),
        kind=kind,
        severity=SEVERITIES.get(f"sev{rank}", rank),
        source=resource,
        description="\n".join(lines),
        labels={
            "rule": context.text("name"),
            "resource": resource,
            "region": context.text("resourceRegion"),
            **_place(context.text("resourceId")),
            **_dimensions(context),
            **data.texts("properties"),
        },
        links=[link_to(context.text("portalLink"), "Azure")],
        starts_at=context.text("timestamp") if kind is Kind.FIRING else "",
    )
