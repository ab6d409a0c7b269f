"""Heartbeat: a backend that falls silent is an alert, which is over when it is heard again (alert-sources.md 1.15)."""

from dataclasses import dataclass

from bot.domain.alert import RULES, Rules
from bot.domain.signal import Kind, Severity, Signal
from bot.domain.spans import MINUTE
from bot.domain.tenant import Feed
from bot.domain.times import lasting
from bot.storage import feeds, heartbeats, tenants, timers
from bot.storage.engine import Storage, Tx
from bot.storage.heartbeats import Heartbeat
from bot.storage.timers import Timer
from bot.usecases.due import Due
from bot.usecases.ingest import Delivery, receive

SENDER = "heartbeat"
EVERY = 5 * MINUTE
GRACE = MINUTE
SEVERITY = Severity.ERROR
MISSED = "heartbeat {name} missed: nothing was heard for {silent}, it is expected every {every}"
BACK = "heartbeat {name} is back"


@dataclass(frozen=True, kw_only=True, slots=True)
class Beaten:
    """A heartbeat after it was heard, and whether it had been missed."""

    heartbeat: Heartbeat | None
    was_missed: bool


async def beat(
    storage: Storage,
    feed: Feed,
    name: str,
    *,
    every: int | None,
    grace: int | None,
    at_first: int = EVERY,
    now: int,
    rules: Rules = RULES,
) -> Beaten:
    """Note that a sender was heard; spans that it does not say are as they were, or at first `at_first` and a minute."""

    async def work(tx: Tx) -> Beaten:
        await tenants.lock(tx, feed.tenant)
        before = await heartbeats.find(tx, feed.id, name)
        found = await heartbeats.beat(
            tx,
            feed,
            name,
            every=every or (before.every if before else at_first),
            grace=grace if grace is not None else (before.grace if before else GRACE),
            now=now,
        )
        await timers.arm(tx, [Timer(kind=timers.HEARTBEAT, tenant=feed.tenant, number=found.id, due_at=found.due_at)])
        if before is not None and before.missed:
            await _say(tx, feed, found, Kind.RESOLVED, BACK.format(name=name), now, rules)
        return Beaten(heartbeat=found, was_missed=before is not None and before.missed)

    return await storage.write(work, urgent=True)


async def one(storage: Storage, feed: Feed, name: str) -> Heartbeat | None:
    """Return a feed's heartbeat; None when there is none of that name."""
    return await storage.look(lambda tx: heartbeats.find(tx, feed.id, name))


async def listed(storage: Storage, feed: Feed) -> list[Heartbeat]:
    """Return a feed's heartbeats by their names."""
    return await storage.look(lambda tx: heartbeats.of_feed(tx, feed.id))


async def stop(storage: Storage, feed: Feed, name: str, *, now: int, rules: Rules = RULES) -> Beaten:
    """Expect a sender no more; what was missed is over."""

    async def work(tx: Tx) -> Beaten:
        await tenants.lock(tx, feed.tenant)
        before = await heartbeats.find(tx, feed.id, name)
        if before is not None:
            await heartbeats.stop(tx, before.id)
            if before.missed:
                await _say(tx, feed, before, Kind.RESOLVED, BACK.format(name=name), now, rules)
        return Beaten(heartbeat=None, was_missed=before is not None and before.missed)

    return await storage.write(work, urgent=True)


async def miss(due: Due, timer: Timer) -> None:
    """Open the alert of a sender that was not heard in time; after a start it gets its time to be heard."""
    found = await heartbeats.by_id(due.tx, due.tenant, timer.number)
    if found is None or found.missed:
        return
    wait = found.every + found.grace
    due_at = found.due_at if found.beat_at >= due.started_at else max(found.due_at, due.started_at + wait)
    if due.now < due_at:
        due.again(timer, due_at)
        return
    feed = await feeds.feed(due.tx, found.feed)
    assert feed is not None
    await heartbeats.missed(due.tx, found.id)
    silent = lasting(max(0, due.now - found.beat_at))
    words = MISSED.format(name=found.name, silent=silent, every=lasting(found.every))
    await due.flush()
    await _say(due.tx, feed, found, Kind.FIRING, words, due.now, due.rules)


async def _say(tx: Tx, feed: Feed, found: Heartbeat, kind: Kind, words: str, now: int, rules: Rules) -> None:  # noqa: PLR0917 - one signal's parts
    signal = Signal(
        dedup_key=f"heartbeat:{found.name}",
        summary=words,
        sender=SENDER,
        kind=kind,
        severity=SEVERITY,
        source=SENDER,
        labels={"heartbeat": found.name},
    )
    await receive(tx, [Delivery(feed=feed, dialect=SENDER, body=b"", items=[signal])], now, rules)
