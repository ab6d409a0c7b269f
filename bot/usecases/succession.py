"""Succession: on SQLite one process serves a file, so what its predecessor had taken on is free when it starts."""

from bot.storage import outbox, parcels, whispers
from bot.storage.engine import Storage, Tx
from bot.storage.statement import SQLITE
from bot.usecases import lanes, whisper


async def take_over(storage: Storage, now: int) -> None:
    """End the leases of a process that is no more, without waiting for them; on PostgreSQL others may be at work."""
    if storage.dialect != SQLITE:
        return

    async def work(tx: Tx) -> None:
        await outbox.release_all(tx)
        await whispers.release_all(tx, now, now + whisper.LEASE)
        await parcels.release_all(tx, now, now + lanes.LEASE)

    await storage.write(work)
