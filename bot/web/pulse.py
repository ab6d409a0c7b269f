"""Pulse: pages that stay open hear within a second that something happened; one look at the database serves them all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import web

from bot.storage.engine import Storage
from bot.usecases import board

BEAT = 0.4
"""Seconds between two looks at the database."""
STILL = 15.0
"""Seconds after which a page hears that the stream still lives."""


class Pulse:
    """What changed, looked at once for all who wait; and the streams that are open. A tenant hears of its own changes only."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._last: int | None = None
        self._changes: dict[int, int] = {}
        self._at = 0.0
        self._lock = asyncio.Lock()
        self._open: set[asyncio.Task[object]] = set()

    async def _beat(self, tenant: int) -> int:
        """Return how many looks, at most a beat ago, have found a change of a tenant."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if loop.time() - self._at >= BEAT:
                self._last, tenants = await board.changed(self._storage, self._last)
                for each in tenants:
                    self._changes[each] = self._changes.get(each, 0) + 1
                self._at = loop.time()
        return self._changes.get(tenant, 0)

    async def beats(self, tenant: int, seconds: float) -> AsyncIterator[bool]:
        """Give True at first and whenever something of a tenant changed, False now and then; end after so many seconds."""
        loop = asyncio.get_running_loop()
        end, told, spoke = loop.time() + seconds, -1, loop.time()
        while loop.time() < end:
            seen = await self._beat(tenant)
            if seen != told:
                told, spoke = seen, loop.time()
                yield True
            elif loop.time() - spoke >= STILL:
                spoke = loop.time()
                yield False
            await asyncio.sleep(BEAT)

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Count a stream as open, so that a server that stops ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)

    async def close(self, _app: web.Application) -> None:
        """End all streams."""
        for task in self._open:
            task.cancel()


PULSE: web.AppKey[Pulse] = web.AppKey("pulse", Pulse)
