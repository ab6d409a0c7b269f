"""Retention: what is old is cleared away, in small transactions."""

from bot.storage import calls, inbox, outbox
from bot.storage.engine import Storage

HOUR = 3_600_000
DAY = 24 * HOUR


async def clear(storage: Storage, *, raw_days: int, now: int) -> None:
    """Drop raw bodies past their days, resolves and message counts that no rule looks at, and calls of last week."""
    async with storage.begin() as tx:
        await inbox.forget(tx, bodies_before=now - raw_days * DAY, resolves_before=now - 2 * HOUR)
    async with storage.begin() as tx:
        await outbox.forget_sent(tx, now - HOUR)
        await calls.forget(tx, now - 7 * DAY)
