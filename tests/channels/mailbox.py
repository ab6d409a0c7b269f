"""A mailbox: a real mail server that keeps what it takes, and refuses what a test tells it to."""

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(kw_only=True)
class Mailbox:
    """What the server took, and what it answers to the next recipient and to the mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    rcpt: str = "250 OK"
    data: str = "250 OK"
    rcpts: dict[str, str] = field(default_factory=dict)
    port: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        said = self.rcpts.get(address, self.rcpt)
        self.heard.set()
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, or not."""
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            read = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(read, EmailMessage)
            self.mails.append(read)
            self.recipients += envelope.rcpt_tos
        self.heard.set()
        return self.data


@contextlib.asynccontextmanager
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    """Run a server without TLS, as there may be one on the bot's own machine; give its box and its port."""
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box, hostname="mx.test"), "127.0.0.1", 0)
    yield box, server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
