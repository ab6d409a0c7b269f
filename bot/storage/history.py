"""History: what happened to alerts, row by row. It may be very long, so people see the parts of it that matter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.actor import Actor, Via, Who
from bot.domain.alert import Event
from bot.storage.engine import Row, Tx, Value

ADD = """
INSERT INTO history (tenant_id, number, at, action, who, name, person_id, via, note)
VALUES (:tenant_id, :number, :at, :action, :who, :name, :person_id, :via, :note)
"""
LAST_BY_PERSON = """
SELECT MAX(at) AS at FROM history WHERE tenant_id = :tenant AND number = :number AND who = 'person'
"""
PAGE = """
SELECT * FROM history WHERE tenant_id = :tenant AND number = :number AND id > :after ORDER BY id LIMIT :limit
"""
_OF_ALERT = "SELECT id FROM history WHERE tenant_id = :tenant AND number = :number"
PAST = f"""
SELECT * FROM history WHERE id IN (
  SELECT id FROM ({_OF_ALERT} ORDER BY id DESC LIMIT :newest) AS newest
  UNION SELECT id FROM ({_OF_ALERT} ORDER BY id LIMIT :first) AS oldest
  UNION SELECT id FROM ({_OF_ALERT} AND who = 'person' ORDER BY id LIMIT :people) AS persons
) ORDER BY id
"""
LAST = "SELECT * FROM history WHERE tenant_id = :tenant AND number = :number ORDER BY id DESC LIMIT :limit"
MANY = "SELECT COUNT(*) AS many FROM history WHERE tenant_id = :tenant AND number = :number"

NEWEST = 500
FIRST = 25
PEOPLE = 300
EVERY = 1 << 31


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What people look at of an alert's history, oldest first, and how many rows of it are left out."""

    events: Sequence[Event]
    left_out: int


async def add(tx: Tx, tenant: int, events: Iterable[tuple[int, Event]]) -> None:
    """Append history rows of a tenant's alerts, each with its alert's number."""
    rows: list[Mapping[str, Value]] = [
        {
            "tenant_id": tenant,
            "number": number,
            "at": event.at,
            "action": event.action,
            "who": event.by.kind.value,
            "name": event.by.label or event.by.name,
            "person_id": event.by.id,
            "via": event.by.via.value,
            "note": event.note,
        }
        for number, event in events
    ]
    if rows:
        await tx.run_many(ADD, rows)


async def last_by_person(tx: Tx, tenant: int, number: int) -> int | None:
    """Return when a person last did something about an alert (epoch ms), or None."""
    row = await tx.one(LAST_BY_PERSON, tenant=tenant, number=number)
    moment: int | None = row["at"] if row else None
    return moment


async def whole(tx: Tx, tenant: int, number: int) -> list[Event]:
    """Return an alert's whole history, oldest first."""
    return (await page(tx, tenant, number, after=0, limit=EVERY))[0]


async def page(tx: Tx, tenant: int, number: int, *, after: int, limit: int) -> tuple[list[Event], int | None]:
    """Return a page of an alert's history, oldest first, and the row after which the next one begins, None on the last one."""
    rows = await tx.all(PAGE, tenant=tenant, number=number, after=after, limit=limit + 1)
    events = [_event(row) for row in rows[:limit]]
    return events, rows[limit - 1]["id"] if len(rows) > limit else None


async def newest(tx: Tx, tenant: int, number: int, limit: int) -> tuple[list[Event], int]:
    """Return the newest rows of an alert's history, oldest first, and how many it has."""
    rows = await tx.all(LAST, tenant=tenant, number=number, limit=limit)
    return [_event(row) for row in reversed(rows)], await _many(tx, tenant, number)


async def past(tx: Tx, tenant: int, number: int) -> Past:
    """Return the beginning of an alert's history, its newest rows, and what people did in between: it may be very long."""
    rows = await tx.all(PAST, tenant=tenant, number=number, newest=NEWEST, first=FIRST, people=PEOPLE)
    return Past(events=[_event(row) for row in rows], left_out=await _many(tx, tenant, number) - len(rows))


async def _many(tx: Tx, tenant: int, number: int) -> int:
    row = await tx.one(MANY, tenant=tenant, number=number)
    return row["many"] if row else 0


def _event(row: Row) -> Event:
    by = Actor(kind=Who(row["who"]), name=row["name"], id=row["person_id"], via=Via(row["via"]))
    return Event(action=row["action"], at=row["at"], by=by, note=row["note"])
