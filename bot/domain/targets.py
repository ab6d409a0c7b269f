"""Which alerts a command means: numbers, `last`, `mine`, `all`, or a filter (product.md 5).

The rule above all others: never touch an alert that its author may not have meant. Targets are the run of numbers right
after the verb (or right before it), read in numbering.py; where they may belong to a note the line is refused with both
readings spelled out. The words `all` and `mine` are held to the same rule.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import link, spans
from bot.domain.command_words import (
    ALERT,
    ALL,
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
from bot.domain.numbering import END, Follows, ambiguous, at_number, at_plain, read_numbers
from bot.domain.words import Misread, Word, Words, shown

UNREADABLE = 'I cannot read "{}" as an alert number. Words of a note go into quotes or after "--".'
NO_MIX = 'Give numbers or conditions, not both. When "{}" belongs to the note, put the note into quotes or after "--".'
LAST_IS_ONE = '"last" is one alert, so I cannot use {} after it.'

WORDS: Mapping[str, TargetWord] = {**LAST, **MINE, **ALL}

_NUMERIC = re.compile(r"[#-]|\d")
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:/\d+)?", re.ASCII)
_NAME_LIKE = re.compile(r"(?=[^\W\d_])(?=.*[\d:]).*\w", re.DOTALL)
"""A word that is rather a machine's or a label's than one of a sentence: `db1`, `service:db`."""
LONGEST_NAME = 200


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


def read_note(words: Words) -> str:
    """Take the rest of the line as a note, verbatim; `--` before it and quotation marks around it are left off."""
    word = words.peek()
    if word is not None and word.text == END:
        words.skip()
    elif word is not None and word.text.startswith(END) and not word.text.strip("-").isdecimal():
        words.jump(word.start + len(END))
    return words.rest()


def refuse_mix(words: Words) -> None:
    """Raise `Misread` when a condition follows numbers: it may be meant to narrow them."""
    word = words.peek()
    if word is not None and at_condition(words) and (words.low() == "severity" or not word.text.isalnum()):
        raise Misread(NO_MIX.format(shown(word.text, 40)))


def _refuse_unreadable(words: Words, word: Word, *, times: bool) -> None:
    if not (times and spans.duration_ahead(words)):
        raise Misread(UNREADABLE.format(shown(word.text, 40)))
