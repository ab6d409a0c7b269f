"""The command line as a user has it: a process of its own, with an environment of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

PATIENCE = 30.0
"""Seconds that a command may take on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended: its exit code, and what it wrote."""

    code: int | None
    out: str
    err: str


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that holds these settings and no others of the bot."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **settings}


async def alertbot(*arguments: str, **settings: str) -> Ran:
    """Run a command to its end."""
    process = await _start(arguments, settings)
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return Ran(code=process.returncode, out=out.decode(), err=err.decode())


@asynccontextmanager
async def staying(*arguments: str, **settings: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run a command that stays; give it and the first line that it wrote."""
    process = await _start(arguments, settings)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await process.stdout.readline()
        yield process, line.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def stopped(process: asyncio.subprocess.Process, how: signal.Signals) -> Ran:
    """Stop a command with a signal; return how it ended, with what it wrote since it was read."""
    process.send_signal(how)
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return Ran(code=process.returncode, out=out.decode(), err=err.decode())


async def _start(arguments: tuple[str, ...], settings: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(settings),
    )
