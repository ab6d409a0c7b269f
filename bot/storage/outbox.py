"""Outbox: what is to be told to rooms, the lease under which one worker tells it, and what was sent when."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.notice import Lane, News, Notice
from bot.storage.alerts import SLICE
from bot.storage.engine import Row, Tx, Value

SENDING = "sending"
"""The result of a row whose attempt has begun: found after a lease ran out, the message may have arrived."""

ADD = """
INSERT INTO outbox (tenant_id, room_id, number, news, lane, detail, at)
VALUES (:tenant_id, :room_id, :number, :news, :lane, :detail, :at)
"""
CLAIM = """
UPDATE rooms SET lease_until = :until WHERE id IN (
  SELECT id FROM rooms WHERE lease_until <= :now AND retry_at <= :now
  AND EXISTS (SELECT 1 FROM outbox WHERE outbox.room_id = rooms.id AND done_at IS NULL)
  ORDER BY id LIMIT :limit {skip_locked}
) RETURNING id, tenant_id, failures
"""
WAITING = "SELECT * FROM outbox WHERE room_id = :room AND done_at IS NULL ORDER BY id LIMIT :limit"
BEGUN = "UPDATE outbox SET attempts = attempts + 1, result = :result WHERE id IN (:ids)"
DONE = "UPDATE outbox SET done_at = :now, result = :result WHERE id = :id AND done_at IS NULL"
FAILED = "UPDATE outbox SET result = :result WHERE id = :id AND done_at IS NULL"
RELEASE = """
UPDATE rooms SET lease_until = 0, retry_at = :retry_at, failures = :failures, trouble = :trouble WHERE id = :room
"""
EXTEND = "UPDATE rooms SET lease_until = :until WHERE id = :room"
ADD_SENT = "INSERT INTO sent (room_id, at, answer) VALUES (:room, :at, :answer)"
SENT_SINCE = "SELECT at, answer FROM sent WHERE room_id = :room AND at > :since ORDER BY at"
FORGET_SENT = "DELETE FROM sent WHERE at < :before"
NEXT_DUE = """
SELECT MIN(CASE WHEN lease_until > retry_at THEN lease_until ELSE retry_at END) AS due FROM rooms
WHERE EXISTS (SELECT 1 FROM outbox WHERE outbox.room_id = rooms.id AND done_at IS NULL)
"""
MOVE = "UPDATE outbox SET room_id = :to WHERE room_id = :room AND done_at IS NULL"
OF_ALERT = "SELECT * FROM outbox WHERE tenant_id = :tenant AND number = :number ORDER BY id"
BACKLOG = "SELECT COUNT(*) AS many, MIN(at) AS oldest FROM outbox WHERE done_at IS NULL"


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
    """A room that this worker may send into for a while; `failures` counts the attempts in a row that failed."""

    room: int
    tenant: int
    failures: int


def notice_of(row: Row) -> Notice:
    """Read a notice from its row."""
    return Notice(
        id=row["id"],
        news=News(row["news"]),
        lane=Lane(row["lane"]),
        at=row["at"],
        number=row["number"],
        detail=json.loads(row["detail"]),
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
            "detail": json.dumps(dict(post.detail), ensure_ascii=False),
            "at": post.at,
        }
        for post in posts
    ]
    if rows:
        await tx.run_many(ADD, rows)


async def claim(tx: Tx, *, now: int, until: int, limit: int) -> list[Lease]:
    """Take rooms that have something waiting and that no other worker holds."""
    rows = await tx.all(CLAIM, now=now, until=until, limit=limit)
    return [Lease(room=row["id"], tenant=row["tenant_id"], failures=row["failures"]) for row in rows]


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


async def release(tx: Tx, room: int, *, retry_at: int, failures: int, trouble: str) -> None:
    """Give a room back, to be looked at again from `retry_at` on."""
    await tx.run(RELEASE, room=room, retry_at=retry_at, failures=failures, trouble=trouble)


async def extend(tx: Tx, room: int, until: int) -> None:
    """Keep a room for longer."""
    await tx.run(EXTEND, room=room, until=until)


async def add_sent(tx: Tx, room: int, at: int, *, answer: bool) -> None:
    """Count one message into a room: an answer to a command, or news."""
    await tx.run(ADD_SENT, room=room, at=at, answer=answer)


async def sent_since(tx: Tx, room: int, since: int) -> tuple[list[int], list[int]]:
    """Return when messages of news and when answers went into a room after a moment, oldest first."""
    rows = await tx.all(SENT_SINCE, room=room, since=since)
    return [row["at"] for row in rows if not row["answer"]], [row["at"] for row in rows if row["answer"]]


async def forget_sent(tx: Tx, before: int) -> None:
    """Drop counts that no budget looks at any more."""
    await tx.run(FORGET_SENT, before=before)


async def next_due(tx: Tx) -> int | None:
    """Return when a room with something waiting may next be tried; None when nothing waits."""
    row = await tx.one(NEXT_DUE)
    due: int | None = row["due"] if row else None
    return due


async def move(tx: Tx, room: int, to: int) -> int:
    """Hand what a room has waiting to another room; return how much it was."""
    return await tx.run(MOVE, room=room, to=to)


async def of_alert(tx: Tx, tenant: int, number: int) -> list[tuple[Notice, int | None, str]]:
    """Return every notice about an alert with when it was done and with what result."""
    rows = await tx.all(OF_ALERT, tenant=tenant, number=number)
    return [(notice_of(row), row["done_at"], row["result"]) for row in rows]


async def backlog(tx: Tx) -> tuple[int, int | None]:
    """Return how many notices wait, and since when the oldest does."""
    row = await tx.one(BACKLOG)
    return (row["many"], row["oldest"]) if row else (0, None)
