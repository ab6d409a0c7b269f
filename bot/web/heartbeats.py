"""Heartbeats: the address that a backend calls while it is well."""

from aiohttp import web

from bot.domain.signal import clean
from bot.domain.spans import DAY, MINUTE, compact
from bot.domain.tenant import Scope
from bot.parts import PARTS
from bot.sources.beat import is_end
from bot.usecases import heartbeat
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, payload_of, query_of

NAME_LIMIT = 200
DEFAULT = "heartbeat"
LONGEST = 31 * DAY
TRUTHS = {
    **dict.fromkeys(("1", "true", "yes"), True),
    **dict.fromkeys(("0", "false", "no", ""), False),
}
LONG_NAME = f"name has at most {NAME_LIMIT} characters"
BAD_STOP = "stop is 1 or 0"
ENDED = "this tells the end of an alert, which is no beat"
BAD_SPAN = "{name} is a span such as 5m, 1h30m or 2d, from {least} to 31 days"


def routes() -> list[web.RouteDef]:
    """Return the routes that backends call."""
    paths = ("/in/heartbeat", "/in/heartbeat/{key}")
    return [
        *(web.get(path, take, allow_head=False) for path in paths),
        *(web.post(path, take) for path in paths),
    ]


async def take(request: web.Request) -> web.Response:
    """Note that a backend lives: `?name=backup&every=1d&grace=2h`; `&stop=1` expects it no more.

    A body is read only for whether it tells the end of an alert that should always fire: that is no beat.
    """
    key = await admitted(request, Scope.INGEST)
    parts, query = request.app[PARTS], query_of(request)
    name = name_of(query.get("name", ""))
    every, grace = _span(query.get("every"), "every", MINUTE), _span(query.get("grace"), "grace", 0)
    stop = query.get("stop", "0").lower()
    if stop not in TRUTHS:
        raise Problem(422, BAD_STOP, path="/stop")
    now = parts.clock()
    if TRUTHS[stop]:
        beaten = await heartbeat.stop(parts.storage, key.feed, name, now=now, rules=parts.rules)
    elif is_end(await payload_of(request, SOURCE_BODY_LIMIT)):
        expected = await heartbeat.one(parts.storage, key.feed, name)
        return answer({"name": name, "expected_by": instant(expected.due_at) if expected else None, "note": ENDED})
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


def name_of(text: str) -> str:
    """Return the name of a heartbeat as one line; 422 for one that is too long, since half a name may be another's."""
    line = " ".join(text.split())
    if len(line) > NAME_LIMIT:
        raise Problem(422, LONG_NAME, path="/name")
    return clean(line, NAME_LIMIT) or DEFAULT


def _span(text: str | None, name: str, least: int) -> int | None:
    """Read a span in milliseconds; None when it was not said."""
    if text is None:
        return None
    found = compact(text.strip().lower())
    if found is None or not least <= found[0] <= LONGEST:
        raise Problem(422, BAD_SPAN.format(name=name, least="1 minute" if least else "0s"), path=f"/{name}")
    return found[0]
