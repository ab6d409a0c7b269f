"""Stories of callbacks that are repeated, forged, expired or replayed: none of them changes anything (product.md 5 and 8)."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from bot.demo.stage import Stage
from bot.standin import jwts
from bot.standin.driver import RoomDriver
from bot.standin.faults import Forgery, WebhookFault
from bot.standin.tokens import Client
from tests.stories.bot import Bot

DISK: dict[str, Any] = {"summary": "Disk full on db1", "severity": "error", "dedup_key": "disk:db1"}


@pytest.fixture
async def alerted(room: RoomDriver, bot: Bot) -> RoomDriver:
    """Give the room with one open alert."""
    await bot.post(DISK)
    await room.sees("#1 Disk full on db1")
    return room


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    """Give somebody who calls the bot and is not Hipchat."""
    async with aiohttp.ClientSession() as session:
        yield session


def installation(stage: Stage) -> Client:
    """Return the bot's installation as Hipchat knows it."""
    return next(client for client in stage.server.hipchat.clients.values() if client.kind == "addon")


def command(stage: Stage, room: RoomDriver, who: str, text: str, message_id: str = "m-1") -> dict[str, Any]:
    """Write the body that Hipchat would send for a command."""
    user = room.person(who)
    client = installation(stage)
    hook = next(hook for hook in stage.server.hipchat.webhooks.values() if hook.event == "room_message")
    return {
        "event": "room_message",
        "item": {
            "message": {
                "date": "2026-11-24T12:02:00.000000+00:00",
                "from": {"id": user.id, "mention_name": user.mention_name, "name": user.name, "links": {"self": "x"}},
                "id": message_id,
                "mentions": [],
                "message": text,
                "type": "message",
            },
            "room": {"id": room.room.id, "name": room.room.name, "links": {"self": "x"}},
        },
        "oauth_client_id": client.id,
        "webhook_id": hook.id,
    }


async def deliver(
    web: aiohttp.ClientSession, stage: Stage, body: Mapping[str, Any], token: str | None, *, where: str = "header"
) -> tuple[int, str]:
    """Call the webhook; return status and body."""
    headers = {"Content-Type": "application/json"}
    if token is not None and where == "header":
        headers["Authorization"] = f"JWT {token}"
    query = {"signed_request": token} if token is not None and where == "query" else {}
    async with web.post(
        f"{stage.bot_url}/hipchat/webhook", data=json.dumps(body), headers=headers, params=query
    ) as answer:
        return answer.status, await answer.text()


async def test_the_same_callback_twice(stage: Stage, alerted: RoomDriver, bot: Bot) -> None:
    """A webhook that Hipchat delivers twice is answered the same again, and done once."""
    stage.server.hipchat.faults.webhooks.append(WebhookFault(duplicate=1, times=1))
    await alerted.says("dana", "/alert ack 1")
    first = await alerted.sees("acked 1: #1")
    second = await alerted.sees("acked 1: #1")
    message = next(each for each in alerted.room.messages if each.message == "/alert ack 1")

    assert [200, 200] == [each.status for each in stage.server.courier.deliveries if each.message_id == message.id]
    assert first.message.message == second.message.message
    assert first.message.id != second.message.id
    assert ["opened by demo", "acked by Dana"] == await bot.history(1)


@pytest.mark.parametrize("how", ["forged", "expired", "other-tenant"])
async def test_wrongly_signed(stage: Stage, alerted: RoomDriver, bot: Bot, how: Forgery) -> None:
    """A JWT that is forged, expired or another tenant's is answered 401, and nothing changes."""
    stage.server.hipchat.faults.webhooks.append(WebhookFault(jwt=how, times=1))
    message = await alerted.says("dana", "/alert close 1")

    assert [401] == [each.status for each in stage.server.courier.deliveries if each.message_id == message.id]
    assert ("open", None) == await bot.stands(1)


async def test_another_tenants_jwt(stage: Stage, alerted: RoomDriver, bot: Bot, web: aiohttp.ClientSession) -> None:
    """A JWT that another installation signed is good for that one's room only."""
    await stage.install("Lobby")
    lobby = bot.room("Lobby")
    await bot.settle()
    await lobby.sees("Alertbot is here")
    other = next(each for each in stage.server.hipchat.clients.values() if each.room_id == lobby.room.id)
    dana = alerted.person("dana")
    token = jwts.sign(other, now=stage.clock.seconds(), room=lobby.room, user=dana)

    assert 401 == (await deliver(web, stage, command(stage, alerted, "dana", "/alert close 1"), token))[0]
    assert ("open", None) == await bot.stands(1)


