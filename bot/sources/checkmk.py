"""Checkmk's notifications: the context that its notification scripts get, posted as JSON or a form.

Known from Checkmk's documentation of notifications and the scripts that come with it (2026); not tried against a site.
"""

from collections.abc import Mapping, Sequence

from bot.domain.signal import Kind, Link
from bot.sources.build import build
from bot.sources.nagios import KINDS, NOTES, SEVERITIES
from bot.sources.payload import Fields, Payload, fields_of, text_of
from bot.sources.payload import kept as payload_kept
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "checkmk"
MARKS: Sequence[Mark] = (
    ("OMD_SITE", "HOSTNAME"),
    ("WHAT", "HOSTNAME", "NOTIFICATIONTYPE"),
    ("NOTIFY_HOSTNAME",),
)
PREFIX = "NOTIFY_"
GOOD = frozenset({"OK", "UP"})
CUSTOM = "CUSTOM"
"""What a person sends by hand."""
FLAPPING_ENDS = frozenset({"FLAPPINGSTOP", "FLAPPINGDISABLED"})
"""No recovery follows when a service is well again by the end of flapping."""
LABELLED = ("HOSTLABEL_", "SERVICELABEL_", "HOSTTAG_")


def parse(payload: Payload) -> list[Item]:
    """Read a notification. Host and service are its identity."""
    given = fields_of(payload)
    context = _context(given.values if given is not None else {})
    host = context.text("HOSTNAME", "HOSTALIAS")
    if not host:
        return [odd(payload_kept(payload), SENDER)]
    service = context.text("SERVICEDESC") if context.text("WHAT") != "HOST" else ""
    scope = "SERVICE" if service else "HOST"
    state = context.text(f"{scope}STATE", f"{scope}SHORTSTATE").upper()
    kind = context.text("NOTIFICATIONTYPE").partition(" ")[0].upper()
    output, comment = context.text(f"{scope}OUTPUT"), _comment(context)
    what = f"{service} on {host}" if service else host
    meant = _meant(kind, state)
    note = ": ".join(filter(None, (NOTES.get(kind, "" if comment else kind.lower()), comment)))
    labels = {
        "host": host,
        "service": service,
        "address": context.text("HOSTADDRESS"),
        "site": context.text("OMD_SITE"),
        "hostgroups": context.text("HOSTGROUPNAMES"),
        "servicegroups": context.text("SERVICEGROUPNAMES"),
        **_labels(context),
    }
    return [
        build(
            SENDER,
            key=f"checkmk:{context.text('OMD_SITE')}:{host}!{service}",
            summary=": ".join(filter(None, (f"{what} is {state}" if state else what, output))),
            kind=meant,
            severity="info" if kind == CUSTOM and state in GOOD else SEVERITIES.get(state, "warning"),
            source=host,
            description="\n".join(filter(None, (comment if kind == CUSTOM else "", _long_output(context, scope)))),
            labels=labels,
            links=_links(context),
            starts_at=context.text(f"LAST{scope}STATECHANGE").removeprefix("0") if meant is Kind.FIRING else "",
            author=context.text("NOTIFICATIONAUTHORALIAS", "NOTIFICATIONAUTHOR"),
            note=note if meant is Kind.NOTE else comment,
        )
    ]


def _context(given: Mapping[str, object]) -> Fields:
    """Return the variables without the prefix that they have in the environment; `$` is what is left where one is empty."""
    texts = {name.removeprefix(PREFIX): value for name, value in given.items()}
    return Fields({name: value for name, value in texts.items() if not (isinstance(value, str) and value[:1] == "$")})


def _meant(kind: str, state: str) -> Kind:
    if kind in FLAPPING_ENDS and state in GOOD:
        return Kind.RESOLVED
    if kind == CUSTOM:
        return Kind.FIRING
    if not kind or kind == "PROBLEM":
        return Kind.RESOLVED if state in GOOD else Kind.FIRING
    return KINDS.get(kind, Kind.NOTE)


def _comment(context: Fields) -> str:
    return context.text("NOTIFICATIONCOMMENT", "SERVICEACKCOMMENT", "HOSTACKCOMMENT")


def _long_output(context: Fields, scope: str) -> str:
    return context.text(f"LONG{scope}OUTPUT").replace("\\n", "\n")


def _labels(context: Fields) -> dict[str, str]:
    """Return labels and tags: `HOSTLABEL_cmk/os_family` is `cmk/os_family`."""
    return {
        name.removeprefix(prefix): text_of(value)
        for name, value in context.values.items()
        for prefix in LABELLED
        if name.startswith(prefix)
    }


def _links(context: Fields) -> list[Link | None]:
    """Return the pages of service and host, where the context says whose site it is."""
    base = context.text("PARAMETER_URL_PREFIX", "PARAMETER_URL_PREFIX_1").rstrip("/").removesuffix("/check_mk")
    return [
        link_to(url if url.startswith("http") else f"{base}{url}", text)
        for text, url in (("Service", context.text("SERVICEURL")), ("Host", context.text("HOSTURL")))
        if url
    ] + [link_to(context.text("SERVICENOTESURL", "HOSTNOTESURL"), "Notes")]
