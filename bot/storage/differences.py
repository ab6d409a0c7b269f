"""Differences between us and channels' services: since when each is seen, and whether the room has been told."""

from collections.abc import Mapping, Sequence

from bot.domain.alert import Alert
from bot.domain.difference import Difference, Seen, What
from bot.storage.alerts import alert_of
from bot.storage.engine import Tx, Value

ACTIVE = """
SELECT * FROM alerts WHERE tenant_id = :tenant AND state IN ('open', 'acked', 'snoozed') ORDER BY number LIMIT :limit
"""
FEEDS = "SELECT id FROM feeds WHERE tenant_id = :tenant ORDER BY id"
WAITING = """
SELECT DISTINCT number FROM parcels WHERE tenant_id = :tenant AND channel = :channel AND done_at IS NULL
"""
SEEN = "SELECT * FROM differences WHERE tenant_id = :tenant AND channel = :channel"
ADD = """
INSERT INTO differences (tenant_id, channel, what, number, dedup_key, seen_at)
VALUES (:tenant, :channel, :what, :number, :key, :now) ON CONFLICT DO NOTHING
"""
_ONE = "tenant_id = :tenant AND channel = :channel AND what = :what AND number = :number AND dedup_key = :key"
TOLD = f"UPDATE differences SET told_at = :now WHERE {_ONE}"
OVER = f"DELETE FROM differences WHERE {_ONE}"


async def active(tx: Tx, tenant: int, limit: int) -> list[Alert]:
    """Return a tenant's active alerts, those of low numbers first."""
    return [alert_of(row) for row in await tx.all(ACTIVE, tenant=tenant, limit=limit)]


async def feeds(tx: Tx, tenant: int) -> list[int]:
    """Return the ids of a tenant's feeds."""
    return [row["id"] for row in await tx.all(FEEDS, tenant=tenant)]


async def waiting(tx: Tx, tenant: int, channel: str) -> set[int]:
    """Return the alerts of which a channel has not heard everything yet."""
    return {row["number"] for row in await tx.all(WAITING, tenant=tenant, channel=channel)}


async def seen(tx: Tx, tenant: int, channel: str) -> dict[Difference, Seen]:
    """Return what is known to differ."""
    return {
        Difference(what=What(row["what"]), number=row["number"], key=row["dedup_key"]): Seen(
            since=row["seen_at"], told=row["told_at"] is not None
        )
        for row in await tx.all(SEEN, tenant=tenant, channel=channel)
    }


async def add(tx: Tx, tenant: int, channel: str, found: Sequence[Difference], now: int) -> None:
    """Note what differs from now on."""
    await _each(tx, ADD, tenant, channel, found, now=now)


async def told(tx: Tx, tenant: int, channel: str, found: Sequence[Difference], now: int) -> None:
    """Note what the room has been told."""
    await _each(tx, TOLD, tenant, channel, found, now=now)


async def over(tx: Tx, tenant: int, channel: str, found: Sequence[Difference]) -> None:
    """Forget what differs no longer."""
    await _each(tx, OVER, tenant, channel, found)


async def _each(tx: Tx, text: str, tenant: int, channel: str, found: Sequence[Difference], **more: Value) -> None:
    rows: list[Mapping[str, Value]] = [
        {"tenant": tenant, "channel": channel, "what": each.what.value, "number": each.number, "key": each.key, **more}
        for each in found
    ]
    if rows:
        await tx.run_many(text, rows)
