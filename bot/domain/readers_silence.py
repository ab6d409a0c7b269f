"""What follows `silence` and `unsilence`: matchers and a time, or the names of silences (`S3`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.domain import spans
from bot.domain.beginnings import RECURRING, begins_later, told_within
from bot.domain.line import Command, Line
from bot.domain.matcher import MOST, TOO_MANY, Matcher, read_matcher
from bot.domain.numbering import AND, at_number, read_numbers
from bot.domain.readers_time import read_snooze
from bot.domain.targets import Targets, read_note
from bot.domain.words import Misread, Words, shown

WHAT = 'What shall be silent? Write for example "silence service=db severity<=warning 2h", "silence web 2h" or "silence all 2h".'
HOW_LONG = "For how long?"
NOT_BOTH = "S{} has its matchers already; to silence other alerts, leave it out."
WHICH = 'Which silence? Write its name: "unsilence S3". All of them: /alert silences'
TOO_LARGE = "There is no silence S{}."

A_WHILE = "2h"
LARGEST = 10**9
TOPIC_WORDS = 4
"""So many words may name what shall be silent."""
TOPIC_LONGEST = 100
STARTS_LONGEST = 100

_NAME = re.compile(r"s#?(\d{1,12})")


def read_silence(line: Line) -> Command:
    """Read matchers (or `all`, a silence to prolong, a word to guess them from), a time, in any order; the rest is a comment.

    An alert that is named by its number is snoozed.
    """
    words = line.words
    if line.front.ranges or (not line.front.given and at_number_of_alert(words)):
        return read_snooze(replace(line, verb="snooze"))
    if line.front.filter is not None:
        raise Misread(WHAT)
    read = _Read(everything=line.front.word == "all")
    start = words.position
    while words.peek() is not None and read.take(words):
        continue
    if not (read.matchers or read.everything or read.named or read.topic):
        if read.timed and at_number_of_alert(words):
            words.jump(start)
            return read_snooze(replace(line, verb="snooze"))
        raise Misread(WHAT)
    if read.named is not None and (read.matchers or read.everything):
        raise Misread(NOT_BOTH.format(read.named))
    if read.topic and (read.matchers or read.everything or read.named):
        raise Misread(WHAT)
    if not read.timed and not read.starts:
        at = words.position
        front = "all " if line.front.word == "all" else ""
        suggestion = shown(f"silence {front}{words.line[start:at].strip()} {A_WHILE} {words.line[at:]}")
        raise Misread(HOW_LONG, suggestion=suggestion)
    return Command(
        verb=line.verb,
        targets=Targets(word="all" if read.everything else ""),
        matchers=tuple(read.matchers),
        silences=() if read.named is None else (read.named,),
        duration=read.duration,
        until=read.until,
        starts=read.starts,
        topic=shown(" ".join(read.topic), TOPIC_LONGEST),
        note=read_note(words),
    )


@dataclass(kw_only=True, slots=True)
class _Read:
    """What was read of a silence so far."""

    everything: bool = False
    matchers: list[Matcher] = field(default_factory=list)
    named: int | None = None
    topic: list[str] = field(default_factory=list)
    duration: int | None = None
    until: str | None = None
    starts: str = ""

    @property
    def timed(self) -> bool:
        """Whether its time was read."""
        return self.duration is not None or self.until is not None

    def take(self, words: Words) -> bool:
        """Take what stands next; False, and nothing taken, where the comment begins."""
        if (matcher := read_matcher(words)) is not None:
            self.matchers.append(matcher)
            if len(self.matchers) > MOST:
                raise Misread(TOO_MANY.format(MOST))
        elif not self.timed and (spans.duration_ahead(words) or spans.named_until_ahead(words)):
            named = spans.named_until_ahead(words) is not None
            self.until, self.duration = (spans.read_until(words), None) if named else (None, spans.read_duration(words))
        elif self._begins_later(words):
            self._starts(words)
        elif not self.matchers and not self.everything and words.low() in {"all", "everything"}:
            self.everything = True
            words.skip()
        elif self.named is None and not self.matchers and (number := _name(words)) is not None:
            self.named = number
        else:
            return self._topic(words)
        return True

    def _begins_later(self, words: Words) -> bool:
        """Tell whether it is to begin later, or again and again; also where its comment says so, which is never taken for one."""
        if begins_later(words, comment=self.timed):
            return True
        if not self.timed or words.at_quote:
            return False
        rest = Words(words.line[words.position :])
        while rest.peek() is not None and rest.low() not in RECURRING:
            rest.skip()
        return begins_later(rest, comment=True)

    def _starts(self, words: Words) -> None:
        self.starts = shown(words.line[words.position :], STARTS_LONGEST)
        duration, until = told_within(words)
        self.duration, self.until = self.duration or duration, self.until or until

    def _topic(self, words: Words) -> bool:
        """Take a word to guess matchers from; once the time is known, all words are the comment."""
        word = words.peek()
        if word is None or self.timed or self.matchers or self.everything or self.named is not None:
            return False
        if words.at_quote and not self.topic and (text := words.quoted(word.start)) is not None:
            self.topic.append(text)
            return True
        if len(self.topic) == TOPIC_WORDS or words.at_quote:
            return False
        self.topic.append(word.text)
        words.skip()
        return True


def at_number_of_alert(words: Words) -> bool:
    """Whether an alert's number stands next, rather than a time such as `2 h`."""
    return not spans.duration_ahead(words) and not spans.at_clock(words.low()) and at_number(words)


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
