"""A PostgreSQL server of our own for one test session, and databases in it that cost some milliseconds each.

With ALERTBOT_TEST_POSTGRES=postgresql://... in the environment that server is used instead; its user must be allowed to
create databases. Otherwise Debian's binaries are started in a temporary folder, by an ordinary user when we are root.
"""

import asyncio
import os
import pwd
import secrets
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from bot.storage import open_storage
from tests.needs import needs

ELSEWHERE = "ALERTBOT_TEST_POSTGRES"
BINARIES = "/usr/lib/postgresql"
# Nothing here has to survive a power cut.
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "max_connections=200")

Result = TypeVar("Result")


class Server:
    """A running server; `url` is the database in which others are created from."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._template: str | None = None

    def at(self, name: str) -> str:
        """Return the URL of one database."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    @asynccontextmanager
    async def database(self, *, migrated: bool = True) -> AsyncIterator[str]:
        """Make a database for one test and give its URL; it is dropped afterwards, whoever is still connected."""
        name = f"alertbot_test_{secrets.token_hex(6)}"
        template = f" TEMPLATE {self.template()}" if migrated else ""
        await self._run(f"CREATE DATABASE {name}{template}")
        try:
            yield self.at(name)
        finally:
            await self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def template(self) -> str:
        """Return the name of a migrated database to copy, made when it is first asked for."""
        if self._template is None:
            name = f"alertbot_test_{secrets.token_hex(6)}"
            apart(self._prepare(name))
            self._template = name
        return self._template

    def close(self) -> None:
        """Drop the template."""
        if self._template is not None:
            apart(self._run(f"DROP DATABASE {self._template} WITH (FORCE)"))

    async def _prepare(self, name: str) -> None:
        await self._run(f"CREATE DATABASE {name}")
        storage = await open_storage(self.at(name), migrate=True)
        await storage.close()

    async def _run(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@contextmanager
def server(settings: Sequence[str] = FAST) -> Iterator[Server]:
    """Give the server of this session. Skips the test when there is neither one elsewhere nor the binaries of one."""
    elsewhere = os.environ.get(ELSEWHERE)
    if elsewhere:
        shared = Server(elsewhere)
        yield shared
        shared.close()
        return
    folders = sorted(Path(BINARIES).glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    binaries = Path(needs(str(folders[0] / "initdb") if folders else "initdb", "postgresql")).parent
    with (
        tempfile.TemporaryDirectory(prefix="alertbot-postgres-", ignore_cleanup_errors=True) as folder,
        started(binaries, Path(folder), settings) as url,
    ):
        yield Server(url)


@contextmanager
def started(binaries: Path, folder: Path, settings: Sequence[str] = FAST) -> Iterator[str]:
    """Make a cluster in `folder`, start it on a free port and on a socket there, and stop it afterwards."""
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        person = ordinary_user()
        os.chown(folder, person.pw_uid, person.pw_gid)
        owner = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}

    def call(program: str, *arguments: str) -> None:
        # Not through a pipe: the server would keep it open and nobody would ever see its end.
        with (folder / "output").open("a+b") as output:
            done = subprocess.run(
                [binaries / program, *arguments],
                cwd=folder,
                stdout=output,
                stderr=output,
                check=False,
                timeout=60,
                **owner,
            )
        if done.returncode:
            reason = f"{program} failed:\n" + "".join(
                path.read_text() for path in (folder / "output", folder / "log") if path.exists()
            )
            raise RuntimeError(reason)

    port = free_port()
    all_settings = (f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *settings)
    options = " ".join(f"-c {setting}" for setting in all_settings)
    call("initdb", "-D", "data", "--no-sync", "-A", "trust", "-U", "alertbot", "-E", "UTF8", "--locale=C")
    call("pg_ctl", "-D", "data", "-w", "-t", "30", "-l", "log", "-o", options, "start")
    try:
        # Without the question whether the server speaks TLS: asyncpg forgets its answer when the connection breaks just then.
        yield f"postgresql://alertbot@127.0.0.1:{port}/postgres?sslmode=disable"
    finally:
        call("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")


def ordinary_user() -> pwd.struct_passwd:
    """Return the user that Debian's package makes, or nobody."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a thread with a loop of its own: fixtures of a session come before, and beside, the tests' loops."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
