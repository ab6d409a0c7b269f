"""Any tool's JSON, form or query, by the names that such members usually have (alert-sources.md 1.13)."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.domain.headline import Headline, read_title, steady
from bot.domain.signal import DESCRIPTION_LIMIT, Kind, Signal, clean, made_key
from bot.sources import plain
from bot.sources.about import about
from bot.sources.build import build
from bot.sources.member_names import STATES, Slot, folded, measures, slots_of
from bot.sources.member_values import everything
from bot.sources.members import MOST_MEMBERS, Members
from bot.sources.payload import Fields, Payload, fields_of, json_of, text_of
from bot.sources.values import Item, odd

SENDER = "generic"
MOST_ITEMS = 1000
UNTOLD = frozenset(STATES)
SHARED = frozenset({Slot.STATE, Slot.SEVERITY, Slot.WHERE})
"""What a group of alerts says for each of them that does not say it."""


def parse(payload: Payload) -> list[Item]:
    """Read an alert, or each of an array of alerts; what has no title and no key is shown as it came."""
    return parse_fields(payload, fields_of(payload))


def parse_fields(payload: Payload, given: Fields | None) -> list[Item]:
    """Read a message whose members are known already."""
    if given is None:
        found = json_of(payload.body)
        return _each(found, payload) if isinstance(found, list) else [odd(payload.body, SENDER)]
    signal = read(given, SENDER)
    if signal is not None:
        return [signal]
    for value in Members(given).values(Slot.LIST):
        if isinstance(value, list) and value:
            return _each(_inherited(given, value), payload)
    return [odd(payload.body, SENDER)]


def _inherited(given: Fields, values: list[Any]) -> list[Any]:
    """Return the alerts of a group, each with what the group says of all of them: state, severity and place."""
    common = {name: value for name, value in given.values.items() if isinstance(value, str) and _shared(name)}
    return [
        {**{name: value for name, value in common.items() if not _shared(name) & said}, **each}
        if isinstance(each, dict) and (said := frozenset().union(*map(_shared, each))) is not None
        else each
        for each in values
    ]


def _shared(name: str) -> frozenset[Slot]:
    return SHARED.intersection(slot for slot, _ in slots_of(name))


def parse_text(payload: Payload, *, stated: bool = False) -> list[Item]:
    """Read a body that is plain text; nothing where it is none, or, if only `stated` ones count, says neither state nor severity."""
    text = plain.text_of(payload)
    if not text:
        return []
    pairs = plain.pairs_of(text)
    found = read(pairs, SENDER) if pairs is not None else None
    if found is not None:
        return [replace(found, description=clean(text, DESCRIPTION_LIMIT))]
    told = read_title(text.partition("\n")[0])
    return [plain.read(text, SENDER)] if not stated or told.kind or told.severity is not None else []


def _each(values: list[Any], payload: Payload) -> list[Item]:
    signals = [
        plain.read(each.strip(), SENDER) if isinstance(each, str) else read(Fields(each), SENDER)
        for each in values[:MOST_ITEMS]
        if isinstance(each, dict) or (isinstance(each, str) and each.strip())
    ]
    told: list[Item] = [signal for signal in signals if signal is not None]
    return told if told and len(told) == len(values) else [*told, odd(payload.body, SENDER)]


def read(
    given: Fields, sender: str, *, key: str = "", kind: Kind | None = None, severity: str = "", delivery_id: str = ""
) -> Signal | None:
    """Return what members with the usual names say; None when there is no title, and no key of a problem that ends."""
    members = Members(given)
    named = members.key()
    kind = kind or members.kind()
    if not (members.title or members.body) and not (named and kind is not Kind.FIRING):
        return None
    body = members.body
    summary = members.title or next(iter(body.splitlines()), "") or named
    labels = members.labels()
    if members.anywhere:
        body = json.dumps(given.values, ensure_ascii=False, indent=1)
        key = named or key or identity(members.headline, {**labels, **_unmeasured(given)})
    return build(
        sender,
        key=named or key or identity(members.headline, {**labels, **about(members)}),
        summary=summary,
        kind=kind,
        severity=severity or members.severity(),
        source=members.origin(),
        description="" if body == summary else body,
        labels=labels,
        links=members.links(),
        starts_at=members.text(Slot.START),
        delivery_id=delivery_id,
        opens=bool(members.title or body),
    )


def _unmeasured(given: Fields) -> dict[str, str]:
    """Return everything in a message of an unknown shape that may tell its problem from another: all but states, measures and times."""
    found: dict[str, str] = {}
    for names, value in itertools.islice(everything(given.values), MOST_MEMBERS):
        if names and folded(names[-1]) not in UNTOLD and not measures(names[-1]):
            path = "/".join(names)
            found[path] = f"{found[path]}, {text_of(value)}" if path in found else text_of(value)
    return found


def identity(headline: Headline, labels: Mapping[str, str]) -> str:
    """Make the key of a problem whose sender gives none: its name, and the labels that do not change while it lasts."""
    return made_key(headline.name, {name: steady(value) for name, value in labels.items() if not measures(name)})
