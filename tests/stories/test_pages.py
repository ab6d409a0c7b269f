"""Who may see and press what: every route of the pages, asked with JWTs that are stolen, over, forged, or another's."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from bot.demo.stage import Stage
from bot.standin import jwts
from bot.standin.driver import RoomDriver
from bot.standin.tokens import Client
from bot.web.server import create_app
from tests.stories.bot import Bot

DISK = {"summary": "Disk full on db1", "severity": "critical", "dedup_key": "disk", "labels": {"service": "db"}}
PAGES = ("/hipchat/sidebar", "/hipchat/dialog", "/hipchat/configure")
PATHS = {"{key_id:[0-9]+}": "1"}
PRESS = {"verb": "close", "numbers": [1], "press": "a press of a button"}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A browser that asks the bot, with whatever JWT it has."""

    session: aiohttp.ClientSession
    stage: Stage
    room: RoomDriver

    def token(
        self, client: Client, room: RoomDriver | None = None, who: str | None = "dana", *, late: float = 0
    ) -> str:
        """Sign as Hipchat does."""
        place = room or self.room
        user = place.person(who) if who else None
        return jwts.sign(client, now=self.stage.clock.seconds() - late, room=place.room, user=user)

    async def __call__(
        self, method: str, path: str, token: str, json: Any = None, *, header: bool = True
    ) -> tuple[int, str]:
        """Ask, and return status and text."""
        headers = {"Authorization": f"JWT {token}"} if header and token else {}
        params = {} if header or not token else {"signed_request": token}
        url = f"{self.stage.bot_url}{path}"
        body = None if method == "GET" else {} if json is None else json
        async with self.session.request(method, url, headers=headers, params=params, json=body) as answer:
            first = await answer.content.read(200_000)
            return answer.status, first.decode()


@pytest.fixture
async def ask(stage: Stage, room: RoomDriver) -> AsyncIterator[Ask]:
    """Give a browser."""
    async with aiohttp.ClientSession() as session:
        yield Ask(session=session, stage=stage, room=room)


def installation(stage: Stage) -> Client:
    """Return the one installation."""
    return next(client for client in stage.server.hipchat.clients.values() if client.kind == "addon")


def routes(stage: Stage) -> list[tuple[str, str]]:
    """Return every route of the pages, as the router has it."""
    app = create_app(stage.parts)
    found = []
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith(PAGES) and route.method != "HEAD":
            found.append((route.method, re.sub(r"\{[^}]*\}", "1", path)))
    return sorted(found)


async def test_no_route_without_a_good_jwt(stage: Stage, room: RoomDriver, bot: Bot, ask: Ask) -> None:
    """Forged, over, of nobody, of another room, group or installation, of a guest: 401 or 403, nothing shown, nothing changed."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    client = installation(stage)
    other = await stage.install("Lobby")
    lobby = bot.room("Lobby")
    await bot.settle()
    lobby.look()
    stage.server.hipchat.remove_client(other)
    now = stage.clock.seconds()
    dana = room.person("dana")
    bad = {
        "none": "",
        "rubbish": "a.b.c",
        "forged": jwts.forge("forged", client, [], now=now, room=room.room, user=dana),
        "expired": ask.token(client, late=4000),
        "nobody": ask.token(client, who=None),
        "another room": ask.token(client, lobby),
        "no room": jwts.sign(client, now=now, room=None, user=dana),
        "a guest": ask.token(client, who="KimGuest"),
        "signed by another": ask.token(replace(client, secret=other.secret)),
        "unknown": ask.token(replace(client, id="0" * 36)),
    }
    asked = routes(stage)
    seen = {
        (method, path, name): await ask(method, path, token, PRESS)
        for method, path in asked
        for name, token in bad.items()
    }

    assert len(asked) >= 7
    assert {} == {case: answer for case, answer in seen.items() if answer[0] not in {401, 403}}
    assert not any("Disk full" in text for _, text in seen.values())
    assert ["opened by demo"] == await bot.history(1)


async def test_a_room_sees_its_own_alerts_only(stage: Stage, room: RoomDriver, bot: Bot, ask: Ask) -> None:
    """A JWT of one room shows and changes nothing of another, though one installation serves both."""
    whole = await stage.install(None)
    lobby = bot.room("Lobby")
    await bot.post(DISK)
    await bot.settle()
    room.look()
    lobby.look()
    token = ask.token(whole, lobby)
    _, board = await ask("GET", "/hipchat/sidebar/board", token)
    detail = await ask("GET", "/hipchat/dialog/alert?number=1", token)
    pressed = await ask("POST", "/hipchat/sidebar/press", token, PRESS)

    assert "Disk full" not in board
    assert 404 == detail[0]
    assert 409 == pressed[0]
    assert "There is no #1" in pressed[1] or "There are no alerts" in pressed[1]
    assert ["opened by demo"] == await bot.history(1)


async def test_a_press_is_done_once(room: RoomDriver, stage: Stage, bot: Bot, ask: Ask) -> None:
    """The same press twice is answered the same; the room hears of it once, and history says through what it came."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    token = ask.token(installation(stage))
    first, again = [await ask("POST", "/hipchat/sidebar/press", token, PRESS) for _ in range(2)]
    await bot.settle()
    await room.sees("#1 closed by Dana")
    assert bot.backend is not None
    async with bot.backend.session.get(f"{bot.backend.url}/api/v1/alerts/1/history") as answer:
        rows = (await answer.json())["history"]

    assert (200, first) == (first[0], again)
    assert ("closed", "Dana", "sidebar") == tuple(rows[-1][name] for name in ("action", "who", "via"))
    assert [] == room.unseen()


