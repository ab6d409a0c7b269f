"""NSCA: a port that takes check results as a Nagios server's daemon does (alert-sources.md 1.7.3).

Its protocol has no answers: what is refused is said in the log, a line for a connection, and the client never knows.
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import structlog

from bot import nsca
from bot.connections import LIMITS, MOST_NSCA, Door, Limits
from bot.domain.signal import Rejected
from bot.domain.tenant import Key, Scope
from bot.nsca import MAX_AGE, Encryption, Incoming, Packet, Unsound
from bot.parts import Parts
from bot.sources import nsca as source
from bot.storage.engine import StorageError
from bot.usecases import redact
from bot.usecases.ingest import Delivery
from bot.web.auth import Keyring

CHUNK = 64 * 1024
GRACE = 1.0
"""Seconds that connections get to their end when the process stops."""

SLOW = "its packets did not come within {seconds} s"
HALF = "it ended in the middle of a packet"
OLD = "a packet is older than {seconds} s, or the clocks differ"
NO_KEY = "NSCA_KEY is not known, was revoked, or lacks the scope ingest"
NOT_STORED = "its results could not be stored: {reason}"

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def taking_results(
    parts: Parts, sock: socket.socket, *, most: int = MOST_NSCA, limits: Limits = LIMITS
) -> AsyncIterator[None]:
    """Take check results on a socket for the length of the block."""
    door = Door("nsca", most, parts.metrics, limits)
    desk = Desk(parts, door)
    port = sock.getsockname()[1]
    async with door.open(sock, lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), desk.arrive)):
        log.info("nsca_listening", port=port, encryption=parts.settings.nsca_encryption)
        try:
            yield
        finally:
            await desk.close()


class _Client:
    """A connection; whose first packet is good is known."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.busy = False
        self.served = False
        self.was_cut = False
        self._came = asyncio.get_running_loop().time()

    def waits(self) -> bool:
        """Whether packets are waited for."""
        return not self.busy

    def overdue(self, now: float, limits: Limits) -> bool:
        """Whether the first packet takes too long."""
        return not self.served and not self.busy and now - self._came > limits.head

    def cut(self) -> None:
        """Close it at once."""
        self.was_cut = True
        self.writer.transport.abort()


class Desk:
    """Who is connected, and what is done with what they send."""

    def __init__(self, parts: Parts, door: Door) -> None:
        self._parts = parts
        self._door = door
        self._keyring = Keyring(parts.storage, parts.clock)
        self._here: set[asyncio.Task[None]] = set()

    def arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        client = _Client(reader, writer)
        self._door.enter(client)
        task = asyncio.get_running_loop().create_task(self._attend(client))
        self._here.add(task)
        task.add_done_callback(self._here.discard)

    async def close(self) -> None:
        """Let those who are here come to their end, for a moment."""
        if self._here:
            _, slow = await asyncio.wait(self._here, timeout=GRACE)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    async def _attend(self, client: _Client) -> None:
        try:
            wrong = await self._hear(client)
            if wrong and not client.was_cut:
                _refused(client.writer, wrong)
        except OSError:  # the client is gone
            pass
        except Exception:
            log.exception("nsca_failed")
        finally:
            self._door.leave(client)
            client.writer.close()
            with contextlib.suppress(OSError):
                await client.writer.wait_closed()

    async def _hear(self, client: _Client) -> str:
        """Greet, and take what comes; return what was wrong with it, "" for nothing.

        What has come by a moment goes into the intake together. After MAX_AGE a client's packets would be too old.
        """
        settings = self._parts.settings
        iv = secrets.token_bytes(nsca.IV_SIZE)
        password = settings.nsca_password or settings.nsca_key
        incoming = Incoming(Encryption(method=settings.nsca_encryption, password=password.encode(), iv=iv))
        client.writer.write(nsca.greeting(iv, self._seconds()))
        over = asyncio.get_running_loop().time() + MAX_AGE
        wrong = ""
        while True:
            try:
                async with asyncio.timeout_at(over):
                    data = await client.reader.read(CHUNK)
            except TimeoutError:
                return wrong or SLOW.format(seconds=MAX_AGE)
            if not data:
                return wrong or (HALF if incoming.half else "")
            packets: list[Packet] = []
            try:
                packets.extend(incoming.take(data))
            except Unsound as unsound:
                return await self._serve(client, packets) or wrong or str(unsound)
            wrong = await self._serve(client, packets) or wrong

    async def _serve(self, client: _Client, packets: Sequence[Packet]) -> str:
        """Take what a client sent; return what is wrong with it, "" for nothing."""
        if not packets:
            return ""
        client.busy = True
        wrong = await self._take(packets)
        client.busy = False
        if not wrong:
            client.served = True
            self._door.recognise(client)
        return wrong

    async def _take(self, packets: Sequence[Packet]) -> str:
        """Hand results to the intake, as any request's; return what is wrong with them, "" for nothing."""
        fresh = [packet for packet in packets if abs(self._seconds() - packet.timestamp) <= MAX_AGE]
        wrong = OLD.format(seconds=MAX_AGE) if len(fresh) < len(packets) else ""
        if not fresh:
            return wrong
        key = await self._key()
        if key is None:
            return NO_KEY
        try:
            safe = [await self._safe(packet) for packet in fresh]
            items = source.parse(safe)
            await self._parts.intake.receive(
                Delivery(feed=key.feed, dialect=source.SENDER, body=source.kept(safe), items=items)
            )
        except StorageError as error:
            return NOT_STORED.format(reason=error)
        return wrong or next((item.reason for item in items if isinstance(item, Rejected)), "")

    async def _safe(self, packet: Packet) -> Packet:
        """Return a packet without credentials in its output."""
        output = await redact.text(self._parts.storage, packet.output, {self._parts.settings.nsca_key})
        return packet if output == packet.output else replace(packet, output=output)

    async def _key(self) -> Key | None:
        key = await self._keyring.find(self._parts.settings.nsca_key)
        return key if key is not None and Scope.INGEST in key.scopes else None

    def _seconds(self) -> int:
        return self._parts.clock() // 1000


def _refused(writer: asyncio.StreamWriter, reason: str) -> None:
    peer = writer.get_extra_info("peername")
    log.warning("nsca_refused", client=peer[0] if peer else "", reason=reason)
