"""The channels to a Nagios: what a change is there, that no text commands anything, and each way's own troubles."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import nsca
from bot.channels import services
from bot.channels.external import told
from bot.channels.nagios import Nagios, write
from bot.channels.nsca import Nsca
from bot.channels.outbound import Outbound, open_outbound
from bot.domain.channel import OF_NAGIOS, Channel, Kind, Parcel, echoes, flaw
from bot.domain.holding import Hold
from bot.nsca import Encryption, Incoming, Packet
from bot.ports import Later, Never
from tests.channels.making import NOW, TOKEN, channel, parcel
from tests.channels.sink import Sink

HERE = "127.0.0.1"
WATCHED = {"senders": ["nagios"], "labels": {"host": "db1", "service": "Disk"}, "dedup_key": "db1!Disk"}
OF_HOST = {"senders": ["nagios"], "labels": {"host": "db1"}, "dedup_key": "db1!"}
NO_SETTINGS = Channel(name="c", kind=Kind.NAGIOS, settings={})


def said(given: Parcel, **settings: str) -> list[str]:
    """Return what Nagios is told, as external commands."""
    found = told(given, Channel(name="c", kind=Kind.NAGIOS, settings=settings))
    return [*found.commands, *([found.result.command] if found.result else [])]


def about(action: str, base: dict[str, Any], **content: Any) -> Parcel:
    """Return a change by Anna of what Nagios watches."""
    return parcel(action, content={**base, "by": "anna", **content})


# --- what a change is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "commands"),
    [
        (
            about("acked", WATCHED, note="on it"),
            ["ACKNOWLEDGE_SVC_PROBLEM;db1;Disk;1;0;0;anna;alert 42 acked: on it"],
        ),
        (about("owned", OF_HOST), ["ACKNOWLEDGE_HOST_PROBLEM;db1;1;0;0;anna;alert 42 owned"]),
        (
            about("snoozed", WATCHED, until=NOW),
            ["ACKNOWLEDGE_SVC_PROBLEM;db1;Disk;1;0;0;anna;alert 42 snoozed until 2026-01-02T03:04:05Z"],
        ),
        *(
            (about(action, WATCHED), ["REMOVE_SVC_ACKNOWLEDGEMENT;db1;Disk"])
            for action in ("unacked", "woken", "worse", *Hold)
        ),
        (about("reopened", OF_HOST), ["REMOVE_HOST_ACKNOWLEDGEMENT;db1"]),
        (about("undone", WATCHED, state="open"), ["REMOVE_SVC_ACKNOWLEDGEMENT;db1;Disk"]),
        (about("undone", WATCHED, state="acked"), ["ACKNOWLEDGE_SVC_PROBLEM;db1;Disk;1;0;0;anna;alert 42 undone"]),
        (about("noted", WATCHED, note="a; b"), ["ADD_SVC_COMMENT;db1;Disk;1;anna;alert 42 noted: a; b"]),
        (about("closed", OF_HOST, note="fixed"), ["ADD_HOST_COMMENT;db1;1;anna;alert 42 closed: fixed"]),
        (about("unreported", WATCHED, by="", senders=[]), ["ADD_SVC_COMMENT;db1;Disk;1;alertbot;alert 42 unreported"]),
        (about("opened", WATCHED), []),
        (about("escalated", WATCHED), []),
    ],
    ids=lambda given: given.action if isinstance(given, Parcel) else "",
)
def test_what_nagios_watches(given: Parcel, commands: list[str]) -> None:
    """Gets commands; whatever happens to it here, it gets no result: that would come back to us."""
    assert commands == said(given)
    assert told(given, NO_SETTINGS).result is None


@pytest.mark.parametrize("sender", sorted(OF_NAGIOS))
def test_no_sender_of_nagios_gets_a_result(sender: str) -> None:
    """Also of a key that had to be cut."""
    given = parcel(content={**WATCHED, "senders": ["api", sender], "dedup_key": "db1!D~123"})

    assert told(given, NO_SETTINGS).result is None


@pytest.mark.parametrize(
    ("given", "commands"),
    [
        (parcel("opened"), ["PROCESS_SERVICE_CHECK_RESULT;db1;DiskFull;2;Disk 97% full on db1 (alert 42)"]),
        (
            parcel("unacked"),
            [
                "REMOVE_SVC_ACKNOWLEDGEMENT;db1;DiskFull",
                "PROCESS_SERVICE_CHECK_RESULT;db1;DiskFull;2;Disk 97% full on db1 (alert 42)",
            ],
        ),
        (
            parcel("acked", content={"by": "anna", "note": "on it"}),
            ["ACKNOWLEDGE_SVC_PROBLEM;db1;DiskFull;1;0;0;anna;alert 42 acked: on it"],
        ),
        (
            parcel("closed", content={"by": "anna", "note": "fixed", "state": "closed"}),
            ["PROCESS_SERVICE_CHECK_RESULT;db1;DiskFull;0;closed by anna: fixed: Disk 97% full on db1 (alert 42)"],
        ),
        (
            parcel("severity", content={"severity": "warning"}),
            ["PROCESS_SERVICE_CHECK_RESULT;db1;DiskFull;1;Disk 97% full on db1 (alert 42)"],
        ),
        (
            parcel("severity", content={"state": "closed", "by": "anna", "note": "x"}),
            ["ADD_SVC_COMMENT;db1;DiskFull;1;anna;alert 42 severity: x"],
        ),
        (parcel("noted", content={"note": "x"}), ["ADD_SVC_COMMENT;db1;DiskFull;1;prometheus;alert 42 noted: x"]),
    ],
    ids=lambda given: given.action if isinstance(given, Parcel) else "",
)
def test_other_alerts(given: Parcel, commands: list[str]) -> None:
    """Are passive results, and are acknowledged as what they are there."""
    assert commands == said(given)


@pytest.mark.parametrize(("severity", "code"), [("critical", 2), ("error", 2), ("warning", 1), ("info", 1)])
def test_severities(severity: str, code: int) -> None:
    """A problem is never 0, which means that it is over."""
    found = told(parcel(content={"severity": severity}), NO_SETTINGS)

    assert found.result is not None
    assert code == found.result.code


@pytest.mark.parametrize(
    ("labels", "settings", "host", "service"),
    [
        ({"host": "h", "instance": "i:1", "alertname": "A"}, {}, "h", "A"),
        ({"instance": "db1:9100"}, {}, "db1", "Disk 97% full on db1"),
        ({"instance": "[::1]:9100"}, {}, "::1", "Disk 97% full on db1"),
        ({"instance": "fe80::1"}, {}, "fe80::1", "Disk 97% full on db1"),
        ({"instance": "db1"}, {}, "db1", "Disk 97% full on db1"),
        ({}, {}, "alertbot", "Disk 97% full on db1"),
        ({"host": "h", "alertname": "A"}, {"host_name": "bot", "service": "alerts"}, "bot", "alerts"),
        ({"host": "a;b\n", "alertname": ";\x00"}, {}, "a,b", ","),
        ({"host": "\n", "alertname": "\x00"}, {}, "alertbot", "alertbot"),
    ],
)
def test_where_an_alert_belongs(labels: dict[str, str], settings: dict[str, str], host: str, service: str) -> None:
    """As the channel says, else as its labels do; one line each, without what ends a field."""
    found = told(parcel(content={"labels": labels}), Channel(name="c", kind=Kind.NRDP, settings=settings))

    assert (host, service) == (found.place.host, found.place.service)


def test_an_alert_stays_where_it_was() -> None:
    """Its words change, and its end must reach the same service as its beginning."""
    opened = told(parcel(content={"labels": {}}), NO_SETTINGS)
    changed = parcel("closed", content={"labels": {}, "summary": "Disk 99% full"}, reference=opened.reference)

    assert opened.place == told(changed, NO_SETTINGS).place


HOSTILE = "x;y\n[1] SHUTDOWN_PROGRAM\r\n[2] DISABLE_NOTIFICATIONS\x00\x85\u2028|p=1"


@pytest.mark.parametrize("action", ["opened", "acked", "unacked", "noted", "closed"])
@pytest.mark.parametrize("base", [WATCHED, {}])
def test_no_text_is_a_command(action: str, base: dict[str, Any]) -> None:
    """Whoever writes a summary, a note, a name or a label writes one line, and no field of it but the last."""
    labels = {"host": HOSTILE, "service": HOSTILE, "alertname": HOSTILE}
    content = {**base, "labels": labels, "summary": HOSTILE, "note": HOSTILE, "by": HOSTILE}
    plain = dict.fromkeys(("summary", "note", "by"), "x") | {"labels": dict.fromkeys(labels, "x")}
    for hostile, tame in zip(
        said(parcel(action, content=content)), said(parcel(action, content={**base, **plain})), strict=True
    ):
        fields = hostile.split(";", tame.count(";"))

        assert tame.split(";")[0] == fields[0]
        assert all(";" not in field for field in fields[:-1])
        assert hostile.isprintable()
        assert "CHECK_RESULT" not in hostile or "|" not in fields[-1]


@given(st.text(max_size=9000), st.text(max_size=9000), st.sampled_from(["opened", "acked", "unacked", "closed"]))
def test_any_text_fits(text: str, other: str, action: str) -> None:
    """Two commands at most, each a line, within what a pipe takes at once."""
    content = {"summary": text, "note": other, "by": other, "labels": {"host": text * 2, "alertname": other}}
    lines = [f"[1767323045] {each}\n" for each in said(parcel(action, content=content))]

    assert len("".join(lines).encode("utf-8", "replace")) <= 4096
    assert all(line[:-1].isprintable() for line in lines)


def test_what_came_from_a_nagios_is_not_sent_back() -> None:
    """Whichever way it came, and whichever way it would go."""
    for kind in (Kind.NAGIOS, Kind.NRDP, Kind.NSCA):
        assert all(echoes(kind, parcel(content={"dialect": dialect}).content) for dialect in OF_NAGIOS)
        assert not echoes(kind, parcel().content)


@pytest.mark.parametrize(
    ("kind", "name", "bad", "good"),
    [
        (Kind.NSCA, "port", ["0", "65536", "x", "-1", "5667 "], "5667"),
        (Kind.NSCA, "encryption", ["2", "15", "16", "aes"], "14"),
        (Kind.NAGIOS, "command_file", ["nagios.cmd", "/a\nb"], "/var/lib/nagios4/rw/nagios.cmd"),
        (Kind.NRDP, "host_name", ["a;b", "a\nb"], "db 1"),
    ],
)
def test_wrong_settings(kind: Kind, name: str, bad: list[str], good: str) -> None:
    """Are refused where they are typed."""
    assert all(flaw(kind, name, value) for value in bad)
    assert flaw(kind, name, good) is None


# --- the command file -------------------------------------------------------------------------------------------------


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Make a pipe that nobody reads yet."""
    path = tmp_path / "nagios.cmd"
    os.mkfifo(path)
    return path


