"""A clock that the stand-in and the bot share and that can be moved, so that nobody waits for minutes to pass."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(kw_only=True)
class MovableClock:
    """The time of `base` (seconds since 1970), moved forward; a `base` that stands still makes a clock that does."""

    base: Callable[[], float] = time.time
    moved: float = 0.0

    def seconds(self) -> float:
        """Return the time in seconds since 1970, as the stand-in takes it."""
        return self.base() + self.moved

    def milliseconds(self) -> int:
        """Return the time in epoch milliseconds, as the bot takes it."""
        return int(self.seconds() * 1000)

    def forward(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        """Let time pass."""
        self.moved += seconds + 60 * minutes + 3600 * hours
