"""Request rate and flood control: counters in windows that begin with their first use (hipchat-api.md 5)."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Count:
    """A counter's state: `limit`, `remaining`, and `reset`, the Unix second in which the next window begins."""

    limit: int
    remaining: int
    reset: int

    def headers(self, name: str) -> dict[str, str]:
        """Return the three headers `X-NAME-Limit`, `-Remaining`, `-Reset`."""
        return {
            f"X-{name}-Limit": str(self.limit),
            f"X-{name}-Remaining": str(self.remaining),
            f"X-{name}-Reset": str(self.reset),
        }


@dataclass(kw_only=True, eq=False)
class _Window:
    ends: float
    used: int = 0


@dataclass(kw_only=True, eq=False)
class Counters:
    """Counters by key, each `seconds` long; `now` in seconds since 1970."""

    seconds: float
    _windows: dict[Hashable, _Window] = field(default_factory=dict)

    def _window(self, key: Hashable, now: float) -> _Window:
        window = self._windows.get(key)
        if window is None or now >= window.ends:
            return _Window(ends=now + self.seconds)
        return window

    def look(self, key: Hashable, limit: int, now: float) -> Count:
        """Return the counter as it is, unchanged."""
        window = self._window(key, now)
        return Count(limit=limit, remaining=max(0, limit - window.used), reset=math.ceil(window.ends))

    def take(self, key: Hashable, limit: int, now: float) -> bool:
        """Use one up; False, and nothing used, when none was left."""
        window = self._window(key, now)
        if window.used >= limit:
            return False
        window.used += 1
        self._windows[key] = window
        return True
