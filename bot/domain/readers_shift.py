"""What follows the verbs about who is on call: `oncall ops`, `cover ops 60m`, `page @name text`."""

from bot.domain import spans
from bot.domain.filters import mention
from bot.domain.line import Command, Line
from bot.domain.targets import read_note
from bot.domain.words import Misread, Words, shown

NO_NUMBERS = '"{}" is about people and schedules, not about alerts.'
NO_TIME = 'For how long? Write for example "cover ops 60m" or "cover ops until 09:00".'
NO_MORE = 'I cannot use "{}" there.'
NOBODY_NAMED = 'Whom? Write for example "page @dana the site is down".'
NO_TEXT = 'What shall I tell them? Write for example "page @{} the site is down".'
NAME_LONGEST = 100


def read_schedule(line: Line) -> Command:
    """Read the name of a schedule, which may be left out."""
    _check_front(line)
    return Command(verb=line.verb, topic=_name(line.words, to_end=True))


def read_cover(line: Line) -> Command:
    """Read the name of a schedule, which may be left out, and a time, in either order."""
    _check_front(line)
    words = line.words
    name = "" if _at_time(words) else _name(words)
    until, duration = spans.read_until(words), spans.read_duration(words)
    if until is None and duration is None:
        raise Misread(NO_TIME)
    name = name or _name(words, to_end=True)
    if (extra := words.peek()) is not None:
        raise Misread(NO_MORE.format(shown(extra.text, 40)))
    return Command(verb=line.verb, topic=name, until=until, duration=duration)


def read_page(line: Line) -> Command:
    """Read a person and a text to the end of the line."""
    if line.front.given:
        raise Misread(NO_NUMBERS.format(line.verb))
    words = line.words
    word = words.peek()
    name = line.person or (mention(word.text) if word is not None else None)
    if name is None and word is not None and words.peek(1) is not None and word.text[0].isalpha():
        name = mention(f"@{word.text}")
    if name is None:
        raise Misread(NOBODY_NAMED)
    if line.person is None:
        words.skip()
    text = read_note(words)
    if not text:
        raise Misread(NO_TEXT.format(shown(name, 40)))
    return Command(verb=line.verb, person=name, note=text)


def _check_front(line: Line) -> None:
    if line.front.given or line.person is not None:
        raise Misread(NO_NUMBERS.format(line.verb))


def _at_time(words: Words) -> bool:
    return bool(spans.duration_ahead(words) or spans.until_ahead(words))


def _name(words: Words, *, to_end: bool = False) -> str:
    """Take a name: a quotation, all that is left, or all words before a time."""
    word = words.peek()
    if word is None:
        return ""
    if words.at_quote and (text := words.quoted(word.start)) is not None:
        return shown(text, NAME_LONGEST)
    taken: list[str] = []
    while (word := words.peek()) is not None and (to_end or not _at_time(words)) and len(taken) < NAME_LONGEST:
        taken.append(word.text)
        words.skip()
    return shown(" ".join(taken), NAME_LONGEST)
