"""By mail: alerts leave, answers and clicks come back, and whatever else comes in does no harm."""

import asyncio
import hashlib
import logging
import re
import smtplib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import aiohttp
import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage, staged
from bot.domain.tenant import Level, Scope
from bot.settings import Settings
from bot.standin.driver import RoomDriver
from bot.storage import letters
from bot.storage.engine import Busy
from bot.usecases import configure
from tests.channels.mailbox import Mailbox, mailbox
from tests.postgres import free_port
from tests.stories.bot import Bot
from tests.stories.conftest import Logs
from tests.stories.postfix import postfix
from tests.stories.test_channels import configured

DISK = {"summary": "Disk full on db1", "severity": "critical", "dedup_key": "disk", "labels": {"service": "db"}}
DANA = "dana@example.com"
PLAN = """
[[channel]]
name = "mail"
kind = "email"
to = "{to}"
[[route]]
name = "all"
channels = ["mail"]
"""


@dataclass(frozen=True, kw_only=True)
class Post:
    """The mailbox that the bot's mails come to, and the port that mails to the bot are sent to."""

    box: Mailbox
    port: int
    protocol: str

    async def send(self, message: EmailMessage | bytes, *to: str, sender: str = DANA) -> Sequence[tuple[int, str]]:
        """Send a mail to the bot and return what it answered: for each recipient by LMTP, else once."""
        raw = message if isinstance(message, bytes) else message.as_bytes()
        return await asyncio.to_thread(self._send, raw, to, sender)

    def _send(self, raw: bytes, to: Sequence[str], sender: str) -> Sequence[tuple[int, str]]:
        kind = smtplib.LMTP if self.protocol == "lmtp" else smtplib.SMTP
        with kind("127.0.0.1", self.port, local_hostname="test") as client:
            client.ehlo()
            client.docmd("MAIL", f"FROM:<{sender}>")
            said = [client.docmd("RCPT", f"TO:<{each}>") for each in to]
            good = [each for each in said if each[0] == 250]
            if good:
                assert 354 == client.docmd("DATA")[0]
                client.send(re.sub(rb"(?m)^\.", b"..", re.sub(rb"\r?\n", b"\r\n", raw)).rstrip(b"\r\n") + b"\r\n.\r\n")
                answers = [client.getreply() for _ in (good if self.protocol == "lmtp" else good[:1])]
                said = [each if each[0] != 250 else answers.pop(0) if answers else each for each in said]
            return [(code, words.decode()) for code, words in said]

    def mails(self, to: str = DANA) -> list[EmailMessage]:
        """Return the mails that somebody got, and forget them."""
        found = [each for each in self.box.mails if each["To"] == to]
        self.box.mails = [each for each in self.box.mails if each["To"] != to]
        return found

    async def answered(self) -> EmailMessage:
        """Wait for the bot's answer to a mail."""
        async with asyncio.timeout(20):
            while not (found := [each for each in self.box.mails if each["Auto-Submitted"] == "auto-replied"]):
                self.box.heard.clear()
                await self.box.heard.wait()
        self.box.mails = [each for each in self.box.mails if each not in found]
        (one,) = found
        return one


@pytest.fixture(params=["lmtp"])
def protocol(request: pytest.FixtureRequest) -> str:
    """Say how mails come in."""
    return str(request.param)


@pytest.fixture
async def post(protocol: str) -> AsyncIterator[Post]:
    """Run a mail server for the bot's mails, and find a port for those to it."""
    async with mailbox() as (box, port):
        box.port = port
        yield Post(box=box, port=free_port(), protocol=protocol)


@pytest.fixture
async def stage(storage_url: str, clock: MovableClock, logs: Logs, post: Post) -> AsyncIterator[Stage]:
    """Run Hipchat and the bot, which mails and is mailed to."""
    settings = Settings(
        port=0,
        database_url=storage_url,
        secret_key="a key for stories only",
        smtp_url=f"smtp://127.0.0.1:{post.box.port}",
        mail_from="alertbot@example.com",
        mail_port=post.port,
        mail_protocol=post.protocol,
        mail_domain="in.example.com",
    )
    async with staged(settings, clock=clock, workers_too=False) as stage:
        yield stage


