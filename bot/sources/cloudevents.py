"""CloudEvents 1.0 over HTTP: binary, structured, and in batches (alert-sources.md 1.14)."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

from bot.domain.charset import as_utf8, charset_of, decoded
from bot.domain.headline import steady
from bot.domain.signal import MADE_KEY, Kind, key_within_limit, made_key
from bot.domain.vocabulary import kind_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.member_names import measures
from bot.sources.members import Members
from bot.sources.payload import Fields, Payload, json_of, text_of
from bot.sources.payload import kept as payload_kept
from bot.sources.shape import Mark
from bot.sources.values import Item, odd

SENDER = "cloudevents"
MARKS: Sequence[Mark] = (("@ce-specversion",), ("specversion", "type", "source"))
PREFIX = "ce-"
FIRING = ("firing", "triggered", "opened")
WRAPPING = frozenset({"data", "data_base64", "datacontenttype"})
"""Members that differ between the modes in which one event can come."""
CORE = frozenset((
    *("id", "source", "specversion", "type", "subject", "time", "dataschema", "traceparent", "tracestate", "sequence"),
    *("partitionkey", "dataref", "sampledrate", *WRAPPING),
))  # fmt: skip
"""Attributes that say nothing of a problem; all others are extensions, which may."""
_NUMBER = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?|true|false")
_NAMING = re.compile(r"(?:id|number|port|code|key)\Z", re.IGNORECASE)
"""Names of members whose numbers name something."""


def parse(payload: Payload) -> list[Item]:
    """Read one event, or each of a batch."""
    binary = attributes_of(payload)
    if binary is not None:
        return [_event(binary, _data(payload.body))]
    given = json_of(payload.body)
    events = given if isinstance(given, list) else [given]
    items = [_event(event, _inside(event)) for event in events if isinstance(event, dict) and event.get("type")]
    return items or [odd(payload.body, SENDER)]


def attributes_of(payload: Payload) -> dict[str, str] | None:
    """Return the attributes of an event whose body is its data; None when the body holds them itself."""
    if PREFIX + "specversion" not in payload.headers or "cloudevents" in payload.content_type:
        return None
    return {
        name.removeprefix(PREFIX): decoded(unquote_to_bytes(value))
        for name, value in payload.headers.items()
        if name.startswith(PREFIX)
    }


def kept(payload: Payload) -> bytes:
    """Return what is kept of a request: an event whose attributes are headers is written as one that holds them."""
    binary = attributes_of(payload)
    if binary is None:
        return payload_kept(payload)
    return json.dumps({**binary, "data_base64": base64.b64encode(payload.body).decode()}).encode()


def _inside(event: Mapping[str, Any]) -> Any:
    """Return the data of an event that holds it, as JSON or in base64."""
    encoded = event.get("data_base64")
    if not isinstance(encoded, str) or event.get("data") is not None:
        return event.get("data")
    try:
        return _data(base64.b64decode(encoded), charset_of(text_of(event.get("datacontenttype"))))
    except ValueError:
        return encoded


def _data(body: bytes, charset: str = "") -> Any:
    """Return data as JSON, or as text where it is none."""
    found = json_of(as_utf8(body, charset))
    return decoded(body, charset) if found is None else found


def _event(attributes: Mapping[str, Any], data: Any) -> Item:
    event = Fields(attributes)
    stem, _, word = event.text("type").rpartition(".")
    said = kind_of(word)
    kind = Kind.FIRING if word.lower() in FIRING else None if said is Kind.FIRING else said
    source, subject = event.text("source"), event.text("subject")
    key = f"{source}:{subject}" if subject else ""
    extensions = {name: value for name, value in attributes.items() if name not in CORE}
    inside = Fields({**extensions, **data} if isinstance(data, dict) else extensions)
    delivery_id = _delivery_id(attributes, data) if event.text("id") else ""
    found = loose.read(inside, SENDER, key=key, kind=kind, delivery_id=delivery_id)
    if found is not None:
        made = found.dedup_key.startswith(MADE_KEY)
        return replace(found, dedup_key=key_within_limit(f"{source}:{found.dedup_key}")) if made else found
    return build(
        SENDER,
        key=key or f"{source}:{_known_by(stem if said else event.text('type'), data)}",
        summary=subject or event.text("type"),
        kind=kind or Kind.FIRING,
        severity=Members(inside).severity() if inside.values else "",
        source=source,
        description=text_of(data),
        labels={"type": event.text("type")},
        starts_at=event.text("time"),
        delivery_id=delivery_id,
        opens=True,
    )


def _known_by(about: str, data: Any) -> str:
    """Return what an event without a subject and a title is known by: its type, and what of its data is no measure."""
    if not isinstance(data, dict):
        return made_key(about, {"": steady(text_of(data))})
    texts = {name: text_of(value) for name, value in data.items() if not measures(name)}
    kept = {name: steady(text) for name, text in texts.items() if not _NUMBER.fullmatch(text) or _NAMING.search(name)}
    return made_key(about, kept)


def _delivery_id(attributes: Mapping[str, Any], data: Any) -> str:
    """Return what an event is known by when it comes again: source and id (CloudEvents 1.0), and what it says.

    Who gives every event the same id still has each different one heard.
    """
    around = {name: value for name, value in attributes.items() if name not in WRAPPING}
    whole = json.dumps([around, data], sort_keys=True, default=str).encode("utf-8", "replace")
    return hashlib.sha256(whole).hexdigest()[:32]
