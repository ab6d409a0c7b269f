"""The real Nagios: it notifies us, people act in the room, it hears of that and of what it does not watch, and no loop begins."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.standin.driver import RoomDriver
from bot.standin.server import running as standin
from tests.cli import alertbot
from tests.needs import needs
from tests.postgres import free_port
from tests.processes.nagios import WITHIN, Nagios, nagios, nsca_daemon, until
from tests.processes.programs import Program, bot, settings
from tests.processes.test_prometheus import answer_of, key_of

PLAN = """
[[route]]
name = "all"
channels = ["nagios"]
[[channel]]
name = "nagios"
"""
TOLD = {"summary": "97% of the disk is used", "severity": "critical", "dedup_key": "x"}
PLACE = {"host": "db1", "alertname": "Fed by the bot"}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A room with the bot in it, and a Nagios whose contact it is."""

    room: RoomDriver
    nagios: Nagios
    url: str
    key: str
    process: Program
    environment: dict[str, str]

    async def post(self, **alert: Any) -> None:
        """Post an alert to our own API."""
        headers = {"Authorization": f"Bearer {self.key}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{self.url}/api/v1/alerts", json={**TOLD, **alert}) as answer,
        ):
            assert 202 == answer.status

    async def says(self, command: str, answer: str) -> None:
        """Type a command, and see the answer."""
        await self.room.says("dana", command)
        await self.room.sees(answer, timeout=WITHIN)

    async def channel(self, plan: str) -> None:
        """Bring in the channel that the room's news goes to, and try it out."""
        (self.nagios.folder / "plan.toml").write_text(PLAN + plan)
        brought = await alertbot("config", "import", str(self.nagios.folder / "plan.toml"), **self.environment)
        assert 0 == brought.code, brought.err
        tried = await alertbot("channel", "test", "nagios", **self.environment)
        assert (0, "nagios: taken (202)\n") == (tried.code, tried.out), tried.err

    async def history(self, number: int) -> list[str]:
        """Return what history says of an alert: `action by NAME` for each change."""
        rows = (await answer_of(f"{self.url}/api/v1/alerts/{number}/history", self.key))["history"]
        return [f"{row['action']} by {row['who']}" for row in rows]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Run Hipchat, the bot and a Nagios."""
    needs("nagios4", "nagios4-core")
    port = free_port()
    url, database = f"http://127.0.0.1:{port}", f"sqlite:///{tmp_path / 'alertbot.db'}"
    folder = tmp_path / "nagios"
    environment = settings(
        port=port,
        database_url=database,
        base_url=url,
        NAGIOS_COMMAND_FILES=str(folder / "nagios.cmd"),
        CHANNEL_PRIVATE_HOSTS="127.0.0.1",
    )
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(standin())
        process = await stack.enter_async_context(bot("serve", environment, tmp_path))
        await server.install(f"{url}/hipchat/descriptor", room="Ops")
        key = await key_of(database)
        running = await stack.enter_async_context(nagios(folder, url=url, key=key))
        yield Scene(room=server.room("Ops"), nagios=running, url=url, key=key, process=process, environment=environment)
        assert [] == process.errors()


def by_file(scene: Scene) -> str:
    """Return the channel by the command file."""
    return f'kind = "nagios"\ncommand_file = "{scene.nagios.command_file}"\n'


async def test_what_nagios_watches(scene: Scene) -> None:
    """A check fails, is told, acked in the room and there, unacked, noted, acked there and here, and over; nobody is told his own news."""
    await scene.channel(by_file(scene))
    scene.nagios.disk(2, "97% used; $HOSTNAME$ `x`")
    await scene.room.sees("Disk on db1 is CRITICAL: 97% used: $HOSTNAME$ `x`", timeout=WITHIN)
    await scene.says("/alert ack 1 on it; really", "acked 1: #1")
    acked = await scene.nagios.stands("Disk", problem_has_been_acknowledged="1")
    comments = scene.nagios.comments("Disk")
    await scene.says("/alert unack 1", "unacked 1: #1")
    await scene.nagios.stands("Disk", problem_has_been_acknowledged="0")
    await scene.says("/alert note 1 ask lee", "noted")
    await until(lambda: ("Dana", "alert 1 noted: ask lee") in scene.nagios.comments("Disk"), scene.nagios.said)
    scene.nagios.command("ACKNOWLEDGE_SVC_PROBLEM;db1;Disk;1;1;0;anna;mine; now")
    await scene.room.sees("acked by anna", timeout=WITHIN)
    scene.nagios.disk(0, "fine again")
    await scene.room.sees("#1 resolved", timeout=WITHIN)
    await scene.nagios.stands("Disk", current_state="0")

    assert ("1", [("Dana", "alert 1 acked: on it; really")]) == (acked["acknowledgement_type"], comments)
    assert ["opened by nagios", "acked by Dana", "unacked by Dana", "noted by Dana", "acked by anna"] == (
        await scene.history(1)
    )[:-1]
    # Each was commanded once by whom it is from: the operator's ack, and what the room did.
    assert 2 == len(scene.nagios.commands("ACKNOWLEDGE_SVC_PROBLEM"))
    assert ["REMOVE_SVC_ACKNOWLEDGEMENT;db1;Disk"] == scene.nagios.commands("REMOVE_SVC_ACKNOWLEDGEMENT")
    assert 1 == len(scene.nagios.commands("ADD_SVC_COMMENT"))
    assert not any(";Disk;" in each for each in scene.nagios.commands("PROCESS_SERVICE_CHECK_RESULT"))


async def test_what_others_watch(scene: Scene) -> None:
    """Is a passive result there, acknowledged and closed as here; whatever its words are."""
    await scene.channel(by_file(scene))
    hostile = "full\n[1] SHUTDOWN_PROGRAM\r[1] DISABLE_NOTIFICATIONS;x|y=1"
    await scene.post(labels=PLACE, summary=hostile)
    critical = await scene.nagios.stands("Fed by the bot", current_state="2")
    await scene.says("/alert ack 1 2h", "acked 1: #1")
    await scene.nagios.stands("Fed by the bot", problem_has_been_acknowledged="1")
    await scene.says("/alert unack 1", "unacked 1: #1")
    await scene.nagios.stands("Fed by the bot", problem_has_been_acknowledged="0", current_state="2")
    await scene.says("/alert close 1 fixed", "closed 1: #1")
    over = await scene.nagios.stands("Fed by the bot", current_state="0")

    assert "full [1] SHUTDOWN_PROGRAM [1] DISABLE_NOTIFICATIONS:x/y=1 (alert 1)" == critical["plugin_output"]
    assert over["plugin_output"].startswith("closed by Dana: fixed")
    assert [] == scene.nagios.commands("SHUTDOWN_PROGRAM") + scene.nagios.commands("DISABLE_NOTIFICATIONS")


@pytest.mark.parametrize("method", [0, 1, 3, 14])
async def test_through_the_real_nsca(scene: Scene, method: int) -> None:
    """Results reach Nagios encrypted; the rest has no place on that way."""
    folder = scene.nagios.folder
    async with nsca_daemon(folder, scene.nagios.command_file, password="agents know this", method=method) as port:
        await scene.channel(
            f'kind = "nsca"\nhost = "127.0.0.1"\nport = "{port}"\nencryption = "{method}"\npassword = "agents know this"\n'
        )
        await scene.post(labels=PLACE, severity="warning")
        warning = await scene.nagios.stands("Fed by the bot", current_state="1")
        await scene.says("/alert ack 1", "acked 1: #1")
        await scene.post(labels=PLACE, status="resolved")
        await scene.nagios.stands("Fed by the bot", current_state="0")

    assert "97% of the disk is used (alert 1)" == warning["plugin_output"]
    assert [] == scene.nagios.commands("ACKNOWLEDGE_SVC_PROBLEM")
