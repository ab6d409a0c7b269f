"""Which alerts a command means: numbers, `last`, `mine`, `all`, or a filter (product.md 5).

The rule above all others: never touch an alert that its author may not have meant. Targets are the run of numbers right
after the verb (or right before it). Whoever continues with a note may begin it with a number: in `ack 12 5 disks are
broken` the 5 may be either, so that line is refused with both readings spelled out. A number after the first target is
one more target when it is marked as such (`#5`, `12,5` without a space, `5-7`), or when what follows cannot be a sentence
going on: the end, a time, quotation marks, `--`. The words `all` and `mine` are held to the same rule.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bot.domain import spans
from bot.domain.filters import MOST_CONDITIONS, TOO_MANY_CONDITIONS, Conditions, Filter, at_condition, read_condition
from bot.domain.words import Misread, Word, Words, shown

LARGEST = 10**9
MOST = 1000

TOO_LARGE = "{} is larger than any alert number."
TOO_MANY = f"That is more than {MOST} alerts at once."
TOO_SMALL = 'Alert numbers begin at 1, so I cannot use {}. Words of a note go into quotes or after "--".'
UNREADABLE = 'I cannot read "{}" as an alert number. Words of a note go into quotes or after "--".'
AMBIGUOUS = 'Is "{}" a target or a word of the note? Write "{}" or "{}".'
AMBIGUOUS_LONG = 'Is "{}" a target or a word of the note? Put the note into quotes or after "--".'
AMBIGUOUS_TIME = 'Is {} an alert or a time? Write "#{}" for the alert, "{}{}" for the time.'
NO_MIX = 'Give numbers or conditions, not both. When "{}" belongs to the note, put the note into quotes or after "--".'
LAST_IS_ONE = '"last" is one alert, so I cannot use {} after it.'

TargetWord = Literal["", "last", "mine", "all"]
WORDS: dict[str, TargetWord] = {"last": "last", "mine": "mine", "all": "all"}
AND = ("and", "&", "+", "")
TO = ("-", "to")
END = "--"
"""Ends the targets: what follows is the note. Phones make a long dash of it."""

_NUMBER = re.compile(r"#?(\d+)(?:(?:-{1,2}|\.\.)#?(\d+))?")
_NEGATIVE = re.compile(r"-#?\d+")
_NUMERIC = re.compile(r"[#-]|\d")
_COMMA = re.compile("[,;]")

Follows = Callable[[Words], bool]
"""Whether what stands next is one of the verb's own words, which come after the targets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Targets:
    """The alerts that were named: ranges of numbers (sorted, apart, both ends included), a word, a filter."""

    ranges: tuple[tuple[int, int], ...] = ()
    word: TargetWord = ""
    filter: Filter | None = None

    @property
    def given(self) -> bool:
        """Whether anything was named at all."""
        return bool(self.ranges or self.word or self.filter is not None)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every number of the ranges; never more than a thousand."""
        return tuple(number for first, last in self.ranges for number in range(first, last + 1))


class _Numbers(NamedTuple):
    """One word of numbers (`12`, `#12`, `14-17`, `12,14`); whether it is nothing but one number, and closed by a colon."""

    word: Word
    ranges: list[tuple[int, int]]
    bare: bool
    closed: bool


def at_number(words: Words) -> bool:
    """Tell whether an alert number stands next; raises `Misread` for one that cannot be."""
    return _numbers(words.peek()) is not None


def read_numbers(
    words: Words, follows: Follows, *, times: bool = False, late: bool = False
) -> tuple[tuple[int, int], ...]:
    """Take the run of numbers that stands next, as sorted ranges; empty when there is none.

    `times`: a number before a word such as `min` is a time. `late`: other words came before, so that already the first
    number may belong to a note. Raises `Misread` for numbers out of bounds and for those that may be part of a note.
    """
    ranges: list[tuple[int, int]] = []
    total = 0
    last: _Numbers | None = None
    spread = False
    while last is None or not last.closed:
        joint = words.low() if last is not None and words.peek() is not None else None
        step = 1 if joint in AND or (joint in TO and not spread) else 0
        found = _numbers(words.peek(step))
        if found is None:
            break
        if times and found.bare and words.low(step + 1) in spans.UNITS:
            if last is None:
                _refuse_time(words, found.word)
            break
        spread = step == 1 and joint in TO
        if spread:
            first = ranges.pop()
            total -= _size(first)
            found.ranges[0] = _ordered(first[0], found.ranges[0][1])
        ranges += found.ranges
        total += sum(map(_size, found.ranges))
        if total > MOST:
            raise Misread(TOO_MANY)
        words.skip(step + 1)
        late, last = late or last is not None, found
    if last is not None and last.bare and not last.closed and late and at_plain(words, follows):
        raise ambiguous(words, last.word)
    return _merged(ranges)


def read_targets(words: Words, follows: Follows, *, times: bool = False, late: bool = False) -> Targets:
    """Take the targets that stand next; raises `Misread` for those that may be part of a note."""
    ranges = read_numbers(words, follows, times=times, late=late)
    if ranges:
        return Targets(ranges=ranges)
    word: TargetWord = ""
    conditions = Conditions()
    for _ in range(MOST_CONDITIONS):
        ahead = words.peek()
        if ahead is not None and not word and (found := WORDS.get(words.low())):
            words.skip()
            word = found
            if word != "last" and not ahead.text.endswith(":") and not at_condition(words) and at_plain(words, follows):
                raise ambiguous(words, ahead)
            if word == "last" and at_number(words):
                raise Misread(LAST_IS_ONE.format(shown(words.low(), 40)))
        elif not read_condition(words, conditions):
            break
    else:
        raise Misread(TOO_MANY_CONDITIONS)
    targets = Targets(word=word, filter=conditions.filter())
    if not targets.given and ahead is not None and ahead.text != END and _NUMERIC.match(ahead.text):
        _refuse_unreadable(words, ahead, times=times)
    return targets


def at_plain(words: Words, follows: Follows) -> bool:
    """Tell whether a sentence may go on here: something follows that is no quotation, no `--` and no word of the verb's own."""
    word = words.peek()
    return word is not None and word.text != END and not words.at_quote and not follows(words)


