"""Datadog's webhooks, with the payload that we ask for or with the one they have by default (alert-sources.md 1.9)."""

import re
from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "datadog"
MARKS: Sequence[Mark] = (("last_updated", "event_type"), ("alert_id", "transition"), ("cycle", "transition"))
PRIORITIES = {"p1": "critical", "p2": "error", "p3": "warning", "p4": "info", "p5": "info"}
RECOVERED = "recovered"
_PREFIX = re.compile(r"^\s*\[(?:P\d\]\s*\[)?([^\]]+)\]")


def parse(payload: Payload) -> list[Item]:
    """Read an event. All events from trigger to recovery share a cycle."""
    given = fields_of(payload)
    if given is None or not given.text("title", "alert_id", "cycle", "text", "body"):
        return [odd(payload.body, SENDER)]
    title = given.text("title")
    prefix = _PREFIX.match(title)
    transition = (given.text("transition") or (prefix[1] if prefix else "")).lower()
    scope = f"{given.text('alert_id')}:{given.text('scope')}" if given.text("alert_id") else ""
    bare = title[prefix.end() :].strip() if prefix else title
    return [
        build(
            SENDER,
            key=given.text("cycle", "aggreg_key") or scope or f"title:{bare}",
            summary=title or given.text("text"),
            kind=Kind.RESOLVED if transition == RECOVERED else Kind.FIRING,
            severity=_severity(given, transition),
            description=given.text("text", "body"),
            labels={"host": given.text("host"), "scope": given.text("scope"), **tags_of(given.text("tags"))},
            links=[link_to(given.text("link"), "Datadog"), link_to(given.text("snapshot"), "Snapshot")],
            author=given.text("user"),
        )
    ]


def _severity(given: Fields, transition: str) -> str:
    priority = PRIORITIES.get(given.text("priority").lower(), "")
    return priority or ("warning" if "warn" in transition else given.text("type"))


def tags_of(text: str) -> dict[str, str]:
    """Read `env:prod,service:db`; a tag without a value is its own."""
    pairs = (part.strip().partition(":") for part in text.split(",") if part.strip())
    return {name: value or name for name, _, value in pairs}
