"""The real Alertmanager: an ack in the room silences exactly that alert there, and unack and close end the silence."""

import contextlib
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import planning
from tests.needs import needs
from tests.postgres import free_port
from tests.processes.programs import start
from tests.stories.bot import Bot

CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
ALERTS = [{"labels": {"alertname": "DiskFull", "host": host, "severity": "critical"}} for host in ("db1", "db2")]


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    """Run an Alertmanager that tells nobody; give its address."""
    binary = needs("prometheus-alertmanager", "prometheus-alertmanager")
    (folder / "alertmanager.yml").write_text(CONFIG)
    port = free_port()
    arguments = [
        binary,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    program = await start("alertmanager", arguments, environment={}, folder=folder)
    try:
        await program.wrote("Listening on")
        yield f"http://127.0.0.1:{port}"
    finally:
        await program.kill()


@pytest.fixture
def clock() -> MovableClock:
    """Give the real time: Alertmanager goes by it too."""
    return MovableClock()


@pytest.fixture
async def alertmanager(tmp_path: Path) -> AsyncIterator[str]:
    """Give an Alertmanager's address."""
    async with running(tmp_path) as url:
        yield url


async def suppressed(session: aiohttp.ClientSession, url: str) -> dict[str, str]:
    """Return each alert's state by its host, as Alertmanager has it."""
    async with session.get(f"{url}/api/v2/alerts") as answer:
        alerts: list[Any] = await answer.json()
    return {alert["labels"]["host"]: alert["status"]["state"] for alert in alerts}


async def test_an_ack_is_a_silence_there(stage: Stage, room: RoomDriver, bot: Bot, alertmanager: str) -> None:
    """Of that alert alone, until it is unacked; a second ack's silence ends with the close."""
    parts = stage.parts
    plan = f'[[channel]]\nname = "am"\nkind = "alertmanager"\nurl = "{alertmanager}"\n[[route]]\nname = "all"\nchannels = ["am"]'
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{alertmanager}/api/v2/alerts", json=ALERTS) as answer:
            assert 200 == answer.status
        for alert in ALERTS:
            await bot.post({"summary": f"Disk full on {alert['labels']['host']}", "labels": alert["labels"]})
        room.look()
        await room.says("dana", "/alert ack 1 2h on it")
        await room.sees("acked 1: #1")
        await bot.settle()
        acked = await suppressed(session, alertmanager)
        async with session.get(f"{alertmanager}/api/v2/silences") as answer:
            (silence,) = await answer.json()
        await room.says("dana", "/alert unack 1")
        await room.sees("unacked 1: #1")
        await bot.settle()
        unacked = await suppressed(session, alertmanager)
        await room.says("dana", "/alert ack 1")
        await room.sees("acked 1: #1")
        await bot.settle()
        again = await suppressed(session, alertmanager)
        await room.says("dana", "/alert close 1")
        await room.sees("closed 1: #1")
        await bot.settle()
        closed = await suppressed(session, alertmanager)

    assert {"db1": "suppressed", "db2": "active"} == acked == again
    assert {"active"} == set(unacked.values()) == set(closed.values())
    assert ("Dana (Hipchat)", "acked of alert 1: on it") == (silence["createdBy"], silence["comment"])