@pytest.fixture
async def mailed(stage: Stage, room: RoomDriver, bot: Bot, post: Post) -> EmailMessage:
    """Give the mail that Dana got of a new alert, #1."""
    await configured(stage, PLAN.format(to=DANA))
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    (mail,) = post.mails()
    return mail


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What these stories play with."""

    stage: Stage
    room: RoomDriver
    bot: Bot
    post: Post


@pytest.fixture
def desk(stage: Stage, room: RoomDriver, bot: Bot, post: Post) -> Desk:
    """Give all of it."""
    return Desk(stage=stage, room=room, bot=bot, post=post)


def reply(to: EmailMessage, text: str, *, sender: str = DANA, message_id: str = "", **headers: str) -> EmailMessage:
    """Write an answer to a mail as a mail program does."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to["Reply-To"]
    message["Subject"] = f"Re: {to['Subject']}"
    message["In-Reply-To"] = to["Message-ID"]
    message["Message-ID"] = message_id or f"<{hashlib.sha256(text.encode()).hexdigest()[:20]}@mua.example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(
        f"{text}\n\nOn Tue, 24 Nov 2026 at 12:02, alertbot <a@example.com> wrote:\n> #1 opened by demo\n> ack\n"
    )
    return message


# --- answers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"], indirect=True)
async def test_an_answer_acks(desk: Desk, mailed: EmailMessage) -> None:
    """From alert to mail to answer to room: Dana is known by her address, and is told what became of it, once."""
    said = await desk.post.send(reply(mailed, "ack 2h on it"), mailed["Reply-To"])
    await desk.bot.settle()
    seen = await desk.room.sees("#1")
    answer = await desk.post.answered()

    assert [250] == [code for code, _ in said]
    assert "acked by Dana" in seen.text
    assert ("acked", "Dana") == await desk.bot.stands(1)
    assert ["opened by demo", "acked by Dana"] == await desk.bot.history(1)
    assert "acked #1 until 15:02 CET" == answer.get_content().strip()
    assert DANA == answer["To"]
    assert answer["In-Reply-To"] in reply(mailed, "ack 2h on it")["Message-ID"]
    assert answer["References"] == mailed["References"]
    assert f"Re: {mailed['Subject']}" == answer["Subject"]


async def test_history_says_by_mail(desk: Desk, mailed: EmailMessage) -> None:
    """And who it was."""
    await desk.post.send(reply(mailed, "ack"), mailed["Reply-To"])
    await desk.bot.settle()
    await desk.room.sees("acked by Dana")
    await desk.post.answered()
    async with desk.stage.parts.storage.read() as tx:
        rows = await tx.all("SELECT * FROM history WHERE tenant_id = 1 AND number = 1 ORDER BY id")

    assert ("mail", "Dana") == (rows[-1]["via"], rows[-1]["name"])


@pytest.mark.parametrize(
    ("text", "heard", "becomes"),
    [
        ("close fixed: cleaned up", "closed by Dana", ("closed", "closed #1")),
        ("own", "by Dana", ("acked", "owned #1")),
        ("snooze 30m", "snoozed", ("snoozed", "snoozed #1 until 13:32 CET")),
        ("assign @lee", "Lee", ("open", "assigned #1 to Lee")),
        ("note it is the backup", "it is the backup", ("open", "noted #1")),
        ("It is the backup.\nIt ends at two.", "It ends at two.", ("open", "noted #1")),
        ("severity warning", "warning", ("open", "severity of #1 is now warning")),
        ("assign @zoe", "", ("open", "I know nobody called zoe")),
        ("snooze", "snooze", ("open", "noted #1; kept as a note")),
        ("ack 7", "ack 7", ("open", "noted #1; kept as a note, since this mail is about #1 only")),
        ("unack", "", ("open", "#1 is open, nobody has acked it")),
        ("", "", ("open", "There are no words above the quote")),
    ],
)
async def test_what_an_answer_may_say(
    desk: Desk, mailed: EmailMessage, text: str, heard: str, becomes: tuple[str, str]
) -> None:
    """The room's own grammar about this alert; anything else is a note, and why something is not done is said."""
    await desk.post.send(reply(mailed, text), mailed["Reply-To"].upper())
    await desk.bot.settle()
    if heard:
        await desk.room.sees(heard)
    answer = await desk.post.answered()

    assert becomes[0] == (await desk.bot.stands(1))[0]
    assert becomes[1] in answer.get_content()


