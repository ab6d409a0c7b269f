"""Connections: how many each port has, how long a client may keep one waiting, and who makes way when a port is full.

Silent clients make way first, the longest silent one before the others, then known ones that have been idle longest. Known is
who was served: those keep their places, all but a few for newcomers. Whoever nobody may cut for is not refused but waits in the
system's queue. What is done to how many is counted, and said in one line now and then, never in one for each.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from bot.observe import Metrics

try:
    import resource
except ImportError:  # no such limits on this system
    resource = None  # type: ignore[assignment]

DESCRIPTORS: Final = 65_536
"""The most descriptors that a process asks for."""
KEPT_BACK: Final = 200
"""Descriptors that no client gets: the database, what goes out and files need them."""
MOST_WEB: Final = 10_000
"""Connections of the web's port, whatever the system allows: each takes memory."""
MOST_NSCA: Final = 200
MOST_MAIL: Final = 100
NEWCOMERS: Final = 64
"""Places that clients who were not served yet have at any time, or an eighth of a small port."""

BACKLOG: Final = 1024
"""Clients that the system lets wait until they are accepted."""
AT_ONCE: Final = 16
"""Clients that are accepted in one go; as many more than the most may be open for a moment."""
RETRY: Final = 0.1
"""Seconds until a port is tried again that is full of those who are being served."""
SAID_EVERY: Final = 5.0
"""Seconds between two lines of the log about the same port."""

SLOW, FULL = "slow", "full"
"""Why a connection is cut, in the metrics."""
_FAILED, _WAITING = "failed", "waiting"

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds that a client may take: to a whole head (or what else it begins with), without progress, and between requests."""

    head: float = 10.0
    still: float = 30.0
    idle: float = 650.0
    """Longer than the proxies keep theirs: one that closes first answers nothing to a request that is on its way."""
    every: float = 1.0
    """How often all are looked at."""


LIMITS: Final = Limits()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """How many connections each port may have."""

    web: int
    nsca: int
    mail: int


def shares(descriptors: int, *, nsca: bool, mail: bool) -> Shares:
    """Share descriptors out among the ports that are open; where there are few, half of them are kept back."""
    left = max(descriptors - KEPT_BACK, descriptors // 2)
    for_nsca = min(MOST_NSCA, left // 4) if nsca else 0
    for_mail = min(MOST_MAIL, left // 8) if mail else 0
    return Shares(web=min(MOST_WEB, left - for_nsca - for_mail), nsca=for_nsca, mail=for_mail)


def descriptors() -> int:
    """Return how many descriptors this process may have."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if resource else DESCRIPTORS
    return DESCRIPTORS if not 0 <= soft <= DESCRIPTORS else soft


def raise_limit() -> None:
    """Take as many descriptors as the system gives this process, within reason; what it refuses stays as it was."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listening(host: str, port: int) -> socket.socket:
    """Open a socket to listen on; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


class Guest(Protocol):
    """A connection as its door sees it."""

    def waits(self) -> bool:
        """Whether its client is waited for, so that nothing of ours is lost with it."""

    def overdue(self, now: float, limits: Limits) -> bool:
        """Whether its client has kept us waiting for too long."""

    def cut(self) -> None:
        """Close it at once."""


