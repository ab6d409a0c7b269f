"""NSCA's port, with the real `send_nsca` and with clients that nobody would wish for."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import nsca
from bot.connections import LIMITS, MOST_NSCA, Limits, listening
from bot.nsca import GREETING_SIZE, LONG, Encryption, Packet, pack, read_greeting
from bot.web.nsca import taking_results
from tests.needs import needs
from tests.web.conftest import SECRETS, Desk

HERE = "127.0.0.1"
WITHIN = 30.0
"""Seconds that a client may take on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """Where results are taken, with what, and what was logged there."""

    desk: Desk
    port: int
    method: int
    password: str
    logs: list[Any]

    def refusals(self) -> list[str]:
        """Return why clients were refused."""
        return [line["reason"] for line in self.logs if line["event"] == "nsca_refused"]

    async def heard(self, reason: str) -> None:
        """Wait until a client is refused for this reason."""
        async with asyncio.timeout(WITHIN):
            while not any(reason in each for each in self.refusals()):
                await self.states()

    async def connect(self) -> "Client":
        """Connect as a client and read the greeting."""
        reader, writer = await asyncio.open_connection(HERE, self.port)
        iv, timestamp = read_greeting(await reader.readexactly(GREETING_SIZE))
        encryption = Encryption(method=self.method, password=self.password.encode(), iv=iv)
        return Client(reader=reader, writer=writer, timestamp=timestamp, encryption=encryption)

    async def states(self) -> dict[str, str]:
        """Return the state of each problem by its dedup key, and its severity while it lasts."""
        return {
            alert["dedup_key"]: alert["severity"] if alert["state"] == "open" else alert["state"]
            for alert in await self.desk.alerts()
        }

    async def come_to(self, expected: Mapping[str, str]) -> None:
        """Wait until problems stand so: a client that was served does not know whether what it sent is stored yet."""
        found: Mapping[str, str] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITHIN):
                while found != expected:
                    found = await self.states()

        assert expected == found, self.refusals()


@dataclass(kw_only=True)
class Client:
    """A client that does as the test says."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    timestamp: int
    encryption: Encryption

    def packet(self, host: str = "db1", *, age: int = 0, size: int = LONG) -> bytes:
        """Return the next packet, encrypted: the service Disk of a host is critical."""
        told = Packet(timestamp=self.timestamp - age, code=2, host=host, service="Disk", output="97% used")
        raw, self.encryption = self.encryption.sealed(pack(told, secrets.token_bytes(size)))
        return raw

    async def end(self) -> bytes:
        """Say that nothing more comes, and wait until the server has closed too; return what it said."""
        with contextlib.suppress(ConnectionError):
            self.writer.write_eof()
        try:
            async with asyncio.timeout(WITHIN):
                return await self.reader.read()
        except ConnectionError:
            return b""
        finally:
            self.writer.close()


@contextlib.asynccontextmanager
async def opened(
    desk: Desk,
    *,
    method: int = 1,
    password: str = "",
    key: str = "ingest",
    most: int = MOST_NSCA,
    limits: Limits = LIMITS,
) -> AsyncIterator[Port]:
    """Take results for the feed of a key."""
    settings = replace(
        desk.parts.settings,
        nsca_port=0,
        nsca_key=SECRETS.get(key, key),
        nsca_password=password,
        nsca_encryption=method,
    )
    sock = listening(HERE, 0)
    with capture_logs() as logs:
        async with taking_results(replace(desk.parts, settings=settings), sock, most=most, limits=limits):
            yield Port(
                desk=desk,
                port=sock.getsockname()[1],
                method=method,
                password=password or settings.nsca_key,
                logs=logs,
            )
    assert [] == [line for line in logs if line["log_level"] in {"error", "critical"}]


@pytest.fixture
async def port(desk: Desk) -> AsyncIterator[Port]:
    """Take results, encrypted with AES."""
    async with opened(desk, method=14) as port:
        yield port


async def send_nsca(port: Port, folder: Path, lines: str, *more: str, method: int, password: str) -> str:
    """Run the real program; return what it says."""
    program = needs("send_nsca", "nsca-client")
    config = folder / "send_nsca.cfg"
    config.write_text(f"password={password}\nencryption_method={method}\n")
    process = await asyncio.create_subprocess_exec(
        program, "-H", HERE, "-p", str(port.port), "-c", str(config), "-to", "20", *more,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(WITHIN):
        said, _ = await process.communicate(lines.encode())
    assert 0 == process.returncode, said
    return said.decode()


# --- the real send_nsca -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", nsca.METHODS)
@pytest.mark.parametrize("password", ["", "another password"])
async def test_send_nsca(desk: Desk, tmp_path: Path, method: int, password: str) -> None:
    """Several results on one connection, lines of output, and packets of old clients; the password is the key unless another is set. A state that stays is no news."""
    needs("send_nsca", "nsca-client")
    async with opened(desk, method=method, password=password) as port:
        told = "db1\tDisk\t2\t97% used|used=97%\n\x17db2\tLoad\t1\tbusy\nvery\n\x17db3\t1\tno answer\n\x17"
        first = await send_nsca(port, tmp_path, told, method=method, password=port.password)
        await port.come_to({"db1!Disk": "critical", "db2!Load": "warning", "db3!": "critical"})
        told = "db1\tDisk\t2\tstill\n\x17db2\tLoad\t0\tfine\n"
        await send_nsca(port, tmp_path, told, method=method, password=port.password)
        told = "db4\tDisk\t1\told\n"
        await send_nsca(port, tmp_path, told, "--legacy-2-7-mode", method=method, password=port.password)
        await port.come_to({"db1!Disk": "critical", "db2!Load": "closed", "db3!": "critical", "db4!Disk": "warning"})
        alerts = {alert["dedup_key"]: alert for alert in await desk.alerts()}

    assert "3 data packet(s) sent to host successfully" in first
    assert ("Disk on db1 is CRITICAL: still", {"host": "db1", "service": "Disk"}, 2) == tuple(
        alerts["db1!Disk"][name] for name in ("summary", "labels", "count")
    )
    assert ("db3 is DOWN: no answer", "very") == (alerts["db3!"]["summary"], alerts["db2!Load"]["description"])
    assert [] == port.refusals()


async def test_what_came_is_kept(port: Port, tmp_path: Path) -> None:
    """As `send_nsca` read it, without credentials, for as long as any request's body."""
    needs("send_nsca", "nsca-client")
    lines = "db1\tDisk\t2\t97% used, password=hunter2\n"
    await send_nsca(port, tmp_path, lines, method=14, password=port.password)
    await port.come_to({"db1!Disk": "critical"})
    async with port.desk.parts.storage.read() as tx:
        rows = await tx.all("SELECT dialect, body FROM bodies")

    assert {"nsca"} == {row["dialect"] for row in rows}
    assert lines.replace("hunter2", "(removed)") == b"".join(bytes(row["body"]) for row in rows).decode()
    assert "hunter2" not in repr(await port.desk.alerts())


