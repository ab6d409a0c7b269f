"""Retention: deleting what is old, so many rows at a time as its caller says, so that nobody waits long for the writer."""

from collections.abc import Sequence

from bot.storage.engine import Tx

CLOSED = """
SELECT number FROM alerts WHERE tenant_id = :tenant AND state = 'closed' AND state_at < :before
ORDER BY state_at LIMIT :limit
"""
_SOME_OF_ALERTS = "DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE tenant_id = :tenant AND number IN (:numbers){1} LIMIT :limit)"
MUCH_OF_ALERTS = (
    _SOME_OF_ALERTS.format("history", ""),
    _SOME_OF_ALERTS.format("outbox", " AND done_at IS NOT NULL"),
    _SOME_OF_ALERTS.format("parcels", ""),
)
"""What an alert may have very much of."""
OF_ALERTS = (
    "DELETE FROM timers WHERE tenant_id = :tenant AND number IN (:numbers) AND kind IN (:kinds)",
    "DELETE FROM escalations WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM counterparts WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM silenced WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM alerts WHERE tenant_id = :tenant AND number IN (:numbers)",
)
# Rows are numbered as they come: what is older than the first young one is old, and nothing behind that one is looked at.
HISTORY = """
DELETE FROM history WHERE id IN (
  SELECT id FROM history WHERE who <> 'person' AND action <> 'opened' AND id < COALESCE(
    (SELECT id FROM history WHERE at >= :before ORDER BY id LIMIT 1), 9223372036854775807
  ) ORDER BY id LIMIT :limit
)
"""
BODIES = "SELECT id, LENGTH(body) AS size FROM bodies WHERE at < :before ORDER BY at LIMIT :limit"
THESE_BODIES = "DELETE FROM bodies WHERE id IN (:ids)"
MOST_BYTES = 256 * 1024

_SOME = "DELETE FROM {0} WHERE {{row}} IN (SELECT {{row}} FROM {0} WHERE {1} LIMIT :limit)"
TOLD = _SOME.format("outbox", "done_at IS NOT NULL AND done_at < :before")
PARCELS = _SOME.format("parcels", "done_at IS NOT NULL AND done_at < :before")
RESOLVES = _SOME.format("resolves", "at < :before")
SENT = _SOME.format("sent", "at < :before")
CALLS = _SOME.format("calls", "at < :before")
DELIVERIES = _SOME.format("deliveries", "at < :before AND delivery_id NOT LIKE 'pagerduty-webhook:%'")
"""PagerDuty sends an event again for two days, all others for an hour at most."""
LASTING_DELIVERIES = _SOME.format("deliveries", "at < :before")
QUESTIONS = _SOME.format("questions", "at < :before")
LETTERS = _SOME.format("letters", "at < :before")


async def closed(tx: Tx, tenant: int, before: int, limit: int) -> list[int]:
    """Return the numbers of alerts that were closed before a moment, longest ago first."""
    return [row["number"] for row in await tx.all(CLOSED, tenant=tenant, before=before, limit=limit)]


async def alerts(tx: Tx, tenant: int, numbers: Sequence[int], kinds: Sequence[str], limit: int) -> bool:
    """Delete alerts (512 at the most) with all that is theirs and their timers of these kinds.

    What they have much of goes first, `limit` rows of it at a time; False says that there is more of it and they are still there.
    """
    for statement in MUCH_OF_ALERTS:
        if await tx.run(statement, tenant=tenant, numbers=numbers, limit=limit) == limit:
            return False
    for statement in OF_ALERTS:
        wanted = {"kinds": kinds} if ":kinds" in statement else {}
        await tx.run(statement, tenant=tenant, numbers=numbers, **wanted)
    return True


async def old(tx: Tx, statement: str, before: int, limit: int) -> int:
    """Delete by one of the statements above what is from before a moment (epoch ms); return how much that was."""
    return await tx.run(statement, before=before, limit=limit)


async def bodies(tx: Tx, before: int, limit: int) -> bool:
    """Delete raw bodies, few when they are large; say whether there may be more."""
    found = await tx.all(BODIES, before=before, limit=limit)
    ids: list[int] = []
    size = 0
    for row in found:
        size += row["size"]
        if ids and size > MOST_BYTES:
            break
        ids.append(row["id"])
    if ids:
        await tx.run(THESE_BODIES, ids=ids)
    return len(ids) < len(found) or len(found) == limit
