"""Every route of the bot, as its router has it, with every odd body: an answer in words, never a 500."""

import asyncio
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.web.server import create_app
from tests.stories.bot import Bot
from tests.stories.conftest import Logs
from tests.stories.test_pages import Ask, ask, installation

__all__ = ("ask",)

JWT, KEY, BODY, OPEN, LINK = "a JWT", "a key", "a key in the body", "nothing", "a signed link"
GUARDS: Mapping[str, str] = {
    r"/hipchat/(sidebar|dialog|configure|glance|webhook)(/.*)?": JWT,
    r"/hipchat/hook/.*": LINK,
    r"/hipchat/(descriptor|\{name\}|installable.*|installed|uninstalled|updated|static.*)": OPEN,
    r"/api/v1/openapi\.json": OPEN,
    r"/api/v1/.*": KEY,
    r"/in/.*": KEY,
    r"(/am/\{key\})?/-/.*": OPEN,
    r"(/am/\{key\})?/api/v2/.*": KEY,
    r"/v2/(alerts|heartbeats)(/.*)?": KEY,
    r"/v2/(change/)?enqueue": BODY,
    r"/generic/2010-04-15/.*": BODY,
    r"/nrdp/?": BODY,
    r"/(a|mail)/.*": LINK,
    r"/|/healthz|/readyz|/metrics": OPEN,
}
"""What guards each route; a new route needs a row, and is then tried like all others."""

NESTED = b"[" * 100_000
BODIES: list[tuple[str, bytes]] = [
    ("application/json", b""),
    ("application/json", NESTED),
    ("application/json", b'{"a":' * 50_000),
    ("application/json", b'"\\ud800"'),
    (
        "application/json",
        b'{"verb": [], "severity": [], "level": {}, "name": {}, "press": 1, "numbers": {}, "token": []}',
    ),
    ("application/json", b'{"lines": "\\ud800", "feed": "\\ud800", "channel": "\\ud800", "token": "\\ud800"}'),
    ("application/json; charset=evil", b"{}"),
    ("application/json; charset=rot13", b"{}"),
    ("application/json; charset=base64", b"e30="),
    ("application/json; charset=utf-16", "{}".encode("utf-16")),
    ("application/json", b"\xff\xfe\x00"),
    ("application/json", b'{"\x00": "\x00"}'),
    ("application/json", json.dumps({"event": "room_message", "item": None}).encode()),
    ("application/json", json.dumps([1, None, {"x": [{}]}]).encode()),
    ("multipart/form-data", b"--b\r\n\r\nx"),
    ("multipart/form-data; boundary=b", b"--b\r\n\r\nx"),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
    ("application/x-www-form-urlencoded", b"%ff=%00&cmd=submitcheck&token=\xff&" + b"a=1&" * 5_000),
    ("application/x-www-form-urlencoded; charset=evil", b"a=%ff"),
    ("text/xml", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
    ("message/rfc822", b"Subject: =?utf-8?q?=00?=\r\n\r\n\x00"),
    ("\x80/;;", b"x"),
]


def guard_of(path: str) -> str:
    """Return what guards a route, by the first row that it is in."""
    found = next((guard for pattern, guard in GUARDS.items() if re.fullmatch(pattern, path)), None)
    assert found is not None, f"{path} is in no row of GUARDS"
    return found


def routes(stage: Stage) -> list[tuple[str, str]]:
    """Return every method and pattern of the router."""
    app = create_app(stage.parts)
    return sorted(
        {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None}
    )


def filled(path: str, key: str) -> str:
    """Return a path with something in each of its places."""
    known = {"source": "generic", "key": key, "number": "1", "key_id": "1"}
    return re.sub(r"\{(\w+)(?::[^}]*)?\}", lambda found: known.get(found[1], "x1"), path)


async def test_every_route_has_a_guard(stage: Stage) -> None:
    """A route that nobody thought of is in no row, and fails here."""
    for _, path in routes(stage):
        guard_of(path)


@pytest.mark.parametrize("credentials", [True, False], ids=["with credentials", "without"])
async def test_any_body_on_any_route(
    stage: Stage, room: RoomDriver, bot: Bot, ask: Ask, logs: Logs, *, credentials: bool
) -> None:
    """Whatever is sent to wherever, and whoever sends it: no 500, no traceback; without credentials nothing is changed."""
    await bot.fires("Disk")
    room.look()
    key = await stage.key()
    bad = {}
    async with aiohttp.ClientSession() as session:
        for method, pattern in routes(stage):
            if method in {"HEAD", "OPTIONS"} or "events" in pattern:
                continue
            path, guard = filled(pattern, key if credentials else "k" * 32), guard_of(pattern)
            for kind, body in BODIES if method not in {"GET", "*"} else BODIES[:1]:
                headers = {"Content-Type": kind} if kind.isascii() else {}
                if credentials and guard == JWT:
                    headers["Authorization"] = f"JWT {ask.token(installation(stage))}"
                elif credentials and guard == KEY:
                    headers["Authorization"] = f"Bearer {key}"
                sent = method if method != "*" else "POST"
                async with session.request(
                    sent, stage.bot_url + path, data=body or None, headers=headers, allow_redirects=False
                ) as answer:
                    text = await answer.text(errors="replace")
                    if answer.status == 500 or (not credentials and guard in {JWT, KEY} and answer.status < 400):
                        bad[f"{sent} {pattern} {kind} {body[:30]!r}"] = (answer.status, text[:200])
    room.look()

    assert {} == bad
    assert [] == [line for line in logs if line["log_level"] in {"error", "critical"}]


async def test_who_leaves_a_stream_is_no_error(stage: Stage, bot: Bot, room: RoomDriver, ask: Ask, logs: Logs) -> None:
    """Pages are closed at any time, also while something is told to them."""
    token, at = ask.token(installation(stage)), urlsplit(stage.bot_url)
    head = f"GET /hipchat/sidebar/events HTTP/1.1\r\nHost: x\r\nAuthorization: JWT {token}\r\n\r\n".encode()
    for number in range(20):
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(head)
        if number % 4:
            await reader.readuntil(b"event: changed")
        if number % 4 == 2:
            await bot.fires(f"Disk {number}")
        writer.transport.abort()
    async with aiohttp.ClientSession() as session, session.get(f"{stage.bot_url}/metrics") as answer:
        text = await answer.text()
    await bot.settle()
    room.look()

    assert 'status="500"' not in text
    assert [] == [line for line in logs if line["log_level"] in {"error", "critical"} or line["event"] == "library"]


async def test_who_hangs_up_is_no_error(stage: Stage, bot: Bot, room: RoomDriver, logs: Logs) -> None:
    """A request that ends in its middle is counted, and is neither a 500 nor a traceback."""
    key, at = await stage.key(), urlsplit(stage.bot_url)
    paths = [
        "/hipchat/installable",
        "/hipchat/webhook",
        "/api/v1/alerts",
        f"/in/generic/{key}",
        "/nrdp/",
        "/v2/enqueue",
    ]
    for path in paths:
        _, writer = await asyncio.open_connection(at.hostname, at.port)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
        writer.write(head.encode() + b'{"summary": ')
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        text = ""
        while (
            f'refused_total{{status="aborted"}} {len(paths) - 1}.0' not in text
        ):  # an unsigned webhook is refused first
            async with session.get(f"{stage.bot_url}/metrics") as answer:
                text = await answer.text()

    assert 'status="500"' not in text
    assert [] == [line for line in logs if line["log_level"] in {"error", "critical"}]
    assert room is not None
