"""E-mail: each person a mail of their own, one thread per alert, text and html (alert-sources.md 2.3; RFC 5322, 3834, 8058)."""

import asyncio
import contextlib
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import jinja2

from bot.channels.letterhead import Letterhead
from bot.domain.alert import State
from bot.domain.channel import Channel, Parcel
from bot.domain.unseen import plain
from bot.ports import Later, Never, Receipt

TIMEOUT = 20.0
PATIENCE = 45.0
"""Seconds for all mails of a parcel: less than its lease (usecases/forward.py), so that nobody else mails them meanwhile."""
SUBMISSION = 587
SMTPS = 465
PLAIN = 25
SUBJECT_LIMIT = 200

NO_SERVER = "no mail server is set (SMTP_URL)"
REFUSED = "the mail server refused it ({code})"
BUSY = "the mail server has trouble ({code})"
UNREACHED = "the mail server cannot be reached"
NO_TIME = "the mail server is too slow"
NO_ADDRESS = "{text} is no mail address"
LOGIN = "the mail server refuses the login of SMTP_URL ({code})"
ALL_MUTED = "not mailed: everybody has ended the mails of this channel"
SENT = "sent (250)"
SENT_BUT = "sent (250), not to {muted}, who ended these mails"
PARTLY = "{why}, for {whom}; {taken} got it"
NOBODY = "nobody else"
REPLY = "Answer this mail to act: ack, ack 2h, close, own, snooze 2h, assign @name. Anything else is a note."
END = "No more mails of the channel {channel}"

COLOURS: Mapping[str, str] = {"critical": "#bf2600", "error": "#c9372c", "warning": "#b65c02", "info": "#55617a"}
CLOSED_COLOUR = "#1f7a4d"

_LABEL = re.compile(r"[^a-z0-9]+")
_pages = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.channels"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class _Verbatim(UnstructuredHeader, BaseHeader):
    """A header that says what it was given and nothing else: nothing in it is decoded, and it has no line break.

    The library's own decode encoded words (RFC 2047) of the text, which is anybody's: a line break may hide in one.
    """

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the text as it is."""
        kwds["decoded"] = plain(value)
        kwds["parse_tree"] = None

    def fold(self, *, policy: Policy) -> str:
        """Write the header; what is not ASCII, or looks like an encoded word, is encoded by us."""
        text = str(self)
        charset = "us-ascii" if text.isascii() and "=?" not in text else "utf-8"
        header = Header(text, charset, header_name=self.name, maxlinelen=policy.max_line_length or 78)
        return f"{self.name}: {header.encode(linesep=policy.linesep)}{policy.linesep}"


class _Whole(_Verbatim):
    """A header of addresses that are never cut or encoded: lines end between them only."""

    def fold(self, *, policy: Policy) -> str:
        """Write the header."""
        text = str(self).replace(", ", f",{policy.linesep} ")
        return f"{self.name}: {text}{policy.linesep}"


_headers = HeaderRegistry(default_class=_Verbatim)
_headers.map_to_type("subject", _Verbatim)
for _name in ("to", "list-unsubscribe", "list-id", "reply-to", "message-id", "in-reply-to", "references"):
    _headers.map_to_type(_name, _Whole)
_POLICY = EmailPolicy(header_factory=_headers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Postman:
    """A mail server and who the mails are from. `starttls` None: used where the server offers it."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool | None = None
    context: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Postman(host={self.host!r}, port={self.port}, sender={self.sender!r})"

    @property
    def domain(self) -> str:
        """The domain of our own Message-IDs, which nobody else's mail program uses."""
        return f"alertbot.{self.sender.rpartition('@')[2].strip('> ') or 'invalid'}"

    async def carry(self, message: EmailMessage, to: str) -> None:
        """Hand one mail over. Raises Later or Never; none of their words holds the password."""
        async with self.round() as client:
            await self.hand_over(client, message, to)

    @contextlib.asynccontextmanager
    async def round(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connect to the server. Raises Later, or Never when it refuses to speak with us at all."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password or None,
            use_tls=self.tls,
            start_tls=self.starttls,
            tls_context=self.context,
            timeout=TIMEOUT,
        )
        with _judging():
            await client.connect()
        try:
            yield client
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                if client.is_connected:
                    await client.quit()
            client.close()

    async def hand_over(self, client: aiosmtplib.SMTP, message: EmailMessage, to: str) -> None:
        """Hand one of several mails over. Raises Later or Never."""
        with _judging():
            await client.send_message(message, sender=self.sender, recipients=[to])


