"""Readiness: whether the database answers, is whole as far as a glance shows, and takes what is written."""

from bot.storage import canary
from bot.storage.engine import Storage, StorageError


async def assure(storage: Storage, now: int) -> None:
    """Read and write something. Raises StorageError with the reason why the bot cannot work."""
    await storage.ping()
    await storage.write(lambda tx: canary.touch(tx, now), urgent=True)
    if storage.condition.reason:
        raise StorageError(storage.condition.reason)
