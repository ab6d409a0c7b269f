"""Health: whether the process lives, whether it can work, and its figures."""

import asyncio
import hmac
import math
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.parts import PARTS, Parts
from bot.storage import outbox
from bot.storage.engine import StorageError
from bot.usecases import readiness
from bot.web.bodies import answer
from bot.web.errors import Problem

PING_SECONDS = 2.0
GOOD_FOR = 1.0
"""Seconds for which what was found is answered again."""
OK = "ok"
NO_TOKEN = "the metrics need Authorization: Bearer, with METRICS_TOKEN"  # noqa: S105 - words for people
TOO_SLOW = "no answer in time"

PINGS: Mapping[str, Callable[[Parts], Awaitable[None]]] = {
    "database": lambda parts: readiness.assure(parts.storage, parts.clock()),
}
"""What must answer before the process can work, by name."""


log = structlog.get_logger()


class Readiness:
    """What the pings say, asked once a second at the most however many ask."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._asking = asyncio.Lock()
        self._found: Mapping[str, str] = {}
        self._found_at = -math.inf

    async def states(self) -> Mapping[str, str]:
        """Return what each ping says: OK, or why not."""
        async with self._asking:
            if time.monotonic() - self._found_at >= GOOD_FOR:
                self._found = {name: await self._state(ping) for name, ping in PINGS.items()}
                self._found_at = time.monotonic()
            return self._found

    async def _state(self, ping: Callable[[Parts], Awaitable[None]]) -> str:
        try:
            async with asyncio.timeout(PING_SECONDS):
                await ping(self._parts)
        except StorageError as error:
            return str(error)
        except TimeoutError:
            return TOO_SLOW
        return OK


READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)


def routes() -> list[web.RouteDef]:
    """Return the routes that machines watch."""
    return [
        web.get("/healthz", get_health),
        web.get("/readyz", get_readiness),
        web.get("/metrics", get_metrics),
    ]


async def get_health(_request: web.Request) -> web.Response:
    """Answer 200: the process answers."""
    return web.Response(text=OK)


async def get_readiness(request: web.Request) -> web.Response:
    """Answer 200 when every ping does, else 503; the body names each."""
    states = await request.app[READINESS].states()
    return answer(states, 200 if all(state == OK for state in states.values()) else 503)


async def get_metrics(request: web.Request) -> web.Response:
    """Answer the metrics as Prometheus reads them. The outbox is counted when somebody asks: NaN without a database."""
    parts = request.app[PARTS]
    wanted = f"Bearer {parts.settings.metrics_token}".encode()
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if parts.settings.metrics_token and not hmac.compare_digest(wanted, given):
        raise Problem(401, NO_TOKEN, headers={"WWW-Authenticate": "Bearer"})
    try:
        many, oldest = await parts.storage.look(outbox.backlog)
    except StorageError as error:
        log.warning("outbox_not_counted", reason=str(error))
        parts.metrics.waiting.set(math.nan)
        parts.metrics.oldest.set(math.nan)
    else:
        parts.metrics.waiting.set(many)
        parts.metrics.oldest.set(0 if oldest is None else max(0, parts.clock() - oldest) / 1000)
    return web.Response(body=parts.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
