"""What follows `silence` and `unsilence`: matchers and a time, or the names of silences (`S3`)."""

import re
from collections.abc import Iterator

from bot.domain import spans
from bot.domain.line import Command, Line
from bot.domain.matcher import MOST, TOO_MANY, Matcher, read_matcher
from bot.domain.numbering import AND, at_number, read_numbers
from bot.domain.targets import Targets, read_note
from bot.domain.words import Misread, Words, shown

NO_NUMBERS = "A silence takes matchers such as service=db; to quiet one alert for a while there is snooze."
WHAT = 'What shall be silent? Write for example "silence service=db severity<=warning 2h", or "silence all 2h".'
HOW_LONG = "For how long?"
NOT_BOTH = "S{} has its matchers already; to silence other alerts, leave it out."
WHICH = 'Which silence? Write its name: "unsilence S3". All of them: /alert silences'
TOO_LARGE = "There is no silence S{}."

A_WHILE = "2h"
LARGEST = 10**9

_NAME = re.compile(r"s#?(\d{1,12})")


def read_silence(line: Line) -> Command:
    """Read matchers (or `all`, or a silence to prolong), a time, in any order; the rest is a comment."""
    words = line.words
    if line.front.ranges or line.front.filter is not None or (not line.front.given and at_number_of_alert(words)):
        raise Misread(NO_NUMBERS, suggestion=_snoozed(words) if not line.front.given else None)
    matchers: list[Matcher] = []
    everything = line.front.word == "all"
    named: int | None = None
    duration: int | None = None
    until: str | None = None
    while words.peek() is not None:
        timed = duration is not None or until is not None
        if (matcher := read_matcher(words)) is not None:
            matchers.append(matcher)
            if len(matchers) > MOST:
                raise Misread(TOO_MANY.format(MOST))
        elif not timed and (spans.duration_ahead(words) or spans.until_ahead(words)):
            duration, until = spans.read_duration(words), spans.read_until(words)
        elif not matchers and not everything and words.low() in {"all", "everything"}:
            everything = True
            words.skip()
        elif named is None and not matchers and (number := _name(words)) is not None:
            named = number
        else:
            break
    if named is None and not matchers and not everything:
        raise Misread(WHAT)
    if named is not None and (matchers or everything):
        raise Misread(NOT_BOTH.format(named))
    if duration is None and until is None:
        raise Misread(HOW_LONG, suggestion=_with_time(line))
    return Command(
        verb=line.verb,
        targets=Targets(word="all" if everything else ""),
        matchers=tuple(matchers),
        silences=() if named is None else (named,),
        duration=duration,
        until=until,
        note=read_note(words),
    )


def at_number_of_alert(words: Words) -> bool:
    """Whether an alert's number stands next, rather than a time such as `2 h`."""
    return not spans.duration_ahead(words) and at_number(words)


def _snoozed(words: Words) -> str:
    return shown(f"snooze {words.line[words.position :]}")


def _with_time(line: Line) -> str:
    """Give the line with a time put in where the comment begins."""
    words = line.words
    at = words.position
    return shown(
        f"silence {'all ' if line.front.word == 'all' else ''}{_said(words.line[:at])} {A_WHILE} {words.line[at:]}"
    )


def _said(text: str) -> str:
    """Give what stands behind the verb."""
    return " ".join(word for word in text.split() if word.lower().strip("/") != "silence")


def _name(words: Words) -> int | None:
    found = _NAME.fullmatch(words.low())
    if not found:
        return None
    if int(found[1]) > LARGEST:
        raise Misread(TOO_LARGE.format(shown(found[1], 20)))
    words.skip()
    return int(found[1])


def read_unsilence(line: Line) -> Command:
    """Read the names of silences (`S3`, or only `3`), or `all`; none is the room's only one. The rest is a comment."""
    words = line.words
    if line.front.word == "all" or words.low() == "all":
        if line.front.word != "all":
            words.skip()
        return Command(verb=line.verb, targets=Targets(word="all"), note=read_note(words))
    if line.front.given and not line.front.ranges:
        raise Misread(WHICH)
    named = list(line.front.numbers) or list(_names(words))
    if not named and words.peek() is not None:
        raise Misread(WHICH)
    return Command(verb=line.verb, silences=tuple(dict.fromkeys(named)), note=read_note(words))


def _names(words: Words) -> Iterator[int]:
    """Take names of silences, with or without their letter."""
    while (number := _name(words)) is not None:
        yield number
        if words.low() in AND and words.peek() is not None:
            words.skip()
    for first, last in read_numbers(words, lambda _words: False):
        yield from range(first, last + 1)
