"""Stories of a room's time zone: everything that is said there reads as one log."""

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import configure
from tests.stories.bot import Bot


async def test_a_room_has_one_zone(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Whoever asks, and whatever the bot says by itself: all times are in the room's zone."""
    await configure.change_zone(stage.parts.storage, tenant=None, room="Ops", time_zone="America/New_York")
    await bot.fires("Disk full", "Mail is slow", severity="error")
    room.look()
    await room.says("dana", "/alert ack 1 1h")
    await room.sees("acked 1: #1 until 08:02 EST: Disk full")
    await room.says("lee", "/alert snooze 2 until 09:00")
    await room.sees("snoozed 1: #2 until 09:00 EST: Mail is slow")
    await room.says("lee", "/alert silence service=db 2h")
    await room.sees("in this room until 09:02 EST.")
    await room.says("lee", "/alert handover")
    handover = await room.sees("Handover 07:02 EST")
    clock.forward(minutes=54)
    await bot.settle()

    assert "until 08:02 EST" in handover.text
    assert "until 09:00 EST" in handover.text
    await room.sees("ends at 08:02 EST")
    clock.forward(minutes=6)
    await bot.settle()

    await room.sees("the time of Dana's ack is over")


async def test_without_one_everybody_has_their_own(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Dana reads Berlin's time, Lee London's, until the room has a zone."""
    await bot.fires("Disk full")
    room.look()
    await room.says("dana", "/alert ack 1 1h")
    await room.sees("#1 until 14:02 CET")
    await room.says("lee", "/alert show 1")
    await room.sees("until 13:02 UTC")
    await configure.change_zone(stage.parts.storage, tenant=None, room="Ops", time_zone="Europe/Berlin")
    await room.says("lee", "/alert show 1")

    await room.sees("until 14:02 CET")
