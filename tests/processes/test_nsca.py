"""`alertbot serve --nsca-port`: a process that people start, the real `send_nsca`, and a stop that loses nothing."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from bot.domain.tenant import Scope
from bot.standin.server import running as standin
from bot.storage import feeds, open_storage, tenants
from bot.wiring import system_clock
from tests.needs import needs
from tests.postgres import free_port
from tests.processes.programs import settings, start

KEY = "N" * 32
WITHIN = 30.0


async def with_key(database: str, *others: Scope) -> None:
    """Make a key that is known beforehand, as `NSCA_KEY` has it."""
    storage = await open_storage(database, migrate=False)
    try:
        async with storage.begin() as tx:
            (tenant,) = await tenants.tenants(tx)
            (feed,) = await feeds.feeds(tx, tenant.id)
            scopes = frozenset({Scope.INGEST, *others})
            await feeds.add_key(tx, feed=feed.id, name="nsca", secret=KEY, scopes=scopes, now=system_clock())
    finally:
        await storage.close()


async def test_results_arrive_in_the_room(tmp_path: Path) -> None:
    """Told as any alert; with SIGTERM the port closes and the process ends well."""
    program = needs("send_nsca", "nsca-client")
    port, database = free_port(), f"sqlite:///{tmp_path / 'alertbot.db'}"
    environment = settings(
        port=port,
        database_url=database,
        base_url=f"http://127.0.0.1:{port}",
        NSCA_KEY=KEY,
        NSCA_PASSWORD="agents know this",
        NSCA_ENCRYPTION="14",
    )
    config = tmp_path / "send_nsca.cfg"
    config.write_text("password=agents know this\nencryption_method=14\n")
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(standin())
        serving = [sys.executable, "-m", "bot", "serve", "--nsca-port", "0"]
        process = await start("serve", serving, environment=environment, folder=tmp_path)
        stack.push_async_callback(process.kill)
        listening = json.loads(await process.wrote("nsca_listening"))
        await server.install(f"http://127.0.0.1:{port}/hipchat/descriptor", room="Ops")
        await with_key(database)
        sender = await asyncio.create_subprocess_exec(
            program, "-H", "127.0.0.1", "-p", str(listening["port"]), "-c", str(config), stdin=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(WITHIN):
            await sender.communicate(b"db1\tDisk\t2\t97% used\n")
        told = await server.room("Ops").sees("Disk on db1 is CRITICAL", timeout=WITHIN)
        code = await process.stop()

        assert "97% used" in told.text
        assert 14 == listening["encryption"]
        assert 0 == code
        assert [] == process.errors()
        assert not any("agents know this" in line or KEY in line for line in process.lines)
