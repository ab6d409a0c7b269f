"""Mails reach a real SMTP server: with STARTTLS and a login, as a thread, with nothing of an alert in the headers' way."""

import asyncio
import email
import email.policy
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from bot.channels.email import Email, Postman, addresses_of, answer, mail, postman_of
from bot.channels.letterhead import Letterhead
from bot.domain import ticket
from bot.domain.alert import State
from bot.domain.channel import Channel, Kind
from bot.domain.ticket import Use
from bot.ports import Later, Never
from bot.standin.tls import make_context
from tests.channels.mailbox import Mailbox
from tests.channels.making import NOW, parcel

PASSWORD = "the-mail-password"
TO = Channel(name="c", kind=Kind.EMAIL, settings={"to": "ops@example.com, lee@example.com"})
ONE = Channel(name="c", kind=Kind.EMAIL, settings={"to": "ops@example.com"})
KNOWN = [("", "lee@example.com"), ("", "ops@example.com")]
POSTMAN = Postman(host="h", port=25, sender="bot@example.com")
KEY = b"t" * 32
HEAD = Letterhead(
    base_url="https://bot.example.com", domain="in.example.com", link_key=b"l" * 32, ticket_key=KEY, clock=lambda: NOW
)


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
    """Text first, then html; both say what happened. Each person has a mail of their own."""
    receipt = await Email(office.postman, HEAD).send(parcel("acked", content={"by": "dana", "note": "on it"}), TO)
    found, other = office.box.mails
    text, html = (part.get_content() for part in found.iter_parts())

    assert 250 == receipt.status
    assert ["ops@example.com", "lee@example.com"] == office.box.recipients == [each["To"] for each in office.box.mails]
    assert "[#42 critical] Disk 97% full on db1" == found["Subject"] == other["Subject"]
    assert ["#42 acked by dana: on it", "Disk 97% full on db1"] == text.splitlines()[:2]
    assert "#42 acked by dana: on it</b>" in html
    assert ("auto-generated", "42", "open") == (found["Auto-Submitted"], found["X-Alert-Id"], found["X-Alert-Status"])
    assert "<c.1.alertbot.example.com>" == found["List-Id"]
    assert found["Message-ID"] != other["Message-ID"]


