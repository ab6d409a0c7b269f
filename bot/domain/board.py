"""Board: a room's active alerts in one line: how many, and how bad the worst is that nobody has taken up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.alert import State
from bot.domain.signal import Severity

OTHERS = "{} {}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """How many alerts of a room are active, by state; `worst` is the severity of the worst open one, None without any."""

    counts: Mapping[State, int] = field(default_factory=dict)
    worst: Severity | None = None

    @property
    def open(self) -> int:
        """How many are open."""
        return self.counts.get(State.OPEN, 0)

    def others(self) -> str:
        """Name what is active and not open: `2 acked · 1 snoozed`; empty when there is nothing."""
        found = [(state, self.counts.get(state, 0)) for state in (State.ACKED, State.SNOOZED)]
        return " · ".join(OTHERS.format(many, state.value) for state, many in found if many)
