"""What a backend told us: one Signal per item of a posted body, whatever the dialect."""

import enum
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SUMMARY_LIMIT = 1024
DESCRIPTION_LIMIT = 16_384
KEY_LIMIT = 512
LABEL_NAME_LIMIT = 256
LABEL_VALUE_LIMIT = 2048
LABELS_LIMIT = 64
LINKS_LIMIT = 16
ELLIPSIS = "…"
UNKNOWN_SEVERITY = "severity_raw"
MADE_KEY = "auto:"
"""Begins the key of a problem whose sender named none."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Severity(enum.IntEnum):
    """How bad a problem is; a greater number is worse."""

    INFO = 0
    WARNING = 1
    ERROR = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The word that people and programs see."""
        return self.name.lower()


class Kind(enum.StrEnum):
    """What a signal says about its problem."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A place to read more: runbook, dashboard, the source itself."""

    text: str
    href: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One thing a backend said about one problem.

    `sender` is the dialect it came through: two senders of one problem are counted apart.
    Times are epoch milliseconds; a start that was not said stays None, it is never "now". `delivery_id` is what the sender calls
    this message: the same once more says nothing new ("": it has no such name). `opens` is true where an acknowledgement or a
    note tells of something bad, or is a person's words: with no alert to note it on, it opens one.
    """

    dedup_key: str
    summary: str
    sender: str
    kind: Kind = Kind.FIRING
    severity: Severity = Severity.WARNING
    source: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None
    author: str = ""
    note: str = ""
    delivery_id: str = ""
    opens: bool = False


def clean(text: str, limit: int) -> str:
    """Return text that every database and encoder takes: no NUL, no lone surrogate, at most `limit` characters."""
    if not text.isascii() or "\x00" in text:
        text = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def made_key(summary: str, labels: Mapping[str, str]) -> str:
    """Make the dedup key of a problem whose sender named none: the same words and labels are the same problem."""
    digest = hashlib.sha256(summary.encode("utf-8", "replace"))
    for name in sorted(labels):
        digest.update(f"\x00{name}\x01{labels[name]}".encode("utf-8", "replace"))
    return f"{MADE_KEY}{digest.hexdigest()[:32]}"


def key_within_limit(key: str) -> str:
    """Keep a long identity distinct within the limit: its beginning and a hash of all of it."""
    key = clean(key, len(key) + 1)
    if len(key) <= KEY_LIMIT:
        return key
    return key[: KEY_LIMIT - 33] + "~" + hashlib.sha256(key.encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """An item that nobody can use: why, and where in the body (a JSON pointer such as `/2/summary`)."""

    reason: str
    path: str
    dedup_key: str = ""
