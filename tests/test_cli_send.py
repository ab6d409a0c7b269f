"""`alertbot send`: one alert from a shell, kept in a folder while the bot is down."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.backend import Backend, backend
from bot.demo.clock import MovableClock
from bot.demo.stage import Stage, staged
from bot.settings import Settings
from tests.cli import alertbot


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Run the bot, installed in the room Ops."""
    settings = Settings(port=0, database_url=f"sqlite:///{tmp_path / 'alertbot.db'}")
    async with staged(settings, clock=MovableClock()) as stage:
        await stage.install()
        yield stage


@pytest.fixture
async def reader(stage: Stage) -> AsyncIterator[Backend]:
    """Give somebody who looks what arrived."""
    async with backend(stage.bot_url, await stage.key()) as poster:
        yield poster


async def test_sent(stage: Stage, reader: Backend) -> None:
    """An alert with all that can be said of it arrives in the room; its resolve too."""
    key = await stage.key()
    where = {"ALERTBOT_URL": stage.bot_url, "ALERTBOT_KEY": key}
    fired = await alertbot(
        "send", "Backup failed", "--severity", "error", "--dedup-key", "backup", "--label", "host=db1",
        "--source", "cron", "--description", "no space left", **where,
    )  # fmt: skip
    alert = await reader.alert(1)
    await stage.room.sees("#1 Backup failed")
    over = await alertbot("send", "Backup failed", "--status", "resolved", "--dedup-key", "backup", **where)

    assert (0, "#1 opened\n", "") == (fired.code, fired.out, fired.err)
    assert ("error", {"host": "db1"}, "cron") == (alert["severity"], alert["labels"], alert["source"])
    assert (0, "#1 resolved\n") == (over.code, over.out)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_bytes_of_the_shell(stage: Stage, reader: Backend, encoding: str) -> None:
    """Words and macros are read whatever charset the shell, or Nagios, hands them over in."""
    where = {"ALERTBOT_URL": stage.bot_url, "ALERTBOT_KEY": await stage.key()}
    said = "Gerät überhitzt".encode(encoding).decode("utf-8", "surrogateescape")
    await alertbot("send", said, "--label", f"{said}={said}", **where)
    await alertbot("notify", "nagios", **{**MACROS, "NAGIOS_SERVICEOUTPUT": said}, **where)
    sent, notified = await reader.alert(1), await reader.alert(2)

    assert ("Gerät überhitzt", {"Gerät überhitzt": "Gerät überhitzt"}) == (sent["summary"], sent["labels"])
    assert "Disk on db1 is CRITICAL: Gerät überhitzt" == notified["summary"]


async def test_spooled_while_the_bot_is_down(stage: Stage, reader: Backend, tmp_path: Path) -> None:
    """What cannot be sent is kept, readable by its owner alone, and goes first with the next send."""
    key, spool = await stage.key(), tmp_path / "spool"
    down = {"ALERTBOT_URL": "http://127.0.0.1:9", "ALERTBOT_KEY": key}
    kept = [await alertbot("send", f"while down {number}", "--spool", str(spool), **down) for number in (1, 2)]
    waiting = sorted(spool.iterdir())
    words = [json.loads(path.read_text())["summary"] for path in waiting]
    private = {path.stat().st_mode & 0o077 for path in waiting}
    lost = await alertbot("send", "no spool", **down)
    sent = await alertbot("send", "up again", "--spool", str(spool), ALERTBOT_URL=stage.bot_url, ALERTBOT_KEY=key)

    assert [0, 0] == [ran.code for ran in kept]
    assert "goes with the next send" in kept[0].err
    assert ["while down 1", "while down 2"] == words
    assert {0} == private
    assert 1 == lost.code
    assert "--spool" in lost.err
    assert (0, "#3 opened\n") == (sent.code, sent.out)
    assert "while down 1" == (await reader.alert(1))["summary"]
    assert [] == list(spool.iterdir())


async def test_refused(stage: Stage) -> None:
    """What the bot refuses is not kept: it would be refused again. The key is never shown."""
    ran = await alertbot("send", "x", ALERTBOT_URL=stage.bot_url, ALERTBOT_KEY="A" * 32)

    assert 1 == ran.code
    assert "refused" in ran.err
    assert "A" * 32 not in ran.err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "ALERTBOT_URL"),
        ({"ALERTBOT_URL": "bot.example.com", "ALERTBOT_KEY": "x"}, "ALERTBOT_URL"),
        ({"ALERTBOT_URL": "http://127.0.0.1:9"}, "ALERTBOT_KEY"),
    ],
)
async def test_what_is_missing_is_said(settings: dict[str, str], words: str) -> None:
    """Without address or key the command says which variable to set."""
    ran = await alertbot("send", "x", **settings)

    assert 1 == ran.code
    assert words in ran.err
    assert "Traceback" not in ran.err


