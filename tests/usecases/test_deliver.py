"""What waits goes out, in order, to its end, by one worker at a time (product.md 6 and 8)."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.alert import Alert
from bot.domain.notice import Lane, News, Notice
from bot.domain.signal import Severity
from bot.domain.tenant import Hook, Room, Speaker, Standing
from bot.ports import Dead, Later, Never, Receipt
from bot.storage import Busy, outbox, speakers, tenants
from bot.storage.outbox import Post
from bot.usecases import deliver
from bot.usecases.deliver import LEASE, send_due
from bot.usecases.round import look as round_look
from tests.domain.test_tenant import installation
from tests.usecases.conftest import Clock, World, signal

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
OPS = 1001


@dataclass
class FakeMedium:
    """A room that takes what it is told to take: `troubles` are raised one by one; `sent` holds (room, text)."""

    allowed: int = 20
    fits: bool = True
    gone: bool = False
    sent: list[tuple[int, str]] = field(default_factory=list)
    troubles: list[BaseException | None] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    inside: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: dict[int, int] = field(default_factory=dict)
    simpler: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def single(self, notice: Notice, alert: Alert | None, _zone_name: str) -> Mapping[str, Any]:
        """Name the alert and the news."""
        again = " again" if notice.again else ""
        room = f" for {notice.detail['room']}" if "room" in notice.detail else ""
        about = f"#{alert.number}" if alert else "-"
        return {"text": f"{about} {notice.news}{again}{room}", "simpler": self.simpler}

    def digest(
        self, notices: Sequence[Notice], _about: Mapping[int, Alert], most: int, _zone_name: str
    ) -> list[Mapping[str, Any]]:
        """Write two pages, or one."""
        again = " again" if any(notice.again for notice in notices) else ""
        numbers = sorted({notice.number or 0 for notice in notices})
        pages = [{"text": f"page {n} of {numbers[0]}-{numbers[-1]}{again}", "simpler": 0} for n in (1, 2)]
        return list(pages[: min(2, most)])

    def plain(self, message: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Simplify, as often as there are simpler forms."""
        if not message["simpler"]:
            return None
        return {"text": "plain " + message["text"], "simpler": message["simpler"] - 1}

    def news_allowed(self, _speaker: Speaker, _room: int, sent: tuple[list[int], list[int]], _now: int) -> int:
        """Allow so many a minute."""
        return max(0, self.allowed - len(sent[0]))

    def answer_fits(self, *_: Any) -> bool:
        """Say what was set."""
        return self.fits

    def next_slot(self, speaker: Speaker, room: int, sent: tuple[list[int], list[int]], now: int) -> int:
        """Have room now, or half a minute later."""
        return now if self.news_allowed(speaker, room, sent, now) else now + 30 * SECOND

    def next_answer_slot(self, _speaker: Speaker, _room: int, _sent: Any, now: int) -> int:
        """Have room ten seconds later."""
        return now + 10 * SECOND

    async def is_gone(self, _speaker: Speaker, _room: int) -> bool:
        """Say what was set."""
        return self.gone

    async def send(self, message: Mapping[str, Any], _speaker: Speaker, room: int) -> Receipt:
        """Take it, or raise the next trouble."""
        self.at_once[room] = self.at_once.get(room, 0) + 1
        assert 1 == self.at_once[room], "two workers in one room"
        try:
            self.inside.set()
            self.before()
            await self.gate.wait()
            trouble = self.troubles.pop(0) if self.troubles else None
            if trouble is not None:
                raise trouble
            self.sent.append((room, message["text"]))
            return Receipt(status=204)
        finally:
            self.at_once[room] -= 1

    @property
    def texts(self) -> list[str]:
        """What was sent, wherever."""
        return [text for _, text in self.sent]


@pytest.fixture
def medium() -> FakeMedium:
    """Give a room that takes everything."""
    return FakeMedium()


@pytest.fixture
async def spoken(world: World) -> World:
    """Give a world whose room has a speaker."""
    await install(world, "ours", world.room)
    return world


