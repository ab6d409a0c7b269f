"""Stories of what a group's settings end by themselves: acks that nobody follows up, alerts that nobody reports any more."""

from collections.abc import AsyncIterator

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage, staged
from bot.settings import Settings
from bot.standin.driver import RoomDriver
from bot.usecases import escalate
from tests.stories.bot import Bot
from tests.stories.conftest import Logs
from tests.stories.test_lifecycle import DISK, prometheus, stamp

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
async def stage(storage_url: str, clock: MovableClock, logs: Logs) -> AsyncIterator[Stage]:
    """Run Hipchat and a bot with both policies on."""
    settings = Settings(
        port=0,
        database_url=storage_url,
        secret_key="a key for stories only",
        ack_expires=8 * HOUR,
        stale_after=7 * DAY,
    )
    async with staged(settings, clock=clock, workers_too=False) as stage:
        yield stage


async def test_an_ack_that_nobody_follows_up_expires(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """An ack without a time ends 8 h after the last note or action, after a reminder 15 min before."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    clock.forward(hours=5)
    await room.says("lee", "/alert note 1 the vendor calls back")
    await room.sees("noted 1: #1")
    clock.forward(hours=7, minutes=44)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=1)
    await bot.settle()
    reminder = await room.sees("for Dana: ")
    assert ("acked", "Dana") == await bot.stands(1)
    clock.forward(minutes=15)
    await bot.settle()

    assert "Dana has acked #1 Disk full on db1, and nobody has followed it up since Tue 18:02 CET" in reminder.text
    assert "at 02:02 CET it is open again" in reminder.text
    assert "acked by Dana 13 h ago, and nobody has followed it up" in (await room.sees("for Dana: ")).text
    assert ("open", "Dana") == await bot.stands(1)


async def test_a_note_after_the_reminder_keeps_the_ack(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Whoever follows an ack up after its reminder is reminded anew, a policy's span later."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    clock.forward(hours=7, minutes=50)
    await bot.settle()
    await room.sees("nobody has followed it up")
    await room.says("dana", "/alert note 1 still at it")
    await room.sees("noted 1")
    clock.forward(hours=7, minutes=44)
    await bot.settle()
    assert [] == room.unseen()
    assert ("acked", "Dana") == await bot.stands(1)
    clock.forward(minutes=1)
    await bot.settle()
    await room.sees("nobody has followed it up")
    clock.forward(minutes=15)
    await bot.settle()

    await room.sees("and nobody has followed it up, and it is still there")


async def test_a_policys_end_never_comes_without_its_reminder(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A process that slept through both reminds first, and ends the ack after that."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    clock.forward(hours=20)
    await bot.settle()
    await room.sees("nobody has followed it up since")
    assert ("acked", "Dana") == await bot.stands(1)
    clock.forward(minutes=2)
    await bot.settle()

    await room.sees("it is still there")
    assert ("open", "Dana") == await bot.stands(1)


async def test_an_ack_with_a_time_is_none_of_the_policys(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Whoever said how long is held to that, not to the policy."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 2d")
    await room.sees("acked 1: #1")
    clock.forward(hours=40)
    await bot.settle()

    assert ("acked", "Dana") == await bot.stands(1)


async def test_what_nobody_reports_is_closed(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Seven days after its last report an alert is closed as no longer reported, which is not resolved; a repeat opens it."""
    firing = {**DISK, "starts_at": stamp(clock)}
    await bot.post(firing)
    await room.sees("#1 Disk full")
    clock.forward(hours=3 * 24)
    await bot.post(firing)
    await room.sees("again")
    clock.forward(hours=7 * 24 - 1)
    await bot.settle()
    assert ("open", None) == await bot.stands(1)
    clock.forward(hours=1)
    await bot.settle()
    gone = await room.sees("no longer reported by")
    assert ("closed", None) == await bot.stands(1)
    assert [(1, "reopened")] == await bot.post(firing)

    await room.sees("reported again")
    assert "resolved by" not in gone.text


async def test_a_restart_after_a_long_rest_closes_nothing_at_once(
    room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """After a start, what is stale by then has four hours to be reported."""
    await bot.fires("Disk full on db1", "Disk full on db2")
    await room.sees("#2 Disk full")
    clock.forward(hours=10 * 24)
    bot.started_at = clock.milliseconds()
    await bot.settle()
    clock.forward(hours=3)
    await bot.post({"summary": "Disk full on db1"})
    await room.sees("#1 Disk full")
    clock.forward(hours=1)
    await bot.settle()

    await room.sees("#2 no longer reported by")
    assert [("open", None), ("closed", None)] == [await bot.stands(1), await bot.stands(2)]


async def test_a_promise_and_a_snooze_are_waited_for(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What is snoozed for longer than the setting is left alone until it is awake, and then for the setting's span."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert snooze 1 10d")
    await room.sees("snoozed 1")
    clock.forward(hours=9 * 24)
    await bot.settle()
    assert ("snoozed", None) == await bot.stands(1)
    clock.forward(hours=24)
    await bot.settle()
    await room.sees("the time of Dana's snooze is over")
    clock.forward(hours=7 * 24 - 1)
    await bot.settle()
    assert ("open", None) == await bot.stands(1)
    clock.forward(hours=1)
    await bot.settle()

    await room.sees("no longer reported by")


async def test_prometheus_keeps_its_own_promise(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """An alert with a promised end is closed by that, and the long silence's timer finds nothing to do."""
    await prometheus(bot, clock, minutes=4)
    await room.sees("#1 Load is high on web1")
    clock.forward(hours=1)
    await bot.settle()
    await room.sees("no longer reported by")
    clock.forward(hours=9 * 24)
    await bot.settle()

    assert ("closed", None) == await bot.stands(1)


async def test_policies_that_are_turned_on_later(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Alerts of before a policy get its timers at the next start, once however often the bot starts."""
    await bot.fires("Disk full on db1", "Disk full on db2")
    await room.sees("#2 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1")
    clock.forward(hours=1)
    async with stage.parts.storage.begin() as tx:
        await tx.run("DELETE FROM timers")
    await escalate.arm_missing(stage.parts.storage, stage.parts.rules)
    await escalate.arm_missing(stage.parts.storage, stage.parts.rules)
    clock.forward(hours=6, minutes=45)
    await bot.settle()
    await room.sees("nobody has followed it up since")
    clock.forward(minutes=15)
    await bot.settle()
    await room.sees("it is still there")
    clock.forward(hours=7 * 24)
    await bot.settle()
    await room.sees("#1 no longer reported")
    await room.sees("#2 no longer reported")
