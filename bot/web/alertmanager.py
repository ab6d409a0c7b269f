"""We are an Alertmanager: its API v2 as Prometheus posts to it and as amtool and dashboards read it (alert-sources.md 1.2).

Every path is there twice: under `/api/v2`, with the key in a header, and under `/am/{key}/api/v2`, for senders that can
set a path prefix but no header; a key in the path may post, not read.
"""

import functools
import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.domain.alert import ACTIVE, Alert, State
from bot.domain.matcher import matches
from bot.domain.signal import Rejected
from bot.domain.silence import Silence, covering
from bot.domain.tenant import Key, Scope
from bot.parts import PARTS
from bot.sources import prometheus
from bot.sources.fingerprint import fingerprint
from bot.sources.labelled import FINGERPRINT
from bot.usecases import silence_api, views
from bot.web import alertmanager_silences
from bot.web.alertmanager_parameters import FLAGS, check_parameters, filters, flag, read_matcher
from bot.web.alertmanager_silences import silence_id
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.cleared import cleared
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, deliver, has_signal

PREFIX = "/am/{key}"
OK = "OK"
NAME = "alertname"
PAGE = 500
DISTRIBUTION = "hipchat-alertbot"
CONFIG = "# alertbot: routes and receivers are configured in Hipchat\n"
UNKNOWN_VERSION = "0"

STARTED: web.AppKey[int] = web.AppKey("started", int)
"""Since when this application serves, in epoch milliseconds."""


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
            *alertmanager_silences.routes(prefix),
            web.get(f"{prefix}/-/healthy", get_healthy),
            web.get(f"{prefix}/-/ready", get_healthy),
        )
    ]


async def post_alerts(request: web.Request) -> web.Response:
    """Take a batch: the good alerts are stored, and 400 names the bad ones; 200 with an empty body when all are good."""
    key = await admitted(request, Scope.INGEST)
    body = await body_of(request, SOURCE_BODY_LIMIT)
    items = prometheus.parse(body, now=request.app[PARTS].clock())
    safe = await cleared(request, body)
    if safe is not body:
        # Series that differ only in a label such as `secret` are as many alerts as before.
        shown = prometheus.parse(safe, now=request.app[PARTS].clock())
        items = [replace(new, dedup_key=old.dedup_key) for old, new in zip(items, shown, strict=True)]
    if has_signal(items):
        await deliver(request, key, prometheus.SENDER, safe, items)
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


async def get_healthy(_request: web.Request) -> web.Response:
    """Answer 200 and a short text."""
    return web.Response(text=OK)


async def _found(request: web.Request, key: Key, live: Sequence[Silence], now: int) -> list[Alert]:
    """Return the active alerts of the feed that the request's parameters let through."""
    check_parameters(request, {"filter", "receiver", *FLAGS})
    wanted = filters(request)
    receiver = request.query.get("receiver")
    if receiver and not read_matcher("receiver", "=~", receiver).fits(key.feed.name):
        return []
    flags = {name: flag(request, name) for name in FLAGS}
    shown = {flag for flag, name in ((True, "silenced"), (False, "active")) if flags[name]}
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
        if matches(wanted, alert) and bool(_silencers(alert, live, now) or alert.state is State.SNOOZED) in shown
    ]


def _silencers(alert: Alert, live: Sequence[Silence], now: int) -> list[str]:
    return [silence_id(each.number) for each in covering(live, alert, alert.room, now)]


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
