"""The stage: the stand-in and the bot in one process, the bot installed through the real handshake."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from bot.connections import listening
from bot.demo.clock import MovableClock
from bot.domain.tenant import Scope
from bot.parts import Parts
from bot.serving import serving
from bot.settings import Settings
from bot.standin import server as standin
from bot.standin.driver import RoomDriver
from bot.standin.server import Server
from bot.standin.tokens import Client
from bot.usecases import configure

LOOPBACK = "127.0.0.1"
FIRST_ROOM = "Ops"
ADDON = "Alertbot"
EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What plays: Hipchat's stand-in, the bot's parts, and the clock that both go by."""

    server: Server
    parts: Parts
    clock: MovableClock
    room: RoomDriver = field(repr=False)

    @property
    def bot_url(self) -> str:
        """The bot's origin."""
        return self.parts.settings.base_url

    @property
    def hipchat_url(self) -> str:
        """The origin that the bot knows Hipchat by."""
        return self.server.tls_url or self.server.url

    @property
    def host(self) -> str:
        """The host of that origin, which is part of the tenant's identity."""
        return urlsplit(self.hipchat_url).netloc

    async def install(self, room: str | None = FIRST_ROOM) -> Client:
        """Install the bot into a room, or with None into the whole group, as Hipchat does. Raises descriptor.Refused."""
        return await self.server.install(f"{self.bot_url}/hipchat/descriptor", room=room)

    async def key(self, room: str = FIRST_ROOM, *, scopes: frozenset[Scope] = EVERY_SCOPE) -> str:
        """Make a key of the room's feed and return its secret. Raises Unknown while the bot is not in the room."""
        made = await configure.create_key(
            self.parts.storage, tenant=self.host, room=room, name="demo", scopes=scopes, now=self.clock.milliseconds()
        )
        return made.secret

    def forward(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        """Let time pass, and have the bot look what is due now."""
        self.clock.forward(seconds=seconds, minutes=minutes, hours=hours)
        self.parts.wakeups.outbox.set()
        self.parts.wakeups.timers.set()
        self.parts.wakeups.whispers.set()


@contextlib.asynccontextmanager
async def staged(
    settings: Settings,
    *,
    clock: MovableClock,
    port: int = 0,
    tls_port: int | None = None,
    workers_too: bool = True,
) -> AsyncIterator[Stage]:
    """Run stand-in and bot for the length of the block; nothing is installed yet.

    `port` and `tls_port` are the stand-in's, 0 is a free one and `tls_port` None means no https; `settings.port` is the
    bot's. The bot takes installations from this stand-in alone. Raises OSError when a port is taken.
    """
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            standin.running(host=LOOPBACK, port=port, tls_port=tls_port, clock=clock.seconds)
        )
        sock = listening(LOOPBACK, settings.port)
        mine = replace(
            settings,
            host=LOOPBACK,
            base_url=f"http://{LOOPBACK}:{sock.getsockname()[1]}",
            hipchat_hosts=(LOOPBACK,),
            hipchat_ca_file=server.ca_file or "",
        )
        parts = await stack.enter_async_context(
            serving(mine, workers_too=workers_too, clock=clock.milliseconds, sock=sock)
        )
        yield Stage(server=server, parts=parts, clock=clock, room=server.room(FIRST_ROOM))