def read_note(words: Words) -> str:
    """Take the rest of the line as a note, verbatim; `--` before it and quotation marks around it are left off."""
    word = words.peek()
    if word is not None and word.text == END:
        words.skip()
    return words.rest()


def ambiguous(words: Words, word: Word) -> Misread:
    """Make the refusal of a line in which `word` may be a target or part of the note."""
    line = words.line
    target = f"{line[: word.end].strip()} {END} {line[word.end :].strip()}"
    note = f"{line[: word.start].strip()} {END} {line[word.start :].strip()}"
    plain = shown(word.text, 40)
    if word.end > 80:
        return Misread(AMBIGUOUS_LONG.format(plain))
    return Misread(AMBIGUOUS.format(plain, shown(target, 100), shown(note, 100)))


def refuse_mix(words: Words) -> None:
    """Raise `Misread` when a condition follows numbers: it may be meant to narrow them."""
    word = words.peek()
    if word is not None and at_condition(words) and (words.low() == "severity" or not word.text.isalnum()):
        raise Misread(NO_MIX.format(shown(word.text, 40)))


def _numbers(word: Word | None) -> _Numbers | None:
    """Give the numbers in a word, None when it is no such word; raises `Misread` for numbers out of bounds."""
    if word is None:
        return None
    text = word.text.rstrip(":.!,;").lstrip(",;")
    if len(text) < 9 and text.isdecimal() and text[0] != "0":  # nearly all of them
        return _Numbers(word, [(int(text), int(text))], bare=True, closed=word.text.endswith(":"))
    if _NEGATIVE.fullmatch(text):
        raise Misread(TOO_SMALL.format(shown(text, 40)))
    pieces = [_NUMBER.fullmatch(piece) for piece in _COMMA.split(text, MOST) if piece]
    if not pieces or None in pieces:
        if len(pieces) > MOST and pieces[0]:
            raise Misread(TOO_MANY)
        return None
    ranges = [_ordered(_value(piece[1]), _value(piece[2] or piece[1])) for piece in pieces if piece]
    return _Numbers(word, ranges, bare=text.isdecimal(), closed=word.text.endswith(":"))


def _value(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    if len(significant) > len(str(LARGEST)) or int(significant) > LARGEST:
        raise Misread(TOO_LARGE.format(shown(digits, 40)))
    if int(significant) == 0:
        raise Misread(TOO_SMALL.format("0"))
    return int(significant)


def _ordered(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _size(span: tuple[int, int]) -> int:
    return span[1] - span[0] + 1


def _merged(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return tuple(merged)


def _refuse_time(words: Words, word: Word) -> None:
    following = words.peek(1)
    unit = following.low[:1] if following else ""
    number = word.text.strip("#:.!,;")
    raise Misread(AMBIGUOUS_TIME.format(number, number, number, unit))


def _refuse_unreadable(words: Words, word: Word, *, times: bool) -> None:
    if not (times and spans.duration_ahead(words)):
        raise Misread(UNREADABLE.format(shown(word.text, 40)))
