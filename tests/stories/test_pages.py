"""Who may see and press what: every route of the pages, asked with JWTs that are stolen, over, forged, or another's."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from bot.demo.stage import Stage
from bot.domain.tenant import Installation, Standing
from bot.standin import jwts
from bot.standin.driver import RoomDriver
from bot.standin.tokens import Client
from bot.storage import tenants
from bot.usecases import configure
from bot.web import snippets
from bot.web.page import STATIC, frame_ancestors
from bot.web.pulse import Pulse
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
    assert "frame-ancestors http://127.0.0.1:* https://127.0.0.1:*" in policy
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
    assert "event: changed\ndata:\n\n" == text


async def test_a_stream_carries_nothing_of_other_tenants(stage: Stage, bot: Bot, room: RoomDriver) -> None:
    """What happens elsewhere makes no event, nor a number that grows."""
    pulse = Pulse(stage.parts.storage)
    async with stage.parts.storage.read() as tx:
        (tenant,) = await tenants.tenants(tx)
    mine, others = pulse.beats(tenant.id, 60), pulse.beats(tenant.id + 1, 60)
    first = [await anext(mine), await anext(others)]
    await bot.fires("Disk")
    room.look()
    waiting = asyncio.ensure_future(anext(others))
    heard = await anext(mine)
    quiet = not waiting.done()
    waiting.cancel()

    assert [True, True] == first
    assert heard
    assert quiet


# --- configuring ------------------------------------------------------------------------------------------------------

CHANGES = [
    ("/hipchat/configure/keys", {"name": "x"}),
    ("/hipchat/configure/keys/1/rotate", {}),
    ("/hipchat/configure/keys/1/revoke", {}),
    ("/hipchat/configure/plan", {"text": "", "only_say": False}),
    ("/hipchat/configure/rights", {"verb": "close", "level": "nobody"}),
    ("/hipchat/configure/test", {}),
    ("/hipchat/configure/test", {"channel": "x"}),
    ("/hipchat/configure/hooks", {"token": "x"}),
    ("/hipchat/configure/links/revoke", {}),
]


async def kept(stage: Stage) -> Any:
    """Return all that can be configured, as it is stored."""
    async with stage.parts.storage.read() as tx:
        return [
            [[str(row[name]) for name in row.keys()] for row in await tx.all(sql)]  # noqa: SIM118 - a row is no mapping
            for sql in (
                "SELECT id, name, revoked_at FROM keys ORDER BY id",
                "SELECT tenant_id, version FROM plans",
                "SELECT id, name, rights FROM rooms ORDER BY id",
                "SELECT id, label FROM hooks ORDER BY id",
                "SELECT id, what FROM audit ORDER BY id",
            )
        ]


async def test_members_configure_nothing(stage: Stage, room: RoomDriver, bot: Bot, ask: Ask) -> None:
    """A sidebar's JWT is as good as any other, but Hipchat says that its person is no admin: 403 with the reason."""
    await bot.settle()
    room.look()
    token = ask.token(installation(stage), who="lee")
    before = await kept(stage)
    answers = [await ask("POST", path, token, json) for path, json in CHANGES]
    pages = [await ask("GET", path, token) for path in ("/hipchat/configure", "/hipchat/configure/state")]

    assert {403} == {status for status, _ in (*answers, *pages)}
    assert all("only the room's owner and the group's admins" in text for _, text in (*answers, *pages))
    assert before == await kept(stage)


async def test_a_rooms_owner_changes_that_room_alone(stage: Stage, room: RoomDriver, bot: Bot, ask: Ask) -> None:
    """Not the group's plan, channels or hooks, nor a key of another room's feed."""
    await stage.install("Lobby")
    lobby = bot.room("Lobby")
    await bot.settle()
    lobby.look()
    theirs = await configure.create_key(stage.parts.storage, room="Lobby", now=stage.clock.milliseconds())
    room.room.owner_id = room.person("dana").id
    token = ask.token(installation(stage))
    _, page = await ask("GET", "/hipchat/configure", token)
    made = await ask("POST", "/hipchat/configure/keys", token, {"name": "mine"})
    plan = await ask("POST", "/hipchat/configure/plan", token, {"text": ""})
    hook = await ask("POST", "/hipchat/configure/hooks", token, {"token": "x" * 40})
    channel = await ask("POST", "/hipchat/configure/test", token, {"channel": "x"})
    revoked = await ask("POST", f"/hipchat/configure/keys/{theirs.id}/revoke", token)

    assert 200 == made[0]
    assert "Lobby" not in page
    assert (403, 403, 403, 404) == (plan[0], hook[0], channel[0], revoked[0])


async def test_hipchats_word_is_good_for_a_minute(stage: Stage, room: RoomDriver, bot: Bot, ask: Ask) -> None:
    """Who is no admin any more is refused a minute later, and Hipchat is not asked at every click."""
    await bot.settle()
    room.look()
    alex = room.person("alex")
    token = ask.token(installation(stage), who="alex")
    first = await ask("GET", "/hipchat/configure/state", token)
    alex.is_admin, room.room.owner_id = False, room.person("dana").id
    second = await ask("GET", "/hipchat/configure/state", token)
    stage.clock.forward(minutes=1)
    third = await ask("GET", "/hipchat/configure/state", token)

    assert (200, 200, 403) == (first[0], second[0], third[0])


