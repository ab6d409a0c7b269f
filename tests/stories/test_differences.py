"""After an outage the real Alertmanager and we say different things: the room hears so once, and acks are made good there."""

import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import planning, reconcile
from tests.stories.bot import Bot
from tests.stories.test_real_alertmanager import running


@pytest.fixture
def clock() -> MovableClock:
    """Give the real time: Alertmanager goes by it too."""
    return MovableClock()


@pytest.fixture
async def alertmanager(tmp_path: Path) -> AsyncIterator[str]:
    """Give an Alertmanager's address."""
    async with running(tmp_path) as url:
        yield url


def firing(host: str, *, hours: int = 4) -> dict[str, Any]:
    """Return an alert that fires for hours to come, or is over."""
    ends_at = datetime.now(UTC) + timedelta(hours=hours)
    return {
        "labels": {"alertname": "DiskFull", "host": host},
        "annotations": {"summary": f"Disk full on {host}"},
        "startsAt": (datetime.now(UTC) - timedelta(hours=5)).isoformat(),
        "endsAt": ends_at.isoformat(),
    }


async def post(session: aiohttp.ClientSession, url: str, *alerts: dict[str, Any]) -> None:
    """Post alerts as Prometheus does."""
    async with session.post(f"{url}/api/v2/alerts", json=alerts) as answer:
        assert 200 == answer.status


async def look(stage: Stage) -> int:
    """Let the bot compare once."""
    parts = stage.parts
    return await reconcile.due(parts.storage, parts.services, parts.clock, unseal=parts.vault.open)


async def test_what_differs_is_told_once(
    stage: Stage, room: RoomDriver, bot: Bot, alertmanager: str, clock: MovableClock
) -> None:
    """What is over there, what is taken here or there only, and what is unknown here; the ack becomes a silence again."""
    parts = stage.parts
    plan = (
        f'[[channel]]\nname = "am"\nkind = "alertmanager"\nurl = "{alertmanager}"\nreceiver = "nobody"\n'
        '[[route]]\nname = "all"\nchannels = ["am"]'
    )
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())
    assert bot.backend is not None
    async with aiohttp.ClientSession() as session:
        known = [firing(host) for host in ("db1", "db2", "db3")]
        await post(session, alertmanager, *known)
        for number, alert in enumerate(known, 1):
            await post(bot.backend.session, bot.backend.url, alert)
            await bot.settle()
            await room.sees(f"#{number} Disk full on db{number}")
        await room.says("dana", "/alert ack 1 on it")
        await room.sees("acked 1: #1")
        await bot.settle()
        agreed = await look(stage)
        async with session.get(f"{alertmanager}/api/v2/silences") as answer:
            (silence,) = await answer.json()
        # Meanwhile, where we cannot see it:
        async with session.delete(f"{alertmanager}/api/v2/silence/{silence['id']}") as answer:
            assert 200 == answer.status
        other = {**silence, "matchers": [{"name": "host", "value": "db3", "isRegex": False, "isEqual": True}]}
        async with session.post(f"{alertmanager}/api/v2/silences", json={**other, "id": ""}) as answer:
            assert 200 == answer.status
        await post(session, alertmanager, firing("db2", hours=-1), firing("db4"))
        clock.forward(minutes=3)
        at_first = await look(stage)
        clock.forward(minutes=5)
        lasting = await look(stage)
        await bot.settle()
        said = await room.sees("Compared with am:")
        async with session.get(f"{alertmanager}/api/v2/silences") as answer:
            made = [(each["createdBy"], each["comment"]) for each in await answer.json()]
        clock.forward(minutes=5)
        later = await look(stage)

    assert (0, 0, 4, 0) == (agreed, at_first, lasting, later)
    assert "#2 is over there and still active here; if that is right: /alert close 2" in said.message.message
    assert "#1 is taken here and not there; it is sent there again" in said.message.message
    assert "#3 is taken there and open here; to say so here: /alert ack 3" in said.message.message
    assert "there and unknown here: Disk full on db4" in said.message.message
    assert ("Dana (Hipchat)", "renewed of alert 1: on it") in made


async def test_a_service_that_does_not_answer_differs_in_nothing(
    stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """Nobody can say what is over in a service that is down."""
    parts = stage.parts
    plan = '[[channel]]\nname = "am"\nkind = "alertmanager"\nurl = "http://127.0.0.1:9"\n[[route]]\nname = "all"\nchannels = ["am"]'
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())
    assert bot.backend is not None
    await post(bot.backend.session, bot.backend.url, firing("db1"))
    await bot.settle()
    await room.sees("#1 Disk full on db1")
    clock.forward(minutes=3)
    first = await look(stage)
    clock.forward(minutes=5)

    assert (0, 0) == (first, await look(stage))