async def install(world: World, name: str, room: Room | None) -> None:
    """Let an installation speak in a room, or in all."""
    one = installation(f"{name}-{world.tenant.id}", room.id if room else None)
    async with world.storage.begin() as tx:
        await speakers.put(tx, replace(one, tenant=world.tenant.id), world.clock.now)


async def deliver_all(world: World, medium: FakeMedium, *, rounds: int = 20) -> int:
    """Work until nothing is due."""
    for done in range(rounds):
        if not await send_due(world.storage, medium, world.clock):
            return done
    raise AssertionError("no end of it")


async def room_row(world: World, room: Room | None = None) -> Any:
    """Read a room's row."""
    async with world.storage.read() as tx:
        return await tx.one("SELECT * FROM rooms WHERE id = :id", id=(room or world.room).id)


async def results(world: World, number: int) -> list[tuple[bool, str]]:
    """Read whether an alert's notices are done, and with what result."""
    async with world.storage.read() as tx:
        return [
            (each.done_at is not None, each.result)
            for each in (await outbox.tellings_of(tx, world.tenant.id, number, "Ops"))[0]
        ]


async def test_news_goes_out_in_order_and_once(spoken: World, medium: FakeMedium) -> None:
    """And stays in the books with its result."""
    await spoken.post(signal("a"), signal("b"), signal("a", severity=Severity.ERROR))
    await deliver_all(spoken, medium)

    assert ["#1 opened", "#1 worse", "#2 opened"] == medium.texts
    assert [(True, "sent (204)"), (True, "sent (204)")] == await results(spoken, 1)
    assert [] == await spoken.waiting()


