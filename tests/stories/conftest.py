"""A story's stage: the stand-in and the bot in one process, on each database, by a clock that stands still."""

from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bot.demo.backend import backend
from bot.demo.clock import MovableClock
from bot.demo.stage import Stage, staged
from bot.settings import Settings
from bot.standin.driver import RoomDriver
from tests.stories.bot import Bot

START = 1_795_521_720.0
"""Tuesday 2026-11-24 12:02 UTC."""

Logs = list[MutableMapping[str, Any]]


@pytest.fixture
def clock() -> MovableClock:
    """Give a clock that stands still until the story moves it."""
    return MovableClock(base=lambda: START)


@pytest.fixture
def logs() -> Any:
    """Keep what is logged. A story that expects an error takes it out of here."""
    structlog.reset_defaults()
    with capture_logs() as kept:
        yield kept


@pytest.fixture
async def stage(storage_url: str, clock: MovableClock, logs: Logs) -> AsyncIterator[Stage]:
    """Run Hipchat and the bot; nothing is installed yet."""
    settings = Settings(
        port=0,
        database_url=storage_url,
        secret_key="a key for stories only",
        channel_private_hosts=("127.0.0.1",),
    )
    async with staged(settings, clock=clock, workers_too=False) as stage:
        yield stage


@pytest.fixture
async def bot(stage: Stage, clock: MovableClock, logs: Logs) -> AsyncIterator[Bot]:
    """Give the bot; afterwards nothing that it said may be left unseen, and no error may have been logged."""
    bot = Bot(stage=stage, started_at=clock.milliseconds(), drivers=[stage.room])
    yield bot
    assert [] == bot.left()
    assert [] == [line for line in logs if line["log_level"] in {"error", "critical"}]


@pytest.fixture
async def room(stage: Stage, bot: Bot) -> AsyncIterator[RoomDriver]:
    """Give the room Ops with the bot in it, greeted, and a backend with a key."""
    await stage.install()
    async with backend(stage.bot_url, await stage.key()) as poster:
        bot.backend = poster
        await bot.settle()
        await stage.room.sees("Alertbot is here")
        yield stage.room
