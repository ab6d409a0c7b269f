"""Retention: what is old is cleared away, in transactions so short that whoever waits for one does not notice."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.domain.alert import RULES
from bot.storage import memory, plans, retention, tenants, timers, whispers
from bot.storage.engine import Storage, Tx

HOUR = 3_600_000
DAY = 24 * HOUR
PAGE = 200
"""How many alerts go in one transaction at the most."""
ROWS_EACH = 8
"""Rows of history for each of them, which is about as many as most have."""
FEW = 16
"""Rows that the first transaction of a kind deletes; the next ones as many as their time allows."""
MANY = 512
AIM = 0.015
"""Seconds that a transaction should hold the writer; a third of what would be noticed."""
ABOUT_ALERTS = (
    timers.PROMISE,
    timers.UNTIL,
    timers.REMINDER,
    timers.STALE,
    timers.FLAPPING,
    timers.HOLD,
    timers.ESCALATE,
)
LASTING_DAYS = 3
"""Days for which a message that comes again is known, where its sender tries for so long."""
CALLS_DAYS = 7
"""Days for which a command that comes again is answered the same."""
LETTERS_DAYS = 30
"""Days for which a mail that comes again changes nothing: longer than what it answers is good (domain/ticket.py)."""

ClearSome = Callable[[Tx, int], Awaitable[bool]]
"""Deletes so many rows, and says whether there may be more."""


async def clear(storage: Storage, *, raw_days: int, retention_days: int, now: int) -> None:
    """Drop alerts that were closed for `retention_days`, with all that is known of them, and raw bodies after `raw_days`.

    And what no rule looks at any more: told news of the same age, what sources and the clock did to alerts that are still active,
    resolves, counts, old commands. An active alert stays, however old, with what people did to it.
    """
    before = now - retention_days * DAY
    async with storage.read() as tx:
        known = [tenant.id for tenant in await tenants.tenants(tx)]
    for tenant in known:

        async def alerts(tx: Tx, rows: int, tenant: int = tenant) -> bool:
            # Under the lock nobody folds a signal into an alert that is about to go.
            await tenants.lock(tx, tenant)
            numbers = await retention.closed(tx, tenant, before, min(PAGE, rows))
            if not numbers:
                return False
            gone = await retention.alerts(tx, tenant, numbers, ABOUT_ALERTS, ROWS_EACH * rows)
            if gone:
                await memory.forget(tx, tenant, numbers)
            return not gone or len(numbers) == min(PAGE, rows)

        await _in_slices(storage, alerts)
    await _in_slices(storage, lambda tx, rows: retention.bodies(tx, now - raw_days * DAY, rows))
    for statement, moment in (
        (retention.TOLD, before),
        (retention.PARCELS, before),
        (retention.HISTORY, before),
        (retention.RESOLVES, now - 2 * RULES.remember_resolve),
        (retention.DELIVERIES, now - 2 * RULES.remember_resolve),
        (retention.LASTING_DELIVERIES, now - LASTING_DAYS * DAY),
        (retention.SENT, now - HOUR),
        (retention.CALLS, now - CALLS_DAYS * DAY),
        (retention.QUESTIONS, now - DAY),
        (retention.LETTERS, now - LETTERS_DAYS * DAY),
    ):

        async def some(tx: Tx, rows: int, statement: str = statement, moment: int = moment) -> bool:
            return await retention.old(tx, statement, moment, rows) == rows

        await _in_slices(storage, some)

    async def forget(tx: Tx) -> None:
        await plans.forget_covers(tx, before)
        await whispers.forget(tx, before)

    await storage.write(forget)
    while await storage.trim():  # noqa: ASYNC110 - others write meanwhile
        await asyncio.sleep(AIM)


async def _in_slices(storage: Storage, clear_some: ClearSome) -> None:
    """Delete until nothing is left, as much at a time as takes a moment, and as long as that lasted leave the writer to others."""
    rows, more = FEW, True
    while more:

        async def work(tx: Tx, rows: int = rows) -> tuple[bool, float]:
            began = time.monotonic()
            left = await clear_some(tx, rows)
            return left, time.monotonic() - began

        more, took = await storage.write(work)
        rows = max(1, min(MANY, 2 * rows, int(rows * AIM / max(took, AIM / MANY))))
        await asyncio.sleep(took)
