"""Inbox: raw bodies as they came, and resolves that came before any firing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.storage.alerts import SLICE
from bot.storage.engine import Tx, Value

ADD_BODY = "INSERT INTO bodies (feed_id, dialect, at, body) VALUES (:feed, :dialect, :at, :body)"
KEPT = "SELECT * FROM bodies WHERE feed_id = :feed AND id > :after ORDER BY id LIMIT :limit"
LAST = "SELECT body FROM bodies WHERE feed_id = :feed AND dialect = :dialect ORDER BY id DESC LIMIT 1"
RESOLVED = "SELECT dedup_key, at FROM resolves WHERE feed_id = :feed AND dedup_key IN (:keys) AND at > :since"
REMEMBER = """
INSERT INTO resolves (feed_id, dedup_key, at) VALUES (:feed, :dedup_key, :at)
ON CONFLICT (feed_id, dedup_key) DO UPDATE SET at = excluded.at
"""
CAME = "SELECT delivery_id FROM deliveries WHERE feed_id = :feed AND delivery_id IN (:ids) AND at > :since"
REMEMBER_CAME = """
INSERT INTO deliveries (feed_id, delivery_id, at) VALUES (:feed, :id, :at)
ON CONFLICT (feed_id, delivery_id) DO UPDATE SET at = excluded.at
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """A request body as it came."""

    feed: int
    dialect: str
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A request body that came at a moment (epoch ms)."""

    id: int
    dialect: str
    at: int
    body: bytes


async def keep(tx: Tx, bodies: Iterable[Body], now: int) -> None:
    """Keep raw bodies, so that they can be read again when a parser is mended."""
    rows: list[Mapping[str, Value]] = [
        {"feed": body.feed, "dialect": body.dialect, "at": now, "body": body.body} for body in bodies
    ]
    if rows:
        await tx.run_many(ADD_BODY, rows)


async def kept(tx: Tx, feed: int, after: int, limit: int) -> list[Kept]:
    """Return what a feed was sent, oldest first, a page after an id."""
    return [
        Kept(id=row["id"], dialect=row["dialect"], at=row["at"], body=bytes(row["body"]))
        for row in await tx.all(KEPT, feed=feed, after=after, limit=limit)
    ]


async def last(tx: Tx, feed: int, dialect: str) -> bytes | None:
    """Return the last message of a dialect that a feed was sent, as far as messages are kept."""
    row = await tx.one(LAST, feed=feed, dialect=dialect)
    return bytes(row["body"]) if row else None


async def resolved_before(tx: Tx, feed: int, keys: Sequence[str], since: int) -> dict[str, int]:
    """Return when each key was resolved before anything was heard of it, as far as that is remembered."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), SLICE):
        for row in await tx.all(RESOLVED, feed=feed, keys=keys[start : start + SLICE], since=since):
            found[row["dedup_key"]] = row["at"]
    return found


async def remember_resolves(tx: Tx, feed: int, keys: Iterable[str], now: int) -> None:
    """Remember resolves of problems that nobody reported yet."""
    rows: list[Mapping[str, Value]] = [{"feed": feed, "dedup_key": key, "at": now} for key in keys]
    if rows:
        await tx.run_many(REMEMBER, rows)


async def came(tx: Tx, feed: int, ids: Sequence[str], since: int) -> set[str]:
    """Return which of these messages have come to a feed since a moment (epoch ms)."""
    found: set[str] = set()
    for start in range(0, len(ids), SLICE):
        rows = await tx.all(CAME, feed=feed, ids=ids[start : start + SLICE], since=since)
        found |= {row["delivery_id"] for row in rows}
    return found


async def remember_came(tx: Tx, feed: int, ids: Iterable[str], now: int) -> None:
    """Remember what senders call the messages that came."""
    rows: list[Mapping[str, Value]] = [{"feed": feed, "id": each, "at": now} for each in ids]
    if rows:
        await tx.run_many(REMEMBER_CAME, rows)
