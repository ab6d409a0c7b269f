"""Listening: since when senders can have reached this process, which is not before its clock jumped or its machine slept."""

import time
from collections.abc import Callable

import structlog

from bot.ports import Clock

JUMP = 30_000
"""Milliseconds that the clock may run ahead of, or behind, the time that has passed."""

log = structlog.get_logger()


def _passed() -> int:
    """Return the milliseconds that have passed while the machine was awake."""
    return time.monotonic_ns() // 1_000_000


def _shown() -> int:
    """Return what the machine's clock shows, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Listening:
    """Knows since when we listen without a break: since the start, or since the machine's clock skipped a time.

    `clock` is what moments are told by; a demo moves it on purpose, which is no jump.
    """

    def __init__(self, clock: Clock, shown: Callable[[], int] = _shown, passed: Callable[[], int] = _passed) -> None:
        self._clock = clock
        self._shown = shown
        self._passed = passed
        self._since = clock()
        self._ahead = shown() - passed()

    def since(self) -> int:
        """Return the moment (epoch ms). What was not heard before it, nobody could hear: its sender gets time to speak."""
        now, ahead = self._clock(), self._shown() - self._passed()
        if abs(ahead - self._ahead) > JUMP:
            log.warning("clock_jumped", by_ms=ahead - self._ahead)
            self._since, self._ahead = now, ahead
        return self._since
