"""Opsgenie's lists of alerts (alert-sources.md 1.6): those that a search query means, or how many they are.

A parameter, a field or a sign that is not understood is refused: a script that lists alerts and closes them must never be shown more
than it asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.domain.alert import Alert, State
from bot.domain.condition import Condition
from bot.domain.signal import clean
from bot.domain.tenant import Key, Scope
from bot.parts import PARTS
from bot.sources import opsgenie, opsgenie_query
from bot.sources.opsgenie import Invalid
from bot.sources.opsgenie_query import Unreadable
from bot.usecases import views
from bot.web.auth import admitted
from bot.web.bodies import answer, instant

PAGE = 100
PAGE_DEFAULT = 20
OFFSET_LIMIT = 20_000
PART_LIMIT = 100

PROCESSABLE = "Request body is not processable. Please check the errors."
NO_PARAMETER = "there is no such parameter; there are {names}"
NO_SEARCH = "no searches are saved here; say it as query"
TWICE = "it is given twice"
NO_LIMIT = f"limit is a number from 1 to {PAGE}"
NO_OFFSET = f"offset is a number; with limit it is at most {OFFSET_LIMIT}"
NO_SORT = "sort is one of {names}"
NO_ORDER = "order is asc or desc"
UNREAD = '"{part}": {reason}'

SORTS: Mapping[str, Callable[[Alert], Any]] = {
    "createdAt": lambda alert: alert.opened_at,
    "updatedAt": lambda alert: max(alert.last_seen_at, alert.state_at),
    "lastOccurredAt": lambda alert: alert.last_seen_at,
    "tinyId": lambda alert: alert.number,
    "alias": lambda alert: alert.dedup_key,
    "message": lambda alert: alert.summary,
    "status": lambda alert: alert.state is not State.CLOSED,
    "acknowledged": lambda alert: alert.state is State.ACKED,
    "isSeen": lambda alert: alert.state is not State.OPEN,
    "snoozed": lambda alert: alert.state is State.SNOOZED,
    "snoozedUntil": lambda alert: (alert.until or 0) if alert.state is State.SNOOZED else 0,
    "count": lambda alert: alert.count,
    "source": lambda alert: alert.source,
    "owner": lambda alert: alert.owner.name if alert.owner else "",
    "priority": lambda alert: -alert.severity,
}
BY_NUMBER = ("createdAt", "tinyId")
"""Orders that are the alerts' own: a later one has the greater number."""


