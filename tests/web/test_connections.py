"""Clients of the web's port who keep it waiting, and those who need their places."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.connections import KEPT_BACK, MOST_MAIL, MOST_NSCA, MOST_WEB, Limits, listening, shares
from bot.web.health import Readiness
from bot.web.protocol import taking_requests
from bot.web.server import create_app
from tests.web.conftest import SECRETS, Desk

HERE = "127.0.0.1"
WITHIN = 30.0
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
POST = (
    f"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\nX-Api-Key: {SECRETS['every']}\r\nContent-Length: 99\r\n\r\n".encode()
)
LONG = Limits()


@pytest.fixture
def dialect() -> str:
    """Run the tests on one database: none of them is about it."""
    return "sqlite"


class Client:
    """A connection that does as the test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def asks(self, request: bytes = HEALTH) -> int:
        """Send a request and return the answer's status, 0 when there is none; the body is read where it is short."""
        try:
            async with asyncio.timeout(WITHIN):
                self.writer.write(request)
                await self.writer.drain()
                head = await self.reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            return 0
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self.reader.readexactly(int(length.split()[1]))
        return int(head.split()[1])

    async def closed(self) -> bytes:
        """Wait until the other side closes; return what it said until then."""
        async with asyncio.timeout(WITHIN):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    @property
    def open(self) -> bool:
        """Whether nothing of an end has come yet."""
        return not self.reader.at_eof() and self.reader.exception() is None


@dataclass(kw_only=True)
class Door:
    """A port, who came to it, and what was logged there."""

    desk: Desk
    port: int
    logs: list[Any]
    clients: list[Client] = field(default_factory=list)

    async def connect(self, said: bytes = b"") -> Client:
        """Come as a client, and begin to speak."""
        client = Client(*await asyncio.open_connection(HERE, self.port))
        client.writer.write(said)
        self.clients.append(client)
        return client

    def cuts(self, reason: str) -> float:
        """Return how many connections were cut for a reason."""
        labels = {"port": "web", "reason": reason}
        return self.desk.parts.metrics.registry.get_sample_value("alertbot_connections_cut_total", labels) or 0


