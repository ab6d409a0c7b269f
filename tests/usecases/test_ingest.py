"""Signals become alerts, and requests share commits (product.md 3 and 4, performance.md)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from bot.domain import action, episode
from bot.domain.alert import Action, Outcome, State
from bot.domain.signal import Kind, Rejected, Severity, Signal
from bot.storage import Busy, Conflict, Storage, StorageError, feeds
from bot.storage.engine import Result, Work
from bot.usecases.change import Decided, Ledger
from bot.usecases.ingest import GROUP, Delivery, Intake
from tests.usecases.conftest import Clock, World, running, settle, signal

HOUR = 3_600_000


class Counting:
    """A storage that counts transactions, holds them back at a gate, and fails where it is told."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.begun = 0
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.inside = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        """Leave the rest to the storage."""
        return getattr(self._storage, name)

    async def write(self, work: Work[Result], *, urgent: bool = False) -> Result:
        """Write, later or never."""
        self.begun += 1
        self.inside.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        return await self._storage.write(work, urgent=urgent)


@pytest.fixture
def counting(storage: Storage) -> Counting:
    """Wrap the storage."""
    return Counting(storage)


@pytest.fixture
async def counted(storage: Storage, counting: Counting, clock: Clock) -> AsyncIterator[World]:
    """Give a world whose intake goes through the counting storage."""
    intake = Intake(cast("Storage", counting), clock=clock)
    async with running(intake):
        yield await settle(storage, clock, intake)


async def test_a_request_is_answered_item_by_item(world: World) -> None:
    """Each in its place, with number, outcome and key; what a source rejected costs nothing else."""
    results = await world.post(
        signal("a"),
        signal("b", severity=Severity.INFO),
        Rejected(reason="no summary", path="/2/summary"),
        signal("a"),
        signal("b", severity=Severity.CRITICAL),
        signal("a", kind=Kind.RESOLVED),
        signal("c", kind=Kind.RESOLVED),
    )

    assert [
        (1, Outcome.OPENED),
        (2, Outcome.OPENED),
        (None, Outcome.REJECTED),
        (1, Outcome.REPEATED),
        (2, Outcome.WORSE),
        (1, Outcome.RESOLVED),
        (None, Outcome.IGNORED),
    ] == [(result.alert, result.outcome) for result in results]
    assert [(State.CLOSED, 2), (State.OPEN, 2)] == [(each.state, each.count) for each in await world.alerts()]
    assert ["opened", "resolved"] == [event.action for event in await world.history(1)]


async def test_a_remembered_resolve_lasts_an_hour(world: World, clock: Clock) -> None:
    """A firing that began before it is stored closed; after an hour nobody remembers."""
    began = clock.now - 1
    await world.post(signal("a", kind=Kind.RESOLVED), signal("b", kind=Kind.RESOLVED))
    clock.forward(minutes=59)
    within = await world.post(signal("a", starts_at=began))
    clock.forward(minutes=2)
    beyond = await world.post(signal("b", starts_at=began))

    assert (Outcome.RESOLVED, Outcome.OPENED) == (within[0].outcome, beyond[0].outcome)
    assert [State.CLOSED, State.OPEN] == [each.state for each in await world.alerts()]
    assert [2] == [notice.number for notice in await world.waiting()]


async def test_a_new_episode_names_its_predecessor(world: World, clock: Clock) -> None:
    """And only the newest of a key is the latest, also when one group changed both."""
    await world.post(signal("a", starts_at=1, description="old"))
    await _close_by_hand(world, 1)
    clock.forward(hours=1)
    results = await world.post(
        signal("a", starts_at=1, description="a late repeat with other words"),
        signal("a", starts_at=clock.now),
    )

    assert [(1, Outcome.REPEATED), (2, Outcome.OPENED)] == [(each.alert, each.outcome) for each in results]
    assert [(False, None), (True, 1)] == [(each.latest, each.predecessor) for each in await world.alerts()]


async def _close_by_hand(world: World, number: int) -> None:

    alert = (await world.alerts())[number - 1]
    wish = action.Wish(action=Action.CLOSE, by=world.caller().actor)
    ledger = Ledger(tenant=world.tenant.id, now=world.clock.now)
    ledger.add(Decided(before=alert, change=action.act(alert, wish, world.clock.now)))
    async with world.storage.begin() as tx:
        await ledger.write(tx)


async def test_keys_live_inside_a_feed(world: World) -> None:
    """The same key in two feeds is two alerts; numbers are the tenant's."""
    async with world.storage.begin() as tx:
        other = await feeds.add_feed(tx, tenant=world.tenant.id, name="other", room=world.room.id, now=1)
    one = await world.post(signal("a"))
    two = await world.post(signal("a"), feed=other)

    assert [1, 2] == [one[0].alert, two[0].alert]


# --- groups ---------------------------------------------------------------------------------------------------------


async def test_concurrent_requests_share_commits(counted: World, counting: Counting) -> None:
    """What waits while one group commits is the next group; nobody's answer is mixed up."""
    counting.gate.clear()
    first = asyncio.create_task(counted.post(signal("first")))
    await counting.inside.wait()
    others = [asyncio.create_task(counted.post(signal(f"k{n}"), signal("shared"))) for n in range(100)]
    await asyncio.sleep(0)
    counting.gate.set()
    await first
    answers = await asyncio.gather(*others)

    assert 2 == counting.begun
    assert [f"k{n}" for n in range(100)] == [answer[0].dedup_key for answer in answers]
    assert 102 == len(await counted.alerts())
    assert {100} == {each.count for each in await counted.alerts() if each.dedup_key == "shared"}


