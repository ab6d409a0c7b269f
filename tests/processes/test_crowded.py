"""`alertbot serve` where the system gives few descriptors, and everybody who wants no good comes at once."""

import asyncio
import contextlib
import json
import secrets
import smtplib
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.connections import raise_limit
from bot.domain.tenant import Scope
from bot.nsca import GREETING_SIZE, LONG, Encryption, Packet, pack, read_greeting
from bot.standin.server import running as standin
from tests.postgres import free_port
from tests.processes.programs import CHECKOUT, Program, settings, start
from tests.processes.test_nsca import KEY, with_key

HERE = "127.0.0.1"
WITHIN = 30.0
SECRET = "S3cret" * 7 + "-_"
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhYmNkZWZnaGlqa2xtbm9wMTIz"
    ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
)
LINK = "1-100-1767323045-" + "aB3_" * 6
END = " HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A program with its three ports."""

    program: Program
    web: int
    nsca: int
    mail: int

    def lines(self) -> list[Any]:
        """Return what it has logged, every line being JSON."""
        return [json.loads(line) for line in self.program.lines]

    async def cuts(self) -> dict[str, int]:
        """Return how many connections each port has cut for want of room."""
        async with aiohttp.ClientSession() as session, session.get(f"http://{HERE}:{self.web}/metrics") as answer:
            text = await answer.text()
        start, end = 'alertbot_connections_cut_total{port="', '",reason="full"} '
        rows = [line.removeprefix(start).split(end) for line in text.splitlines() if line.startswith(start)]
        return {row[0]: int(float(row[1])) for row in rows if len(row) == 2}

    async def posts(self, number: int) -> int:
        """Post an alert as somebody who comes for the first time; return the status."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN)) as session,
            session.post(
                f"http://{HERE}:{self.web}/api/v1/alerts",
                json={"summary": f"Disk {number}", "dedup_key": f"{number}", "description": "long " * 1000},
                headers={"Authorization": f"Bearer {KEY}"},
            ) as answer,
        ):
            return answer.status

    async def is_healthy(self) -> bool:
        """Whether a new client hears that the process lives."""
        limit = aiohttp.ClientTimeout(total=WITHIN)
        address = f"http://{HERE}:{self.web}/healthz"
        async with aiohttp.ClientSession(timeout=limit) as session, session.get(address) as answer:
            return answer.status == 200

    async def sends_a_result(self) -> None:
        """Send a check result as `send_nsca` does."""
        reader, writer = await asyncio.open_connection(HERE, self.nsca)
        async with asyncio.timeout(WITHIN):
            iv, timestamp = read_greeting(await reader.readexactly(GREETING_SIZE))
            told = Packet(timestamp=timestamp, code=2, host="db1", service="Disk", output="97% used")
            sealed, _ = Encryption(method=1, password=KEY.encode(), iv=iv).sealed(pack(told, secrets.token_bytes(LONG)))
            writer.write(sealed)
            writer.write_eof()
            await reader.read()
        writer.close()
        await writer.wait_closed()

    async def alerts(self) -> set[str]:
        """Return the dedup keys of all alerts."""
        headers, address = {"Authorization": f"Bearer {KEY}"}, f"http://{HERE}:{self.web}/api/v1/alerts?limit=200"
        async with aiohttp.ClientSession(headers=headers) as session, session.get(address) as answer:
            return {alert["dedup_key"] for alert in (await answer.json())["alerts"]}


@contextlib.asynccontextmanager
async def serving(tmp_path: Path, *, loop: str = "uvloop", **others: str) -> AsyncIterator[Place]:
    """Run the program under a limit of 1,024 descriptors, on either event loop."""
    port, database = free_port(), f"sqlite:///{tmp_path / 'alertbot.db'}"
    environment = settings(
        port=port,
        database_url=database,
        base_url=f"http://{HERE}:{port}",
        NSCA_KEY=KEY,
        NSCA_PORT=str(free_port()),
        MAIL_PORT=str(free_port()),
        MAIL_DOMAIN="in.example.com",
        **others,
    )
    if loop == "asyncio":
        (tmp_path / "without").mkdir()
        (tmp_path / "without" / "uvloop.py").write_text("raise ImportError\n")
        environment["PYTHONPATH"] = f"{tmp_path / 'without'}:{CHECKOUT}"
    command = ["sh", "-c", 'ulimit -n 1024 && exec "$0" -m bot serve', sys.executable]
    async with standin() as server:
        program = await start("serve", command, environment=environment, folder=tmp_path)
        try:
            nsca = json.loads(await program.wrote("nsca_listening"))
            mail = json.loads(await program.wrote("mail_listening"))
            await server.install(f"http://{HERE}:{port}/hipchat/descriptor", room="Ops")
            await with_key(database, Scope.READ)
            yield Place(program=program, web=port, nsca=nsca["port"], mail=mail["port"])
        finally:
            await program.kill()


@contextlib.contextmanager
def clients(port: int, many: int, said: bytes = b"") -> Iterator[None]:
    """Hold so many connections open on which nothing follows."""
    with contextlib.ExitStack() as stack:
        for _ in range(many):
            sock = stack.enter_context(socket.create_connection((HERE, port), timeout=WITHIN))
            with contextlib.suppress(ConnectionError):
                sock.sendall(said)
        yield


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("said", [b"", b"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\nX-Api"], ids=["silent", "half"])
async def test_silent_clients(tmp_path: Path, loop: str, said: bytes) -> None:
    """More of them than there are descriptors keep nobody out, on no port; the log says it in a line now and then."""
    raise_limit()
    async with serving(tmp_path, loop=loop) as place:
        with clients(place.web, 1100, said), clients(place.nsca, 250, said), clients(place.mail, 150, said):
            async with asyncio.timeout(WITHIN):
                statuses = await asyncio.gather(*(place.posts(number) for number in range(100)))
                healthy = await place.is_healthy()
                await place.sends_a_result()

            def mailed() -> tuple[int, bytes]:
                with smtplib.LMTP(HERE, place.mail, local_hostname="test", timeout=WITHIN) as client:
                    client.ehlo()
                    return client.docmd("MAIL", "FROM:<a@b.example>")

            answer, _ = await asyncio.to_thread(mailed)
            told, cuts = await place.alerts(), await place.cuts()
            for port in ("web", "nsca", "mail"):
                await place.program.wrote(f'"port": "{port}"')
        code = await place.program.stop()
        lines = place.lines()

    assert [202] * 100 == statuses
    assert healthy
    assert 250 == answer
    assert "db1!Disk" in told
    assert 500 < cuts["web"]
    assert 50 < min(cuts["nsca"], cuts["mail"])
    assert 0 == code
    assert {"web", "nsca", "mail"} == {line["port"] for line in lines if line["event"] == "connections_full"}
    assert len([line for line in lines if line["event"].startswith("connections_")]) < 20
    assert [] == [line for line in lines if line["level"] in {"error", "critical"}]


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_what_is_no_request(tmp_path: Path, loop: str) -> None:
    """Is refused shortly, by a server without a version; each line of the log is JSON, and nothing secret is in it."""
    requests = [
        f"GET /in/sematext/{SECRET}?title=disk\x00full{END}",
        f"GET /in/sematext/{SECRET}?title=" + "x" * 300_000 + END,
        f"GET /am/{SECRET}/api/v2/alerts\x01 HTTP/9.9\r\n\r\n",
        f"GET /hipchat/hook/{SECRET}\r\n\r\n",
        f"GET /hipchat/sidebar?signed_request={JWT} FTP/1.0\r\n\r\n",
        f"get\x00/a/{LINK}{END}",
        f"GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: {SECRET}\x00\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: {SECRET * 1000}\r\n\r\n",
        f"GET /in/\x7f\r{SECRET}{END}",
        f"POST /in/generic/{SECRET} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n",
        f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{SECRET}",
        f"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03{SECRET}\r\n",
    ]
    async with serving(tmp_path, loop=loop) as place:
        answers = []
        for request in requests:
            reader, writer = await asyncio.open_connection(HERE, place.web)
            writer.write(request.encode("latin-1"))
            async with asyncio.timeout(WITHIN):
                with contextlib.suppress(ConnectionError):
                    answers.append((await reader.read()).decode())
            writer.close()
        code = await place.program.stop()
        lines = place.lines()
        said = "\n".join([*place.program.lines, *answers])

    assert len(requests) == len(answers)
    for answer in answers:
        assert answer[9:10] == "4"
        assert "\r\nServer: alertbot\r\n" in answer
        assert "\r\nX-Content-Type-Options: nosniff\r\n" in answer
        assert len(answer) < 500
    for secret in (SECRET, *JWT.split("."), LINK[-24:], "Traceback", "aiohttp"):
        assert secret not in said
    assert len(requests) == sum(line["event"] == "request_refused" for line in lines)
    assert [] == [line for line in lines if line["level"] in {"error", "critical"}]
    assert 0 == code


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_who_hangs_up(tmp_path: Path, loop: str) -> None:
    """Whenever it goes, on whichever port, is no fault of ours and no 500."""
    head = f"POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\nContent-Length: 99\r\n\r\n".encode()
    read = f"GET /api/v1/alerts HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n\r\n".encode()
    to_mail = b"LHLO x\r\nMAIL FROM:<a@b.example>\r\n"
    async with serving(tmp_path, loop=loop) as place:
        before = [await place.posts(number) for number in range(50)]
        kinds = [
            (place.web, said) for said in (b"", head[:20], head, head + b'{"summary', read, read * 9, b"\x00\r\n\r\n")
        ]
        kinds += [(place.nsca, said) for said in (b"", b"x" * 100, b"x" * 5000)]
        kinds += [
            (place.mail, said)
            for said in (
                b"",
                b"LH",
                to_mail,
                to_mail + b"RCPT TO:<in+x@in.example.com>\r\nDATA\r\n",
                to_mail * 50,
                b"\xff\r\n",
            )
        ]
        for port, said in kinds:
            for number in range(20):
                with socket.create_connection((HERE, port), timeout=WITHIN) as sock:
                    if number % 2:  # with a reset, and what came unread
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                    sock.sendall(said)
                    if number % 4 < 2:
                        await asyncio.sleep(0)
        status, healthy = await place.posts(1), await place.is_healthy()
        async with aiohttp.ClientSession() as session, session.get(f"http://{HERE}:{place.web}/metrics") as answer:
            metrics = await answer.text()
        code = await place.program.stop()
        lines = place.lines()

    assert {202} == {status, *before}
    assert (True, 0) == (healthy, code)
    assert 'status="500"' not in metrics
    assert [] == [line for line in lines if line["level"] in {"error", "critical"} or line["event"] == "library"]
