"""What is measured: the bot's processes on databases that are furnished with rooms and keys, and the floor beside them."""

import asyncio
import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import jwt

from bot.domain.tenant import Installation, Standing
from bot.storage import Storage, open_storage, people, speakers, tenants
from bot.storage.people import Known
from bot.usecases.configure import create_key
from bot.vault import Vault
from bot.wiring import system_clock
from tests.postgres import free_port
from tests.processes.programs import CHECKOUT, SECRET_KEY, Program, bot, settings, start

PERSON = 7
FIRST_ROOM = 100
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A room with the add-on in it, and a key whose alerts go there."""

    hipchat_id: int
    key: str
    oauth_id: str
    secret: str

    def command(self, text: str) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a webhook that brings a command of this room (hipchat-api.md 8 and 9.5)."""
        now = int(time.time())
        context = {"room_id": self.hipchat_id, "user_tz": "UTC"}
        claims = {"iss": self.oauth_id, "sub": str(PERSON), "prn": str(PERSON), "iat": now, "exp": now + 3600}
        token = jwt.encode(claims | {"jti": secrets.token_hex(10), "context": context}, self.secret, "HS256")
        message = {
            "id": secrets.token_hex(16),
            "message": text,
            "type": "message",
            "date": "2026-11-23T10:00:00+00:00",
            "from": {"id": PERSON, "mention_name": "Dana", "name": "Dana Scott"},
            "mentions": [],
        }
        room = {"id": self.hipchat_id, "name": f"Room {self.hipchat_id}"}
        body = {
            "event": "room_message",
            "item": {"message": message, "room": room},
            "oauth_client_id": self.oauth_id,
            "webhook_id": 1,
        }
        return json.dumps(body).encode(), {"Authorization": f"JWT {token}", "Content-Type": "application/json"}


@contextlib.asynccontextmanager
async def floor() -> AsyncIterator[tuple[Program, str]]:
    """Run the bare handler, which is also where messages to rooms go; give its process and its URL."""
    arguments = [sys.executable, "-m", "tests.benchmarks.floor"]
    program = await start("floor", arguments, environment=dict(os.environ), folder=CHECKOUT)
    try:
        port = json.loads(await program.wrote("listening"))["port"]
        yield program, f"http://127.0.0.1:{port}"
    finally:
        await program.kill()


@contextlib.asynccontextmanager
async def served(database: str, folder: Path, *, command: str = "serve") -> AsyncIterator[tuple[Program, str]]:
    """Run the bot on a database; give its process and its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = settings(port=port, database_url=database, base_url=url)
    async with bot(command, environment, folder) as program:
        yield program, url


@contextlib.asynccontextmanager
async def opened(database: str) -> AsyncIterator[Storage]:
    """Open a database from this process too."""
    storage = await open_storage(database, migrate=True)
    try:
        yield storage
    finally:
        await storage.close()


async def furnish(database: str, hipchat: str, *, rooms: int = 1) -> list[Place]:
    """Put rooms with installations and keys into a database; their Hipchat is the bare one at this URL."""
    vault, now, places = Vault(SECRET_KEY), system_clock(), []
    async with opened(database) as storage:
        async with storage.begin() as tx:
            tenant = await tenants.add_tenant(tx, host="127.0.0.1", group_id=1, name="Bench", now=now)
            known = Known(
                id=str(PERSON), name="Dana Scott", mention_name="Dana", time_zone="UTC", is_guest=False, fetched_at=now
            )
            await people.put(tx, tenant.id, known)
            for number in range(rooms):
                hipchat_id, secret = FIRST_ROOM + number, secrets.token_hex(20)
                room = await tenants.add_room(
                    tx, tenant=tenant.id, hipchat_id=hipchat_id, name=f"Room {hipchat_id}", now=now
                )
                installation = Installation(
                    oauth_id=f"bench-{number}",
                    tenant=tenant.id,
                    room=room.id,
                    secret=vault.seal(secret),
                    capabilities_url=f"{hipchat}/v2/capabilities",
                    api_url=f"{hipchat}/v2/",
                    token_url=f"{hipchat}/v2/oauth/token",
                    scopes="send_notification view_room view_group",
                    standing=Standing.ACTIVE,
                )
                await speakers.put(tx, installation, now)
                places.append((hipchat_id, installation.oauth_id, secret))
        made = []
        for hipchat_id, oauth_id, secret in places:
            new = await create_key(
                storage, room=str(hipchat_id), feed=f"feed-{hipchat_id}" if rooms > 1 else None, now=now
            )
            made.append(Place(hipchat_id=hipchat_id, key=new.secret, oauth_id=oauth_id, secret=secret))
    return made


def cpu_seconds(program: Program) -> float:
    """Return the processor time that a process has used, in user and system mode."""
    fields = Path(f"/proc/{program.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(program: Program, what: str = "VmHWM") -> float:
    """Return a process's resident memory in MiB: at its highest (VmHWM) or now (VmRSS)."""
    for line in Path(f"/proc/{program.pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


async def first_answer(url: str, *, within: float = 30.0) -> None:
    """Knock until the bot answers."""
    host, port = url.removeprefix("http://").split(":")
    async with asyncio.timeout(within):
        while True:
            try:
                reader, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.002)
                continue
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            if answer.startswith(b"HTTP/1.1 200"):
                return
