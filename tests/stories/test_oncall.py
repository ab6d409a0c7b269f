"""Stories of routes and of being on call: which room hears, what is held, who is called when nobody acks, and who covers."""

import asyncio
import tomllib
from typing import Any

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from bot.standin.group import personal_token
from bot.usecases import escalate, planning
from tests.stories.bot import Bot
from tests.stories.test_delivery import NOTIFICATION
from tests.stories.test_token_hooks import join

DISK = {"summary": "Disk full on db1", "severity": "critical", "labels": {"service": "db"}, "dedup_key": "disk"}
OPS = """
[[route]]
name = "databases"
match = ["service=db"]
policy = "ops"

[[policy]]
name = "ops"
repeat = 1
[[policy.step]]
wait = "10m"
tell = ["room", "on-call ops"]
[[policy.step]]
wait = "5m"
tell = ["next ops"]

[[schedule]]
name = "ops"
zone = "Europe/Berlin"
[[schedule.layer]]
people = ["Dana", "Lee"]
first = 2018-06-18T09:00:00
every = "1w"
"""


async def configured(stage: Stage, text: str = OPS) -> list[str]:
    """Bring a plan in, as `alertbot config import` does."""
    now = stage.clock.milliseconds()
    parts = stage.parts
    return await planning.bring_in(parts.storage, None, tomllib.loads(text), seal=parts.vault.seal, now=now)


def disk(number: int, **fields: Any) -> dict[str, Any]:
    """Return an alert of one of many databases."""
    return {**DISK, "summary": f"Disk full on db{number}", "dedup_key": f"disk{number}", **fields}


# --- routes ---------------------------------------------------------------------------------------------------------


