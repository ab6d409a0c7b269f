"""Graylog's HTTP notification of events, and the older one of stream alerts.

The members are known from Graylog's documentation and from bodies that others published; a running Graylog was not tried.
"""

from collections.abc import Mapping, Sequence

from bot.domain.signal import Signal
from bot.sources.build import build
from bot.sources.hit import SEVERITIES, STATES, kind_of_hit, place_of
from bot.sources.member_values import called
from bot.sources.payload import Fields, Payload, fields_of, objects
from bot.sources.shape import Mark
from bot.sources.values import Item, odd

SENDER = "graylog"
MARKS: Sequence[Mark] = (
    ("event_definition_id",),
    ("event_definition_title",),
    ("check_result.triggered_condition",),
    ("check_result.result_description",),
)
PRIORITIES: Mapping[str, str] = {"1": "info", "2": "warning", "3": "error", "4": "critical"}
TESTS = frozenset({"test-dummy-v1", "notification-test-v1"})
"""Types of the event that the test button sends."""
SPOKEN = frozenset((*STATES, *SEVERITIES))
BACKLOG = 5
"""So many messages of a backlog are shown."""


def parse(payload: Payload) -> list[Item]:
    """Read an event. Its definition and its key or groups are its identity; no end is sent, its field `alert_status` may tell one."""
    given = fields_of(payload)
    if given is not None and given.inner("check_result").values:
        return [_legacy(given)]
    event = given.inner("event") if given else Fields({})
    title = given.text("event_definition_title") if given else ""
    if given is None or not (title or event.text("message")):
        return [odd(payload.body, SENDER)]
    fields = event.inner("fields")
    groups = event.texts("group_by_fields")
    place = place_of(Fields({**fields.values, **groups}))
    spelled = ",".join(f"{name}={groups[name]}" for name in sorted(groups))
    test = given.text("event_definition_type") in TESTS
    priority = event.text("priority")
    number = given.text("event_definition_id", "event.event_definition_id") or title
    return [
        build(
            SENDER,
            key=f"{number}:{event.text('key') or spelled or ':'.join(place.values())}",
            summary=event.text("message") or title,
            kind=kind_of_hit(fields),
            severity="info" if test else fields.text(*SEVERITIES) or PRIORITIES.get(priority, ""),
            source=place.get("host", ""),
            description="\n".join(filter(None, (given.text("event_definition_description"), _lines(given, "backlog")))),
            labels={"event_definition": title, **_told(fields), **groups, **place},
            starts_at=event.text("timestamp"),
        )
    ]


def _told(fields: Fields) -> dict[str, str]:
    """Return an event's fields as labels, without those that are read already."""
    return {name: called(value) for name, value in fields.values.items() if name not in SPOKEN}


def _legacy(given: Fields) -> Signal:
    """Read a stream's alert; its condition is its identity."""
    result = given.inner("check_result")
    condition = result.inner("triggered_condition")
    stream = given.text("stream.title", "stream.description")
    title = condition.text("title") or stream
    return build(
        SENDER,
        key=f"{given.text('stream.id')}:{condition.text('id') or title}",
        summary=title or result.text("result_description"),
        description="\n".join(filter(None, (result.text("result_description"), _lines(result, "matching_messages")))),
        labels={"stream": stream, "condition": condition.text("type")},
        starts_at=result.text("triggered_at"),
    )


def _lines(given: Fields, name: str) -> str:
    """Return the messages that were found, a line each."""
    found = objects(given.list(name)[:BACKLOG])
    return "\n".join(": ".join(filter(None, (each.text("source"), each.text("message")))) for each in found)
