"""Sentry's integration webhooks: alerts about issues and metrics, issues, comments; the legacy plugin (alert-sources.md 1.11)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.signal import Kind, Signal, key_within_limit
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "sentry"
MARKS: Sequence[Mark] = (
    ("@sentry-hook-resource",),
    ("data.event.issue_id",),
    ("data.metric_alert",),
    ("data.issue.shortId",),
    ("data.issue.id", "actor"),
    ("culprit", "project_name"),
    ("data.error.issue_id",),
    ("actor", "data", "action"),
)
REQUEST = "request-id"
KINDS: Mapping[str, Kind] = {
    "": Kind.FIRING,
    "created": Kind.FIRING,
    "unresolved": Kind.FIRING,
    "regressed": Kind.FIRING,
    "regression": Kind.FIRING,
    "reopened": Kind.FIRING,
    "first_seen": Kind.FIRING,
    "resolved": Kind.RESOLVED,
    "resolved_in_release": Kind.RESOLVED,
    "resolved_in_commit": Kind.RESOLVED,
    "resolved_by_age": Kind.RESOLVED,
    "resolved_in_pull_request": Kind.NOTE,
    "archived": Kind.RESOLVED,
    "ignored": Kind.RESOLVED,
}
"""What became of an issue, by an action or by an activity without its `set_`; all others are noted."""
LEVELS = {"fatal": "critical", "debug": "info"}
COMMENT = "A comment on {}: {}"
SEER = "Seer: {}"
REMOVED = "deleted"


def parse(payload: Payload) -> list[Item]:
    """Read a hook; the same one again has the same Request-ID."""
    name, found = payload.headers.get(REQUEST, ""), _read(payload)
    return [replace(found, delivery_id=key_within_limit(f"{SENDER}:{name}")) if name else found]


def _read(payload: Payload) -> Signal:
    """Read what a hook says. An issue alert and the issue have one key, so that resolving the issue resolves the alert."""
    given = fields_of(payload)
    if given is None:
        return odd(payload.body, SENDER)
    values = given.inner("data").values
    reader = next((reader for name, reader in _READERS.items() if values.get(name) is not None), None)
    if reader is not None:
        return reader(given, given.inner("data"))
    if given.text("project", "project_name") and given.text("message", "culprit"):
        return _legacy(given)
    return loose.read(given, SENDER) or odd(payload.body, SENDER)


def _metric(given: Fields, data: Fields) -> Signal:
    action = _action(given)
    over = kind_of(action) is Kind.RESOLVED
    number = data.text("metric_alert.id", "metric_alert.identifier", "metric_alert.alert_rule.id", "metric_alert.title")
    return build(
        SENDER,
        key=f"sentry:metric:{number}" if number else "",
        summary=data.text("description_title", "metric_alert.title"),
        kind=Kind.RESOLVED if over else Kind.FIRING,
        severity="" if over or severity_of(action) is None else action,
        description=data.text("description_text"),
        labels={"rule": data.text("metric_alert.alert_rule.name")},
        links=[link_to(data.text("web_url"), "Sentry")],
    )


def _event(_given: Fields, data: Fields) -> Signal:
    """Read an event that an alert's rule or the resource `error` tells of."""
    event = data.inner("event" if data.values.get("event") is not None else "error")
    tags = {each[0]: each[1] for each in event.list("tags") if isinstance(each, list) and _is_pair(each)}
    number = event.text("issue_id", "issue.id", "groupID", "group_id")
    rule = data.text("triggered_rule") or data.text("issue_alert.title")
    return build(
        SENDER,
        key=f"sentry:issue:{number}" if number else "",
        summary=event.text("title", "message", "metadata.title", "culprit"),
        severity=_level(event),
        description=event.text("culprit"),
        labels={"rule": rule, "platform": event.text("platform"), **tags},
        links=[link_to(event.text("web_url"), "Sentry")],
    )


def _is_pair(tag: list[object]) -> bool:
    return len(tag) == 2 and all(isinstance(part, str) for part in tag)


def _issue(given: Fields, data: Fields) -> Signal:
    """Read what became of an issue: by the hook's action, or by the activity that an alert tells of."""
    issue, activity = data.inner("issue"), data.inner("activity")
    action = activity.text("type").lower().removeprefix("set_") or _action(given)
    owner = issue.text("assignedTo.name", "assignedTo.email")
    number = issue.text("id")
    words = [data.text("alert.title"), action.replace("_", " "), _said(activity)]
    return build(
        SENDER,
        key=f"sentry:issue:{number}" if number else "",
        summary=issue.text("title", "culprit"),
        kind=KINDS.get(action, Kind.NOTE),
        severity=_level(issue),
        links=[link_to(issue.text("web_url", "permalink"), "Sentry")],
        author=given.text("actor.name"),
        note=f"{action} to {owner}" if owner and action == "assigned" else ": ".join(filter(None, words)),
        opens=True,
    )


def _said(activity: Fields) -> str:
    """Return what an activity says besides its type."""
    return activity.text("details.summary", "details.text", "data.text", "details.message", "data.summary")


def _comment(given: Fields, data: Fields) -> Signal:
    number, action = data.text("issue_id", "issue.id"), _action(given)
    words = data.text("comment", "comment.text")
    removed = action == REMOVED
    about = data.text("issue_slug") or number
    return build(
        SENDER,
        key=f"sentry:issue:{number}" if number else "",
        summary=COMMENT.format(about, words),
        kind=Kind.NOTE,
        severity="info",
        author=given.text("actor.name"),
        note=f"comment {REMOVED}" if removed else words,
        opens=not removed,
    )


def _seer(given: Fields, data: Fields) -> Signal:
    """Read what Sentry's own analysis found out about an issue."""
    number, action = data.text("group_id"), _action(given).replace("_", " ")
    words = data.text("root_cause.description", "solution.description", "summary", "description")
    return build(
        SENDER,
        key=f"sentry:issue:{number}" if number else "",
        summary=SEER.format(f"{action}: {words}" if words else action),
        kind=Kind.NOTE,
        severity="info",
        note=SEER.format(f"{action}: {words}" if words else action),
        opens=bool(words),
    )


def _installation(given: Fields, data: Fields) -> Signal:
    return build(
        SENDER,
        key=f"sentry:installation:{data.text('installation.uuid')}",
        summary="installation",
        kind=Kind.NOTE,
        severity="info",
        note=f"installation {_action(given)}",
    )


def _legacy(given: Fields) -> Signal:
    return build(
        SENDER,
        key=f"sentry:issue:{given.text('id')}" if given.text("id") else "",
        summary=given.text("event.title", "message", "culprit"),
        severity=_level(given),
        description=given.text("culprit"),
        labels={"project": given.text("project_name", "project")},
        links=[link_to(given.text("url"), "Sentry")],
    )


def _action(given: Fields) -> str:
    """Return what was done, without the resource that some hooks put before it."""
    return given.text("action").lower().rpartition(".")[2]


def _level(about: Fields) -> str:
    level = about.text("level").lower()
    return LEVELS.get(level, level)


_READERS = {
    "metric_alert": _metric,
    "event": _event,
    "error": _event,
    "issue": _issue,
    "comment": _comment,
    "run_id": _seer,
    "installation": _installation,
}
"""What reads a hook, by the member of its data that is there."""