async def test_many_lines(port: Port, tmp_path: Path) -> None:
    """All of them arrive."""
    needs("send_nsca", "nsca-client")
    lines = "".join(f"h{number}\tDisk\t2\tfull\n\x17" for number in range(150))
    await send_nsca(port, tmp_path, lines, method=14, password=port.password)

    await port.come_to({f"h{number}!Disk": "critical" for number in range(150)})


async def test_send_nsca_with_another_password(port: Port, tmp_path: Path) -> None:
    """Changes nothing; the log says why, without either password."""
    needs("send_nsca", "nsca-client")
    await send_nsca(port, tmp_path, "db1\tDisk\t2\t97% used\n", method=14, password="quite another")
    await port.heard("password")

    assert {} == await port.states()
    assert 1 == len(port.refusals())
    assert not any(secret in str(port.logs) for secret in ("quite another", port.password))


# --- clients that nobody would wish for -------------------------------------------------------------------------------


async def test_a_bad_packet_costs_no_good_one(port: Port) -> None:
    """What came before it counts, what comes after cannot be read; others are served as ever."""
    client = await port.connect()
    client.writer.write(client.packet("db1") + secrets.token_bytes(LONG) + client.packet("db2"))
    said = await client.end()
    other = await port.connect()
    other.writer.write(other.packet("db3"))
    await other.end()

    assert b"" == said
    assert {"db1!Disk": "critical", "db3!Disk": "critical"} == await port.states()
    assert 1 == len(port.refusals())


@pytest.mark.parametrize("age", [31, 3600, -31])
async def test_an_old_packet(port: Port, age: int) -> None:
    """Is not taken, so that nobody sends again what he overheard; the others of the connection are."""
    client = await port.connect()
    client.writer.write(client.packet("db1", age=age) + client.packet("db2", age=29) + client.packet("db3", age=age))
    await client.end()

    assert {"db2!Disk": "critical"} == await port.states()
    assert ["a packet is older than 30 s, or the clocks differ"] == port.refusals()


@pytest.mark.parametrize("size", [1, 719, 720, 4303])
async def test_half_a_packet(port: Port, size: int) -> None:
    """Is none."""
    client = await port.connect()
    client.writer.write(client.packet()[:size])
    await client.end()

    assert {} == await port.states()
    assert ["it ended in the middle of a packet"] == port.refusals()


async def test_nothing_at_all(port: Port) -> None:
    """Somebody who only looks whether the port is open is no news."""
    client = await port.connect()
    await client.end()
    _, writer = await asyncio.open_connection(HERE, port.port)
    writer.transport.abort()
    await (await port.connect()).end()

    assert [] == port.refusals()


