"""Opsgenie's Alert API (alert-sources.md 1.6 and 2.5): the same alert there under our own alias, and what becomes of it.

Its answers promise, its request status tells: a 202 is asked after, so that a result is what happened there.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.channels.outbound import Outbound
from bot.channels.pagerduty import dedup_key
from bot.channels.webhook import iso
from bot.domain.alert import Alert
from bot.domain.channel import OURS, Channel, Move, Parcel
from bot.domain.difference import Standing, Survey
from bot.domain.holding import Hold
from bot.ports import Later, Never, Receipt
from bot.sources.payload import Fields, objects

URL = "https://api.opsgenie.com"
SOURCE = "hipchat-bot"
PRIORITIES: Mapping[str, str] = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P4"}
REQUESTS: Mapping[str, str] = {
    "snoozed": "snooze",
    "unacked": "unacknowledge",
    "woken": "unacknowledge",
    **dict.fromkeys(Hold, "unacknowledge"),
    "worse": "priority",
    "severity": "priority",
}
"""What a change is there; all others are what they mean to a service of few states."""
BY_MOVE: Mapping[Move, str] = {
    Move.TRIGGER: "",
    Move.ACKNOWLEDGE: "acknowledge",
    Move.RESOLVE: "close",
    Move.NOTE: "notes",
}
MESSAGE_LIMIT = 130
DESCRIPTION_LIMIT = 15_000
NOTE_LIMIT = 25_000
TAGS_LIMIT = 20
DETAILS_LIMIT = 8_000
"""Characters of all details together; believed to be the service's limit (alert-sources.md 5)."""
WAITS = (0.0, 0.5, 1.5, 3.0)
"""Seconds before each question what became of a request."""
NOT_THERE = 404
ANSWER_LIMIT = 4 * 1024 * 1024
PAGE = 100
PAGES = 20

FAILED = "Opsgenie did not do it: {status}"
UNREAD = "Opsgenie's answer cannot be read"


class Opsgenie:
    """Creates alerts and says what happened to them. All that is said of one alert names our alias."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Say one change; an alert that is not there, or not any more, is created first, unless it is over."""
        said = saying(parcel)
        if said is not None:
            status = await self._asked(to, *said)
            if not _absent(status):
                return Receipt(status=202)
            if parcel.move is Move.RESOLVE:
                return Receipt(status=NOT_THERE)
        await self._asked(to, "POST", "/v2/alerts", created(parcel))
        if said is not None and parcel.move is not Move.TRIGGER:
            await self._asked(to, *said)
        return Receipt(status=202)

    async def survey(self, known: Sequence[Alert], to: Channel) -> Survey:
        """Say where our alerts stand there, from the list of those that are open."""
        open_there: dict[str, Standing] = {}
        for page in range(PAGES):
            query = quote(f"status: open AND source: {SOURCE}", safe="")
            path = f"/v2/alerts?query={query}&limit={PAGE}&offset={page * PAGE}&sort=createdAt&order=desc"
            given = Fields(_members(await self._call(to, "GET", path)))
            for each in objects(given.at("data")):
                quiet = "true" in {each.text("acknowledged"), each.text("snoozed")}
                open_there[each.text("alias")] = Standing.ACKED if quiet else Standing.FIRING
            if len(given.list("data")) < PAGE:
                break
        else:
            return Survey()
        mine = {alert.number: OURS + f"{alert.tenant}/{alert.number}" for alert in known}
        return Survey(standings={number: open_there.get(alias, Standing.GONE) for number, alias in mine.items()})

    async def _asked(self, to: Channel, method: str, path: str, body: Mapping[str, Any]) -> str:
        """Make a request and return why it failed, "" when it did not or when nobody knows yet."""
        taken = Fields(_members(await self._call(to, method, path, body)))
        request = taken.text("requestId")
        for wait in WAITS if request else ():
            await asyncio.sleep(wait)
            try:
                given = await self._call(to, "GET", f"/v2/alerts/requests/{quote(request, safe='')}")
            except Never as never:
                if never.status != NOT_THERE:
                    raise
                continue
            data = Fields(_members(given)).inner("data")
            if data.text("isSuccess", "success") != "false":
                return ""
            status = data.text("status")
            if _absent(status) or "already" in status.lower():
                return status
            raise Never(FAILED.format(status=status[:200]))
        return ""

    async def _call(self, to: Channel, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"GenieKey {to.settings['api_key']}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        base = (to.settings.get("url") or URL).rstrip("/")
        content = None if body is None else json.dumps(body).encode()
        answer = await self._outbound.call(method, f"{base}{path}", body=content, headers=headers, limit=ANSWER_LIMIT)
        found = answer.json()
        if found is None:
            raise Later(UNREAD)
        return found


def saying(parcel: Parcel) -> tuple[str, str, dict[str, Any]] | None:
    """Return the request (method, path, body) that says a change of an alert that is there; None: it is created."""
    told = parcel.content
    what = REQUESTS.get(parcel.action) or BY_MOVE[parcel.move]
    if parcel.action == "undone" and parcel.move is Move.TRIGGER:
        what = "unacknowledge"
    if what == "snooze" and told["until"] is None:
        what = "acknowledge"
    if not what:
        return None
    path = f"/v2/alerts/{quote(dedup_key(parcel), safe='')}/{what}?identifierType=alias"
    if what == "priority":
        return "PUT", path, {"priority": PRIORITIES[told["severity"]]}
    body = {"user": told["by"] or SOURCE, "source": SOURCE}
    if told["note"] or what == "notes":
        body["note"] = _note(parcel)
    if what == "snooze":
        body["endTime"] = iso(told["until"])
    return "POST", path, body


def created(parcel: Parcel) -> dict[str, Any]:
    """Return the request that creates an alert, within Opsgenie's limits. The same again is counted there."""
    told = parcel.content
    details, size = {}, 0
    for name, value in told["labels"].items():
        size += len(name) + len(value)
        if size <= DETAILS_LIMIT:
            details[name] = value
    tags = [f"{name}={value}" for name, value in told["labels"].items()]
    return {
        "message": told["summary"][:MESSAGE_LIMIT],
        "alias": dedup_key(parcel),
        "description": "\n".join(filter(None, [_rest(told["summary"]), told["description"], *_links(told)]))[
            :DESCRIPTION_LIMIT
        ],
        "tags": [tag for tag in tags if len(tag) <= 50][:TAGS_LIMIT],
        "details": details,
        "entity": str(told["labels"].get("host") or told["labels"].get("instance") or "")[:512],
        "source": SOURCE,
        "priority": PRIORITIES[told["severity"]],
        "user": told["by"] or SOURCE,
    }


def _rest(summary: str) -> str:
    """Return a summary whole where the message has only its beginning."""
    return summary if len(summary) > MESSAGE_LIMIT else ""


def _links(told: Mapping[str, Any]) -> list[str]:
    return [f"{link['text']}: {link['href']}" for link in told["links"]]


def _note(parcel: Parcel) -> str:
    told = parcel.content
    words = f"{parcel.action} to {told['owner']}" if parcel.action == "assigned" else parcel.action
    return f"{words}: {told['note']}"[:NOTE_LIMIT] if told["note"] else words


def _absent(status: str) -> bool:
    """Whether a request failed because there is no open alert of ours."""
    return any(words in status.lower() for words in ("not exist", "not found", "closed"))


def _members(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}
