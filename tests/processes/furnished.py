"""A bot as a program, installed into a room of the stand-in, with a key to post with, and a database that may be spoiled."""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.domain.tenant import Scope
from bot.standin.server import Server
from bot.standin.server import running as standin
from bot.storage import open_storage
from bot.usecases.configure import create_key
from bot.wiring import system_clock
from tests.postgres import free_port
from tests.processes.programs import Program, settings, start_bot

ROOM = "Ops"


@dataclass(eq=False, kw_only=True)
class Furnished:
    """The program, the room around it, and how it is started."""

    server: Server
    file: Path
    environment: dict[str, str]
    program: Program
    session: aiohttp.ClientSession = field(repr=False)

    @property
    def url(self) -> str:
        """The bot's own address."""
        return self.environment["BASE_URL"]

    async def post(self, summary: str) -> tuple[int, Mapping[str, str], float]:
        """Post an alert; return status and headers of the answer, and how many seconds it took."""
        began = time.monotonic()
        async with self.session.post(f"{self.url}/api/v1/alerts", json={"summary": summary}) as answer:
            await answer.read()
            return answer.status, answer.headers, time.monotonic() - began

    async def ready(self) -> tuple[int, str]:
        """Return the status of /readyz, and what it says of the database."""
        async with self.session.get(f"{self.url}/readyz") as answer:
            said: Mapping[str, str] = await answer.json()
            return answer.status, said["database"]

    async def summaries(self) -> set[str]:
        """Return what alerts the bot knows."""
        async with self.session.get(f"{self.url}/api/v1/alerts?state=all&limit=200") as answer:
            return {alert["summary"] for alert in (await answer.json())["alerts"]}

    async def restart(self) -> None:
        """Start it again, after it ended."""
        self.program = await start_bot("serve", self.environment, self.file.parent)

    def logged(self, event: str) -> list[Mapping[str, Any]]:
        """Return the lines of the present program about an event."""
        return [line for line in self.program.entries() if line.get("event") == event]


@contextlib.asynccontextmanager
async def furnished(folder: Path, **others: str) -> AsyncIterator[Furnished]:
    """Run `alertbot serve` on a SQLite file in a folder for the length of the block."""
    port, file = free_port(), folder / "alertbot.db"
    url = f"sqlite:///{file}"
    environment = settings(port=port, database_url=url, base_url=f"http://127.0.0.1:{port}", **others)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(standin())
        program = await start_bot("serve", environment, folder)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        made = Furnished(server=server, file=file, environment=environment, program=program, session=session)

        async def end() -> None:
            await made.program.kill()

        stack.push_async_callback(end)
        await server.install(f"{made.url}/hipchat/descriptor", room=ROOM)
        storage = await open_storage(url, migrate=False)
        key = await create_key(storage, room=ROOM, scopes=frozenset(Scope), now=system_clock())
        await storage.close()
        session.headers["Authorization"] = f"Bearer {key.secret}"
        yield made
