"""The command line: its help, its refusals, and the stand-in alone."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import click
import pytest
from click.testing import CliRunner

from bot.cli import main
from tests.cli import alertbot, staying, stopped


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Give the path of every command."""
    for name, each in group.commands.items():
        yield (*path, name)
        if isinstance(each, click.Group):
            yield from commands(each, *path, name)


EVERY = list(commands(main))


def test_the_commands_of_the_contract_are_there() -> None:
    """Everything that product.md 2 names for the main job is a command."""
    groups = {path[0] for path in EVERY}
    wanted = {"serve", "web", "worker", "demo", "standin", "check", "migrate", "room", "key", "send"}

    assert set() == wanted - groups
    assert {"add", "list", "test", "remove"} <= {path[1] for path in EVERY if path[0] == "room" and len(path) > 1}
    assert {"create", "list", "rotate", "revoke"} <= {path[1] for path in EVERY if path[0] == "key" and len(path) > 1}


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    """`--help` says what a command does and what each option means, and ends with 0."""
    result = CliRunner().invoke(main, [*path, "--help"])
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    silent = [each.name for each in command.params if isinstance(each, click.Option) and not each.help]

    assert 0 == result.exit_code
    assert "Usage:" in result.output
    assert command.help
    # What is plain from its name and its choices needs no words.
    assert set() == set(silent) - {"severity", "status", "scopes"}


async def test_wrong_settings_are_told_all_at_once() -> None:
    """Every wrong setting is named with the reason, and the exit code is 2."""
    ran = await alertbot("migrate", PORT="many", DATABASE_URL="mysql://x", LOG_LEVEL="loud")

    assert 2 == ran.code
    assert "" == ran.out
    assert [] == [name for name in ("PORT:", "DATABASE_URL:", "LOG_LEVEL:") if name not in ran.err]
    assert "Traceback" not in ran.err


async def test_migrate(tmp_path: Path) -> None:
    """`migrate` brings a new database up to date, and does nothing the second time."""
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'alertbot.db'}"}

    for _ in range(2):
        ran = await alertbot("migrate", **settings)
        assert (0, "the database is up to date\n") == (ran.code, ran.out)
    unreachable = await alertbot("migrate", DATABASE_URL=f"sqlite:///{tmp_path}/missing/alertbot.db")
    assert 1 == unreachable.code
    assert "Traceback" not in unreachable.err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_the_stand_in_alone(how: signal.Signals) -> None:
    """`standin --json` prints one line of JSON once it is ready, and ends with 0 when it is stopped."""
    async with staying("standin", "--json") as (process, line), aiohttp.ClientSession() as session:
        about = json.loads(line)
        async with session.get(f"{about['url']}/v2/capabilities") as answer:
            assert 200 == answer.status
        token = {"Authorization": f"Bearer {about['users'][0]['token']}"}
        async with session.get(f"{about['url']}/v2/room/{about['rooms'][0]['id']}", headers=token) as answer:
            assert 200 == answer.status
        assert await asyncio.to_thread(Path(about["ca_file"]).is_file)
        ended = await stopped(process, how)

    assert {"url", "tls_url", "ca_file", "rooms", "users", "room_token", "v1_token"} == set(about)
    assert {"id", "name", "mention_name", "token"} == set(about["users"][0])
    assert len(about["users"]) >= 2
    assert (0, "") == (ended.code, ended.out)
