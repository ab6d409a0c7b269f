"""Outbox: what is to be told to rooms, the lease under which one worker tells it, and what was sent when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from bot.domain.notice import Lane, News, Notice
from bot.domain.telling import Telling
from bot.storage.alerts import SLICE
from bot.storage.engine import Row, Tx, Value
from bot.storage.history import FIRST, NEWEST

SENDING = "sending"
"""The result of a row whose attempt has begun: found after a lease ran out, the message may have arrived."""

ADD = """
INSERT INTO outbox (tenant_id, room_id, number, news, lane, detail, at)
VALUES (:tenant_id, :room_id, :number, :news, :lane, :detail, :at)
"""
_OLDEST = "(SELECT MIN(id) FROM outbox WHERE outbox.room_id = rooms.id AND done_at IS NULL)"
# A moment further off than any wait is from before the clock went back: it counts as come.
CLAIM = f"""
UPDATE rooms SET lease_until = :until WHERE id IN (
  SELECT id FROM rooms WHERE (lease_until <= :now OR lease_until > :far) AND (retry_at <= :now OR retry_at > :far)
  AND {_OLDEST} IS NOT NULL
  ORDER BY {_OLDEST} LIMIT :limit {{skip_locked}}
) RETURNING id, tenant_id, failures, lease_until
"""
WAITING = "SELECT * FROM outbox WHERE room_id = :room AND done_at IS NULL ORDER BY id LIMIT :limit"
BEGUN = "UPDATE outbox SET attempts = attempts + 1, result = :result WHERE id IN (:ids)"
DONE = "UPDATE outbox SET done_at = :now, result = :result WHERE id = :id AND done_at IS NULL"
FAILED = "UPDATE outbox SET result = :result WHERE id = :id AND done_at IS NULL"
RELEASE = """
UPDATE rooms SET lease_until = 0, retry_at = :retry_at, failures = :failures, trouble = :trouble
WHERE id = :room AND lease_until = :held
"""
RELEASE_ALL = "UPDATE rooms SET lease_until = 0 WHERE lease_until > 0"
EXTEND = "UPDATE rooms SET lease_until = :until WHERE id = :room AND lease_until = :held"
ADD_SENT = "INSERT INTO sent (room_id, at, answer) VALUES (:room, :at, :answer)"
SENT_SINCE = "SELECT at, answer FROM sent WHERE room_id = :room AND at > :since AND at < :until ORDER BY at"
WAITING_ROOMS = """
SELECT lease_until, retry_at FROM rooms
WHERE EXISTS (SELECT 1 FROM outbox WHERE outbox.room_id = rooms.id AND done_at IS NULL)
"""
# Failures are kept by room, though a host or a token may have failed: what one room hears is a sign for the others.
_HELD_BACK = """trouble <> '' AND retry_at > :now
AND tenant_id IN (SELECT id FROM tenants WHERE host = (SELECT host FROM tenants WHERE id = :tenant))
AND EXISTS (SELECT 1 FROM outbox WHERE outbox.room_id = rooms.id AND done_at IS NULL)"""
HELD_BACK = f"SELECT 1 AS one FROM rooms WHERE {_HELD_BACK} LIMIT 1"
WAKE = f"UPDATE rooms SET retry_at = :now WHERE {_HELD_BACK}"
MOVE = "UPDATE outbox SET room_id = :to WHERE room_id = :room AND done_at IS NULL AND number IS NOT NULL"
LEAVE = """
UPDATE outbox SET done_at = :now, result = :result WHERE room_id = :room AND done_at IS NULL AND number IS NULL
"""
_OF_ALERT = "SELECT id FROM outbox WHERE tenant_id = :tenant AND number = :number"
OF_ALERT = f"""
SELECT outbox.*, rooms.name AS room, rooms.trouble AS trouble, rooms.retry_at AS retry_at
FROM outbox JOIN rooms ON rooms.id = outbox.room_id
WHERE outbox.id IN (
  SELECT id FROM ({_OF_ALERT} ORDER BY id DESC LIMIT :newest) AS newest
  UNION SELECT id FROM ({_OF_ALERT} ORDER BY id LIMIT :first) AS oldest
) ORDER BY outbox.id
"""
MANY_OF_ALERT = "SELECT COUNT(*) AS many FROM outbox WHERE tenant_id = :tenant AND number = :number"
STUCK_TENANTS = """
SELECT DISTINCT tenant_id FROM rooms WHERE (trouble <> '' OR gone_at IS NOT NULL)
AND EXISTS (SELECT 1 FROM outbox WHERE outbox.room_id = rooms.id AND done_at IS NULL)
"""
STUCK = """
SELECT outbox.id, outbox.number, outbox.at FROM rooms JOIN outbox ON outbox.room_id = rooms.id
WHERE rooms.tenant_id = :tenant AND outbox.done_at IS NULL AND outbox.lane = :lane AND outbox.diverted_at IS NULL
AND outbox.number IS NOT NULL AND outbox.at <= :before ORDER BY outbox.id LIMIT :limit
"""
DETAIL = "SELECT detail FROM outbox WHERE id = :id"
DIVERT = "UPDATE outbox SET diverted_at = :now, detail = :detail WHERE id = :id AND done_at IS NULL"
BACKLOG = "SELECT COUNT(*) AS many, MIN(id) AS first FROM outbox WHERE done_at IS NULL"
AT = "SELECT at FROM outbox WHERE id = :id"

FAR = 15 * 60_000
"""Milliseconds that no lease and no wait for another attempt lasts."""
MINUTE = 60_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A notice on its way into the outbox."""

    tenant: int
    room: int
    news: News
    lane: Lane
    at: int
    number: int | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A room that this worker may send into until `until`; `failures` counts the attempts in a row that failed.

    Whoever holds it is known by `until`: who took the room over after that wrote another.
    """

    room: int
    tenant: int
    failures: int
    until: int


def notice_of(row: Row) -> Notice:
    """Read a notice from its row."""
    return Notice(
        id=row["id"],
        news=News(row["news"]),
        lane=Lane(row["lane"]),
        at=row["at"],
        number=row["number"],
        detail=msgspec.json.decode(row["detail"]),
        again=row["result"] == SENDING,
    )


async def add(tx: Tx, posts: Iterable[Post]) -> None:
    """Queue notices."""
    rows: list[Mapping[str, Value]] = [
        {
            "tenant_id": post.tenant,
            "room_id": post.room,
            "number": post.number,
            "news": post.news.value,
            "lane": int(post.lane),
            "detail": msgspec.json.encode(dict(post.detail)).decode(),
            "at": post.at,
        }
        for post in posts
    ]
    if rows:
        await tx.run_many(ADD, rows)


async def claim(tx: Tx, *, now: int, until: int, limit: int) -> list[Lease]:
    """Take rooms that have something waiting and that no other worker holds, those that wait longest first."""
    rows = await tx.all(CLAIM, now=now, until=until, far=now + FAR, limit=limit)
    return [
        Lease(room=row["id"], tenant=row["tenant_id"], failures=row["failures"], until=row["lease_until"])
        for row in rows
    ]


async def waiting(tx: Tx, room: int, limit: int) -> list[Notice]:
    """Return what a room has waiting, oldest first."""
    return [notice_of(row) for row in await tx.all(WAITING, room=room, limit=limit)]


async def begun(tx: Tx, ids: Sequence[int]) -> None:
    """Note, before sending, that it is being sent."""
    for start in range(0, len(ids), SLICE):
        await tx.run(BEGUN, ids=ids[start : start + SLICE], result=SENDING)


async def done(tx: Tx, ids: Sequence[int], now: int, result: str) -> None:
    """Note that notices were told (or, as `result` says, why they never will be)."""
    await tx.run_many(DONE, [{"id": each, "now": now, "result": result} for each in ids])


async def failed(tx: Tx, ids: Sequence[int], result: str) -> None:
    """Note why notices could not be told this time; they stay waiting."""
    await tx.run_many(FAILED, [{"id": each, "result": result} for each in ids])


async def release(tx: Tx, lease: Lease, *, retry_at: int, failures: int, trouble: str) -> bool:
    """Give a room back, to be looked at again from `retry_at` on; say whether it was still held."""
    return bool(
        await tx.run(
            RELEASE, room=lease.room, held=lease.until, retry_at=retry_at, failures=failures, trouble=trouble[:1000]
        )
    )


async def release_all(tx: Tx) -> None:
    """Give all rooms back whoever holds them; what was on its way stays marked as being sent."""
    await tx.run(RELEASE_ALL)


async def extend(tx: Tx, lease: Lease, until: int) -> Lease | None:
    """Keep a room for longer and return the new lease; None when another worker has taken the room over."""
    if not await tx.run(EXTEND, room=lease.room, held=lease.until, until=until):
        return None
    return replace(lease, until=until)


async def add_sent(tx: Tx, room: int, at: int, *, answer: bool) -> None:
    """Count one message into a room: an answer to a command, or news."""
    await tx.run(ADD_SENT, room=room, at=at, answer=answer)


async def sent_since(tx: Tx, room: int, since: int) -> tuple[list[int], list[int]]:
    """Return when messages of news and when answers went into a room after a moment, a minute ago, oldest first.

    What lies more than two minutes after that was sent before the clock went back.
    """
    rows = await tx.all(SENT_SINCE, room=room, since=since, until=since + 2 * MINUTE)
    return [row["at"] for row in rows if not row["answer"]], [row["at"] for row in rows if row["answer"]]


async def next_due(tx: Tx, now: int | None = None) -> int | None:
    """Return when a room with something waiting may next be tried (0: at once); None when nothing waits.

    With `now`, moments too far off count as come, as they do in `claim`.
    """
    rows = await tx.all(WAITING_ROOMS)
    last = None if now is None else now + FAR

    def due(at: int) -> int:
        return 0 if last is not None and at > last else at

    return min((max(due(row["lease_until"]), due(row["retry_at"])) for row in rows), default=None)


async def held_back(tx: Tx, tenant: int, now: int) -> bool:
    """Whether a room of a tenant's host waits for another attempt because earlier ones failed."""
    return await tx.one(HELD_BACK, tenant=tenant, now=now) is not None


