"""Parcels: news on its way to channels, each sent by one worker at a time, in order per channel and alert."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bot.domain.channel import Parcel
from bot.domain.telling import Telling
from bot.storage.alerts import SLICE
from bot.storage.engine import Row, Tx, Value
from bot.storage.history import FIRST, NEWEST

ADD = """
INSERT INTO parcels (tenant_id, channel, number, action, content, at)
VALUES (:tenant_id, :channel, :number, :action, :content, :at)
"""
_FIRST = """
done_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM parcels AS earlier WHERE earlier.tenant_id = parcels.tenant_id AND earlier.channel = parcels.channel
  AND earlier.number = parcels.number AND earlier.id < parcels.id AND earlier.done_at IS NULL
)
"""
# A moment further off than any wait is from before the clock went back: it counts as come.
CLAIM = f"""
UPDATE parcels SET retry_at = :until, attempts = attempts + 1 WHERE id IN (
  SELECT id FROM parcels WHERE tenant_id = :tenant AND channel = :channel AND (retry_at <= :now OR retry_at > :far)
  AND {_FIRST} ORDER BY retry_at, id LIMIT :limit {{skip_locked}}
) RETURNING *
"""
DONE = """
UPDATE parcels SET done_at = :now, result = :result, progress = :progress WHERE id = :id AND done_at IS NULL
"""
LATER = """
UPDATE parcels SET retry_at = :retry_at, result = :result, progress = :progress WHERE id = :id AND done_at IS NULL
"""
RELEASE_ALL = "UPDATE parcels SET retry_at = 0 WHERE done_at IS NULL AND retry_at > :now AND retry_at <= :until"
LANES = f"""
SELECT tenant_id, channel, MIN(retry_at) AS due FROM parcels
WHERE tenant_id || ':' || channel NOT IN (:others) AND {_FIRST} GROUP BY tenant_id, channel
"""
_OF_ALERT = "SELECT id FROM parcels WHERE tenant_id = :tenant AND number = :number"
OF_ALERT = f"""
SELECT * FROM parcels WHERE id IN (
  SELECT id FROM ({_OF_ALERT} ORDER BY id DESC LIMIT :newest) AS newest
  UNION SELECT id FROM ({_OF_ALERT} ORDER BY id LIMIT :first) AS oldest
) ORDER BY id
"""
MANY_OF_ALERT = "SELECT COUNT(*) AS many FROM parcels WHERE tenant_id = :tenant AND number = :number"
CHANNELS_OF = "SELECT DISTINCT number, channel FROM parcels WHERE tenant_id = :tenant AND number IN (:numbers)"
LAST_RESULT = """
SELECT result FROM parcels WHERE tenant_id = :tenant AND channel = :channel AND done_at IS NOT NULL
ORDER BY done_at DESC, id DESC LIMIT 1
"""
BACKLOG = """
SELECT channel, COUNT(*) AS many, MIN(at) AS first, MAX(result) AS result FROM parcels
WHERE tenant_id = :tenant AND done_at IS NULL GROUP BY channel
"""
REVIVE = """
UPDATE parcels SET done_at = NULL, retry_at = 0, attempts = 0
WHERE tenant_id = :tenant AND channel = :channel AND done_at > :since AND result LIKE :dead
"""
REFERENCE = "SELECT reference FROM counterparts WHERE tenant_id = :tenant AND number = :number AND channel = :channel"
HELD = """
SELECT counterparts.number, counterparts.channel FROM counterparts
JOIN alerts ON alerts.tenant_id = counterparts.tenant_id AND alerts.number = counterparts.number
WHERE counterparts.tenant_id = :tenant AND counterparts.channel IN (:channels) AND counterparts.reference <> ''
AND alerts.state IN ('acked', 'snoozed') AND alerts.until IS NULL
AND NOT EXISTS (
  SELECT 1 FROM parcels WHERE parcels.tenant_id = counterparts.tenant_id AND parcels.number = counterparts.number
  AND parcels.channel = counterparts.channel AND (parcels.at > :before OR parcels.done_at IS NULL)
) ORDER BY counterparts.number LIMIT :limit
"""
REFERRED = """
SELECT number FROM counterparts WHERE tenant_id = :tenant AND channel = :channel AND reference = :reference LIMIT 1
"""
REFER = """
INSERT INTO counterparts (tenant_id, channel, number, reference) VALUES (:tenant, :channel, :number, :reference)
ON CONFLICT (tenant_id, number, channel) DO UPDATE SET reference = excluded.reference
"""

FAR = 15 * 60_000
"""Milliseconds that no wait for another attempt lasts."""
DEAD = "not sent: "
"""How the result of a parcel begins that was given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """All that waits for one channel of a tenant."""

    tenant: int
    channel: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What waits for a channel: how many parcels, since when, and a reason why."""

    channel: str
    many: int
    first: int
    result: str


def parcel_of(row: Row) -> Parcel:
    """Read a parcel from its row."""
    return Parcel(
        id=row["id"],
        tenant=row["tenant_id"],
        channel=row["channel"],
        number=row["number"],
        action=row["action"],
        at=row["at"],
        content=msgspec.json.decode(row["content"]),
        attempts=row["attempts"],
        progress=row["progress"],
    )


async def add(tx: Tx, parcels: Iterable[Parcel]) -> None:
    """Queue parcels."""
    rows: list[Mapping[str, Value]] = [
        {
            "tenant_id": each.tenant,
            "channel": each.channel,
            "number": each.number,
            "action": each.action,
            "content": msgspec.json.encode(each.content).decode(),
            "at": each.at,
        }
        for each in parcels
    ]
    if rows:
        await tx.run_many(ADD, rows)


async def claim(tx: Tx, lane: Lane, *, now: int, until: int, limit: int) -> list[Parcel]:
    """Take the first parcels of a lane's alerts, those due longest first; nobody else will try them before `until` (epoch ms)."""
    rows = await tx.all(
        CLAIM, tenant=lane.tenant, channel=lane.channel, now=now, until=until, far=now + FAR, limit=limit
    )
    return sorted((parcel_of(row) for row in rows), key=lambda each: each.id)


