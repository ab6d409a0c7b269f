"""Opsgenie's Alert API (alert-sources.md 1.6): what its requests say of an alert."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.alert import Alert
from bot.domain.signal import Kind, Signal
from bot.sources.build import build
from bot.sources.payload import Fields, json_of, text_of

SENDER = "opsgenie"
MESSAGE_LIMIT = 130
ALIAS_LIMIT = 512
PRIORITIES: Mapping[str, str] = {"P1": "critical", "P2": "error", "P3": "warning", "P4": "info", "P5": "info"}
SEVERITIES: Mapping[str, str] = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P4"}
SPOKEN: Mapping[str, Kind] = {
    "acknowledge": Kind.ACKNOWLEDGED,
    "unacknowledge": Kind.UNACKNOWLEDGED,
    "close": Kind.RESOLVED,
    "notes": Kind.NOTE,
    "tags": Kind.NOTE,
    "details": Kind.NOTE,
    "responders": Kind.NOTE,
    "teams": Kind.NOTE,
    "escalate": Kind.NOTE,
}
"""What a request about an alert says; what we have no place for is noted."""
CHANGED = ("priority", "message", "description")
"""What can be put anew."""

NOT_OBJECT = "the body is no JSON object"
NO_MESSAGE = "Message can not be empty"
NO_NOTE = "Note can not be empty"
BAD_PRIORITY = "Priority should be one of P1, P2, P3, P4, P5"


class Invalid(Exception):
    """A request that cannot be used: which field, and why."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Created:
    """A new alert, or one more report of an open one; `note` is said beside it."""

    signal: Signal
    note: str


def fields_of(body: bytes) -> Fields:
    """Read a body; nothing is an empty object. Raises Invalid."""
    if not body.strip():
        return Fields({})
    given = json_of(body)
    if not isinstance(given, dict):
        raise Invalid("body", NOT_OBJECT)
    return Fields(given)


def create(given: Fields) -> Created:
    """Read a create request; without an alias it is always a new alert. Raises Invalid."""
    message = given.text("message")
    if not message:
        raise Invalid("message", NO_MESSAGE)
    signal = build(
        SENDER,
        key=given.text("alias")[:ALIAS_LIMIT] or str(uuid.uuid4()),
        summary=message,
        severity=_severity(given.text("priority") or "P3"),
        source=given.text("source"),
        description=given.text("description"),
        labels={
            **{text_of(tag): "true" for tag in given.list("tags")},
            **given.texts("details"),
            "entity": given.text("entity"),
        },
        author=given.text("user"),
    )
    return Created(signal=signal, note=given.text("note"))


def spoken(action: str, given: Fields, key: str) -> Signal:
    """Read what a request says of an alert that is known by its key. Raises Invalid."""
    note = given.text("note")
    if action == "notes" and not note:
        raise Invalid("note", NO_NOTE)
    if action in {"tags", "details", "responders", "teams", "escalate"}:
        said = ", ".join(map(text_of, given.list("tags"))) or ", ".join(
            f"{name}={text}" for name, text in given.texts("details").items()
        )
        said = said or given.text("responder.name", "responder.username", "team.name", "escalation.name")
        note = f"{action}: {said}" + (f"; {note}" if note else "")
    author = given.text("user") or given.text("source")
    return build(SENDER, key=key, summary=key, kind=SPOKEN[action], author=author, note=note)


def changed(field: str, given: Fields, alert: Alert) -> Signal:
    """Return an alert's report with one thing put anew. Raises Invalid."""
    text = given.text(field)
    if not text:
        raise Invalid(field, f"{field.title()} can not be empty")
    base = build(
        SENDER,
        key=alert.dedup_key,
        summary=text if field == "message" else alert.summary,
        severity=_severity(text) if field == "priority" else alert.reported.word,
        source=alert.source,
        description=text if field == "description" else alert.description,
        labels=alert.labels,
    )
    return replace(base, links=alert.links)


def _severity(priority: str) -> str:
    if priority.upper() not in PRIORITIES:
        raise Invalid("priority", BAD_PRIORITY)
    return PRIORITIES[priority.upper()]
