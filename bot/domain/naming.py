"""Which alert a text names: by whole words of its title and labels. A text that names none may be a note."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.alert import Alert
from bot.domain.command_words import ALERT, COUNTED, IT, NOT_IN_SEARCH, NUMBER_SIGN, SEVERAL
from bot.domain.words import NUMBER_SIGNS, holds_digit

LONGEST = 300
MOST_WORDS = 12
SHORTEST = 2
_WORD = re.compile(r"[^\W_](?:[^\s,;!?\"()]*[^\W_])?")
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?", re.ASCII)
_AROUND = ".,;:!?()[]{}<>\"'"


def words_of(text: str) -> tuple[str, ...]:
    """Give the words that a text may name an alert by, without those that say that it is one: `the disk alert`."""
    found = (found.group().casefold() for found in _WORD.finditer(text[:LONGEST]))
    return tuple(dict.fromkeys(word for word in found if word not in ALERT and word != "the"))[:MOST_WORDS]


def telling(text: str) -> tuple[str, ...]:
    """Give the words of a text by which an alert may be told from others."""
    return tuple(word for word in words_of(text) if word not in NOT_IN_SEARCH and len(word) >= SHORTEST)


def holds_number(text: str) -> bool:
    """Tell whether a text may name an alert by number: it holds a digit of any script, a number's sign, or a number in words."""
    if holds_digit(text):
        return True
    words = text.casefold().replace("-", " ").split()
    said = [word.strip(".,;:!?") for word in words if word.strip(".,;:!?") not in ALERT | NUMBER_SIGN]
    return 0 < len(said) < len(COUNTED) and all(word in COUNTED or word == "and" for word in said)


def counts(text: str) -> bool:
    """Tell whether a number or its sign stands alone in a text, so that it is no part of a machine's name: `disk 5`."""
    if "/a/" in text or any(sign in text for sign in NUMBER_SIGNS):
        return True
    words = (word.strip(_AROUND) for word in text.split())
    return any(_is_number(word) for word in words)


def _is_number(word: str) -> bool:
    letters = any(letter.isalpha() for letter in word)
    return not letters and holds_digit(word) and not _ADDRESS.fullmatch(word)


def is_vague(text: str) -> bool:
    """Tell whether a text begins with a word for several alerts, which nobody can tell: `them`."""
    first = text.split(maxsplit=1)[:1]
    return bool(first) and first[0].casefold().strip(".,;:!?") in SEVERAL


def means_last(text: str) -> bool:
    """Tell whether a text begins with what may stand for the last alert: `it is the disk`."""
    first = text.split(maxsplit=1)[:1]
    return bool(first) and first[0].casefold().strip(".,;:!?") in IT


def fits(alert: Alert, words: Iterable[str]) -> bool:
    """Whether all words stand in an alert's title, source or labels, each as a whole; `service:db` is a label."""
    said, labels = _said(alert), alert.labels
    return all(_whole(word, said) or _labelled(word, labels) for word in words)


def score(alert: Alert, words: Iterable[str]) -> int:
    """Count the words that stand in an alert as a whole."""
    said = _said(alert)
    return sum(_whole(word, said) for word in words)


def touches(alert: Alert, word: str) -> bool:
    """Whether an alert holds a word as a part of others, as `db` in `db1`."""
    return word in _said(alert)


def better(than: Alert, others: Sequence[Alert], text: str) -> list[Alert]:
    """Give the alerts that more words of a text name than they name that one."""
    words = telling(text)
    if len(words) == 1 and len(words_of(text)) == 1 and not touches(than, words[0]):
        return [alert for alert in others if touches(alert, words[0])]
    least = score(than, words)
    return [alert for alert in others if alert.number != than.number and score(alert, words) > least]


def _said(alert: Alert) -> str:
    labels = (f"{name}={value}" for name, value in alert.labels.items())
    return "\n".join((alert.summary, alert.source, *labels)).casefold()


def _whole(word: str, said: str) -> bool:
    start = said.find(word)
    while start >= 0:
        end = start + len(word)
        if not (said[start - 1 : start].isalnum() or said[end : end + 1].isalnum()):
            return True
        start = said.find(word, start + 1)
    return False


def _labelled(word: str, labels: Mapping[str, str]) -> bool:
    name, colon, value = word.partition(":")
    if not colon or not value:
        return False
    return any(name == known.casefold() and value == said.casefold() for known, said in labels.items())