async def test_a_replayed_mail_changes_nothing(desk: Desk, mailed: EmailMessage, clock: MovableClock) -> None:
    """Taken again, so that nobody keeps sending it; no second answer."""
    mail = reply(mailed, "ack")
    await desk.post.send(mail, mailed["Reply-To"])
    await desk.bot.settle()
    await desk.room.sees("acked by Dana")
    await desk.post.answered()
    await desk.room.says("dana", "/alert unack 1")
    await desk.room.sees("unacked 1: #1")
    again = await desk.post.send(mail, mailed["Reply-To"])
    await desk.bot.settle()

    assert [250] == [code for code, _ in again]
    assert "open" == (await desk.bot.stands(1))[0]
    assert [] == [each for each in desk.post.box.mails if each["Auto-Submitted"] == "auto-replied"]


async def test_a_forged_sender_is_a_note(desk: Desk, mailed: EmailMessage) -> None:
    """Marked as unverified, never a command; the address that the mail went to is told, nobody else."""
    said = await desk.post.send(
        reply(mailed, "close", sender="mallory@evil.example"), mailed["Reply-To"], sender="m@evil.example"
    )
    await desk.bot.settle()
    await desk.room.sees("mallory@\u2060evil.example (unverified)")
    answer = await desk.post.answered()

    assert [250] == [code for code, _ in said]
    assert "open" == (await desk.bot.stands(1))[0]
    assert "noted by mallory@evil.example (unverified)" in await desk.bot.history(1)
    assert DANA == answer["To"]
    assert "mallory@evil.example" in answer.get_content()


@pytest.mark.parametrize(
    "sender",
    [
        f"{DANA}, mallory@evil.example",
        f"{DANA} <mallory@evil.example>",
        f'"{DANA}" <mallory@evil.example>',
        f"=?utf-8?q?=3C{DANA}=3E?= <mallory@evil.example>",
        f"<{DANA}> <mallory@evil.example>",
        f"mallory@evil.example ({DANA})",
        f"{DANA}\nFrom: mallory@evil.example",
        "",
    ],
)
async def test_two_faced_senders(desk: Desk, mailed: EmailMessage, sender: str) -> None:
    """Exactly one address in exactly one From is somebody."""
    raw = f"From: {sender}\nMessage-ID: <x@evil.example>\nSubject: Re:\n\nclose\n".encode()
    await desk.post.send(raw, mailed["Reply-To"])
    await desk.bot.settle()
    await desk.room.sees("(unverified)")
    await desk.post.answered()

    assert "open" == (await desk.bot.stands(1))[0]


async def test_a_ticket_that_is_over(desk: Desk, mailed: EmailMessage, clock: MovableClock) -> None:
    """Is good for a note, that says who cannot be sure."""
    clock.forward(hours=8 * 24)
    await desk.bot.settle()
    desk.room.look()
    await desk.post.send(reply(mailed, "close"), mailed["Reply-To"])
    await desk.bot.settle()
    await desk.room.sees("(unverified)")
    answer = await desk.post.answered()

    assert "open" == (await desk.bot.stands(1))[0]
    assert "too old" in answer.get_content()


async def test_who_is_taken_off_the_list(desk: Desk, mailed: EmailMessage) -> None:
    """Can do nothing more with old mails, and is not told anything."""
    await configured(desk.stage, PLAN.format(to="lee@example.com"))
    await desk.post.send(reply(mailed, "close"), mailed["Reply-To"])
    await desk.bot.settle()
    await desk.room.sees("(unverified)")

    assert "open" == (await desk.bot.stands(1))[0]
    assert [] == desk.post.mails()


