"""Values of JSON from outside, read so that an odd one costs nothing but itself.

Items and members are split off as raw JSON first; then each is read alone. What a strict decoder refuses although
its neighbours are sound (a lone surrogate, bytes of another charset, nesting without end) is mended before that, and what is
nearly JSON is read as far as it is plain (lenient.py).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from bot.domain.charset import as_utf8, decoded
from bot.domain.signal import (
    DESCRIPTION_LIMIT,
    LABEL_NAME_LIMIT,
    LABEL_VALUE_LIMIT,
    LABELS_LIMIT,
    LINKS_LIMIT,
    SUMMARY_LIMIT,
    Link,
    Rejected,
    Signal,
    clean,
)
from bot.sources.lenient import Document, documents
from bot.sources.unread import words_of

Item = Signal | Rejected
Broken = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for a body that it cannot read."""

DEEPEST = 64
"""Nesting beyond this many levels is replaced by `null` when the decoder gives up on it."""
WORTH_MENDING = 2 * 1024 * 1024
"""Longer bodies are not searched for where their nesting has no end."""
LABELS_CUT = "labels_cut"
LINK_TEXT_LIMIT = 256
HREF_LIMIT = 2048
SCHEMES = ("http://", "https://", "mailto:")

ODD = "A message that could not be read, from {}"
ODD_KEY = "odd:"
ODD_EMPTY = "(the message was empty)"