async def test_a_label_is_name_and_value() -> None:
    """A label without a value is a mistake in the command, with exit code 2."""
    ran = await alertbot("send", "x", "--label", "host", ALERTBOT_URL="http://127.0.0.1:9", ALERTBOT_KEY="x")

    assert 2 == ran.code
    assert "NAME=VALUE" in ran.err


# --- notify -----------------------------------------------------------------------------------------------------------

MACROS = {
    "NAGIOS_NOTIFICATIONTYPE": "PROBLEM",
    "NAGIOS_HOSTNAME": "db1",
    "NAGIOS_SERVICEDESC": "Disk",
    "NAGIOS_SERVICESTATE": "CRITICAL",
    "NAGIOS_SERVICEOUTPUT": "97% used; really",
    "NAGIOS_LONGSERVICEOUTPUT": "one\\ntwo",
    "NAGIOS_HOSTADDRESS": "10.0.0.1",
}


async def test_a_notification_of_nagios(stage: Stage, reader: Backend, tmp_path: Path) -> None:
    """Problem, acknowledgement and recovery of a service are one alert, flapping is noted; a host has its own; no notification is nothing to tell."""
    where = {"ALERTBOT_URL": stage.bot_url, "ALERTBOT_KEY": await stage.key()}
    fired = await alertbot("notify", "nagios", **MACROS, **where)
    alert = await reader.alert(1)
    by = {"NAGIOS_NOTIFICATIONAUTHOR": "anna", "NAGIOS_NOTIFICATIONCOMMENT": "on it"}
    acknowledgement = {**MACROS, **by, "NAGIOS_NOTIFICATIONTYPE": "ACKNOWLEDGEMENT"}
    acked = await alertbot("notify", "nagios", **acknowledgement, **where)
    async with reader.session.get(f"{stage.bot_url}/api/v1/alerts/1/history") as answer:
        history = [(row["action"], row["who"], row["note"]) for row in (await answer.json())["history"]]
    flapping = await alertbot("notify", "nagios", **{**MACROS, "NAGIOS_NOTIFICATIONTYPE": "FLAPPINGSTART"}, **where)
    async with reader.session.get(f"{stage.bot_url}/api/v1/alerts/1/history") as answer:
        noted = [(row["action"], row["note"]) for row in (await answer.json())["history"]][-1]
    nothing = await alertbot("notify", "nagios", **{**MACROS, "NAGIOS_NOTIFICATIONTYPE": ""}, **where)
    recovery = {"NAGIOS_NOTIFICATIONTYPE": "RECOVERY", "NAGIOS_SERVICESTATE": "OK"}
    over = await alertbot("notify", "nagios", **{**MACROS, **recovery}, **where)
    host = {"ICINGA_NOTIFICATIONTYPE": "PROBLEM", "ICINGA_HOSTNAME": "db2", "ICINGA_HOSTSTATE": "DOWN"}
    down = await alertbot("notify", "nagios", **host, **where)
    spool = tmp_path / "spool"
    kept = await alertbot(
        "notify", "nagios", "--spool", str(spool), **MACROS, **(where | {"ALERTBOT_URL": "http://127.0.0.1:9"})
    )
    late = await alertbot("notify", "nagios", "--spool", str(spool), **host, **where)
    spooled = await reader.alert(1)
    nobody = await alertbot("notify", "nagios", **where)

    assert [0, 0, 0, 0, 0, 0, 0, 1] == [ran.code for ran in (fired, acked, flapping, over, down, kept, late, nobody)]
    assert ("acked", "anna", "on it") == history[-1]
    assert ("Disk on db1 is CRITICAL: 97% used; really", "critical", "db1!Disk") == tuple(
        alert[name] for name in ("summary", "severity", "dedup_key")
    )
    assert ("one\ntwo", {"host": "db1", "service": "Disk", "address": "10.0.0.1"}) == (
        alert["description"],
        alert["labels"],
    )
    assert ("noted", "flapping began") == noted
    assert (0, "no notification in the environment (NAGIOS_NOTIFICATIONTYPE): there is nothing to tell\n") == (
        nothing.code,
        nothing.out,
    )
    assert ("#1 resolved\n", "#2 opened\n") == (over.out, down.out)
    assert ("open", "#2 repeated\n") == (spooled["state"], late.out)
    assert [] == list(spool.iterdir())
    assert "enable_environment_macros" in nobody.err
