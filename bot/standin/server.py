"""The running stand-in: one application on http and, on demand, https."""

import asyncio
import contextlib
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.standin import (
    addons,
    control,
    middlewares,
    oauth,
    page,
    rest_group,
    rest_messages,
    rest_rooms,
    rest_users,
    rest_webhooks,
)
from bot.standin.connect import Connect
from bot.standin.control import CONNECT, COURIER
from bot.standin.delivery import Courier
from bot.standin.driver import RoomDriver
from bot.standin.group import Group, found
from bot.standin.journal import Journal
from bot.standin.middlewares import JOURNAL
from bot.standin.settings import Settings
from bot.standin.state import HIPCHAT, Hipchat
from bot.standin.tls import make_context
from bot.standin.tokens import Client

LARGEST_BODY = 64 << 20


@dataclass(frozen=True, kw_only=True)
class Server:
    """A stand-in that listens: `url` and `tls_url` are origins without a path; `ca_file` belongs to `tls_url`."""

    url: str
    tls_url: str | None
    ca_file: str | None
    hipchat: Hipchat
    connect: Connect
    courier: Courier
    group: Group
    journal: Journal
    drivers: dict[int, RoomDriver] = field(default_factory=dict, repr=False)

    def room(self, name: str | int) -> RoomDriver:
        """Return the room as stories meet it, always the same object. Raises KeyError."""
        room = self.hipchat.find_room(name)
        if room is None:
            raise KeyError(name)
        return self.drivers.setdefault(room.id, RoomDriver(self.hipchat, room))

    async def install(self, descriptor: str, *, room: str | int | None = None) -> Client:
        """Install the add-on at this address into a room, or the whole group. Raises descriptor.Refused, KeyError."""
        place = None if room is None else self.room(room).room
        return await self.connect.install(descriptor, room=place, base=self.tls_url or self.url)


def create_app(hipchat: Hipchat, connect: Connect, courier: Courier, journal: Journal) -> web.Application:
    """Put the application together."""
    app = web.Application(
        middlewares=[middlewares.journal, middlewares.faults, middlewares.envelope], client_max_size=LARGEST_BODY
    )
    app[HIPCHAT] = hipchat
    app[CONNECT] = connect
    app[COURIER] = courier
    app[JOURNAL] = journal
    for part in (rest_group, rest_rooms, rest_messages, rest_users, rest_webhooks, oauth, addons, control, page):
        part.add_routes(app)
    return app


@contextlib.asynccontextmanager
async def running(
    settings: Settings | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls_port: int | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Server]:
    """Run a stand-in with the group of group.py; port 0 picks a free one, `tls_port` None means no https."""
    hipchat = Hipchat(settings, clock=clock)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(_session(hipchat.settings))
        connect, courier = Connect(hipchat, session), Courier(hipchat, session)
        stack.push_async_callback(hipchat.close)
        journal = Journal()
        runner = web.AppRunner(create_app(hipchat, connect, courier, journal), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        url = await _listen(runner, host, port, None)
        tls_url = ca_file = None
        if tls_port is not None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="standin-")))
            context, ca_path = await asyncio.to_thread(make_context, folder)
            tls_url, ca_file = await _listen(runner, host, tls_port, context), str(ca_path)
        yield Server(
            url=url,
            tls_url=tls_url,
            ca_file=ca_file,
            hipchat=hipchat,
            connect=connect,
            courier=courier,
            group=found(hipchat, tls_url or url),
            journal=journal,
        )


@contextlib.asynccontextmanager
async def _session(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """Open the session that calls add-ons: a connection per call, no cookies, no user agent (hipchat-api.md 9.4)."""
    context = ssl.create_default_context()
    if settings.receiver_ca_file is not None:
        context.load_verify_locations(settings.receiver_ca_file)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent",),
    ) as session:
        yield session


async def _listen(runner: web.AppRunner, host: str, port: int, context: ssl.SSLContext | None) -> str:
    site = web.TCPSite(runner, host, port, ssl_context=context)
    await site.start()
    # The runner lists the addresses of its sites in the order in which they started.
    address = runner.addresses[-1]
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{'http' if context is None else 'https'}://{shown}:{address[1]}"


def describe(server: Server) -> dict[str, Any]:
    """Say what a program needs to know, as `alertbot standin --json` prints it (product.md 2)."""
    hipchat, group = server.hipchat, server.group
    return {
        "url": server.url,
        "tls_url": server.tls_url,
        "ca_file": server.ca_file,
        "rooms": [{"id": room.id, "name": room.name} for room in hipchat.rooms.values()],
        "users": [
            {
                "id": user.id,
                "name": user.name,
                "mention_name": user.mention_name,
                "token": group.user_tokens[user.id],
            }
            for user in hipchat.users.values()
            if user.id in group.user_tokens
        ],
        "room_token": group.room_token,
        "v1_token": group.v1_token,
    }
