"""Heartbeats: the address that a backend calls while it is well."""

from aiohttp import web

from bot.domain.signal import clean
from bot.domain.spans import DAY, MINUTE, compact
from bot.domain.tenant import Scope
from bot.parts import PARTS
from bot.usecases import heartbeat
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.errors import Problem
from bot.web.ingest import query_of

NAME_LIMIT = 100
DEFAULT = "heartbeat"
LONGEST = 31 * DAY
BAD_SPAN = "{name} is a span such as 5m, 1h30m or 2d, from {least} to 31 days"


def routes() -> list[web.RouteDef]:
    """Return the routes that backends call."""
    paths = ("/in/heartbeat", "/in/heartbeat/{key}")
    return [
        *(web.get(path, take, allow_head=False) for path in paths),
        *(web.post(path, take) for path in paths),
    ]


async def take(request: web.Request) -> web.Response:
    """Note that a backend lives: `?name=backup&every=1d&grace=2h`; `&stop=1` expects it no more. Bodies are not read."""
    key = await admitted(request, Scope.INGEST)
    parts, query = request.app[PARTS], query_of(request)
    name = clean(" ".join(query.get("name", "").split()), NAME_LIMIT) or DEFAULT
    every, grace = _span(query.get("every"), "every", MINUTE), _span(query.get("grace"), "grace", 0)
    now = parts.clock()
    if query.get("stop", "").lower() in {"1", "true", "yes"}:
        beaten = await heartbeat.stop(parts.storage, key.feed, name, now=now, rules=parts.rules)
    else:
        beaten = await heartbeat.beat(
            parts.storage, key.feed, name, every=every, grace=grace, now=now, rules=parts.rules
        )
    parts.wakeups.timers.set()
    if beaten.was_missed:
        parts.wakeups.outbox.set()
        parts.wakeups.parcels.set()
    found = beaten.heartbeat
    return answer({"name": name, "expected_by": instant(found.due_at) if found else None})


def _span(text: str | None, name: str, least: int) -> int | None:
    """Read a span in milliseconds; None when it was not said."""
    if text is None:
        return None
    found = compact(text.strip().lower())
    if found is None or not least <= found[0] <= LONGEST:
        raise Problem(422, BAD_SPAN.format(name=name, least="1 minute" if least else "0s"), path=f"/{name}")
    return found[0]