async def test_a_refusal_to_wait_for_keeps_everything(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """In order, with growing pauses, the reason known; what follows the failed one waits with it."""
    await spoken.post(signal("a"), signal("b"), signal("c"))
    medium.troubles = [None, Later("Hipchat is down"), Later("Hipchat is down")]
    await deliver_all(spoken, medium)
    assert ["#1 opened"] == medium.texts
    assert [(False, "Hipchat is down")] == await results(spoken, 2)
    first = (await room_row(spoken))["retry_at"] - clock.now
    clock.forward(minutes=5)
    await deliver_all(spoken, medium)
    row = await room_row(spoken)
    second = row["retry_at"] - clock.now

    assert 0 < first < second
    assert (2, "Hipchat is down") == (row["failures"], row["trouble"])
    clock.forward(minutes=5)
    await deliver_all(spoken, medium)
    assert ["#1 opened", "#2 opened", "#3 opened"] == medium.texts
    assert (0, "") == ((await room_row(spoken))["failures"], (await room_row(spoken))["trouble"])


async def test_told_when_to_come_back(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """It comes back then."""
    await spoken.post(signal("a"))
    medium.troubles = [Later("429", retry_at=clock.now + 7 * SECOND, status=429)]
    await deliver_all(spoken, medium)

    assert clock.now + 7 * SECOND == (await room_row(spoken))["retry_at"]


@pytest.mark.parametrize("status", [401, 403, 404, 409, None])
async def test_a_room_that_refuses_us_waits(spoken: World, medium: FakeMedium, status: int | None) -> None:
    """That is not about the message: nothing simpler is tried, nothing is dropped."""
    await spoken.post(signal("a"))
    medium.simpler = 1
    medium.troubles = [Never("no", status=status)]
    await deliver_all(spoken, medium)

    assert [(False, "no")] == await results(spoken, 1)
    assert [] == medium.sent


async def test_a_message_that_is_refused_goes_simpler(spoken: World, medium: FakeMedium) -> None:
    """An alert in plain words beats a lost card; the next one is tried as it is."""
    await spoken.post(signal("a"), signal("b"))
    medium.simpler = 2
    medium.troubles = [Never("bad card", status=400), Never("bad html", status=400)]
    await deliver_all(spoken, medium)

    assert ["plain plain #1 opened", "#2 opened"] == medium.texts
    assert [(True, "sent plain (204) after bad card")] == await results(spoken, 1)


async def test_what_is_refused_in_every_form_waits_and_makes_way_in_the_end(
    spoken: World, medium: FakeMedium, clock: Clock
) -> None:
    """A spell of refusals loses nothing; a message that is refused for hours does not block the room for ever."""
    await spoken.post(signal("a"), signal("b"))
    medium.troubles = [Never("bad", status=400)]
    await deliver_all(spoken, medium)
    assert [(False, "bad")] == await results(spoken, 1)
    async with spoken.storage.begin() as tx:
        await tx.run("UPDATE rooms SET failures = :many WHERE id = :id", many=deliver.REFUSALS, id=spoken.room.id)
    clock.forward(minutes=5)
    medium.troubles = [Never("bad", status=400)]
    with capture_logs() as logs:
        await deliver_all(spoken, medium)

    assert [(True, "refused: bad")] == await results(spoken, 1)
    assert ["#2 opened"] == medium.texts
    assert "message_refused" in {line["event"] for line in logs}


async def test_a_dead_installation_is_suspended(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """After some refusals over some minutes its news goes through the group's; when that is dead too, it waits."""
    await install(spoken, "group", None)
    await spoken.post(signal("a"))
    await refused_for_minutes(spoken, medium, clock)
    assert ["#1 opened"] == medium.texts
    async with spoken.storage.read() as tx:
        standings = {each.oauth_id: each.standing for each in await speakers.installations(tx, spoken.tenant.id)}

    assert Standing.SUSPENDED is standings[f"ours-{spoken.tenant.id}"]
    assert ["#1 opened"] == medium.texts
    await spoken.post(signal("b"))
    await refused_for_minutes(spoken, medium, clock)
    assert [1] == [notice.number and 1 for notice in await spoken.waiting()]
    assert deliver.MUTE == (await room_row(spoken))["trouble"]


async def refused_for_minutes(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """Let the token URL refuse again and again, until the installation is suspended."""
    for _ in range(3):
        medium.troubles = [Dead("gone")]
        await deliver_all(spoken, medium)
        clock.forward(minutes=2)
    medium.troubles = []
    await deliver_all(spoken, medium)


async def elsewhere(world: World) -> Room:
    """Give the tenant a second room; the first stays the fallback."""
    async with world.storage.begin() as tx:
        return await tenants.add_room(tx, tenant=world.tenant.id, hipchat_id=1002, name="Dev", now=1)


async def test_a_room_that_is_gone_hands_over(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """News of alerts, marked with the room it was meant for, now and later; its own greeting is let go."""
    other = await elsewhere(spoken)
    async with spoken.storage.begin() as tx:
        await tx.run("UPDATE feeds SET room_id = :room WHERE id = :id", room=other.id, id=spoken.feed.id)
        await outbox.add(
            tx, [Post(tenant=spoken.tenant.id, room=other.id, news=News.GREETING, lane=Lane.NEWS, at=clock.now)]
        )
        await tenants.room_gone(tx, spoken.tenant.id, 1002, clock.now)
    moved = replace(spoken.feed, room=other.id)
    for key in "ab":
        await spoken.post(signal(key), feed=moved)
        await deliver_all(spoken, medium)

    assert [(OPS, "#1 opened for Dev"), (OPS, "#2 opened for Dev")] == medium.sent


async def test_a_room_that_turns_out_gone_hands_over(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """Hipchat says 404 and, asked, that the room is no more: nobody waits for an event that got lost."""
    other = await elsewhere(spoken)
    await install(spoken, "theirs", other)
    await spoken.post(signal("a"), feed=replace(spoken.feed, room=other.id))
    medium.gone = True
    medium.troubles = [Never("no such room", status=404) for _ in range(deliver.LOOK_AFTER + 1)]
    for _ in range(deliver.LOOK_AFTER + 2):
        await deliver_all(spoken, medium)
        clock.forward(minutes=5)

    assert [(OPS, "#1 opened for Dev")] == medium.sent


async def test_a_lease_of_the_dead_is_taken_over_and_marked(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """Who died while sending leaves a message that may have arrived; nobody touches the room before the lease ends."""
    await spoken.post(signal("a"))
    async with spoken.storage.begin() as tx:
        (lease,) = await outbox.claim(tx, now=clock.now, until=clock.now + LEASE, limit=8)
        await outbox.begun(tx, [notice.id for notice in await outbox.waiting(tx, lease.room, 10)])
    clock.forward(seconds=59)
    assert 0 == await send_due(spoken.storage, medium, clock)
    async with spoken.storage.read() as tx:
        assert clock.now + SECOND == await outbox.next_due(tx, clock.now)
    clock.forward(seconds=1)
    await deliver_all(spoken, medium)

    assert ["#1 opened again"] == medium.texts


async def test_a_clock_that_went_back_blocks_no_room(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """Neither by a lease or a wait from ahead of it nor by what was counted then."""
    medium.allowed = 3
    await spoken.post(signal("a"), signal("b"), signal("c"))
    await deliver_all(spoken, medium)
    await spoken.post(signal("d"))
    medium.troubles = [Later("down", retry_at=clock.now + 4 * MINUTE)]
    await deliver_all(spoken, medium)
    async with spoken.storage.begin() as tx:
        await tx.run("UPDATE rooms SET lease_until = :at WHERE id = :id", at=clock.now + LEASE, id=spoken.room.id)
    clock.forward(hours=-1)
    await deliver_all(spoken, medium)

    assert "#4 opened" == medium.texts[-1]


async def test_two_workers_never_serve_one_room_at_once(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """Ten at a time take turns; everything is sent once."""
    await spoken.post(*(signal(f"k{n}") for n in range(10)))
    medium.gate.clear()
    workers = [asyncio.create_task(send_due(spoken.storage, medium, clock)) for _ in range(10)]
    await medium.inside.wait()
    medium.gate.set()
    served = await asyncio.gather(*workers)
    await deliver_all(spoken, medium)

    assert 1 == sum(served)
    assert [f"#{n} opened" for n in range(1, 11)] == medium.texts


async def test_who_lost_the_room_stops(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """A worker that slept through its lease sends nothing more and leaves the new one's lease alone."""
    await spoken.post(signal("a"), signal("b"))

    def overslept() -> None:
        medium.before = lambda: None
        clock.forward(minutes=2)

    medium.before = overslept
    medium.gate.clear()
    slow = asyncio.create_task(send_due(spoken.storage, medium, clock))
    await medium.inside.wait()
    async with spoken.storage.begin() as tx:
        (theirs,) = await outbox.claim(tx, now=clock.now, until=clock.now + LEASE, limit=8)
    medium.gate.set()
    await slow

    assert ["#1 opened"] == medium.texts
    assert theirs.until == (await room_row(spoken))["lease_until"]


async def test_a_slow_room_gives_way(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """After some seconds others get their turn; what is left goes next, and is not marked as a repeat."""
    await spoken.post(signal("a"), signal("b"))
    medium.before = lambda: clock.forward(seconds=6)

    assert 1 == await send_due(spoken.storage, medium, clock)
    assert ["#1 opened"] == medium.texts
    await deliver_all(spoken, medium)
    assert ["#1 opened", "#2 opened"] == medium.texts


async def test_trouble_of_one_room_is_its_own(
    spoken: World, medium: FakeMedium, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a database error nor a fault of ours in one room keeps the others from being served."""
    other = await elsewhere(spoken)
    await install(spoken, "theirs", other)
    for error in (Busy("locked"), ZeroDivisionError()):

        async def look(tx: Any, lease: outbox.Lease, now: int, error: Exception = error) -> Any:
            if lease.room == spoken.room.id:
                raise error
            return await round_look(tx, lease, now)

        key = type(error).__name__
        await spoken.post(signal(key))
        await spoken.post(signal(key + "2"), feed=replace(spoken.feed, room=other.id))
        monkeypatch.setattr(deliver, "look", look)
        with capture_logs():
            await send_due(spoken.storage, medium, clock)
        monkeypatch.undo()

        assert 1002 == medium.sent[-1][0]
        clock.forward(minutes=6)
        await deliver_all(spoken, medium)
        assert OPS == medium.sent[-1][0]
        assert not [text for text in medium.texts if "again" in text]


async def test_a_stop_finishes_what_is_on_its_way(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """The message that is out is noted, the others wait unmarked, and the next process goes on at once."""
    await spoken.post(signal("a"), signal("b"))
    medium.gate.clear()
    worker = asyncio.create_task(send_due(spoken.storage, medium, clock))
    await medium.inside.wait()
    worker.cancel()
    await asyncio.sleep(0)
    medium.gate.set()
    with contextlib.suppress(asyncio.CancelledError):
        await worker
    await deliver_all(spoken, medium)

    assert ["#1 opened", "#2 opened"] == medium.texts


# --- storms ---------------------------------------------------------------------------------------------------------


async def test_a_storm_folds(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """Critical ones alone, the rest in a digest, once nothing went out for some seconds."""
    await spoken.post(signal("a"))
    await deliver_all(spoken, medium)
    await spoken.post(*(signal(f"k{n}") for n in range(50)), signal("worst", severity=Severity.CRITICAL))
    await deliver_all(spoken, medium)
    assert ["#1 opened", "#52 opened"] == medium.texts
    clock.forward(seconds=5)
    await deliver_all(spoken, medium)

    assert ["page 1 of 2-51", "page 2 of 2-51"] == medium.texts[2:]
    assert [] == await spoken.waiting()


async def test_a_digest_that_breaks_off_is_marked(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """Of which a page was shown, the whole is sent again and says so; of which none was, it is not marked."""
    await spoken.post(*(signal(f"k{n}") for n in range(50)))
    medium.troubles = [Later("down")]
    await deliver_all(spoken, medium)
    clock.forward(minutes=5)
    medium.troubles = [None, Later("down")]
    await deliver_all(spoken, medium)
    assert ["page 1 of 1-50"] == medium.texts
    clock.forward(minutes=5)
    await deliver_all(spoken, medium)

    assert ["page 1 of 1-50 again", "page 2 of 1-50 again"] == medium.texts[1:]


async def test_without_budget_it_waits_for_its_slot(spoken: World, medium: FakeMedium, clock: Clock) -> None:
    """News for its own; an answer, which has a budget of its own, is not kept waiting as long."""
    medium.allowed = 0
    await spoken.post(signal("a"))
    await deliver_all(spoken, medium)
    assert clock.now < (await room_row(spoken))["retry_at"] <= clock.now + 30 * SECOND
    medium.fits = False
    clock.forward(minutes=1)
    async with spoken.storage.begin() as tx:
        answer = Post(tenant=spoken.tenant.id, room=spoken.room.id, news=News.REPLY, lane=Lane.COMMAND, at=clock.now)
        await outbox.add(tx, [answer])
    await deliver_all(spoken, medium)

    assert clock.now + 10 * SECOND == (await room_row(spoken))["retry_at"]
    clock.forward(seconds=10)
    medium.fits, medium.allowed = True, 20
    await deliver_all(spoken, medium)
    assert ["- reply", "#1 opened"] == medium.texts


async def test_those_who_wait_longest_come_first(world: World, clock: Clock) -> None:
    """Eight busy rooms do not starve the ninth."""
    rooms = []
    async with world.storage.begin() as tx:
        for n in range(10):
            room = await tenants.add_room(tx, tenant=world.tenant.id, hipchat_id=2000 + n, name=f"r{n}", now=1)
            rooms.append(room)
        for room in reversed(rooms):
            post = Post(tenant=world.tenant.id, room=room.id, news=News.TEST, lane=Lane.NEWS, at=clock.now)
            await outbox.add(tx, [post])
        leases = await outbox.claim(tx, now=clock.now, until=clock.now + LEASE, limit=8)

    assert {room.id for room in rooms[2:]} == {lease.room for lease in leases}


async def test_a_token_hook_speaks_where_nobody_else_does(world: World, medium: FakeMedium) -> None:
    """And is the last choice."""
    hook = Hook(id=0, tenant=world.tenant.id, room=world.room.id, kind="room", label="x", api_url="u", token=b"t")
    async with world.storage.begin() as tx:
        await speakers.put_hook(tx, hook, callback_hash=None, now=1)
    await world.post(signal("a"))
    await deliver_all(world, medium)

    assert ["#1 opened"] == medium.texts
