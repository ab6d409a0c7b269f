"""Better Stack's (Better Uptime's) webhooks: incidents, monitors, and the drain of incident logs.

Known from Better Stack's documentation of webhooks, its API and the drain (2026); not tried against the service.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, objects, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "betterstack"
MARKS: Sequence[Mark] = (
    ("data.attributes.started_at",),
    ("data.attributes.resolved_at",),
    ("data.attributes.pronounceable_name",),
    ("organization_id", "team_id", "event"),
)
INCIDENT = "incident"
RANKS = ("severity", "priority")
"""Members of an incident's metadata that say how bad it is; Better Stack itself does not."""


def parse(payload: Payload) -> list[Item]:
    """Read an event. An incident's id is its identity; what somebody did to a monitor is noted."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    attributes = given.inner("data.attributes")
    if attributes.values and given.text("data.type") in {"", INCIDENT}:
        return [_incident(given, attributes)]
    if attributes.values:
        return [_monitor(given, attributes)]
    return [_logged(given) if given.text("event", "message") else odd(payload.body, SENDER)]


def _incident(given: Fields, attributes: Fields) -> Signal:
    name, cause = attributes.text("name", "url"), attributes.text("cause")
    event = _word(given.text("event"))
    kind = kind_of(event) or kind_of(attributes.text("status")) or _by_times(attributes)
    author = attributes.text("resolved_by" if kind is Kind.RESOLVED else "acknowledged_by")
    number = given.text("data.id")
    labels = {
        "monitor": name,
        "url": attributes.text("url"),
        "team": attributes.text("team_name"),
        "regions": ",".join(map(text_of, attributes.list("regions"))),
        **_metadata(attributes),
    }
    return build(
        SENDER,
        key=f"betterstack:{number}" if number else f"betterstack:{name}!{attributes.text('started_at')}",
        summary=": ".join(dict.fromkeys(filter(None, (name, cause)))) or f"Incident {number}",
        kind=kind,
        severity=_severity(labels, attributes),
        source=name,
        description=attributes.text("response_content"),
        labels=labels,
        links=[
            link_to(attributes.text("origin_url"), "Better Stack"),
            link_to(attributes.text("url"), name),
            link_to(attributes.text("screenshot_url"), "Screenshot"),
            link_to(attributes.text("response_url"), "Response"),
        ],
        starts_at=attributes.text("started_at"),
        author=author if kind in {Kind.RESOLVED, Kind.ACKNOWLEDGED} else "",
    )


def _word(event: str) -> str:
    """Return what an event says: `started`, `incident.started`, `incident_started`."""
    return event.replace(".", "_").rpartition("_")[2]


def _by_times(attributes: Fields) -> Kind:
    if attributes.text("resolved_at"):
        return Kind.RESOLVED
    return Kind.ACKNOWLEDGED if attributes.text("acknowledged_at") else Kind.FIRING


def _metadata(attributes: Fields) -> dict[str, str]:
    """Return an incident's metadata, whose values are texts, or arrays of objects that hold one."""
    found = {}
    for name, value in attributes.inner("metadata").values.items():
        each = objects(value)
        found[name] = ",".join(filter(None, (one.text("value") for one in each))) if each else text_of(value)
    return found


def _severity(labels: dict[str, str], attributes: Fields) -> str:
    given = next((labels[name] for name in RANKS if severity_of(labels.get(name, "")) is not None), "")
    return given or ("error" if attributes.text("critical_alert") == "false" else "critical")


def _monitor(given: Fields, attributes: Fields) -> Signal:
    """Read what became of a monitor itself: paused, updated ..."""
    name = attributes.text("pronounceable_name", "name", "url") or given.text("data.id")
    said = " ".join(filter(None, (given.text("data.type"), given.text("event"))))
    return build(
        SENDER,
        key=f"betterstack:{given.text('data.type')}:{given.text('data.id')}",
        summary=f"{name}: {said}",
        kind=Kind.NOTE,
        severity="info",
        labels={"monitor": name},
        links=[link_to(attributes.text("url"), name)],
        note=said,
    )


def _logged(given: Fields) -> Signal:
    """Read an event of the drain: incidents begin, are acknowledged and end; all else is noted."""
    event, number = given.text("event"), given.text("incident_id")
    incident = bool(number) and event.startswith(INCIDENT)
    name = given.text("monitor_name", "heartbeat_name", "incident_name", "name")
    kind = (kind_of(_word(event)) if incident else None) or Kind.NOTE
    return build(
        SENDER,
        key=f"betterstack:{number or given.text('monitor_id', 'heartbeat_id') or name}",
        summary=given.text("message") or event,
        kind=kind,
        severity="critical" if incident else "info",
        source=name,
        description=given.text("cause", "comment"),
        labels={"monitor": name, "url": given.text("monitor_url"), "event": event},
        links=[link_to(given.text("incident_url"), "Better Stack"), link_to(given.text("monitor_url"), name)],
        starts_at=given.text("started_at", "dt") if kind is Kind.FIRING else given.text("started_at"),
        author=given.text("acknowledged_by", "resolved_by", "user_name", "user_email"),
        note=given.text("message") if kind is Kind.NOTE else "",
    )