@pytest.fixture
def reader(pipe: Path) -> Iterator[int]:
    """Read the pipe, without waiting."""
    opened = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    yield opened
    os.close(opened)


def through(path: Path) -> Channel:
    """Return a channel that writes to a file."""
    return Channel(name="c", kind=Kind.NAGIOS, settings={"command_file": str(path)})


async def test_commands_are_lines_in_the_pipe(pipe: Path, reader: int) -> None:
    """With the time of the change; what means nothing to Nagios is not written."""
    nagios = Nagios([str(pipe)])
    first = await nagios.send(parcel("opened"), through(pipe))
    nothing = await nagios.send(about("escalated", WATCHED), through(pipe))
    written = os.read(reader, 9000)

    assert b"[1767323045] PROCESS_SERVICE_CHECK_RESULT;db1;DiskFull;2;Disk 97% full on db1 (alert 42)\n" == written
    assert [(202, "db1;DiskFull"), (204, "db1;Disk")] == [(each.status, each.detail) for each in (first, nothing)]


async def test_only_listed_files_are_opened(tmp_path: Path) -> None:
    """A room's admin cannot have anything else written to, whatever it is and however it is spelled."""
    listed, other = tmp_path / "a", tmp_path / "b"
    other.write_text("mine")
    for path in (other, tmp_path / "x" / ".." / "a", Path("/etc/passwd")):
        with pytest.raises(Never, match="NAGIOS_COMMAND_FILES"):
            await Nagios([str(listed)]).send(parcel(), through(path))

    assert "mine" == other.read_text()


