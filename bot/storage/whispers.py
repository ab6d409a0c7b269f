"""Whispers: private messages on their way to people, each sent by one worker at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.storage.engine import Row, Tx, Value

ADD = """
INSERT INTO whispers (tenant_id, room_id, number, person, text, at)
VALUES (:tenant_id, :room_id, :number, :person, :text, :at)
"""
CLAIM = """
UPDATE whispers SET retry_at = :until, attempts = attempts + 1 WHERE id IN (
  SELECT id FROM whispers WHERE done_at IS NULL AND retry_at <= :now ORDER BY retry_at, id LIMIT :limit {skip_locked}
) RETURNING *
"""
DONE = "UPDATE whispers SET done_at = :now, result = :result WHERE id = :id AND done_at IS NULL"
LATER = "UPDATE whispers SET retry_at = :retry_at, result = :result WHERE id = :id AND done_at IS NULL"
RELEASE_ALL = "UPDATE whispers SET retry_at = 0 WHERE done_at IS NULL AND retry_at > :now AND retry_at <= :until"
NEXT = "SELECT MIN(retry_at) AS due FROM whispers WHERE done_at IS NULL"
FORGET = "DELETE FROM whispers WHERE done_at < :before"


@dataclass(frozen=True, kw_only=True, slots=True)
class Whisper:
    """A private message: to whom (a mention name), what, and the room that hears when it cannot be sent."""

    tenant: int
    room: int
    person: str
    text: str
    at: int
    number: int | None = None
    id: int = 0
    attempts: int = 0


def whisper_of(row: Row) -> Whisper:
    """Read a private message from its row."""
    return Whisper(
        id=row["id"],
        tenant=row["tenant_id"],
        room=row["room_id"],
        number=row["number"],
        person=row["person"],
        text=row["text"],
        at=row["at"],
        attempts=row["attempts"],
    )


async def add(tx: Tx, whispers: Iterable[Whisper]) -> None:
    """Queue private messages."""
    rows: list[Mapping[str, Value]] = [
        {
            "tenant_id": each.tenant,
            "room_id": each.room,
            "number": each.number,
            "person": each.person,
            "text": each.text,
            "at": each.at,
        }
        for each in whispers
    ]
    if rows:
        await tx.run_many(ADD, rows)


async def claim(tx: Tx, *, now: int, until: int, limit: int) -> list[Whisper]:
    """Take messages that nobody else will try before `until` (epoch ms)."""
    rows = await tx.all(CLAIM, now=now, until=until, limit=limit)
    return sorted((whisper_of(row) for row in rows), key=lambda each: each.id)


async def release_all(tx: Tx, now: int, until: int) -> None:
    """Let messages be tried now that somebody took until a moment at the latest (epoch ms)."""
    await tx.run(RELEASE_ALL, now=now, until=until)


async def done(tx: Tx, whisper: int, now: int, result: str) -> None:
    """Note that a message was sent, or why it never will be."""
    await tx.run(DONE, id=whisper, now=now, result=result)


async def later(tx: Tx, whisper: int, retry_at: int, result: str) -> None:
    """Note when a message is tried again, and why it was not sent."""
    await tx.run(LATER, id=whisper, retry_at=retry_at, result=result)


async def next_due(tx: Tx) -> int | None:
    """Return when a message may next be tried, or None."""
    row = await tx.one(NEXT)
    due: int | None = row["due"] if row else None
    return due


async def forget(tx: Tx, before: int) -> None:
    """Drop messages that were done with before a moment (epoch ms)."""
    await tx.run(FORGET, before=before)
