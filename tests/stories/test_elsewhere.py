"""Stories of numbers from other rooms: whoever may see a room is told that an alert is there, nobody else anything."""

import re

import pytest

from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from tests.stories.bot import Bot
from tests.stories.test_oncall import configured

ROUTES = """
[[route]]
name = "lobby"
match = ["service=web"]
room = "Lobby"

[[route]]
name = "team"
match = ["service=secret"]
room = "Ops Team"
"""


@pytest.fixture
async def rooms(stage: Stage, room: RoomDriver, bot: Bot) -> RoomDriver:
    """Give the room Ops with #1; #2 and #3 are in Lobby, #4 in the private room Ops Team."""
    for name in ("Lobby", "Ops Team"):
        await stage.install(name)
        other = bot.room(name)
        await bot.settle()
        other.look()
    await configured(stage, ROUTES)
    for number, service in enumerate(("db", "web", "web", "secret"), 1):
        await bot.post({"summary": f"problem {number}", "labels": {"service": service}})
    for driver in bot.drivers:
        driver.look()
    return room


async def test_it_is_said_where_an_alert_is(rooms: RoomDriver, bot: Bot) -> None:
    """Looking and changing answer with the other room; nothing of the alert itself is shown, and nothing is done."""
    for typed in (
        "show 2",
        "2",
        "history 2",
        "why 2",
        "story 2",
        "ack 2",
        "close 2 fixed",
        "assign 2 @Lee",
        "note 2 hello",
    ):
        await rooms.says("dana", f"/alert {typed}")

        assert "#2 is in Lobby." == (await rooms.sees("#2")).text, typed
    await rooms.says("dana", "/alert show 3 2")
    await rooms.sees("#2 #3 are in Lobby.")
    await rooms.says("dana", "/alert ack 1-4 2h")
    await rooms.sees("acked 1: #1 until 15:02 CET: problem 1 · skipped #2 #3 (in Lobby), #4 (not in this room)")
    await rooms.says("dana", "/alert close 1 dupe 2")
    await rooms.sees("#2 is in Lobby.")

    assert ("open", None) == await bot.stands(2)
    assert ("acked", "Dana") == await bot.stands(1)


async def test_a_private_room_is_not_named(rooms: RoomDriver, bot: Bot) -> None:
    """Not even whether there is such a number is told."""
    await rooms.says("dana", "/alert show 4")
    secret = (await rooms.sees("There is no #4 in this room")).text
    await rooms.says("dana", "/alert show 5")
    none = (await rooms.sees("There is no #5 in this room")).text

    assert none.replace("#5", "#4") == secret
    assert "Team" not in secret


async def test_guests_are_told_nothing(stage: Stage, rooms: RoomDriver, bot: Bot) -> None:
    """A guest sees the rooms they were invited to, no others."""
    guest = next(user for user in stage.server.hipchat.users.values() if user.is_guest)
    await rooms.says(guest, "/alert show 2")

    assert "Lobby" not in (await rooms.sees("There is no #2 in this room")).text


async def test_unknown_is_private(rooms: RoomDriver, bot: Bot) -> None:
    """Where Hipchat does not say whether a room is open to all, it is not named."""
    bot.spoil(Fault(path=re.compile("/v2/room/"), status=503))
    await rooms.says("dana", "/alert show 2")
    told = await rooms.sees("There is no #2 in this room")
    bot.mend()

    assert "Lobby" not in told.text
