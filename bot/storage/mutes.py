"""Mutes: addresses that want no more mails of a channel."""

from collections.abc import Mapping

from bot.storage.engine import Tx

ADD = """
INSERT INTO mutes (tenant_id, channel, address, at) VALUES (:tenant, :channel, :address, :now)
ON CONFLICT (tenant_id, channel, address) DO NOTHING
"""
END = "DELETE FROM mutes WHERE tenant_id = :tenant AND channel = :channel AND address = :address"
OF_CHANNEL = "SELECT address FROM mutes WHERE tenant_id = :tenant AND channel = :channel"
OF_TENANT = "SELECT channel, address FROM mutes WHERE tenant_id = :tenant ORDER BY channel, address"


async def add(tx: Tx, tenant: int, channel: str, address: str, now: int) -> bool:
    """Note that an address wants no more mails of a channel; say whether that is new."""
    return bool(await tx.run(ADD, tenant=tenant, channel=channel, address=address.lower(), now=now))


async def end(tx: Tx, tenant: int, channel: str, address: str) -> bool:
    """Let an address have mails again; say whether it had none."""
    return bool(await tx.run(END, tenant=tenant, channel=channel, address=address.lower()))


async def of_channel(tx: Tx, tenant: int, channel: str) -> frozenset[str]:
    """Return the addresses, in small letters, that want no mails of a channel."""
    return frozenset(row["address"] for row in await tx.all(OF_CHANNEL, tenant=tenant, channel=channel))


async def of_tenant(tx: Tx, tenant: int) -> Mapping[str, list[str]]:
    """Return the addresses that want no mails, by channel."""
    found: dict[str, list[str]] = {}
    for row in await tx.all(OF_TENANT, tenant=tenant):
        found.setdefault(row["channel"], []).append(row["address"])
    return found
