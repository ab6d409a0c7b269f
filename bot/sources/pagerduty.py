"""PagerDuty's Events API v2 (alert-sources.md 1.5): events, and changes that are shown beside alerts and never alert."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.signal import Kind, Link, Signal, clean
from bot.sources.build import build
from bot.sources.payload import Fields, json_of, text_of
from bot.sources.values import link_to, time_of

SENDER = "pagerduty"
CREDENTIAL = "routing_key"
KINDS: Mapping[str, Kind] = {
    "trigger": Kind.FIRING,
    "acknowledge": Kind.ACKNOWLEDGED,
    "resolve": Kind.RESOLVED,
}
KEY_LIMIT = 255
SUMMARY_LIMIT = 1024

NOT_JSON = "the body is no JSON object"
NO_ACTION = "'event_action' is not one of trigger, acknowledge, resolve"
NO_KEY = "'dedup_key' is missing or blank"
LONG_KEY = "'dedup_key' is longer than 255 characters"
NO_PAYLOAD = "'payload' is missing or no object"
NO_SUMMARY = "'payload.summary' is missing or blank"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event as it was posted: the credential in it, its key (made up when a trigger has none), and what it says."""

    routing_key: str
    dedup_key: str
    signal: Signal


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeEvent:
    """Something that was changed somewhere; `at` is epoch ms, None when it was not said."""

    routing_key: str
    summary: str
    source: str
    link: str
    at: int | None


class Invalid(Exception):
    """An event that cannot be used; `errors` say why."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(errors))


def credential(body: bytes, name: str = CREDENTIAL) -> str:
    """Return the credential in a body; "" when there is none that can be found."""
    given = json_of(body)
    return text_of(given.get(name)).strip() if isinstance(given, dict) else ""


def read(body: bytes) -> Event:
    """Read an event. Raises Invalid with every reason."""
    given = object_of(body)
    kind = KINDS.get(given.text("event_action").lower())
    key = given.text("dedup_key")
    payload = given.inner("payload")
    errors = [NO_ACTION] if kind is None else []
    if kind is Kind.FIRING:
        if not isinstance(given.at("payload"), dict):
            errors.append(NO_PAYLOAD)
        elif not payload.text("summary"):
            errors.append(NO_SUMMARY)
        # Without a key it is always a new alert.
        key = key or str(uuid.uuid4())
    elif not key:
        errors.append(NO_KEY)
    if len(key) > KEY_LIMIT:
        errors.append(LONG_KEY)
    if errors:
        raise Invalid(*errors)
    details = payload.at("custom_details")
    told = Fields(details) if isinstance(details, dict) else None
    labels = {name: payload.text(name) for name in ("component", "group", "class")}
    labels |= payload.texts("custom_details") if told else {}
    client = given.text("client")
    signal = build(
        SENDER,
        key=key,
        summary=payload.text("summary") or key,
        kind=kind or Kind.FIRING,
        severity=payload.text("severity"),
        source=payload.text("source"),
        description="" if told else text_of(details),
        labels={**labels, "client": client},
        links=[*map(_link, given.list("links")), link_to(given.text("client_url"), client or "Client")],
        starts_at="",
        author=client,
    )
    return Event(routing_key=given.text(CREDENTIAL), dedup_key=key, signal=signal)


def read_change(body: bytes) -> ChangeEvent:
    """Read a change event. Raises Invalid."""
    given = object_of(body)
    payload = given.inner("payload")
    if not payload.text("summary"):
        raise Invalid(NO_SUMMARY)
    link = next((found for found in map(_link, given.list("links")) if found), None)
    # The public client writes an offset and a Z (alert-sources.md 1.5).
    moment = payload.text("timestamp").replace("+00:00Z", "Z")
    return ChangeEvent(
        routing_key=given.text(CREDENTIAL),
        summary=clean(" ".join(payload.text("summary").split()), SUMMARY_LIMIT),
        source=clean(payload.text("source"), KEY_LIMIT),
        link=link.href if link else "",
        at=time_of(moment) if moment else None,
    )


def object_of(body: bytes) -> Fields:
    """Read a body. Raises Invalid for what is no object."""
    given: Any = json_of(body)
    if not isinstance(given, dict):
        raise Invalid(NOT_JSON)
    return Fields(given)


def _link(value: Any) -> Link | None:
    given = Fields(value if isinstance(value, dict) else {})
    return link_to(given.text("href"), given.text("text"))
