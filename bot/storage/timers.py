"""Timers: what is due when, one of a kind per alert, shared by replicas."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.storage.engine import Tx, Value

SET = """
INSERT INTO timers (kind, tenant_id, number, due_at) VALUES (:kind, :tenant_id, :number, :due_at)
ON CONFLICT (kind, tenant_id, number) DO UPDATE SET due_at = excluded.due_at
"""
DUE = "SELECT * FROM timers WHERE due_at <= :now ORDER BY due_at LIMIT :limit {skip_locked}"
DROP = "DELETE FROM timers WHERE kind = :kind AND tenant_id = :tenant_id AND number = :number"
NEXT = "SELECT MIN(due_at) AS due FROM timers"

PROMISE = "promise"
"""The end that a source promised passes (product.md 3)."""
UNTIL = "until"
"""An ack that carries a time ends."""
FLAPPING = "flapping"
"""A flapping alert was left unspoken of for a window."""


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


async def due(tx: Tx, now: int, limit: int) -> list[Timer]:
    """Return what is due, locked against other replicas until the transaction ends."""
    return [
        Timer(kind=row["kind"], tenant=row["tenant_id"], number=row["number"], due_at=row["due_at"])
        for row in await tx.all(DUE, now=now, limit=limit)
    ]


async def drop(tx: Tx, timers: Iterable[Timer]) -> None:
    """Remove timers that have done their work."""
    rows: list[Mapping[str, Value]] = [
        {"kind": timer.kind, "tenant_id": timer.tenant, "number": timer.number} for timer in timers
    ]
    if rows:
        await tx.run_many(DROP, rows)


async def next_due(tx: Tx) -> int | None:
    """Return when the next timer is due, or None."""
    row = await tx.one(NEXT)
    moment: int | None = row["due"] if row else None
    return moment
