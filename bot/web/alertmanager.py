"""We are an Alertmanager: its API v2 as Prometheus posts to it and as amtool and dashboards read it (alert-sources.md 1.2).

Every path is there twice: under `/api/v2`, with the key in a header, and under `/am/{key}/api/v2`, for senders that can
set a path prefix but no header; a key in the path may post, not read.
"""

import functools
import importlib.metadata
import platform
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import re2
from aiohttp import web

from bot.domain.alert import ACTIVE, Alert, State
from bot.domain.signal import Rejected, clean
from bot.domain.tenant import Key, Scope
from bot.parts import PARTS
from bot.sources import prometheus
from bot.sources.fingerprint import fingerprint
from bot.sources.labelled import FINGERPRINT
from bot.usecases import views
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, deliver, has_signal

PREFIX = "/am/{key}"
OK = "OK"
PAGE = 500
PATTERN_LIMIT = 1024
DISTRIBUTION = "hipchat-alertbot"
CONFIG = "# alertbot: routes and receivers are configured in Hipchat\n"
UNKNOWN_VERSION = "0"
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
    return answer([_alert(alert, key) for alert in await _found(request, key)])


async def get_groups(request: web.Request) -> web.Response:
    """Answer the same alerts as one group: the feed is the receiver and nothing groups them further."""
    key = await admitted(request, Scope.READ)
    alerts = [_alert(alert, key) for alert in await _found(request, key)]
    group = {"labels": {}, "routeLabels": {}, "receiver": {"name": key.feed.name}, "alerts": alerts}
    return answer([group] if alerts else [])


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
    """Answer no silences: nothing is silenced through this API."""
    await admitted(request)
    return answer([])


async def get_healthy(_request: web.Request) -> web.Response:
    """Answer 200 and a short text."""
    return web.Response(text=OK)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Matcher:
    """A condition on one label, as Alertmanager writes it; an absent label is an empty one."""

    name: str
    holds: Callable[[str], bool]


async def _found(request: web.Request, key: Key) -> list[Alert]:
    """Return the active alerts of the feed that the request's parameters let through."""
    query = request.query
    matchers = [_matcher(text) for text in query.getall("filter", [])]
    receiver = query.get("receiver")
    if receiver and not _pattern(receiver)(key.feed.name):
        return []
    states = {
        state for state in ACTIVE if query.get("silenced" if state is State.SNOOZED else "active", "true") != "false"
    }
    found: list[Alert] = []
    before: int | None = None
    while states:
        storage = request.app[PARTS].storage
        page = await views.page(storage, key, states=frozenset(states), before=before, limit=PAGE)
        found += [shown.alert for shown in page.alerts]
        before = page.before
        if before is None:
            break
    return [alert for alert in found if all(each.holds(alert.labels.get(each.name, "")) for each in matchers)]


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


def _alert(alert: Alert, key: Key) -> dict[str, Any]:
    labels = dict(alert.labels)
    suppressed = alert.state is State.SNOOZED
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
            "silencedBy": [],
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
