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
    """The number that grows with every change, looked at once for all who wait; and the streams that are open."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._seen = 0
        self._at = 0.0
        self._lock = asyncio.Lock()
        self._open: set[asyncio.Task[object]] = set()

    async def beat(self) -> int:
        """Return the number, at most a beat old."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if loop.time() - self._at >= BEAT:
                self._seen = await board.pulse(self._storage)
                self._at = loop.time()
        return self._seen

    async def beats(self, seconds: float) -> AsyncIterator[int | None]:
        """Give the number at first and whenever it has grown, and None now and then; end after so many seconds."""
        loop = asyncio.get_running_loop()
        end, told, spoke = loop.time() + seconds, -1, loop.time()
        while loop.time() < end:
            seen = await self.beat()
            if seen != told:
                told, spoke = seen, loop.time()
                yield seen
            elif loop.time() - spoke >= STILL:
                spoke = loop.time()
                yield None
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
