"""Any tool's JSON as an admin's mapping reads it; what the mapping makes nothing of is read by its usual names (alert-sources.md 1.13)."""

import json
from dataclasses import replace

from bot.domain import mapping
from bot.domain.mapping import Mapping, Unmapped
from bot.domain.signal import LABEL_VALUE_LIMIT, Signal, clean
from bot.sources import loose
from bot.sources.payload import Fields, Payload
from bot.sources.values import Item, readable

UNMAPPED = "mapping_failed"
"""The label of an alert that the mapping made nothing of, with the reason."""


def parse(payload: Payload, given: Mapping) -> list[Item]:
    """Read a message: never nothing, whatever the mapping comes to. A query is no JSON, and read as ever."""
    if not payload.body.strip():
        return loose.parse(payload)
    try:
        found = mapping.apply(given, readable(payload.body) or payload.body)
    except Unmapped as unmapped:
        reason = clean(str(unmapped), LABEL_VALUE_LIMIT)
        return [
            replace(item, labels={**item.labels, UNMAPPED: reason}) if isinstance(item, Signal) else item
            for item in loose.parse(payload)
        ]
    return [item for each in found if (item := _signal(each)) is not None] or loose.parse(payload)


def _signal(found: dict[str, object]) -> Signal | None:
    # Numbers are texts from here on, as in every loose source.
    return loose.read(Fields(json.loads(json.dumps(found), parse_int=str, parse_float=str)), loose.SENDER)
