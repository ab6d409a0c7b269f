"""Whose turn it is to write."""

import asyncio
from collections import deque
from typing import Any


class Turn:
    """One at a time, urgent ones first, otherwise in order of arrival."""

    def __init__(self) -> None:
        self.owner: asyncio.Task[Any] | None = None
        self._taken = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    async def take(self, *, urgent: bool = False) -> None:
        """Wait for the turn."""
        if self._taken:
            waiter = asyncio.get_running_loop().create_future()
            (self._urgent if urgent else self._others).append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if not waiter.cancelled():
                    self.give()  # the turn came together with the cancellation: pass it on
                raise
        self._taken = True
        self.owner = asyncio.current_task()

    def give(self) -> None:
        """End the turn: it goes straight to the next that waits, so that nobody overtakes."""
        self.owner = None
        for waiters in (self._urgent, self._others):
            while waiters:
                waiter = waiters.popleft()
                if not waiter.done():
                    waiter.set_result(None)
                    return
        self._taken = False

    def refuse(self, error: Exception) -> None:
        """Let all who wait go without their turn."""
        for waiters in (self._urgent, self._others):
            while waiters:
                waiter = waiters.popleft()
                if not waiter.done():
                    waiter.set_exception(error)
