"""What a title says of its problem besides naming it: that it is there or over, how bad it is, and what is left to know it by.

Titles of mails and webhooks carry this as a prefix (`RESOLVED: `), in brackets (`[P2] [Recovered on {host:a}]`), in capitals
(`web3 OK -> CRIT`) or as a phrase (`is back online`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
_FILLERS = frozenset({"", "the", "is", "incident", "issue", "monitor", "state", "status", "check"})
_NOUNS = frozenset({"alert", "alarm", "problem"})
"""Words for a problem that say nothing of it when another word follows at once: `Alert resolved: `."""
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
_PREFIX = re.compile(r"([^:|]{1,40}?)(?::|\s[-|\u2013\u2014])\s")
_COUNTED = re.compile(r":\d+\Z")
_LASTED = re.compile(r"(resolved|recovered|closed|updated problem)\s+(?:in|after)\s+[\d:.dhms ]{1,40}:", re.IGNORECASE)

_UNIT = (
    r"(?:%|°?[CF]\b|ms\b|s\b|secs?\b|seconds?\b|m\b|mins?\b|minutes?\b|h\b|hrs?\b|hours?\b|d\b|days?\b|w\b|weeks?\b|months?\b|years?\b"
    r"|[kmgtp]?i?b(?:/s|ps)?\b|[kmgt]?bits?(?:/s)?\b|bytes\b|percent\b|rpm\b|/s\b|req\b|requests\b|errors\b|hits\b|times\b)"
)
_CHANGING = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"  # a date, with a time
    r"|\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:\s?[ap]m)?\b"  # a time of day
    r"|(?<![\w.])[-+]?\d+(?:[.,]\d+)*\s?" + _UNIT + r"|(?<=[=<>]\s)[-+]?\d+(?:[.,]\d+)*"
    r"|(?<=\bis )[-+]?\d+(?:[.,]\d+)*(?![\w.])|(?<=\bwas )[-+]?\d+(?:[.,]\d+)*(?![\w.])",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """What a title says; `kind` and `severity` are None where it says nothing of them, `name` is what the problem is known by."""

    kind: Kind | None
    severity: Severity | None
    name: str


class _Word(NamedTuple):
    """A word as it stands, bare in small letters, and whether it stands out."""

    text: str
    bare: str
    loud: bool


def read_title(title: str) -> Headline:
    """Read a title; its name is the same at the problem's beginning and at its end."""
    said = _LASTED.sub(lambda found: f"{found[1].split()[0]}:", title, count=1)
    words = _words(said)
    kind = _kind(words)
    rest = " ".join(word.text for word in words if not _tells(word)).translate(_BRACKETS).strip(_SEPARATORS)
    over = _OVER.search(rest)
    if over is not None and kind in {None, Kind.RESOLVED}:
        kind = Kind.RESOLVED
    phrase = over or _THERE.search(rest)
    if phrase is not None:
        rest = f"{rest[: phrase.start()].strip(_SEPARATORS)} {rest[phrase.end() :].strip(_SEPARATORS)}".strip()
    return Headline(kind=kind, severity=_severity(words), name=steady(rest.strip(_SEPARATORS) or said))


def steady(text: str) -> str:
    """Return text without what changes from one message about a problem to the next: times, dates and measured values.

    Numbers that name something stay: `web1`, `port 443`, `queue 3`.
    """
    if not any(map(str.isdigit, text)):
        return text.lower()
    return _CHANGING.sub("#", text).lower()


def _words(title: str) -> list[_Word]:
    found: list[_Word] = []
    prefix = _prefix(title)
    leading = True
    for match in _TOKEN.finditer(title):
        text = match[0]
        bare = _COUNTED.sub("", text.strip(_EDGES))
        word = bare.lower()
        word = word if word.isalnum() else _APART.sub("", word)
        loud = match.start() < prefix or (leading and (not word or text[-1] in ":-],|" or text[0] in "[("))
        loud = (
            loud or (text[0] + text[-1]) in {"[]", "()"} or (bare.isupper() and len(bare) > 1 and word not in _MEASURES)
        )
        if found and found[-1].bare in _NOT:
            word, loud = f"not{word}", False
        found.append(_Word(text, word, loud))
        leading = leading and (not word or (_known(word) and loud))
    return found


def _prefix(title: str) -> int:
    """Return where a prefix of known words ends, such as `Alert resolved: `; 0 without one."""
    match = _PREFIX.match(title)
    words = [_APART.sub("", word) for word in match[1].lower().split()] if match else []
    told = any(map(_known, words)) and all(_known(word) or word in _FILLERS for word in words)
    return match.end() if match and told else 0


def _known(word: str) -> bool:
    return word in _KINDS or word in _WORDS


def _tells(word: _Word) -> bool:
    """Whether a word says what became of the problem, and is no part of its name."""
    return word.loud and (not word.bare or _known(word.bare))


def _kind(words: Sequence[_Word]) -> Kind | None:
    """Return what a title says: by the first word of its prefix that says anything, else by the last word that stands out."""
    known = [word for word in words if word.bare]
    for word in known:
        if not word.loud or not _known(word.bare):
            break
        if word.bare in _KINDS and not (word.bare in _NOUNS and word.text[-1].isalnum()):
            return _KINDS[word.bare]
    last = next((word.bare for word in reversed(known) if word.loud and _known(word.bare)), "")
    return _KINDS.get(last, Kind.FIRING) if last else None


def _severity(words: Sequence[_Word]) -> Severity | None:
    return next((_WORDS[word.bare] for word in words if word.bare in _WORDS and word.loud), None)
