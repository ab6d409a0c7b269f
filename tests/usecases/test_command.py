"""Commands are done once, by those who may, to the alerts of their room (product.md 5)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.domain.actor import Person
from bot.domain.alert import State
from bot.domain.notice import Lane, News
from bot.domain.reply import Reply
from bot.domain.signal import Kind, Severity
from bot.domain.tenant import Caller
from bot.storage import Storage, feeds, open_storage, people, tenants
from bot.storage.people import Known
from bot.usecases.command import Done, perform
from tests.usecases.conftest import Clock, World, settle, signal


class Chat:
    """A room's people: they type, each message with an id of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.said = 0
        self.fits = True

    async def __call__(
        self,
        text: str,
        who: str | Caller = "dana",
        *,
        message: str = "",
        via: str = "ours:1",
        storage: Storage | None = None,
    ) -> Done:
        """Type something after /alert."""
        self.said += 1
        caller = who if isinstance(who, Caller) else self.world.caller(who)
        return await perform(
            storage or self.world.storage,
            caller,
            f"/alert {text}",
            message_id=message or f"m{self.said}",
            via=via,
            now=self.world.clock.now,
            rendered=rendered,
            fits=lambda _sent: self.fits,
            find_person=self.find,
        )

    async def find(self, mention: str) -> Person | None:
        """Know Lee only, and remember so, as the directory does."""
        if mention.lower() != "lee":
            return None
        known = Known(id="id-lee", name="Lee", mention_name="lee", time_zone="", is_guest=False, fetched_at=1)
        async with self.world.storage.begin() as tx:
            await people.put(tx, self.world.tenant.id, known)
        return Person(id="id-lee", name="lee")


def rendered(reply: Reply) -> Mapping[str, Any]:
    """Show the text and the outcome."""
    return {"text": reply.text, "outcome": reply.outcome.value}


@pytest.fixture
def chat(world: World) -> Chat:
    """Give the room."""
    return Chat(world)


async def states(world: World) -> dict[int, State]:
    """Return every alert's state."""
    return {alert.number: alert.state for alert in await world.alerts()}


async def test_a_message_is_done_once(world: World, chat: Chat) -> None:
    """Again through the same webhook it is answered the same, through another one with nothing; nothing more happens."""
    await world.post(signal("a"))
    first = await chat("ack 1 on it", message="m")
    await chat("unack 1")
    same, other = await chat("ack 1 on it", message="m"), await chat("ack 1 on it", message="m", via="group:2")

    assert "acked 1: #1" in first.body
    assert (first.body, "") == (same.body, other.body)
    assert {1: State.OPEN} == await states(world)
    assert ["opened", "acked", "unacked"] == [event.action for event in await world.history(1)]


async def test_the_same_message_twice_at_once(world: World, chat: Chat) -> None:
    """Ten deliveries side by side change it once and answer alike."""
    await world.post(signal("a"))
    answers = await asyncio.gather(*(chat("ack 1", message="m") for _ in range(10)))

    assert 1 == len({answer.body for answer in answers})
    assert ["opened", "acked"] == [event.action for event in await world.history(1)]


async def test_of_two_at_once_one_wins(world: World, chat: Chat, storage_url: str) -> None:
    """The other is told who; also when each came to another process (on PostgreSQL)."""
    await world.post(signal("a"))
    second = world.storage if storage_url.startswith("sqlite") else await open_storage(storage_url, migrate=False)
    answers = await asyncio.gather(chat("ack 1", "dana"), chat("ack 1", "lee", storage=second))
    if second is not world.storage:
        await second.close()
    won = [answer for answer in answers if "acked 1: #1" in answer.body]
    lost = [answer for answer in answers if "#1 is acked by" in answer.body]

    assert (1, 1) == (len(won), len(lost))
    assert ["done", "refused"] == sorted(answer.outcome for answer in answers)