@contextlib.asynccontextmanager
async def opened(desk: Desk, *, most: int = 100, limits: Limits = LONG) -> AsyncIterator[Door]:
    """Take requests as the bot does in earnest."""
    runner = web.AppRunner(create_app(desk.parts), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    sock = listening(HERE, 0)
    door = Door(desk=desk, port=sock.getsockname()[1], logs=[])
    with capture_logs() as door.logs:
        try:
            async with taking_requests(runner, sock, desk.parts, most=most, limits=limits):
                yield door
        finally:
            for client in door.clients:
                client.writer.close()
                with contextlib.suppress(ConnectionError):
                    await client.writer.wait_closed()
            await runner.cleanup()


@pytest.mark.parametrize(
    "said", [b"", b"GET /", b"GET /healthz HTTP/1.1\r\nHost", b"\r\n", b"POST / HTTP/1.1\r\nA: b\r\n"]
)
async def test_a_head_that_does_not_come(desk: Desk, said: bytes) -> None:
    """Is waited for for a while, and counted; nobody is told, and no line is written for it alone."""
    async with opened(desk, limits=Limits(head=0.05, every=0.02)) as door:
        clients = [await door.connect(said) for _ in range(5)]
        answers = {await client.closed() for client in clients}

    assert {b""} == answers
    assert 5 == door.cuts("slow")
    assert {"connections_cut"} == {line["event"] for line in door.logs}
    assert 5 == sum(line["count"] for line in door.logs)


async def test_a_later_head_that_does_not_come(desk: Desk) -> None:
    """Is waited for as long, from its first byte; between requests there is more time."""
    async with opened(desk, limits=Limits(head=0.1, every=0.02)) as door:
        idle, slow = await door.connect(), await door.connect()
        statuses = [await client.asks() for client in (idle, slow)]
        slow.writer.write(b"GET /heal")
        await slow.closed()

        assert [200, 200] == statuses
        assert 200 == await idle.asks()
        assert 1 == door.cuts("slow")


async def test_an_idle_connection(desk: Desk) -> None:
    """Is kept for a while, and not for ever."""
    async with opened(desk, limits=Limits(idle=0.05)) as door:
        client = await door.connect()

        assert 200 == await client.asks()
        assert b"" == await client.closed()
        assert 0 == door.cuts("slow")


async def test_a_body_that_does_not_come(desk: Desk) -> None:
    """Is waited for while it grows."""
    async with opened(desk, limits=Limits(still=0.3, every=0.02)) as door:
        stuck = await door.connect(POST + b'{"summary": ')
        moving = await door.connect(POST)
        body = b'{"summary": "It comes"}'.ljust(99)
        for at in range(len(body) - 1):
            moving.writer.write(body[at : at + 1])
            await asyncio.sleep(0.005)
        await stuck.closed()

        assert 202 == await moving.asks(body[-1:])
        assert 1 == door.cuts("slow")
    assert [] == [line for line in door.logs if line["log_level"] == "error"]


async def test_a_client_that_does_not_read(desk: Desk) -> None:
    """Is not waited for either."""
    for number in range(40):
        await desk.post("/api/v1/alerts", {"summary": f"{number}", "description": "x" * 8000, "dedup_key": f"{number}"})
    ask = f"GET /api/v1/alerts HTTP/1.1\r\nHost: x\r\nX-Api-Key: {SECRETS['every']}\r\n\r\n".encode()
    async with opened(desk, limits=Limits(still=0.1, every=0.02)) as door:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (HERE, door.port))
        with sock:
            async with asyncio.timeout(WITHIN):
                while not door.cuts("slow"):
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        sock.send(ask)
                    await asyncio.sleep(0.01)

        assert 200 == await (await door.connect()).asks()
    assert [] == [line for line in door.logs if line["log_level"] == "error"]


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost", POST + b"{"])
async def test_a_full_port(desk: Desk, said: bytes) -> None:
    """The longest silent ones make way, and who was served stays, however many come."""
    async with opened(desk, most=40) as door:
        known = [await door.connect() for _ in range(10)]
        served = [await client.asks() for client in known]
        silent = [await door.connect(said) for _ in range(100)]
        newcomers = [await (await door.connect()).asks() for _ in range(10)]
        again = [await client.asks() for client in known]
        ends = [await client.closed() for client in silent[:70]]

        assert [200] * 10 == served == newcomers == again
        assert {b""} == set(ends)
        assert silent[-1].open
        assert 80 == door.cuts("full")
    lines = [line for line in door.logs if line["event"] == "connections_full"]

    assert 80 == sum(line["made_way"] for line in lines)
    assert len(lines) < 5
    assert [] == [line for line in door.logs if line["log_level"] == "error"]


async def test_a_port_full_of_idle_connections(desk: Desk) -> None:
    """The one that was served longest ago makes way; a few places are newcomers', and no more."""
    async with opened(desk, most=16) as door:
        known = [await door.connect() for _ in range(16)]
        first = [await client.asks() for client in [*known, known[0]]]
        silent = [await door.connect() for _ in range(30)]
        last = await (await door.connect()).asks()
        again = [await client.asks() for client in known]

        assert [200] * 17 == first
        assert 200 == last
        assert [0, 0] == again[1:3]
        assert [200] * 13 == [again[0], *again[4:]]
        assert not silent[0].open


async def test_a_port_full_of_those_who_are_served(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes waits, and is served in turn."""
    go_on, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slow(_: Readiness) -> dict[str, str]:
        begun.release()
        await go_on.wait()
        return {}

    monkeypatch.setattr(Readiness, "states", slow)
    async with opened(desk, most=8) as door:
        busy = [
            asyncio.create_task((await door.connect()).asks(HEALTH.replace(b"healthz", b"readyz"))) for _ in range(8)
        ]
        for _ in busy:
            await begun.acquire()
        waiting = [asyncio.create_task((await door.connect()).asks()) for _ in range(8)]
        done, _ = await asyncio.wait(waiting, timeout=0.3)
        go_on.set()

        assert set() == done
        assert [200] * 16 == await asyncio.gather(*busy, *waiting)


async def test_no_descriptor_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the system gives no connection is said, and who waited is served as soon as it does."""

    class Poor(socket.socket):
        left = 3

        def accept(self) -> tuple[socket.socket, Any]:
            if Poor.left:
                Poor.left -= 1
                raise OSError(24, "Too many open files")
            return super().accept()

    monkeypatch.setattr("socket.socket", Poor)
    async with opened(desk) as door:
        monkeypatch.undo()

        assert 200 == await (await door.connect()).asks()
    (line,) = [line for line in door.logs if line["log_level"] == "error"]

    assert ("connections_failed", 3, "Too many open files") == (line["event"], line["count"], line["reason"])


def test_shares() -> None:
    """Something is kept back, however few there are."""
    usual, few, many = (shares(many, nsca=True, mail=True) for many in (1024, 64, 65_536))

    assert 1024 - KEPT_BACK == usual.web + usual.nsca + usual.mail == shares(1024, nsca=False, mail=False).web
    assert 32 == few.web + few.nsca + few.mail
    assert (MOST_WEB, MOST_NSCA, MOST_MAIL) == (many.web, many.nsca, many.mail)
