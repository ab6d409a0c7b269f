"""Values of JSON from outside, read so that an odd one costs nothing but itself.

Items and members are split off as raw JSON first; then each is read alone. What a strict decoder refuses although
its neighbours are sound (a lone surrogate, broken UTF-8, nesting without end) is mended before that.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from bot.domain.signal import (
    DESCRIPTION_LIMIT,
    LABEL_NAME_LIMIT,
    LABEL_VALUE_LIMIT,
    LABELS_LIMIT,
    LINKS_LIMIT,
    Link,
    Rejected,
    Signal,
    clean,
)

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

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
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

    A byte order mark goes; broken UTF-8 and escapes of lone surrogates become U+FFFD.
    """
    body = body.removeprefix(_BOM)
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode("utf-8", "replace").encode()
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
    """Return a body, mended where needed, whose JSON can be split; None when it is not JSON."""
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
    """Return a link that a page may show; None for what is no absolute web or mail address."""
    href = href.strip()
    if len(href) > HREF_LIMIT or not href.lower().startswith(SCHEMES) or _UNSAFE.search(href):
        return None
    return Link(text=clean(text.strip() or href, LINK_TEXT_LIMIT), href=href)


def links_within_limits(links: Iterable[Link | None]) -> tuple[Link, ...]:
    """Return the usable links, each address once, at most LINKS_LIMIT."""
    by_href = {link.href: link for link in links if link is not None}
    return tuple(by_href.values())[:LINKS_LIMIT]


def odd(body: bytes, sender: str) -> Signal:
    """Return the odd-looking alert of a message that nobody understands: its raw text, shown rather than dropped.

    The same message again is the same alert.
    """
    text = body.decode("utf-8", "replace").strip()
    return Signal(
        dedup_key=f"{ODD_KEY}{hashlib.sha256(body).hexdigest()[:32]}",
        summary=ODD.format(sender),
        sender=sender,
        source=sender,
        description=clean(text, DESCRIPTION_LIMIT) or ODD_EMPTY,
    )


def is_odd(item: Item) -> bool:
    """Whether an item is the odd-looking alert of a message that nobody understood."""
    return item.dedup_key.startswith(ODD_KEY)
