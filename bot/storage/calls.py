"""Calls: what people asked for in rooms, so that each is done once, answered the same again, and can be undone."""

from dataclasses import dataclass

from bot.storage.engine import Row, Tx

FIND = "SELECT * FROM calls WHERE tenant_id = :tenant AND room_id = :room AND message_id = :message"
ADD = """
INSERT INTO calls (tenant_id, room_id, message_id, via, person_id, at, reply, undo)
VALUES (:tenant, :room, :message, :via, :person, :at, :reply, :undo)
"""
LAST_UNDO = """
SELECT * FROM calls WHERE tenant_id = :tenant AND room_id = :room AND person_id = :person AND at > :since AND undo <> ''
ORDER BY at DESC LIMIT 1
"""
SPENT = "UPDATE calls SET undo = '' WHERE tenant_id = :tenant AND room_id = :room AND message_id = :message"
ASK = """
INSERT INTO questions (tenant_id, room_id, person_id, at, command, numbers)
VALUES (:tenant, :room, :person, :at, :command, :numbers)
ON CONFLICT (tenant_id, room_id, person_id) DO UPDATE SET at = excluded.at, command = excluded.command,
numbers = excluded.numbers
"""
ASKED = """
SELECT * FROM questions WHERE tenant_id = :tenant AND room_id = :room AND person_id = :person AND at > :since
"""
ANSWERED = "DELETE FROM questions WHERE tenant_id = :tenant AND room_id = :room AND person_id = :person"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A command that was done. `via` names the webhook; `reply` the body that was answered, `undo` how to take it back."""

    tenant: int
    room: int
    message: str
    via: str
    person: str
    at: int
    reply: str
    undo: str = ""


def _call(row: Row) -> Call:
    return Call(
        tenant=row["tenant_id"],
        room=row["room_id"],
        message=row["message_id"],
        via=row["via"],
        person=row["person_id"],
        at=row["at"],
        reply=row["reply"],
        undo=row["undo"],
    )


async def find(tx: Tx, *, tenant: int, room: int, message: str) -> Call | None:
    """Return what was done for a message, or None."""
    row = await tx.one(FIND, tenant=tenant, room=room, message=message)
    return _call(row) if row else None


async def add(tx: Tx, call: Call) -> None:
    """Remember what was done for a message. Raises Conflict when it was done already."""
    await tx.run(
        ADD,
        tenant=call.tenant,
        room=call.room,
        message=call.message,
        via=call.via,
        person=call.person,
        at=call.at,
        reply=call.reply,
        undo=call.undo,
    )


async def last_undo(tx: Tx, *, tenant: int, room: int, person: str, since: int) -> Call | None:
    """Return a person's newest change in a room that can still be taken back, or None."""
    row = await tx.one(LAST_UNDO, tenant=tenant, room=room, person=person, since=since)
    return _call(row) if row else None


async def spent(tx: Tx, call: Call) -> None:
    """Note that a change was taken back: once is enough."""
    await tx.run(SPENT, tenant=call.tenant, room=call.room, message=call.message)


async def ask(tx: Tx, *, tenant: int, room: int, person: str, at: int, command: str, numbers: str) -> None:
    """Remember what a person was asked; a newer question replaces it."""
    await tx.run(ASK, tenant=tenant, room=room, person=person, at=at, command=command, numbers=numbers)


async def asked(tx: Tx, *, tenant: int, room: int, person: str, since: int) -> tuple[str, str] | None:
    """Return the command and the numbers that a person was asked about since a moment, or None."""
    row = await tx.one(ASKED, tenant=tenant, room=room, person=person, since=since)
    return (row["command"], row["numbers"]) if row else None


async def answered(tx: Tx, *, tenant: int, room: int, person: str) -> None:
    """Forget a question."""
    await tx.run(ANSWERED, tenant=tenant, room=room, person=person)
