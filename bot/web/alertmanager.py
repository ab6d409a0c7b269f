"""We are an Alertmanager: its API v2 as Prometheus posts to it and as amtool and dashboards read it (alert-sources.md 1.2).

Every path is there twice: under `/api/v2`, with the key in a header, and under `/am/{key}/api/v2`, for senders that can
set a path prefix but no header; a key in the path may post, not read.
"""

import functools
import importlib.metadata
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import re2
from aiohttp import web

from bot.domain.alert import ACTIVE, Alert, State
from bot.domain.matcher import Matcher, names_nothing, of_label
from bot.domain.signal import Rejected, clean
from bot.domain.silence import Silence, covering
from bot.domain.spans import LONGEST
from bot.domain.tenant import Key, Scope
from bot.domain.words import Misread
from bot.parts import PARTS
from bot.sources import prometheus
from bot.sources.fingerprint import fingerprint
from bot.sources.labelled import FINGERPRINT
from bot.sources.payload import Fields, json_of
from bot.sources.values import time_of
from bot.usecases import silence_api, views
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, deliver, has_signal

PREFIX = "/am/{key}"
OK = "OK"
NAME = "alertname"
PAGE = 500
PATTERN_LIMIT = 1024
DISTRIBUTION = "hipchat-alertbot"
CONFIG = "# alertbot: routes and receivers are configured in Hipchat\n"
UNKNOWN_VERSION = "0"
BAD_SILENCE = "silence invalid: {}"
SILENCE_ID = "5117e7ce-0000-4000-8000-"
NAME_LIMIT = 200
BAD_MATCHER = "bad matcher format: {text}"

STARTED: web.AppKey[int] = web.AppKey("started", int)
"""Since when this application serves, in epoch milliseconds."""

