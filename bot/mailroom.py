"""Mailroom: mails that come in, by LMTP or SMTP, from the mail server in front of us (RFC 2033, 5321, 3834).

`alerts+TICKET@domain` takes answers to our mails, `in+KEY@domain` alerts of backends. What is accepted is committed before it is
answered 250; while the database is busy the answer is 451, and the mail server in front sends it again. Nothing is relayed.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.channels.email import answer
from bot.connections import LIMITS, MOST_MAIL, Door, Limits, listening
from bot.domain import letter, ticket
from bot.domain.letter import Letter
from bot.domain.tenant import Key, Scope
from bot.domain.ticket import Ticket, Use
from bot.parts import Parts
from bot.ports import Later, Never
from bot.sources import mail as source
from bot.sources.payload import Payload
from bot.storage import feeds
from bot.storage.engine import StorageError
from bot.usecases import correspond, redact
from bot.usecases.correspond import Over, Told
from bot.usecases.ingest import Delivery

SIZE_LIMIT = 16 * 1024 * 1024
LINE_LIMIT = 1024 * 1024
"""Bytes of a line: many programs write longer ones than they should, and an alert is not lost for that."""
TIMEOUT = 120.0
"""Seconds within which the next command, or the end of a mail, has to come."""
RECIPIENTS = 50
SHUTDOWN = 5.0

ANSWERS = "alerts+"
ALERTS = "in+"

TAKEN = "250 2.0.0 taken"
NOBODY = "550 5.1.1 this address leads nowhere: it was cut, or its ticket or key is not known"
NOTHING = "550 5.7.1 {reason}"
BUSY = "451 4.3.0 the database is busy; send it again"
FAULT = "451 4.3.0 something went wrong here; it has been logged"
SYNTAX = "501 5.5.4 that cannot be read"
CROWD = "452 4.5.3 too many recipients"

log = structlog.get_logger()
# The library logs each command, and keys stand in some.
logging.getLogger("mail.log").disabled = True


class Mailroom:
    """Takes mails for two kinds of addresses. `answers` are those on their way out."""

    def __init__(self, parts: Parts, door: Door) -> None:
        self.door = door
        self._parts = parts
        self._running: set[asyncio.Task[Any]] = set()
        self.sessions: set[SMTP] = set()

    async def handle_RCPT(  # noqa: N802 - the library's names
        self, server: "_Session", _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take an address that leads somewhere."""
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return CROWD
        try:
            where = await self._where(address)
        except StorageError:
            return BUSY
        if where is None:
            log.info("mail_refused", reason="unknown address")
            return NOBODY
        envelope.rcpt_tos.append(address)
        self.door.recognise(server)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: "_Session", _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail: by LMTP there is an answer for each recipient, by SMTP one for all."""
        assert isinstance(envelope.content, bytes)
        work = self._take_all(envelope.content, envelope.rcpt_tos, envelope.mail_from or "")
        server.busy = True
        answers = await self._kept(work)
        server.busy = False
        if isinstance(server, LMTP):
            return "\r\n".join(answers)
        # What has been done is not done again when the mail comes once more.
        return next((each for code in "45" for each in answers if each[0] == code), TAKEN)

    async def handle_exception(self, error: Exception) -> str:
        """Answer what went wrong outside the two above: mostly commands that the library cannot read."""
        log.warning("mail_command_unread", reason=type(error).__name__)
        return SYNTAX

    async def close(self) -> None:
        """Let mails that are being taken, and answers, come to an end for a while; then end the sessions."""
        if self._running:
            await asyncio.wait(self._running, timeout=SHUTDOWN)
        for task in list(self._running):
            task.cancel()
        for session in list(self.sessions):
            if session.transport is not None:
                session.transport.close()

    def _kept(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _where(self, address: str) -> Ticket | Key | None:
        """Return what an address stands for; None when it is nothing of ours. The domain is the mail server's business."""
        local = address.rpartition("@")[0]
        kind, rest = local[: local.find("+") + 1].lower(), local[local.find("+") + 1 :]
        if kind == ANSWERS:
            found = ticket.read(self._parts.letterhead.ticket_key, rest)
            return found if found is not None and found.use in {Use.REPLY, Use.MUTE} else None
        if kind != ALERTS:
            return None
        key = await self._parts.storage.look(lambda tx: feeds.key_by_address(tx, rest))
        return key if key is not None and Scope.INGEST in key.scopes else None

    async def _take_all(self, raw: bytes, to: list[str], sender: str) -> list[str]:
        mail = letter.read(raw)
        # What has no Message-ID is known by its bytes.
        message = hashlib.sha256(mail.message_id.encode() or raw).hexdigest()
        return [await self._take(raw, mail, message, address, sender) for address in to]

    async def _take(self, raw: bytes, mail: Letter, message: str, address: str, sender: str) -> str:
        try:
            where = await self._where(address)
            match where:
                case Key():
                    await self._alert(where, raw, mail, address)
                case Ticket():
                    await self._answered(where, mail, message, sender)
                case None:
                    return NOBODY
        except Over as over:
            return NOTHING.format(reason=over.text)
        except StorageError as error:
            log.warning("mail_postponed", reason=str(error))
            return BUSY
        except Exception:
            log.exception("mail_not_taken")
            return FAULT
        return TAKEN

    async def _alert(self, key: Key, raw: bytes, mail: Letter, address: str) -> None:
        """Make an alert of a backend's mail; one of our own never becomes one, the same one again says nothing new."""
        if mail.from_domain(self._own_domain):
            log.info("mail_ignored", reason="our own", feed=key.feed.id)
            return
        secret = address.rpartition("@")[0][len(ALERTS) :]
        body = await redact.message(self._parts.storage, raw, {secret})
        delivery = Delivery(feed=key.feed, dialect=source.SENDER, body=body, items=source.parse(Payload(body=body)))
        await self._parts.intake.receive(delivery)

    async def _answered(self, to: Ticket, mail: Letter, message: str, sender: str) -> None:
        """Do what an answer asks for. Raises Over."""
        bound = log.bind(tenant=to.tenant, alert=to.number)
        if mail.automatic or sender.strip("<> ") == "" or mail.from_domain(self._own_domain):
            bound.info("mail_ignored", reason="written by a machine")
            return
        parts = self._parts
        key, now = parts.letterhead.ticket_key, parts.clock()
        if to.use is Use.MUTE:
            await correspond.end_mails(parts.storage, key, to, ended=True, now=now)
            bound.info("mails_ended")
            return
        told = await correspond.answer(
            parts.storage, parts.channel, key, to, mail, message=message, now=now, rules=parts.rules
        )
        if told is None:
            bound.info("mail_ignored", reason="taken before")
            return
        for wakeup in (parts.wakeups.outbox, parts.wakeups.timers, parts.wakeups.parcels):
            wakeup.set()
        bound.info("mail_answered", done=told.done)
        if told.to and parts.postman is not None:
            self._kept(self._tell(to, mail, told, now))

    async def _tell(self, about: Ticket, mail: Letter, told: Told, at: int) -> None:
        """Answer a mail, once: what is not taken now is not sent again."""
        postman = self._parts.postman
        assert postman is not None
        made = answer(
            postman,
            self._parts.letterhead,
            tenant=about.tenant,
            number=about.number,
            about=told.about,
            to=told.to,
            to_message=mail.message_id,
            text=told.text,
            at=at,
        )
        try:
            await postman.carry(made, told.to)
        except (Later, Never) as trouble:
            log.warning("answer_not_mailed", tenant=about.tenant, alert=about.number, reason=trouble.reason)

    @property
    def _own_domain(self) -> str:
        return self._parts.postman.domain if self._parts.postman else "alertbot.invalid"


