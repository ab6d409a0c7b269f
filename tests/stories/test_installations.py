"""Stories of installations: who speaks where, who is believed, what happens when one goes (product.md 5 and 7)."""

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.demo.backend import backend
from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.domain.tenant import Standing
from bot.standin import jwts
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from bot.standin.tokens import Client
from bot.storage import speakers
from bot.usecases.glance import push_due
from tests.stories.bot import Bot

DISK: dict[str, Any] = {"summary": "Disk full on db1", "severity": "error", "dedup_key": "disk:db1"}


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    """Give somebody who calls the bot and is not Hipchat."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def lobby(stage: Stage, room: RoomDriver, bot: Bot) -> AsyncIterator[RoomDriver]:
    """Give a second room with the bot in it; the backend posts for this one. Ops, the first, is the fallback room."""
    await stage.install("Lobby")
    driver = bot.room("Lobby")
    await bot.settle()
    await driver.sees("Alertbot is here")
    async with backend(stage.bot_url, await stage.key("Lobby")) as poster:
        bot.backend = poster
        yield driver


def installation(stage: Stage, room: RoomDriver | None) -> Client:
    """Return the bot's newest installation in a room, or in the group."""
    wanted = room.room.id if room else None
    clients = stage.server.hipchat.clients.values()
    return [client for client in clients if client.kind == "addon" and client.room_id == wanted][-1]


def statuses(stage: Stage, message_id: str) -> list[int]:
    """Return what the bot answered to the webhooks of a message."""
    return sorted(each.status or 0 for each in stage.server.courier.deliveries if each.message_id == message_id)


