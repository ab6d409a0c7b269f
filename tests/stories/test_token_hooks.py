"""Stories of rooms that were joined by a pasted token, and of "build your own integration" there (product.md 7)."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.demo.backend import backend
from bot.demo.stage import Stage
from bot.hipchat.pasted import Explained, look_up, try_out
from bot.standin.driver import RoomDriver
from bot.standin.group import personal_token, room_token
from bot.standin.tokens import Client
from bot.standin.webhooks import Webhook
from bot.usecases import configure
from tests.stories.bot import Bot

DISK: dict[str, Any] = {"summary": "Disk full on db1", "severity": "error", "dedup_key": "disk:db1"}


@dataclass(frozen=True, kw_only=True)
class Pasted:
    """A room joined by a token, with its slash command as Hipchat keeps it."""

    room: RoomDriver
    callback: str
    client: Client
    hook: Webhook


async def join(bot: Bot, token: str, place: str | None = None) -> configure.Joined:
    """Join a room by a token, as `alertbot room add` does."""
    stage, parts = bot.stage, bot.stage.parts
    pasted = await look_up(parts.client, f"{stage.hipchat_url}/v2/", token, place)
    await try_out(parts.client, pasted.api_url, token, pasted.room_id, "alerts reach this room")
    return await configure.add_hook(
        parts.storage, pasted, sealed=parts.vault.seal(token), now=stage.clock.milliseconds()
    )


def slash_command(stage: Stage, client: Client, room: RoomDriver, callback: str) -> Webhook:
    """Make the slash command of an integration: a webhook without JWT."""
    return stage.server.hipchat.add_webhook(
        client,
        room.room.id,
        event="room_message",
        pattern="^/alert",
        url=f"{stage.bot_url}/hipchat/hook/{callback}",
    )


@pytest.fixture
async def pasted(stage: Stage, bot: Bot) -> AsyncIterator[Pasted]:
    """Join Ops by a room token, with a slash command and a backend."""
    hipchat, room = stage.server.hipchat, stage.room
    token = room_token(hipchat, room.room, "Monitoring", stage.server.url)
    client = hipchat.clients[token.client_id]
    joined = await join(bot, token.value)
    await room.sees("alerts reach this room", sender="Monitoring")
    hook = slash_command(stage, client, room, joined.callback)
    async with backend(stage.bot_url, await stage.key()) as poster:
        bot.backend = poster
        yield Pasted(room=room, callback=joined.callback, client=client, hook=hook)


async def test_alerts_and_commands(pasted: Pasted, bot: Bot) -> None:
    """A room token speaks under its label; commands work, and history says that their sender is not verified."""
    await bot.post(DISK)
    card = await pasted.room.sees("#1 Disk full on db1", sender="Monitoring")
    await pasted.room.says("dana", "/alert ack 1 on it")
    await pasted.room.sees("acked 1: #1", sender="Monitoring")

    assert card.message.card is not None
    assert ["opened by demo", "acked by Dana (unverified)"] == await bot.history(1)


async def test_a_user_token_speaks_under_its_own_name(stage: Stage, bot: Bot) -> None:
    """A user token is good for any room, so the room must be said; there it speaks as its person."""
    hipchat = stage.server.hipchat
    token = personal_token(hipchat, stage.room.person("alex"), stage.server.url).value
    with pytest.raises(Explained, match="say which"):
        await join(bot, token)
    await join(bot, token, "Ops Team")
    team = bot.room("Ops Team")
    async with backend(stage.bot_url, await stage.key("Ops Team")) as poster:
        bot.backend = poster
        await bot.post(DISK)

    await team.sees("#1 Disk full on db1", sender="Alex Rivera")


async def test_tokens_that_are_not_good(stage: Stage, bot: Bot) -> None:
    """Each wrong token is explained in a sentence; one of API v1 is known by its look."""
    hipchat, room = stage.server.hipchat, stage.room
    blind = room_token(hipchat, room.room, "Blind", stage.server.url, scopes=("view_room",)).value
    good = room_token(hipchat, room.room, "Good", stage.server.url).value

    assert configure.is_v1(stage.server.group.v1_token)
    assert not configure.is_v1(good)
    for token, place, words in (
        (secrets.token_hex(20), None, "does not take this token"),
        (blind, None, "Send Notification"),
        (good, "Lobby", "belongs to the room Ops, not to Lobby"),
    ):
        with pytest.raises(Explained, match=words):
            await join(bot, token, place)
    assert [] == room.transcript()


async def test_a_wrong_path_does_nothing(stage: Stage, pasted: Pasted, bot: Bot) -> None:
    """Whoever does not know the secret path is answered 401."""
    await bot.post(DISK)
    await pasted.room.sees("#1 Disk full")
    pasted.hook.url = f"{stage.bot_url}/hipchat/hook/{secrets.token_urlsafe(32)}"
    message = await pasted.room.says("dana", "/alert close 1")

    assert [401] == [each.status for each in stage.server.courier.deliveries if each.message_id == message.id]
    assert ("open", None) == await bot.stands(1)


async def test_the_path_is_bound_to_its_first_sender(stage: Stage, pasted: Pasted, bot: Bot) -> None:
    """The path is good for one integration and one room: those of the first call, whatever a later body says."""
    await bot.post(DISK)
    await pasted.room.sees("#1 Disk full")
    await pasted.room.says("dana", "/alert list")
    await pasted.room.sees("1 open · 0 acked")
    person = pasted.room.person("dana")
    message: dict[str, Any] = {
        "from": {"id": person.id, "mention_name": "Dana", "name": "Dana Scott"},
        "id": "m-1",
        "mentions": [],
        "date": "2026-11-24T12:02:00+00:00",
        "message": "/alert close 1",
        "type": "message",
    }
    body: dict[str, Any] = {
        "event": "room_message",
        "item": {"message": message, "room": {"id": pasted.room.room.id, "name": "Ops"}},
        "oauth_client_id": pasted.client.id,
        "webhook_id": pasted.hook.id,
    }
    lobby = {"item": {"message": message, "room": {"id": stage.server.room("Lobby").room.id, "name": "Lobby"}}}
    refused = []
    async with aiohttp.ClientSession() as session:
        for other in ({"oauth_client_id": "another"}, {"webhook_id": 99999}, lobby):
            async with session.post(f"{stage.bot_url}/hipchat/hook/{pasted.callback}", json=body | other) as answer:
                refused.append(answer.status)
        assert [401, 401, 401] == refused
        assert ("open", None) == await bot.stands(1)
        async with session.post(f"{stage.bot_url}/hipchat/hook/{pasted.callback}", json=body) as answer:
            assert 200 == answer.status

    assert ("closed", None) == await bot.stands(1)


async def test_a_new_token_brings_a_new_path(stage: Stage, pasted: Pasted, bot: Bot) -> None:
    """Joining again rotates the path; the old one is dead."""
    hipchat, room = stage.server.hipchat, pasted.room
    token = room_token(hipchat, room.room, "Second", stage.server.url)
    joined = await join(bot, token.value)
    await room.sees("alerts reach this room", sender="Second")
    message = await room.says("dana", "/alert list")
    assert [401] == [each.status for each in stage.server.courier.deliveries if each.message_id == message.id]
    hipchat.remove_client(pasted.client)
    slash_command(stage, hipchat.clients[token.client_id], room, joined.callback)
    await room.says("dana", "/alert list")

    await room.sees("0 open · 0 acked", sender="Second")


async def test_the_add_on_speaks_where_both_are(stage: Stage, pasted: Pasted, bot: Bot) -> None:
    """One speaker per room: with the add-on installed, the token hook answers nothing, and a command is done once."""
    await stage.install()
    await bot.settle()
    await pasted.room.sees("Alertbot is here", sender="Alertbot")
    await bot.post(DISK)
    await pasted.room.sees("#1 Disk full", sender="Alertbot")
    await pasted.room.says("dana", "/alert ack 1")
    await pasted.room.sees("acked 1: #1", sender="Alertbot")

    assert ["opened by demo", "acked by Dana"] == await bot.history(1)


async def test_left(stage: Stage, pasted: Pasted, bot: Bot) -> None:
    """A room that was left hears nothing any more; its alerts stay."""
    await bot.post(DISK)
    await pasted.room.sees("#1 Disk full")
    left = await configure.remove_hook(stage.parts.storage, tenant=None, room="Ops")
    await bot.post({**DISK, "severity": "critical"})

    assert "Ops" == left.name
    assert ("open", None) == await bot.stands(1)
    assert 1 == await bot.waiting()


async def test_a_revoked_token_keeps_the_news(stage: Stage, pasted: Pasted, bot: Bot) -> None:
    """When the token is refused the news waits, and a new token lets it go."""
    stage.server.hipchat.remove_client(pasted.client)
    await bot.post(DISK)
    assert 1 == await bot.waiting()
    token = room_token(stage.server.hipchat, pasted.room.room, "New", stage.server.url)
    await join(bot, token.value)
    await pasted.room.sees("alerts reach this room")
    await bot.settle()

    await pasted.room.sees("#1 Disk full", sender="New")
