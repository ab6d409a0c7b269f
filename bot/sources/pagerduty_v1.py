"""PagerDuty's Events API v1, which older tools still speak: an event's members stand side by side, and say nothing of a severity."""

import uuid
from typing import Any

from bot.domain.signal import Kind, Link
from bot.sources.build import build
from bot.sources.pagerduty import KEY_LIMIT, KINDS, SENDER, Event, Invalid, object_of
from bot.sources.payload import Fields, text_of
from bot.sources.values import link_to

CREDENTIAL = "service_key"
SEVERITY = "critical"
"""How bad PagerDuty takes an event of this version to be."""
HOSTS = ("source", "host", "hostname")

NO_TYPE = "'event_type' is not one of trigger, acknowledge, resolve"
NO_KEY = "'incident_key' is missing or blank"
LONG_KEY = f"'incident_key' is longer than {KEY_LIMIT} characters"
NO_DESCRIPTION = "'description' is missing or blank"


def read(body: bytes) -> Event:
    """Read an event. Raises Invalid with every reason."""
    given = object_of(body)
    kind = KINDS.get(given.text("event_type").lower())
    key, words = given.text("incident_key"), given.text("description")
    errors = [NO_TYPE] if kind is None else []
    if kind is Kind.FIRING:
        errors += [] if words else [NO_DESCRIPTION]
        # Without a key it is always a new alert.
        key = key or uuid.uuid4().hex
    elif not key:
        errors.append(NO_KEY)
    if len(key) > KEY_LIMIT:
        errors.append(LONG_KEY)
    if errors:
        raise Invalid(*errors)
    details = given.at("details")
    told = Fields(details if isinstance(details, dict) else {})
    client = given.text("client")
    firing = kind is Kind.FIRING
    signal = build(
        SENDER,
        key=key,
        summary=words if firing else key,
        kind=kind or Kind.FIRING,
        severity=told.text("severity") or SEVERITY,
        source=told.text(*HOSTS) or client,
        description="" if told.values else text_of(details),
        labels={**given.texts("details"), "client": client},
        links=[*map(_link, given.list("contexts")), link_to(given.text("client_url"), client or "Client")],
        author=client,
        note="" if firing else words,
    )
    return Event(routing_key=given.text(CREDENTIAL), dedup_key=key, signal=signal)


def _link(value: Any) -> Link | None:
    """Return where a context leads: a link's address, or a picture's own."""
    given = Fields(value if isinstance(value, dict) else {})
    return link_to(given.text("href", "src"), given.text("text", "alt"))
