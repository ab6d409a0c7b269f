"""Accounting: which alerts a room was told of, one by one or in digests, and how many messages came in a minute."""

import re
from collections.abc import Iterable, Sequence

from bot.standin.driver import Shown

WINDOW = 60.0
"""Seconds; the budget of a room is per minute (product.md 6)."""

_CARD = re.compile(r"#(\d+) ")
_DIGESTED = re.compile(r"· .* \d+x: (#[\d#, except-]+)$", re.MULTILINE)
_TOKEN = re.compile(r"#(?P<first>\d+)(?:-#(?P<last>\d+))?|(?P<word>except|,)")


def expanded(ranges: str) -> set[int]:
    """Return the numbers that `#100-#412 except #120 #130-#132, #420 #430` stands for; an `except` reaches to the comma."""
    told: set[int] = set()
    left_out: set[int] = set()
    excepting = False
    for token in _TOKEN.finditer(ranges):
        if token["word"]:
            excepting = token["word"] == "except"
            continue
        first = int(token["first"])
        numbers = range(first, int(token["last"] or first) + 1)
        (left_out if excepting else told).update(numbers)
    return told - left_out


def told_of(messages: Iterable[Shown]) -> set[int]:
    """Return the numbers of all alerts that cards and digests among the messages name."""
    told: set[int] = set()
    for shown in messages:
        card = shown.message.card
        if card is not None:
            found = _CARD.match(card["title"])
            told |= {int(found[1])} if found else set()
        else:
            for ranges in _DIGESTED.findall(shown.text):
                told |= expanded(ranges)
    return told


def most_in_a_minute(messages: Sequence[Shown]) -> int:
    """Return the most messages that fell into any 60 seconds."""
    times = sorted(shown.message.at for shown in messages)
    return max((sum(start <= at < start + WINDOW for at in times) for start in times), default=0)
