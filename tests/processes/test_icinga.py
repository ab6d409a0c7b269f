"""The real Icinga 2: it notifies us, people act in the room and in Icinga, each hears of the other once, and no loop begins."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.standin.driver import RoomDriver
from bot.standin.server import running as standin
from tests.cli import alertbot
from tests.needs import needs
from tests.postgres import free_port
from tests.processes.icinga import DISK, PASSWORD, WITHIN, Icinga, icinga
from tests.processes.programs import bot, settings
from tests.processes.test_prometheus import answer_of, key_of

PLAN = """
[[route]]
name = "all"
channels = ["icinga"]
[[channel]]
name = "icinga"
kind = "icinga"
url = "{url}"
user = "bot"
password = "{password}"
fingerprint = "{fingerprint}"
"""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A room with the bot in it, and an Icinga that notifies it and is told by it."""

    room: RoomDriver
    icinga: Icinga
    url: str
    key: str
    folder: Path
    environment: dict[str, str]

    async def says(self, command: str, answer: str) -> None:
        """Type a command, and see the answer."""
        await self.room.says("dana", command)
        await self.room.sees(answer, timeout=WITHIN)

    async def channel(self, **changes: str) -> tuple[int | None, str]:
        """Bring in the channel and try it out; return how `channel test` ends."""
        given = {"url": self.icinga.url, "password": PASSWORD, "fingerprint": self.icinga.fingerprint} | changes
        (self.folder / "plan.toml").write_text(PLAN.format(**given))
        brought = await alertbot("config", "import", str(self.folder / "plan.toml"), **self.environment)
        assert 0 == brought.code, brought.err
        tried = await alertbot("channel", "test", "icinga", **self.environment)
        return tried.code, tried.out + tried.err

    async def history(self, number: int) -> list[str]:
        """Return what history says of an alert: `action by NAME` for each change."""
        rows = (await answer_of(f"{self.url}/api/v1/alerts/{number}/history", self.key))["history"]
        return [f"{row['action']} by {row['who']}" for row in rows]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Run Hipchat, the bot and an Icinga."""
    needs("icinga2", "icinga2-bin")
    port = free_port()
    url, database = f"http://127.0.0.1:{port}", f"sqlite:///{tmp_path / 'alertbot.db'}"
    environment = settings(port=port, database_url=database, base_url=url, CHANNEL_PRIVATE_HOSTS="127.0.0.1")
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(standin())
        process = await stack.enter_async_context(bot("serve", environment, tmp_path))
        await server.install(f"{url}/hipchat/descriptor", room="Ops")
        key = await key_of(database)
        running = await stack.enter_async_context(icinga(tmp_path / "icinga", url=url, key=key))
        yield Scene(room=server.room("Ops"), icinga=running, url=url, key=key, folder=tmp_path, environment=environment)
        assert [] == process.errors()


async def test_a_problem_and_its_acknowledgements(scene: Scene) -> None:
    """In, acked in the room for two hours, acked anew, unacked, acked in Icinga, and over: told to whoever did not do it."""
    tried = await scene.channel()
    await scene.icinga.result(2, "97% used; `x` $HOME")
    await scene.room.sees("Disk on db1 is CRITICAL: 97% used; `x` $HOME", timeout=WITHIN)
    await scene.says("/alert ack 1 2h on it; really", "acked 1: #1")
    acked = await scene.icinga.until(acknowledgement=1)
    first = await scene.icinga.comments()
    await scene.says("/alert ack 1 4h still on it", "#1")
    again = await scene.icinga.until(expires_after=acked["acknowledgement_expiry"])
    await scene.says("/alert unack 1", "unacked 1: #1")
    await scene.icinga.until(acknowledgement=0)
    theirs = {**DISK, "author": "anna", "comment": "mine now", "notify": True, "sticky": True}
    await scene.icinga.call("/v1/actions/acknowledge-problem", theirs)
    await scene.room.sees("acked by anna", timeout=WITHIN)
    await scene.says("/alert note 1 ask lee", "noted")
    await scene.icinga.wrote("Dana", "noted in Hipchat (alert 1): ask lee")
    comments = await scene.icinga.comments()
    await scene.icinga.result(0, "fine again")
    await scene.room.sees("#1 resolved", timeout=WITHIN)

    assert (0, "icinga: taken (200)\n") == tried
    assert [("Dana", "acked in Hipchat (alert 1): on it; really")] == first
    assert 7_200 <= again["acknowledgement_expiry"] - acked["acknowledgement_expiry"] < 7_260
    assert [
        "opened by nagios",
        "acked by Dana",
        "acked by Dana",
        "unacked by Dana",
        "acked by anna",
        "noted by Dana",
    ] == (await scene.history(1))[:-1]
    # Anna's acknowledgement stands as she made it: nothing of it was sent back.
    assert ("anna", "mine now") in comments
    assert 1 == sum(author == "anna" for author, _ in comments)


async def test_what_gets_worse_is_heard_of(scene: Scene) -> None:
    """An ack in the room keeps neither Icinga nor the room quiet when a warning becomes critical."""
    await scene.channel()
    await scene.icinga.result(1, "91% used")
    await scene.room.sees("Disk on db1 is WARNING: 91% used", timeout=WITHIN)
    await scene.says("/alert ack 1", "acked 1: #1")
    await scene.icinga.until(acknowledgement=1)
    await scene.icinga.result(2, "97% used")
    await scene.room.sees("97% used", timeout=WITHIN)
    await scene.icinga.until(acknowledgement=0, state=2)
    history = await scene.history(1)

    assert ["opened by nagios", "acked by Dana", "worse by nagios"] == history


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fingerprint": "0" * 64}, "shows another certificate than the channel's fingerprint (TLS)"),
        ({"password": "wrong"}, "127.0.0.1 refused it (401)"),
        ({"url": "https://127.0.0.1:9"}, "127.0.0.1 cannot be reached"),
    ],
)
async def test_what_a_test_says(scene: Scene, changes: dict[str, str], words: str) -> None:
    """Of another certificate, a wrong password, and nobody there."""
    code, said = await scene.channel(**changes)
    checked = await alertbot("check", **scene.environment)

    assert (1, 1) == (code, checked.code)
    assert words in said
    assert words in next(line for line in checked.out.splitlines() if line.startswith("BAD  channel icinga"))
    assert PASSWORD not in said + checked.out + checked.err
