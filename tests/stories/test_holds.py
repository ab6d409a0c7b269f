"""Stories of acks and snoozes that follow the problem: they end at their time or with it, and their people hear of it."""

import re

import pytest

from bot.demo.clock import MovableClock
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from tests.stories.bot import Bot
from tests.stories.test_lifecycle import DISK, RESOLVED, stamp


async def test_a_snooze_ends_and_its_person_is_rung(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A snooze with a span: repeats are counted quietly, its person is reminded before it ends and rung when it does."""
    await bot.fires("Disk full on db1", severity="error", dedup_key="disk:db1")
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert snooze 1 1h the new disk comes")
    answer = await room.sees("snoozed 1: #1 until 14:02 CET")
    clock.forward(minutes=30)
    assert [(1, "repeated")] == await bot.post(DISK)
    clock.forward(minutes=23)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=1)
    await bot.settle()
    reminder = await room.sees("for Dana: ")
    clock.forward(minutes=6)
    await bot.settle()
    ended = await room.sees("for Dana: ")
    clock.forward(hours=2)
    await bot.settle()

    assert (room.person("dana").id,) == reminder.message.mentions == ended.message.mentions
    assert "green" == answer.message.color
    assert "Dana's snooze of #1 Disk full on db1 ends at 14:02 CET" in reminder.text
    assert ("text", "purple", False) == (
        reminder.message.message_format,
        reminder.message.color,
        reminder.message.notify,
    )
    assert (
        "#1 Disk full on db1: the time of Dana's snooze is over, and it is still there: reported 2 times" in ended.text
    )
    assert ("text", "red", True) == (ended.message.message_format, ended.message.color, ended.message.notify)
    assert ("open", None) == await bot.stands(1)
    assert ["opened by demo", "snoozed by Dana", "snooze ended by timer"] == await bot.history(1)


@pytest.mark.parametrize(
    ("typed", "answered"),
    [
        ("snooze 1 until 18:30", "snoozed 1: #1 until 18:30 CET"),
        ("later 1 until tomorrow", "snoozed 1: #1 until Wed 09:00 CET"),
        ("1 snooze until 09:00", "snoozed 1: #1 until Wed 09:00 CET"),
        ("snooze 1 tomorrow", "snoozed 1: #1 until Wed 09:00 CET"),
        ("snooze 1", "Until when?"),
        ("snooze 9 1h", "There is no #9 in this room"),
    ],
)
async def test_times_of_a_snooze(room: RoomDriver, bot: Bot, typed: str, answered: str) -> None:
    """A snooze takes a span or a moment in the asker's time zone; without one it is asked for."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", f"/alert {typed}")

    await room.sees(answered)


async def test_wake(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """`wake` opens a snoozed alert, keeps its owner, and refuses what is not snoozed; the timer of it does nothing more."""
    await bot.fires("Disk full on db1", "Load on web1")
    await room.sees("#2 Load")
    await room.says("dana", "/alert own 1")
    await room.sees("owned 1: #1")
    await room.says("lee", "/alert snooze 1 2 30m")
    await room.sees("snoozed 2 until 12:32 UTC: #1 Disk full on db1 · #2 Load on web1")
    await room.says("dana", "/alert wake 1 2")
    await room.sees("woken 2: #1 Disk full on db1 · #2 Load on web1")
    await room.says("dana", "/alert wake 1")
    await room.sees("#1 is open, not snoozed.")
    clock.forward(hours=1)
    await bot.settle()

    assert [("open", "Dana"), ("open", None)] == [await bot.stands(1), await bot.stands(2)]


async def test_many_that_were_snoozed_together_come_back_in_one_message(
    room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """Forty snoozed alerts ring their person once before the end and once at it, with every number."""
    await bot.fires(*(f"Disk full on db{number}" for number in range(1, 41)))
    clock.forward(minutes=1)
    await bot.settle()
    room.look()
    await room.says("dana", "/alert snooze 1-40 1h")
    await room.sees("This would snooze 40 alerts")
    await room.says("dana", "/alert yes")
    await room.sees("snoozed 40: #1-#40")
    clock.forward(minutes=5)
    await bot.post({"summary": "Disk full on db7", "status": "resolved"})
    await room.sees("#7 resolved")
    clock.forward(minutes=49)
    await bot.settle()
    reminder = await room.sees("for Dana: ")
    clock.forward(minutes=6)
    await bot.settle()
    ended = await room.sees("for Dana: ")

    assert "Dana's snooze of #1-#6 #8-#40 ends" in reminder.text
    assert "#1-#6 #8-#40: the time of Dana's snooze is over" in ended.text


async def test_a_hold_ends_with_the_problem(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What resolves while it is snoozed is closed, and its snooze's end is never heard of; nor does a late ack reopen it."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert snooze 1 1h")
    await room.sees("snoozed 1")
    await bot.post(RESOLVED)
    await room.sees("#1 resolved by cron")
    await room.says("dana", "/alert ack 1 2h")
    refused = await room.sees("#1 was closed")
    clock.forward(hours=2)
    await bot.settle()

    assert "gray" == refused.message.color
    assert ("closed", None) == await bot.stands(1)


async def test_worse_ends_a_snooze(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A snoozed alert that gets worse is open at once, says so, and is not spoken of again at the snooze's time."""
    await bot.post({**DISK, "severity": "warning"})
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert snooze 1 1h")
    await room.sees("snoozed 1")
    assert [(1, "worse")] == await bot.post({**DISK, "severity": "critical"})
    await room.sees("worse: warning became critical; it was snoozed by Dana")
    clock.forward(hours=2)
    await bot.settle()

    assert ("open", None) == await bot.stands(1)


async def test_undo_takes_a_snooze_and_a_wake_back(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """The timers of an undone snooze do nothing; an undone wake ends at the snooze's time after all, an undone ack too."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 1h")
    await room.sees("acked 1")
    await room.says("dana", "/alert snooze 1 30m")
    await room.sees("snoozed 1")
    await room.says("dana", "/alert undo")
    await room.sees("undone 1: #1 (snoozed)")
    assert ("acked", "Dana") == await bot.stands(1)
    clock.forward(minutes=31)
    await bot.settle()
    assert ("acked", "Dana") == await bot.stands(1)
    await room.says("dana", "/alert snooze 1 1h")
    await room.sees("snoozed 1")
    await room.says("dana", "/alert wake 1")
    await room.sees("woken 1")
    await room.says("dana", "/alert undo")
    await room.sees("undone 1: #1 (woken)")
    assert ("snoozed", "Dana") == await bot.stands(1)
    clock.forward(minutes=60)
    await bot.settle()

    await room.sees("the time of Dana's snooze is over")


async def test_a_longer_ack_moves_its_reminder(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Whoever acks again for longer is reminded and ended by the new time alone."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 1h")
    await room.sees("acked 1")
    clock.forward(minutes=54)
    await bot.settle()
    await room.sees("Dana's ack of #1 Disk full on db1 ends at 14:02 CET. For longer: /alert ack #1 2h")
    await room.says("dana", "/alert ack #1 2h")
    await room.sees("acked 1: #1 until 15:56 CET")
    clock.forward(minutes=107)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=1)
    await bot.settle()
    await room.sees("ends at 15:56 CET")
    clock.forward(minutes=12)
    await bot.settle()

    await room.sees("the time of Dana's ack is over")


async def test_a_sleeping_process_tells_the_end_alone(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """When reminder and end are both overdue, the end is told, once; a clock that goes back an hour repeats nothing."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert snooze 1 30m")
    await room.sees("snoozed 1")
    clock.forward(minutes=40)
    await bot.settle()
    await room.sees("the time of Dana's snooze is over")
    clock.forward(hours=-1)
    await bot.settle()
    clock.forward(hours=1)
    await bot.settle()

    assert ("open", None) == await bot.stands(1)


async def test_a_clock_that_goes_back_ends_nothing_early(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A reminder is given once, and the end comes once, when the clock goes back between them."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert snooze 1 1h")
    await room.sees("snoozed 1")
    clock.forward(minutes=55)
    await bot.settle()
    await room.sees("Dana's snooze of #1")
    clock.forward(minutes=-60)
    await bot.settle()
    clock.forward(minutes=60)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=5)
    await bot.settle()

    await room.sees("the time of Dana's snooze is over")


async def test_the_end_is_told_when_hipchat_is_back(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A snooze that ends while Hipchat is down is over then, and its person is rung when Hipchat is back."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert snooze 1 3m")
    await room.sees("snoozed 1")
    bot.spoil(Fault(path=re.compile("/notification"), status=503))
    clock.forward(minutes=3)
    await bot.settle()
    assert ("open", None) == await bot.stands(1)
    bot.mend()
    clock.forward(minutes=10)
    await bot.settle()

    await room.sees("for Dana: #1 Disk full on db1: the time of Dana's snooze is over")


async def test_snoozed_through_the_api(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """The API snoozes for a span or until a moment, and wakes; the room hears of it, and nobody is rung by an outside name."""
    assert bot.backend is not None
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    url = f"{bot.backend.url}/api/v1/alerts/1"
    answers = []
    for action, body in (
        ("snooze", {"by": "dana", "until": "1h30m"}),
        ("wake", {"by": "dana"}),
        ("snooze", {"by": "dana", "until": stamp(clock, minutes=30), "note": "later"}),
    ):
        async with bot.backend.session.post(f"{url}/{action}", json=body) as answer:
            answers.append((answer.status, (await answer.json())["until"]))
    await bot.settle()
    await room.sees("snoozed by dana until 13:32 UTC")
    await room.sees("woken by dana")
    await room.sees("snoozed by dana until 12:32 UTC: later")
    clock.forward(minutes=30)
    await bot.settle()
    ended = await room.sees("the time of dana's snooze is over")

    assert [(200, "2026-11-24T13:32:00.000Z"), (200, None), (200, "2026-11-24T12:32:00.000Z")] == answers
    assert "@" not in ended.text
