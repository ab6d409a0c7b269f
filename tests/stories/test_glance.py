"""Stories of the glance: a browser asks for the board of its room, and rooms are shown what changed."""

import json
import re
from typing import Any

import aiohttp
import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin import jwts
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from bot.standin.tokens import Client
from bot.usecases import glance
from tests.stories.bot import Bot

PUSH = re.compile(r"/v2/addon/ui/")


def addon(stage: Stage) -> Client:
    """Return the installation."""
    return next(client for client in stage.server.hipchat.clients.values() if client.kind == "addon")


def browser_token(stage: Stage, room: RoomDriver) -> str:
    """Return what Hipchat signs for the browser of somebody in a room."""
    hipchat = stage.server.hipchat
    return jwts.sign(addon(stage), now=hipchat.clock(), room=room.room, user=room.person("dana"))


async def asked(stage: Stage, token: str) -> tuple[int, Any, str | None]:
    """Ask as the browser does; return status, body and who may read it."""
    query = {"signed_request": token, "connect_client_api_version": "1"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stage.bot_url}/hipchat/glance", params=query, headers={"Origin": stage.hipchat_url}) as answer,
    ):
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        return answer.status, json.loads(await answer.text()), allowed


async def pushed(stage: Stage) -> int:
    """Do what the glances' loop does."""
    return await glance.push_due(stage.parts.storage, stage.parts.channel, stage.clock.milliseconds)


async def test_a_browser_asks(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """The answer counts the room's alerts, shows the worst open severity, and may be read from Hipchat's page."""
    token = browser_token(stage, room)
    empty = await asked(stage, token)
    await bot.fires("Disk", "Mail", severity="critical")
    await bot.fires("Web", severity="info")
    room.look()
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1")

    assert (200, "*") == (empty[0], empty[2])
    assert ("no open alerts", {"label": "OK", "type": "success"}) == (
        empty[1]["label"]["value"],
        empty[1]["status"]["value"],
    )
    status, board, _ = await asked(stage, token)
    assert (200, "<b>2</b> open · 1 acked") == (status, board["label"]["value"])
    assert {"label": "CRITICAL", "type": "error"} == board["status"]["value"]
    assert 2 == board["metadata"]["open"]


@pytest.mark.parametrize("wrong", ["", "nonsense", "expired", "other room"])
async def test_who_is_not_signed_sees_nothing(stage: Stage, room: RoomDriver, clock: MovableClock, wrong: str) -> None:
    """A missing, broken or old JWT, or one of a room that the add-on is not in, is refused, readably for the browser."""
    other = stage.server.room("Lobby")
    token = {"expired": browser_token(stage, room), "other room": browser_token(stage, other)}.get(wrong, wrong)
    if wrong == "expired":
        clock.forward(hours=30)
    status, _, allowed = await asked(stage, token)

    assert (401, "*") == (status, allowed)


async def test_changes_are_pushed(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What changed is shown, by one of several processes, at most every ten seconds; what did not is not."""
    hipchat, client = stage.server.hipchat, addon(stage)
    key = (client.id, "alerts-glance", room.room.id, None)
    assert 1 == await pushed(stage)
    assert "no open alerts" == hipchat.glances[key]["label"]["value"]
    clock.forward(seconds=11)
    assert 0 == await pushed(stage)
    await bot.fires("Disk")
    room.look()
    assert 1 == await pushed(stage)
    await bot.fires("Mail")
    room.look()
    assert 0 == await pushed(stage)
    clock.forward(seconds=11)
    assert 1 == await pushed(stage)

    assert "<b>2</b> open" == hipchat.glances[key]["label"]["value"]


async def test_a_push_that_fails_is_done_again(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What Hipchat did not take is shown later, and no message waits for it."""
    bot.spoil(Fault(path=PUSH, status=503))
    assert 0 == await pushed(stage)
    await bot.fires("Disk")
    await room.sees("#1 Disk")
    bot.mend()
    clock.forward(seconds=11)

    assert 1 == await pushed(stage)
