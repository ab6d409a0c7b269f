"""Timers: what is due when, one of a kind per subject, shared by replicas.

`number` is the alert's number, or the id of another subject for the kinds that are not about an alert.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.storage.engine import Tx, Value

SET = """
INSERT INTO timers (kind, tenant_id, number, due_at) VALUES (:kind, :tenant_id, :number, :due_at)
ON CONFLICT (kind, tenant_id, number) DO UPDATE SET due_at = excluded.due_at
"""
DUE = """
SELECT * FROM timers WHERE tenant_id = :tenant AND due_at <= :now AND kind IN (:kinds)
ORDER BY due_at, kind, number LIMIT :limit
"""
OF_ALERT = """
SELECT kind, due_at FROM timers WHERE kind IN (:kinds) AND tenant_id = :tenant AND number = :number ORDER BY due_at
"""
TENANTS_DUE = "SELECT DISTINCT tenant_id FROM timers WHERE due_at <= :now AND kind IN (:kinds) ORDER BY tenant_id"
DROP = "DELETE FROM timers WHERE kind = :kind AND tenant_id = :tenant_id AND number = :number"
NEXT = "SELECT due_at FROM timers WHERE kind IN (:kinds) ORDER BY due_at LIMIT 1"

PROMISE = "promise"
"""The end that a source promised passes (product.md 3)."""
UNTIL = "until"
"""An ack or a snooze ends."""
REMINDER = "reminder"
"""An ack or a snooze ends soon."""
STALE = "stale"
"""Nobody has reported an alert for a long time."""
FLAPPING = "flapping"
"""A flapping alert was left unspoken of for a window."""
HOLD = "hold"
"""A route's hold of a new alert is over."""
ESCALATE = "escalate"
"""The next step of an alert's escalation."""
SILENCE_ENDING = "silence_ending"
"""A silence ends soon; the number is the silence's."""
SILENCE_ENDED = "silence_ended"
"""A silence ends; the number is the silence's."""

HEARTBEAT = "heartbeat"
"""A sender was not heard in time; the number is the heartbeat's."""

NOISE = "noise"
"""The week's noise is told; of a tenant, not of an alert."""

_UNLESS_SET = "ON CONFLICT (kind, tenant_id, number) DO NOTHING"
SET_STALE = f"""
INSERT INTO timers (kind, tenant_id, number, due_at)
SELECT 'stale', tenant_id, number, last_seen_at + :span FROM alerts WHERE state <> 'closed' {_UNLESS_SET}
"""
SET_UNFOLLOWED = f"""
INSERT INTO timers (kind, tenant_id, number, due_at)
SELECT 'reminder', tenant_id, number, state_at + :span FROM alerts
WHERE state <> 'closed' AND state = 'acked' AND until IS NULL {_UNLESS_SET}
"""


SET_TENANTS = f"""
INSERT INTO timers (kind, tenant_id, number, due_at)
SELECT CAST(:kind AS TEXT), id, CAST(:number AS BIGINT), CAST(:due_at AS BIGINT) FROM tenants WHERE id > 0 {_UNLESS_SET}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timer:
    """Something due at a moment (epoch ms)."""

    kind: str
    tenant: int
    number: int
    due_at: int


async def arm(tx: Tx, timers: Iterable[Timer]) -> None:
    """Set timers; one of a kind that an alert already has is moved."""
    rows: list[Mapping[str, Value]] = [
        {"kind": timer.kind, "tenant_id": timer.tenant, "number": timer.number, "due_at": timer.due_at}
        for timer in timers
    ]
    if rows:
        await tx.run_many(SET, rows)


async def arm_stale(tx: Tx, span: int) -> None:
    """Set the timers of active alerts that have none for a long silence, so many milliseconds after the last report."""
    await tx.run(SET_STALE, span=span)


async def arm_unfollowed(tx: Tx, span: int) -> None:
    """Set the timers of acks without a time that have none, so many milliseconds after the ack."""
    await tx.run(SET_UNFOLLOWED, span=span)


async def arm_tenants(tx: Tx, kind: str, number: int, due_at: int) -> None:
    """Set a timer for each tenant that has none of its kind."""
    await tx.run(SET_TENANTS, kind=kind, number=number, due_at=due_at)


async def due(tx: Tx, tenant: int, kinds: Sequence[str], now: int, limit: int) -> list[Timer]:
    """Return a tenant's timers of some kinds that are due, the earliest first. The caller holds the tenant's lock."""
    return [
        Timer(kind=row["kind"], tenant=row["tenant_id"], number=row["number"], due_at=row["due_at"])
        for row in await tx.all(DUE, tenant=tenant, kinds=kinds, now=now, limit=limit)
    ]


async def of_alert(tx: Tx, tenant: int, number: int, kinds: Sequence[str]) -> list[tuple[str, int]]:
    """Return an alert's timers of some kinds, as (kind, epoch ms), the earliest first."""
    rows = await tx.all(OF_ALERT, tenant=tenant, number=number, kinds=kinds)
    return [(row["kind"], row["due_at"]) for row in rows]


async def tenants_due(tx: Tx, kinds: Sequence[str], now: int) -> list[int]:
    """Return the tenants that have a timer of these kinds due."""
    return [row["tenant_id"] for row in await tx.all(TENANTS_DUE, kinds=kinds, now=now)]


async def drop(tx: Tx, timers: Iterable[Timer]) -> None:
    """Remove timers that have done their work."""
    rows: list[Mapping[str, Value]] = [
        {"kind": timer.kind, "tenant_id": timer.tenant, "number": timer.number} for timer in timers
    ]
    if rows:
        await tx.run_many(DROP, rows)


async def next_due(tx: Tx, kinds: Sequence[str]) -> int | None:
    """Return when the next timer of these kinds is due, or None."""
    row = await tx.one(NEXT, kinds=kinds)
    moment: int | None = row["due_at"] if row else None
    return moment
