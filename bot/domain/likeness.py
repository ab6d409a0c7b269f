"""Likeness: what makes one alert like another: the same problem, the same name, the same words but for the numbers."""

import enum
import hashlib
import re
from collections.abc import Iterable, Sequence

from bot.domain.alert import Alert

NAME_LABEL = "alertname"
NAME_LONGEST = 120
WORDS_READ = 400
"""Characters of a summary that are looked at."""
MOST_WORDS = 12
SHORTEST = 3
LONGEST = 40
COMMON = frozenset({"and", "are", "for", "from", "has", "have", "not", "the", "this", "was", "with"})

_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")
_HASHED = 24
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


class Alike(enum.StrEnum):
    """In what two alerts are like each other, the closest first; the value is what people read."""

    PROBLEM = "the same problem"
    NAME = "the same name"
    WORDS = "the same words"


def name_of(alert: Alert) -> str:
    """Return what an alert is called: the name of its rule, else its summary with every number taken for the same."""
    return alert.labels.get(NAME_LABEL) or _DIGITS.sub("…", alert.summary[:NAME_LONGEST])


def problem_token(alert: Alert) -> str:
    """Return the token of an alert's dedup key in its feed."""
    return _token("k", f"{alert.feed}:{alert.dedup_key}")


def name_token(alert: Alert) -> str:
    """Return the token of an alert's name."""
    return _token("n", name_of(alert).casefold())


def word_tokens(alert: Alert) -> list[str]:
    """Return the tokens of the words that say what is wrong. Those with digits in them say where and how much."""
    found: dict[str, None] = {}
    for word in _WORD.findall(alert.summary[:WORDS_READ].casefold()):
        if SHORTEST <= len(word) <= LONGEST and word not in COMMON and not _DIGITS.search(word):
            found[f"w{word}" if word.isascii() else _token("u", word)] = None
    return list(found)[:MOST_WORDS]


def tokens_of(alert: Alert) -> list[str]:
    """Return everything that an alert is found again by: words of the letters a to z."""
    return [problem_token(alert), name_token(alert), *word_tokens(alert)]


def alike(alert: Alert, other: Alert) -> Alike | None:
    """Say in what another alert is like this one, or None."""
    if problem_token(alert) == problem_token(other):
        return Alike.PROBLEM
    if name_token(alert) == name_token(other):
        return Alike.NAME
    words = word_tokens(alert)
    return Alike.WORDS if words and set(words) <= set(word_tokens(other)) else None


def newest(found: Iterable[Alert], most: int) -> Sequence[Alert]:
    """Return the newest of some alerts, each once, newest first."""
    distinct = {alert.number: alert for alert in found}
    return [distinct[number] for number in sorted(distinct, reverse=True)[:most]]


def _token(kind: str, text: str) -> str:
    """Return a token of letters that stands for any text; databases take words of other scripts apart differently."""
    return kind + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_HASHED].translate(_LETTERS)
