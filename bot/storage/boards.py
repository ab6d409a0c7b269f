"""Boards: what is active in each room, and what each room's glance showed last."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.alert import State
from bot.domain.board import Board
from bot.domain.signal import Severity
from bot.storage.engine import Tx

# Grouped in the order of the index of what is active: by the other order the room's closed alerts would be read too.
OF_ROOM = """
SELECT state, severity, COUNT(*) AS many FROM alerts
WHERE tenant_id = :tenant AND room_id = :room AND state <> 'closed' GROUP BY severity, state
"""
ROOMS = "SELECT id, tenant_id, hipchat_id, glance, glance_at FROM rooms WHERE gone_at IS NULL ORDER BY glance_at"
PUT = """
UPDATE rooms SET glance = :glance, glance_at = :now
WHERE id = :room AND glance = :before AND (glance_at <= :since OR glance_at > :now)
"""
LAST_CHANGE = "SELECT id FROM history ORDER BY id DESC LIMIT 1"
CHANGED = "SELECT DISTINCT tenant_id FROM history WHERE id > :since AND id <= :last"
BACK = "UPDATE rooms SET glance = '' WHERE id = :room AND glance = :glance"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A room by our id, and what its glance was told to show last (empty: nothing yet), at which moment (epoch ms)."""

    room: int
    tenant: int
    hipchat_id: int
    glance: str
    at: int


async def of_room(tx: Tx, tenant: int, room: int) -> Board:
    """Return the board of a room."""
    counts: dict[State, int] = {}
    worst: Severity | None = None
    for row in await tx.all(OF_ROOM, tenant=tenant, room=room):
        state, severity = State(row["state"]), Severity(row["severity"])
        counts[state] = counts.get(state, 0) + row["many"]
        if state is State.OPEN:
            worst = severity if worst is None else max(worst, severity)
    return Board(counts=counts, worst=worst)


async def shown(tx: Tx) -> Sequence[Shown]:
    """Return what every room's glance shows, the longest unchanged first."""
    return [
        Shown(
            room=row["id"],
            tenant=row["tenant_id"],
            hipchat_id=row["hipchat_id"],
            glance=row["glance"],
            at=row["glance_at"],
        )
        for row in await tx.all(ROOMS)
    ]


async def put(tx: Tx, known: Shown, glance: str, *, now: int, pause: int) -> bool:
    """Note that a glance shows something else from now on; False when another process was faster, or it is too early."""
    return bool(await tx.run(PUT, room=known.room, glance=glance, before=known.glance, now=now, since=now - pause))


async def take_back(tx: Tx, room: int, glance: str) -> None:
    """Note that a glance could not be shown after all."""
    await tx.run(BACK, room=room, glance=glance)


async def last_change(tx: Tx) -> int:
    """Return the id of the newest history row of all; 0 before the first."""
    row = await tx.one(LAST_CHANGE)
    return int(row["id"]) if row else 0


async def changed_since(tx: Tx, since: int, last: int) -> set[int]:
    """Return the tenants of whom something happened: of the history rows after one id, up to another."""
    return {int(row["tenant_id"]) for row in await tx.all(CHANGED, since=since, last=last)}
