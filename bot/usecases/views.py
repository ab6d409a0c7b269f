"""Views: what the holder of a key may read: the alerts of its feed, their history, and the key itself."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain.alert import Alert, Event, State
from bot.domain.condition import Condition, bounds, holds
from bot.domain.errors import Unknown
from bot.domain.signal import Severity
from bot.domain.tenant import Key, Room
from bot.storage import alerts, feeds, history, search, tenants
from bot.storage.engine import Storage, Tx, Work

STRIDE = 500
"""How many alerts one look at the database brings."""
NO_ALERT = "there is no alert {number} in this feed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An alert beside the room that it belongs to."""

    alert: Alert
    room: Room | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Alerts, newest first; `before` is the number that the next page begins below, None on the last one."""

    alerts: list[Shown]
    before: int | None


async def key_with(storage: Storage, secret: str) -> Key | None:
    """Return the live key that has this secret, or None."""
    async with storage.read() as tx:
        return await feeds.key_by_secret(tx, secret)


async def page(
    storage: Storage,
    key: Key,
    *,
    states: frozenset[State],
    severities: frozenset[Severity] = frozenset(Severity),
    labels: Sequence[tuple[str, str]] = (),
    words: Sequence[str] = (),
    before: int | None = None,
    limit: int,
) -> Page:
    """Return a page of the feed's alerts that have all of these labels (name, value) and words."""
    query = search.Query(
        tenant=key.feed.tenant,
        feed=key.feed.id,
        states=states,
        severities=severities,
        labels=[(name, True, value) for name, value in labels],
        words=words,
        before=before,
    )
    async with storage.read() as tx:
        found = await search.find(tx, query, limit=limit + 1)
        shown = await _shown(tx, key, found[:limit])
    return Page(alerts=shown, before=found[limit - 1].number if len(found) > limit else None)


async def where(storage: Storage, key: Key, condition: Condition) -> AsyncIterator[Alert]:
    """Give the feed's alerts that a condition holds for, newest first; they are read in strides, so that others have their turn between them."""
    within = bounds(condition)
    query = search.Query(
        tenant=key.feed.tenant,
        feed=key.feed.id,
        states=within.states,
        severities=within.severities,
        words=within.words,
        dedup_key=within.dedup_key,
    )
    while within.states and within.severities:
        found, fitting = await storage.look(_stride(query, condition))
        for alert in fitting:
            yield alert
        if len(found) < STRIDE:
            break
        query = replace(query, before=found[-1].number)


def _stride(query: search.Query, condition: Condition) -> Work[tuple[list[Alert], list[Alert]]]:
    async def work(tx: Tx) -> tuple[list[Alert], list[Alert]]:
        found = await search.find(tx, query, limit=STRIDE)
        return found, [alert for alert in found if holds(condition, alert)]

    return work


async def one(storage: Storage, key: Key, number: int) -> Shown:
    """Return an alert of the key's feed. Raises Unknown."""
    async with storage.read() as tx:
        return (await _shown(tx, key, [await _alert(tx, key, number)]))[0]


async def latest(storage: Storage, key: Key, dedup_key: str) -> Alert | None:
    """Return the newest alert of a dedup key in the key's feed, or None."""
    async with storage.read() as tx:
        return (await alerts.latest_of(tx, key.feed.id, [dedup_key])).get(dedup_key)


async def beside_room(storage: Storage, key: Key, alert: Alert) -> Shown:
    """Return an alert that is already known, beside its room."""
    async with storage.read() as tx:
        return (await _shown(tx, key, [alert]))[0]


async def history_of(
    storage: Storage, key: Key, number: int, *, after: int = 0, limit: int
) -> tuple[list[Event], int | None]:
    """Return a page of the history of an alert of the key's feed, oldest first, and where the next one begins. Raises Unknown."""
    async with storage.read() as tx:
        await _alert(tx, key, number)
        return await history.page(tx, key.feed.tenant, number, after=after, limit=limit)


async def _alert(tx: Tx, key: Key, number: int) -> Alert:
    alert = (await alerts.by_numbers(tx, key.feed.tenant, [number])).get(number)
    if alert is None or alert.feed != key.feed.id:
        raise Unknown(NO_ALERT.format(number=number))
    return alert


async def _shown(tx: Tx, key: Key, found: Iterable[Alert]) -> list[Shown]:
    rooms = {room.id: room for room in await tenants.rooms(tx, key.feed.tenant)}
    return [Shown(alert=alert, room=None if alert.room is None else rooms.get(alert.room)) for alert in found]
