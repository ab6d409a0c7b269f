"""Protocol: what happens to a connection before there is a request of it.

A request line as people type it (`?title=Gerät 7`) is none to the parser: what may not stand in it is written with percent signs
first. What stays unreadable is refused in one short answer and one line of the log, and neither repeats anything of the request:
a key may stand in it. Clients that keep us waiting are cut.
"""

import asyncio
import contextlib
import re
import socket
import traceback
from collections.abc import AsyncIterator
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from bot.connections import LIMITS, MOST_WEB, Door, Limits
from bot.parts import Parts
from bot.web.errors import UNEXPECTED, Problem, unread

LINE_LIMIT = 256 * 1024
"""Bytes of a request's address, percent signs and all: some tools say everything there."""
FIELD_LIMIT = 16 * 1024

NO_HTTP = "this cannot be read as HTTP/1.1"
LONG_LINE = f"the address is longer than {LINE_LIMIT // 1024} KiB"
LONG_FIELD = f"a header is longer than {FIELD_LIMIT // 1024} KiB"

_SOUND = re.compile(rb"[A-Z]{1,20} [\x21\x22\x24-\x7e]++ HTTP/1\.[01]\r?\n")
"""A request line that the parser takes as it is."""
_LINE = re.compile(rb"(?:\r?\n)*([A-Z]{1,20}) +(/[^\r\n\x00]*)( HTTP/1\.[01]\r?\n)")
_BEGUN = re.compile(rb"(?:\r?\n)*[A-Z]{0,20}(?: +(?:/[^\r\n\x00]*\r?)?)?\Z")
"""What may come to be such a line, or one that can be mended."""
_FORBIDDEN = re.compile(rb"[^\x21\x22\x24-\x7e]")

log = structlog.get_logger()


def mended(data: bytes) -> bytes:
    """Return the beginning of a request with a line that the parser takes: other bytes, blanks and `#` as percent signs."""
    line = None if _SOUND.match(data) else _LINE.match(data)
    if line is None:
        return data
    address = _FORBIDDEN.sub(lambda found: b"%%%02X" % found[0][0], line[2].rstrip(b" "))
    return line[1] + b" " + address + line[3] + data[line.end() :]


class Connection(web.RequestHandler):
    """A client's connection."""

    __slots__ = ("_begun", "_door", "_heads", "_line", "_moved", "_parts", "_unsent")

    def __init__(
        self, manager: web.Server, *, loop: asyncio.AbstractEventLoop, parts: Parts, door: Door, idle: float
    ) -> None:
        limits = {"max_line_size": LINE_LIMIT, "max_field_size": FIELD_LIMIT}
        super().__init__(manager, loop=loop, access_log=None, keepalive_timeout=idle, **limits)  # type: ignore[arg-type]  # None: no such log
        self._parts = parts
        self._door = door
        self._moved = loop.time()
        """When something came last, or went where an answer was in the way of itself."""
        self._begun = self._moved
        """When the head began that is not whole yet, which the first one does with the connection; 0 when none has."""
        self._unsent = 0
        self._heads = 0
        """So many requests have begun; `_request_count` of them have a whole head."""
        self._line = bytearray()

    def data_received(self, data: bytes) -> None:
        """Take what came; where a request begins, not before its line is there."""
        self._moved = self._loop.time()
        if self._heads <= self._request_count and self._waits():
            self._begun = self._begun or self._moved
            data = self._with_line(data)
            if not data:
                return
            self._heads = self._request_count + 1
        super().data_received(data)
        if self._request_count >= self._heads:
            self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        self._door.enter(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._door.leave(self)
        super().connection_lost(exc)

    def log_access(self, request: web.BaseRequest, response: web.StreamResponse, time: float | None) -> None:
        """Remember a client that was served: this is told of each answer."""
        del request, time
        if response.status < 400:
            self._door.recognise(self)

    def waits(self) -> bool:
        """Whether its client is waited for: for a request, the rest of one, or to read."""
        request = self._current_request
        return self._paused or (self._waits() if request is None else not request.content.is_eof())

    def overdue(self, now: float, limits: Limits) -> bool:
        """Whether a head takes too long, or a body or an answer does not move."""
        request = self._current_request
        if self._paused:
            unsent = 0 if self.transport is None else self.transport.get_write_buffer_size()
            if unsent != self._unsent:
                self._unsent, self._moved = unsent, now
        elif request is None:
            return self._begun > 0 and now - self._begun > limits.head
        elif self._reading_paused or request.content.is_eof():
            return False
        return now - self._moved > limits.still

    def cut(self) -> None:
        """Close it at once."""
        if self.transport is not None:
            self.transport.abort()

    def _waits(self) -> bool:
        """Whether the last request is done with, its body too, so that what comes is the next one."""
        return self._request_count == 0 if self._waiter is None else not self._waiter.done()

    def _with_line(self, data: bytes) -> bytes:
        """Return what the parser takes; nothing while a line has begun that may need to be mended."""
        if not self._line and _SOUND.match(data):
            return data
        if self._line or _BEGUN.match(data):
            self._line += data
            if len(self._line) <= LINE_LIMIT and b"\n" not in data.lstrip(b"\r\n"):
                return b""
            data = bytes(self._line)
            self._line.clear()
        return mended(data)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what went wrong around a request, in words of our own: the library's repeat it."""
        del message
        if request.writer.output_size > 0:
            raise ConnectionError
        if status == 500:
            self.log_exception(exc_info=exc)
            return unread(self._parts, Problem(500, UNEXPECTED))
        problem = Problem(400, NO_HTTP)
        if isinstance(exc, LineTooLong):
            problem = Problem(414, LONG_LINE) if LINE_LIMIT in exc.args else Problem(431, LONG_FIELD)
        return unread(self._parts, problem)

    def log_exception(self, *_args: Any, **about: Any) -> None:
        """Say what failed, and where: an error's own words may be a request's."""
        error = about.get("exc_info")
        trace = error.__traceback__ if isinstance(error, BaseException) else None
        frames = traceback.extract_tb(trace)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        log.error("connection_failed", error=type(error).__name__, place=place)


@contextlib.asynccontextmanager
async def taking_requests(
    runner: web.AppRunner, sock: socket.socket, parts: Parts, *, most: int = MOST_WEB, limits: Limits = LIMITS
) -> AsyncIterator[None]:
    """Take connections for a runner that is set up, for the length of the block."""
    loop = asyncio.get_running_loop()
    server = runner.server
    assert server is not None
    door = Door("web", most, parts.metrics, limits)
    async with door.open(sock, lambda: Connection(server, loop=loop, parts=parts, door=door, idle=limits.idle)):
        yield
