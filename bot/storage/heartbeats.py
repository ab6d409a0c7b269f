"""Heartbeats: senders that are expected regularly, and when they were heard last."""

from dataclasses import dataclass

from bot.domain.tenant import Feed
from bot.storage.engine import Row, Tx

FIND = "SELECT * FROM heartbeats WHERE feed_id = :feed AND name = :name"
OF_FEED = "SELECT * FROM heartbeats WHERE feed_id = :feed ORDER BY name"
BY_ID = "SELECT * FROM heartbeats WHERE tenant_id = :tenant AND id = :id"
BEAT = """
INSERT INTO heartbeats (tenant_id, feed_id, name, every_ms, grace_ms, beat_at)
VALUES (:tenant, :feed, :name, :every, :grace, :now)
ON CONFLICT (feed_id, name) DO UPDATE SET every_ms = excluded.every_ms, grace_ms = excluded.grace_ms,
beat_at = excluded.beat_at, missed = FALSE RETURNING *
"""
MISSED = "UPDATE heartbeats SET missed = TRUE WHERE id = :id"
STOP = "DELETE FROM heartbeats WHERE id = :id"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat:
    """A sender: how often it is heard (milliseconds), how much later is no harm, and when it was last (epoch ms)."""

    id: int
    feed: int
    name: str
    every: int
    grace: int
    beat_at: int
    missed: bool

    @property
    def due_at(self) -> int:
        """When it is missed."""
        return self.beat_at + self.every + self.grace


def _heartbeat(row: Row) -> Heartbeat:
    return Heartbeat(
        id=row["id"],
        feed=row["feed_id"],
        name=row["name"],
        every=row["every_ms"],
        grace=row["grace_ms"],
        beat_at=row["beat_at"],
        missed=bool(row["missed"]),
    )


async def find(tx: Tx, feed: int, name: str) -> Heartbeat | None:
    """Return a feed's heartbeat by its name."""
    row = await tx.one(FIND, feed=feed, name=name)
    return _heartbeat(row) if row else None


async def of_feed(tx: Tx, feed: int) -> list[Heartbeat]:
    """Return a feed's heartbeats by their names."""
    return [_heartbeat(row) for row in await tx.all(OF_FEED, feed=feed)]


async def by_id(tx: Tx, tenant: int, heartbeat: int) -> Heartbeat | None:
    """Return a tenant's heartbeat by its id."""
    row = await tx.one(BY_ID, tenant=tenant, id=heartbeat)
    return _heartbeat(row) if row else None


async def beat(tx: Tx, feed: Feed, name: str, *, every: int, grace: int, now: int) -> Heartbeat:
    """Note that a sender was heard."""
    row = await tx.one(BEAT, tenant=feed.tenant, feed=feed.id, name=name, every=every, grace=grace, now=now)
    assert row is not None
    return _heartbeat(row)


async def missed(tx: Tx, heartbeat: int) -> None:
    """Note that a sender was not heard in time."""
    await tx.run(MISSED, id=heartbeat)


async def stop(tx: Tx, heartbeat: int) -> None:
    """Expect a sender no more."""
    await tx.run(STOP, id=heartbeat)
