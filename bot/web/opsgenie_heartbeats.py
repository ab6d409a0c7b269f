"""Opsgenie's Heartbeat API: what pings a heartbeat there pings one here; those of `/in/heartbeat` are the same ones."""

from typing import Any

from aiohttp import web

from bot.domain.spans import DAY, HOUR, MINUTE
from bot.domain.tenant import Scope
from bot.parts import PARTS
from bot.sources import opsgenie
from bot.sources.beat import is_end
from bot.sources.opsgenie import Invalid
from bot.sources.payload import Fields
from bot.storage.heartbeats import Heartbeat
from bot.usecases import heartbeat
from bot.usecases.heartbeat import Beaten
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.heartbeats import LONGEST, name_of
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, payload_of
from bot.web.opsgenie_list import unprocessable

PONG = "PONG - Heartbeat received"
NO_PONG = "Not counted: the alert has ended"
ABSENT = "Heartbeat with name [{name}] does not exist"
DELETED = "Deleted"
EXPIRED = "{name} is expired"
EVERY = 10 * MINUTE
"""How often a heartbeat is expected whose first news is a ping; Opsgenie's own form begins with it."""
UNITS = {"days": DAY, "hours": HOUR, "minutes": MINUTE}

NO_NAME = "name can not be empty"
EXISTS = "there is a heartbeat of this name already; delete it first"
NO_INTERVAL = (
    f"interval and intervalUnit (minutes, hours, days) make at least a minute and at most {LONGEST // DAY} days"
)
ALWAYS = "a heartbeat is always enabled here; delete it to expect it no more"


def routes() -> list[web.RouteDef]:
    """Return the routes of the Heartbeat API."""
    return [
        *(web.route(method, "/v2/heartbeats/{name}/ping", ping) for method in ("GET", "POST", "PUT", "PATCH")),
        web.get("/v2/heartbeats", get_all),
        web.post("/v2/heartbeats", create),
        web.get("/v2/heartbeats/{name}", get_one),
        web.delete("/v2/heartbeats/{name}", delete),
    ]


async def ping(request: web.Request) -> web.Response:
    """Note that a sender lives; one that nobody knew is expected from now on. What tells the end of an alert is no beat."""
    key = await admitted(request, Scope.INGEST)
    parts = request.app[PARTS]
    name = name_of(request.match_info["name"])
    if is_end(await payload_of(request, SOURCE_BODY_LIMIT)):
        return _result(NO_PONG, 202)
    beaten = await heartbeat.beat(
        parts.storage,
        key.feed,
        name,
        every=None,
        grace=None,
        at_first=EVERY,
        now=parts.clock(),
        rules=parts.rules,
    )
    _wake(request, beaten)
    return _result(PONG, 202)


async def get_all(request: web.Request) -> web.Response:
    """Answer the feed's heartbeats."""
    key = await admitted(request, Scope.READ)
    found = await heartbeat.listed(request.app[PARTS].storage, key.feed)
    return answer({"data": {"heartbeats": [_data(each) for each in found]}, "took": 0.0, "requestId": ""})


async def get_one(request: web.Request) -> web.Response:
    """Answer one heartbeat."""
    key = await admitted(request, Scope.READ)
    name = name_of(request.match_info["name"])
    found = await heartbeat.one(request.app[PARTS].storage, key.feed, name)
    return _absent(name) if found is None else answer({"data": _data(found), "took": 0.0, "requestId": ""})


async def create(request: web.Request) -> web.Response:
    """Expect a sender from now on."""
    key = await admitted(request, Scope.INGEST)
    parts = request.app[PARTS]
    try:
        name, every = _asked(opsgenie.fields_of(await body_of(request, SOURCE_BODY_LIMIT)))
    except Invalid as invalid:
        return unprocessable(invalid)
    if await heartbeat.one(parts.storage, key.feed, name) is not None:
        return unprocessable(Invalid("name", EXISTS))
    now = parts.clock()
    beaten = await heartbeat.beat(parts.storage, key.feed, name, every=every, grace=None, now=now, rules=parts.rules)
    _wake(request, beaten)
    assert beaten.heartbeat is not None
    return answer({"data": _data(beaten.heartbeat), "took": 0.0, "requestId": ""}, 201)


async def delete(request: web.Request) -> web.Response:
    """Expect a sender no more."""
    key = await admitted(request, Scope.INGEST)
    parts = request.app[PARTS]
    name = name_of(request.match_info["name"])
    if await heartbeat.one(parts.storage, key.feed, name) is None:
        return _absent(name)
    _wake(request, await heartbeat.stop(parts.storage, key.feed, name, now=parts.clock(), rules=parts.rules))
    return _result(DELETED, 200)


def _asked(given: Fields) -> tuple[str, int]:
    """Return the name and the interval of a new heartbeat. Raises Invalid."""
    if not given.text("name"):
        raise Invalid("name", NO_NAME)
    if given.text("enabled").lower() == "false":
        raise Invalid("enabled", ALWAYS)
    number, unit = given.text("interval"), UNITS.get(given.text("intervalUnit").lower())
    if unit is None or not number.isascii() or not number.isdigit() or len(number) > 6:
        raise Invalid("interval", NO_INTERVAL)
    every = int(number) * unit
    if not MINUTE <= every <= LONGEST:
        raise Invalid("interval", NO_INTERVAL)
    return name_of(given.text("name")), every


def _data(found: Heartbeat) -> dict[str, Any]:
    unit = next(name for name, size in UNITS.items() if found.every % size == 0 or size == MINUTE)
    return {
        "name": found.name,
        "description": "",
        "interval": -(-found.every // UNITS[unit]),
        "enabled": True,
        "intervalUnit": unit,
        "expired": found.missed,
        "lastPingTime": instant(found.beat_at),
        "alertMessage": EXPIRED.format(name=found.name),
        "alertTags": [],
        "alertPriority": opsgenie.SEVERITIES[heartbeat.SEVERITY.word],
    }


def _wake(request: web.Request, beaten: Beaten) -> None:
    wakeups = request.app[PARTS].wakeups
    wakeups.timers.set()
    if beaten.was_missed:
        wakeups.outbox.set()
        wakeups.parcels.set()


def _absent(name: str) -> web.Response:
    return answer({"message": ABSENT.format(name=name), "took": 0.0, "requestId": ""}, 404)


def _result(text: str, status: int) -> web.Response:
    return answer({"result": text, "took": 0.0, "requestId": f"{0:08x}-0000-4000-8000-{0:012x}"}, status)
