"""PagerDuty's v3 webhooks: what people do to incidents there (alert-sources.md 2.9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.alert import Action
from bot.domain.channel import OURS
from bot.domain.signal import Kind, Signal, key_within_limit
from bot.domain.source import PAGERDUTY as SENDER
from bot.sources.build import build
from bot.sources.payload import Fields, json_of
from bot.sources.values import link_to, time_of

PREFIX = "incident."
ACTIONS: Mapping[str, Action] = {
    "acknowledged": Action.ACK,
    "unacknowledged": Action.UNACK,
    "resolved": Action.CLOSE,
    "reopened": Action.REOPEN,
}
"""What an event does to an alert of ours; every other one is a note."""
KINDS: Mapping[str, Kind] = {
    "triggered": Kind.FIRING,
    "reopened": Kind.FIRING,
    "acknowledged": Kind.ACKNOWLEDGED,
    "unacknowledged": Kind.UNACKNOWLEDGED,
    "resolved": Kind.RESOLVED,
}
"""What an event says of an incident that began there; every other one is a note."""
QUIET = ("custom_field", "workflow.", "conference_bridge.", "service_updated", "incident_type")
"""How events begin that tell of nothing bad, and are nobody's words."""
URGENCIES: Mapping[str, str] = {"high": "critical", "low": "warning"}
IN_PAGERDUTY = "{name} in PagerDuty"
SOMEBODY = "somebody"
_OURS = re.compile(re.escape(OURS) + r"(\d{1,15})/(\d{1,15})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event. `number` and `tenant` are of the alert that its incident is about, None for an incident of PagerDuty's own.

    `at` is epoch ms (None: unknown); `action` is None for what is noted, `note` says it; `signal` is what it says of an incident
    that began there.
    """

    id: str
    incident: str
    at: int | None
    by: str
    note: str
    action: Action | None
    tenant: int | None
    number: int | None
    signal: Signal


def read(body: bytes) -> Event | None:
    """Read an event; None for what is about no incident (a ping, a service, something that nobody understands)."""
    given = json_of(body)
    event = Fields(given if isinstance(given, dict) else {}).inner("event")
    name = event.text("event_type").lower()
    data = event.inner("data")
    about = data.inner("incident") if data.inner("incident").values else data
    incident = about.text("id") if isinstance(about.at("id"), str) else ""
    if not name.startswith(PREFIX) or not incident:
        return None
    name = name.removeprefix(PREFIX)
    key = _OURS.fullmatch(data.text("incident_key"))
    by = IN_PAGERDUTY.format(name=event.text("agent.summary") or SOMEBODY)
    note = _note(name, data)
    delivery = key_within_limit(f"{SENDER}:{event.text('id')}") if event.text("id") else ""
    return Event(
        id=delivery,
        incident=incident,
        at=time_of(event.text("occurred_at")),
        by=by,
        note=note,
        action=ACTIONS.get(name),
        tenant=int(key[1]) if key else None,
        number=int(key[2]) if key else None,
        signal=replace(_signal(name, data, incident, by, note), delivery_id=delivery),
    )


def _signal(name: str, data: Fields, incident: str, by: str, note: str) -> Signal:
    kind = KINDS.get(name, Kind.NOTE)
    return build(
        SENDER,
        key=f"pagerduty:{incident}",
        summary=data.text("title", "incident.summary") or incident,
        kind=kind,
        severity=URGENCIES.get(data.text("urgency").lower(), ""),
        source="PagerDuty",
        labels={"service": data.text("service.summary"), "priority": data.text("priority.summary")},
        links=[link_to(data.text("html_url", "incident.html_url"), "PagerDuty")],
        starts_at=data.text("created_at"),
        author=by if kind is not Kind.FIRING else "",
        note=note if kind is Kind.NOTE else "",
        opens=not name.startswith(QUIET),
    )


def _note(name: str, data: Fields) -> str:
    """Say an event in words: what it is, to whom, and what was written; "" for our own news coming back."""
    if name == "triggered":
        return ""
    people = [Fields(each).text("summary") for each in data.list("assignees") if isinstance(each, dict)]
    to = ", ".join(filter(None, people)) if name in {"reassigned", "delegated", "escalated"} else ""
    said = data.text("content", "message", "priority.summary" if name == "priority_updated" else "message")
    words = name.replace(".", " ").replace("_", " ")
    return words + (f" to {to}" if to else "") + (f": {said}" if said else "")
