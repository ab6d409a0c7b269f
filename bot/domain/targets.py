"""Which alerts a command means: numbers, `last`, `mine`, `all`, or a filter (product.md 5).

The rule above all others: never touch an alert that its author may not have meant. Targets are the run of numbers right
after the verb (or right before it). Whoever continues with a note may begin it with a number: in `ack 12 5 disks are
broken` the 5 may be either, so that line is refused with both readings spelled out. A number after the first target is
one more target when it is marked as such (`#5`, `12,5` without a space, `5-7`), or when what follows cannot be a sentence
going on: the end, a time, quotation marks, `--`. The words `all` and `mine` are held to the same rule.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bot.domain import link, spans
from bot.domain.command_words import (
    ALERT,
    ALL,
    BEFORE_NUMBER,
    IT,
    LAST,
    MINE,
    NOBODY,
    OF_THEM,
    ONE,
    POLITE,
    SPANS_OF_LAST,
    STATES,
    TargetWord,
)
from bot.domain.filters import (
    MOST_CONDITIONS,
    NOT_CLOSED,
    TOO_MANY_CONDITIONS,
    Conditions,
    Filter,
    at_condition,
    read_condition,
    severity_named,
)
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
MOST_SIGNS = 4
LAST_IS_ONE = '"last" is one alert, so I cannot use {} after it.'

WORDS: Mapping[str, TargetWord] = {**LAST, **MINE, **ALL}
AND = ("and", "&", "+", "")
TO = ("-", "to")
END = "--"
"""Ends the targets: what follows is the note. Phones make a long dash of it."""

_SIGN = r"(?:(?:alert|incident|issue|ticket|number|num|nr|no|id)s?[.:_-]*)?#*"
_NUMBER = re.compile(rf"{_SIGN}(\d+)(?:(?:-{{1,2}}|\.\.)#?(\d+))?", re.IGNORECASE)
_NEGATIVE = re.compile(r"-#?\d+")
_NUMERIC = re.compile(r"[#-]|\d")
_COMMA = re.compile("[,;]")
_BRACKETS = "()[]{}<>"
_MARKS = "\"'*`"
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:/\d+)?", re.ASCII)
_NAME_LIKE = re.compile(r"(?=[^\W\d_])(?=.*[\d:]).*\w", re.DOTALL)
"""A word that is rather a machine's or a label's than one of a sentence: `db1`, `service:db`."""
LONGEST_NAME = 200

Follows = Callable[[Words], bool]
"""Whether what stands next is one of the verb's own words, which come after the targets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Targets:
    """The alerts that were named: ranges of numbers (sorted, apart, both ends included), a word, a filter, or words of one.

    `links` are the tokens of our own links that gave some of the numbers; whoever acts checks them. `text` are words that
    have to fit one alert only; where they fit none they may be the beginning of a note, unless they were `quoted`, or stand
    beside a number that then might be an alert's. `pronoun`: the last one was called `it`, which a note may take back.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    word: TargetWord = ""
    filter: Filter | None = None
    links: tuple[str, ...] = ()
    text: str = ""
    quoted: bool = False
    pronoun: bool = False

    @property
    def given(self) -> bool:
        """Whether anything was named at all."""
        return bool(self.ranges or self.word or self.text or self.filter is not None)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every number of the ranges; never more than a thousand."""
        return tuple(number for first, last in self.ranges for number in range(first, last + 1))


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


def read_numbered(words: Words, follows: Follows, *, times: bool = False, late: bool = False) -> Targets:
    """Take the run of numbers that stands next as targets, with the links that gave some of them."""
    start = words.position
    ranges = read_numbers(words, follows, times=times, late=late)
    return Targets(ranges=ranges, links=link.tokens(words.line[start : words.taken]) if ranges else ())


def read_targets(
    words: Words, follows: Follows, *, times: bool = False, late: bool = False, named: bool = True
) -> Targets:
    """Take the targets that stand next; raises `Misread` for those that may be part of a note.

    `named`: one may also be named by a word of its own, such as a machine's name.
    """
    targets = read_numbered(words, follows, times=times, late=late)
    if targets.given:
        return targets
    word: TargetWord = ""
    pronoun = False
    conditions = Conditions()
    for _ in range(MOST_CONDITIONS):
        ahead = words.peek()
        if ahead is not None and not word and (found := _read_word(words, follows)):
            word, pronoun = found, ahead.low in IT
            if word == "all":
                _read_all_of(words, conditions, follows)
        elif not read_condition(words, conditions):
            break
    else:
        raise Misread(TOO_MANY_CONDITIONS)
    targets = Targets(word=word, filter=conditions.filter(), pronoun=pronoun)
    if targets.given:
        if ahead is not None and at_number(words) and not follows(words):
            refusal = LAST_IS_ONE if word == "last" else NO_MIX
            raise Misread(refusal.format(shown(words.low(), 40)))
        return targets
    if named:
        targets = _read_name(words, follows)
    if not targets.given and ahead is not None and ahead.text[:2] != END and _NUMERIC.match(ahead.text):
        _refuse_unreadable(words, ahead, times=times)
    return targets