@contextlib.contextmanager
def _judging() -> Iterator[None]:
    """Turn what the server says into Later or Never."""
    try:
        yield
    except aiosmtplib.SMTPAuthenticationError as error:
        raise Later(LOGIN.format(code=error.code)) from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _judged(error.recipients[0].code) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _judged(error.code) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        raise Later(UNREACHED) from None


def _judged(code: int) -> Later | Never:
    return Never(REFUSED.format(code=code), status=code) if code >= 500 else Later(BUSY.format(code=code), status=code)


def postman_of(url: str, sender: str) -> Postman | None:
    """Read SMTP_URL: `smtps` is TLS from the first byte, `smtp` STARTTLS where it is offered; None without one."""
    if not url:
        return None
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    host = parts.hostname or ""
    user = unquote(parts.username or "")
    return Postman(
        host=host,
        port=parts.port or (SMTPS if secure else SUBMISSION),
        sender=sender or user or f"alertbot@{host}",
        user=user,
        password=unquote(parts.password or ""),
        tls=secure,
        # A password never leaves in the clear, unless the server is on this machine.
        starttls=False if secure else True if user and host not in {"localhost", "127.0.0.1", "::1"} else None,
    )


class Email:
    """Mails what happened to the addresses of a channel, each by itself: what one refuses costs the others nothing."""

    def __init__(self, postman: Postman | None, letterhead: Letterhead | None) -> None:
        self._postman = postman
        self._letterhead = letterhead

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Mail one parcel to everybody who has not got it yet. A repeat has the same Message-ID, so that it is shown once.

        Raises Later when an address may take it another time, Never when all others have it; both know who has.
        """
        if self._postman is None:
            raise Later(NO_SERVER)
        addresses = addresses_of(to.settings["to"])
        wanted = [address for address in addresses if address.lower() not in parcel.muted]
        if not wanted:
            return Receipt(status=204, said=ALL_MUTED)
        taken = set(parcel.progress.split("\n")) & set(wanted)
        troubles = await self._round(self._postman, parcel, [each for each in wanted if each not in taken])
        if troubles:
            raise _told(troubles, [each for each in wanted if each not in troubles])
        muted = [address for address in addresses if address.lower() in parcel.muted]
        return Receipt(status=250, said=SENT_BUT.format(muted=", ".join(muted)) if muted else "")

    async def _round(self, postman: Postman, parcel: Parcel, left: Sequence[str]) -> dict[str, Later | Never]:
        """Mail to some addresses; return those that it failed for, and how."""
        troubles: dict[str, Later | Never] = {address: Later(NO_TIME) for address in left}
        if not left:
            return troubles
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE), postman.round() as client:
                for address in left:
                    try:
                        await postman.hand_over(client, mail(parcel, postman, address, self._letterhead), address)
                    except (Later, Never) as trouble:
                        troubles[address] = trouble
                    else:
                        del troubles[address]
        return troubles


def _told(troubles: Mapping[str, Later | Never], taken: Sequence[str]) -> Later | Never:
    """Return one trouble for several: what may pass is tried again before anything is given up."""
    for kind in (Later, Never):
        whom = [address for address, trouble in troubles.items() if isinstance(trouble, kind)]
        if whom:
            break
    first = troubles[whom[0]]
    reason = first.reason
    if taken or len(troubles) > 1:
        reason = PARTLY.format(why=reason, whom=", ".join(whom), taken=", ".join(taken) or NOBODY)
    return type(first)(reason, status=first.status, progress="\n".join(taken))


def addresses_of(text: str) -> list[str]:
    """Read addresses with commas between them, each once. Raises Never for what is none."""
    found: dict[str, None] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            address = Address(addr_spec=part)
        except (ValueError, IndexError, MessageError):
            raise Never(NO_ADDRESS.format(text=part[:100])) from None
        if not address.username or not address.domain or not part.isprintable():
            raise Never(NO_ADDRESS.format(text=part[:100]))
        found[part] = None
    return list(found)


def mail(parcel: Parcel, postman: Postman, to: str, letterhead: Letterhead | None) -> EmailMessage:
    """Write somebody's mail: what happened in the first line, the alert below; all mails of an alert are one thread."""
    told = parcel.content
    message = _begun(postman, to, parcel.tenant, parcel.number)
    summary = " ".join(str(told["summary"]).split())
    message["Subject"] = plain(f"[#{parcel.number} {told['severity']}] {summary}")[:SUBJECT_LIMIT]
    message["Date"] = format_datetime(datetime.fromtimestamp(parcel.at / 1000, UTC))
    whose = hashlib.sha256(to.lower().encode()).hexdigest()[:12]
    message["Message-ID"] = f"<parcel-{parcel.tenant}-{parcel.id}-{whose}@{postman.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Alert-Id"] = str(parcel.number)
    message["X-Alert-Severity"] = str(told["severity"])
    message["X-Alert-Status"] = str(told["state"])
    label = _LABEL.sub("-", parcel.channel.lower()).strip("-") or "channel"
    message["List-Id"] = f"<{label}.{parcel.tenant}.{postman.domain}>"
    buttons, ends, reply_to = [], [], ""
    if letterhead is not None:
        buttons = letterhead.buttons(parcel.tenant, parcel.number, State(told["state"]), to)
        ends = letterhead.ends(parcel.tenant, parcel.channel, to)
        reply_to = letterhead.reply_to(parcel.tenant, parcel.number, to)
    if reply_to:
        message["Reply-To"] = reply_to
    if ends:
        message["List-Unsubscribe"] = ", ".join(f"<{each}>" for each in ends)
    if ends and ends[0].startswith("http"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    foot = [REPLY] if reply_to else []
    end_words = plain(END.format(channel=parcel.channel))
    rows = lines(parcel) + ([""] if buttons else []) + [f"{text}: {href}" for text, href in buttons]
    rows += ["", *foot] if foot else []
    rows += ["", f"{end_words}: {ends[0]}"] if ends else []
    message.set_content("\n".join(map(plain, "\n".join(rows).split("\n"))) + "\n")
    page = _pages.get_template("mail.html").render(
        subject=str(message["Subject"]),
        colour=COLOURS.get(str(told["severity"]), COLOURS["info"]) if told["state"] != "closed" else CLOSED_COLOUR,
        first=plain(lines(parcel)[0]),
        summary=plain(summary),
        buttons=buttons,
        rows=[(plain(name), plain(value)) for name, value in _facts(parcel)],
        description="\n".join(map(plain, str(told["description"]).split("\n"))),
        links=[(plain(link["text"] or link["href"]), link["href"]) for link in told["links"]],
        foot=foot,
        end=ends[0] if ends else "",
        end_words=end_words,
    )
    message.add_alternative(page, subtype="html")
    return message


def answer(
    postman: Postman,
    letterhead: Letterhead,
    *,
    tenant: int,
    number: int,
    about: str,
    to: str,
    to_message: str,
    text: str,
    at: int,
) -> EmailMessage:
    """Write the answer to somebody's mail (`to_message` is its Message-ID): what became of it, at a moment (epoch ms)."""
    message = _begun(postman, to, tenant, number)
    message["Subject"] = plain(f"Re: {' '.join(about.split())}")[:SUBJECT_LIMIT]
    message["Date"] = format_datetime(datetime.fromtimestamp(at / 1000, UTC))
    whose = hashlib.sha256(f"{to_message} {at}".encode()).hexdigest()[:24]
    message["Message-ID"] = f"<answer-{tenant}-{number}-{whose}@{postman.domain}>"
    if to_message:
        del message["In-Reply-To"]
        message["In-Reply-To"] = plain(to_message)
    message["Auto-Submitted"] = "auto-replied"
    reply_to = letterhead.reply_to(tenant, number, to)
    if reply_to:
        message["Reply-To"] = reply_to
    message.set_content("\n".join(map(plain, text.split("\n"))) + "\n")
    return message


def _begun(postman: Postman, to: str, tenant: int, number: int) -> EmailMessage:
    """Begin a mail to somebody in an alert's thread: all answer a mail that nobody ever sent."""
    root = f"<alert-{tenant}-{number}@{postman.domain}>"
    message = EmailMessage(policy=_POLICY)
    message["From"] = postman.sender
    message["To"] = to
    message["In-Reply-To"] = root
    message["References"] = root
    message["X-Auto-Response-Suppress"] = "All"
    return message


def lines(parcel: Parcel) -> list[str]:
    """Say what happened and what the alert is, a line each."""
    told = parcel.content
    by = f" by {told['by']}" if told["by"] else ""
    note = f": {told['note']}" if told["note"] else ""
    rows = [f"#{parcel.number} {parcel.action}{by}{note}", str(told["summary"]), ""]
    rows += [f"{name}: {value}" for name, value in _facts(parcel)]
    rows += ["", str(told["description"])] if told["description"] else []
    rows += [f"{link['text']}: {link['href']}" for link in told["links"]]
    return rows


def _facts(parcel: Parcel) -> list[tuple[str, str]]:
    told = parcel.content
    facts = [("severity", str(told["severity"])), ("state", str(told["state"]))]
    facts += [("owner", str(told["owner"]))] if told["owner"] else []
    return facts + [(str(name), str(value)) for name, value in told["labels"].items()]