_MATCHER = re.compile(r'([A-Za-z_:][\w:.-]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"]*))', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_QUIET = re2.Options()
_QUIET.log_errors = False


def routes() -> list[web.RouteDef]:
    """Return the routes of API v2, with and without a key in the path."""
    return [
        each
        for prefix in ("", PREFIX)
        for each in (
            web.post(f"{prefix}/api/v2/alerts", post_alerts),
            web.get(f"{prefix}/api/v2/alerts", get_alerts),
            web.get(f"{prefix}/api/v2/alerts/groups", get_groups),
            web.get(f"{prefix}/api/v2/status", get_status),
            web.get(f"{prefix}/api/v2/receivers", get_receivers),
            web.get(f"{prefix}/api/v2/silences", get_silences),
            web.post(f"{prefix}/api/v2/silences", post_silence),
            web.get(f"{prefix}/api/v2/silence/{{silence}}", get_silence),
            web.delete(f"{prefix}/api/v2/silence/{{silence}}", delete_silence),
            web.get(f"{prefix}/-/healthy", get_healthy),
            web.get(f"{prefix}/-/ready", get_healthy),
        )
    ]


async def post_alerts(request: web.Request) -> web.Response:
    """Take a batch: the good alerts are stored, and 400 names the bad ones; 200 with an empty body when all are good."""
    key = await admitted(request, Scope.INGEST)
    body = await body_of(request, SOURCE_BODY_LIMIT)
    items = prometheus.parse(body, now=request.app[PARTS].clock())
    if has_signal(items):
        await deliver(request, key, prometheus.SENDER, body, items)
    rejected = [item.reason for item in items if isinstance(item, Rejected)]
    if rejected:
        raise Problem(400, "; ".join(rejected))
    return web.Response()


async def get_alerts(request: web.Request) -> web.Response:
    """Answer the feed's active alerts; a snoozed one is suppressed."""
    key = await admitted(request, Scope.READ)
    live, now = await _live(request, key)
    return answer([_alert(alert, key, live, now) for alert in await _found(request, key, live, now)])


async def get_groups(request: web.Request) -> web.Response:
    """Answer the same alerts in groups of one name; the feed is the receiver."""
    key = await admitted(request, Scope.READ)
    live, now = await _live(request, key)
    groups: dict[str, list[Any]] = {}
    for alert in await _found(request, key, live, now):
        groups.setdefault(alert.labels.get(NAME, ""), []).append(_alert(alert, key, live, now))
    return answer(
        [
            {
                "labels": {NAME: name} if name else {},
                "routeLabels": {},
                "receiver": {"name": key.feed.name},
                "alerts": alerts,
            }
            for name, alerts in sorted(groups.items())
        ]
    )


async def _live(request: web.Request, key: Key) -> tuple[list[Silence], int]:
    parts = request.app[PARTS]
    return await silence_api.listed(parts.storage, key), parts.clock()


async def get_status(request: web.Request) -> web.Response:
    """Answer who we are: a cluster of one."""
    await admitted(request)
    return answer(
        {
            "cluster": {"name": "", "status": "disabled", "peers": []},
            "versionInfo": {
                "version": _version(),
                "revision": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": f"python {platform.python_version()}",
            },
            "config": {"original": CONFIG},
            "uptime": instant(request.app[STARTED]),
        }
    )


async def get_receivers(request: web.Request) -> web.Response:
    """Answer the one receiver there is: the feed."""
    key = await admitted(request)
    return answer([{"name": key.feed.name}])


async def get_silences(request: web.Request) -> web.Response:
    """Answer the silences of the feed's room that are not over and that the filters fit."""
    key = await admitted(request, Scope.READ)
    parts = request.app[PARTS]
    wanted = [_matcher(text) for text in request.query.getall("filter", [])]
    found = await silence_api.listed(parts.storage, key)
    now = parts.clock()
    return answer(
        [
            _silence(each, now)
            for each in found
            if all(any(_named(one) == fit.name and fit.holds(one.value) for one in each.matchers) for fit in wanted)
        ]
    )


async def get_silence(request: web.Request) -> web.Response:
    """Answer one silence."""
    key = await admitted(request, Scope.READ)
    parts = request.app[PARTS]
    return answer(_silence(await silence_api.one(parts.storage, key, _silence_number(request)), parts.clock()))


async def post_silence(request: web.Request) -> web.Response:
    """Make a silence, or change one (`id`): the key's feed decides the room, which hears of it."""
    key = await admitted(request, Scope.ACT)
    parts = request.app[PARTS]
    given = json_of(await body_of(request, SOURCE_BODY_LIMIT))
    if not isinstance(given, dict):
        raise Problem(400, BAD_SILENCE.format("the body is no JSON object"))
    fields = Fields(given)
    now = parts.clock()
    ends_at, starts_at = time_of(fields.text("endsAt")), time_of(fields.text("startsAt"))
    if ends_at is None or ends_at <= now:
        raise Problem(400, BAD_SILENCE.format("endsAt is no time in the future"))
    if ends_at > now + LONGEST:
        raise Problem(400, BAD_SILENCE.format("endsAt is more than a year away"))
    matchers = [_matcher_of(each) for each in fields.list("matchers")]
    if names_nothing(matchers):
        raise Problem(400, BAD_SILENCE.format("at least one matcher must name something"))
    known = fields.text("id")
    made = await silence_api.make(
        parts.storage,
        key,
        matchers,
        starts_at=starts_at or now,
        ends_at=ends_at,
        by=clean(fields.text("createdBy"), NAME_LIMIT) or key.name,
        comment=clean(fields.text("comment"), PATTERN_LIMIT),
        now=now,
        instead_of=_number_of(known) if known else None,
    )
    parts.wakeups.outbox.set()
    parts.wakeups.timers.set()
    return answer({"silenceID": _silence_id(made.number)})


async def delete_silence(request: web.Request) -> web.Response:
    """End a silence."""
    key = await admitted(request, Scope.ACT)
    parts = request.app[PARTS]
    await silence_api.end(parts.storage, key, _silence_number(request), by=key.name, now=parts.clock())
    parts.wakeups.outbox.set()
    return web.Response()


def _matcher_of(given: Any) -> Matcher:
    """Read a matcher; 400 for one without sense."""
    fields = Fields(given if isinstance(given, dict) else {})
    name, equal = fields.text("name"), fields.at("isEqual") is not False
    sign = ("=~" if equal else "!~") if fields.at("isRegex") is True else ("=" if equal else "!=")
    if not name:
        raise Problem(400, BAD_SILENCE.format("a matcher has no name"))
    try:
        return of_label(name, sign, fields.text("value"))
    except Misread as misread:
        raise Problem(400, BAD_SILENCE.format(misread.reason)) from None


def _named(matcher: Matcher) -> str:
    return matcher.name or matcher.what.value


def _silence_id(number: int) -> str:
    return f"{SILENCE_ID}{number:012x}"


def _silence_number(request: web.Request) -> int:
    return _number_of(request.match_info["silence"])


def _number_of(text: str) -> int:
    head, _, tail = text.rpartition("-")
    try:
        return int(tail, 16) if f"{head}-" == SILENCE_ID else 0
    except ValueError:
        return 0


def _silence(silence: Silence, now: int) -> dict[str, Any]:
    over = silence.ended_at is not None or now >= silence.ends_at
    return {
        "id": _silence_id(silence.number),
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


async def get_healthy(_request: web.Request) -> web.Response:
    """Answer 200 and a short text."""
    return web.Response(text=OK)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Matcher:
    """A condition on one label, as Alertmanager writes it; an absent label is an empty one."""

    name: str
    holds: Callable[[str], bool]


async def _found(request: web.Request, key: Key, live: Sequence[Silence], now: int) -> list[Alert]:
    """Return the active alerts of the feed that the request's parameters let through."""
    query = request.query
    matchers = [_matcher(text) for text in query.getall("filter", [])]
    receiver = query.get("receiver")
    if receiver and not _pattern(receiver)(key.feed.name):
        return []
    shown = {
        suppressed
        for suppressed in (True, False)
        if query.get("silenced" if suppressed else "active", "true") != "false"
    }
    found: list[Alert] = []
    before: int | None = None
    while shown:
        storage = request.app[PARTS].storage
        page = await views.page(storage, key, states=ACTIVE, before=before, limit=PAGE)
        found += [shown.alert for shown in page.alerts]
        before = page.before
        if before is None:
            break
    return [
        alert
        for alert in found
        if bool(_silencers(alert, live, now) or alert.state is State.SNOOZED) in shown
        and all(each.holds(alert.labels.get(each.name, "")) for each in matchers)
    ]


def _silencers(alert: Alert, live: Sequence[Silence], now: int) -> list[str]:
    return [_silence_id(each.number) for each in covering(live, alert, alert.room, now)]


def _matcher(text: str) -> _Matcher:
    """Read `name="value"`, `!=`, `=~` or `!~`; 400 for anything else."""
    parts = _MATCHER.fullmatch(text.strip())
    if parts is None:
        raise Problem(400, BAD_MATCHER.format(text=clean(text, 200)))
    name, sign, quoted, bare = parts.groups()
    value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else bare
    if sign.endswith("~"):
        matches = _pattern(value)
        return _Matcher(name=name, holds=matches if sign == "=~" else lambda label: not matches(label))
    if sign == "=":
        return _Matcher(name=name, holds=lambda label: label == value)
    return _Matcher(name=name, holds=lambda label: label != value)


def _pattern(text: str) -> Callable[[str], bool]:
    """Compile an anchored pattern that cannot hang the process; 400 for a bad one."""
    try:
        pattern = re2.compile(clean(text, PATTERN_LIMIT), _QUIET)
    except re2.error:
        raise Problem(400, BAD_MATCHER.format(text=clean(text, 200))) from None
    return lambda label: pattern.fullmatch(label) is not None


def _alert(alert: Alert, key: Key, live: Sequence[Silence], now: int) -> dict[str, Any]:
    labels = dict(alert.labels)
    silenced = _silencers(alert, live, now)
    suppressed = alert.state is State.SNOOZED or bool(silenced)
    link = next((link.href for link in alert.links), "")
    end = alert.expires_at or alert.last_seen_at + prometheus.RESOLVE_TIMEOUT
    texts = {"summary": alert.summary, "description": alert.description}
    return {
        "labels": labels,
        "annotations": {name: text for name, text in texts.items() if text},
        "startsAt": instant(alert.opened_at if alert.starts_at is None else alert.starts_at),
        "endsAt": instant(end),
        "updatedAt": instant(alert.last_seen_at),
        "generatorURL": link,
        "fingerprint": alert.dedup_key if FINGERPRINT.fullmatch(alert.dedup_key) else fingerprint(labels),
        "receivers": [{"name": key.feed.name}],
        "status": {
            "state": "suppressed" if suppressed else "active",
            "silencedBy": silenced,
            "inhibitedBy": [],
            "mutedBy": [],
        },
    }


@functools.cache
def _version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN_VERSION
