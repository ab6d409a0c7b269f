"""A Nagios that is away for a day misses nothing: its command file is written to in order once it is read again."""

import os
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage, staged
from bot.settings import Settings
from bot.standin.driver import RoomDriver
from bot.usecases import planning
from tests.stories.bot import Bot
from tests.stories.conftest import Logs

DISK = {"summary": "Disk full", "severity": "critical", "labels": {"host": "db1", "alertname": "DiskFull"}}


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Make a pipe that nobody reads."""
    path = tmp_path / "nagios.cmd"
    os.mkfifo(path)
    return path


@pytest.fixture
async def stage(storage_url: str, clock: MovableClock, logs: Logs, pipe: Path) -> AsyncIterator[Stage]:
    """Run a bot that may write to the pipe."""
    settings = Settings(
        port=0, database_url=storage_url, secret_key="a key for stories only", nagios_command_files=(str(pipe),)
    )
    async with staged(settings, clock=clock, workers_too=False) as stage:
        yield stage


async def test_a_day_without_nagios(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, pipe: Path) -> None:
    """Each alert's changes come in the order in which they happened, once."""
    plan = (
        f'[[channel]]\nname = "nagios"\nkind = "nagios"\ncommand_file = "{pipe}"\n'
        '[[route]]\nname = "all"\nchannels = ["nagios"]'
    )
    parts = stage.parts
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    for _ in range(24):
        clock.forward(hours=1)
        await bot.settle()
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        await room.says("dana", "/alert close 1")
        await room.sees("closed 1: #1")
        clock.forward(minutes=15)
        await bot.settle()
        lines = os.read(reader, 65536).decode().splitlines()
    finally:
        os.close(reader)

    assert [
        "PROCESS_SERVICE_CHECK_RESULT;db1;DiskFull;2",
        "ACKNOWLEDGE_SVC_PROBLEM;db1;DiskFull;1",
        "PROCESS_SERVICE_CHECK_RESULT;db1;DiskFull;0",
    ] == [";".join(line.partition("] ")[2].split(";")[:4]) for line in lines]
    assert ["[1795521720]", "[1795521720]", "[1795608120]"] == [line.split()[0] for line in lines]