async def test_an_old_clients_packets(port: Port) -> None:
    """Those of before 2.9 are shorter."""
    client = await port.connect()
    client.writer.write(client.packet("db1", size=720) + client.packet("db2", size=720))
    await client.end()

    assert {"db1!Disk", "db2!Disk"} == set(await port.states())


async def test_a_slow_client(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is waited for as long as its packets would be taken, and no longer."""
    monkeypatch.setattr("bot.web.nsca.MAX_AGE", 0.05)
    client = await port.connect()
    client.writer.write(b"x" * 100)
    async with asyncio.timeout(WITHIN):
        said = await client.reader.read()
    client.writer.close()

    assert b"" == said
    assert ["its packets did not come within 0.05 s"] == port.refusals()


async def test_too_many_connections(desk: Desk) -> None:
    """The longest silent one makes way, never one that sent a good packet; nothing is said of each."""
    async with opened(desk, most=16) as port:
        known = await port.connect()
        known.writer.write(known.packet("db1"))
        await port.come_to({"db1!Disk": "critical"})
        silent = [await port.connect() for _ in range(15)]
        for client in silent[:8]:
            client.writer.write(b"half a packet")
        last = await port.connect()
        last.writer.write(last.packet("db2"))
        await last.end()
        known.writer.write(known.packet("db3"))
        await known.end()
        with contextlib.suppress(ConnectionError):
            assert b"" == await silent[0].reader.read()
        await port.come_to(dict.fromkeys(("db1!Disk", "db2!Disk", "db3!Disk"), "critical"))
        refusals = port.refusals()
        for client in silent:
            client.writer.close()

    assert [] == refusals
    assert [(1, False)] == [
        (line["made_way"], line["others_wait"]) for line in port.logs if line["event"] == "connections_full"
    ]


@pytest.mark.parametrize("half", [b"", b"half a packet"])
async def test_a_silent_client(desk: Desk, half: bytes) -> None:
    """Is not waited for: it is closed, and counted."""
    async with opened(desk, limits=Limits(head=0.05, every=0.02)) as port:
        client = await port.connect()
        client.writer.write(half)
        async with asyncio.timeout(WITHIN):
            with contextlib.suppress(ConnectionError):
                assert b"" == await client.reader.read()
        client.writer.close()

    assert [] == port.refusals()
    assert [1] == [line["count"] for line in port.logs if line["event"] == "connections_cut"]


async def test_who_hangs_up(port: Port) -> None:
    """Is no fault of ours: whenever it goes, what was whole counts."""
    for sent in (b"", b"x" * 100, None):
        for _ in range(7):
            client = await port.connect()
            client.writer.write(client.packet() if sent is None else sent)
            client.writer.transport.abort()
    await port.come_to({"db1!Disk": "critical"})

    assert {"nsca_refused"} >= {line["event"] for line in port.logs if line["log_level"] != "info"}


@pytest.mark.parametrize("key", ["X" * 32, "read"])
async def test_a_key_that_will_not_do(desk: Desk, key: str) -> None:
    """Unknown, or good for something else: nothing is taken, and the log says what to mend."""
    async with opened(desk, key=key) as port:
        client = await port.connect()
        client.writer.write(client.packet())
        await client.end()

        assert ["NSCA_KEY is not known, was revoked, or lacks the scope ingest"] == port.refusals()
        assert {} == await port.states()


async def test_a_result_without_a_host(port: Port) -> None:
    """Cannot be used; its neighbours can."""
    client = await port.connect()
    client.writer.write(client.packet("") + client.packet("db2"))
    await client.end()

    assert {"db2!Disk": "critical"} == await port.states()
    assert ["hostname is missing"] == port.refusals()


async def test_any_text(port: Port) -> None:
    """Whatever a plugin says is an alert; a code that no plugin has is UNKNOWN."""
    client = await port.connect()
    for host, code in (("a\x01\u202e<b>\n", 2), ("b" * 80, -1)):
        told = Packet(timestamp=client.timestamp, code=code, host=host, service="s;s\n", output="\udcff\r\n$(x)|")
        raw, client.encryption = client.encryption.sealed(pack(told, secrets.token_bytes(LONG)))
        client.writer.write(raw)
    await client.end()
    alerts: list[Mapping[str, Any]] = await port.desk.alerts()

    assert [] == port.refusals()
    assert {"critical", "warning"} == {alert["severity"] for alert in alerts}
    assert all("\n" not in alert["summary"] for alert in alerts)


async def test_it_closes_while_clients_are_here(desk: Desk) -> None:
    """Who says nothing holds nobody up; what had come by then counts."""
    async with opened(desk) as port:
        idle, busy = await port.connect(), await port.connect()
        busy.writer.write(busy.packet())
        await busy.end()
    with contextlib.suppress(ConnectionError):
        assert b"" == await idle.reader.read()
    idle.writer.close()

    assert {"db1!Disk": "critical"} == await port.states()