async def test_addresses_that_lead_nowhere(desk: Desk, mailed: EmailMessage) -> None:
    """Are refused at once with a plain sentence; the rest of the mail goes on."""
    good = mailed["Reply-To"]
    wrong = good.replace(good[20], "a" if good[20] != "a" else "b", 1)
    mail = reply(mailed, "ack")
    said = await desk.post.send(
        mail, wrong, "alerts@in.example.com", "in+nokey@in.example.com", "root@in.example.com", good
    )
    await desk.bot.settle()
    await desk.room.sees("acked by Dana")
    await desk.post.answered()

    assert [550, 550, 550, 550, 250] == [code for code, _ in said]
    assert "leads nowhere" in said[0][1]


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Auto-Submitted": "auto-replied"}, DANA),
        ({"Auto-Submitted": "auto-generated; x=y"}, DANA),
        ({"Precedence": "bulk"}, DANA),
        ({"Precedence": "Junk"}, DANA),
        ({"Precedence": "list"}, DANA),
        ({}, ""),
        ({"message_id": "<parcel-1-2-abc@alertbot.example.com>"}, DANA),
    ],
)
async def test_machines_are_ignored(desk: Desk, mailed: EmailMessage, headers: dict[str, str], sender: str) -> None:
    """A vacation reply, a list, a bounce, our own mail: taken, nothing done, nobody answered."""
    said = await desk.post.send(reply(mailed, "close", **headers), mailed["Reply-To"], sender=sender)
    await desk.bot.settle()

    assert [250] == [code for code, _ in said]
    assert "open" == (await desk.bot.stands(1))[0]
    assert [] == desk.post.mails()
    assert 1 == len(await desk.bot.history(1))


async def test_rights_hold_by_mail(desk: Desk, mailed: EmailMessage) -> None:
    """What a room leaves to its admins is not done by mail; the reason is said."""
    await configure.change_rights(desk.stage.parts.storage, tenant=None, room="Ops", changes={"close": Level.ADMINS})
    await desk.post.send(reply(mailed, "close"), mailed["Reply-To"])
    answer = await desk.post.answered()

    assert "open" == (await desk.bot.stands(1))[0]
    assert "admins" in answer.get_content()


