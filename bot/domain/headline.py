"""What a title says of its problem besides naming it: that it is there or over, how bad it is, and what is left to know it by.

Titles of mails and webhooks carry this as a prefix (`RESOLVED: `), in brackets (`[P2] [Recovered on {host:a}]`), in capitals
(`web3 OK -> CRIT`) or as a phrase (`is back online`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from bot.domain.signal import Kind, Severity
from bot.domain.vocabulary import KINDS, SEVERITIES

_NO_SEVERITY = frozenset({"alert", "page", "none", "debug", "trace", "red", "orange", "yellow", "medium", "average"})
"""Words that name a severity where one is asked for, and in a title anything else."""
_WORDS: Mapping[str, Severity] = {
    **{word: severity for word, severity in SEVERITIES.items() if word not in _NO_SEVERITY},
    "alarm": Severity.CRITICAL,
    "down": Severity.CRITICAL,
}
_KINDS: Mapping[str, Kind] = {
    word: kind
    for word, kind in KINDS.items()
    if word not in _WORDS
    and word not in {"green", "good", "set", "start", "end", "begin", "begun", "create", "missing", "active"}
} | {"alarm": Kind.FIRING, "alert": Kind.FIRING, "down": Kind.FIRING}
_KNOWN = _WORDS.keys() | _KINDS.keys()
_FILLERS = frozenset({"", "the", "is", "incident", "issue", "monitor", "state", "status", "check"})
_NOUNS = frozenset({"alert", "alarm", "problem"})
"""Words for a problem that say nothing of it when another word follows at once: `Alert resolved: `."""
_PLAIN = frozenset(
    {"ok", "okay", "up", "online", "closed", "clear", "normal", "good", "available", "pass", "passed", "active"}
)
"""Ends that in capitals may as well be a word of a sentence."""
_FIRST = frozenset({"ok", "okay", "up"})
_BEFORE_STATE = frozenset({"", "is", "are", "now", "to", "back", "status", "state"})
_GOES_ON = re.compile(r"(?!(?:for|on|at|in|again|now)\b(?! \d+ of\b))\w", re.IGNORECASE)
_NOT = frozenset({"not", "no", "non", "never", "isnt"})
_MEASURES = frozenset({"high", "low", "major", "minor", "highest", "lowest", "moderate", "notice", "severe"})
"""Severities that in capitals belong to the name: HIGH TEMPERATURE and LOW TEMPERATURE are two problems."""

_OVER = re.compile(
    r"\b(?:(?:has|have) (?:now )?(?:recovered|cleared|been (?:resolved|fixed|cleared|restored))"
    r"|(?:is|are|was) (?:now )?(?:resolved|recovered|cleared|fixed|restored|ok|okay)(?: (?:now|again))?(?=\W*$|\s*[:,.(-])"
    r"|(?:is|are) (?:now )?back(?: (?:up|online|to normal|to ok|again))?"
    r"|(?:is|are) (?:now )?(?:up|online|healthy|reachable|ok) again)\b",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"\b(?:(?:is|are|has gone|went) (?:now )?(?:down|offline|unreachable|unhealthy|failing|critical|not responding))\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\[[^\[\]\s]{1,20} [^\[\]\s]{1,20}\]|\S+")
"""A word, or two in brackets: `[No Data]`."""
_APART = re.compile(r"[^a-z0-9]+")
_BRACKETS = str.maketrans("", "", "[]")
_EDGES = "[](){}<>:;,.!*#|-\u2013\u2014=\"'"
_SEPARATORS = " :;,.!*#|-\u2013\u2014"
_TAGS = re.compile(r"(?:\s*\[[^\[\]]{1,40}\])*\s*")
"""What a mailing list puts first: `[ops] `."""
_PREFIX = re.compile(r"([^:|]{1,40}?)(?::|\s[-|\u2013\u2014])\s")
_COUNTED = re.compile(r":\d+\Z")
_LASTED = re.compile(r"(resolved|recovered|closed|updated problem)\s+(?:in|after)\s+[\d:.dhms ]{1,40}:", re.IGNORECASE)

_UNIT = (
    r"(?:%|°?[CF]\b|ms\b|s\b|secs?\b|seconds?\b|m\b|mins?\b|minutes?\b|h\b|hrs?\b|hours?\b|d\b|days?\b|w\b|weeks?\b|months?\b|years?\b"
    r"|[kmgtp]?i?b(?:/s|ps)?\b|[kmgt]?bits?(?:/s)?\b|bytes\b|percent\b|rpm\b|/s\b|req\b|requests\b|errors\b|hits\b|times\b"
    r"|(?:messages|jobs|items|tasks|connections|users|files|rows|records|events|threads|processes|packets|queries|sessions|failures|retries)\b)"
)
_DIGIT = re.compile(r"\d")
_CHANGING = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"  # a date, with a time
    r"|\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:\s?[ap]m)?\b"  # a time of day
    r"|(?<![\w.])[-+]?\d+(?:[.,]\d+)*\s?"
    + _UNIT
    + r"|(?<=[=<>]\s)[-+]?\d+(?:[.,]\d+)*|(?<=[:=]\s)[-+]?\d+[.,]\d+(?![\w.])"
    r"|(?<=\bvalue )[-+]?\d+(?:[.,]\d+)*(?![\w.])|(?<=\bvalue[:=] )[-+]?\d+(?:[.,]\d+)*(?![\w.])|(?<=\bvalue[:=])[-+]?\d+(?:[.,]\d+)*(?![\w.])"
    r"|(?<=\bis )[-+]?\d+(?:[.,]\d+)*(?![\w.])|(?<=\bwas )[-+]?\d+(?:[.,]\d+)*(?![\w.])",
    re.IGNORECASE,
)


OFTEN = 256
"""Longer titles are not remembered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """What a title says; `kind` and `severity` are None where it says nothing of them, `name` is what the problem is known by."""

    kind: Kind | None
    severity: Severity | None
    name: str