async def wake(tx: Tx, tenant: int, now: int) -> int:
    """Let the rooms of a tenant's host be tried at once; return how many."""
    return await tx.run(WAKE, tenant=tenant, now=now)


async def move(tx: Tx, room: int, to: int) -> int:
    """Hand the news of alerts that a room has waiting to another room; return how much it was."""
    return await tx.run(MOVE, room=room, to=to)


async def leave(tx: Tx, room: int, now: int, result: str) -> None:
    """Give up what a room has waiting that no other room wants: its greeting, its answers."""
    await tx.run(LEAVE, room=room, now=now, result=result)


async def tellings_of(tx: Tx, tenant: int, number: int, home: str) -> tuple[list[Telling], int]:
    """Return what became of the first notices about an alert and of the newest, oldest first, and how many are left out.

    `home` is the name of the alert's own room.
    """
    row = await tx.one(MANY_OF_ALERT, tenant=tenant, number=number)
    found = [
        Telling(
            news=News(row["news"]),
            at=row["at"],
            room=row["room"],
            home=home,
            attempts=row["attempts"],
            result=row["result"],
            done_at=row["done_at"],
            trouble=row["trouble"],
            retry_at=row["retry_at"],
            sending=row["result"] == SENDING,
        )
        for row in await tx.all(OF_ALERT, tenant=tenant, number=number, newest=NEWEST, first=FIRST)
    ]
    return found, (row["many"] if row else 0) - len(found)


