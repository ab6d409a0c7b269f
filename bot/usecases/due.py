"""Due: what a timer's function works with while a tenant's due timers are run.

A kind of timer is a row of `escalate.FIRE` and a function of this shape. Most kinds are about an alert and only decide:
`about_alert` makes the function of a decision.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.alert import RULES, Alert, Change, Rules
from bot.domain.routing import Plan
from bot.storage import alerts, outbox, plans
from bot.storage.engine import Tx
from bot.storage.timers import Timer
from bot.usecases.change import Decided, Ledger


class Shared(Protocol):
    """What alerts have in common that one message tells of; equal ones are told of together."""

    def __hash__(self) -> int: ...

    async def post(self, due: "Due", found: Sequence[Alert]) -> outbox.Post | None:
        """Return the message about alerts as the pass has left them, or None when there is nothing left to tell."""
        ...


@dataclass(kw_only=True, slots=True)
class Due:
    """One tenant's pass over its due timers: the transaction, under the tenant's lock, and what is going to be written.

    `started_at` is when the process began to listen (epoch ms): what was not heard before that, nobody could hear.
    """

    tx: Tx
    tenant: int
    now: int
    started_at: int
    rules: Rules = RULES
    ledger: Ledger = field(init=False)
    _known: dict[int, Alert] = field(default_factory=dict)
    _together: dict[Shared, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger(tenant=self.tenant, now=self.now, rules=self.rules)

    async def load(self, numbers: list[int]) -> None:
        """Load alerts at once that `alert` is going to be asked for."""
        self._known |= await alerts.by_numbers(self.tx, self.tenant, numbers)

    async def alert(self, number: int) -> Alert | None:
        """Return an alert as this pass has left it so far, or None."""
        if number not in self._known:
            await self.load([number])
        return self._known.get(number)

    async def plan(self) -> Plan:
        """Return the tenant's plan."""
        if self.ledger.plan is None:
            self.ledger.plan = await plans.load(self.tx, self.tenant)
        return self.ledger.plan

    def change(self, alert: Alert, change: Change, *, told: bool = True) -> None:
        """Take a change of an alert in; `told` is False when the caller tells the room himself."""
        self.ledger.add(Decided(before=alert, change=change, told=told))
        self._known[alert.number] = change.alert or alert

    def again(self, timer: Timer, due_at: int) -> None:
        """Run a timer once more, at a later moment."""
        self.arm(timer.kind, timer.number, due_at)

    def arm(self, kind: str, number: int, due_at: int) -> None:
        """Set a timer about a subject of this tenant."""
        self.ledger.armed.append(Timer(kind=kind, tenant=self.tenant, number=number, due_at=due_at))

    def tell_together(self, shared: Shared, number: int) -> None:
        """Tell of an alert, in one message with the others of this pass that share as much."""
        self._together.setdefault(shared, []).append(number)

    async def flush(self) -> None:
        """Write what the pass came to so far, and forget what is known, for a timer that reads and writes by itself."""
        await self.write()
        self._together.clear()
        self._known.clear()
        self.__post_init__()

    async def write(self) -> None:
        """Write everything that the pass came to."""
        for shared, numbers in self._together.items():
            found = [alert for number in numbers if (alert := await self.alert(number)) is not None]
            post = await shared.post(self, found)
            if post is not None:
                self.ledger.posts.append(post)
        await self.ledger.write(self.tx)


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
