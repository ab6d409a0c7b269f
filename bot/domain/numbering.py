"""Runs of numbers, as people write alerts: `12`, `12,14`, `14-17`, `no. 12`, `(12)`, one of our links.

Whoever continues with a note may begin it with a number: in `ack 12 5 disks are broken` the 5 may be either, so that line is
refused with both readings spelled out. A number after the first is one more target when it is marked as such (`#5`, `12,5`
without a space, `5-7`), or when what follows cannot be a sentence going on: the end, a time, quotation marks, `--`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from bot.domain import link, spans
from bot.domain.command_words import BEFORE_NUMBER
from bot.domain.words import Misread, Word, Words, shown

LARGEST = 10**9
MOST = 1000
MOST_SIGNS = 4

TOO_LARGE = "{} is larger than any alert number."
TOO_MANY = f"That is more than {MOST} alerts at once."
TOO_SMALL = 'Alert numbers begin at 1, so I cannot use {}. Words of a note go into quotes or after "--".'
AMBIGUOUS = 'Is "{}" a target or a word of the note? Write "{}" or "{}".'
AMBIGUOUS_LONG = 'Is "{}" a target or a word of the note? Put the note into quotes or after "--".'
AMBIGUOUS_TIME = 'Is {} an alert or a time? Write "#{}" for the alert, "{}{}" for the time.'

AND = ("and", "&", "+", "")
TO = ("-", "to")
END = "--"
"""Ends the targets: what follows is the note. Phones make a long dash of it."""

_SIGN = r"(?:(?:alert|incident|issue|ticket|number|num|nr|no|id)s?[.:_-]*)?#*"
_NUMBER = re.compile(rf"{_SIGN}(\d+)(?:(?:-{{1,2}}|\.\.)#?(\d+))?", re.IGNORECASE)
_NEGATIVE = re.compile(r"-#?\d+")
_COMMA = re.compile("[,;]")
_BRACKETS = "()[]{}<>"
_MARKS = "\"'*`"

Follows = Callable[[Words], bool]
"""Whether what stands next is one of the verb's own words, which come after the targets."""


class _Numbers(NamedTuple):
    """One word of numbers (`12`, `#12`, `14-17`, `12,14`, one of our links).

    Whether it is nothing but one number, is closed by a colon, is a link, stands in brackets or quotation marks, and has a
    dash that may also begin a note: `50—5 disks`.
    """

    word: Word
    ranges: list[tuple[int, int]]
    bare: bool
    closed: bool
    link: bool = False
    around: bool = False
    dash: bool = False


def at_number(words: Words) -> bool:
    """Tell whether an alert number stands next; raises `Misread` for one that cannot be."""
    return _numbers(words.peek()) is not None or signs_ahead(words) > 0


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
        signs = signs_ahead(words, step)
        if signs and joint in TO and (after := words.peek(step + signs)) is not None:
            raise ambiguous(words, after)
        step += signs
        found = _numbers(words.peek(step), around=last is None or last.around)
        if found is None or (found.link and (late or last is not None) and joint not in AND):
            break
        if times and found.bare and words.low(step + 1) in spans.UNITS:
            if last is None:
                _refuse_time(words, found.word)
            break
        spread = step > 0 and joint in TO
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
    doubtful = last is not None and not last.closed and ((last.bare and late) or last.dash)
    if last is not None and doubtful and at_plain(words, follows):
        raise ambiguous(words, last.word)
    if ranges and (word := words.peek()) is not None and link.named(word.text) is not None:
        raise ambiguous(words, word)
    return _merged(ranges)


def signs_ahead(words: Words, at: int = 0) -> int:
    """Count the words there that say that a number follows: `alert`, `no.`, `the alert number`; none without a number."""
    count = 0
    while words.low(at + count) in BEFORE_NUMBER and count < MOST_SIGNS:
        count += 1
    if not count or words.low(at + count - 1) == "the" or _numbers(words.peek(at + count)) is None:
        return 0
    return count


def at_plain(words: Words, follows: Follows) -> bool:
    """Tell whether a sentence may go on here: something follows that is no quotation, no `--` and no word of the verb's own."""
    word = words.peek()
    return word is not None and word.text[:2] != END and not words.at_quote and not follows(words)


def ambiguous(words: Words, word: Word) -> Misread:
    """Make the refusal of a line in which `word` may be a target or part of the note."""
    line = words.line
    target = f"{line[: word.end].strip()} {END} {line[word.end :].strip()}"
    note = f"{line[: word.start].strip()} {END} {line[word.start :].strip()}"
    plain = shown(word.text, 40)
    if word.end > 80:
        return Misread(AMBIGUOUS_LONG.format(plain))
    return Misread(AMBIGUOUS.format(plain, shown(target, 100), shown(note, 100)))


def _numbers(word: Word | None, *, around: bool = True) -> _Numbers | None:
    """Give the numbers in a word, None when it is no such word; raises `Misread` for numbers out of bounds.

    `around`: it may stand in brackets or quotation marks.
    """
    if word is None:
        return None
    text = word.text.rstrip(":.!,;?").lstrip(",;")
    if len(text) < 9 and text.isdecimal() and text[0] != "0":  # nearly all of them
        return _Numbers(word, [(int(text), int(text))], bare=True, closed=word.text.endswith(":"))
    if "/a/" in text and (number := link.named(text)) is not None:
        return _Numbers(word, [(_value(number), _value(number))], bare=True, closed=False, link=True)
    inner = _inside(text) if around else text
    if _NEGATIVE.fullmatch(text):
        raise Misread(TOO_SMALL.format(shown(text, 40)))
    pieces = [_NUMBER.fullmatch(piece) for piece in _COMMA.split(inner, MOST) if piece]
    if not pieces or None in pieces:
        if len(pieces) > MOST and pieces[0]:
            raise Misread(TOO_MANY)
        return None
    ranges = [_ordered(_value(piece[1]), _value(piece[2] or piece[1])) for piece in pieces if piece]
    closed = word.text.endswith(":") and inner == text
    dash = END in inner or any(piece and piece[2] and int(piece[2]) < int(piece[1]) for piece in pieces)
    return _Numbers(word, ranges, bare=inner.isdecimal(), closed=closed, around=inner != text, dash=dash)


def _inside(text: str) -> str:
    """Leave off brackets, which may hold several words, and quotation marks where both are there."""
    if len(text) > 1 and text[0] in _MARKS and text[-1] in _MARKS:
        text = text[1:-1]
    return text.strip(_BRACKETS).rstrip(":.!,;?")


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
