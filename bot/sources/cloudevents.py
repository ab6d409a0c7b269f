"""CloudEvents 1.0 over HTTP: binary, structured, and in batches (alert-sources.md 1.14)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from bot.domain.signal import Kind
from bot.sources import loose
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, json_of, text_of
from bot.sources.values import Item, odd

SENDER = "cloudevents"
PREFIX = "ce-"
FIRING = ("firing", "triggered", "opened")
OVER = ("resolved", "closed")


def parse(payload: Payload) -> list[Item]:
    """Read one event, or each of a batch."""
    if PREFIX + "specversion" in payload.headers and "cloudevents" not in payload.content_type:
        attributes = {
            name.removeprefix(PREFIX): unquote(value)
            for name, value in payload.headers.items()
            if name.startswith(PREFIX)
        }
        data = json_of(payload.body)
        return [_event(attributes, payload.body.decode("utf-8", "replace") if data is None else data)]
    given = json_of(payload.body)
    events = given if isinstance(given, list) else [given]
    items = [_event(event, event.get("data")) for event in events if isinstance(event, dict) and event.get("type")]
    return items or [odd(payload.body, SENDER)]


def _event(attributes: Mapping[str, Any], data: Any) -> Item:
    event = Fields(attributes)
    kind_word = event.text("type").rpartition(".")[2].lower()
    kind = Kind.RESOLVED if kind_word in OVER else Kind.FIRING if kind_word in FIRING else None
    key = f"{event.text('source')}:{event.text('subject')}" if event.text("subject") else event.text("source")
    inside = Fields(data if isinstance(data, dict) else {})
    found = loose.read(inside, SENDER, key=key, kind=kind)
    if found is not None:
        return found
    return build(
        SENDER,
        key=key,
        summary=event.text("subject") or event.text("type"),
        kind=kind or Kind.FIRING,
        source=event.text("source"),
        description=text_of(data),
        labels={"type": event.text("type")},
        starts_at=event.text("time"),
    )