async def test_two_people_two_rooms_and_two_replicas_at_once(world: World, chat: Chat, storage_url: str) -> None:
    """One alert, acked in its own room and in the fallback room that hears for it, through processes of their own.

    Each round exactly one change wins, everybody is told the truth, and the history is in order.
    """
    async with world.storage.begin() as tx:
        room = await tenants.add_room(tx, tenant=world.tenant.id, hipchat_id=1002, name="Dev", now=1)
        feed = await feeds.add_feed(tx, tenant=world.tenant.id, name="dev", room=room.id, now=1)
        await tenants.room_gone(tx, world.tenant.id, 1002, at=1)
    await world.post(signal("a"), feed=feed)
    second = world.storage if storage_url.startswith("sqlite") else await open_storage(storage_url, migrate=False)
    people = [
        (world.caller("dana", room=room), world.storage),
        (world.caller("lee"), second),
        (world.caller("alex", room=room), second),
        (world.caller("kim"), world.storage),
    ]
    for _ in range(5):
        acked = await asyncio.gather(*(chat("ack 1", who, storage=storage) for who, storage in people))
        winner = people[next(at for at, done in enumerate(acked) if done.outcome == "done")][0].actor.name
        told = [done.body for done in acked if done.outcome == "refused"]
        closed = await asyncio.gather(*(chat("close 1", who, storage=storage) for who, storage in people))
        await chat("reopen 1")

        assert 3 == len([body for body in told if f"#1 is acked by {winner}" in body])
        assert 1 == [done.outcome for done in closed].count("done")
    if second is not world.storage:
        await second.close()
    history = await world.history(1)

    assert ["opened", *(["acked", "closed", "reopened"] * 5)] == [event.action for event in history]
    assert sorted(event.at for event in history) == [event.at for event in history]


async def test_an_answer_that_does_not_fit_follows(world: World, chat: Chat) -> None:
    """By REST, first in line; the callback answers nothing, and so does its repeat. The command is done."""
    await world.post(signal("a"))
    chat.fits = False
    first, again = await chat("ack 1", message="m"), await chat("ack 1", message="m")
    waiting = await world.waiting()

    assert ("", "") == (first.body, again.body)
    assert {1: State.ACKED} == await states(world)
    assert [(News.OPENED, Lane.NEWS), (News.REPLY, Lane.COMMAND)] == [(told.news, told.lane) for told in waiting]
    assert "acked 1: #1" in waiting[-1].detail["body"]


# --- whose alerts ---------------------------------------------------------------------------------------------------


async def test_alerts_of_others_are_unknown(world: World, chat: Chat, storage: Storage, clock: Clock) -> None:
    """Of another room and of another tenant: they are neither shown nor changed nor counted."""
    await world.post(signal("here"))
    async with world.storage.begin() as tx:
        room = await tenants.add_room(tx, tenant=world.tenant.id, hipchat_id=1002, name="Dev", now=1)
        feed = await feeds.add_feed(tx, tenant=world.tenant.id, name="dev", room=room.id, now=1)
    await world.post(signal("secret"), feed=feed)
    foreign = await settle(storage, clock, world.intake)
    await foreign.post(signal("secret"), signal("secret2"), signal("secret3"))
    answers = [await chat(text) for text in ("ack 2", "show 2", "history 2", "close 1-3", "list all", 'list "secret"')]

    assert not any("secret" in answer.body.replace('\\"secret\\"', "") for answer in answers)
    assert "There is no #2 in this room" in answers[0].body
    assert {1: State.CLOSED, 2: State.OPEN} == await states(world)
    assert {1: State.OPEN, 2: State.OPEN, 3: State.OPEN} == await states(foreign)


async def test_guests_read_only(world: World, chat: Chat) -> None:
    """What changes something is refused to them, also by way of a question; what shows something is not."""
    await world.post(*(signal(f"k{n}") for n in range(7)))
    guest = world.caller("gus", is_guest=True)
    refused = [await chat(text, guest) for text in ("ack 1", "close all", "note 1 x", "own 1", "undo", "test")]
    shown = await chat("list", guest)

    assert ["Guests can read here, not change anything."] * 6 == [_text(answer) for answer in refused]
    assert "7 open" in shown.body
    assert {State.OPEN} == set((await states(world)).values())


def _text(answer: Done) -> str:
    text: str = json.loads(answer.body)["text"]
    return text


# --- yes and no -----------------------------------------------------------------------------------------------------


async def ask(world: World, chat: Chat, text: str = "close all") -> Done:
    """Have six alerts, and be asked."""
    await world.post(*(signal(f"k{n}") for n in range(6)))
    answer = await chat(text)
    assert "Answer /alert yes" in answer.body
    assert {State.OPEN} == set((await states(world)).values())
    return answer


async def test_yes_is_for_what_was_shown(world: World, chat: Chat) -> None:
    """What came since is left alone; what was closed since is skipped; and a yes is good once."""
    await ask(world, chat)
    await world.post(signal("new"), signal("k0", kind=Kind.RESOLVED))
    answer, again = await chat("yes"), await chat("yes")

    assert "closed 5: #2 #3 #4 #5 #6" in answer.body
    assert "skipped #1" in answer.body
    assert "have not asked you" in again.body
    assert State.OPEN is (await states(world))[7]


