"""Due: what a timer's function works with while a tenant's due timers are run.

A kind of timer is a row of `escalate.FIRE` and a function of this shape. Most kinds are about an alert and only decide:
`about_alert` makes the function of a decision.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.domain.alert import Alert, Change
from bot.storage import alerts
from bot.storage.engine import Tx
from bot.storage.timers import Timer
from bot.usecases.change import Decided, Ledger


@dataclass(kw_only=True, slots=True)
class Due:
    """One tenant's pass over its due timers: the transaction, under the tenant's lock, and what is going to be written.

    `started_at` is when the process began to listen (epoch ms): what was not heard before that, nobody could hear.
    """

    tx: Tx
    tenant: int
    now: int
    started_at: int
    ledger: Ledger = field(init=False)
    _known: dict[int, Alert] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger(tenant=self.tenant, now=self.now)

    async def load(self, numbers: list[int]) -> None:
        """Load alerts at once that `alert` is going to be asked for."""
        self._known |= await alerts.by_numbers(self.tx, self.tenant, numbers)

    async def alert(self, number: int) -> Alert | None:
        """Return an alert as this pass has left it so far, or None."""
        if number not in self._known:
            await self.load([number])
        return self._known.get(number)

    def change(self, alert: Alert, change: Change) -> None:
        """Take a change of an alert in."""
        self.ledger.add(Decided(before=alert, change=change))
        self._known[alert.number] = change.alert or alert

    def again(self, timer: Timer, due_at: int) -> None:
        """Run a timer once more, at a later moment."""
        self.ledger.armed.append(Timer(kind=timer.kind, tenant=timer.tenant, number=timer.number, due_at=due_at))


Fire = Callable[[Due, Timer], Awaitable[None]]
"""What a kind of timer does. The timer is gone by then; whoever wants it once more says so by `Due.again`."""

Decision = Change | int | None
"""A change, the moment to look again (epoch ms, later than now), or nothing."""


def about_alert(decide: Callable[[Alert, Due], Decision]) -> Fire:
    """Make a timer's function of a decision about the alert that the timer names."""

    async def fire(due: Due, timer: Timer) -> None:
        alert = await due.alert(timer.number)
        if alert is None:
            return
        decided = decide(alert, due)
        if isinstance(decided, Change):
            due.change(alert, decided)
        elif decided is not None:
            due.again(timer, decided)

    return fire
