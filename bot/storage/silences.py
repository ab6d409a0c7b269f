"""Silences, and which alerts each of them hid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bot.domain.actor import Person
from bot.domain.alert import Alert, State
from bot.domain.matcher import Matcher
from bot.domain.signal import Severity
from bot.domain.silence import Silence
from bot.storage.alerts import SLICE, alert_of
from bot.storage.engine import Row, Tx, Value

NEXT = "SELECT COALESCE(MAX(number), 0) + 1 AS number FROM silences WHERE tenant_id = :tenant"
ADD = """
INSERT INTO silences
(tenant_id, number, room_id, matchers, created_at, starts_at, ends_at, by_id, by_name, time_zone, comment)
VALUES
(:tenant, :number, :room, :matchers, :created_at, :starts_at, :ends_at, :by_id, :by_name, :time_zone, :comment)
"""
FIND = "SELECT * FROM silences WHERE tenant_id = :tenant AND number = :number"
LIVE = "SELECT * FROM silences WHERE tenant_id = :tenant AND ended_at IS NULL ORDER BY number"
LIVE_ONE_MORE = "UPDATE tenants SET silences = silences + 1 WHERE id = :tenant"
LIVE_ONE_LESS = "UPDATE tenants SET silences = silences - 1 WHERE id = :tenant"
PROLONG = "UPDATE silences SET ends_at = :ends_at WHERE tenant_id = :tenant AND number = :number"
END = "UPDATE silences SET ended_at = :now WHERE tenant_id = :tenant AND number = :number AND ended_at IS NULL"
COUNT = "UPDATE silences SET hidden = hidden + :many WHERE tenant_id = :tenant AND number = :number"
HIDE = """
INSERT INTO silenced (tenant_id, silence, number, at) VALUES (:tenant, :silence, :number, :at)
ON CONFLICT (tenant_id, silence, number) DO NOTHING
"""
HOW_MANY = """
SELECT silence, COUNT(*) AS many FROM silenced WHERE tenant_id = :tenant AND silence IN (:silences) GROUP BY silence
"""
WAITING = """
SELECT alerts.* FROM silenced JOIN alerts ON alerts.tenant_id = silenced.tenant_id AND alerts.number = silenced.number
WHERE silenced.tenant_id = :tenant AND silenced.silence = :silence
AND alerts.state <> 'closed' AND (alerts.silenced_by IS NOT NULL OR alerts.room_id <> :room) ORDER BY alerts.number
"""
STILL_ACTIVE = """
SELECT COUNT(*) AS many FROM silenced
JOIN alerts ON alerts.tenant_id = silenced.tenant_id AND alerts.number = silenced.number
WHERE silenced.tenant_id = :tenant AND silenced.silence = :silence AND alerts.state <> 'closed'
"""
LOOK = """
SELECT number, room_id, state, severity, summary, source, labels, opened_at FROM alerts
WHERE tenant_id = :tenant AND number < :before ORDER BY number DESC LIMIT :limit
"""
LOOK_ACTIVE = """
SELECT number, room_id, state, severity, summary, source, labels, opened_at FROM alerts
WHERE tenant_id = :tenant AND room_id = :room AND state <> 'closed' ORDER BY number DESC LIMIT :limit
"""

_MATCHERS = msgspec.json.Decoder(tuple[Matcher, ...])
_LABELS = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """As much of an alert as matchers look at."""

    number: int
    state: State
    severity: Severity
    summary: str
    source: str
    labels: Mapping[str, str]


def silence_of(row: Row) -> Silence:
    """Read a silence from its row."""
    return Silence(
        tenant=row["tenant_id"],
        number=row["number"],
        room=row["room_id"],
        matchers=_MATCHERS.decode(row["matchers"]),
        created_at=row["created_at"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        by=Person(id=row["by_id"], name=row["by_name"]),
        time_zone=row["time_zone"],
        comment=row["comment"],
        hidden=row["hidden"],
        ended_at=row["ended_at"],
    )


async def next_number(tx: Tx, tenant: int) -> int:
    """Return the number of the tenant's next silence; the tenant is locked."""
    row = await tx.one(NEXT, tenant=tenant)
    assert row is not None
    number: int = row["number"]
    return number


async def add(tx: Tx, silence: Silence) -> None:
    """Keep a new silence; it is live from now on."""
    await tx.run(
        ADD,
        tenant=silence.tenant,
        number=silence.number,
        room=silence.room,
        matchers=msgspec.json.encode(silence.matchers).decode(),
        created_at=silence.created_at,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        by_id=silence.by.id,
        by_name=silence.by.name,
        time_zone=silence.time_zone,
        comment=silence.comment,
    )
    await tx.run(LIVE_ONE_MORE, tenant=silence.tenant)


