"""Sentry's integration webhooks: issue alerts, metric alerts, issues; and the legacy plugin (alert-sources.md 1.11)."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.signal import Kind, Signal, key_within_limit
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
)
REQUEST = "request-id"
OVER = frozenset({"resolved", "archived", "ignored"})
LEVELS = {"fatal": "critical", "debug": "info"}


def parse(payload: Payload) -> list[Item]:
    """Read a hook; the same one again has the same Request-ID."""
    name, found = payload.headers.get(REQUEST, ""), _read(payload)
    return [replace(found, delivery_id=key_within_limit(f"{SENDER}:{name}")) if name else found]


def _read(payload: Payload) -> Signal:
    """Read what a hook says. An issue alert and the issue have one key, so that resolving the issue resolves the alert."""
    given = fields_of(payload)
    if given is None:
        return odd(payload.body, SENDER)
    data = given.inner("data")
    if data.at("metric_alert") is not None:
        return _metric(given, data)
    if data.at("event") is not None:
        return _event(data)
    if data.at("issue") is not None:
        return _issue(given, data)
    if given.text("project", "project_name") and given.text("message", "culprit"):
        return _legacy(given)
    return odd(payload.body, SENDER)


def _metric(given: Fields, data: Fields) -> Signal:
    action = given.text("action").lower()
    return build(
        SENDER,
        key=f"sentry:metric:{data.text('metric_alert.id', 'metric_alert.identifier')}",
        summary=data.text("description_title", "metric_alert.title"),
        kind=Kind.RESOLVED if action == "resolved" else Kind.FIRING,
        severity="warning" if action == "resolved" else action,
        description=data.text("description_text"),
        labels={"rule": data.text("metric_alert.alert_rule.name")},
        links=[link_to(data.text("web_url"), "Sentry")],
    )


def _event(data: Fields) -> Signal:
    event = data.inner("event")
    level = event.text("level").lower()
    tags = {each[0]: each[1] for each in event.list("tags") if isinstance(each, list) and _is_pair(each)}
    return build(
        SENDER,
        key=f"sentry:issue:{event.text('issue_id', 'issue.id')}",
        summary=event.text("title", "message"),
        severity=LEVELS.get(level, level),
        description=event.text("culprit"),
        labels={"rule": data.text("triggered_rule"), "platform": event.text("platform"), **tags},
        links=[link_to(event.text("web_url"), "Sentry")],
    )


def _is_pair(tag: list[object]) -> bool:
    return len(tag) == 2 and all(isinstance(part, str) for part in tag)


def _issue(given: Fields, data: Fields) -> Signal:
    action, issue = given.text("action").lower(), data.inner("issue")
    kind = Kind.RESOLVED if action in OVER else Kind.FIRING if action in {"created", "unresolved"} else Kind.NOTE
    level = issue.text("level").lower()
    owner = issue.text("assignedTo.name", "assignedTo.email")
    return build(
        SENDER,
        key=f"sentry:issue:{issue.text('id')}",
        summary=issue.text("title", "culprit"),
        kind=kind,
        severity=LEVELS.get(level, level),
        links=[link_to(issue.text("web_url", "permalink"), "Sentry")],
        author=given.text("actor.name"),
        note=f"{action} to {owner}" if owner and action == "assigned" else action,
    )


def _legacy(given: Fields) -> Signal:
    level = given.text("level").lower()
    return build(
        SENDER,
        key=f"sentry:issue:{given.text('id')}" if given.text("id") else "",
        summary=given.text("event.title", "message", "culprit"),
        severity=LEVELS.get(level, level),
        description=given.text("culprit"),
        labels={"project": given.text("project_name", "project")},
        links=[link_to(given.text("url"), "Sentry")],
    )
