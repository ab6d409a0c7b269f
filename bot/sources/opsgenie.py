"""Opsgenie's Alert API (alert-sources.md 1.6): what its requests say of an alert."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
    "responders": Kind.NOTE,
    "teams": Kind.NOTE,
    "escalate": Kind.NOTE,
}
"""What a request about an alert says; what we have no place for is noted."""
CHANGED = ("priority", "message", "description")
"""What can be put anew."""
LABELS = ("tags", "details")
"""What can be added and removed: our labels. A tag is a label whose value is `true`."""

ID = "a1e47b07-0000-4000-8000-"
_ID = re.compile(rf"{ID}([0-9a-f]{{12}})", re.IGNORECASE)
_TINY = re.compile("[0-9]{1,15}")

NOT_OBJECT = "the body is no JSON object"
NO_MESSAGE = "Message can not be empty"
EMPTY = "{} can not be empty"
NO_NOTE = "Note can not be empty"
BAD_PRIORITY = "Priority should be one of P1, P2, P3, P4, P5"


def alert_id(number: int) -> str:
    """Return the id of an alert in this dialect: its number at the end of a UUID."""
    return f"{ID}{number:012x}"


def number_of(text: str, kind: str) -> int | None:
    """Return the number that an id, or a tiny id (`tiny`), names; None for what is none, though it may end like one."""
    if kind == "tiny":
        return int(text) if _TINY.fullmatch(text) else None
    found = _ID.fullmatch(text)
    return int(found[1], 16) if found else None


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
    if action in {"responders", "teams", "escalate"}:
        said = given.text("responder.name", "responder.username", "team.name", "escalation.name")
        note = f"{action}: {said}" + (f"; {note}" if note else "")
    author = given.text("user") or given.text("source")
    return build(SENDER, key=key, summary=key, kind=SPOKEN[action], author=author, note=note)


def changed(field: str, given: Fields, alert: Alert) -> Signal:
    """Return an alert's report with one thing put anew. Raises Invalid."""
    text = given.text(field)
    if not text:
        raise Invalid(field, EMPTY.format(field.title()))
    return _reported(
        alert,
        summary=text if field == "message" else alert.summary,
        severity=_severity(text) if field == "priority" else alert.reported.word,
        description=text if field == "description" else alert.description,
    )


def labelled(field: str, given: Fields, alert: Alert) -> Signal:
    """Return an alert's report with tags or details added. Raises Invalid."""
    added = {text_of(tag): "true" for tag in given.list("tags")} if field == "tags" else given.texts("details")
    if not added:
        raise Invalid(field, EMPTY.format(field.title()))
    return _reported(alert, labels={**alert.labels, **added})


def unlabelled(field: str, names: Sequence[str], alert: Alert) -> Signal:
    """Return an alert's report without some tags or details. Raises Invalid."""
    if not names:
        raise Invalid(field, EMPTY.format(field.title()))
    of_it = {name for name, value in alert.labels.items() if name in names and (field == "details" or value == "true")}
    return _reported(alert, labels={name: value for name, value in alert.labels.items() if name not in of_it})


def _reported(alert: Alert, **changes: Any) -> Signal:
    """Return the report of an alert as it is, but for some changes."""
    told = {
        "summary": alert.summary,
        "severity": alert.reported.word,
        "source": alert.source,
        "description": alert.description,
        "labels": alert.labels,
    }
    return replace(build(SENDER, key=alert.dedup_key, **(told | changes)), links=alert.links)


def _severity(priority: str) -> str:
    if priority.upper() not in PRIORITIES:
        raise Invalid("priority", BAD_PRIORITY)
    return PRIORITIES[priority.upper()]