async def release_all(tx: Tx, now: int, until: int) -> None:
    """Let parcels be tried now that somebody took until a moment at the latest (epoch ms)."""
    await tx.run(RELEASE_ALL, now=now, until=until)


async def reference(tx: Tx, parcel: Parcel) -> str:
    """Return what the channel's service calls the alert; "" when it said nothing so far."""
    row = await tx.one(REFERENCE, tenant=parcel.tenant, number=parcel.number, channel=parcel.channel)
    return str(row["reference"]) if row else ""


async def refer(tx: Tx, parcel: Parcel, text: str) -> None:
    """Note what the channel's service calls the alert."""
    await refer_to(tx, parcel.tenant, parcel.channel, parcel.number, text)


async def refer_to(tx: Tx, tenant: int, channel: str, number: int, text: str) -> None:
    """Note what a service calls an alert; a service that tells us of changes by itself goes by its dialect."""
    await tx.run(REFER, tenant=tenant, number=number, channel=channel, reference=text)


async def referred(tx: Tx, tenant: int, channel: str, text: str) -> int | None:
    """Return the alert that a service calls so, or None."""
    row = await tx.one(REFERRED, tenant=tenant, channel=channel, reference=text)
    return int(row["number"]) if row else None


async def done(tx: Tx, parcel: int, now: int, result: str, progress: str = "") -> None:
    """Note that a parcel was taken, or why it never will be, and which part of it was taken all the same."""
    await tx.run(DONE, id=parcel, now=now, result=result, progress=progress)


async def later(tx: Tx, parcel: int, retry_at: int, result: str, progress: str = "") -> None:
    """Note when a parcel is tried again, why it was not taken, and which part of it was."""
    await tx.run(LATER, id=parcel, retry_at=retry_at, result=result, progress=progress)


async def lanes(tx: Tx, others: Collection[Lane]) -> dict[Lane, int]:
    """Return when something may next be tried in each lane (epoch ms) in which something waits, but for some others."""
    rows = await tx.all(LANES, others=[f"{lane.tenant}:{lane.channel}" for lane in others] or [""])
    return {Lane(tenant=row["tenant_id"], channel=row["channel"]): row["due"] for row in rows}


async def held(tx: Tx, tenant: int, channels: Sequence[str], *, before: int, limit: int) -> list[tuple[int, str]]:
    """Return the alerts (number, channel) that are held in a service by an ack without a time, last told before a moment."""
    rows = await tx.all(HELD, tenant=tenant, channels=channels, before=before, limit=limit)
    return [(row["number"], row["channel"]) for row in rows]


async def last_result(tx: Tx, tenant: int, channel: str) -> str:
    """Return what became of the last parcel that a channel is done with."""
    row = await tx.one(LAST_RESULT, tenant=tenant, channel=channel)
    return str(row["result"]) if row else ""


async def channels_of(tx: Tx, tenant: int, numbers: Sequence[int]) -> dict[int, set[str]]:
    """Return the channels that have heard of alerts, by number."""
    found: dict[int, set[str]] = {}
    for start in range(0, len(numbers), SLICE):
        for row in await tx.all(CHANNELS_OF, tenant=tenant, numbers=numbers[start : start + SLICE]):
            found.setdefault(row["number"], set()).add(row["channel"])
    return found


async def tellings_of(tx: Tx, tenant: int, number: int) -> tuple[list[Telling], int]:
    """Return what became of the first parcels about an alert and of the newest, oldest first, and how many are left out."""
    row = await tx.one(MANY_OF_ALERT, tenant=tenant, number=number)
    found = [
        Telling(
            news=row["action"],
            at=row["at"],
            room="",
            home="",
            channel=row["channel"],
            attempts=row["attempts"],
            result=row["result"],
            done_at=row["done_at"],
            retry_at=row["retry_at"],
        )
        for row in await tx.all(OF_ALERT, tenant=tenant, number=number, newest=NEWEST, first=FIRST)
    ]
    return found, (row["many"] if row else 0) - len(found)


async def backlog(tx: Tx, tenant: int) -> list[Backlog]:
    """Return what waits for a tenant's channels."""
    rows = await tx.all(BACKLOG, tenant=tenant)
    return [
        Backlog(channel=row["channel"], many=row["many"], first=row["first"], result=row["result"] or "")
        for row in rows
    ]


async def revive(tx: Tx, tenant: int, channel: str, since: int) -> int:
    """Queue once more what was given up since a moment (epoch ms), and say how much that is."""
    return int(await tx.run(REVIVE, tenant=tenant, channel=channel, since=since, dead=f"{DEAD}%"))
