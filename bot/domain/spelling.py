"""Which known word a mistyped one was meant to be."""

from collections.abc import Iterable
from functools import lru_cache

LONGEST_MISTYPED = 16
TURNS = ("un", "re", "non", "de", "dis", "in", "in-", "un-", "re-", "non-", "de-", "n")
"""What turns a word's meaning round, or some other way."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word closest to `word`, or None when none is close.

    One slip is allowed, two in words of five letters and more; single letters are never guessed. A slip is a letter too
    many, missing, wrong, or swapped with its neighbour (Damerau's distance, restricted). Among equals the one with the
    same first letter wins, then the one named first. A word is never guessed to be its own opposite: `unacked` is not `acked`.
    """
    if not 2 <= len(word) <= LONGEST_MISTYPED:
        return None
    letters = frozenset(word)
    scored = [
        (slips, candidate[0] != word[0], index, candidate)
        for index, candidate in enumerate(known)
        if len(candidate) > 1
        and abs(len(candidate) - len(word)) <= (allowed := 1 if len(candidate) < 5 else 2)
        # A slip brings one letter at most, so most words need no counting.
        and len(letters ^ _letters(candidate)) <= 2 * allowed
        and 0 < (slips := distance(word, candidate)) <= allowed
        and not turned(word, candidate)
    ]
    return min(scored)[-1] if scored else None


@lru_cache(maxsize=512)
def _letters(known: str) -> frozenset[str]:
    return frozenset(known)


def turned(one: str, other: str) -> bool:
    """Tell whether one of two words is the other, or nearly so, behind a syllable that turns its meaning: `unclose` and `close`."""
    for short, long in ((one, other), (other, one)):
        for turn in TURNS:
            if long.startswith(turn) and not short.startswith(turn) and distance(long[len(turn) :], short) <= 1:
                return True
    return False


def distance(one: str, other: str) -> int:
    """Count the slips that turn `one` into `other`; no letter slips twice."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        earlier, before = before, row
        row = [i]
        for j, right in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]