async def backlog(tx: Tx) -> tuple[int, int | None]:
    """Return how many notices wait, and since when the oldest does."""
    row = await tx.one(BACKLOG)
    if row is None or row["first"] is None:
        return 0, None
    first = await tx.one(AT, id=row["first"])
    return row["many"], first["at"] if first else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    """Critical news of an alert that its room could not be told so far."""

    id: int
    number: int
    at: int


async def stuck_tenants(tx: Tx) -> list[int]:
    """Return the tenants with rooms that cannot be told what waits for them."""
    return [row["tenant_id"] for row in await tx.all(STUCK_TENANTS)]


async def stuck(tx: Tx, tenant: int, *, before: int, limit: int) -> list[Stuck]:
    """Return a tenant's critical news that has waited since before a moment (epoch ms), oldest first."""
    rows = await tx.all(STUCK, tenant=tenant, lane=int(Lane.CRITICAL), before=before, limit=limit)
    return [Stuck(id=row["id"], number=row["number"], at=row["at"]) for row in rows]


async def divert(tx: Tx, notice: int, channel: str, now: int) -> None:
    """Note that a channel was told instead; the room hears so when it can be told."""
    row = await tx.one(DETAIL, id=notice)
    detail = msgspec.json.decode(row["detail"]) if row else {}
    text = msgspec.json.encode({**detail, "diverted": channel}).decode()
    await tx.run(DIVERT, id=notice, now=now, detail=text)
