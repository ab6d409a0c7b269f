"""Stories of what is cleared away after its days, and of what never is."""

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import retention
from tests.stories.bot import Bot

DAY = 24
COUNTS = {
    "alerts": "SELECT COUNT(*) AS many FROM alerts",
    "history": "SELECT COUNT(*) AS many FROM history",
}


async def clear(stage: Stage, clock: MovableClock, *, days: int) -> None:
    """Do what the retention's loop does every hour."""
    await retention.clear(stage.parts.storage, raw_days=7, retention_days=days, now=clock.milliseconds())


async def rows(stage: Stage, table: str) -> int:
    """Count a table's rows."""
    async with stage.parts.storage.read() as tx:
        row = await tx.one(COUNTS[table])
    assert row is not None
    return int(row["many"])


async def test_closed_alerts_go_and_active_ones_stay(
    stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """What was closed so long ago is dropped with its history; active alerts stay however old; no number is given twice."""
    await bot.fires("old and closed", "old and open", "old, closed lately")
    room.look()
    await room.says("dana", "/alert close 1")
    await room.sees("closed 1: #1")
    clock.forward(hours=20 * DAY)
    await room.says("dana", "/alert close 3")
    await room.sees("closed 1: #3")
    await clear(stage, clock, days=21)
    assert 3 == await rows(stage, "alerts")
    clock.forward(hours=2 * DAY)
    await clear(stage, clock, days=21)
    await room.says("dana", "/alert show 1")
    gone = await room.sees("There is no #1 in this room")
    assert [4] == await bot.fires("old and closed")
    await room.sees("#4 old and closed")

    assert "Open: #2" in gone.text
    assert ("open", None) == await bot.stands(2)
    assert ("closed", None) == await bot.stands(3)
    assert ["opened by demo", "closed by Dana"] == await bot.history(3)
    assert 3 == await rows(stage, "alerts")
    assert 4 == await rows(stage, "history")


async def test_many_old_alerts_go_in_pages(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """More alerts than one transaction looks at are all dropped."""
    many = [f"problem {number}" for number in range(retention.PAGE + 20)]
    await bot.fires(*many)
    await bot.post(*({"summary": summary, "status": "resolved"} for summary in many[:-1]))
    clock.forward(minutes=5)
    await bot.settle()
    room.look()
    clock.forward(hours=401 * DAY)
    await clear(stage, clock, days=400)

    assert 1 == await rows(stage, "alerts")