class Door:
    """Accepts the connections of one port, and closes those that the others need the place of."""

    def __init__(self, port: str, most: int, metrics: Metrics, limits: Limits) -> None:
        self._port = port
        self._most = most
        self._newcomers = min(NEWCOMERS, most // 8)
        self._limits = limits
        self._metric = {reason: metrics.connections.labels(port, reason) for reason in (FULL, SLOW)}
        self._loop = asyncio.get_running_loop()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming = 0
        """Those who are accepted and not here yet."""
        self._unknown: dict[Guest, None] = {}
        """Who was not served yet, the first to come first."""
        self._known: dict[Guest, None] = {}
        """Who was served, the longest ago first."""
        self._untold: Counter[str] = Counter()
        self._error = ""
        self._told_at = -SAID_EVERY

    def enter(self, guest: Guest) -> None:
        """Take note of a connection that is made."""
        self._coming = max(0, self._coming - 1)
        self._unknown[guest] = None

    def recognise(self, guest: Guest) -> None:
        """Take note that a client was served."""
        if self._known.pop(guest, guest) is None or self._unknown.pop(guest, guest) is None:
            self._known[guest] = None

    def leave(self, guest: Guest) -> None:
        """Forget a connection that is lost."""
        self._known.pop(guest, None)
        self._unknown.pop(guest, None)

    @contextlib.asynccontextmanager
    async def open(self, sock: socket.socket, make: Callable[[], asyncio.BaseProtocol]) -> AsyncIterator[None]:
        """Accept connections for the length of the block, and close the socket after it."""
        sock.setblocking(False)
        sock.listen(BACKLOG)
        self._listen(sock, make)
        self._look()
        try:
            yield
        finally:
            for timer in self._timers.values():
                timer.cancel()
            self._loop.remove_reader(sock)
            sock.close()
            self._tell()

    def _listen(self, sock: socket.socket, make: Callable[[], asyncio.BaseProtocol]) -> None:
        self._loop.add_reader(sock, self._accept, sock, make)

    def _accept(self, sock: socket.socket, make: Callable[[], asyncio.BaseProtocol]) -> None:
        """Take those who have come; in a full port each takes somebody's place, or waits."""
        for _ in range(AT_ONCE):
            full = len(self._unknown) + len(self._known) + self._coming >= self._most
            leaver = self._who_makes_way() if full else None
            if full and leaver is None:
                self._untold[_WAITING] += 1
                break
            try:
                connection, _ = sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:
                self._failed(error)
                break
            if leaver is not None:
                self._cut(leaver, FULL)
            connection.setblocking(False)
            self._coming += 1
            task = self._loop.create_task(self._take(connection, make))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            return
        self._loop.remove_reader(sock)
        self._timers["listen"] = self._loop.call_later(RETRY, self._listen, sock, make)

    async def _take(self, connection: socket.socket, make: Callable[[], asyncio.BaseProtocol]) -> None:
        try:
            await self._loop.connect_accepted_socket(make, connection)
        except OSError:  # it is gone again
            self._coming = max(0, self._coming - 1)
            connection.close()

    def _who_makes_way(self) -> Guest | None:
        """Return whose place the next one gets; None when all are being served."""
        first, second = self._unknown, self._known
        if len(self._unknown) + self._coming < self._newcomers:
            first, second = second, first
        return next((guest for guests in (first, second) for guest in guests if guest.waits()), None)

    def _look(self) -> None:
        """Cut who is overdue, now and then; say what has been done when it is time."""
        self._timers["look"] = self._loop.call_later(self._limits.every, self._look)
        now = self._loop.time()
        for guest in [guest for guests in (self._unknown, self._known) for guest in guests]:
            if guest.overdue(now, self._limits):
                self._cut(guest, SLOW)
        if self._untold and now - self._told_at >= SAID_EVERY:
            self._told_at = now
            self._tell()

    def _cut(self, guest: Guest, reason: str) -> None:
        self._metric[reason].inc()
        self._untold[reason] += 1
        self.leave(guest)
        guest.cut()

    def _failed(self, error: OSError) -> None:
        """Take note that the system gives no connection; most often a place of our own is what it lacks."""
        self._untold[_FAILED] += 1
        self._error = error.strerror or type(error).__name__
        leaver = self._who_makes_way()
        if leaver is not None:
            self._cut(leaver, FULL)

    def _tell(self) -> None:
        told, bound = (
            self._untold,
            log.bind(port=self._port, open=len(self._unknown) + len(self._known), most=self._most),
        )
        if told[FULL] or told[_WAITING]:
            bound.warning("connections_full", made_way=told[FULL], others_wait=bool(told[_WAITING]))
        if told[SLOW]:
            bound.info("connections_cut", count=told[SLOW], reason="slow")
        if told[_FAILED]:
            bound.error("connections_failed", count=told[_FAILED], reason=self._error)
        told.clear()