def routes() -> list[web.RouteDef]:
    """Return the routes of the lists; they stand before those that any alert's name may fill."""
    return [web.get("/v2/alerts", get_alerts), web.get("/v2/alerts/count", get_count)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a request asks for."""

    condition: Condition
    offset: int = 0
    limit: int = PAGE_DEFAULT
    sort: str = "createdAt"
    ascending: bool = False


async def get_alerts(request: web.Request) -> web.Response:
    """Answer a page of the alerts that a query means, newest first unless it says otherwise."""
    key = await admitted(request, Scope.READ)
    try:
        asked = _asked(request, ("query", "offset", "limit", "sort", "order"))
    except Invalid as invalid:
        return unprocessable(invalid)
    found = await _found(request, key, asked)
    paging = {}
    if len(found) > asked.offset + asked.limit:
        following = request.rel_url.update_query(offset=str(asked.offset + asked.limit), limit=str(asked.limit))
        paging["next"] = f"{request.app[PARTS].settings.base_url}{following}"
    data = [data_of(alert) for alert in found[asked.offset : asked.offset + asked.limit]]
    return answer({"data": data, "paging": paging, "took": 0.0, "requestId": ""})


async def get_count(request: web.Request) -> web.Response:
    """Answer how many alerts a query means."""
    key = await admitted(request, Scope.READ)
    try:
        asked = _asked(request, ("query",))
    except Invalid as invalid:
        return unprocessable(invalid)
    count = 0
    async for _ in views.where(request.app[PARTS].storage, key, asked.condition):
        count += 1
    return answer({"data": {"count": count}, "took": 0.0, "requestId": ""})


async def _found(request: web.Request, key: Key, asked: Listing) -> list[Alert]:
    """Return the alerts up to the end of a page and one more, if there is one; no more than those are held at a time."""
    most = asked.offset + asked.limit + 1
    found: list[Alert] = []
    in_order = asked.sort in BY_NUMBER and not asked.ascending
    async for alert in views.where(request.app[PARTS].storage, key, asked.condition):
        found.append(alert)
        if in_order and len(found) == most:
            return found
        if len(found) > 2 * most + views.STRIDE:
            found = _sorted(found, asked)[:most]
    return found if in_order else _sorted(found, asked)[:most]


def _sorted(found: list[Alert], asked: Listing) -> list[Alert]:
    key = SORTS[asked.sort]
    return sorted(found, key=lambda alert: (key(alert), alert.number), reverse=not asked.ascending)


def _asked(request: web.Request, names: tuple[str, ...]) -> Listing:
    """Read a request's parameters. Raises Invalid for each that is not known, or has no sense."""
    query = request.query
    for name in query:
        if name in {"searchIdentifier", "searchIdentifierType"}:
            raise Invalid(name, NO_SEARCH)
        if name not in names:
            raise Invalid(clean(name, PART_LIMIT), NO_PARAMETER.format(names=", ".join(names)))
        if len(query.getall(name)) > 1:
            raise Invalid(name, TWICE)
    limit, offset = _number(query.get("limit")), _number(query.get("offset"))
    if limit is not None and not 1 <= limit <= PAGE:
        raise Invalid("limit", NO_LIMIT)
    limit = PAGE_DEFAULT if limit is None else limit
    if offset is not None and not 0 <= offset <= OFFSET_LIMIT - limit:
        raise Invalid("offset", NO_OFFSET)
    sort = {name.lower(): name for name in SORTS}.get(query.get("sort", "createdAt").lower())
    if sort is None:
        raise Invalid("sort", NO_SORT.format(names=", ".join(SORTS)))
    order = query.get("order", "desc").lower()
    if order not in {"asc", "desc"}:
        raise Invalid("order", NO_ORDER)
    try:
        condition = opsgenie_query.read(query.get("query", ""))
    except Unreadable as unread:
        raise Invalid("query", UNREAD.format(part=clean(unread.part, PART_LIMIT), reason=unread.reason)) from None
    return Listing(condition=condition, offset=offset or 0, limit=limit, sort=sort, ascending=order == "asc")


def _number(text: str | None) -> int | None:
    """Read a number; None when it was not said, -1 when it is none."""
    if text is None:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def unprocessable(invalid: Invalid) -> web.Response:
    """Answer that a request cannot be used: which field, and why."""
    body = {"message": PROCESSABLE, "errors": {invalid.field: invalid.reason}}
    return answer({**body, "took": 0.0, "requestId": f"{0:08x}-0000-4000-8000-{0:012x}"}, 422)


def data_of(alert: Alert) -> dict[str, Any]:
    """Return an alert as Opsgenie shows it."""
    labels = dict(alert.labels)
    closed = alert.state is State.CLOSED
    return {
        "id": opsgenie.alert_id(alert.number),
        "tinyId": str(alert.number),
        "alias": alert.dedup_key,
        "message": alert.summary[: opsgenie.MESSAGE_LIMIT],
        "status": "closed" if closed else "open",
        "acknowledged": alert.state is State.ACKED,
        "isSeen": alert.state is not State.OPEN,
        "tags": [name for name, value in labels.items() if value == "true"],
        "snoozed": alert.state is State.SNOOZED,
        "snoozedUntil": instant(alert.until) if alert.state is State.SNOOZED and alert.until else None,
        "count": alert.count,
        "lastOccurredAt": instant(alert.last_seen_at),
        "createdAt": instant(alert.opened_at),
        "updatedAt": instant(max(alert.last_seen_at, alert.state_at)),
        "source": alert.source,
        "owner": alert.owner.name if alert.owner else "",
        "priority": opsgenie.SEVERITIES[alert.severity.word],
        "responders": [],
        "integration": {"id": "alertbot", "name": "alertbot", "type": "API"},
        "report": {"acknowledgedBy": alert.state_by}
        if alert.state is State.ACKED
        else {"closedBy": alert.state_by}
        if closed
        else {},
        "actions": [],
        "entity": labels.get("entity", ""),
        "description": alert.description,
        "details": labels,
    }