class _Session(SMTP):
    """One connection; who names an address that leads somewhere is known."""

    line_length_limit = LINE_LIMIT
    busy = False
    _came = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        room: Mailroom = self.event_handler
        self._came = self.loop.time()
        room.sessions.add(self)
        room.door.enter(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget it."""
        room: Mailroom = self.event_handler
        room.sessions.discard(self)
        room.door.leave(self)
        super().connection_lost(error)

    def waits(self) -> bool:
        """Whether a command or the rest of a mail is waited for."""
        return not self.busy

    def overdue(self, now: float, limits: Limits) -> bool:
        """Whether the first greeting takes too long; TIMEOUT is for all that follows."""
        return self.session is not None and not self.session.host_name and now - self._came > limits.head

    def cut(self) -> None:
        """Close it at once."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def _handle_client(self) -> None:
        """Serve a client; that it hangs up is no error."""
        with contextlib.suppress(ConnectionError):
            await super()._handle_client()


class _LmtpSession(_Session, LMTP):
    """By LMTP, what follows a mail's end is one answer per recipient, whatever it is (RFC 2033 4.2)."""

    _expected = 1

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name
        """Take a mail."""
        self._expected = max(1, len(self.envelope.rcpt_tos) if self.envelope else 1)
        try:
            await super().smtp_DATA(arg)
        finally:
            self._expected = 1

    async def push(self, status: str | bytes) -> None:
        """Answer."""
        text = status if isinstance(status, str) else status.decode("utf-8", "replace")
        if not text.startswith("354") and "\r\n" not in text:
            text = "\r\n".join([text] * self._expected)
        await super().push(text)


@contextlib.asynccontextmanager
async def opened(parts: Parts, *, most: int = MOST_MAIL, limits: Limits = LIMITS) -> AsyncIterator[int | None]:
    """Listen for mails for the length of the block, if the settings say so; give the port. Raises OSError."""
    settings = parts.settings
    if settings.mail_port is None:
        yield None
        return
    door = Door("mail", most, parts.metrics, limits)
    room = Mailroom(parts, door)
    loop = asyncio.get_running_loop()
    kind = _LmtpSession if settings.mail_protocol == "lmtp" else _Session

    def session() -> SMTP:
        return kind(
            room,
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname=settings.mail_domain,
            ident="alertbot",
            timeout=TIMEOUT,
            loop=loop,
        )

    sock = listening(settings.mail_host, settings.mail_port)
    port: int = sock.getsockname()[1]
    async with door.open(sock, session):
        log.info("mail_listening", port=port, protocol=settings.mail_protocol, domain=settings.mail_domain)
        try:
            yield port
        finally:
            await room.close()
