"""Guess: which matcher a bare word such as `web` means, by the labels of the alerts that a room had."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.matcher import Matcher, Subject, What, of_label
from bot.domain.vocabulary import severity_of
from bot.domain.words import Misread

PREFERRED = ("service", "host", "alertname", "instance")
"""Of labels that mean the same alerts, these are said rather than others."""
ANYTHING = ".+"


class Numbered(Subject, Protocol):
    """An alert with its number."""

    @property
    def number(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """A matcher that a word may mean, and the numbers of the alerts that it holds for."""

    matcher: Matcher
    numbers: frozenset[int]


def guesses(word: str, seen: Iterable[Numbered]) -> Sequence[Guess]:
    """Return what a word may mean: the value of a label, else the source, a severity, or a label's name.

    The matcher of the most alerts comes first; of several that hold for the same alerts only one is given.
    """
    found: dict[tuple[What, str, str, str], set[int]] = {}
    wanted, seen = word.casefold(), list(seen)
    for each in seen:
        for name, value in each.labels.items():
            if value.casefold() == wanted:
                found.setdefault((What.LABEL, name, "=", value), set()).add(each.number)
    if not found:
        found = _otherwise(wanted, seen)
    kept: dict[frozenset[int], Guess] = {}
    for key in sorted(found, key=lambda key: (key[1] not in PREFERRED, key)):
        matcher = _matcher(*key)
        numbers = frozenset(found[key])
        if matcher is not None and numbers not in kept:
            kept[numbers] = Guess(matcher=matcher, numbers=numbers)
    return sorted(kept.values(), key=lambda guess: -len(guess.numbers))


def _otherwise(wanted: str, seen: Iterable[Numbered]) -> dict[tuple[What, str, str, str], set[int]]:
    found: dict[tuple[What, str, str, str], set[int]] = {}
    severity = severity_of(wanted)
    for each in seen:
        if each.source.casefold() == wanted:
            found.setdefault((What.SOURCE, "source", "=", each.source), set()).add(each.number)
        if severity is not None and each.severity is severity:
            found.setdefault((What.SEVERITY, "severity", "=", severity.word), set()).add(each.number)
        for name, value in each.labels.items():
            if name.casefold() == wanted and value:
                found.setdefault((What.LABEL, name, "=~", ANYTHING), set()).add(each.number)
    return found


def _matcher(what: What, name: str, sign: str, value: str) -> Matcher | None:
    try:
        return of_label(name, sign, value) if what is What.LABEL else Matcher(what=what, sign=sign, value=value)
    except Misread:
        return None
