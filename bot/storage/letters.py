"""Letters: mails that were taken, each once for what it was sent to."""

from bot.storage.engine import Tx

ADD = """
INSERT INTO letters (tenant_id, about, message, at) VALUES (:tenant, :about, :message, :now)
ON CONFLICT (tenant_id, about, message) DO NOTHING
"""
SEEN = "SELECT at FROM letters WHERE tenant_id = :tenant AND about = :about AND message = :message"


async def first(tx: Tx, *, tenant: int, about: str, message: str, now: int) -> bool:
    """Note that a mail was taken; say whether it came for the first time."""
    return bool(await tx.run(ADD, tenant=tenant, about=about, message=message, now=now))


async def seen(tx: Tx, *, tenant: int, about: str, message: str) -> bool:
    """Whether a mail was taken before."""
    return await tx.one(SEEN, tenant=tenant, about=about, message=message) is not None