@pytest.mark.parametrize("who", ["lee", "guest", "other room"])
async def test_yes_is_for_who_was_asked(world: World, chat: Chat, who: str) -> None:
    """Nobody else's yes does it, and in no other room."""
    await ask(world, chat)
    async with world.storage.begin() as tx:
        other = await tenants.add_room(tx, tenant=world.tenant.id, hipchat_id=1002, name="Dev", now=1)
    caller = {"lee": world.caller("lee"), "guest": world.caller("gus", is_guest=True)}.get(who) or world.caller(
        room=other
    )
    await chat("yes", caller)

    assert {State.OPEN} == set((await states(world)).values())


async def test_yes_is_for_two_minutes(world: World, chat: Chat, clock: Clock) -> None:
    """Later it is forgotten; no forgets it at once."""
    await ask(world, chat)
    clock.forward(minutes=2)
    assert "have not asked you" in (await chat("yes")).body
    await chat("close all")
    assert "Left as it is" in (await chat("no")).body
    assert "have not asked you" in (await chat("yes")).body
    assert {State.OPEN} == set((await states(world)).values())


async def test_yes_to_an_assignment_knows_to_whom(world: World, chat: Chat) -> None:
    """The person is the one that was named in the question."""
    await ask(world, chat, "assign all @lee")
    answer = await chat("yes")

    assert "assigned 6" in answer.body
    assert {"lee"} == {alert.owner.name for alert in await world.alerts() if alert.owner}


async def test_five_are_not_asked_about(world: World, chat: Chat) -> None:
    """And neither are those of a range of which five exist."""
    await world.post(*(signal(f"k{n}") for n in range(5)))
    assert "acked 5" in (await chat("ack all")).body
    assert "closed 5" in (await chat("close 1-99")).body


@pytest.mark.parametrize("targets", ["1-99", "1 2 3 4 5 6", "1-3,4-6", "#1 #2 #3 #4 #5 and alert 6", "1-6 99"])
async def test_more_than_five_are_asked_about(world: World, chat: Chat, targets: str) -> None:
    """Whether they are named by a range or one by one; those that would be skipped count, those that are not here do not."""
    await world.post(*(signal(f"k{n}") for n in range(6)))
    await chat("close 2")
    answer = await chat(f"ack {targets}")
    before = await states(world)
    after = await chat("yes")

    assert "This would ack 6 alerts" in answer.body
    assert {State.OPEN, State.CLOSED} == set(before.values())
    assert "acked 5" in after.body


async def test_many_are_shown_without_a_question(world: World, chat: Chat) -> None:
    """Showing changes nothing."""
    await world.post(*(signal(f"k{n}") for n in range(7)))

    assert "#1 warning open" in (await chat("show 1-7")).body


@pytest.mark.parametrize(
    ("again", "kept"), [("ack 1", "looking"), ("ack 1 still at it", "still at it"), ("ack 1 thanks", "looking")]
)
async def test_an_ack_said_again_keeps_its_time(world: World, chat: Chat, again: str, kept: str) -> None:
    """And says so; a new time replaces it."""
    await world.post(signal("a"))
    await chat("ack 1 2h looking")
    first = (await world.alerts())[0]
    answer = await chat(again)
    alert = (await world.alerts())[0]
    changed = await chat("ack 1 3h")

    assert "still until 14:02 UTC" in answer.body
    assert (first.until, kept) == (alert.until, alert.state_note)
    assert "until 15:02 UTC" in changed.body
    assert "still" not in changed.body


@pytest.mark.parametrize(
    "text",
    [
        'create "disk is full" critical',
        'create critical "disk is full"',
        'create "disk is full" P1',
        "create p1 disk is full",
    ],
)
async def test_a_severity_before_or_behind_the_text(world: World, chat: Chat, text: str) -> None:
    """The alert has the text without its quotation marks, and the severity."""
    await chat(text)

    assert [("disk is full", Severity.CRITICAL)] == [(alert.summary, alert.severity) for alert in await world.alerts()]


# --- undo -----------------------------------------------------------------------------------------------------------


async def test_undo_takes_back_my_last_change(world: World, chat: Chat) -> None:
    """Of everything it changed; once; then the one before."""
    await world.post(signal("a"), signal("b"))
    await chat("ack 1 2")
    await chat("close 2 done")
    assert "undone 1: #2" in (await chat("undo")).body
    assert {1: State.ACKED, 2: State.ACKED} == await states(world)
    assert "undone 2 (acked): #1 " in (await chat("undo")).body
    assert {1: State.OPEN, 2: State.OPEN} == await states(world)
    assert "You have changed nothing" in (await chat("undo")).body
    assert [None, None] == [alert.owner for alert in await world.alerts()]


