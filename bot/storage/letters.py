"""Letters: answers that came by mail, each taken once for what it is about."""

from bot.storage.engine import Tx

ADD = """
INSERT INTO letters (tenant_id, about, message, at) VALUES (:tenant, :about, :message, :now)
ON CONFLICT (tenant_id, about, message) DO NOTHING
"""


async def first(tx: Tx, *, tenant: int, about: str, message: str, now: int) -> bool:
    """Note that a mail was taken; say whether it came for the first time."""
    return bool(await tx.run(ADD, tenant=tenant, about=about, message=message, now=now))
