"""Sealing: what a backup is marked with, so that it is not restored beside another key."""

from bot.storage import canary
from bot.storage.engine import Storage


async def mark(storage: Storage, sealed: bytes, now: int) -> None:
    """Put the mark into the database."""
    await storage.write(lambda tx: canary.put(tx, sealed.decode(), now))