async def test_a_route_chooses_the_room(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """What the route takes is told in its room and acked there; everything else in the feed's."""
    await stage.install("Lobby")
    lobby = bot.room("Lobby")
    await bot.settle()
    lobby.look()
    await configured(stage, '[[route]]\nname = "db"\nmatch = ["service=db", "severity>=error"]\nroom = "Lobby"')
    await bot.post(DISK, {"summary": "Slow", "labels": {"service": "web"}})
    await lobby.sees("#1 Disk full on db1")
    await room.sees("#2 Slow")
    await room.says("dana", "/alert ack 1")
    await room.sees("#1 is in Lobby.")
    await lobby.says("dana", "/alert ack 1")

    await lobby.sees("acked 1: #1")


async def test_a_blip_is_only_in_the_history(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What resolves within its route's hold is never told; what lasts is told once the hold is over."""
    await configured(stage, '[[route]]\nname = "db"\nmatch = ["service=db"]\nhold = "30s"')
    await bot.post(DISK, disk(2))
    await bot.post({**DISK, "status": "resolved"})
    clock.forward(seconds=29)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(seconds=1)
    await bot.settle()
    await room.sees("#2 Disk full on db2")
    await bot.post(disk(2, status="resolved"))
    await room.sees("#2")

    assert ["opened by demo", "resolved by demo"] == await bot.history(1)
    assert ("closed", None) == await bot.stands(1)


async def test_a_held_alert_that_gets_worse_is_told_at_once(
    stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """Worse news does not wait for the end of a hold, and the end says nothing more."""
    await configured(stage, '[[route]]\nname = "db"\nmatch = ["service=db"]\nhold = "5m"')
    await bot.post({**DISK, "severity": "warning"})
    assert [] == room.unseen()
    await bot.post(DISK)
    await room.sees("#1")
    clock.forward(minutes=6)
    await bot.settle()

    assert [] == room.unseen()


async def test_an_alert_in_its_hold_can_be_acked(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """It has its number at once, and whoever acks it hears of it no more."""
    await configured(stage, '[[route]]\nname = "db"\nmatch = ["service=db"]\nhold = "5m"')
    await bot.post(DISK)
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    clock.forward(minutes=6)
    await bot.settle()

    assert [] == room.unseen()


# --- escalation -----------------------------------------------------------------------------------------------------


async def test_nobody_acks(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Who is on call is rung after ten minutes, the next one five later, once more over, and then nobody any more."""
    await configured(stage)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(minutes=9, seconds=59)
    await bot.settle()
    assert [] == room.unseen()
    rung = []
    for minutes in (1 / 60, 5, 10, 5):
        clock.forward(minutes=minutes)
        await bot.settle()
        rung.append((await room.sees("not acked for")).message.message.split(" ")[0])
    clock.forward(hours=2)
    await bot.settle()

    assert 4 == len(rung)
    assert {"@Dana", "@Lee"} == set(rung)
    assert rung[0] != rung[1]
    assert [] == room.unseen()


async def test_an_ack_ends_it_and_its_end_begins_it_anew(
    stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """Nobody is called for what is acked; when it is open again the policy begins from its first step."""
    await configured(stage)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    clock.forward(hours=1)
    await bot.settle()
    assert [] == room.unseen()
    await room.says("dana", "/alert unack 1")
    await room.sees("#1")
    clock.forward(minutes=9)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=1)
    await bot.settle()

    await room.sees("#1 critical, not acked for 10 min: Disk full on db1")


async def test_a_storm_rings_once(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A hundred alerts of one moment are one message, which names their numbers."""
    await configured(stage)
    await bot.post(*(disk(number) for number in range(1, 101)))
    clock.forward(minutes=3)
    await bot.settle()
    room.look()
    clock.forward(minutes=7)
    await bot.settle()

    assert "100 alerts are not acked, the first for 10 min: #1-#100" in (await room.sees("not acked")).text
    assert [] == room.unseen()


async def test_two_replicas_call_once(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Each timer fires once, whoever looks first."""
    await configured(stage)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(minutes=10)
    now = clock.milliseconds()
    await asyncio.gather(*(escalate.run_due(stage.parts.storage, now=now, started_at=0) for _ in range(4)))
    await bot.settle()

    await room.sees("not acked for 10 min")
    assert [] == room.unseen()


async def test_the_clock_goes_back_an_hour(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A step that was taken is not taken again, and the next one comes when the clock says so."""
    await configured(stage)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(minutes=10)
    await bot.settle()
    await room.sees("not acked for 10 min")
    clock.forward(hours=-1)
    await bot.settle()
    clock.forward(minutes=60)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=5)
    await bot.settle()

    await room.sees("not acked for")


async def test_ten_minutes_asleep(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What came due meanwhile is told once, and the step after it waits its time from then on."""
    await configured(stage)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(minutes=25)
    await bot.settle()
    await room.sees("not acked for 25 min")
    assert [] == room.unseen()
    clock.forward(minutes=5)
    await bot.settle()

    await room.sees("not acked for 30 min")


async def test_a_step_while_hipchat_is_down(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """The call is told when Hipchat is back, once."""
    await configured(stage)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    bot.spoil(Fault(path=NOTIFICATION, status=503))
    clock.forward(minutes=10)
    await bot.settle()
    assert [] == room.unseen()
    bot.mend()
    clock.forward(minutes=4)
    await bot.settle()

    await room.sees("not acked for")
    assert [] == room.unseen()


async def test_a_private_step(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """With a user's token the person is messaged too; who cannot be messaged is named in the room."""
    hipchat = stage.server.hipchat
    await join(bot, personal_token(hipchat, room.person("alex"), stage.server.url).value, "Lobby")
    lobby = bot.room("Lobby")
    lobby.look()
    steps = '[[policy.step]]\nwait = "1m"\nprivate = true\ntell = ["@Lee"]\n[[policy.step]]\nprivate = true\nwait = "1m"\ntell = ["@nobody"]'
    await configured(stage, f'[[route]]\nname = "all"\npolicy = "ops"\n[[policy]]\nname = "ops"\n{steps}')
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(minutes=1)
    await bot.settle()
    await room.sees("for Lee: #1 critical, not acked for 1 min")
    lee = room.person("lee")
    assert ["#1 critical, not acked for 1 min: Disk full on db1"] == [
        message.message for message in hipchat.private if message.to_user_id == lee.id
    ]
    clock.forward(minutes=1)
    await bot.settle()
    await room.sees("for nobody: #1 critical, not acked for 2 min")

    await room.sees("nobody could not be messaged privately")


async def test_a_silenced_alert_calls_nobody(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What is silent rings nobody; when the silence is over the room hears first what waited, and people are called after that."""
    await configured(stage)
    await room.says("dana", "/alert silence service=db 1h")
    await room.sees("S1 hides")
    await bot.post(DISK)
    for _ in range(11):
        clock.forward(minutes=5)
        await bot.settle()
    room.look()
    clock.forward(minutes=5)
    await bot.settle()
    await room.sees("Silence S1")
    assert [] == room.unseen()
    clock.forward(minutes=1)
    await bot.settle()

    await room.sees("#1 critical, not acked for 1 h")


# --- on call --------------------------------------------------------------------------------------------------------


async def test_who_is_on_call(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Each schedule in a line, with its handover in the asker's zone; without one the answer says how to make one."""
    await room.says("dana", "/alert oncall")
    await room.sees("There are no schedules yet")
    await configured(stage)
    await room.says("dana", "/alert oncall")
    line = (await room.sees("ops: ")).text
    await room.says("dana", "/alert oncall web")
    await room.sees("There is no schedule web; there are: ops.")

    assert " until " in line
    assert ", then " in line


async def test_somebody_covers(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Whoever covers is on call from now on for the time that was said, and is the one who is called."""
    await configured(stage)
    await room.says("alex", "/alert cover ops 60m")
    await room.sees("ops: Alex is on call from now until")
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(minutes=10)
    await bot.settle()
    assert (await room.sees("not acked for 10 min")).message.message.startswith("@Alex ")
    clock.forward(minutes=51)
    await bot.settle()
    room.look()
    await room.says("alex", "/alert oncall ops")

    assert "Alex" not in (await room.sees("ops: ")).text


async def test_a_page_without_a_users_token(room: RoomDriver) -> None:
    """It rings in the room, and says why nobody was messaged."""
    await room.says("dana", "/alert page @Lee the site is down")

    paged = (await room.sees("@Lee")).text
    assert "Dana pages you: the site is down" in paged
    assert "private messages need a user's token" in paged