async def find(tx: Tx, tenant: int, number: int) -> Silence | None:
    """Return a silence, or None."""
    row = await tx.one(FIND, tenant=tenant, number=number)
    return silence_of(row) if row else None


async def live(tx: Tx, tenant: int) -> list[Silence]:
    """Return the silences of a tenant that have not ended, oldest first."""
    return [silence_of(row) for row in await tx.all(LIVE, tenant=tenant)]


async def of_room(tx: Tx, tenant: int, room: int) -> list[Silence]:
    """Return the silences of a room that have not ended, oldest first."""
    return [silence for silence in await live(tx, tenant) if silence.room == room]


async def prolong(tx: Tx, silence: Silence, ends_at: int) -> None:
    """Move a silence's end."""
    await tx.run(PROLONG, tenant=silence.tenant, number=silence.number, ends_at=ends_at)


async def end(tx: Tx, silence: Silence, now: int) -> None:
    """Note that a silence is over."""
    if await tx.run(END, tenant=silence.tenant, number=silence.number, now=now):
        await tx.run(LIVE_ONE_LESS, tenant=silence.tenant)


async def hide(tx: Tx, tenant: int, hidden: Sequence[tuple[int, int]], now: int) -> None:
    """Note, as (silence, alert), each message that was kept back."""
    rows: list[Mapping[str, Value]] = [
        {"tenant": tenant, "silence": silence, "number": number, "at": now} for silence, number in dict.fromkeys(hidden)
    ]
    if not rows:
        return
    await tx.run_many(HIDE, rows)
    numbers = [silence for silence, _ in hidden]
    for silence in sorted(set(numbers)):
        await tx.run(COUNT, tenant=tenant, number=silence, many=numbers.count(silence))


async def hand_over(tx: Tx, tenant: int, silence: int, numbers: Iterable[int], now: int) -> None:
    """Note that alerts wait for the end of another silence now."""
    rows: list[Mapping[str, Value]] = [
        {"tenant": tenant, "silence": silence, "number": number, "at": now} for number in numbers
    ]
    if rows:
        await tx.run_many(HIDE, rows)


async def how_many(tx: Tx, tenant: int, numbers: Sequence[int]) -> dict[int, int]:
    """Return how many alerts each silence hid; one that hid none is missing."""
    found: dict[int, int] = {}
    for start in range(0, len(numbers), SLICE):
        for row in await tx.all(HOW_MANY, tenant=tenant, silences=numbers[start : start + SLICE]):
            found[row["silence"]] = row["many"]
    return found


async def still_active(tx: Tx, silence: Silence) -> int:
    """Return how many of the alerts that a silence hid are not closed."""
    row = await tx.one(STILL_ACTIVE, tenant=silence.tenant, silence=silence.number)
    return row["many"] if row else 0


async def waiting(tx: Tx, silence: Silence) -> list[Alert]:
    """Return the active alerts that a silence hid and of which the room has not been told since, oldest first."""
    return [
        alert_of(row) for row in await tx.all(WAITING, tenant=silence.tenant, silence=silence.number, room=silence.room)
    ]


async def active_in(tx: Tx, tenant: int, room: int, *, limit: int) -> list[Seen]:
    """Return the active alerts of a room, newest first."""
    return [_seen(row) for row in await tx.all(LOOK_ACTIVE, tenant=tenant, room=room, limit=limit)]


async def opened_since(tx: Tx, tenant: int, room: int, since: int, *, limit: int, page: int = 1000) -> list[Seen]:
    """Return the alerts of a room that were opened since a moment, newest first, among the tenant's last `limit` ones."""
    found: list[Seen] = []
    before, looked = 1 << 62, 0
    while looked < limit:
        # Numbers are given in the order of opening, so the newest are reached by the primary key alone.
        rows = await tx.all(LOOK, tenant=tenant, before=before, limit=page)
        found += [_seen(row) for row in rows if row["room_id"] == room and row["opened_at"] >= since]
        if len(rows) < page or rows[-1]["opened_at"] < since:
            break
        before, looked = rows[-1]["number"], looked + page
    return found


def _seen(row: Row) -> Seen:
    return Seen(
        number=row["number"],
        state=State(row["state"]),
        severity=Severity(row["severity"]),
        summary=row["summary"],
        source=row["source"],
        labels=_LABELS.decode(row["labels"]),
    )
