"""Alertmanager's webhook, payload version 4 (alert-sources.md 1.1): a group of alerts, each firing or resolved by itself."""

from collections.abc import Sequence

import msgspec

from bot.domain.signal import Kind, Link
from bot.domain.vocabulary import kind_of
from bot.sources.labelled import Labelled, named, read, signal
from bot.sources.payload import Payload
from bot.sources.shape import Mark
from bot.sources.values import Broken, Item, elements, is_text, link_to, members, odd, readable, text_of

SENDER = "alertmanager"
MARKS: Sequence[Mark] = (
    ("alerts", "groupKey"),
    ("alerts", "groupLabels"),
    ("alerts", "commonLabels"),
    ("alerts", "version", "status"),
)
EXTERNAL_TEXTS = {"alertmanager": "Alertmanager", "grafana": "Grafana"}
"""What the sender's own address is called, by the sender."""
RESOLVED = "resolved"


class Group(msgspec.Struct, frozen=True, gc=False):
    """One notification: the whole group of a receiver, most of it repeats."""

    alerts: list[Labelled]
    status: str = "firing"
    external_url: str = msgspec.field(default="", name="externalURL")


_decode = msgspec.json.Decoder(Group).decode


def parse(payload: Payload) -> list[Item]:
    """Read a notification."""
    return read_group(payload.body, SENDER)


def read_group(body: bytes, sender: str) -> list[Item]:
    """Read a group of alerts. What is none becomes an odd-looking alert with its raw text; nothing is refused.

    A promise to end is not read: Alertmanager repeats itself after hours only, so its silence means nothing.
    """
    try:
        group = _decode(body)
    except Broken:
        return _one_by_one(body, sender)
    links = (link_to(group.external_url, EXTERNAL_TEXTS[sender]),)
    return [_item(alert, group.status, links, sender) for alert in group.alerts]


def _one_by_one(body: bytes, sender: str) -> list[Item]:
    found = readable(body)
    given = members(found) if found is not None else None
    alerts = elements(given["alerts"]) if given and "alerts" in given else None
    if given is None or alerts is None:
        return [odd(body, sender)]
    texts = {name: text_of(value) for name, value in given.items() if is_text(value)}
    status = texts.get("status", "firing")
    links = (link_to(texts.get("externalURL", ""), EXTERNAL_TEXTS[sender]),)
    items: list[Item] = []
    for raw in alerts:
        alert = read(raw)
        items.append(odd(bytes(raw), sender) if alert is None else _item(alert, status, links, sender))
    return items


def _item(alert: Labelled, status: str, links: tuple[Link | None, ...], sender: str) -> Item:
    if not named(alert.labels) and not alert.fingerprint:
        return odd(msgspec.json.encode(alert), sender)
    word = alert.status or alert.state or status
    kind = Kind.RESOLVED if word == RESOLVED or kind_of(word) is Kind.RESOLVED else Kind.FIRING
    return signal(alert, sender=sender, kind=kind, links=links)
