"""E-mail: one thread per alert, text and html (alert-sources.md 2.3; RFC 5322, 3834)."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.domain.channel import Channel, Parcel
from bot.ports import Later, Never, Receipt

TIMEOUT = 20.0
SUBMISSION = 587
SMTPS = 465
PLAIN = 25
SUBJECT_LIMIT = 200

NO_SERVER = "no mail server is set (SMTP_URL)"
REFUSED = "the mail server refused it ({code})"
BUSY = "the mail server has trouble ({code})"
UNREACHED = "the mail server cannot be reached"
NO_ADDRESS = "{text} is no mail address"
LOGIN = "the mail server refuses the login of SMTP_URL ({code})"


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

    async def carry(self, message: EmailMessage, to: list[str]) -> int:
        """Hand one mail over. Raises Later or Never; none of their words holds the password."""
        try:
            await aiosmtplib.send(
                message,
                sender=self.sender,
                recipients=to,
                hostname=self.host,
                port=self.port,
                username=self.user or None,
                password=self.password or None,
                use_tls=self.tls,
                start_tls=self.starttls,
                tls_context=self.context,
                timeout=TIMEOUT,
            )
        except aiosmtplib.SMTPAuthenticationError as error:
            raise Later(LOGIN.format(code=error.code)) from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            raise _judged(max(codes) if all(code >= 500 for code in codes) else min(codes)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _judged(error.code) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            raise Later(UNREACHED) from None
        return 250


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
    """Mails what happened to the addresses of a channel."""

    def __init__(self, postman: Postman | None) -> None:
        self._postman = postman

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Mail one parcel. A repeat has the same Message-ID, so that mail programs show it once."""
        if self._postman is None:
            raise Later(NO_SERVER)
        addresses = addresses_of(to.settings["to"])
        return Receipt(status=await self._postman.carry(mail(parcel, self._postman.sender, addresses), addresses))


def addresses_of(text: str) -> list[str]:
    """Read addresses with commas between them. Raises Never for what is none."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            address = Address(addr_spec=part)
        except (ValueError, IndexError, MessageError):
            raise Never(NO_ADDRESS.format(text=part[:100])) from None
        if not address.username or not address.domain or not part.isprintable():
            raise Never(NO_ADDRESS.format(text=part[:100]))
        found.append(part)
    return found


def mail(parcel: Parcel, sender: str, to: list[str]) -> EmailMessage:
    """Write a mail: what happened in the first line, the alert below; all mails of an alert are one thread."""
    told = parcel.content
    domain = sender.rpartition("@")[2].strip(">") or "alertbot"
    root = f"<alert-{parcel.tenant}-{parcel.number}@{domain}>"
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    summary = " ".join(str(told["summary"]).split())
    message["Subject"] = _header(f"[#{parcel.number} {told['severity']}] {summary}")[:SUBJECT_LIMIT]
    message["Date"] = format_datetime(datetime.fromtimestamp(parcel.at / 1000, UTC))
    message["Message-ID"] = f"<parcel-{parcel.tenant}-{parcel.id}@{domain}>"
    message["In-Reply-To"] = root
    message["References"] = root
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Alert-Id"] = str(parcel.number)
    message["X-Alert-Severity"] = str(told["severity"])
    message["X-Alert-Status"] = str(told["state"])
    rows = lines(parcel)
    message.set_content("\n".join(rows) + "\n")
    message.add_alternative(_html(rows), subtype="html")
    return message


def lines(parcel: Parcel) -> list[str]:
    """Say what happened and what the alert is, a line each."""
    told = parcel.content
    by = f" by {told['by']}" if told["by"] else ""
    note = f": {told['note']}" if told["note"] else ""
    rows = [f"#{parcel.number} {parcel.action}{by}{note}", str(told["summary"]), ""]
    rows += [f"severity: {told['severity']}", f"state: {told['state']}"]
    rows += [f"owner: {told['owner']}"] if told["owner"] else []
    rows += [f"{name}: {value}" for name, value in told["labels"].items()]
    rows += ["", str(told["description"])] if told["description"] else []
    rows += [f"{link['text']}: {link['href']}" for link in told["links"]]
    return rows


def _html(rows: list[str]) -> str:
    first, summary, *others = (escape(row) for row in rows)
    return f"<p><b>{first}</b></p><h3>{summary}</h3><p>{'<br>'.join(others)}</p>\n"


def _header(text: str) -> str:
    """Return text for a header: every line break and control character is a space."""
    return "".join(char if char.isprintable() else " " for char in text)
