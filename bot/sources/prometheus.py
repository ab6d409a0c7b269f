"""Alertmanager's API v2 as Prometheus posts to it (alert-sources.md 1.2): we are the Alertmanager."""

import msgspec

from bot.domain.signal import Kind, Rejected
from bot.sources.labelled import Labelled, named, read, signal
from bot.sources.values import Broken, Item, elements, members, readable, time_of

SENDER = "prometheus"
RESOLVE_TIMEOUT = 300_000
"""How long an alert without an end counts as reported, in milliseconds, as with Alertmanager."""

NOT_JSON = "the body is not JSON"
NOT_ARRAY = "the body must be an array of alerts"
NOT_ALERT = "alert {} has no object of labels with text values"
NO_LABELS = "alert {}: at least one label pair required"

_decode = msgspec.json.Decoder(list[Labelled]).decode
_decode_labels = msgspec.json.Decoder(dict[str, str]).decode


def parse(body: bytes, *, now: int) -> list[Item]:
    """Read a batch. An end that has passed is a resolve, one to come a promise; without one it lasts RESOLVE_TIMEOUT."""
    try:
        return [_item(alert, index, now) for index, alert in enumerate(_decode(body))]
    except Broken:
        return _one_by_one(body, now)


def _one_by_one(body: bytes, now: int) -> list[Item]:
    found = readable(body)
    if found is None:
        return [Rejected(reason=NOT_JSON, path="")]
    alerts = elements(found)
    if alerts is None:
        return [Rejected(reason=NOT_ARRAY, path="")]
    items: list[Item] = []
    for index, raw in enumerate(alerts):
        alert = _strict(raw)
        if alert is None:
            items.append(Rejected(reason=NOT_ALERT.format(index), path=f"/{index}/labels"))
        else:
            items.append(_item(alert, index, now))
    return items


def _strict(raw: msgspec.Raw) -> Labelled | None:
    """Read one alert; None when its labels, which are its identity, are not texts."""
    given = members(raw)
    try:
        _decode_labels(given["labels"] if given and "labels" in given else b"null")
    except Broken:
        return None
    return read(raw)


def _item(alert: Labelled, index: int, now: int) -> Item:
    if not named(alert.labels):
        return Rejected(reason=NO_LABELS.format(index), path=f"/{index}/labels")
    end = time_of(alert.ends_at) if alert.ends_at else None
    if end is None:
        end = now + RESOLVE_TIMEOUT
    kind = Kind.RESOLVED if end <= now else Kind.FIRING
    return signal(alert, sender=SENDER, kind=kind, ends_at=None if kind is Kind.RESOLVED else end)
