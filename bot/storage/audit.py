"""Audit: who changed a tenant's configuration, and what."""

from dataclasses import dataclass

from bot.domain.actor import Actor
from bot.storage.engine import Tx

ADD = """
INSERT INTO audit (tenant_id, room_id, at, person_id, name, what) VALUES (:tenant, :room, :at, :person, :name, :what)
"""
OF_ROOM = "SELECT * FROM audit WHERE tenant_id = :tenant AND room_id = :room ORDER BY id DESC LIMIT :limit"
OF_TENANT = "SELECT * FROM audit WHERE tenant_id = :tenant ORDER BY id DESC LIMIT :limit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One change: when (epoch ms), by whom, and what."""

    at: int
    name: str
    what: str


async def add(tx: Tx, *, tenant: int, room: int | None, by: Actor, what: str, now: int) -> None:
    """Note a change."""
    await tx.run(ADD, tenant=tenant, room=room, at=now, person=by.id, name=by.name, what=what[:2000])


async def latest(tx: Tx, tenant: int, limit: int, *, room: int | None = None) -> list[Entry]:
    """Return the last changes, newest first: all of a tenant's, or those made from a room's page."""
    if room is None:
        rows = await tx.all(OF_TENANT, tenant=tenant, limit=limit)
    else:
        rows = await tx.all(OF_ROOM, tenant=tenant, room=room, limit=limit)
    return [Entry(at=row["at"], name=row["name"], what=row["what"]) for row in rows]