def _read_word(words: Words, follows: Follows) -> TargetWord:
    """Take a word that stands for alerts: `last`, `this one`, `all of them`; raises `Misread` where a note may begin with it."""
    at = 1 if words.low() == "the" else 0
    low = words.low(at)
    if low in LAST and words.low(at + 1).removesuffix("'s") not in SPANS_OF_LAST:
        words.skip(at + 1)
        if words.low() in ONE:
            words.skip()
        return LAST[low]
    if low in IT:
        return _read_it(words, follows)
    if at or low not in WORDS or low in LAST:
        return ""
    ahead = words.peek()
    assert ahead is not None
    words.skip()
    while low in ALL and words.low() in OF_THEM:
        ahead = words.peek() or ahead
        words.skip()
    if ahead.text.endswith(":") or at_condition(words) or (low in ALL and _at_all_of(words, follows)):
        return WORDS[low]
    if at_plain(words, follows):
        raise ambiguous(words, ahead)
    return WORDS[low]


def _read_it(words: Words, follows: Follows) -> TargetWord:
    """Take `it`, `this alert` or `that one`, where no sentence goes on: `note it is the disk` is a note."""
    ahead = words.peek()
    assert ahead is not None
    start, closed = ahead.start, ahead.text[-1] in ",:;."
    words.skip()
    if words.low() in ONE and words.peek() is not None:
        closed = True
        words.skip()
    if at_plain(words, follows) and not closed and words.low() not in POLITE:
        words.jump(start)
        return ""
    return "last"


def _at_all_of(words: Words, follows: Follows) -> bool:
    """Tell whether `all` is narrowed by a bare word, after which nothing stands that could be a sentence: `all critical`."""
    low, after = words.low(), words.peek(1)
    known = low in STATES or low in NOBODY or severity_named(low, alone=True) is not None
    return known and not follows(words) and (after is None or after.low in ALERT or after.text == END)


def _read_all_of(words: Words, conditions: Conditions, follows: Follows) -> None:
    if not _at_all_of(words, follows):
        return
    low = words.low()
    if low in STATES:
        conditions.state(low)
    elif low in NOBODY:
        conditions.own("none")
    else:
        conditions.rank("=", severity_named(low, alone=True) or low)
    words.skip()
    if words.low() in ALERT and words.peek() is not None:
        words.skip()


def _read_name(words: Words, follows: Follows) -> Targets:
    """Take words that name one alert: in quotation marks, a machine's name, or a word before the verb's own ones."""
    word = words.peek()
    if word is None or word.text[:2] == END or follows(words):
        return Targets()
    if words.at_quote:
        text = words.quoted(word.start)
        if text is None:
            raise Misread(NOT_CLOSED)
        return Targets(text=shown(text.strip(), LONGEST_NAME), quoted=True) if text.strip() else Targets()
    bare = word.text.rstrip(",;:.!?")
    if word.low in STATES or word.low in NOBODY or severity_named(word.low, alone=True):
        return Targets()
    named = len(bare) <= LONGEST_NAME and (_NAME_LIKE.fullmatch(bare) or _ADDRESS.fullmatch(bare))
    if not named and (words.peek(1) is None or not _own_words_follow(words, follows)):
        return Targets()
    words.skip()
    return Targets(text=shown(bare, LONGEST_NAME))


def _own_words_follow(words: Words, follows: Follows) -> bool:
    """Whether the verb's own words stand behind the next one, which then is no sentence's: `snooze disk 2h`."""
    after = words.peek(1)
    word = words.peek()
    return (
        word is not None and after is not None and word.text[0].isalpha() and follows(Words(words.line[after.start :]))
    )


def at_plain(words: Words, follows: Follows) -> bool:
    """Tell whether a sentence may go on here: something follows that is no quotation, no `--` and no word of the verb's own."""
    word = words.peek()
    return word is not None and word.text[:2] != END and not words.at_quote and not follows(words)


def read_note(words: Words) -> str:
    """Take the rest of the line as a note, verbatim; `--` before it and quotation marks around it are left off."""
    word = words.peek()
    if word is not None and word.text == END:
        words.skip()
    elif word is not None and word.text.startswith(END) and not word.text.strip("-").isdecimal():
        words.jump(word.start + len(END))
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


def _refuse_unreadable(words: Words, word: Word, *, times: bool) -> None:
    if not (times and spans.duration_ahead(words)):
        raise Misread(UNREADABLE.format(shown(word.text, 40)))