@pytest.mark.parametrize(
    "json",
    [
        {},
        [],
        {"verb": "drop", "numbers": [1], "press": "12345678"},
        {**PRESS, "press": "short"},
        {**PRESS, "press": "\x00" * 9},
        {**PRESS, "numbers": []},
        {**PRESS, "numbers": ["1"]},
        {**PRESS, "numbers": [True]},
        {**PRESS, "numbers": [-1]},
        {**PRESS, "numbers": [10**30]},
        {**PRESS, "numbers": list(range(1, 300))},
        {**PRESS, "verb": "snooze"},
        {**PRESS, "verb": "snooze", "for_ms": 1},
        {**PRESS, "verb": "snooze", "for_ms": 10**18},
        {**PRESS, "verb": "snooze", "for_ms": "1h"},
        {**PRESS, "verb": "severity", "severity": "bad"},
        {**PRESS, "verb": "note", "note": " "},
        {**PRESS, "verb": "note", "note": 5},
        {**PRESS, "verb": "create"},
    ],
)
async def test_bad_presses(room: RoomDriver, stage: Stage, bot: Bot, ask: Ask, json: Any) -> None:
    """A problem document says what is wrong, and nothing is changed."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    status, text = await ask("POST", "/hipchat/sidebar/press", ask.token(installation(stage)), json)

    assert 422 == status
    assert '"detail"' in text
    assert ["opened by demo"] == await bot.history(1)


async def test_notes_are_no_commands(room: RoomDriver, stage: Stage, bot: Bot, ask: Ask) -> None:
    """What is typed into a form is a note, whatever it looks like."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    note = "close 1 --now @all\n/alert close 1 \ud83d\ude00"
    json = {"verb": "note", "numbers": [1], "press": "123456789", "note": note}
    answer = await ask("POST", "/hipchat/sidebar/press", ask.token(installation(stage)), json)
    await bot.settle()
    await room.sees("noted by Dana")

    assert 200 == answer[0]
    assert ["opened by demo", "noted by Dana"] == await bot.history(1)


async def test_frames_of_the_own_hipchat_only(room: RoomDriver, stage: Stage, ask: Ask) -> None:
    """A page may be shown by its installation's host; it loads nothing from elsewhere and is not kept."""
    assert room is not None
    token = ask.token(installation(stage))
    url = f"{stage.bot_url}/hipchat/sidebar"
    async with ask.session.get(url, params={"signed_request": token, "theme": "dark"}) as answer:
        policy, text = answer.headers["Content-Security-Policy"], await answer.text()

        assert 200 == answer.status
        assert ("no-store", "nosniff", "no-referrer") == tuple(
            answer.headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "Referrer-Policy")
        )
        assert "X-Frame-Options" not in answer.headers
    assert f"frame-ancestors {stage.hipchat_url}" in policy
    assert "unsafe" not in policy
    assert 'data-theme="dark"' in text
    assert token not in text


async def test_the_stream_ends_with_the_token(room: RoomDriver, stage: Stage, bot: Bot, ask: Ask) -> None:
    """A page hears at once that it is connected; what comes after the token's end needs a fresh one."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    token = ask.token(installation(stage), late=3599.5)
    async with ask.session.get(
        f"{stage.bot_url}/hipchat/sidebar/events", headers={"Authorization": f"JWT {token}"}
    ) as answer:
        text = (await answer.content.read()).decode()

    assert "text/event-stream" == answer.content_type
    assert text.startswith("event: changed\n")
