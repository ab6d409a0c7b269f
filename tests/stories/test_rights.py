"""Stories of rights: guests read only, and a room may say who uses which verb (product.md 7)."""

import re
from dataclasses import replace

import pytest

from bot.demo.stage import Stage
from bot.domain.tenant import Level
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from bot.usecases import configure
from tests.stories.bot import Bot


async def given(stage: Stage, **changes: Level | None) -> None:
    """Change a room's rights, as `alertbot room rights` does."""
    await configure.change_rights(stage.parts.storage, tenant=None, room="Ops", changes=changes)


async def test_only_admins_close(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """The room's owner may, a member is told who may, and what is not restricted goes on as before."""
    await bot.fires("Disk", "Mail")
    room.look()
    await given(stage, close=Level.ADMINS)
    await room.says("dana", "/alert close 1")
    await room.sees('In this room "close" is for the owner of the room and the admins of the group.')
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    await room.says("alex", "/alert close 1")
    await room.sees("closed 1: #1")
    await given(stage, close=None)
    await room.says("dana", "/alert close 2")

    await room.sees("closed 1: #2")


async def test_a_verb_that_is_switched_off(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Nobody uses it, and the refusal says how to have it back; a yes to a question from before is refused too."""
    await bot.fires(*(f"Disk {number}" for number in range(7)))
    room.look()
    await room.says("dana", "/alert close all")
    await room.sees("This would close 7 alerts")
    await given(stage, close=Level.NOBODY)
    await room.says("dana", "/alert yes")
    refused = await room.sees('"close" is switched off in this room.')
    assert 'alertbot room rights "Ops" close=members' in refused.text
    assert ("open", None) == await bot.stands(1)


async def test_guests_may_be_let_in(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """A guest acks only where the room lets everybody."""
    guest = next(user for user in stage.server.hipchat.users.values() if user.is_guest)
    await bot.fires("Disk")
    room.look()
    await room.says(guest, "/alert ack 1")
    await room.sees("Guests can read here, not change anything.")
    await given(stage, ack=Level.EVERYBODY)
    await room.says(guest, "/alert ack 1")

    await room.sees("acked 1: #1")


USERS = re.compile(r"/v2/user/")
ANSWERS = [
    Fault(path=USERS, status=500),
    Fault(path=USERS, status=429),
    Fault(path=USERS, status=403),
    Fault(path=USERS, drop=True),
]


@pytest.mark.parametrize("fault", ANSWERS, ids=["500", "429", "403", "no answer"])
async def test_whom_the_directory_does_not_confirm(stage: Stage, room: RoomDriver, bot: Bot, fault: Fault) -> None:
    """Somebody unseen reads, and changes nothing while Hipchat does not say who they are; the reply says why."""
    guest = next(user for user in stage.server.hipchat.users.values() if user.is_guest)
    await bot.fires("Disk")
    room.look()
    bot.spoil(replace(fault))
    for who in (guest, "dana"):
        await room.says(who, "/alert ack 1")
        await room.sees("Hipchat does not confirm who you are, so you can only read for now.")
        await room.says(who, "/alert show 1")
        await room.sees("#1 warning open")
    assert ("open", None) == await bot.stands(1)
    bot.mend()
    stage.forward(minutes=2)
    await room.says(guest, "/alert ack 1")
    await room.sees("Guests can read here, not change anything.")
    await room.says("dana", "/alert ack 1")

    await room.sees("acked 1: #1")


async def test_whom_the_directory_confirmed_today(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """A member goes on acting while Hipchat's directory is away, for a day; then it has to say so again."""
    await bot.fires("Disk")
    room.look()
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    bot.spoil(Fault(path=USERS, status=500))
    stage.forward(hours=23)
    await room.says("dana", "/alert unack 1")
    await room.sees("unacked 1: #1")
    stage.forward(hours=2)
    await room.says("dana", "/alert ack 1")

    await room.sees("Hipchat does not confirm who you are")


async def test_who_is_gone_changes_nothing(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """A user whom the directory does not know any more has no rights left, whatever they were."""
    await bot.fires("Disk")
    room.look()
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    bot.spoil(Fault(path=USERS, status=404))
    stage.forward(hours=1)
    await room.says("dana", "/alert close 1")
    await room.sees("Hipchat does not confirm who you are")

    assert ("acked", "Dana") == await bot.stands(1)


async def test_only_a_refused_right_is_red(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """What somebody may not do is red; that nothing is there, or that somebody else was first, is information."""
    await bot.fires("Disk", "Mail")
    room.look()
    await given(stage, close=Level.ADMINS)
    await room.says("dana", "/alert close 1")
    assert "red" == (await room.sees("for the owner of the room")).message.color
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1 Disk")
    for typed, answered in (
        ("ack 1", "#1 is acked by Dana"),
        ("ack 9", "There is no #9"),
        ("list closed", "0 open"),
        ("oncall", "There are no schedules"),
        ("unsilence S4", "There is no silence S4"),
        ("wake 2", "#2 is open"),
    ):
        await room.says("lee", f"/alert {typed}")

        assert "gray" == (await room.sees(answered)).message.color, typed
