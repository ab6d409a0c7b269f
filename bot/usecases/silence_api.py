"""Silences of a room as programs make and end them, with a key that may act; the room hears of each (product.md 4)."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import mirror
from bot.domain.actor import Person
from bot.domain.errors import Invalid, Unknown
from bot.domain.matcher import Matcher
from bot.domain.notice import Lane, News
from bot.domain.silence import Silence
from bot.domain.tenant import Key
from bot.storage import outbox, silences, tenants
from bot.storage.engine import Storage, Tx
from bot.usecases import silencing

ZONE = "UTC"
SKEW = 60_000
"""Milliseconds by which the clocks of two machines may well differ."""
SAID = "{by} (via key {key}): {text}"
NO_ROOM = "the key's feed has no room that could be silenced"
NO_SILENCE = "silence not found"


async def listed(storage: Storage, key: Key) -> list[Silence]:
    """Return the silences of the feed's room that are not over."""
    room = key.feed.room
    return await storage.look(lambda tx: silences.of_room(tx, key.feed.tenant, room)) if room is not None else []


async def one(storage: Storage, key: Key, number: int) -> Silence:
    """Return a silence of the feed's room, over or not. Raises Unknown."""
    return await storage.look(lambda tx: _one(tx, key, number))


async def make(
    storage: Storage,
    key: Key,
    matchers: Sequence[Matcher],
    *,
    starts_at: int,
    ends_at: int,
    by: str,
    comment: str,
    now: int,
    instead_of: int | None = None,
) -> Silence:
    """Make a silence of the feed's room, or move the end of one whose matchers are the same. Raises Invalid or Unknown."""
    room = key.feed.room
    if room is None:
        raise Invalid(NO_ROOM)

    async def work(tx: Tx) -> Silence:
        await tenants.lock(tx, key.feed.tenant)
        if instead_of is not None:
            known = await _one(tx, key, instead_of)
            if known.ended_at is None and known.matchers == tuple(matchers):
                await silencing.prolong(tx, known, ends_at, now)
                await _say(tx, known, key, by, mirror.prolonged(known, ends_at, now=now, zone_name=ZONE), now)
                return replace(known, ends_at=ends_at)
            await _end(tx, known, key, by, now)
        made = Silence(
            tenant=key.feed.tenant,
            number=await silences.next_number(tx, key.feed.tenant),
            room=room,
            matchers=tuple(matchers),
            created_at=now,
            # Clocks differ a little: what begins about now begins at once.
            starts_at=starts_at if starts_at > now + SKEW else now,
            ends_at=ends_at,
            by=Person(id=f"api:{by}", name=by),
            time_zone=ZONE,
            comment=comment,
        )
        seen = await silencing.look(tx, made.tenant, room, made.matchers, now)
        await silencing.begin(tx, made, now)
        await _say(tx, made, key, by, mirror.made(made, seen, now=now, zone_name=ZONE), now)
        return made

    return await storage.write(work)


async def end(storage: Storage, key: Key, number: int, *, by: str, now: int) -> None:
    """End a silence; one that is over already is over. Raises Unknown."""

    async def work(tx: Tx) -> None:
        await tenants.lock(tx, key.feed.tenant)
        await _end(tx, await _one(tx, key, number), key, by, now)

    await storage.write(work)


async def _end(tx: Tx, known: Silence, key: Key, by: str, now: int) -> None:
    if known.ended_at is None:
        rest = await silencing.end(tx, known, now)
        await _say(tx, known, key, by, mirror.over(rest, by_hand=True, now=now, zone_name=ZONE), now)


async def _one(tx: Tx, key: Key, number: int) -> Silence:
    found = await silences.find(tx, key.feed.tenant, number)
    if found is None or key.feed.room is None or found.room != key.feed.room:
        raise Unknown(NO_SILENCE)
    return found


async def _say(tx: Tx, known: Silence, key: Key, by: str, text: str, now: int) -> None:  # noqa: PLR0917 - one notice's parts
    post = outbox.Post(
        tenant=known.tenant,
        room=known.room,
        news=News.CHANGED,
        lane=Lane.NEWS,
        at=now,
        detail={"why": SAID.format(by=by, key=key.name, text=text)},
    )
    await outbox.add(tx, [post])
