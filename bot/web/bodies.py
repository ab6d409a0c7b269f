"""Bodies: what our own API answers, and reads besides alerts. openapi.py describes the same structs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from bot.domain.alert import Alert, Event, State
from bot.usecases.views import Shown

JSON = "application/json"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_135_596_800_000
_LAST = 253_402_300_799_999
_encode = msgspec.json.Encoder().encode


def _said(description: str, **schema: object) -> msgspec.Meta:
    return msgspec.Meta(description=description, extra_json_schema=schema or None)


Instant = Annotated[str, _said("RFC 3339 in UTC, with milliseconds", format="date-time")]


class ResultBody(msgspec.Struct, frozen=True, gc=False):
    """What became of one posted item."""

    alert: Annotated[int | None, _said("the alert's number; null when there is none")]
    outcome: Annotated[
        str, _said("", enum=["opened", "repeated", "worse", "reopened", "resolved", "ignored", "rejected"])
    ]
    dedup_key: str
    error: Annotated[str | UnsetType, _said("why it was rejected")] = UNSET
    path: Annotated[str | UnsetType, _said("JSON pointer to the bad field")] = UNSET
    note: Annotated[str | UnsetType, _said("what was dropped from an item that was taken")] = UNSET


class ResultsBody(msgspec.Struct, frozen=True, gc=False):
    """What became of a request's items, in their order."""

    results: list[ResultBody]
    source: Annotated[str | UnsetType, _said("whose message it was, by its shape; from /in/auto only")] = UNSET


class LinkBody(msgspec.Struct, frozen=True, gc=False):
    """A place to read more."""

    text: str
    href: str


class RoomBody(msgspec.Struct, frozen=True, gc=False):
    """A room of Hipchat."""

    id: int
    name: str


class AlertBody(msgspec.Struct, frozen=True, gc=False):
    """An alert."""

    alert: Annotated[int, _said("the number, as in #12")]
    state: Annotated[str, _said("", enum=["open", "acked", "snoozed", "closed"])]
    severity: Annotated[str, _said("", enum=["critical", "error", "warning", "info"])]
    summary: str
    description: str
    dedup_key: str
    source: str
    labels: dict[str, str]
    links: list[LinkBody]
    count: Annotated[int, _said("how often it was reported")]
    owner: Annotated[str | None, _said("mention name")]
    room: RoomBody | None
    predecessor: Annotated[int | None, _said("number of the same problem's earlier episode")]
    starts_at: Annotated[Instant | None, _said("when the source says that it began")]
    opened_at: Instant
    last_seen_at: Instant
    changed_at: Annotated[Instant, _said("since when the state is what it is")]
    changed_by: Annotated[str, _said("who brought that state about")]
    until: Annotated[Instant | None, _said("when the ack or the snooze ends by itself")]
    acked_by: Annotated[str | None, _said("who holds it, while it is acked")]
    closed_at: Annotated[Instant | None, _said("when it was closed, while it is")]


class AlertsBody(msgspec.Struct, frozen=True, gc=False):
    """A page of alerts, newest first."""

    alerts: list[AlertBody]
    next: Annotated[str | None, _said("the cursor of the next page; null on the last one")]


class EventBody(msgspec.Struct, frozen=True, gc=False):
    """One change of an alert."""

    at: Instant
    action: str
    who: Annotated[str, _said("through this API: NAME (via key KEYNAME)")]
    kind: Annotated[str, _said("", enum=["person", "source", "timer"])]
    via: Annotated[str, _said("through what it came: room, api, source, timer")]
    note: str


class HistoryBody(msgspec.Struct, frozen=True, gc=False):
    """A page of an alert's changes, oldest first."""

    alert: int
    history: list[EventBody]
    next: Annotated[str | None, _said("the cursor of the next page; null on the last one")]


class ActionBody(msgspec.Struct, frozen=True, gc=False):
    """What to do to an alert. Members that are not listed here are ignored."""

    by: Annotated[str | None, _said("your name, as history shows it", maxLength=256)] = None
    note: Annotated[str | None, _said("required for a note; longer ones than 4,096 characters are cut")] = None
    until: Annotated[
        str | None,
        _said(
            "when an ack or a snooze ends by itself: RFC 3339, in the future, or a span such as 2h; required for a snooze"
        ),
    ] = None
    to: Annotated[
        str | None,
        _said("mention name, e-mail address or name of the new owner; required for an assign", maxLength=256),
    ] = None


class ProblemBody(msgspec.Struct, frozen=True, gc=False):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    path: Annotated[str | UnsetType, _said("JSON pointer to the bad field, or the name of the bad parameter")] = UNSET
    state: Annotated[str | UnsetType, _said("409: the state that does not allow it")] = UNSET
    owner: Annotated[str | UnsetType | None, _said("409: who owns the alert")] = UNSET
    by: Annotated[str | UnsetType, _said("409: who brought that state about")] = UNSET
    since: Annotated[Instant | UnsetType, _said("409: since when")] = UNSET
    results: Annotated[list[ResultBody] | UnsetType, _said("400 of a batch: each item's error")] = UNSET


def instant(moment: int) -> str:
    """Write epoch milliseconds as RFC 3339 in UTC, with milliseconds."""
    within = min(max(moment, _FIRST), _LAST)
    return (_EPOCH + timedelta(milliseconds=within)).isoformat(timespec="milliseconds")[:-6] + "Z"


def alert_body(shown: Shown) -> AlertBody:
    """Return an alert as the API shows it."""
    alert, room = shown.alert, shown.room
    return AlertBody(
        alert=alert.number,
        state=alert.state.value,
        severity=alert.severity.word,
        summary=alert.summary,
        description=alert.description,
        dedup_key=alert.dedup_key,
        source=alert.source,
        labels=dict(alert.labels),
        links=[LinkBody(text=link.text, href=link.href) for link in alert.links],
        count=alert.count,
        owner=owner_of(alert),
        room=RoomBody(id=room.hipchat_id, name=room.name) if room else None,
        predecessor=alert.predecessor,
        starts_at=_maybe(alert.starts_at),
        opened_at=instant(alert.opened_at),
        last_seen_at=instant(alert.last_seen_at),
        changed_at=instant(alert.state_at),
        changed_by=alert.state_by,
        until=_maybe(alert.until),
        acked_by=alert.state_by if alert.state is State.ACKED else None,
        closed_at=instant(alert.state_at) if alert.state is State.CLOSED else None,
    )


def event_body(event: Event) -> EventBody:
    """Return a history row as the API shows it."""
    by = event.by
    return EventBody(
        at=instant(event.at),
        action=event.action,
        who=by.label or by.name,
        kind=by.kind.value,
        via=by.via.value,
        note=event.note,
    )


def owner_of(alert: Alert) -> str | None:
    """Return the mention name of an alert's owner."""
    return alert.owner.name if alert.owner else None


def _maybe(moment: int | None) -> str | None:
    return None if moment is None else instant(moment)


def answer(body: object, status: int = 200) -> web.Response:
    """Answer JSON."""
    return web.Response(body=_encode(body), status=status, headers={"Content-Type": JSON})
