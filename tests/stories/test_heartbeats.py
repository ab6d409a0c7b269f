"""A backend that falls silent is an alert, and is over when it is heard again."""

from typing import Any

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import escalate
from tests.stories.bot import Bot


async def beat(stage: Stage, bot: Bot, key: str, query: str, method: str = "GET") -> Any:
    """Call the heartbeat's address, and return status and answer."""
    assert bot.backend is not None
    url = f"{stage.bot_url}/in/heartbeat/{key}?{query}"
    async with bot.backend.session.request(method, url, headers={"Authorization": ""}) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.fixture
async def key(stage: Stage, room: RoomDriver) -> str:
    """Give a key."""
    assert room is not None
    return await stage.key()


async def test_a_silent_backend(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """One alert when its time and its grace are over, told once, closed by the next beat."""
    status, answered = await beat(stage, bot, key, "name=backup&every=1h&grace=10m")
    for _ in range(3):
        clock.forward(minutes=65)
        await bot.settle()
        await beat(stage, bot, key, "name=backup&every=1h&grace=10m", "POST")
    assert [] == room.unseen()
    clock.forward(minutes=71)
    await bot.settle()
    await room.sees("#1 heartbeat backup missed: nothing was heard for 1 h, it is expected every 1 h")
    clock.forward(hours=3)
    await bot.settle()
    await beat(stage, bot, key, "name=backup")
    await bot.settle()
    await room.sees("#1 resolved by heartbeat")
    clock.forward(minutes=71)
    await bot.settle()

    assert (200, "backup", "2026-11-24T13:12:00.000Z") == (status, answered["name"], answered["expected_by"])
    await room.sees("heartbeat backup missed")


async def test_it_is_stopped(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """What is expected no more is no alert, and an alert of it is over."""
    await beat(stage, bot, key, "name=a&every=5m")
    await beat(stage, bot, key, "name=b&every=5m")
    await beat(stage, bot, key, "name=a&stop=1")
    clock.forward(minutes=7)
    await bot.settle()
    await room.sees("#1 heartbeat b missed")
    answered = await beat(stage, bot, key, "name=b&stop=1")
    await bot.settle()
    await room.sees("#1 resolved by heartbeat")

    assert (200, {"name": "b", "expected_by": None}) == answered
    assert [] == room.unseen()


async def test_after_a_start(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """Who could not reach us while we were down has its time once more."""
    await beat(stage, bot, key, "name=backup&every=10m&grace=0m")
    clock.forward(hours=2)
    started = clock.milliseconds()
    bot.started_at = started
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=9)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=2)
    await bot.settle()

    await room.sees("heartbeat backup missed")


async def test_two_replicas_miss_it_once(
    stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str
) -> None:
    """One alert with one report."""
    await beat(stage, bot, key, "name=backup&every=5m")
    clock.forward(minutes=10)
    now = clock.milliseconds()
    for _ in range(2):
        await escalate.run_due(stage.parts.storage, now=now, started_at=bot.started_at)
    await bot.settle()
    await room.sees("#1 heartbeat backup missed")

    assert ["opened by heartbeat"] == await bot.history(1)


@pytest.mark.parametrize("query", ["every=soon", "every=1s", "every=-5m", "grace=2y", "every=9999999999d", "every="])
async def test_bad_spans(stage: Stage, room: RoomDriver, bot: Bot, key: str, query: str) -> None:
    """Are refused with the reason; nothing is expected then."""
    status, answered = await beat(stage, bot, key, query)
    await bot.settle()

    assert 422 == status
    assert "is a span such as 5m" in answered["detail"]
    assert [] == room.unseen()


async def test_a_wrong_key(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Nobody else makes a backend look alive."""
    assert room is not None
    assert 401 == (await beat(stage, bot, "x" * 32, "name=backup"))[0]
