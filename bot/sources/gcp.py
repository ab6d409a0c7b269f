"""Google Cloud Monitoring's webhook, format 1.1 and 1.2.

Known from Google's documentation of notification channels and from payloads in public (2026); not tried against the service.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind, Link, Signal
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, objects
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "gcp"
MARKS: Sequence[Mark] = (("incident.policy_name",), ("incident.condition_name",))
UNRANKED = frozenset({"no severity", "no_severity", "severity_unspecified"})
"""What stands where a policy has no severity."""
TEST = "test"
"""The version of a test that somebody sends from the console."""
LINK_TEXT = "Google Cloud"


def parse(payload: Payload) -> list[Item]:
    """Read an incident. Its id is the same when it is opened and when it is closed."""
    given = fields_of(payload)
    incident = given.inner("incident") if given is not None else Fields({})
    if given is None or not incident.text("incident_id", "summary", "policy_name", "condition_name"):
        return [odd(payload.body, SENDER)]
    return [_signal(incident, test=given.text("version").lower() == TEST)]


def _signal(incident: Fields, *, test: bool) -> Signal:
    policy, condition = incident.text("policy_name"), incident.text("condition_name", "condition.displayName")
    resource = incident.text("resource_display_name", "resource_name", "resource_id")
    number = incident.text("incident_id")
    severity = incident.text("severity")
    labels = {
        "policy": policy,
        "condition": condition,
        "project": incident.text("scoping_project_id", "resource.labels.project_id"),
        "resource": resource,
        "resource_type": incident.text("resource_type_display_name", "resource.type"),
        "metric": incident.text("metric.displayName", "metric.type"),
        **incident.texts("resource.labels"),
        **incident.texts("metric.labels"),
        **incident.texts("metadata.user_labels"),
        **incident.texts("policy_user_labels"),
    }
    return build(
        SENDER,
        key=f"gcp:{number or f'{policy}!{condition}!{resource}'}",
        summary=": ".join(dict.fromkeys(filter(None, (policy, incident.text("summary") or condition)))) or number,
        kind=kind_of(incident.text("state")) or Kind.FIRING,
        severity="info" if test else "" if severity.lower() in UNRANKED else severity,
        source=resource,
        description="\n".join(filter(None, (incident.text("documentation.subject"), _documentation(incident)))),
        labels=labels,
        links=_links(incident),
        starts_at=incident.text("started_at").removeprefix("0"),
    )


def _documentation(incident: Fields) -> str:
    """Return what the policy says of itself: an object since 1.2, a text before."""
    return (
        incident.text("documentation.content")
        if incident.inner("documentation").values
        else incident.text("documentation")
    )


def _links(incident: Fields) -> list[Link | None]:
    links = [link_to(incident.text("url"), LINK_TEXT), link_to(incident.text("apigee_url"), "Apigee")]
    given = objects(incident.at("documentation.links"))
    return links + [link_to(link.text("url"), link.text("displayName", "display_name")) for link in given]