async def test_a_busy_database(desk: Desk, mailed: EmailMessage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is 451, so that the mail comes again; then it is done once."""

    async def busy(*_given: object, **_named: object) -> bool:
        raise Busy("the database is out of reach")

    mail = reply(mailed, "ack")
    with monkeypatch.context() as broken:
        broken.setattr(letters, "first", busy)
        first = await desk.post.send(mail, mailed["Reply-To"])
    again = await desk.post.send(mail, mailed["Reply-To"])
    await desk.bot.settle()
    await desk.room.sees("acked by Dana")
    await desk.post.answered()

    assert [451] == [code for code, _ in first]
    assert [250] == [code for code, _ in again]
    assert ["opened by demo", "acked by Dana"] == await desk.bot.history(1)


async def test_an_answer_that_cannot_be_mailed(desk: Desk, mailed: EmailMessage, logs: Logs) -> None:
    """Costs nothing but itself."""
    desk.post.box.rcpt = "450 not now"
    desk.post.box.heard.clear()
    await desk.post.send(reply(mailed, "ack"), mailed["Reply-To"])
    await desk.bot.settle()
    await desk.room.sees("acked by Dana")
    async with asyncio.timeout(20):
        await desk.post.box.heard.wait()

    assert "acked" == (await desk.bot.stands(1))[0]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_through_a_real_mail_server(desk: Desk, mailed: EmailMessage) -> None:
    """Postfix refuses at once what the bot does not know, hands the rest over, and its users' answers act."""
    key = await key_of(desk.stage)
    async with postfix(desk.post.port) as port:
        server = Post(box=desk.post.box, port=port, protocol="smtp")
        wrong = await server.send(reply(mailed, "ack"), "alerts+nobody@in.example.com")
        right = await server.send(reply(mailed, "ack 2h"), mailed["Reply-To"])
        answer = await desk.post.answered()
        alert = await server.send(backend("Disk full on db2"), f"in+{key}@in.example.com")
        async with asyncio.timeout(60):
            while "2" not in [each["X-Alert-Id"] for each in desk.post.box.mails]:
                await desk.bot.settle()
    await desk.room.sees("acked by Dana")
    await desk.room.sees("#2 Disk full on db2")

    assert [550, 250, 250] == [each[0][0] for each in (wrong, right, alert)]
    assert "acked #1 until 15:02 CET" == answer.get_content().strip()


# --- links ----------------------------------------------------------------------------------------------------------------


def links(mail: EmailMessage) -> dict[str, str]:
    """Return the links of a mail by their words."""
    body = mail.get_body(("plain",))
    assert body is not None
    return dict(re.findall(r"^([A-Z][^:]*): (http\S+)\s*$", "\n".join(body.get_content().splitlines()), re.MULTILINE))


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client that knows nothing of anybody."""
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_link_asks_first(desk: Desk, mailed: EmailMessage, browser: aiohttp.ClientSession) -> None:
    """Opening it changes nothing; its button does, and the room hears who it was."""
    link = links(mailed)["Acknowledge for 2 hours"]
    async with browser.get(link) as page:
        asked, policy = await page.text(), page.headers["Content-Security-Policy"]
    before = await desk.bot.stands(1)
    async with browser.post(link, data={"note": "on it"}) as page:
        done = await page.text()
    await desk.bot.settle()
    seen = await desk.room.sees("acked by Dana")

    assert ("open", None) == before
    assert "Disk full on db1" in asked
    assert "in the name of <bdi>Dana" in asked or "in the name of <bdi>dana@example.com" in asked
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "acked #1 until 15:02 CET" in done
    assert "on it" in seen.text
    assert ("acked", "Dana") == await desk.bot.stands(1)


async def test_links_of_what_has_changed_since(
    desk: Desk, mailed: EmailMessage, browser: aiohttp.ClientSession, clock: MovableClock
) -> None:
    """A link says plainly who has the alert, that it is closed, or that the link itself is over; there is no button then."""
    found = links(mailed)
    await desk.room.says("lee", "/alert ack 1")
    await desk.room.sees("acked 1: #1")
    held = await looked(browser, found["Acknowledge"])
    async with browser.post(found["Acknowledge"]) as page:
        refused = page.status, await page.text()
    await desk.room.says("lee", "/alert close 1")
    await desk.room.sees("closed 1: #1")
    closed = await looked(browser, found["Close"])
    await configured(desk.stage, PLAN.format(to="lee@example.com"))
    off = await looked(browser, found["Close"])
    clock.forward(hours=7 * 24)
    over = await looked(browser, found["Close"])
    wrong = await looked(browser, found["Close"][:-1] + ("a" if found["Close"][-1] != "a" else "b"))
    async with browser.post(found["Close"][:-1]) as page:
        cut = page.status
    answer = mailed["Reply-To"].partition("@")[0].removeprefix("alerts+")
    as_link = await looked(browser, found["Close"].rpartition("/")[0] + f"/{answer}")

    assert "acked by Lee" in held[1]
    assert "<form" not in held[1] + closed[1]
    assert 409 == refused[0]
    assert "acked by Lee" in refused[1]
    assert "closed already" in closed[1]
    assert (410, 410, 404, 404, 404) == (off[0], over[0], wrong[0], cut, as_link[0])
    assert "is over" in over[1]


async def looked(browser: aiohttp.ClientSession, link: str) -> tuple[int, str]:
    """Open a link and return status and page."""
    async with browser.get(link) as page:
        return page.status, await page.text()


async def test_links_are_revoked_with_all_others(
    desk: Desk, mailed: EmailMessage, browser: aiohttp.ClientSession
) -> None:
    """An answer is refused then, and its sender told so by their mail server."""
    async with desk.stage.parts.storage.begin() as tx:
        await tx.run("UPDATE tenants SET links_since = :now", now=desk.stage.clock.milliseconds() + 1000)
    status, _ = await looked(browser, links(mailed)["Close"])
    said = await desk.post.send(reply(mailed, "close"), mailed["Reply-To"])

    assert 410 == status
    assert [550] == [code for code, _ in said]
    assert 1 == len(await desk.bot.history(1))


# --- who gets which mail --------------------------------------------------------------------------------------------------


async def test_a_day_of_failure_and_then_order(desk: Desk, clock: MovableClock) -> None:
    """Whose server fails for a day gets each mail once afterwards, in order; the other got each once, at once."""
    await configured(desk.stage, PLAN.format(to=f"{DANA}, lee@example.com"))
    desk.post.box.rcpts = {"lee@example.com": "450 later"}
    await desk.bot.post(DISK)
    await desk.room.sees("#1 Disk full")
    await desk.room.says("dana", "/alert ack 1")
    await desk.room.sees("acked 1: #1")
    for _ in range(24):
        clock.forward(hours=1)
        await desk.bot.settle()
    meanwhile = [each["X-Alert-Status"] for each in desk.post.box.mails]
    await desk.room.says("dana", "/alert why 1")
    why = (await desk.room.sees("dedup key")).text
    desk.post.box.rcpts = {}
    clock.forward(minutes=15)
    await desk.bot.settle()

    assert ["open"] == meanwhile
    assert "(450), for lee@example.com; dana@example.com got it" in why
    assert ["open", "acked"] == [each["X-Alert-Status"] for each in desk.post.mails("lee@example.com")]
    assert ["open", "acked"] == [each["X-Alert-Status"] for each in desk.post.mails()]


async def test_a_refused_address_is_said_once(desk: Desk) -> None:
    """In the room, with who got it; the others' mails go on."""
    await configured(desk.stage, PLAN.format(to=f"{DANA}, lee@example.com"))
    desk.post.box.rcpts = {"lee@example.com": "550 nobody"}
    await desk.bot.post(DISK)
    await desk.room.sees("#1 Disk full")
    await desk.room.sees(
        "The channel mail did not take the news of #1 (opened): the mail server refused it (550), for lee"
    )
    await desk.bot.post({**DISK, "dedup_key": "second"})
    await desk.room.sees("#2 Disk full")

    assert 2 == len(desk.post.mails())


# --- ending the mails -------------------------------------------------------------------------------------------------------


async def test_one_click_ends_the_mails(desk: Desk, browser: aiohttp.ClientSession) -> None:
    """Without cookies, of this address and channel alone (RFC 8058); the page takes it back; `why` says so."""
    await configured(desk.stage, PLAN.format(to=f"{DANA}, lee@example.com"))
    await desk.bot.post(DISK)
    await desk.room.sees("#1 Disk full")
    (mine,), (other,) = desk.post.mails(), desk.post.mails("lee@example.com")
    ends, theirs = (re.findall(r"<(http[^>]*)>", each["List-Unsubscribe"])[0] for each in (mine, other))
    opened = await looked(browser, ends)
    async with browser.post(ends, data="List-Unsubscribe=One-Click", headers=FORM) as page:
        ended = page.status, await page.text()
    await desk.bot.post({**DISK, "dedup_key": "second"})
    await desk.room.sees("#2 Disk full")
    some = [len(desk.post.mails()), len(desk.post.mails("lee@example.com"))]
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    body = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    async with browser.post(theirs, data=body, headers=boundary) as page:
        assert 200 == page.status
    await desk.bot.post({**DISK, "dedup_key": "third"})
    await desk.room.sees("#3 Disk full")
    none = [len(desk.post.mails()), len(desk.post.mails("lee@example.com"))]
    await desk.room.says("dana", "/alert why 3")
    why = (await desk.room.sees("dedup key")).text
    async with browser.post(ends, data={"again": "yes"}) as page:
        assert "gets a mail for each change" in await page.text()
    await desk.bot.post({**DISK, "dedup_key": "fourth"})
    await desk.room.sees("#4 Disk full")

    assert "End these mails" in opened[1]
    assert 200 == ended[0]
    assert "Send them again" in ended[1]
    assert [0, 1] == some
    assert [0, 0] == none
    assert "everybody has ended the mails of this channel" in why
    assert [1, 0] == [len(desk.post.mails()), len(desk.post.mails("lee@example.com"))]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_mail_ends_the_mails(desk: Desk, mailed: EmailMessage) -> None:
    """For mail programs that mail instead of posting."""
    to = re.findall(r"<mailto:([^>?]*)\?", mailed["List-Unsubscribe"])[0]
    said = await desk.post.send(reply(mailed, ""), to)
    await desk.bot.post({**DISK, "dedup_key": "second"})
    await desk.room.sees("#2 Disk full")

    assert [250] == [code for code, _ in said]
    assert [] == desk.post.mails()


# --- alerts by mail ---------------------------------------------------------------------------------------------------------


async def key_of(stage: Stage, scopes: frozenset[Scope] = frozenset({Scope.INGEST})) -> str:
    """Make a key."""
    return await stage.key(scopes=scopes)


def backend(subject: str, **headers: str) -> EmailMessage:
    """Write a mail as a backend does."""
    message = EmailMessage()
    message["From"] = "nagios@mon.example.com"
    message["Subject"] = subject
    message["Message-ID"] = f"<{hashlib.sha256(subject.encode()).hexdigest()[:20]}@mon.example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("4 GB left on /var")
    return message


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"], indirect=True)
async def test_a_backends_mail_is_an_alert(desk: Desk, logs: Logs, caplog: pytest.LogCaptureFixture) -> None:
    """And the next one resolves it; the key may have lost its capitals, and is in no log and in nothing that is kept."""
    caplog.set_level(logging.DEBUG)
    key = await key_of(desk.stage)
    received = f"from a by b for <in+{key}@in.example.com>; Fri, 2 Jan 2026 03:04:05 +0000"
    opened = await desk.post.send(backend("[CRITICAL] Disk full on db1"), f"In+{key.lower()}@in.example.com", sender="")
    await desk.bot.settle()
    await desk.room.sees("#1 [CRITICAL] Disk full on db1")
    named = backend("[CRITICAL] Disk full on db1", Received=received, Delivered_To=f"IN+{key.lower()}@in.example.com")
    again = await desk.post.send(named, f"in+{key}@in.example.com", sender="")
    over = await desk.post.send(
        backend("RESOLVED: Disk full on db1", Auto_Submitted="auto-generated"), f"in+{key}@x.example"
    )
    await desk.bot.settle()
    await desk.room.sees("#1 resolved")
    assert desk.bot.backend is not None
    alert = await desk.bot.backend.alert(1)
    async with desk.stage.parts.storage.read() as tx:
        bodies = await tx.all("SELECT dialect, body FROM bodies ORDER BY id")

    assert [250, 250, 250] == [each[0][0] for each in (opened, again, over)]
    assert ("critical", "4 GB left on /var", 1) == (alert["severity"], alert["description"], alert["count"])
    assert 3 * ["mail"] == [row["dialect"] for row in bodies]
    assert b"Subject: [CRITICAL] Disk full" in bytes(bodies[0]["body"])
    assert b"<in+(removed)@in.example.com>" in bytes(bodies[1]["body"])
    assert b"Delivered-To: IN+(removed)@in.example.com" in bytes(bodies[1]["body"])
    assert key.lower() not in f"{logs}{caplog.text}{[bytes(row['body']) for row in bodies]}".lower()


async def test_keys_that_may_not(desk: Desk) -> None:
    """A key without `ingest`, a revoked one, and none at all are the same: nobody."""
    reader = await key_of(desk.stage, frozenset({Scope.READ}))
    gone = await key_of(desk.stage)
    for each in await configure.list_keys(desk.stage.parts.storage, None):
        if each.name == "demo" and Scope.READ not in each.scopes:
            await configure.revoke_key(desk.stage.parts.storage, each.id, now=desk.stage.clock.milliseconds())
    said = await desk.post.send(backend("x"), *(f"in+{key}@in.example.com" for key in (reader, gone, "x" * 32, "")))

    assert [550] * 4 == [code for code, _ in said]


async def test_a_busy_database_keeps_the_alert_with_its_sender(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """451, and the next try is an alert."""
    key = await key_of(desk.stage)

    async def busy(*_given: object, **_named: object) -> Any:
        raise Busy("the database is out of reach")

    with monkeypatch.context() as broken:
        broken.setattr(type(desk.stage.parts.intake), "_attempt", busy)
        first = await desk.post.send(backend("Disk full"), f"in+{key}@in.example.com")
    again = await desk.post.send(backend("Disk full"), f"in+{key}@in.example.com")
    await desk.bot.settle()
    await desk.room.sees("#1 Disk full")

    assert ([451], [250]) == ([code for code, _ in first], [code for code, _ in again])


async def test_our_own_mails_make_no_alerts(desk: Desk) -> None:
    """A channel that mails to a key's address would feed itself for ever."""
    key = await key_of(desk.stage)
    address = f"in+{key}@in.example.com"
    await configured(desk.stage, PLAN.format(to=address))
    await desk.bot.post(DISK)
    await desk.room.sees("#1 Disk full")
    (mail,) = desk.post.mails(address)
    said = await desk.post.send(mail, address)
    await desk.bot.settle()

    assert [250] == [code for code, _ in said]


NESTED = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(2000))


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b"", "could not be read"),
        (b"\x00\xff\xfe" * 100, "could not be read"),
        (b"Subject: nested\r\n" + NESTED, "nested"),
        (b"Subject: =?x-nonsense?Q?caf=E9?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xe9\xe9", "caf"),
        (b"Subject: a\x00b\r\n\r\nNUL \x00 here", "a\N{REPLACEMENT CHARACTER}b"),
        (b"Subject: big\r\n\r\n" + b"x" * 900 + b"\r\n" + (b"y" * 998 + b"\r\n") * 10_000, "big"),
        (b"Subject: long line\r\n\r\n" + b"z" * 900_000, "long line"),
        (b"Subject: " + b"\xf0\x9f\x94\xa5" * 10 + b"\r\n\r\nraw", "\U0001f525"),
        (b"Subject: a\r\n b\r\n\tBcc: c@example.com\r\n\r\nfolded", "a b Bcc: c@example.com"),
        (b"Subject: @all /alert close all\r\n\r\n/alert close all", "close all"),
        (b"Subject: =?utf-8?b?" + b"A" * 5000 + b"?=\r\n\r\nhuge word", "#1"),
        (b"Subject: x\r\nContent-Type: text/plain; charset*0*=utf-8''%\r\nDate: no\r\n\r\nodd", "x"),
        (b"Content-Type: text/html\r\n\r\n<script>alert(1)</script><p>only <b>html", "only html"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else "",
)
async def test_hostile_mails(desk: Desk, raw: bytes, seen: str) -> None:
    """Each is an alert that shows what can be shown."""
    key = await key_of(desk.stage)
    said = await desk.post.send(raw, f"in+{key}@in.example.com")
    await desk.bot.settle()
    await desk.room.sees(seen)

    assert [250] == [code for code, _ in said]


