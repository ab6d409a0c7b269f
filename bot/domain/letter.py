"""Letter: a mail that came in, read as far as it matters, whatever its bytes are.

Only the beginning of a mail is read: its words stand there, and what a stranger nests or repeats costs us no more than that.
"""

import email.message
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses, parsedate_to_datetime

from bot.domain.charset import decoded
from bot.domain.encoded_words import unpacked, words_of
from bot.domain.markup import shown

READ = 128 * 1024
"""Bytes of a mail that are read."""
HEADER_LIMIT = 2000
PARTS_LIMIT = 50
NESTED_LIMIT = 20
"""A mail that names more multiparts than this is read as plain text: nobody writes such mails."""
TEXT_LIMIT = 64 * 1024

ROBOTS = frozenset({"bulk", "junk", "list"})
FOLDED = re.compile(r"[\r\n\t ]+")

_SENTENCE = re.compile(rb"[^\s][ \t]+[^\s]")
_BOUNDARY = re.compile(rb"(?m)^--([^\s\"]{1,70})[ \t]*\r?$")
_ADDRESS = r"""[^\s<>@,;:"()\[\]\\]+@[^\s<>@,;:"()\[\]\\]+"""
_ONE = re.compile(
    rf"""(?:"(?:[^"\\]|\\.)*"|[^<>,;:"@()])*<(?P<named>{_ADDRESS})>|(?P<bare>{_ADDRESS})(?: *\([^()]*\))?"""
)
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_WROTE = re.compile(
    r"(?:on|am|le|el|il|op|den)\b.{0,300}(?:wrote|schrieb|crit|escribi.|scritto|schreef|skrev).{0,80}:\s*\Z",
    re.IGNORECASE,
)
_WROTE_BEGINS = re.compile(r"(?:on|am|le|el|il|op|den)\b.{0,200}\d.{0,200}\Z", re.IGNORECASE)
_HEADER = re.compile(rb"[!-9;-~]{1,76}:[ \t]")
_MAIL_HEADER = re.compile(rb"^(?:from|subject|message-id|received):", re.IGNORECASE | re.MULTILINE)
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_LINE_ENDS = re.compile(rb"\r?\n(?![ \t])")
_HOW = frozenset({b"content-type", b"content-transfer-encoding"})
_ORIGINAL = re.compile(
    r"-{2,}\s*(?:original message|forwarded message|urspr.ngliche nachricht|message d.origine)\s*-{2,}", re.IGNORECASE
)
_OUTLOOK = re.compile(r"_{10,}\s*\Z|(?:from|von|de):\s.{0,200}@", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What a mail says. `sender` is the one address of its From in small letters, "" unless there is exactly one."""

    subject: str
    sender: str
    message_id: str
    text: str
    headers: dict[str, str]

    @property
    def sent_at(self) -> str:
        """The time of its Date as ISO 8601, "" when it has none that can be read or no zone."""
        try:
            moment = parsedate_to_datetime(self.header("date"))
        except (ValueError, TypeError, IndexError, OverflowError):
            return ""
        return moment.isoformat() if moment.tzinfo else ""

    def header(self, name: str) -> str:
        """Return the first header of that name (small letters), on one line; "" without one."""
        return self.headers.get(name, "")

    @property
    def automatic(self) -> bool:
        """Whether a machine wrote it: a vacation reply, a mailing list, another bot (RFC 3834)."""
        said = self.header("auto-submitted").partition(";")[0].strip().lower()
        return (
            said not in {"", "no"}
            or self.header("precedence").strip().lower() in ROBOTS
            or bool(self.header("x-autoreply") or self.header("x-autorespond"))
        )

    def from_domain(self, domain: str) -> bool:
        """Whether its Message-ID is of a domain."""
        return self.message_id.lower().endswith(f"@{domain.lower()}>")


def read(raw: bytes) -> Letter:
    """Read a mail. Any bytes are one."""
    beginning = raw[:READ]
    try:
        simple = beginning.lower().count(b"multipart/") > NESTED_LIMIT
        message = (BytesHeaderParser if simple else BytesParser)().parsebytes(beginning)
        headers = _headers(message)
        sender = _sender([str(value) for name, value in message.raw_items() if name.lower() == "from"])
        text = decoded(beginning) if simple else _text(message)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        # The library reads nearly everything, and trips over the rest in many ways.
        headers, sender, text = {}, "", decoded(beginning)
    found = _MESSAGE_ID.search(headers.get("message-id", ""))
    return Letter(
        subject=headers.get("subject", ""),
        sender=sender,
        message_id=found[0] if found else "",
        text=text.replace("\r\n", "\n").replace("\r", "\n")[:TEXT_LIMIT],
        headers=headers,
    )


def looks_like(raw: bytes) -> bool:
    """Whether bytes begin as mails do."""
    return _HEADER.match(raw) is not None and _MAIL_HEADER.search(raw, 0, 4096) is not None


def rewritten(raw: bytes, headers: Mapping[str, str], text: str | None) -> bytes:
    """Return a mail that says something else in some headers (small letters), and as its text (None: as it was)."""
    end = _HEAD_ENDS.search(raw)
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    lines = []
    for line in _LINE_ENDS.split(head):
        name = line.partition(b":")[0].strip().lower()
        said = headers.get(name.decode("ascii", "replace"))
        if text is None or name not in _HOW:
            lines.append(line if said is None else line.partition(b":")[0] + b": " + said.encode("utf-8", "replace"))
    if text is not None:
        lines += [b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: 8bit"]
        body = text.encode("utf-8", "replace")
    return b"\n".join(lines) + b"\n\n" + body


def _headers(message: "email.message.Message") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        if name.lower() not in found:
            line = FOLDED.sub(" ", str(value)[:HEADER_LIMIT]).strip()
            found[name.lower()] = (
                line if line.isascii() and "=?" not in line else FOLDED.sub(" ", words_of(line)).strip()
            )
    return found


def _sender(given: list[str]) -> str:
    """Return the one address of the one From, as it stands there: what is decoded first may show another one."""
    if len(given) != 1 or len(given[0]) > HEADER_LIMIT:
        return ""
    line = FOLDED.sub(" ", given[0]).strip()
    one = _ONE.fullmatch(line)
    read_too = [address for _, address in getaddresses([line])]
    address = (one["named"] or one["bare"]) if one else ""
    return address.lower() if [address] == read_too else ""


# --- the text -----------------------------------------------------------------------------------------------------------


def _text(message: "email.message.Message", *, again: bool = True) -> str:
    """Return the first plain text, else what the first HTML shows, else any other text that is there."""
    markup = other = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if kind.startswith("multipart/"):
            other = other or (_unbound(part) if again else "")
        elif kind.startswith("text/"):
            words = _words(part)
            if kind == "text/plain" and words.strip():
                return words
            markup, other = (markup or words, other) if kind == "text/html" else (markup, other or words)
    return shown(markup) or other


def _words(part: "email.message.Message") -> str:
    """Return a part's text; of base64 that is broken as much as there is, and text that is none as it stands."""
    packed = str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"
    if packed:
        del part["content-transfer-encoding"]
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    if packed and not _SENTENCE.search(payload):
        payload = unpacked(payload.decode("ascii", "replace"))
    return decoded(payload, str(part.get_content_charset() or ""))


def _unbound(part: "email.message.Message") -> str:
    """Return the text of parts whose boundary is not the one that was announced, else all that is there."""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    found = _BOUNDARY.search(content)
    if found is None:
        return decoded(content)
    head = b'Content-Type: multipart/mixed; boundary="' + found[1] + b'"\r\n\r\n'
    return _text(BytesParser().parsebytes(head + content), again=False) or decoded(content)


def _parts(message: "email.message.Message") -> Iterator["email.message.Message"]:
    for count, part in enumerate(message.walk()):
        if count >= PARTS_LIMIT:
            return
        yield part


# --- a reply ------------------------------------------------------------------------------------------------------------


def said(text: str) -> str:
    """Return what somebody wrote above what they quote and above their signature, without empty lines around it."""
    kept: list[str] = []
    lines = text.split("\n")
    for place, line in enumerate(lines):
        bare = line.strip()
        after = lines[place + 1].strip() if place + 1 < len(lines) else ""
        # Some programs break the line of who wrote when in two.
        wrote = _WROTE.match(bare) or (_WROTE_BEGINS.match(bare) and _WROTE.match(f"{bare} {after}"))
        if wrote or bare == "--" or _ORIGINAL.match(bare) or _OUTLOOK.match(bare):
            break
        if not bare.startswith(">"):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()
