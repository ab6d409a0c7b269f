"""Canary: a sealed word in the database, by which a restored backup is known to fit its key."""

from bot.storage.engine import Tx

PUT = """
INSERT INTO canary (id, sealed, made_at) VALUES (1, :sealed, :now)
ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at
"""


async def put(tx: Tx, sealed: str, now: int) -> None:
    """Keep the sealed word."""
    await tx.run(PUT, sealed=sealed, now=now)
