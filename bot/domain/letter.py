"""Letter: a mail that came in, read as far as it matters, whatever its bytes are.

Only the beginning of a mail is read: its words stand there, and what a stranger nests or repeats costs us no more than that.
"""

import email.message
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from html import unescape

READ = 128 * 1024
"""Bytes of a mail that are read."""
HEADER_LIMIT = 2000
PARTS_LIMIT = 50
NESTED_LIMIT = 20
"""A mail that names more multiparts than this is read as plain text: nobody writes such mails."""
TEXT_LIMIT = 64 * 1024

ROBOTS = frozenset({"bulk", "junk", "list"})
FOLDED = re.compile(r"[\r\n\t ]+")

BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "pre"})
UNSEEN = frozenset({"style", "script", "head", "title"})

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20})?[^<>]*>")
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
        text = beginning.decode("utf-8", "replace") if simple else _text(message)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        # The library reads nearly everything, and trips over the rest in many ways.
        headers, sender, text = {}, "", beginning.decode("utf-8", "replace")
    found = _MESSAGE_ID.search(headers.get("message-id", ""))
    return Letter(
        subject=headers.get("subject", ""),
        sender=sender,
        message_id=found[0] if found else "",
        text=text.replace("\r\n", "\n").replace("\r", "\n")[:TEXT_LIMIT],
        headers=headers,
    )


def _headers(message: "email.message.Message") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        if name.lower() not in found:
            found[name.lower()] = _decoded(str(value)[:HEADER_LIMIT])
    return found


def _decoded(value: str) -> str:
    """Return a header's words: encoded ones (RFC 2047) are decoded, raw bytes are UTF-8, and it is one line."""
    plain = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    line = FOLDED.sub(" ", plain).strip()
    if "=?" not in line:
        return line
    try:
        pieces = decode_header(line)
    except (ValueError, LookupError):
        return line
    words = "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "ascii") for piece, charset in pieces
    )
    return FOLDED.sub(" ", words).strip()


def decoded(data: bytes, charset: str) -> str:
    """Decode bytes in a charset that somebody named; an unknown one is read as UTF-8."""
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError, TypeError):
        return data.decode("utf-8", "replace")


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


def _text(message: "email.message.Message") -> str:
    """Return the first plain text, else what the first HTML shows, else nothing."""
    markup = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or kind not in {"text/plain", "text/html"}:
            continue
        payload = part.get_payload(decode=True)
        words = decoded(payload, str(part.get_content_charset() or "utf-8")) if isinstance(payload, bytes) else ""
        if kind == "text/plain" and words.strip():
            return words
        markup = markup or words
    return _shown(markup)


def _parts(message: "email.message.Message") -> Iterator["email.message.Message"]:
    for count, part in enumerate(message.walk()):
        if count >= PARTS_LIMIT:
            return
        yield part


def _shown(markup: str) -> str:
    """Return the words of a page, with line breaks where blocks begin and end. It takes time in proportion to the page's length.

    The standard library's parser takes a minute for some pages of this size.
    """
    words: list[str] = []
    unseen = at = 0
    markup = _without_comments(markup)
    for tag in _TAG.finditer(markup):
        if not unseen:
            words.append(FOLDED.sub(" ", markup[at : tag.start()]))
        at = tag.end()
        name = (tag["name"] or "").lower()
        if name in UNSEEN:
            unseen = max(0, unseen - 1) if tag["end"] else unseen + 1
        elif name in BREAKS:
            words.append("\n> " if name == "blockquote" and not tag["end"] else "\n")
    words.append(FOLDED.sub(" ", markup[at:]) if not unseen else "")
    lines = (" ".join(unescape(line).split()) for line in "".join(words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_comments(markup: str) -> str:
    first, *others = markup.split("<!--")
    return "".join([first, *(other.partition("-->")[2] for other in others)])


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
