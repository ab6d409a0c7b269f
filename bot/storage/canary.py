"""Canary: a sealed word in the database, by which it is known to fit its key; and a row that is written to see whether that can be."""

from bot.storage.engine import Tx

FIND = "SELECT sealed FROM canary WHERE id = 1"
PUT = "INSERT INTO canary (id, sealed, made_at) VALUES (1, :sealed, :now) ON CONFLICT (id) DO NOTHING"
TOUCH = """
INSERT INTO canary (id, sealed, made_at) VALUES (2, '', :now)
ON CONFLICT (id) DO UPDATE SET made_at = excluded.made_at
"""


async def find(tx: Tx) -> str | None:
    """Return the sealed word, or None when there is none yet."""
    row = await tx.one(FIND)
    return str(row["sealed"]) if row else None


async def put(tx: Tx, sealed: str, now: int) -> None:
    """Keep the sealed word, unless there is one."""
    await tx.run(PUT, sealed=sealed, now=now)


async def touch(tx: Tx, now: int) -> None:
    """Write something that changes nothing."""
    await tx.run(TOUCH, now=now)
