"""What is old goes, what is needed stays (RETENTION_DAYS, RAW_DAYS)."""

import asyncio
import time
from typing import Any

import pytest

from bot.domain.actor import Actor, Via, Who
from bot.domain.alert import Event
from bot.domain.signal import Kind, Severity
from bot.storage import Storage, Tx, calls, history, inbox, outbox
from bot.storage.calls import Call
from bot.storage.engine import Work
from bot.usecases.ingest import Delivery
from bot.usecases.retention import PAGE, clear
from tests.usecases.conftest import Clock, World, settle, signal

DAY = 24


async def counts(world: World) -> dict[str, int]:
    """Count the rows of every table that grows."""
    tables = ("alerts", "history", "outbox", "timers", "bodies", "resolves", "sent", "calls", "questions")
    async with world.storage.read() as tx:
        rows: dict[str, Any] = {
            table: await tx.one(f"SELECT COUNT(*) AS many FROM {table}")  # noqa: S608 - names from above
            for table in tables
        }
    return {table: row["many"] for table, row in rows.items()}


async def run(world: World) -> None:
    """Clear away with the default days."""
    await clear(world.storage, raw_days=7, retention_days=400, now=world.clock.now)


async def fill(world: World, key: str) -> None:
    """Leave traces in every table: an alert that was told and resolved, a command, a question."""
    now = world.clock.now
    await world.post(signal(key, ends_at=now + 1), signal("unheard" + key, kind=Kind.RESOLVED))
    await world.post(signal(key, kind=Kind.RESOLVED))
    async with world.storage.begin() as tx:
        waiting = await outbox.waiting(tx, world.room.id, 1000)
        await outbox.done(tx, [each.id for each in waiting], now, "sent (204)")
        await outbox.add_sent(tx, world.room.id, now, answer=False)
        call = Call(
            tenant=world.tenant.id,
            room=world.room.id,
            message=key,
            via=Via.ROOM.value,
            person="1",
            at=now,
            reply="",
        )
        await calls.add(tx, call)
        await calls.ask(tx, tenant=world.tenant.id, room=world.room.id, person=key, at=now, command="{}", numbers="[]")


async def test_everything_that_grows_is_cleared(world: World, clock: Clock) -> None:
    """After a year and a bit nothing is left of what is over; what is younger is left alone."""
    await fill(world, "old")
    clock.forward(hours=399 * DAY)
    await fill(world, "young")
    young = await counts(world)
    await run(world)
    kept = await counts(world)
    clock.forward(hours=2 * DAY)
    await run(world)

    assert {"alerts": 2, "history": 4, "outbox": 4, "timers": 2, "bodies": 2} == {
        table: kept[table] for table in ("alerts", "history", "outbox", "timers", "bodies")
    }
    assert young["bodies"] == 4
    assert {"alerts": 1, "history": 2, "outbox": 2, "timers": 1, "bodies": 2, "calls": 1} == {
        table: many for table, many in (await counts(world)).items() if many
    }
    clock.forward(hours=400 * DAY)
    await run(world)
    assert set() == {table for table, many in (await counts(world)).items() if many}


async def test_active_alerts_and_waiting_news_stay(world: World, clock: Clock) -> None:
    """However old; numbers are never given twice."""
    await world.post(signal("a"), signal("b"))
    await world.post(signal("b", kind=Kind.RESOLVED))
    clock.forward(hours=500 * DAY)
    await run(world)
    again = await world.post(signal("b"))

    assert [1, 3] == [alert.number for alert in await world.alerts()]
    assert [1, 2, 2, 3] == sorted(notice.number for notice in await world.waiting())
    assert (3, None) == (again[0].alert, (await world.alerts())[-1].predecessor)


async def test_many_go_in_small_transactions(world: World, clock: Clock, storage: Storage) -> None:
    """Of every tenant, while others write."""
    other = await settle(storage, clock, world.intake)
    for each in (world, other):
        keys = [f"k{n}" for n in range(2 * PAGE + 1)]
        await each.post(*(signal(key) for key in keys))
        await each.post(*(signal(key, kind=Kind.RESOLVED) for key in keys))
    clock.forward(hours=401 * DAY)
    await asyncio.gather(run(world), *(world.post(signal(f"new{n}")) for n in range(50)))

    assert [50, 0] == [len(await each.alerts()) for each in (world, other)]
    assert {f"new{n}" for n in range(50)} == {alert.dedup_key for alert in await world.alerts()}


async def test_two_processes_may_clear_at_once(world: World, clock: Clock) -> None:
    """They do not get into each other's way."""
    for n in range(20):
        await world.intake.receive(Delivery(feed=world.feed, dialect="api", body=b"x", items=[signal(f"k{n}")]))
        await world.post(signal(f"k{n}", kind=Kind.RESOLVED))
    clock.forward(hours=401 * DAY)
    await asyncio.gather(run(world), run(world), run(world))

    assert 0 == (await counts(world))["alerts"]


async def test_what_goes_on_and_on_is_cleared_too(world: World, clock: Clock) -> None:
    """Of an alert that is still active, what the source did long ago goes; how it began and what people did stays."""
    await world.post(signal("a"))
    await perform_note(world)
    for _ in range(3):
        await world.post(signal("a", kind=Kind.RESOLVED))
        await world.post(signal("a"))
    clock.forward(hours=401 * DAY)
    await world.post(signal("a", severity=Severity.CRITICAL))
    await run(world)

    assert ["opened", "noted", "worse"] == [event.action for event in await world.history(1)]
    assert 1 == len(await world.alerts())


async def perform_note(world: World) -> None:
    """Let somebody write something down."""
    event = Event(action="noted", at=world.clock.now, by=world.caller().actor, note="seen")
    async with world.storage.begin() as tx:
        await history.add(tx, world.tenant.id, [(1, event)])


async def test_nobody_waits_long_for_the_writer(world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alert with 20,000 rows of history, 20,000 commands and large bodies go in short transactions, however much there is."""
    await world.post(signal("a"))
    await world.post(signal("a", kind=Kind.RESOLVED))
    async with world.storage.begin() as tx:
        await fill_up(tx, world)
    clock.forward(hours=401 * DAY)
    spent: list[float] = []
    write = type(world.storage).write

    async def timed(storage: Storage, work: Work[Any], *, urgent: bool = False) -> Any:
        async def measured(tx: Tx) -> Any:
            began = time.thread_time()
            result = await work(tx)
            spent.append(time.thread_time() - began)
            return result

        return await write(storage, measured, urgent=urgent)

    monkeypatch.setattr(type(world.storage), "write", timed)
    await run(world)

    # Processor time of the thread that writes, since the machine may have other things to do.
    assert max(spent) < 0.05
    assert {"outbox": 2} == {table: many for table, many in (await counts(world)).items() if many}


async def fill_up(tx: Tx, world: World) -> None:
    """Leave more than a moment's work in the tables."""
    now, tenant = world.clock.now, world.tenant.id
    event = Event(action="worse", at=now, by=Actor(kind=Who.SOURCE, name="api", via=Via.SOURCE), note="x" * 50)
    await history.add(tx, tenant, [(1, event)] * 20_000)
    await tx.run_many(
        "INSERT INTO calls (tenant_id, room_id, message_id, via, person_id, at, reply)"
        " VALUES (:tenant, 1, :message, '', '', :now, :reply)",
        [{"tenant": tenant, "message": str(n), "now": now, "reply": "x" * 200} for n in range(20_000)],
    )
    await inbox.keep(tx, [inbox.Body(feed=world.feed.id, dialect="api", body=b"x" * 500_000)] * 40, now)
