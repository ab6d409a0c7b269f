"""Console: what every command of the command line shares: settings, the event loop, and how it fails."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

import click

from bot import settings as environment
from bot.settings import BadSettings, Settings
from bot.storage.engine import StorageError
from bot.usecases.sealing import OtherKey
from bot.vault import WrongKey

try:
    import uvloop
except ImportError:  # asyncio's own loop serves as well, a little slower
    uvloop = None  # type: ignore[assignment]

MORE = "README lists every setting; `alertbot check --settings` prints the present ones"


class Failed(Exception):
    """A command cannot go on; the text says why and what to do next."""


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work on the fastest event loop there is; known failures end with one line and exit code 1."""
    try:
        if uvloop is not None:
            uvloop.run(work)
        else:
            asyncio.run(work)
    except* (Failed, StorageError, OSError, OtherKey, WrongKey) as errors:
        fail("; ".join(str(error) for error in _leaves(errors)))


def read_settings(**overrides: object) -> Settings:
    """Read the settings, or end with exit code 2 and every problem on a line of its own."""
    try:
        return environment.from_environment(
            overrides={name: value for name, value in overrides.items() if value is not None}
        )
    except BadSettings as bad:
        for problem in bad.problems:
            click.echo(f"alertbot: {problem}", err=True)
        click.echo(f"alertbot: {MORE}", err=True)
        sys.exit(2)


def fail(reason: str) -> NoReturn:
    """End with a reason and exit code 1."""
    click.echo(f"alertbot: {reason}", err=True)
    sys.exit(1)


def _leaves(group: BaseExceptionGroup[Exception]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
