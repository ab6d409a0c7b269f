"""Programs as people start them, in processes of their own, and ended as accidents end them."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
LISTENING = "listening"
STARTED_WITHIN = 30.0
STOPPED_WITHIN = 15.0
SECRET_KEY = "invented for tests, the same for every process"


class Failed(AssertionError):
    """A program did not do what it should; the text shows what it said."""


@dataclass(eq=False)
class Program:
    """A running program and what it has written to standard error so far."""

    name: str
    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _written: asyncio.Condition = field(default_factory=asyncio.Condition)
    _ended: bool = False
    _reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    async def kill(self) -> None:
        """End it as a power cut does, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self._gone()

    async def stop(self) -> int:
        """Ask it to end; return its exit code. Raises Failed when it does not."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOPPED_WITHIN):
                return await self._gone()
        except TimeoutError:
            self.process.kill()
            await self._gone()
            raise Failed(f"{self.name} did not stop:\n{self.said()}") from None

    async def _gone(self) -> int:
        code = await self.process.wait()
        if self._reader is not None:
            await self._reader
        return code

    async def wrote(self, text: str, *, within: float = STARTED_WITHIN) -> str:
        """Wait for a line that contains a text, and return it. Raises Failed."""
        try:
            async with asyncio.timeout(within), self._written:
                seen = 0
                while True:
                    for line in self.lines[seen:]:
                        if text in line:
                            return line
                    seen = len(self.lines)
                    if self._ended:
                        break
                    await self._written.wait()
        except TimeoutError:
            pass
        raise Failed(f"{self.name} never wrote {text!r}:\n{self.said()}")

    def said(self) -> str:
        """Return the last lines it wrote."""
        return "\n".join(self.lines[-40:])

    def entries(self) -> list[Mapping[str, Any]]:
        """Return the structured log lines."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def errors(self) -> list[Mapping[str, Any]]:
        """Return the structured log lines at level error, and tracebacks that nobody expected."""
        found: list[Mapping[str, Any]] = []
        for line in self.lines:
            if line.startswith("{"):
                entry = json.loads(line)
                if entry.get("level") in {"error", "critical"}:
                    found.append(entry)
            elif line.startswith("Traceback"):
                found.append({"event": line})
        return found

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while raw := await self.process.stderr.readline():
            async with self._written:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._written.notify_all()
        async with self._written:
            self._ended = True
            self._written.notify_all()


async def start(name: str, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> Program:
    """Start a program; its standard error is read from now on. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    program = Program(name=name, process=process)
    program._reader = asyncio.create_task(program._read())
    return program


def settings(*, port: int, database_url: str, base_url: str, **others: str) -> dict[str, str]:
    """Return the environment of a bot that trusts this machine's stand-ins and nobody else."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(CHECKOUT),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "BASE_URL": base_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "HIPCHAT_HOSTS": "127.0.0.1",
        "LOG_FORMAT": "json",
        **others,
    }


async def start_bot(command: str, environment: Mapping[str, str], folder: Path) -> Program:
    """Start `alertbot COMMAND` and, where it listens, wait until it does. Raises Failed."""
    program = await start(command, [sys.executable, "-m", "bot", command], environment=environment, folder=folder)
    if command != "worker":
        try:
            await program.wrote(LISTENING)
        except BaseException:
            await program.kill()
            raise
    return program


@contextlib.asynccontextmanager
async def bot(command: str, environment: Mapping[str, str], folder: Path) -> AsyncIterator[Program]:
    """Run `alertbot COMMAND` for the length of the block."""
    program = await start_bot(command, environment, folder)
    try:
        yield program
    finally:
        await program.kill()