class _Word(NamedTuple):
    """A word as it stands, bare in small letters; whether it stands out, is what a mailing list put first, or may be part of a sentence."""

    text: str
    bare: str
    loud: bool
    aside: bool
    spoken: bool


def read_title(title: str) -> Headline:
    """Read a title; its name is the same at the problem's beginning and at its end."""
    return _read_again(title) if len(title) <= OFTEN else _read(title)


def _read(title: str) -> Headline:
    said = _LASTED.sub(lambda found: f"{found[1].split()[0]}:", title, count=1)
    said = _measured(said)
    words = _words(said)
    kind = _kind(words)
    rest = " ".join(word.text for word in words if not _tells(word)).translate(_BRACKETS).strip(_SEPARATORS)
    over = _OVER.search(rest)
    if over is not None and kind in {None, Kind.RESOLVED}:
        kind = Kind.RESOLVED
    phrase = over or _THERE.search(rest)
    if phrase is not None:
        rest = f"{rest[: phrase.start()].strip(_SEPARATORS)} {rest[phrase.end() :].strip(_SEPARATORS)}".strip()
    return Headline(kind=kind, severity=_severity(words), name=(rest.strip(_SEPARATORS) or said).lower())


_read_again = lru_cache(maxsize=1024)(_read)
"""Reads what comes again and again, as titles do while a problem lasts."""


def steady(text: str) -> str:
    """Return text without what changes from one message about a problem to the next: times, dates and measured values.

    Numbers that name something stay: `web1`, `port 443`, `queue 3`.
    """
    return _measured(text).lower()


def _measured(text: str) -> str:
    return _CHANGING.sub("#", text) if _DIGIT.search(text) else text


def _words(title: str) -> list[_Word]:
    found: list[_Word] = []
    begin, end = _prefix(title)
    leading = True
    before = ""
    for match in _TOKEN.finditer(title):
        text = match[0]
        bare = text.strip(_EDGES)
        if ":" in bare:
            bare = _COUNTED.sub("", bare)
        word = bare.lower()
        word = word if word.isalnum() else _APART.sub("", word)
        loud = spoken = False
        if not word or word in _KNOWN:
            loud = begin <= match.start() < end or (leading and (not word or text[-1] in ":-],|" or text[0] in "[("))
            loud = loud or (text[0] + text[-1]) in {"[]", "()"}
            capitals = bare.isupper() and len(bare) > 1 and word not in _MEASURES
            spoken = not loud and capitals and word in _PLAIN and not _stands_out(title, match, before, first=leading)
            loud = loud or capitals
            if before in _NOT:
                word, loud = f"not{word}", False
        aside = leading and match.start() < begin and not loud
        found.append(_Word(text, word, loud, aside, spoken))
        leading = leading and (not word or loud or aside)
        before = word
    return found


def _stands_out(title: str, match: re.Match[str], before: str, *, first: bool) -> bool:
    """Whether a word that is often part of a sentence says how things are: `is OK`, `-> OK`, `PING OK - 0 ms`, no `Login OK from x`."""
    follows = title[match.end() :].lstrip()
    if first:
        return match[0].lower() in _FIRST or not _GOES_ON.match(follows)
    return not _GOES_ON.match(follows) or (before in _BEFORE_STATE and not follows.lower().startswith("but"))


def _prefix(title: str) -> tuple[int, int]:
    """Return where a prefix of known words begins and ends, such as `Alert resolved: `, behind what a mailing list put first."""
    tags = _TAGS.match(title) if title[:1] == "[" else None
    begin = tags.end() if tags else 0
    match = _PREFIX.match(title, begin)
    words = [_APART.sub("", word) for word in match[1].lower().split()] if match else []
    told = not _KNOWN.isdisjoint(words) and all(word in _KNOWN or word in _FILLERS for word in words)
    return begin, match.end() if match and told else 0


def _tells(word: _Word) -> bool:
    """Whether a word says what became of the problem, and is no part of its name."""
    return word.loud and (not word.bare or word.bare in _KNOWN)


def _kind(words: Sequence[_Word]) -> Kind | None:
    """Return what a title says: by the first word of its prefix that says anything, else by the last word that stands out."""
    known = [word for word in words if word.bare and not word.aside]
    for word in known:
        if not word.loud or word.spoken or word.bare not in _KNOWN:
            break
        if word.bare in _KINDS and not (word.bare in _NOUNS and word.text[-1].isalnum()):
            return _KINDS[word.bare]
    last = next((word.bare for word in reversed(known) if word.loud and not word.spoken and word.bare in _KNOWN), "")
    return _KINDS.get(last, Kind.FIRING) if last else None


def _severity(words: Sequence[_Word]) -> Severity | None:
    return next((_WORDS[word.bare] for word in words if word.bare in _WORDS and word.loud), None)