async def test_undo_is_mine_here_and_soon(world: World, chat: Chat, clock: Clock) -> None:
    """Not another's, not in another room, not after five minutes."""
    await world.post(signal("a"))
    await chat("ack 1")
    async with world.storage.begin() as tx:
        other = await tenants.add_room(tx, tenant=world.tenant.id, hipchat_id=1002, name="Dev", now=1)
    assert "changed nothing" in (await chat("undo", "lee")).body
    assert "changed nothing" in (await chat("undo", world.caller(room=other))).body
    clock.forward(minutes=5)
    assert "changed nothing" in (await chat("undo")).body
    assert {1: State.ACKED} == await states(world)


@pytest.mark.parametrize("between", ["resolve", "worse", "lee"])
async def test_undo_leaves_what_changed_since(world: World, chat: Chat, between: str) -> None:
    """A repeat does not stand in its way, a change of the state does."""
    await world.post(signal("a"))
    await chat("ack 1")
    await world.post(signal("a"))
    match between:
        case "resolve":
            await world.post(signal("a", kind=Kind.RESOLVED))
        case "worse":
            await world.post(signal("a", severity=Severity.CRITICAL))
        case _:
            await chat("own 1", "lee")
    before = await world.alerts()
    answer = await chat("undo")

    assert "somebody changed it since" in answer.body
    assert before == await world.alerts()


async def test_undo_of_a_close_lets_repeats_count(world: World, chat: Chat) -> None:
    """In the present count and words."""
    await world.post(signal("a", starts_at=1))
    await chat("close 1")
    await world.post(signal("a", starts_at=1, summary="newer words"))
    await chat("undo")

    assert [(State.OPEN, 2, "newer words")] == [
        (alert.state, alert.count, alert.summary) for alert in await world.alerts()
    ]


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "nonsense", "ack", "ack 99999", "assign 1 @nobody", "close x"])
async def test_what_cannot_be_done_is_answered(world: World, chat: Chat, text: str) -> None:
    """In words, and remembered like anything else; nothing changes."""
    await world.post(signal("a"), signal("b"))
    before = await world.alerts()
    first, again = await chat(text, message="m"), await chat(text, message="m")

    assert first.body
    assert first.body == again.body
    assert before == await world.alerts()


async def test_a_test_alert_goes_the_whole_way(world: World, chat: Chat) -> None:
    """It has a number, a place in the outbox, and can be closed."""
    answer = await chat("test")

    assert "#1" in answer.body
    assert [1] == [told.number for told in await world.waiting()]
    assert "closed 1: #1" in (await chat("close 1")).body


@contextlib.asynccontextmanager
async def locked(storage_url: str, tenant: int) -> AsyncIterator[Storage]:
    """Open the database as `serve` does, while another program writes to it and does not come to an end."""
    other = await open_storage(storage_url, migrate=False)
    mine = await open_storage(storage_url, migrate=False, wait=0.2)
    try:
        async with other.begin() as tx:
            await tenants.lock(tx, tenant)
            await tx.run("UPDATE tenants SET name = 'another' WHERE id = :id", id=tenant)
            yield mine
    finally:
        await mine.close()
        await other.close()


async def test_what_cannot_be_stored_is_answered(world: World, chat: Chat, storage_url: str) -> None:
    """A change is not done and its person is told so; sent again later it is done, once."""
    await world.post(signal("a"))
    async with locked(storage_url, world.tenant.id) as storage:
        refused = await chat("ack 1", message="m", storage=storage)
        question = await chat("silence all 30m", storage=storage)
        confirmed = await chat("yes", storage=storage)
    opened = await states(world)
    done = await chat("ack 1", message="m")
    again = await chat("ack 1", message="m")

    assert "I could not store that: the database is locked. Nothing was changed; try again in a minute." in refused.body
    assert "I could not store that" in question.body
    assert "I have not asked you anything" in confirmed.body
    assert {1: State.OPEN} == opened
    assert "acked 1: #1" in done.body
    assert done.body == again.body


@pytest.mark.parametrize(
    "text", ["list", "show 1", "history 1", "why 1", "like 1", "story 1", "stats", "help", "ack 99", "lsit"]
)
async def test_what_only_reads_needs_no_writing(world: World, chat: Chat, storage_url: str, text: str) -> None:
    """It is answered as ever while the database is locked."""
    await world.post(signal("a"))
    usual = await chat(text)
    async with locked(storage_url, world.tenant.id) as storage:
        answered = await chat(text, storage=storage)

    assert usual.body == answered.body


async def test_what_was_done_is_not_refused(world: World, chat: Chat, storage_url: str) -> None:
    """The same message again is answered as it was then, whether or not anything can be written."""
    await world.post(signal("a"))
    first = await chat("ack 1", message="m")
    async with locked(storage_url, world.tenant.id) as storage:
        again = await chat("ack 1", message="m", storage=storage)
        elsewhere = await chat("ack 1", message="m", via="group:2", storage=storage)

    assert (first.body, "") == (again.body, elsewhere.body)
