"""Feeds and their keys."""

import hashlib
from collections.abc import Collection

from bot.domain.tenant import Feed, Key, Scope
from bot.storage.alerts import SLICE
from bot.storage.engine import Row, Tx

ADD_FEED = """
INSERT INTO feeds (tenant_id, name, room_id, created_at) VALUES (:tenant, :name, :room, :now)
ON CONFLICT (tenant_id, name) DO UPDATE SET room_id = COALESCE(excluded.room_id, feeds.room_id) RETURNING *
"""
FEEDS = "SELECT * FROM feeds WHERE tenant_id = :tenant ORDER BY id"
FEED = "SELECT * FROM feeds WHERE id = :id"
ADD_KEY = """
INSERT INTO keys (feed_id, name, hash, folded, scopes, created_at)
VALUES (:feed, :name, :hash, :folded, :scopes, :now) RETURNING id
"""
_KEY = """
SELECT keys.id AS key_id, keys.name AS key_name, keys.scopes, keys.created_at AS key_made_at, keys.revoked_at, feeds.*
FROM keys JOIN feeds ON feeds.id = keys.feed_id
"""
KEY_BY_HASH = _KEY + "WHERE keys.hash = :hash AND keys.revoked_at IS NULL"
KEY_BY_FOLDED = _KEY + "WHERE keys.folded = :folded AND keys.revoked_at IS NULL ORDER BY keys.id LIMIT 1"
AMONG = "SELECT hash FROM keys WHERE hash IN (:hashes)"
KEYS = _KEY + "WHERE feeds.tenant_id = :tenant ORDER BY keys.id"
REVOKE = "UPDATE keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL"


def digest_of(secret: str) -> str:
    """Return what is stored of a key: keys are 190 random bits, so a plain hash is as good as a slow one."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def feed_of(row: Row) -> Feed:
    """Read a feed from its row."""
    return Feed(id=row["id"], tenant=row["tenant_id"], name=row["name"], room=row["room_id"])


def key_of(row: Row) -> Key:
    """Read a key, with its feed, from its row."""
    return Key(
        id=row["key_id"],
        name=row["key_name"],
        feed=feed_of(row),
        scopes=frozenset(Scope(word) for word in row["scopes"].split()),
        created_at=row["key_made_at"],
        revoked_at=row["revoked_at"],
    )


async def add_feed(tx: Tx, *, tenant: int, name: str, room: int | None, now: int) -> Feed:
    """Return a tenant's feed of this name, made now if it is new; a room given here becomes its default room."""
    row = await tx.one(ADD_FEED, tenant=tenant, name=name, room=room, now=now)
    assert row is not None
    return feed_of(row)


async def feeds(tx: Tx, tenant: int) -> list[Feed]:
    """Return a tenant's feeds, oldest first."""
    return [feed_of(row) for row in await tx.all(FEEDS, tenant=tenant)]


async def feed(tx: Tx, feed_id: int) -> Feed | None:
    """Return a feed, or None."""
    row = await tx.one(FEED, id=feed_id)
    return feed_of(row) if row else None


async def add_key(tx: Tx, *, feed: int, name: str, secret: str, scopes: frozenset[Scope], now: int) -> int:
    """Store a key as a hash and return its id."""
    words = " ".join(sorted(scope.value for scope in scopes))
    row = await tx.one(
        ADD_KEY,
        feed=feed,
        name=name,
        hash=digest_of(secret),
        folded=digest_of(secret.lower()),
        scopes=words,
        now=now,
    )
    assert row is not None
    number: int = row["id"]
    return number


async def key_by_secret(tx: Tx, secret: str) -> Key | None:
    """Return the live key that has this secret, or None."""
    row = await tx.one(KEY_BY_HASH, hash=digest_of(secret))
    return key_of(row) if row else None


async def key_by_address(tx: Tx, secret: str) -> Key | None:
    """Return the live key that has this secret in a mail address, where the case of letters may have been lost, or None."""
    row = await tx.one(KEY_BY_FOLDED, folded=digest_of(secret.lower()))
    return key_of(row) if row else await key_by_secret(tx, secret)


async def among(tx: Tx, texts: Collection[str]) -> set[str]:
    """Return which of these texts are keys, live or revoked, whoever has them."""
    by_hash = {digest_of(text): text for text in texts}
    hashes = list(by_hash)
    found: set[str] = set()
    for start in range(0, len(hashes), SLICE):
        rows = await tx.all(AMONG, hashes=hashes[start : start + SLICE])
        found |= {by_hash[row["hash"]] for row in rows}
    return found


async def keys(tx: Tx, tenant: int) -> list[Key]:
    """Return a tenant's keys, revoked ones too, oldest first."""
    return [key_of(row) for row in await tx.all(KEYS, tenant=tenant)]


async def revoke(tx: Tx, key_id: int, now: int) -> bool:
    """End a key; say whether it was live."""
    return bool(await tx.run(REVOKE, id=key_id, now=now))
