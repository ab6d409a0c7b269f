"""Stories of delivery: Hipchat down, slow or refusing, a crash, a storm; nothing is lost, in order per alert (product.md 6, 8)."""

import asyncio
import re
from typing import Any

import pytest

from bot.demo.accounting import most_in_a_minute, told_of
from bot.demo.clock import MovableClock
from bot.demo.script import storm_alerts
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver, Shown
from bot.standin.faults import Fault
from tests.stories.bot import Bot

DISK: dict[str, Any] = {"summary": "Disk full on db1", "severity": "warning", "dedup_key": "disk:db1"}
LOAD: dict[str, Any] = {"summary": "Load is high", "severity": "warning", "dedup_key": "load:web1"}
NOTIFICATION = re.compile("/notification$")


async def until_told(bot: Bot, clock: MovableClock, *, minutes: int = 60) -> float:
    """Move the clock in steps of 5 s until nothing waits; return the seconds that passed. Fails after so many minutes."""
    began = clock.seconds()
    await bot.settle()
    while await bot.waiting():
        assert clock.seconds() - began < 60 * minutes
        clock.forward(seconds=5)
        await bot.settle()
    return clock.seconds() - began


def by_alertbot(room: RoomDriver) -> list[Shown]:
    """Return everything that the bot said, oldest first."""
    return [shown for shown in room.transcript() if shown.sender == "Alertbot"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path=NOTIFICATION, status=503),
        Fault(path=NOTIFICATION, status=502),
        Fault(path=NOTIFICATION, drop=True),
        Fault(path=NOTIFICATION, status=404),
        Fault(path=NOTIFICATION, status=403),
        Fault(path=re.compile("."), drop=True),
    ],
    ids=["503", "502", "dropped", "404", "403", "unreachable"],
)
async def test_hipchat_down(room: RoomDriver, bot: Bot, clock: MovableClock, fault: Fault) -> None:
    """While Hipchat refuses, everything waits; afterwards all of it comes once, in order per alert."""
    bot.spoil(fault)
    await bot.post(DISK)
    clock.forward(minutes=3)
    await bot.post(LOAD, {**DISK, "severity": "error"})
    clock.forward(hours=2)
    await bot.post({**DISK, "status": "resolved"})
    assert [] == [shown for shown in room.unseen() if shown.sender == "Alertbot"]
    assert 4 == await bot.waiting()
    bot.mend()
    await until_told(bot, clock)
    await room.sees("#1 Disk full on db1")
    await room.sees("worse: warning became error")
    await room.sees("#1 resolved by demo")

    said = by_alertbot(room)[1:]
    room.look()
    assert 4 == len(said)
    assert 1 == sum("#2 Load is high" in shown.text for shown in said)
    assert ("closed", None) == await bot.stands(1)


