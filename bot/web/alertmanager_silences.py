"""Silences as Alertmanager's API has them (alert-sources.md 2.4): those of the room that the key's feed goes to."""

from typing import Any

from aiohttp import web

from bot.domain.matcher import Matcher, names_nothing
from bot.domain.signal import clean
from bot.domain.silence import Silence
from bot.domain.spans import LONGEST
from bot.domain.tenant import Scope
from bot.parts import PARTS
from bot.sources.payload import Fields, json_of
from bot.sources.values import time_of
from bot.usecases import silence_api
from bot.web.alertmanager_parameters import check_parameters, filters, read_matcher
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of

BAD_SILENCE = "silence invalid: {}"
SILENCE_ID = "5117e7ce-0000-4000-8000-"
NAME_LIMIT = 200
COMMENT_LIMIT = 1024


def routes(prefix: str) -> list[web.RouteDef]:
    """Return the routes of silences below a prefix."""
    return [
        web.get(f"{prefix}/api/v2/silences", get_silences),
        web.post(f"{prefix}/api/v2/silences", post_silence),
        web.get(f"{prefix}/api/v2/silence/{{silence}}", get_silence),
        web.delete(f"{prefix}/api/v2/silence/{{silence}}", delete_silence),
    ]


async def get_silences(request: web.Request) -> web.Response:
    """Answer the silences of the feed's room that are not over and that the filters fit."""
    key = await admitted(request, Scope.READ)
    parts = request.app[PARTS]
    check_parameters(request, {"filter"})
    wanted = filters(request)
    found = await silence_api.listed(parts.storage, key)
    now = parts.clock()
    return answer(
        [
            _shown(each, now)
            for each in found
            if all(any(_named(one) == fit.name and fit.fits(one.value) for one in each.matchers) for fit in wanted)
        ]
    )


async def get_silence(request: web.Request) -> web.Response:
    """Answer one silence."""
    key = await admitted(request, Scope.READ)
    parts = request.app[PARTS]
    return answer(_shown(await silence_api.one(parts.storage, key, _named_number(request)), parts.clock()))


async def post_silence(request: web.Request) -> web.Response:
    """Make a silence, or change one (`id`): the key's feed decides the room, which hears of it."""
    key = await admitted(request, Scope.ACT)
    parts = request.app[PARTS]
    given = json_of(await body_of(request, SOURCE_BODY_LIMIT))
    if not isinstance(given, dict):
        raise Problem(400, BAD_SILENCE.format("the body is no JSON object"))
    fields = Fields(given)
    now = parts.clock()
    ends_at, starts_at = time_of(fields.text("endsAt")), _start_of(fields, now)
    if ends_at is None or ends_at <= now:
        raise Problem(400, BAD_SILENCE.format("endsAt is no time in the future"))
    if ends_at > now + LONGEST:
        raise Problem(400, BAD_SILENCE.format("endsAt is more than a year away"))
    if starts_at >= ends_at:
        raise Problem(400, BAD_SILENCE.format("endsAt is not after startsAt"))
    wanted = [_matcher_of(each) for each in fields.list("matchers")]
    if names_nothing(wanted):
        raise Problem(400, BAD_SILENCE.format("at least one matcher must name something"))
    known = fields.text("id")
    made = await silence_api.make(
        parts.storage,
        key,
        wanted,
        starts_at=starts_at,
        ends_at=ends_at,
        by=clean(fields.text("createdBy"), NAME_LIMIT) or key.name,
        comment=clean(fields.text("comment"), COMMENT_LIMIT),
        now=now,
        instead_of=_number_of(known) if known else None,
    )
    parts.wakeups.outbox.set()
    parts.wakeups.timers.set()
    return answer({"silenceID": silence_id(made.number)})


async def delete_silence(request: web.Request) -> web.Response:
    """End a silence."""
    key = await admitted(request, Scope.ACT)
    parts = request.app[PARTS]
    await silence_api.end(parts.storage, key, _named_number(request), by=key.name, now=parts.clock())
    parts.wakeups.outbox.set()
    return web.Response()


def _start_of(fields: Fields, now: int) -> int:
    """Read when a silence begins: now, when nothing is said of it; 400 for what is no time."""
    if fields.at("startsAt") is None:
        return now
    starts_at = time_of(fields.text("startsAt"))
    if starts_at is None:
        raise Problem(400, BAD_SILENCE.format("startsAt is no time"))
    return starts_at


def _matcher_of(given: Any) -> Matcher:
    """Read a matcher; 400 for one without sense."""
    fields = Fields(given if isinstance(given, dict) else {})
    name = fields.text("name")
    if not name:
        raise Problem(400, BAD_SILENCE.format("a matcher has no name"))
    value = fields.at("value")
    if not isinstance(value, str):
        raise Problem(400, BAD_SILENCE.format("a matcher has no value"))
    said = {flag: fields.at(flag) for flag in ("isRegex", "isEqual")}
    for flag, given_flag in said.items():
        if given_flag is not None and not isinstance(given_flag, bool):
            raise Problem(400, BAD_SILENCE.format(f"{flag} of a matcher is neither true nor false"))
    equal = said["isEqual"] is not False
    sign = ("=~" if equal else "!~") if said["isRegex"] else ("=" if equal else "!=")
    return read_matcher(name, sign, value, BAD_SILENCE)


def _named(matcher: Matcher) -> str:
    return matcher.name or matcher.what.value


def silence_id(number: int) -> str:
    """Return the id of a silence in this dialect: its number at the end of a UUID."""
    return f"{SILENCE_ID}{number:012x}"


def _named_number(request: web.Request) -> int:
    return _number_of(request.match_info["silence"])


def _number_of(text: str) -> int:
    head, _, tail = text.rpartition("-")
    try:
        return int(tail, 16) if f"{head}-" == SILENCE_ID else 0
    except ValueError:
        return 0


def _shown(silence: Silence, now: int) -> dict[str, Any]:
    over = silence.ended_at is not None or now >= silence.ends_at
    return {
        "id": silence_id(silence.number),
        "status": {"state": "expired" if over else "active" if silence.active(now) else "pending"},
        "updatedAt": instant(silence.created_at),
        "matchers": [
            {
                "name": _named(each),
                "value": each.value,
                "isRegex": "~" in each.sign,
                "isEqual": not each.sign.startswith("!"),
            }
            for each in silence.matchers
        ],
        "startsAt": instant(silence.starts_at),
        "endsAt": instant(silence.ended_at or silence.ends_at),
        "createdBy": silence.by.name,
        "comment": silence.comment,
    }
