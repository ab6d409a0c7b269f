"""Notifications of Nagios and Icinga, as our sample commands send them: a form or JSON (alert-sources.md 1.7.1)."""

from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "nagios"
MARKS: Sequence[Mark] = (
    ("notification_type", "host"),
    ("output", "host", "service", "state"),
    ("output", "host", "type"),
)
KINDS = {
    "PROBLEM": Kind.FIRING,
    "RECOVERY": Kind.RESOLVED,
    "ACKNOWLEDGEMENT": Kind.ACKNOWLEDGED,
}
"""What a notification means; all others are noted."""
NOTES = {
    "FLAPPINGSTART": "flapping began",
    "FLAPPINGSTOP": "flapping ended",
    "FLAPPINGEND": "flapping ended",
    "FLAPPINGDISABLED": "flapping is not watched any more",
    "DOWNTIMESTART": "downtime began",
    "DOWNTIMEEND": "downtime ended",
    "DOWNTIMECANCELLED": "downtime was cancelled",
    "DOWNTIMEREMOVED": "downtime was removed",
}
"""What is noted of them, by Nagios' words and Icinga's."""
SEVERITIES = {
    "CRITICAL": "critical",
    "DOWN": "critical",
    "UNREACHABLE": "critical",
    "WARNING": "warning",
    "UNKNOWN": "warning",
    "OK": "info",
    "UP": "info",
}


def parse(payload: Payload) -> list[Item]:
    """Read a notification. Host and service are its identity; plugin output is anybody's text."""
    given = fields_of(payload)
    host = given.text("host") if given else ""
    if given is None or not host:
        return [odd(payload.body, SENDER)]
    service, state = given.text("service"), given.text("state").upper()
    kind = given.text("type", "notification_type").upper()
    what = f"{service} on {host}" if service else host
    output = given.text("output")
    comment = given.text("comment")
    meant = KINDS.get(kind, Kind.FIRING if not kind and state not in {"OK", "UP"} else Kind.NOTE)
    return [
        build(
            SENDER,
            key=f"{host}!{service}",
            summary=f"{what} is {state or kind}: {output}" if output else f"{what} is {state or kind}",
            kind=Kind.RESOLVED if not kind and state in {"OK", "UP"} else meant,
            severity=SEVERITIES.get(state, "warning"),
            description=given.text("long_output"),
            labels={"host": host, "service": service, "address": given.text("address")},
            links=[link_to(given.text("notes_url"), "Notes"), link_to(given.text("action_url"), "Action")],
            author=given.text("author"),
            note=": ".join(filter(None, (NOTES.get(kind, "" if comment else kind), comment)))
            if meant is Kind.NOTE
            else comment,
        )
    ]
