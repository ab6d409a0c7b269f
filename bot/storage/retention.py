"""Retention: deleting what is old, a slice at a time, so that nobody waits long for the writer."""

from collections.abc import Sequence

from bot.storage.engine import Tx

ROWS = 1000

CLOSED = """
SELECT number FROM alerts WHERE tenant_id = :tenant AND state = 'closed' AND state_at < :before
ORDER BY state_at LIMIT :limit
"""
OF_ALERTS = (
    "DELETE FROM history WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM outbox WHERE tenant_id = :tenant AND number IN (:numbers) AND done_at IS NOT NULL",
    "DELETE FROM timers WHERE tenant_id = :tenant AND number IN (:numbers) AND kind IN (:kinds)",
    "DELETE FROM escalations WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM parcels WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM counterparts WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM silenced WHERE tenant_id = :tenant AND number IN (:numbers)",
    "DELETE FROM alerts WHERE tenant_id = :tenant AND number IN (:numbers)",
)
TOLD = """
DELETE FROM outbox WHERE id IN (
  SELECT id FROM outbox WHERE done_at IS NOT NULL AND done_at < :before ORDER BY done_at LIMIT :limit
)
"""
BODIES = "DELETE FROM bodies WHERE id IN (SELECT id FROM bodies WHERE at < :before ORDER BY at LIMIT :limit)"
RESOLVES = "DELETE FROM resolves WHERE at < :before"
SENT = "DELETE FROM sent WHERE at < :before"
CALLS = "DELETE FROM calls WHERE at < :before"
DELIVERIES = "DELETE FROM deliveries WHERE at < :before AND delivery_id NOT LIKE :lasting"
LASTING_DELIVERIES = "DELETE FROM deliveries WHERE at < :before"
LASTING = "pagerduty-webhook:%"
"""PagerDuty sends an event again for two days, all others for an hour at most."""
QUESTIONS = "DELETE FROM questions WHERE at < :before"
LETTERS = "DELETE FROM letters WHERE at < :before"


async def closed(tx: Tx, tenant: int, before: int, limit: int) -> list[int]:
    """Return the numbers of alerts that were closed before a moment, longest ago first."""
    return [row["number"] for row in await tx.all(CLOSED, tenant=tenant, before=before, limit=limit)]


async def alerts(tx: Tx, tenant: int, numbers: Sequence[int], kinds: Sequence[str]) -> None:
    """Delete alerts (512 at the most) with their history, their told news and their timers of these kinds."""
    for statement in OF_ALERTS:
        wanted = {"kinds": kinds} if ":kinds" in statement else {}
        await tx.run(statement, tenant=tenant, numbers=numbers, **wanted)


async def told(tx: Tx, before: int) -> bool:
    """Delete news that was told; say whether there may be more."""
    return await tx.run(TOLD, before=before, limit=ROWS) == ROWS


async def bodies(tx: Tx, before: int) -> bool:
    """Delete raw bodies; say whether there may be more."""
    return await tx.run(BODIES, before=before, limit=ROWS) == ROWS


async def small_things(
    tx: Tx, *, resolves: int, lasting: int, sent: int, calls: int, questions: int, letters: int
) -> None:
    """Delete remembered resolves, deliveries and mails, counted messages, answered commands and questions from before these moments."""
    await tx.run(RESOLVES, before=resolves)
    await tx.run(DELIVERIES, before=resolves, lasting=LASTING)
    await tx.run(LASTING_DELIVERIES, before=lasting)
    await tx.run(SENT, before=sent)
    await tx.run(CALLS, before=calls)
    await tx.run(QUESTIONS, before=questions)
    await tx.run(LETTERS, before=letters)