async def test_room_and_group_installation_together(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Two installations hear a command; one speaks, and it is done once."""
    await stage.install(None)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    message = await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")

    assert [200, 204] == statuses(stage, message.id)
    assert ["opened by demo", "acked by Dana"] == await bot.history(1)


async def test_a_group_installation_speaks_in_every_room(stage: Stage, bot: Bot) -> None:
    """Installed in the group, the bot answers in rooms that it meets for the first time, and alerts can go there."""
    await stage.install(None)
    lobby = bot.room("Lobby")
    await lobby.says("dana", "/alert list")
    await lobby.sees("0 open · 0 acked")
    async with backend(stage.bot_url, await stage.key("Lobby")) as poster:
        bot.backend = poster
        await bot.post(DISK)

    assert (await lobby.sees("#1 Disk full on db1")).message.card is not None


async def test_both_flows_of_one_installation(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """The browser's part of the hand-shake installs the same again: one greeting, one speaker."""
    place = stage.server.room("Lobby").room
    lobby = bot.room("Lobby")
    await stage.server.connect.install(
        f"{stage.bot_url}/hipchat/descriptor", room=place, base=stage.server.url, flow="client"
    )
    await bot.settle()

    await lobby.sees("Alertbot is here")


async def test_a_forged_uninstallation(stage: Stage, room: RoomDriver, bot: Bot, web: aiohttp.ClientSession) -> None:
    """The uninstallation's callback is unsigned: while Hipchat knows the installation, it does nothing."""
    client = installation(stage, room)
    async with web.delete(f"{stage.bot_url}/hipchat/installable/{client.id}") as answer:
        assert 204 == answer.status
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")

    await room.sees("acked 1: #1")


async def test_uninstalled_resumed_by_reinstallation(
    stage: Stage, room: RoomDriver, lobby: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """When the bot is uninstalled its alerts stay, the news goes to the fallback room, marked; installed again, it goes on."""
    await bot.post(DISK)
    await lobby.sees("#1 Disk full")
    await stage.server.connect.uninstall(installation(stage, lobby))
    assert [(1, "worse")] == await bot.post({**DISK, "severity": "critical"})
    moved = await room.sees("worse: error became critical")
    assert "Lobby" in moved.text
    message = await lobby.says("dana", "/alert list")
    assert [] == statuses(stage, message.id)
    clock.forward(minutes=5)
    await stage.install("Lobby")
    await bot.settle()
    await lobby.sees("Alertbot is here")
    assert [(2, "opened")] == await bot.post({**DISK, "summary": "Disk full on db2", "dedup_key": "disk:db2"})
    card = await lobby.sees("#2 Disk full on db2")
    await lobby.says("dana", "/alert list")

    assert "Lobby" not in card.text
    await lobby.sees("2 open · 0 acked")


async def minutes_pass(stage: Stage, bot: Bot, minutes: int) -> None:
    """Let time pass a minute at a time, as the bot tries again and again."""
    for _ in range(minutes):
        stage.clock.forward(minutes=1)
        await bot.settle()


async def test_a_lost_uninstallation_is_found_out(stage: Stage, room: RoomDriver, lobby: RoomDriver, bot: Bot) -> None:
    """Without any callback, 401s of the token URL over some minutes suspend the installation; nothing is lost."""
    await stage.server.connect.uninstall(installation(stage, lobby), silent=True)
    await bot.post(DISK)
    await minutes_pass(stage, bot, 10)

    assert "Lobby" in (await room.sees("#1 Disk full")).text


async def test_the_group_installation_takes_over(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """When a room's own installation goes, the group's speaks there."""
    await stage.install(None)
    await stage.server.connect.uninstall(installation(stage, room))
    await bot.post(DISK)
    card = await room.sees("#1 Disk full")
    message = await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")

    assert installation(stage, None).id == card.message.sender.client_id
    assert [200] == statuses(stage, message.id)


async def test_alone_it_waits_and_resumes_by_itself(
    stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """With no other room the news waits; Hipchat is asked again hourly, and once it knows us again all is told."""
    client = installation(stage, room)
    bot.spoil(Fault(path=re.compile("/oauth/token"), method="POST", status=401))
    bot.spoil(Fault(path=re.compile("/notification"), status=401))
    await bot.post(DISK)
    await minutes_pass(stage, bot, 10)
    assert Standing.SUSPENDED is await standing(stage, client)
    clock.forward(minutes=61)
    await bot.settle()
    assert 1 == await bot.waiting()
    bot.mend()
    clock.forward(minutes=30)
    await bot.settle()
    assert 1 == await bot.waiting()
    clock.forward(minutes=31)
    await bot.settle()
    clock.forward(minutes=2)
    await bot.settle()

    assert client.id == (await room.sees("#1 Disk full")).message.sender.client_id
    assert 0 == await bot.waiting()


async def test_update(stage: Stage, room: RoomDriver, bot: Bot, web: aiohttp.ClientSession) -> None:
    """A changed descriptor is taken up under the same installation; an invented update changes nothing."""
    client = installation(stage, room)
    await stage.server.connect.update(client)
    capabilities = f"{stage.hipchat_url}/v2/capabilities"
    for claim in (
        {"oauthId": "nobody", "capabilitiesUrl": capabilities, "groupId": 4711, "roomId": room.room.id},
        {"oauthId": client.id, "capabilitiesUrl": capabilities, "groupId": 1, "roomId": room.room.id},
        {"oauthId": client.id, "capabilitiesUrl": capabilities, "groupId": 4711, "roomId": room.room.id + 1},
        {"oauthId": client.id, "capabilitiesUrl": "https://evil.example/v2/capabilities", "groupId": 4711},
    ):
        async with web.post(f"{stage.bot_url}/hipchat/updated", json=claim) as answer:
            assert 400 == answer.status
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")

    await room.sees("acked 1: #1")


@pytest.mark.parametrize(
    "forged",
    [
        {"groupId": 1},
        {"roomId": 1003},
        {"roomId": None},
        {"oauthSecret": "not the secret"},
        {"capabilitiesUrl": "https://evil.example/v2/capabilities"},
    ],
)
async def test_an_invented_installation(
    stage: Stage, room: RoomDriver, bot: Bot, web: aiohttp.ClientSession, forged: dict[str, Any]
) -> None:
    """The callback is unsigned: what Hipchat itself does not confirm is answered 400, and nothing is stored."""
    client = installation(stage, room)
    claim = {
        "oauthId": client.id,
        "oauthSecret": client.secret,
        "capabilitiesUrl": f"{stage.hipchat_url}/v2/capabilities",
        "groupId": 4711,
        "roomId": room.room.id,
    } | forged
    async with web.post(f"{stage.bot_url}/hipchat/installable", json=claim) as answer:
        assert 400 == answer.status
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")

    await room.sees("acked 1: #1")


async def test_an_archived_room(stage: Stage, room: RoomDriver, lobby: RoomDriver, bot: Bot) -> None:
    """The news of an archived room goes to the fallback room; when it is opened again it goes there."""
    hipchat = stage.server.hipchat
    hipchat.update_room(lobby.room, is_archived=True)
    await hipchat.idle()
    await bot.post(DISK)
    assert "Lobby" in (await room.sees("#1 Disk full on db1")).text
    hipchat.update_room(lobby.room, is_archived=False)
    await hipchat.idle()
    await bot.post({**DISK, "dedup_key": "disk:db2"})

    await lobby.sees("#2 Disk full on db1")


async def test_a_deleted_room(stage: Stage, room: RoomDriver, lobby: RoomDriver, bot: Bot) -> None:
    """The news of a deleted room goes to the fallback room."""
    stage.server.hipchat.delete_room(lobby.room)
    await stage.server.hipchat.idle()
    await bot.post(DISK)

    assert "Lobby" in (await room.sees("#1 Disk full on db1")).text


async def test_the_fallback_room_acts_on_what_it_hears(
    stage: Stage, room: RoomDriver, lobby: RoomDriver, bot: Bot
) -> None:
    """What was handed over can be listed, acked and closed where it is heard; not before, and not from elsewhere."""
    await bot.post(DISK)
    await lobby.sees("#1 Disk full on db1")
    await room.says("dana", "/alert ack 1")
    await room.sees("#1 is in Lobby.")
    stage.server.hipchat.delete_room(lobby.room)
    await stage.server.hipchat.idle()
    await bot.post({**DISK, "dedup_key": "disk:db2"})
    await room.sees("#2 Disk full on db1")
    await room.says("dana", "/alert list")
    assert "#1 " in (await room.sees("2 open")).text
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    await room.says("dana", "/alert close all")

    await room.sees("closed 2: #1 Disk full on db1 · #2 Disk full on db1")


TOKEN_URL = re.compile("/oauth/token")
NOTIFICATION = re.compile("/notification")


async def standing(stage: Stage, client: Client) -> Standing:
    """Return how an installation stands."""
    async with stage.parts.storage.read() as tx:
        known = await speakers.installation(tx, client.id)
    assert known is not None
    return known.standing


async def test_some_refusals_suspend_nothing(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """A Hipchat that starts may refuse a token or two: the installation stays, and its critical news is told within a minute."""
    client = installation(stage, room)
    bot.spoil(Fault(path=TOKEN_URL, method="POST", status=401))
    bot.spoil(Fault(path=NOTIFICATION, status=401))
    await bot.post(DISK)
    stage.clock.forward(seconds=2)
    await bot.settle()
    bot.mend()
    await minutes_pass(stage, bot, 1)

    assert Standing.ACTIVE is await standing(stage, client)
    await room.sees("#1 Disk full")


async def test_old_refusals_count_for_nothing(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """One refusal an hour, with messages between them, suspends nothing."""
    client = installation(stage, room)
    for number in range(5):
        stage.clock.forward(hours=2)  # beyond the life of a token
        bot.spoil(Fault(path=TOKEN_URL, method="POST", status=401, times=1))
        await bot.post({**DISK, "dedup_key": str(number)})
        bot.mend()
        await minutes_pass(stage, bot, 1)
        await room.sees(f"#{number + 1} Disk full")

    assert Standing.ACTIVE is await standing(stage, client)


async def test_a_signed_webhook_ends_a_suspension(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """It proves that Hipchat knows us: it is answered, and what waited is told at once."""
    client = installation(stage, room)
    bot.spoil(Fault(path=TOKEN_URL, method="POST", status=401))
    bot.spoil(Fault(path=NOTIFICATION, status=401))
    await bot.post(DISK)
    await minutes_pass(stage, bot, 10)
    assert Standing.SUSPENDED is await standing(stage, client)
    bot.mend()
    stage.clock.forward(seconds=10)
    message = await room.says("dana", "/alert list")
    await bot.settle()

    assert [200] == statuses(stage, message.id)
    await room.sees("1 open · 0 acked")
    await room.sees("#1 Disk full")
    assert Standing.ACTIVE is await standing(stage, client)


async def test_a_request_signed_before_ends_no_suspension(
    stage: Stage, room: RoomDriver, bot: Bot, web: aiohttp.ClientSession
) -> None:
    """What was signed while Hipchat still knew us proves nothing."""
    client = installation(stage, room)
    token = jwts.sign(client, now=stage.clock.seconds(), room=room.room, user=room.person("dana"))
    bot.spoil(Fault(path=TOKEN_URL, method="POST", status=401))
    bot.spoil(Fault(path=NOTIFICATION, status=401))
    await bot.post(DISK)
    await minutes_pass(stage, bot, 10)
    async with web.get(f"{stage.bot_url}/hipchat/glance", headers={"Authorization": f"JWT {token}"}) as answer:
        assert 401 == answer.status

    assert Standing.SUSPENDED is await standing(stage, client)


@pytest.mark.parametrize("by", ["a message", "a webhook"])
async def test_a_sign_of_life_wakes_every_room(
    stage: Stage, room: RoomDriver, lobby: RoomDriver, bot: Bot, by: str
) -> None:
    """When Hipchat is back no room waits for its own next attempt: what one hears is a sign for the others."""
    bot.spoil(Fault(path=NOTIFICATION, status=503))
    await bot.post(DISK)
    await bot.post({**DISK, "dedup_key": "ops"})
    async with stage.parts.storage.begin() as tx:
        await tx.run("UPDATE outbox SET room_id = (SELECT id FROM rooms WHERE name = 'Ops') WHERE number = 2")
    await minutes_pass(stage, bot, 30)
    assert 2 == await bot.waiting()
    bot.mend()
    if by == "a webhook":
        await room.says("dana", "/alert list")
        await room.sees("0 open")
    else:
        async with stage.parts.storage.begin() as tx:
            await tx.run("UPDATE rooms SET retry_at = 0 WHERE name = 'Lobby'")
    await bot.settle()

    await room.sees("#2 Disk full")
    await lobby.sees("#1 Disk full")
    assert 0 == await bot.waiting()


async def test_a_glance_that_is_not_installed_is_not_called(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """An add-on from before the bot had one: the first 404 is the last, until it is installed anew."""
    bot.spoil(Fault(path=re.compile("/addon/ui"), status=404))
    for number in range(4):
        await bot.post({**DISK, "dedup_key": str(number)})
        stage.forward(seconds=30)
        await push_due(stage.parts.storage, stage.parts.channel, stage.parts.clock)
    room.look()
    calls = [entry for entry in stage.server.journal.entries if "/addon/ui" in entry.path]

    assert 1 == len(calls)