_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_BEGINS = re.compile(rb"[\s\x00\xef\xbb\xbf\xfe\xff]*['{\[]")
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_USER = re.compile(r"https?://[^/?#]*@", re.IGNORECASE)
_SINCE_1970 = re.compile(r"[0-9]{9,14}(?:\.[0-9]{1,9})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECONDS_LIMIT = 100_000_000_000

_decode_any = msgspec.json.decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode
_compact = msgspec.json.format


def mended(body: bytes) -> bytes:
    """Return the body with what cannot be text replaced, so that everything around it can be read.

    A byte order mark goes, another charset becomes UTF-8; escapes of lone surrogates become U+FFFD.
    """
    body = as_utf8(body)
    return _ESCAPE.sub(_paired, body) if b"\\u" in body else body


def _paired(match: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if match["lone"] else match[0]


def shallow(body: bytes) -> bytes:
    """Return the body with every value nested deeper than DEEPEST levels replaced by `null`."""
    kept: list[bytes] = []
    depth = begin = 0
    for match in _NESTING.finditer(body):
        sign = body[match.start()]
        if sign in b"[{":
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(body[begin : match.start()])
        elif sign in b"]}":
            if depth == DEEPEST + 1:
                kept.append(b"null")
                begin = match.end()
            depth -= 1
    if depth <= DEEPEST:
        kept.append(body[begin:])
    return b"".join(kept)


def elements(body: bytes | msgspec.Raw) -> list[msgspec.Raw] | None:
    """Split a JSON array into its elements; None when it is no array."""
    try:
        return _elements(body)
    except Broken:
        return None


def members(body: bytes | msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    """Split a JSON object into its members; None when it is no object."""
    try:
        return _members(body)
    except Broken:
        return None


def readable(body: bytes) -> bytes | None:
    """Return a body, mended where needed, whose JSON can be split; None when it is not even nearly JSON.

    Of several documents after each other it is an array. One whose end is cut off is none here: an end, a silence or an
    acknowledgement must not come of a half (see `nearly`).
    """
    sound = _sound(body)
    if sound is not None:
        return sound
    found = _lenient(body)
    if not found or not all(document.whole for document in found):
        return None
    return found[0].json if len(found) == 1 else b"[" + b",".join(document.json for document in found) + b"]"


def nearly(body: bytes) -> list[Document]:
    """Return the documents of a body that is nearly JSON, each sound by itself; none of one that is sound, or another text."""
    return [] if _sound(body) is not None else _lenient(body)


def _lenient(body: bytes) -> list[Document]:
    if not _BEGINS.match(body):
        return []
    found = (replace(document, json=mended(document.json)) for document in documents(decoded(body)))
    return [document for document in found if _sound(document.json) is not None]


def _sound(body: bytes) -> bytes | None:
    body = mended(body)
    try:
        _decode_any(body, type=msgspec.Raw)
    except RecursionError:
        if len(body) > WORTH_MENDING:
            return None
        body = shallow(body)
        return None if elements(body) is None and members(body) is None else body
    except Broken:
        return None
    return _inside(body) if body[:1] == b'"' else body


def _inside(body: bytes) -> bytes:
    """Return the document that is written in a JSON string, or the string."""
    inner = _text(body).strip().encode("utf-8", "replace")
    if inner[:1] in {b"{", b"["} and (elements(inner) is not None or members(inner) is not None):
        return inner
    return body


def is_text(raw: msgspec.Raw) -> bool:
    """Whether a raw value is a JSON string."""
    return bytes(raw)[:1] == b'"'


def is_null(raw: msgspec.Raw) -> bool:
    """Whether a raw value is `null`."""
    return bytes(raw) == b"null"


def text_of(raw: msgspec.Raw) -> str:
    """Return any value as text: a string as it is, a number as it was written, the rest as compact JSON."""
    if is_text(raw):
        return _text(raw)
    value = bytes(raw)
    return (_compact(value, indent=-1) if value[:1] in (b"[", b"{") else value).decode()


def texts_of(raw: msgspec.Raw) -> dict[str, str] | None:
    """Return an object's members as texts, without those that are null; None when it is no object."""
    given = members(raw)
    if given is None:
        return None
    return {name: text_of(value) for name, value in given.items() if not is_null(value)}


def labels_within_limits(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels that can be stored: cleaned, cut, and at most LABELS_LIMIT; `labels_cut` then counts the others."""
    names: Iterable[str] = labels
    spare = len(labels) - LABELS_LIMIT
    if spare > 0:
        names = list(labels)[:LABELS_LIMIT]
    kept = {clean(name, LABEL_NAME_LIMIT): clean(labels[name], LABEL_VALUE_LIMIT) for name in names}
    if spare > 0:
        kept[LABELS_CUT] = str(spare)
    return kept


def time_of(text: str) -> int | None:
    """Read RFC 3339, or seconds or milliseconds since 1970, as epoch milliseconds; None when it is no time.

    A time without an offset is UTC. The year 1 is how Go writes "no time".
    """
    text = text.strip()
    if _SINCE_1970.fullmatch(text):
        number = Decimal(text)
        return int(number * 1000 if number < _SECONDS_LIMIT else number)
    try:
        moment = datetime.fromisoformat(text.upper() if text.endswith("z") else text)
        if moment.year == 1:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None


def link_to(href: str, text: str = "") -> Link | None:
    """Return a link that a page may show; None for what is no absolute web or mail address, or names a user of the host."""
    href = href.strip()
    if len(href) > HREF_LIMIT or not href.lower().startswith(SCHEMES) or _UNSAFE.search(href):
        return None
    if "@" in href and _USER.match(href):
        return None
    return Link(text=clean(text.strip() or href, LINK_TEXT_LIMIT), href=href)


def links_within_limits(links: Iterable[Link | None]) -> tuple[Link, ...]:
    """Return the usable links, each address once, at most LINKS_LIMIT."""
    by_href = {link.href: link for link in links if link is not None}
    return tuple(by_href.values())[:LINKS_LIMIT]


def odd_key(body: bytes) -> str:
    """Return the identity of a message that nobody understands: what it says."""
    return f"{ODD_KEY}{hashlib.sha256(body).hexdigest()[:32]}"


def odd(body: bytes, sender: str) -> Signal:
    """Return the odd-looking alert of a message that nobody understands: its raw text, shown rather than dropped.

    The same message again is the same alert.
    """
    words = words_of(body)
    return Signal(
        dedup_key=odd_key(body),
        summary=clean(f"{ODD.format(sender)}: {words}" if words else ODD.format(sender), SUMMARY_LIMIT),
        sender=sender,
        source=sender,
        description=clean(decoded(body).strip(), DESCRIPTION_LIMIT) or ODD_EMPTY,
    )


def is_odd(item: Item) -> bool:
    """Whether an item is the odd-looking alert of a message that nobody understood."""
    return item.dedup_key.startswith(ODD_KEY)
