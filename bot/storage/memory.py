"""Memory: finding alerts that were like one, and the index of their tokens, which is filled behind the alerts' backs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.actor import Actor, Via, Who
from bot.domain.alert import Alert
from bot.domain.likeness import tokens_of
from bot.storage.alerts import SLICE, alert_of
from bot.storage.engine import Tx, Value

TENANT_BITS = 32
"""An alert's row in the index is its tenant's id, shifted so far, plus its number."""

BEHIND = """
SELECT tenants.id, tenants.last_number FROM tenants
LEFT JOIN remembered ON remembered.tenant_id = tenants.id
WHERE tenants.last_number > COALESCE(remembered.number, 0) ORDER BY tenants.id LIMIT 1
"""
MARK = "SELECT number FROM remembered WHERE tenant_id = :tenant"
LOCK = """
INSERT INTO remembered (tenant_id, number) VALUES (:tenant, 0)
ON CONFLICT (tenant_id) DO UPDATE SET number = remembered.number RETURNING number
"""
MOVE = "UPDATE remembered SET number = :number WHERE tenant_id = :tenant"
NEXT = "SELECT * FROM alerts WHERE tenant_id = :tenant AND number > :after ORDER BY number LIMIT :limit"
ADD = "INSERT INTO likenesses (rowid, tokens) VALUES (:row, :tokens)"
FORGET = "DELETE FROM likenesses WHERE rowid IN (:rows)"
FIND = {
    "sqlite": """
SELECT alerts.* FROM likenesses JOIN alerts
ON alerts.tenant_id = :tenant AND alerts.number = likenesses.rowid - :base AND alerts.room_id = :room
WHERE likenesses MATCH :tokens AND likenesses.rowid > :base AND likenesses.rowid < :below
ORDER BY likenesses.rowid DESC LIMIT :limit
""",
    "postgresql": """
SELECT alerts.* FROM likenesses JOIN alerts
ON alerts.tenant_id = :tenant AND alerts.number = likenesses.rowid - :base AND alerts.room_id = :room
WHERE to_tsvector('simple', likenesses.tokens) @@ to_tsquery('simple', :tokens)
AND likenesses.rowid > :base AND likenesses.rowid < :below
ORDER BY likenesses.rowid DESC LIMIT :limit
""",
}
AND = {"sqlite": " AND ", "postgresql": " & "}
OR = {"sqlite": " OR ", "postgresql": " | "}
UNINDEXED = """
SELECT * FROM alerts WHERE tenant_id = :tenant AND room_id = :room AND number > :after AND number < :below
ORDER BY number DESC LIMIT :limit
"""


OPENED = """
SELECT * FROM alerts WHERE tenant_id = :tenant AND room_id = :room AND number < :below ORDER BY number DESC LIMIT :limit
"""
ACKS = """
SELECT number, at, who, name, person_id, via FROM history
WHERE tenant_id = :tenant AND number IN (:numbers) AND action IN (:actions) ORDER BY id
"""
PAGE = 500
BEYOND = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some alerts, newest first; `below` is the number that the next page begins below, None when there is none."""

    alerts: Sequence[Alert]
    below: int | None


def _row(tenant: int, number: int) -> int:
    return (tenant << TENANT_BITS) + number


async def remembered(tx: Tx, tenant: int) -> int:
    """Return the number up to which a tenant's alerts are in the index."""
    row = await tx.one(MARK, tenant=tenant)
    return row["number"] if row else 0


async def remember(tx: Tx, tenant: int, last: int, limit: int) -> int:
    """Put the next alerts, at most `limit`, into the index and return how many; `last` is the tenant's last number.

    The mark's row is locked meanwhile, so that replicas do not do the same ones.
    """
    mark = await tx.one(LOCK, tenant=tenant)
    assert mark is not None
    found = [alert_of(row) for row in await tx.all(NEXT, tenant=tenant, after=mark["number"], limit=limit)]
    rows: list[Mapping[str, Value]] = [
        {"row": _row(tenant, alert.number), "tokens": " ".join(tokens_of(alert))} for alert in found
    ]
    if rows:
        await tx.run_many(ADD, rows)
    # Alerts are committed in the order of their numbers, so whatever is found has nothing missing below it.
    reached = found[-1].number if found else mark["number"]
    done = reached if len(found) == limit else max(last, reached)
    await tx.run(MOVE, tenant=tenant, number=done)
    return len(found)


async def remember_some(tx: Tx, limit: int = PAGE) -> bool:
    """Put some alerts of a tenant whose index is behind into it; say whether there may be more to do."""
    row = await tx.one(BEHIND)
    if row is None:
        return False
    await remember(tx, row["id"], row["last_number"], limit)
    return True


async def forget(tx: Tx, tenant: int, numbers: Sequence[int]) -> None:
    """Take alerts out of the index."""
    for start in range(0, len(numbers), SLICE):
        await tx.run(FORGET, rows=[_row(tenant, number) for number in numbers[start : start + SLICE]])


async def with_any(tx: Tx, alert: Alert, tokens: Iterable[str], limit: int) -> list[Alert]:
    """Return earlier alerts of an alert's room that have any of these tokens, newest first."""
    return await _found(tx, alert, OR[tx.dialect].join(tokens), limit)


async def with_all(tx: Tx, alert: Alert, tokens: Iterable[str], limit: int) -> list[Alert]:
    """Return earlier alerts of an alert's room that have all of these tokens, newest first."""
    return await _found(tx, alert, AND[tx.dialect].join(tokens), limit)


async def _found(tx: Tx, alert: Alert, tokens: str, limit: int) -> list[Alert]:
    rows = await tx.all(
        FIND[tx.dialect],
        tenant=alert.tenant,
        room=alert.room,
        tokens=tokens,
        base=_row(alert.tenant, 0),
        below=_row(alert.tenant, alert.number),
        limit=limit,
    )
    return [alert_of(row) for row in rows]


async def unindexed(tx: Tx, alert: Alert, limit: int) -> list[Alert]:
    """Return the newest earlier alerts of an alert's room that are not in the index yet, newest first."""
    after = await remembered(tx, alert.tenant)
    rows = await tx.all(UNINDEXED, tenant=alert.tenant, room=alert.room, after=after, below=alert.number, limit=limit)
    return [alert_of(row) for row in rows]


async def opened_since(tx: Tx, tenant: int, room: int, since: int, below: int | None = None) -> Page:
    """Return alerts of a room that were opened since a moment, a page at a time: numbers are given in that order."""
    rows = await tx.all(OPENED, tenant=tenant, room=room, below=BEYOND if below is None else below, limit=PAGE)
    found = [alert_of(row) for row in rows if row["opened_at"] >= since]
    return Page(alerts=found, below=rows[-1]["number"] if len(found) == PAGE else None)


async def acks_of(
    tx: Tx, tenant: int, numbers: Sequence[int], actions: Sequence[str]
) -> dict[int, list[tuple[int, Actor]]]:
    """Return when alerts were taken up and by whom, oldest first, by number."""
    found: dict[int, list[tuple[int, Actor]]] = {}
    for start in range(0, len(numbers), SLICE):
        some = numbers[start : start + SLICE]
        for row in await tx.all(ACKS, tenant=tenant, numbers=some, actions=actions):
            who = Actor(kind=Who(row["who"]), name=row["name"], id=row["person_id"], via=Via(row["via"]))
            found.setdefault(row["number"], []).append((row["at"], who))
    return found
