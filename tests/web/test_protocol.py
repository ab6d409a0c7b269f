"""Requests as people and old tools write them are taken; what is none is refused without a word of it anywhere."""

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.web.protocol import LINE_LIMIT, mended, taking_requests
from bot.web.server import create_app
from tests.web.conftest import SECRETS, Desk

KEY = SECRETS["every"]
END = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Door:
    """Where raw bytes go in."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def says(self, *pieces: bytes) -> tuple[int, str]:
        """Send pieces, each by itself, and return the status and the body of the last answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.005)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        *_, status, last = re.split(rb"HTTP/1\.[01] (\d{3}) ", answer)

        assert b"X-Content-Type-Options: nosniff\r\n" in last
        assert re.findall(rb"\r\nServer: (.*)\r", last) == [b"alertbot"]
        return int(status), last.partition(b"\r\n\r\n")[2].decode()


@pytest.fixture
async def door(desk: Desk) -> AsyncIterator[Door]:
    """Open the application of the desk behind the connections that it has in earnest."""
    runner = web.AppRunner(create_app(desk.parts), access_log=None)
    await runner.setup()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        async with taking_requests(runner, sock, desk.parts):
            yield Door(sock.getsockname()[1])
    await runner.cleanup()


async def titles(desk: Desk) -> list[str]:
    """Return the alerts' summaries, the newest first."""
    return [alert["summary"] for alert in await desk.alerts()]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("title=Gerät&severity=error".encode(), "Gerät"),
        ("title=Gerät&severity=error".encode("latin-1"), "Gerät"),
        (b"title=a b  c&severity=error", "a b c"),
        (b"title=Ticket #12 is down&severity=error", "Ticket #12 is down"),
        (b"title=a\tb\x7f&severity=error", "a b\x7f"),
        (b'title=<"a"> {b}|\\^`&severity=error', '<"a"> {b}|\\^`'),
        (b"title=97% full&severity=error", "97% full"),
        ("title=温度 🔥&severity=error".encode(), "温度 🔥"),
        (b"severity=error&title=" + b"x" * 9_000, "x" * 1023 + "…"),
        (b"severity=error&title=" + "ä".encode() * 30_000, "ä" * 1023 + "…"),
    ],
)
@pytest.mark.parametrize("sizes", [0, 7, 1000])
async def test_queries(desk: Desk, door: Door, query: bytes, title: str, sizes: int) -> None:
    """Whatever stands in a query is read, in whatever pieces the line comes."""
    whole = f"GET /in/generic/{KEY}?".encode() + query + END
    step = max(sizes, len(whole) // 50) if sizes else len(whole)
    pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
    status, _ = await door.says(*pieces)
    (alert,) = await desk.alerts()

    assert (200, title, "error") == (status, alert["summary"], alert["severity"])


@pytest.mark.parametrize("path", ["/in/heartbeat/{}?name=Größe 1", "/am/{}/api/v2/alerts?x=ä", "/nope/{}/ä b"])
async def test_every_path(door: Door, path: str) -> None:
    """Every address is taken as it is typed: what is wrong with it then is said by who knows."""
    status, body = await door.says(b"GET " + path.format(KEY).encode() + END)

    assert {"/in": 200, "/am": 403, "/no": 404}[path[:3]] == status
    assert path[:3] != "/in" or "Größe 1" == json.loads(body)["name"]


async def test_post_and_keep_alive(desk: Desk, door: Door) -> None:
    """Bodies are left alone, also where they look like a request line, and so is what comes after on the connection."""
    body = b"GET /a b HTTP/1.1\r\n"
    head = f"POST /in/generic/{KEY}?wobble=ä HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body) * 2}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    for piece in (head, body, body):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.005)
    await reader.readuntil(b"]}")
    writer.write(f"GET /in/generic/{KEY}?title=b ä".encode() + END)
    status = int((await reader.read()).split()[1])
    writer.close()
    newest, first = await desk.alerts()

    assert (200, "b ä") == (status, newest["summary"])
    assert first["description"].startswith("GET /a b HTTP/1.1\r\nGET /a b HTTP/1.1")


async def test_pipelined(desk: Desk, door: Door) -> None:
    """Several requests in one go are taken in their order."""
    one = f"GET /in/generic/{KEY}?title=a HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    status, _ = await door.says(one + one.replace(b"=a ", b"=b ") + f"GET /in/generic/{KEY}?title=c".encode() + END)

    assert 200 == status
    assert ["c", "b", "a"] == await titles(desk)


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (f"GET /in/generic/{KEY}?title=x\x00y".encode() + END, 400),
        (f"GET /in/generic/{KEY}?title=x\ry".encode() + END, 400),
        (f"GET /in/generic/{KEY}?title=ä\r\nHost: x\r\n\r\n".encode(), 400),
        (f"GET /in/generic/{KEY}?title=ä FTP/1.1\r\n\r\n".encode(), 400),
        (f"/in/generic/{KEY}?title=x HTTP/1.1\r\n\r\n".encode(), 400),
        (f"BREW /in/generic/{KEY} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
        (f"POST /in/generic/{KEY} HTTP/1.1\r\nContent-Length: {KEY}\r\n\r\n".encode(), 400),
        (f"GET /in/generic/{KEY} HTTP/1.1\r\nHost: x\r\nBad Header {KEY}\r\n\r\n".encode(), 400),
        (b"GET /in/generic HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + KEY.encode() * 1000 + b"\r\n\r\n", 431),
        (f"GET /in/generic/{KEY}?title=".encode() + b"x" * LINE_LIMIT + END, 414),
        (b"\x16\x03\x01\x02\x00\x01\xfc" + KEY.encode() + b"\r\n", 400),
    ],
)
async def test_refused(  # noqa: PLR0917 - a fixture each
    desk: Desk,
    door: Door,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    request_: bytes,
    refusal: int,
) -> None:
    """What cannot be read is refused in a few words, with one line of the log; nothing of it is repeated."""
    with capture_logs() as logs:
        status, body = await door.says(request_)
    said = capfd.readouterr()

    assert refusal == status
    assert refusal == json.loads(body)["status"]
    assert len(body) < 200
    for text in (body, repr(logs), said.out, said.err, caplog.text):
        assert KEY not in text
        assert "generic" not in text
    (line,) = [each for each in logs if each["event"] == "request_refused"]
    assert {"event", "log_level", "status", "reason"} == set(line)
    assert [] == await desk.alerts()


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        (b"GET /a?b=c HTTP/1.1\r\n", b"GET /a?b=c HTTP/1.1\r\n"),
        (b"GET /a b HTTP/1.1\r\nX: \xe4 b", b"GET /a%20b HTTP/1.1\r\nX: \xe4 b"),
        (b"\r\nGET  /\xe4  HTTP/1.0\n", b"GET /%E4 HTTP/1.0\n"),
        (b"GET /a HTTP/1.1 b HTTP/1.1\r\n", b"GET /a%20HTTP/1.1%20b HTTP/1.1\r\n"),
        (b"GET /a\rb HTTP/1.1\r\n", b"GET /a\rb HTTP/1.1\r\n"),
        (b"GET http://x/ \xe4 HTTP/1.1\r\n", b"GET http://x/ \xe4 HTTP/1.1\r\n"),
    ],
)
def test_mended(line: bytes, taken: bytes) -> None:
    """Only the address of a line that is plainly one is written anew."""
    assert taken == mended(line)


async def test_fault_of_our_own(desk: Desk, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that no handler sees is said without the request."""

    def broken(*_: Any) -> None:
        raise ValueError(KEY)

    monkeypatch.setattr("bot.web.errors._answer", broken)
    with capture_logs() as logs:
        status, body = await door.says(f"GET /nope/{KEY}".encode() + END)

    assert 500 == status
    assert ["connection_failed"] == [each["event"] for each in logs]
    assert KEY not in body + repr(logs)
