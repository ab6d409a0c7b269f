"""A line whose verb is known, and the command that is made of it."""

from dataclasses import dataclass, field
from typing import Literal

from bot.domain.command_words import NOBODY, STATES
from bot.domain.filters import mention, severity_named
from bot.domain.matcher import Matcher
from bot.domain.numbering import at_number
from bot.domain.targets import Targets, refuse_mix
from bot.domain.words import Misread, Words, shown

WHICH_ALERTS = 'Which alerts? Write their numbers, as in "{} 12", or "{} -- text" for the only open one.'
NOT_A_PERSONS = '"{}" is a person, not an alert. Write the numbers: "{} 12".'
CONDITION_AS_WORD = 'I need numbers or a condition such as "{}".'
BOTH_SIDES = (
    'Put all numbers on one side of the verb. When "{}" belongs to the note, put the note into quotes or after "--".'
)

Reason = Literal["", "fixed", "noise", "dupe"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What somebody asked for.

    `verb` is the canonical one. `person` is `me` or a mention name without `@`. `duration` is in milliseconds; `until` is
    a day, `HH:MM` or both (`tomorrow 09:00`), which `spans.moment` makes a time of. `note` is verbatim. `topic` is the
    verb that help was asked about, or the name of a schedule or of what shall be silent. `silences` are the numbers of silences.
    `starts` are the words that say when it shall begin, if that is not now.
    """

    verb: str
    targets: Targets = field(default_factory=Targets)
    person: str | None = None
    duration: int | None = None
    until: str | None = None
    note: str = ""
    severity: str | None = None
    reason: Reason = ""
    duplicate_of: int | None = None
    page: int = 1
    topic: str = ""
    matchers: tuple[Matcher, ...] = ()
    silences: tuple[int, ...] = ()
    starts: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line whose verb is known: the words after it, and what stood before it (`12 ack`, `@dana assign 12`)."""

    verb: str
    words: Words
    front: Targets = field(default_factory=Targets)
    person: str | None = None


def check_sides(line: Line) -> None:
    """Refuse numbers on both sides of the verb: the second ones may be part of the note."""
    word = line.words.peek()
    if line.front.given and word is not None and at_number(line.words):
        raise Misread(BOTH_SIDES.format(shown(word.text, 40)))


def check_rest(line: Line, targets: Targets) -> None:
    """Refuse a rest of the line that reads like more, or other, targets."""
    words = line.words
    word = words.peek()
    if word is None:
        return
    check_sides(line)
    if targets.ranges:
        refuse_mix(words)
    if targets.given:
        return
    if words.at_quote:
        raise Misread(WHICH_ALERTS.format(line.verb, line.verb))
    if mention(word.text) is not None:
        raise Misread(NOT_A_PERSONS.format(shown(word.text, 40), line.verb))
    low, after = words.low(), words.peek(1)
    if after is None:
        condition = _as_condition(low)
        if condition:
            raise Misread(CONDITION_AS_WORD.format(condition), suggestion=f"{line.verb} {condition}")


def _as_condition(word: str) -> str:
    """Give the condition that a word of the list is short for; nothing for any other word."""
    states = STATES.get(word, frozenset())
    if len(states) == 1:
        return f"state={next(iter(states))}"
    severity = severity_named(word, alone=True)
    if severity is not None:
        return f"severity={severity}"
    return "owner=none" if word in NOBODY - {"none"} else ""