@pytest.mark.parametrize("where", ["header", "query"])
async def test_a_good_jwt_in_header_or_query(
    stage: Stage, alerted: RoomDriver, bot: Bot, web: aiohttp.ClientSession, where: str
) -> None:
    """The same call with a good JWT is done: so what refuses the others below is what is wrong with them."""
    dana = alerted.person("dana")
    token = jwts.sign(installation(stage), now=stage.clock.seconds(), room=alerted.room, user=dana)
    status, text = await deliver(web, stage, command(stage, alerted, "dana", "/alert ack 1"), token, where=where)

    assert 200 == status
    assert "acked 1: #1" in text
    assert ("acked", "Dana") == await bot.stands(1)


@pytest.mark.parametrize("forged", ["sender", "room", "both", "client", "nobody", "no room"])
async def test_a_pages_jwt_replayed(
    stage: Stage, alerted: RoomDriver, bot: Bot, web: aiohttp.ClientSession, forged: str
) -> None:
    """A JWT does not sign the body: whoever got one from a page cannot speak for others or elsewhere with it."""
    dana, lee = alerted.person("dana"), alerted.person("lee")
    lobby = stage.server.room("Lobby")
    client = installation(stage)
    body = command(stage, alerted, "dana", "/alert close 1")
    token = jwts.sign(client, now=stage.clock.seconds(), room=alerted.room, user=dana)
    if forged in {"sender", "both"}:
        body["item"]["message"]["from"]["id"] = lee.id
    if forged in {"room", "both"}:
        body["item"]["room"]["id"] = lobby.room.id
    if forged == "client":
        body["oauth_client_id"] = "somebody-else"
    if forged == "nobody":
        token = jwts.sign(client, now=stage.clock.seconds(), room=alerted.room, user=None)
    if forged == "no room":
        token = jwts.sign(client, now=stage.clock.seconds(), room=None, user=dana)

    assert 401 == (await deliver(web, stage, body, token))[0]
    assert ("open", None) == await bot.stands(1)
    assert ["opened by demo"] == await bot.history(1)


async def test_unsigned(stage: Stage, alerted: RoomDriver, bot: Bot, web: aiohttp.ClientSession) -> None:
    """Without a JWT nothing is done."""
    body = command(stage, alerted, "dana", "/alert close 1")

    assert 401 == (await deliver(web, stage, body, None))[0]
    assert 401 == (await deliver(web, stage, body, "not.a.jwt"))[0]
    assert ("open", None) == await bot.stands(1)


async def test_names_come_from_the_directory(
    stage: Stage, alerted: RoomDriver, bot: Bot, web: aiohttp.ClientSession
) -> None:
    """What a body says of its sender's name is not believed."""
    dana = alerted.person("dana")
    body = command(stage, alerted, "dana", "/alert ack 1")
    body["item"]["message"]["from"] |= {"name": "The Boss", "mention_name": "Boss"}
    token = jwts.sign(installation(stage), now=stage.clock.seconds(), room=alerted.room, user=dana)
    await deliver(web, stage, body, token)

    assert ("acked", "Dana") == await bot.stands(1)


async def test_two_people_at_once(stage: Stage, alerted: RoomDriver, bot: Bot, web: aiohttp.ClientSession) -> None:
    """Of two acks at the same time exactly one wins, and the other person is told who did."""
    client, now = installation(stage), stage.clock.seconds()
    calls = [
        deliver(
            web,
            stage,
            command(stage, alerted, who, "/alert ack 1", message_id=f"at-once-{who}"),
            jwts.sign(client, now=now, room=alerted.room, user=alerted.person(who)),
        )
        for who in ("dana", "lee")
    ]
    answers = [text for _, text in await asyncio.gather(*calls)]
    won = [text for text in answers if "acked 1: #1" in text]
    told = [text for text in answers if "#1 is acked by" in text]
    _, owner = await bot.stands(1)

    assert (1, 1) == (len(won), len(told))
    assert f"#1 is acked by {owner}" in told[0]
    assert ["opened by demo", f"acked by {owner}"] == await bot.history(1)


async def test_a_guest_reads_only(stage: Stage, alerted: RoomDriver, bot: Bot) -> None:
    """A guest sees the alerts and changes none."""
    await alerted.says("KimGuest", "/alert list")
    await alerted.sees("1 open · 0 acked")
    for text in ("/alert ack 1", "/alert note 1 hello", "/alert test", "/alert assign 1 me"):
        await alerted.says("KimGuest", text)
        await alerted.sees("Guests can read here, not change anything.")

    assert ["opened by demo"] == await bot.history(1)


async def test_callbacks_out_of_order(stage: Stage, alerted: RoomDriver, bot: Bot) -> None:
    """Two commands that arrive the other way round are both answered, each for itself."""
    hipchat = stage.server.hipchat
    hipchat.faults.webhooks.append(WebhookFault(reorder=True, times=1))
    await hipchat.say(alerted.room, alerted.person("dana"), "/alert ack 1")
    await hipchat.say(alerted.room, alerted.person("dana"), "/alert close 1")
    await hipchat.idle()
    await alerted.sees("closed 1: #1")
    await alerted.sees("#1 was closed just now by Dana")

    assert ("closed", None) == await bot.stands(1)