async def test_a_group_has_an_end(counted: World, counting: Counting) -> None:
    """Five thousand items go in in groups of five hundred, in order, and are answered together."""
    answer = await counted.post(*(signal(f"k{n}") for n in range(5000)))

    assert 5000 // GROUP == counting.begun
    assert list(range(1, 5001)) == [result.alert for result in answer]


async def test_a_row_that_cannot_be_stored_fails_alone(counted: World, counting: Counting) -> None:
    """Its neighbours in the group are committed without it, and so are those who come later."""
    counting.gate.clear()
    first = asyncio.create_task(counted.post(signal("first")))
    await counting.inside.wait()
    good = [asyncio.create_task(counted.post(signal(f"k{n}"))) for n in range(3)]
    bad = asyncio.create_task(counted.post(signal("bad", summary="a NUL \x00 in it")))
    late = asyncio.create_task(counted.post(signal("late")))
    await asyncio.sleep(0)
    counting.gate.set()
    await asyncio.gather(first, *good, late)

    with pytest.raises(StorageError):
        await bad
    assert {"first", "k0", "k1", "k2", "late"} == {each.dedup_key for each in await counted.alerts()}
    assert [1, 2, 3, 4, 5] == [each.number for each in await counted.alerts()]


async def test_a_fault_of_ours_fails_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody foresaw is logged, the one request told, and the intake goes on."""
    real = episode.fold

    def fold(current: Any, told: Signal, *arguments: Any, **more: Any) -> Any:
        if told.dedup_key == "bad":
            raise ZeroDivisionError
        return real(current, told, *arguments, **more)

    monkeypatch.setattr(episode, "fold", fold)
    with capture_logs() as logs:
        answers = await asyncio.gather(
            world.post(signal("a")), world.post(signal("bad")), world.post(signal("b")), return_exceptions=True
        )

    assert [True, False, True] == [isinstance(answer, list) for answer in answers]
    assert isinstance(answers[1], ZeroDivisionError)
    assert ["signals_not_folded"] == [line["event"] for line in logs]
    assert Outcome.OPENED is (await world.post(signal("c")))[0].outcome


async def test_a_busy_database_is_asked_again(counted: World, counting: Counting) -> None:
    """Twice more; then the request is told, and nothing was stored."""
    counting.failures = [Busy(), Busy()]
    assert Outcome.OPENED is (await counted.post(signal("a")))[0].outcome
    counting.failures = [Busy(), Busy(), Busy()]
    with pytest.raises(Busy):
        await counted.post(signal("b"))

    assert ["a"] == [each.dedup_key for each in await counted.alerts()]


async def test_a_conflict_is_retried_one_by_one(counted: World, counting: Counting) -> None:
    """A constraint that the group hit is met alone by whoever caused it."""
    counting.failures = [Conflict()]
    counting.gate.clear()
    both = [asyncio.create_task(counted.post(signal(key))) for key in "ab"]
    await asyncio.sleep(0)
    counting.gate.set()
    answers = await asyncio.gather(*both)

    assert [1, 2] == [answer[0].alert for answer in answers]


async def test_who_goes_away_does_not_take_the_others_along(counted: World, counting: Counting) -> None:
    """A waiting request that is cancelled is folded all the same, or not; the others get their answers."""
    counting.gate.clear()
    first = asyncio.create_task(counted.post(signal("first")))
    await counting.inside.wait()
    gone, stays = asyncio.create_task(counted.post(signal("gone"))), asyncio.create_task(counted.post(signal("stays")))
    await asyncio.sleep(0)
    gone.cancel()
    first.cancel()
    counting.gate.set()
    answer = await stays

    assert Outcome.OPENED is answer[0].outcome
    assert "stays" in {each.dedup_key for each in await counted.alerts()}


async def test_stopping_commits_what_was_accepted(storage: Storage, counting: Counting, clock: Clock) -> None:
    """The group on its way and the ones that wait; whoever comes later is told, and does not wait for ever."""
    intake = Intake(cast("Storage", counting), clock=clock)
    world = await settle(storage, clock, intake)
    run = asyncio.create_task(intake.run())
    counting.gate.clear()
    first = asyncio.create_task(world.post(signal("first")))
    await counting.inside.wait()
    second = asyncio.create_task(world.post(signal("second")))
    await asyncio.sleep(0)
    run.cancel()
    await asyncio.sleep(0)
    counting.gate.set()
    answers = await asyncio.gather(first, second)
    with pytest.raises(asyncio.CancelledError):
        await run

    assert [Outcome.OPENED, Outcome.OPENED] == [answer[0].outcome for answer in answers]
    with pytest.raises(Busy):
        await world.post(signal("third"))


async def test_the_raw_body_is_kept_once(world: World) -> None:
    """Also of a request that goes in in several groups, and in the same commit."""
    items = [signal(f"k{n}") for n in range(GROUP + 1)]
    await world.intake.receive(Delivery(feed=world.feed, dialect="generic", body=b"[raw]", items=items))
    async with world.storage.read() as tx:
        rows = await tx.all("SELECT * FROM bodies WHERE feed_id = :feed", feed=world.feed.id)

    assert [(b"[raw]", "generic")] == [(bytes(row["body"]), row["dialect"]) for row in rows]