async def test_a_mail_leads_back(office: Office) -> None:
    """By links and an answer of the reader's own; the headers that a mail program reads are whole, however long they are."""
    await Email(office.postman, HEAD).send(parcel("opened"), TO)
    mine, other = office.box.mails
    text = "\n".join(next(mine.iter_parts()).get_content().splitlines())
    buttons = dict(re.findall(r"^(Ack.*|Close|Open): (https://bot.example.com/\S+)$", text, re.MULTILINE))
    found = {name: ticket.read(KEY, link.rpartition("/")[2]) for name, link in buttons.items() if "/mail/" in link}
    page, to_mail = re.findall(r"<([^>]*)>", mine["List-Unsubscribe"])
    ends = ticket.read(KEY, page.removeprefix("https://bot.example.com/mail/"))
    reply = ticket.read(KEY, mine["Reply-To"].removeprefix("alerts+").removesuffix("@in.example.com"))

    assert ["Acknowledge", "Acknowledge for 2 hours", "Close", "Open"] == list(buttons)
    assert [Use.ACK, Use.ACK_A_WHILE, Use.CLOSE] == [each.use for each in found.values() if each]
    assert all(each and ("", "ops@example.com") == ticket.addressed(KEY, each, KNOWN) for each in found.values())
    assert reply is not None
    assert (Use.REPLY, 42, NOW // 1000 * 1000 + ticket.LIFE) == (reply.use, reply.number, reply.ends_at)
    assert len(mine["Reply-To"].partition("@")[0]) <= 64
    assert ends is not None
    assert Use.MUTE is ends.use
    assert ("c", "ops@example.com") == ticket.addressed(KEY, ends, [("c", "ops@example.com")])
    assert f"mailto:alerts+{page[-56:]}@in.example.com?subject=unsubscribe" == to_mail
    assert "List-Unsubscribe=One-Click" == mine["List-Unsubscribe-Post"]
    assert mine["Reply-To"] != other["Reply-To"]


@pytest.mark.parametrize(
    ("state", "offered"),
    [("open", 4), ("snoozed", 4), ("acked", 2), ("closed", 1)],
)
def test_what_a_mail_offers(state: str, offered: int) -> None:
    """Only what the alert's state allows; opening it always."""
    assert offered == len(HEAD.buttons(1, 42, State(state), "ops@example.com"))


def test_a_mail_that_leads_nowhere() -> None:
    """Without our own address there are no links, without mails that come in nothing to answer to."""
    made = mail(parcel(), POSTMAN, "ops@example.com", replace(HEAD, base_url="", domain=""))

    assert not {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"} & set(made.keys())
    assert "https://bot" not in made.as_string()
    assert "Answer this mail" not in made.as_string()


async def test_what_one_refuses_costs_the_others_nothing(office: Office) -> None:
    """Each gets its mail once: what may pass is tried again for whom it failed, what is refused is said with who has it."""
    office.box.rcpts = {"lee@example.com": "450 greylisted"}
    with pytest.raises(Later, match=r"450.*for lee@example.com; ops@example.com got it") as later:
        await Email(office.postman, HEAD).send(parcel(), TO)
    office.box.rcpts = {"lee@example.com": "550 nobody"}
    with pytest.raises(Never, match=r"550.*for lee@example.com; ops@example.com got it") as never:
        await Email(office.postman, HEAD).send(parcel(progress=later.value.progress), TO)
    office.box.rcpts = {}
    await Email(office.postman, HEAD).send(parcel(progress=never.value.progress), TO)

    assert ["ops@example.com", "lee@example.com"] == office.box.recipients


async def test_who_has_ended_the_mails_gets_none(office: Office) -> None:
    """And when everybody has, that is said instead of that it was sent."""
    some = await Email(office.postman, HEAD).send(parcel(muted=frozenset({"ops@example.com"})), TO)
    none = await Email(office.postman, HEAD).send(parcel(muted=frozenset({"ops@example.com", "lee@example.com"})), TO)

    assert ["lee@example.com"] == office.box.recipients
    assert "sent (250), not to ops@example.com, who ended these mails" == some.said
    assert "not mailed: everybody has ended the mails of this channel" == none.said


async def test_mails_of_an_alert_are_a_thread(office: Office) -> None:
    """They answer one root with one subject; a repeat is the same mail."""
    for each in (parcel("opened", id=1), parcel("closed", id=2), parcel("closed", id=2)):
        await Email(office.postman, HEAD).send(each, ONE)
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
        await Email(office.postman, HEAD).send(parcel(), TO)


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
        await Email(wrong, HEAD).send(parcel(), TO)

    assert "login" in later.value.reason
    assert "wrong-secret" not in f"{later.value.reason} {wrong!r}"


async def test_a_certificate_that_is_not_trusted(office: Office) -> None:
    """The password does not go out."""
    plain = Postman(
        host="localhost", port=office.postman.port, sender="b@example.com", user="bot", password=PASSWORD, starttls=True
    )
    with pytest.raises(Later):
        await Email(plain, HEAD).send(parcel(), TO)

    assert [] == office.box.mails


async def test_no_server() -> None:
    """Without SMTP_URL mails wait, and say for what."""
    with pytest.raises(Later, match="SMTP_URL"):
        await Email(None, HEAD).send(parcel(), TO)
    gone = Postman(host="127.0.0.1", port=9, sender="b@example.com")
    with pytest.raises(Later, match="cannot be reached"):
        await Email(gone, HEAD).send(parcel(), TO)


@pytest.mark.parametrize("text", ["nobody", "a@b\r\nBcc: x@y.z", "@example.com", "a b@example.com", "x@"])
def test_what_is_no_address(text: str) -> None:
    """Is refused before anything is sent."""
    with pytest.raises(Never):
        addresses_of(text)


def test_outside_text_breaks_no_header() -> None:
    """Line breaks and control characters of an alert stay in their line, markup is text."""
    hostile = parcel(content={"summary": "a\r\nBcc: all@example.com\x00\u202e<b>x</b>", "labels": {"<i>": "<script>"}})
    made = mail(hostile, POSTMAN, "ops@example.com", HEAD)
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


HIDDEN = (
    "=?utf-8?q?=0D=0AReply-To:_thief@evil.example?=",
    "=?utf-8?q?=0D=0ABcc:_thief@evil.example?=",
    "=?utf-8?q?=0D=0AContent-Type:_text/html=0D=0A=0D=0A<form>?=",
    "=?utf-8?b?DQpSZXBseS1UbzogdGhpZWZAZXZpbC5leGFtcGxl?=",
    "=?utf-8?q?=0AReply-To:_thief@evil.example?=",
    "=?iso-8859-1?q?=0D=0AReply-To:_thief@evil.example?= and much more text " + "x" * 80,
    "disk\r\nReply-To: thief@evil.example",
    "=?utf-8?q?a?= =?utf-8?q?=0D?= =?utf-8?q?=0AReply-To:_thief@evil.example?=",
)


def written(message: EmailMessage) -> EmailMessage:
    """Return a mail as a mail program reads its bytes."""
    found = email.message_from_bytes(
        message.as_bytes(policy=message.policy.clone(linesep="\r\n")), policy=email.policy.default
    )
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("text", HIDDEN)
def test_no_text_writes_a_header(text: str) -> None:
    """A line break that hides in an encoded word stays text: in the alert's mail, in an answer, and in its thread."""
    alert = parcel(content={"summary": text})
    sent = written(mail(alert, POSTMAN, "ops@example.com", HEAD))
    told = written(
        answer(
            POSTMAN,
            HEAD,
            tenant=1,
            number=1,
            about=text,
            to="ops@example.com",
            to_message=f"<{text}@x>",
            text="done",
            at=NOW,
        )
    )

    for found in (sent, told):
        assert 1 == len(found.get_all("Reply-To", []))
        assert "thief" not in str(found["Reply-To"])
        assert found["Bcc"] is None
        assert found.get_content_type() in {"multipart/alternative", "text/plain"}
        assert [] == found.defects
    assert "#" in sent["Subject"]


def test_a_subject_says_what_the_alert_says() -> None:
    """Letters beyond ASCII and what looks encoded arrive as they were written."""
    for summary in ("Gerät überhitzt 🔥", "see =?utf-8?q?x?= there", "x" * 150, "plain words"):
        sent = written(mail(parcel(content={"summary": summary}), POSTMAN, "ops@example.com", HEAD))

        assert summary in "".join(str(sent["Subject"]).splitlines())
