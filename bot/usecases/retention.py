"""Retention: what is old is cleared away, in small transactions."""

from collections.abc import Awaitable, Callable

from bot.domain.alert import RULES
from bot.storage import memory, plans, retention, tenants, timers, whispers
from bot.storage.engine import Storage, Tx

HOUR = 3_600_000
DAY = 24 * HOUR
PAGE = 200
"""How many alerts go in one transaction: each may have many rows of history."""
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


async def clear(storage: Storage, *, raw_days: int, retention_days: int, now: int) -> None:
    """Drop alerts that were closed for `retention_days`, with all that is known of them, and raw bodies after `raw_days`.

    And what no rule looks at any more: told news of the same age, resolves, counts, old commands. An active alert stays,
    however old. A pass is a sequence of short transactions, between which others write.
    """
    before = now - retention_days * DAY
    async with storage.read() as tx:
        known = [tenant.id for tenant in await tenants.tenants(tx)]
    for tenant in known:

        async def alerts(tx: Tx, tenant: int = tenant) -> bool:
            # Under the lock nobody folds a signal into an alert that is about to go.
            await tenants.lock(tx, tenant)
            numbers = await retention.closed(tx, tenant, before, PAGE)
            if numbers:
                await retention.alerts(tx, tenant, numbers, ABOUT_ALERTS)
                await memory.forget(tx, tenant, numbers)
            return len(numbers) == PAGE

        await _in_slices(storage, alerts)
    await _in_slices(storage, lambda tx: retention.told(tx, before))
    await _in_slices(storage, lambda tx: retention.bodies(tx, now - raw_days * DAY))
    async with storage.begin() as tx:
        await retention.small_things(
            tx,
            resolves=now - 2 * RULES.remember_resolve,
            lasting=now - LASTING_DAYS * DAY,
            sent=now - HOUR,
            calls=now - CALLS_DAYS * DAY,
            questions=now - DAY,
            letters=now - LETTERS_DAYS * DAY,
        )
        await plans.forget_covers(tx, before)
        await whispers.forget(tx, before)


async def _in_slices(storage: Storage, clear_some: Callable[[Tx], Awaitable[bool]]) -> None:
    more = True
    while more:
        async with storage.begin() as tx:
            more = await clear_some(tx)