async def test_one_failure_does_not_turn_the_order(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """When a message fails, later ones of the room wait behind it."""
    bot.spoil(Fault(path=NOTIFICATION, status=500, times=1))
    await bot.post(DISK)
    await bot.post({**DISK, "severity": "critical"})
    await until_told(bot, clock)
    first = await room.sees("#1 Disk full")
    await room.sees("worse: warning became critical")

    assert "worse" not in first.text


async def test_a_slow_hipchat(room: RoomDriver, bot: Bot) -> None:
    """A slow answer is waited for, and the message is sent once."""
    bot.spoil(Fault(path=NOTIFICATION, delay_ms=300, when="after", times=1))
    await bot.post(DISK)
    await room.sees("#1 Disk full")

    assert 0 == await bot.waiting()
    assert 2 == len(by_alertbot(room))


async def test_commands_are_answered_while_rest_is_down(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """The answer to a command is the webhook's own, so it comes though the REST API does not work."""
    bot.spoil(Fault(path=NOTIFICATION, status=503))
    await bot.post(DISK)
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    bot.mend()
    await until_told(bot, clock)

    await room.sees("#1 Disk full")


async def test_told_to_wait(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Another program used up the token's calls: the bot waits until Hipchat's counter starts anew, and no longer."""
    hipchat = stage.server.hipchat
    token = next(reversed(hipchat.tokens.values()))
    hipchat.rate.seconds = 300
    while hipchat.rate.take(token.value, 500, clock.seconds()):
        pass
    await bot.post(DISK)
    assert 1 == await bot.waiting()
    calls = len(stage.server.journal.entries)
    clock.forward(minutes=2)
    await bot.settle()
    assert calls == len(stage.server.journal.entries)
    waited = await until_told(bot, clock)
    await room.sees("#1 Disk full")

    assert 120 + waited <= 305


async def test_a_crash_while_sending(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Who dies between sending and noting it leaves a message that may have arrived: it is sent again, and marked."""
    bot.spoil(Fault(path=NOTIFICATION, delay_ms=60_000, when="after", times=1))
    assert bot.backend is not None
    await bot.backend.post(DISK)
    dying = asyncio.create_task(bot.deliver())
    first = await room.sees("#1 Disk full")
    dying.cancel()
    await asyncio.wait([dying])
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=2)
    await bot.settle()
    again = await room.sees("#1 Disk full")

    assert "may be a repeat" not in first.text
    assert "may be a repeat" in again.text
    assert 0 == await bot.waiting()


async def test_an_answer_that_got_lost(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """When the connection breaks after Hipchat took a message, nobody knows: it is sent again, and the repeat is marked."""
    bot.spoil(Fault(path=NOTIFICATION, drop=True, when="after", times=1))
    bot.spoil(Fault(path=NOTIFICATION, status=503, times=2))
    await bot.post(DISK, LOAD)
    await until_told(bot, clock)
    first = await room.sees("#1 Disk full")
    again = await room.sees("#1 Disk full")
    other = await room.sees("#2 Load is high")

    assert "may be a repeat" not in first.text
    assert "may be a repeat" in again.text
    assert "may be a repeat" not in other.text


async def test_a_refused_card_is_told_in_plain_words(room: RoomDriver, bot: Bot, logs: list[dict[str, Any]]) -> None:
    """A message that Hipchat does not take as it is goes out without its card; nothing else waits for it."""
    bot.spoil(Fault(path=NOTIFICATION, status=400, times=1))
    await bot.post(DISK)
    shown = await room.sees("#1 Disk full")

    assert shown.message.card is None
    assert 0 == await bot.waiting()


# --- storms ---------------------------------------------------------------------------------------------------------


async def test_a_storm(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """500 alerts: at most 30 messages in any minute, critical ones first, every number listed or digested."""
    assert bot.backend is not None
    results = await bot.backend.post(*storm_alerts())
    numbers = {result["alert"] for result in results}
    await room.says("dana", "/alert list severity>=critical")
    counted = await room.sees("20 open · 0 acked")
    await until_told(bot, clock)
    said = by_alertbot(room)
    cards = [shown for shown in said if shown.message.card is not None]

    assert 500 == len(numbers)
    assert set() == numbers - told_of(said)
    assert most_in_a_minute(said) <= 30
    assert {"red"} == {shown.message.color for shown in cards}
    assert all("Severity: critical" in shown.text for shown in cards)
    assert "#" in counted.text
    room.look()


async def test_every_number_of_a_storm_works(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Commands take the digest's own ranges, and the resolves of a storm fold too."""
    assert bot.backend is not None
    alerts = storm_alerts()
    await bot.backend.post(*alerts)
    await until_told(bot, clock)
    room.look()
    clock.forward(minutes=2)
    await room.says("dana", "/alert ack 100-412")
    await room.sees("This would ack 313 alerts")
    await room.says("dana", "/alert yes")
    await room.sees("acked 313: #100-#412")
    before = len(by_alertbot(room))
    await bot.backend.post(*({**alert, "status": "resolved"} for alert in alerts))
    await until_told(bot, clock)
    folded = by_alertbot(room)[before:]
    room.look()
    await room.says("dana", "/alert list")

    assert set(range(1, 501)) == told_of(folded)
    assert len(folded) <= 20
    await room.sees("0 open · 0 acked")


async def test_a_steady_stream_stays_in_budget(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Two alerts a second for five minutes, with people asking in between: all told, never more than 30 in a minute."""
    assert bot.backend is not None
    numbers: set[int] = set()
    for second in range(0, 300, 5):
        results = await bot.backend.post(
            *({"summary": f"problem {second}-{index}", "dedup_key": f"{second}-{index}"} for index in range(10))
        )
        numbers |= {result["alert"] for result in results}
        if second % 20 == 0:
            await room.says("dana", f"/alert show {min(numbers)}")
        clock.forward(seconds=5)
        await bot.settle()
    await until_told(bot, clock)
    said = by_alertbot(room)
    room.look()

    assert 600 == len(numbers)
    assert set() == numbers - told_of(said)
    assert most_in_a_minute(said) <= 30


async def test_more_commands_than_the_room_takes(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Answers that do not fit into the minute follow by REST: every command is answered."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    for index in range(40):
        await room.says("dana" if index % 2 else "lee", f"/alert note 1 remark {index}")
    await until_told(bot, clock)
    answers = [shown for shown in by_alertbot(room) if "noted 1: #1" in shown.text]
    room.look()

    assert 40 == len(answers)
    assert most_in_a_minute(by_alertbot(room)) <= 30
    assert 41 == len(await bot.history(1))