@pytest.mark.parametrize(
    ("path", "json"),
    [
        ("/hipchat/configure/keys", {}),
        ("/hipchat/configure/keys", {"name": ""}),
        ("/hipchat/configure/keys", {"name": "x" * 101}),
        ("/hipchat/configure/keys", {"name": "a\nb"}),
        ("/hipchat/configure/keys", {"name": "x", "scopes": []}),
        ("/hipchat/configure/keys", {"name": "x", "scopes": ["root"]}),
        ("/hipchat/configure/keys", {"name": "x", "scopes": [1]}),
        ("/hipchat/configure/plan", {"text": 5}),
        ("/hipchat/configure/plan", {"text": "[["}),
        ("/hipchat/configure/plan", {"text": "x" * 200_001}),
        ("/hipchat/configure/rights", {"verb": "close", "level": "king"}),
        ("/hipchat/configure/rights", {"verb": 5, "level": "admins"}),
        ("/hipchat/configure/hooks", {"token": 5}),
        ("/hipchat/configure/hooks", {"token": "x", "room": 5}),
        ("/hipchat/configure/test", []),
    ],
)
async def test_bad_changes(  # noqa: PLR0917 - fixtures by name
    stage: Stage, room: RoomDriver, bot: Bot, ask: Ask, path: str, json: Any
) -> None:
    """A problem document says what is wrong, and nothing is changed."""
    await bot.settle()
    room.look()
    before = await kept(stage)
    status, text = await ask("POST", path, ask.token(installation(stage), who="alex"), json)

    assert 422 == status
    assert '"detail"' in text
    assert before == await kept(stage)


async def test_snippets_name_real_addresses(stage: Stage) -> None:
    """What is pasted leads to a route of the bot and carries the key."""
    app = create_app(stage.parts)
    known = {re.sub(r"\{[^}]*\}", "X", route.resource.canonical) for route in app.router.routes() if route.resource}
    for snippet in snippets.filled("https://bot.example.com", "K" * 32):
        path = re.search(r"https://bot\.example\.com(/[\w/.-]*)", snippet["text"])
        wanted = re.sub("K{32}", "X", path[1]) if path else ""

        assert "K" * 32 in snippet["text"]
        if wanted.startswith("/hipchat/static/"):
            assert (STATIC / wanted.removeprefix("/hipchat/static/")).is_file()
            continue
        assert not wanted or re.sub(r"^/in/[\w-]+", "/in/X", wanted) in known, snippet


# --- links ------------------------------------------------------------------------------------------------------------


async def test_a_cards_link(stage: Stage, room: RoomDriver, bot: Bot, ask: Ask) -> None:
    """It shows the alert in a plain browser, changes nothing whoever follows it, and ends by itself or when it is revoked."""
    await bot.post({**DISK, "description": "<script>alert(1)</script>"})
    card = (await room.sees("#1 Disk full")).message.card
    assert card is not None
    url = card["url"]
    assert url.startswith(f"{stage.bot_url}/a/")
    path = url.removeprefix(stage.bot_url)
    shown = await ask("GET", path, "")
    heads = [await ask("HEAD", path, "") for _ in range(3)]
    posted = await ask("POST", path, "")
    made_up = await ask("GET", path.replace("-1-", "-2-"), "")
    async with ask.session.get(url) as answer:
        assert ("noindex, nofollow", "no-store") == (answer.headers["X-Robots-Tag"], answer.headers["Cache-Control"])
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    stage.clock.forward(hours=30 * 24)
    over = await ask("GET", path, "")

    assert 200 == shown[0]
    assert "#1 Disk full on db1" in shown[1]
    assert "&lt;script&gt;alert(1)" in shown[1]
    assert "<form" not in shown[1]
    assert "<button" not in shown[1]
    assert "<script" not in shown[1]
    assert {200} == {status for status, _ in heads}
    assert (405, 404, 410) == (posted[0], made_up[0], over[0])
    assert "Disk full" not in made_up[1] + over[1]
    assert ["opened by demo"] == await bot.history(1)


async def test_links_are_revoked(stage: Stage, room: RoomDriver, bot: Bot, ask: Ask) -> None:
    """All that were made so far; the next card's is good."""
    await bot.post(DISK)
    card = (await room.sees("#1 Disk full")).message.card
    assert card is not None
    path = card["url"].removeprefix(stage.bot_url)
    stage.clock.forward(seconds=2)
    token = ask.token(installation(stage), who="alex")
    revoked = await ask("POST", "/hipchat/configure/links/revoke", token)
    old = await ask("GET", path, "")
    stage.clock.forward(seconds=2)
    await bot.post({**DISK, "dedup_key": "other"})
    card = (await room.sees("#2 Disk full")).message.card
    assert card is not None
    new = await ask("GET", card["url"].removeprefix(stage.bot_url), "")

    assert (200, 410, 200) == (revoked[0], old[0], new[0])


@pytest.mark.parametrize(
    ("url", "ancestors"),
    [
        ("https://api.hipchat.com/v2/capabilities", "https://api.hipchat.com https://*.hipchat.com"),
        ("https://chat.example.com/v2/capabilities", "https://chat.example.com"),
        ("https://hipchat.com.evil.example/v2/capabilities", "https://hipchat.com.evil.example"),
        ("http://[::1]:8080/v2/capabilities", "http://[::1]:* https://[::1]:*"),
    ],
)
def test_whose_frames_show_a_page(url: str, ancestors: str) -> None:
    """The installation's own host; Hipchat Cloud's web clients live on names of their own."""
    made = Installation(
        oauth_id="o",
        tenant=1,
        room=None,
        secret=b"",
        capabilities_url=url,
        api_url="",
        token_url="",
        scopes="",
        standing=Standing.ACTIVE,
    )

    assert ancestors == frame_ancestors(made)