async def test_a_mail_beyond_the_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is refused, each of its recipients by themselves, and the connection goes on."""
    key = await key_of(desk.stage)
    huge = b"Subject: x\r\n\r\n" + b"y" * 100 + (b"y" * 998 + b"\r\n") * 17_500
    said = await desk.post.send(huge, f"in+{key}@in.example.com", f"in+{key}@other.example.com")

    assert [552, 552] == [code for code, _ in said]


async def test_commands_that_nobody_can_read(desk: Desk) -> None:
    """Get a refusal, and the next command is answered."""

    def talk() -> list[int]:
        with smtplib.LMTP("127.0.0.1", desk.post.port, local_hostname="test") as client:
            client.ehlo()
            odd = [
                client.docmd("MAIL", "FROM:<\x00\ud800>".encode("utf-8", "replace").decode("latin-1")),
                client.docmd("MAIL", "FROM:<a@b"),
                client.docmd("RCPT", "TO:<x>"),
                client.docmd("DATA"),
                client.docmd("X" * 600),
                client.docmd("RSET"),
                client.docmd("MAIL", f"FROM:<{DANA}>"),
                client.docmd("RCPT", 'TO:<"in+ \\" "@x>'),
                client.docmd("RCPT", "TO:<" + "@" * 200 + ">"),
            ]
            return [code for code, _ in odd]

    codes = await asyncio.to_thread(talk)

    assert [250, 250] == codes[5:7]
    assert all(400 <= code < 600 for place, code in enumerate(codes) if place not in {0, 5, 6})
