"""Stories of silences: what they would hide, hide, and hid; who is asked before their end, and what is told after it."""

import re
from typing import Any

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from tests.stories.bot import Bot

DISK: dict[str, Any] = {
    "summary": "Disk full on db1",
    "severity": "warning",
    "dedup_key": "disk:db1",
    "source": "cron",
    "labels": {"service": "db", "host": "db1"},
}
RESOLVED: dict[str, Any] = {**DISK, "status": "resolved"}


def disk(number: int, **fields: Any) -> dict[str, Any]:
    """Write an alert about one of many disks."""
    return {**DISK, "summary": f"Disk full on db{number}", "dedup_key": f"disk:db{number}", **fields}


async def silenced(room: RoomDriver, text: str = "service=db severity<=warning 2h moving the db") -> None:
    """Make a silence that needs no word more."""
    await room.says("dana", f"/alert silence {text}")
    await room.sees("hides")


async def test_a_silenced_alert_is_kept_and_not_told(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """It has its number, its history and its mark, works in commands, and the room hears nothing of its coming and going."""
    await room.says("dana", "/alert silence service=db severity<=warning 2h moving the db")
    answer = await room.sees("S1 hides service=db severity<=warning in this room until 15:02 CET.")
    assert [(1, "opened"), (2, "opened")] == await bot.post(DISK, disk(2))
    assert [(2, "resolved")] == await bot.post(disk(2, status="resolved"))
    assert [] == room.unseen()
    await room.says("dana", "/alert list")
    listed = await room.sees("1 open")
    await room.says("dana", "/alert show 1")
    shown = await room.sees("#1 warning open")

    assert "green" == answer.message.color
    assert "Nothing of it is open now." in answer.text
    assert "There were no alerts here in the last 7 days." in answer.text
    assert "#1 warning open under 1 min, silenced by S1  Disk full on db1" in listed.text
    assert ", silenced by S1" in shown.text
    assert ["opened by cron", "silenced by S1"] == await bot.history(1)
    assert ["opened by cron", "silenced by S1", "resolved by cron"] == await bot.history(2)


async def test_what_it_covers_and_what_not(room: RoomDriver, bot: Bot) -> None:
    """Other labels and worse severities are told as ever."""
    await silenced(room)
    await bot.post(disk(1, severity="error"))
    await room.sees("#1 Disk full on db1")
    await bot.post(disk(2, labels={"service": "web"}))

    await room.sees("#2 Disk full on db2")


async def test_worse_breaks_through(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """An alert that gets worse than the matchers cover is told; its end is told then, too, and it does not wait for the silence's."""
    await silenced(room)
    await bot.post(disk(1, severity="info"))
    await bot.post(DISK)
    assert [] == room.unseen()
    await bot.post({**DISK, "severity": "critical"})
    await room.sees("#1 Disk full on db1")
    assert [
        "opened by cron",
        "silenced by S1",
        "worse by cron",
        "silenced by S1",
        "worse by cron",
    ] == sorted_by_time(await bot.history(1))
    clock.forward(hours=2)
    await bot.settle()
    over = await room.sees("Silence S1 (service=db severity<=warning, by Dana) is over. It hid 1 alert, 2 messages.")
    await bot.post(RESOLVED)
    await room.sees("#1 resolved by cron")

    assert "Nothing of it waits." in over.text


def sorted_by_time(rows: list[str]) -> list[str]:
    """Return history as it is; the name says what the story relies on."""
    return rows


async def test_the_mirror_before(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Before, it says which open alerts it hides and how many of the last 7 days, with real numbers."""
    await bot.post(*(disk(number) for number in range(1, 4)))
    await room.sees("#3 Disk full")
    await bot.post(disk(1, status="resolved"))
    await room.sees("#1 resolved")
    clock.forward(hours=24 * 6)
    await bot.post(disk(4, severity="critical"), disk(5, labels={"service": "web"}))
    room.look()
    await room.says("dana", "/alert silence service=db 2h")
    answer = await room.sees("S1 hides service=db in this room")

    assert "Open now: 3 (#2 #3 #4)." in answer.text
    assert (
        "Of the last 7 days' 5 alerts here it would have hidden 4, 1 of them critical, for example #1 #2 #3 #4."
        in answer.text
    )
    clock.forward(hours=24 * 2)
    await bot.settle()
    room.look()
    await room.says("dana", "/alert silence service=db 2h")
    assert (
        "Of the last 7 days' 2 alerts here it would have hidden 1, 1 of them critical"
        in (await room.sees("S2 hides")).text
    )


async def test_more_than_five_open_alerts_wait_for_yes(room: RoomDriver, bot: Bot) -> None:
    """Five are silenced at once; with six it says what it would hide, and waits."""
    await bot.post(*(disk(number) for number in range(1, 6)))
    room.look()
    await room.says("dana", "/alert silence service=db 2h")
    await room.sees("S1 hides service=db in this room")
    await bot.post(disk(6, severity="critical"))
    await room.says("dana", "/alert silence host=db1 2h")
    ask = await room.sees("This would hide host=db1 in this room until 15:02 CET. Open now: 6 (#1 #2 #3 #4 #5 #6).")
    assert "Answer /alert yes within 2 minutes" in ask.text
    await room.says("lee", "/alert yes")
    await room.sees("I have not asked you anything")
    await room.says("dana", "/alert silences")
    assert "S2" not in (await room.sees("1 silence in this room")).text
    await room.says("dana", "/alert yes")

    await room.sees("S2 hides host=db1 in this room")


@pytest.mark.parametrize("text", ["all", "service=~.*", "severity>=info", "service!=web"])
async def test_everything_waits_for_yes(room: RoomDriver, bot: Bot, text: str) -> None:
    """A silence that names nothing is never made without a second word, whatever it is written as."""
    await room.says("dana", f"/alert silence {text} 2h")
    ask = await room.sees("This would hide")
    await room.says("dana", "/alert no")
    await room.sees("Left as it is.")
    await bot.fires("Disk full")
    await room.sees("#1 Disk full")
    await room.says("dana", f"/alert silence {text} 2h")
    await room.sees("This would hide")
    await room.says("dana", "/alert yes")
    await room.sees("S1 hides")
    await bot.fires("Disk full again")

    assert "critical ones too" in ask.text or "critical alerts too" in ask.text


async def test_no_matcher_is_refused_with_advice(room: RoomDriver) -> None:
    """Without a matcher or without a time there is no silence, and the answer says what to write."""
    await room.says("dana", "/alert silence 2h please")
    await room.sees('What shall be silent? Write for example "silence service=db severity<=warning 2h"')
    await room.says("dana", "/alert silence service=db")
    await room.sees('For how long? Did you mean "silence service=db 2h"?')
    await room.says("dana", "/alert silence host=~web( 2h")
    await room.sees('The pattern "web(" cannot be used: missing )')
    await room.says("dana", "/alert silences")

    await room.sees("No silence in this room.")


async def test_before_its_end_its_author_is_asked(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A tenth before the end its author is rung; who goes on moves the end, and is asked again before that one."""
    await silenced(room)
    await bot.post(DISK)
    clock.forward(minutes=107)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=1)
    await bot.settle()
    ask = await room.sees(
        "for Dana: your silence S1 (service=db severity<=warning) ends in 12 min, at 15:02 CET; so far it hid 1 alert."
    )
    assert "To go on: /alert silence S1 2h" in ask.text
    assert "text" == ask.message.message_format
    await bot.settle()
    assert [] == room.unseen()
    await room.says("lee", "/alert silence S1 2h")
    await room.sees("S1 (service=db severity<=warning) goes on until 15:50 UTC.")
    clock.forward(minutes=100)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=8)
    await bot.settle()
    await room.sees("for Dana: your silence S1")
    clock.forward(minutes=12)
    await bot.settle()

    await room.sees("Silence S1 (service=db severity<=warning, by Dana) is over.")


async def test_after_its_end_the_room_hears_once_what_waited(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What is still there is listed, each once; what came and went is counted; from then on its end is news."""
    await silenced(room)
    await bot.post(*(disk(number) for number in range(1, 5)))
    await bot.post(disk(2, status="resolved"))
    clock.forward(minutes=110)
    await bot.settle()
    await room.sees("ends in 10 min")
    clock.forward(minutes=10)
    await bot.settle()
    over = await room.sees("Silence S1 (service=db severity<=warning, by Dana) is over. It hid 4 alerts, 4 messages.")
    assert "1 came and went. Still there and not told so far: 3" in over.text
    assert ["#1 warning open", "#3 warning open", "#4 warning open"] == [
        line[: len("#1 warning open")] for line in over.text.splitlines() if line.startswith("#")
    ]
    assert ["opened by cron", "silenced by S1", "told by S1"] == await bot.history(1)
    await bot.settle()
    assert [] == room.unseen()
    await bot.post(RESOLVED, disk(5))

    await room.sees("#1 resolved by cron")
    await room.sees("#5 Disk full on db5")


async def test_the_end_of_what_the_room_knows_is_told(room: RoomDriver, bot: Bot) -> None:
    """An alert that the room heard of before the silence is told when it resolves; one that fires again meanwhile is not."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await silenced(room)
    await bot.post(RESOLVED)
    await room.sees("#1 resolved by cron")
    assert [(1, "reopened")] == await bot.post(DISK)
    assert [(1, "resolved")] == await bot.post(RESOLVED)

    assert [] == room.unseen()


async def test_ended_by_hand(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Unsilence says what waited, in its answer; the clock has nothing to say then."""
    await silenced(room)
    await bot.post(DISK, disk(2))
    await bot.post(disk(2, status="resolved"))
    await room.says("lee", "/alert unsilence s1 the move is done")
    answer = await room.sees("S1 (service=db severity<=warning) is ended. It hid 2 alerts, 2 messages.")
    assert "1 came and went. Still there and not told so far: 1" in answer.text
    assert "#1 warning open" in answer.text
    await room.says("lee", "/alert unsilence S1")
    await room.sees("S1 is over")
    await room.says("lee", "/alert unsilence S7")
    await room.sees("There is no silence S7 in this room.")
    clock.forward(hours=3)
    await bot.settle()
    assert [] == room.unseen()
    await bot.post(disk(3))

    await room.sees("#3 Disk full on db3")


async def test_listed_with_counters(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """The list tells of each silence its matchers, end, author, comment and what it hid."""
    await silenced(room)
    await bot.post(DISK, disk(2))
    await bot.post(disk(2, status="resolved"))
    clock.forward(minutes=30)
    await room.says("lee", '/alert silence host=~"web.*" until 18:00')
    await room.sees("S2 hides host=~web.* in this room until 18:00")
    await room.says("lee", "/alert silences")
    listed = await room.sees("2 silences in this room")

    assert "S1 service=db severity<=warning · until" in listed.text
    assert "(1 h left) · by Dana: moving the db · hid 2 alerts, 2 messages" in listed.text
    assert "S2 host=~web.* · until" in listed.text
    assert "hid 0 alerts, 0 messages" in listed.text
    await room.says("lee", "/alert unsilence")
    await room.sees("Which silence? There are S1 S2.")
    await room.says("lee", "/alert unsilence all")
    await room.sees("S2 (host=~web.*) is ended. It hid nothing.")


async def test_two_silences_of_one_alert(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What another silence still covers waits for that one's end, and is told then, once."""
    await silenced(room, "service=db 1h")
    await silenced(room, "host=db1 2h")
    await bot.post(DISK)
    clock.forward(minutes=60)
    await bot.settle()
    first = await room.sees("Silence S1 (service=db, by Dana) is over.")
    assert "1 is still hidden by S2." in first.text
    assert "Still there" not in first.text
    clock.forward(minutes=60)
    await bot.settle()

    assert "Still there and not told so far: 1" in (await room.sees("Silence S2 (host=db1, by Dana) is over.")).text


async def test_a_command_in_the_room_makes_it_known(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What somebody acks in the room, the room knows: its end is told, and it does not wait for the silence's end."""
    await silenced(room)
    await bot.post(DISK)
    await room.says("lee", "/alert ack 1")
    await room.sees("acked 1: #1")
    await bot.post(RESOLVED)

    await room.sees("#1 resolved by cron")


async def test_only_in_its_room(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Another room neither keeps quiet, nor lists it, nor ends it."""
    await stage.install("Lobby")
    dev = bot.room("Lobby")
    await bot.settle()
    dev.look()
    await dev.says("lee", "/alert silence all 2h")
    await dev.sees("This would hide")
    await dev.says("lee", "/alert yes")
    await dev.sees("S1 hides everything")
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert silences")
    await room.sees("No silence in this room.")
    await room.says("dana", "/alert unsilence S1")

    await room.sees("There is no silence S1 in this room.")


async def test_guests_may_not_silence(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """A guest reads the list, and changes nothing."""
    guest = next(user for user in stage.server.hipchat.users.values() if user.is_guest)
    for text in ("silence service=db 2h", "unsilence all"):
        await room.says(guest, f"/alert {text}")
        await room.sees("Guests can read here")
    await room.says(guest, "/alert silences")

    await room.sees("No silence in this room.")


async def test_the_clock_goes_back(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """An hour back: what is silent stays silent, its author is asked once, and its end is told once."""
    await silenced(room)
    clock.forward(minutes=108)
    await bot.settle()
    await room.sees("for Dana: your silence S1")
    clock.forward(hours=-3)
    await bot.post(DISK)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(hours=3)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=12)
    await bot.settle()
    await room.sees("Silence S1 (service=db severity<=warning, by Dana) is over.")
    clock.forward(hours=-1)
    await bot.settle()
    clock.forward(hours=2)
    await bot.settle()

    assert [] == room.unseen()


async def test_the_process_slept_through_the_end(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A process that slept asks nobody about a silence that is over, and tells its end once."""
    await silenced(room)
    await bot.post(DISK)
    clock.forward(hours=5)
    await bot.settle()

    await room.sees("Silence S1 (service=db severity<=warning, by Dana) is over.")


async def test_its_end_while_hipchat_is_down(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What waited is told once Hipchat is back."""
    await silenced(room, "service=db 3m")
    await bot.post(DISK)
    bot.spoil(Fault(path=re.compile(".*"), status=503))
    clock.forward(minutes=3)
    await bot.settle()
    assert [] == room.unseen()
    bot.mend()
    clock.forward(minutes=30)
    await bot.settle()

    assert "Still there and not told so far: 1" in (await room.sees("Silence S1 (service=db, by Dana) is over.")).text


async def test_begun_again_after_its_end(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """To prolong a silence that is over makes a new one of its matchers."""
    await silenced(room, "service=db 3m")
    clock.forward(minutes=3)
    await bot.settle()
    await room.sees("It hid nothing.")
    await room.says("lee", "/alert silence S1 1h")

    await room.sees("S2 hides service=db in this room")


async def test_a_storm_is_silent_too(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Hundreds of alerts are hidden, and their end is one message that names every number."""
    await silenced(room, "service=db 3m")
    await bot.post(*(disk(number) for number in range(1, 301)))
    assert [] == room.unseen()
    clock.forward(minutes=3)
    await bot.settle()
    over = await room.sees("It hid 300 alerts, 300 messages.")

    assert "Still there and not told so far: 300" in over.text
    assert "and 290: #11-#300" in over.text
