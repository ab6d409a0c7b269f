"""What follows the verbs about who is on call: `oncall ops`, `cover ops 60m`, `page @name text`."""

import re

from bot.domain import spans
from bot.domain.beginnings import begins_later, told_within
from bot.domain.filters import mention
from bot.domain.line import Command, Line
from bot.domain.targets import read_note
from bot.domain.words import Misread, Words, shown

NO_NUMBERS = '"{}" is about people and schedules, not about alerts.'
NO_TIME = 'For how long? Write for example "cover ops 60m" or "cover ops until 09:00".'
NO_MORE = 'I cannot use "{}" there.'
NOBODY_NAMED = 'Whom? Write for example "page @dana the site is down" or "page on-call the site is down".'
NO_TEXT = 'What shall I tell them? Write for example "page {} the site is down".'
NAME_LONGEST = 100
ON_CALL = "on-call"
"""Stands for whoever is on call, where a person or a schedule may be named."""

_ASKED = re.compile(
    r"""
    (?: (?P<me> (?:when\s+)? (?:am\s+i|are\s+we) )
      | (?: who (?:['\u2019`]s|\s*is|\s+are|s|\s+will\s+be|\s+would\s+be|\s+was)?
          | is\s+any(?:body|one) | is\s+some(?:body|one) | show | list | get )
    )
    \s* (?: (?:currently|now|next|the|our|my|else) \s+ )*
    (?: on [\s_-]* call | on \s+ duty | covering | covers ) \b
    (?: \s+ (?:person|engineer|one) \b )?
    [\s?!]*
    | (?: on [\s_-] call | on \s+ duty ) \b [\s?!]*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ON_CALL = re.compile(
    r"@?(?:(?:who(?:ever|\s+is|['\u2019]s)?(?:\s+is)?|the|our|person|people)\s+)*@?on[\s_-]*call\b(?:\s+(?:person|engineer|for)\b)*",
    re.IGNORECASE,
)
_FILLS = frozenset(
    {
        "",
        "for",
        "in",
        "at",
        "the",
        "of",
        "right",
        "now",
        "moment",
        "currently",
        "today",
        "this",
        "week",
        "please",
        "schedule",
        "team",
    }
)
"""Says nothing before or after the name of a schedule."""
_FILLS_COVER = frozenset({"for", "me", "myself", "please", "shift", "schedule"})
_WEEKEND = "saturday 12:00"
_TONIGHT = "today 23:00"


# --- who is on call -------------------------------------------------------------------------------------------------


def asked_who_is_on_call(words: Words) -> Line | None:
    """Take the words of a question such as `who is on call` or `am I on call`; None, and nothing taken, for any others."""
    found = _ASKED.match(words.line, words.position)
    if found is None:
        return None
    words.jump(found.end())
    return Line(verb="oncall", words=words, person="me" if found["me"] else None)


def read_schedule(line: Line) -> Command:
    """Read the name of a schedule and a day or time, both of which may be left out."""
    if line.front.given or line.person not in {None, "me"}:
        raise Misread(NO_NUMBERS.format(line.verb))
    words, name = line.words, list[str]()
    until: str | None = None
    while (word := words.peek()) is not None and len(name) < NAME_LONGEST:
        if words.at_quote and (text := words.quoted(word.start)) is not None:
            name.append(text)
        elif until is None and (found := _when(words)) is not None:
            until = found[0]
            words.skip(found[1])
        else:
            if name or words.low().strip("?") not in _FILLS:
                name.append(word.text.strip("?!"))
            words.skip()
    while name and name[-1].lower() in _FILLS:
        name.pop()
    return Command(verb=line.verb, topic=shown(" ".join(name), NAME_LONGEST), until=until, person=line.person)


def _when(words: Words) -> tuple[str, int] | None:
    """Give the moment that stands next, as `spans.moment` takes it, and how many words say it."""
    at = 1 if words.low() in {"on", "at", "from", "this", "next", "coming", "the"} else 0
    if words.low() == "next" and words.low(1) in {"week", "week?"}:
        return spans.WEEKDAYS[0], 2
    at += 1 if at and words.low(at) in {"the", "next", "this"} else 0
    word = words.low(at).strip("?")
    if word == "tonight":
        return _TONIGHT, at + 1
    if word == "weekend":
        return _WEEKEND, at + 1
    day = "" if word == "today" else spans.DAYS.get(word, "")
    at += 1 if day else 0
    at += 1 if day and words.low(at) == "at" else 0
    clock = spans.at_clock(words.low(at).strip("?"))
    found = f"{day} {clock}".strip()
    return (found, at + (1 if clock else 0)) if found else None


# --- covers ---------------------------------------------------------------------------------------------------------


def read_cover(line: Line) -> Command:
    """Read the name of a schedule and a person, which may be left out, and a time, in any order; or when it shall begin."""
    if line.front.given or line.person is not None:
        raise Misread(NO_NUMBERS.format(line.verb))
    words, name = line.words, list[str]()
    person, until, starts = None, None, ""
    duration: int | None = None
    while (word := words.peek()) is not None:
        timed = until is not None or duration is not None
        if words.low() == "from" and words.low(1) == "now":
            words.skip(2)
        elif not timed and (spans.duration_ahead(words) or spans.named_until_ahead(words)):
            named = spans.named_until_ahead(words) is not None
            until, duration = (spans.read_until(words), None) if named else (None, spans.read_duration(words))
        elif begins_later(words):
            starts = shown(words.line[word.start :], NAME_LONGEST)
            within = told_within(words)
            duration, until = duration or within[0], until or within[1]
        elif person is None and mention(word.text) is not None:
            person = mention(word.text)
            words.skip()
        elif words.at_quote and not name and (text := words.quoted(word.start)) is not None:
            name.append(text)
        elif words.low() in _FILLS_COVER:
            words.skip()
        elif timed and name:
            raise Misread(NO_MORE.format(shown(word.text, 40)))
        else:
            name.append(word.text)
            words.skip()
    if until is None and duration is None and not starts:
        raise Misread(NO_TIME)
    topic = shown(" ".join(name), NAME_LONGEST)
    return Command(verb=line.verb, topic=topic, person=person, until=until, duration=duration, starts=starts)


def read_uncover(line: Line) -> Command:
    """Read the name of a schedule, which may be left out."""
    command = read_schedule(line)
    if command.until is not None or command.person is not None:
        raise Misread(NO_NUMBERS.format(line.verb))
    return command


# --- pages ----------------------------------------------------------------------------------------------------------


def read_page(line: Line) -> Command:
    """Read a person, a schedule or `on-call`, and a text to the end of the line."""
    if line.front.given:
        raise Misread(NO_NUMBERS.format(line.verb))
    words = line.words
    on_call = _ON_CALL.match(words.line, words.position) if line.person is None else None
    if on_call is not None:
        words.jump(on_call.end())
        return Command(verb=line.verb, topic=ON_CALL, note=_text(words, ON_CALL))
    word = words.peek()
    name = line.person or (mention(word.text) if word is not None else None)
    if name is None and word is not None and words.at_quote and (text := words.quoted(word.start)):
        return Command(verb=line.verb, topic=shown(text, NAME_LONGEST), note=_text(words, f'"{shown(text, 40)}"'))
    if name is None and word is not None and word.text[0].isalpha():
        name = mention(f"@{word.text}")
    if name is None:
        raise Misread(NOBODY_NAMED)
    if line.person is None:
        words.skip()
    return Command(verb=line.verb, person=name, note=_text(words, shown(f"@{name}", 40)))


def _text(words: Words, whom: str) -> str:
    text = read_note(words).lstrip(":,;- ")
    if not text:
        raise Misread(NO_TEXT.format(whom))
    return text