async def test_a_file_that_is_no_pipe(tmp_path: Path) -> None:
    """Is not written to although it is listed: a path may have been mistyped."""
    path = tmp_path / "nagios.cmd"
    path.write_text("kept")
    with pytest.raises(Never, match="no named pipe"):
        await Nagios([str(path)]).send(parcel(), through(path))

    assert "kept" == path.read_text()


async def test_a_nagios_that_is_away(tmp_path: Path, pipe: Path) -> None:
    """Is waited for: its pipe is not there, or nobody reads it, or it is full. Nothing blocks, nothing is written by half."""
    with pytest.raises(Later, match="is not there"):
        await Nagios([str(tmp_path / "gone")]).send(parcel(), through(tmp_path / "gone"))
    with pytest.raises(Later, match="nobody reads"):
        await Nagios([str(pipe)]).send(parcel(), through(pipe))
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(Later, match="is full"):
            filled(pipe)
        taken = 0
        with contextlib.suppress(BlockingIOError):
            while found := os.read(reader, 65536):
                taken += len(found)
    finally:
        os.close(reader)

    assert 0 == taken % 1000


def filled(pipe: Path) -> None:
    """Write until a write is refused."""
    while True:
        write(str(pipe), b"x" * 1000)


# --- NRDP -------------------------------------------------------------------------------------------------------------


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form."""
    return {name: value for name, (value,) in parse_qs(body.decode(), strict_parsing=True).items()}


async def test_nrdp_commands_and_results(outbound: Outbound, there: Sink) -> None:
    """A command without its time, then a result as JSON; the token is in the form."""
    there.status, there.answer = 200, {"result": {"status": 0, "message": "OK"}}
    receipt = await services(outbound, None)[Kind.NRDP].send(parcel("unacked"), channel(Kind.NRDP, there.url))
    command, check = (form_of(seen.body) for seen in there.seen)

    assert {"token": TOKEN, "cmd": "submitcmd", "command": "REMOVE_SVC_ACKNOWLEDGEMENT;db1;DiskFull"} == command
    assert (TOKEN, "submitcheck") == (check["token"], check["cmd"])
    assert '"servicename": "DiskFull", "state": "2", "output": "Disk 97% full on db1 (alert 42)"' in check["json"]
    assert (200, "db1;DiskFull") == (receipt.status, receipt.detail)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("BAD TOKEN", Never),
        ("NO COMMAND", Never),
        ("COMMANDS DISABLED", Never),
        ("COMMAND FILE UNWRITEABLE", Later),
        ("BAD COMMAND FILE", Later),
        ("", Later),
    ],
)
async def test_errors_come_as_200(outbound: Outbound, there: Sink, message: str, error: type[Exception]) -> None:
    """What counts stands in the body, as JSON or XML. What NRDP would say again is final."""
    there.status = 200
    there.answer = {"result": {"status": -1, "message": f"{message}"}}
    with pytest.raises(error) as refused:
        await services(outbound, None)[Kind.NRDP].send(parcel("acked"), channel(Kind.NRDP, there.url))

    assert f"NRDP refused it: {message}" == str(refused.value)


@pytest.mark.parametrize("answer", [{}, [], "x", {"result": 5}, {"result": {"message": "OK"}}])
async def test_an_answer_of_something_else(outbound: Outbound, there: Sink, answer: object) -> None:
    """A login page perhaps: it is not taken for a success, and tried again."""
    there.status, there.answer = 200, answer
    with pytest.raises(Later, match="none of NRDP's"):
        await services(outbound, None)[Kind.NRDP].send(parcel("acked"), channel(Kind.NRDP, there.url))


async def test_a_token_is_not_told_again(outbound: Outbound, there: Sink) -> None:
    """Also where a server repeats it."""
    there.status, there.answer = 200, {"result": {"status": -1, "message": f"what is {TOKEN}?"}}
    with pytest.raises(Later) as later:
        await services(outbound, None)[Kind.NRDP].send(parcel("acked"), channel(Kind.NRDP, there.url))

    assert "NRDP refused it: what is ...?" == later.value.reason


# --- NSCA -------------------------------------------------------------------------------------------------------------


class Daemon:
    """A server of NSCA that keeps what it is sent, or breaks off in a way of its own."""

    def __init__(self, *, method: int = 14, breaks: str = "") -> None:
        self.method = method
        self.breaks = breaks
        self.port = 0
        self.packets: list[Packet] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet and take packets."""
        iv = secrets.token_bytes(nsca.IV_SIZE)
        greeting = nsca.greeting(iv, NOW // 1000)
        writer.write(greeting[: 50 if self.breaks == "in the greeting" else len(greeting)])
        incoming = Incoming(Encryption(method=self.method, password=TOKEN.encode(), iv=iv))
        while not self.breaks and (data := await reader.read(4096)):
            self.packets += incoming.take(data)
        if self.breaks == "with a reset":
            writer.transport.abort()
        writer.close()


@contextlib.asynccontextmanager
async def listening(daemon: Daemon) -> AsyncIterator[Daemon]:
    """Let a daemon listen here."""
    server = await asyncio.start_server(daemon.serve, HERE, 0)
    daemon.port = server.sockets[0].getsockname()[1]
    try:
        yield daemon
    finally:
        server.close()


def to_daemon(daemon: Daemon, host: str = HERE) -> Channel:
    """Return a channel to it."""
    settings = {"host": host, "port": str(daemon.port), "password": TOKEN, "encryption": str(daemon.method)}
    return Channel(name="c", kind=Kind.NSCA, settings=settings)


@pytest.mark.parametrize("method", nsca.METHODS)
async def test_results_by_nsca(outbound: Outbound, method: int) -> None:
    """With the greeting's time, encrypted as the channel says; what is no result is not sent."""
    async with listening(Daemon(method=method)) as daemon:
        service = services(outbound, None)[Kind.NSCA]
        receipts = [
            await service.send(given, to_daemon(daemon))
            for given in (parcel("opened"), parcel("acked"), about("acked", WATCHED), parcel("closed"))
        ]

    assert [202, 204, 204, 202] == [receipt.status for receipt in receipts]
    assert [
        (NOW // 1000, 2, "db1", "DiskFull", "Disk 97% full on db1 (alert 42)"),
        (NOW // 1000, 0, "db1", "DiskFull", "closed by prometheus: Disk 97% full on db1 (alert 42)"),
    ] == [(each.timestamp, each.code, each.host, each.service, each.output) for each in daemon.packets]


@pytest.mark.parametrize("breaks", ["in the greeting", "with a reset"])
async def test_a_daemon_that_breaks_off(outbound: Outbound, breaks: str) -> None:
    """Is tried again."""
    async with listening(Daemon(breaks=breaks)) as daemon:
        with pytest.raises(Later) as later:
            await Nsca(outbound).send(parcel(), to_daemon(daemon))

    assert TOKEN not in later.value.reason


async def test_nobody_listens(outbound: Outbound) -> None:
    """Is for later, without the password in a word."""
    async with listening(Daemon()) as daemon:
        pass
    for host in (HERE, "name.invalid", "x" * 70, "a\0b"):
        with pytest.raises((Later, Never)) as later:
            await Nsca(outbound).send(parcel(), to_daemon(daemon, host))

        assert TOKEN not in str(later.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "localhost", "::1", "::ffff:127.0.0.1"])
async def test_a_private_daemon_is_not_reached(host: str) -> None:
    """Unless the settings allow it: no connection is made, however the address is spelled."""
    async with listening(Daemon()) as daemon, open_outbound([]) as session:
        with pytest.raises((Never, Later)) as refused:
            await Nsca(Outbound(session, [], lambda: NOW)).send(parcel(), to_daemon(daemon, host))

    assert [] == daemon.packets
    assert host in str(refused.value)
