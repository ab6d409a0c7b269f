"""Mails reach a real SMTP server: with STARTTLS and a login, as a thread, with nothing of an alert in the headers' way."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.channels.email import Email, Postman, addresses_of, mail, postman_of
from bot.domain.channel import Channel, Kind
from bot.ports import Later, Never
from bot.standin.tls import make_context
from tests.channels.making import parcel

PASSWORD = "the-mail-password"
TO = Channel(name="c", kind=Kind.EMAIL, settings={"to": "ops@example.com, lee@example.com"})


@dataclass(kw_only=True)
class Mailbox:
    """What the server took, and what it answers to the next recipient and to the mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    rcpt: str = "250 OK"
    data: str = "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, or not."""
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            read = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(read, EmailMessage)
            self.mails.append(read)
            self.recipients += envelope.rcpt_tos
        return self.data


@dataclass(frozen=True, kw_only=True)
class Office:
    """A mail server with STARTTLS and a login, and a postman who knows both."""

    box: Mailbox
    postman: Postman


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Run a server that demands STARTTLS and a login."""
    context, ca_file = make_context(tmp_path)
    box = Mailbox()

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)

    def smtp() -> SMTP:
        return SMTP(
            box, require_starttls=True, tls_context=context, auth_required=True, authenticator=check, hostname="mx.test"
        )

    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cafile=str(ca_file))
    yield Office(
        box=box,
        postman=Postman(
            host="localhost",
            port=port,
            sender="bot@example.com",
            user="bot",
            password=PASSWORD,
            starttls=True,
            context=trusting,
        ),
    )
    server.close()
    await server.wait_closed()


async def test_a_mail_arrives(office: Office) -> None:
    """Text first, then html; both say what happened."""
    receipt = await Email(office.postman).send(parcel("acked", content={"by": "dana", "note": "on it"}), TO)
    (found,) = office.box.mails
    text, html = (part.get_content() for part in found.iter_parts())

    assert 250 == receipt.status
    assert ["ops@example.com", "lee@example.com"] == office.box.recipients
    assert "[#42 critical] Disk 97% full on db1" == found["Subject"]
    assert ["#42 acked by dana: on it", "Disk 97% full on db1"] == text.splitlines()[:2]
    assert "<b>#42 acked by dana: on it</b>" in html
    assert ("auto-generated", "42", "open") == (found["Auto-Submitted"], found["X-Alert-Id"], found["X-Alert-Status"])


async def test_mails_of_an_alert_are_a_thread(office: Office) -> None:
    """They answer one root with one subject; a repeat is the same mail."""
    for each in (parcel("opened", id=1), parcel("closed", id=2), parcel("closed", id=2)):
        await Email(office.postman).send(each, TO)
    opened, closed, again = office.box.mails

    assert opened["References"] == closed["References"] == opened["In-Reply-To"]
    assert opened["Subject"] == closed["Subject"]
    assert opened["Message-ID"] != closed["Message-ID"] == again["Message-ID"]


@pytest.mark.parametrize(
    ("rcpt", "data", "error"),
    [
        ("550 nobody", "250 OK", Never),
        ("450 greylisted", "250 OK", Later),
        ("250 OK", "554 spam", Never),
        ("250 OK", "451 try later", Later),
    ],
)
async def test_what_the_server_says(office: Office, rcpt: str, data: str, error: type[Exception]) -> None:
    """5xx is final, 4xx is for later."""
    office.box.rcpt, office.box.data = rcpt, data
    with pytest.raises(error):
        await Email(office.postman).send(parcel(), TO)


async def test_a_wrong_password_is_for_later_and_not_shown(office: Office) -> None:
    """The admin can mend it; no word holds it."""
    wrong = Postman(
        host="localhost",
        port=office.postman.port,
        sender="bot@example.com",
        user="bot",
        password="wrong-secret",
        starttls=True,
        context=office.postman.context,
    )
    with pytest.raises(Later) as later:
        await Email(wrong).send(parcel(), TO)

    assert "login" in later.value.reason
    assert "wrong-secret" not in f"{later.value.reason} {wrong!r}"


async def test_a_certificate_that_is_not_trusted(office: Office) -> None:
    """The password does not go out."""
    plain = Postman(
        host="localhost", port=office.postman.port, sender="b@example.com", user="bot", password=PASSWORD, starttls=True
    )
    with pytest.raises(Later):
        await Email(plain).send(parcel(), TO)

    assert [] == office.box.mails


async def test_no_server() -> None:
    """Without SMTP_URL mails wait, and say for what."""
    with pytest.raises(Later, match="SMTP_URL"):
        await Email(None).send(parcel(), TO)
    gone = Postman(host="127.0.0.1", port=9, sender="b@example.com")
    with pytest.raises(Later, match="cannot be reached"):
        await Email(gone).send(parcel(), TO)


@pytest.mark.parametrize("text", ["nobody", "a@b\r\nBcc: x@y.z", "@example.com", "a b@example.com", "x@"])
def test_what_is_no_address(text: str) -> None:
    """Is refused before anything is sent."""
    with pytest.raises(Never):
        addresses_of(text)


def test_outside_text_breaks_no_header() -> None:
    """Line breaks and control characters of an alert stay in their line, markup is text."""
    hostile = parcel(content={"summary": "a\r\nBcc: all@example.com\x00\u202e<b>x</b>", "labels": {"<i>": "<script>"}})
    made = mail(hostile, "bot@example.com", ["ops@example.com"])
    read = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    html = read.get_body(("html",))

    assert "Bcc" not in read
    assert html is not None
    assert "<script>" not in html.get_content()


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://mx.example.com", 587, False, None),
        ("smtp://bot:p%40ss@mx.example.com", 587, False, True),
        ("smtps://bot:p%40ss@mx.example.com", 465, True, False),
        ("smtp://bot:p%40ss@localhost:2525", 2525, False, None),
    ],
)
def test_smtp_url(url: str, port: int, tls: bool, starttls: bool | None) -> None:
    """A password never leaves in the clear, unless to this machine."""
    postman = postman_of(url, "bot@example.com")

    assert postman is not None
    assert (port, tls, starttls) == (postman.port, postman.tls, postman.starttls)
    assert postman.password in {"", "p@ss"}
    assert postman_of("", "") is None
