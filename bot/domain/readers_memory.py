"""What follows the verbs that remember, and `create`: a span, a person, a severity and a text."""

from bot.domain import spans
from bot.domain.command_words import NOBODY, POLITE
from bot.domain.filters import EVERYBODY, mention, severity_named
from bot.domain.line import Command, Line
from bot.domain.targets import read_note
from bot.domain.words import Misread, Word, Words, shown

NO_SPAN = 'I cannot use "{}" as a span of time. Write for example "stats 7d".'
LONGEST = 90 * spans.DAY
TOO_LONG = "The longest span is 90 days."
NO_NUMBERS = '"{}" takes no alert numbers.'
NOT_A_PERSON = 'I need a mention name, and "{}" is none. Write for example "handover @name".'
NO_TEXT = 'What is wrong? Write for example "create critical "mail is down"".'


def read_stats(line: Line) -> Command:
    """Read a span, or nothing."""
    _refuse_front(line)
    words = line.words
    if words.low() in {"last", "past"}:
        words.skip()
    duration = spans.read_duration(words)
    if duration is None and words.low() in spans.UNITS:  # `stats last week`
        duration = spans.UNITS[words.low()]
        words.skip()
    word = words.peek()
    if word is not None and words.low() not in POLITE:
        raise Misread(NO_SPAN.format(shown(word.text, 40)))
    if duration is not None and duration > LONGEST:
        raise Misread(TOO_LONG, suggestion=f"{line.verb} 90d")
    return Command(verb=line.verb, duration=duration)


def read_handover(line: Line) -> Command:
    """Read a person, or nothing."""
    if line.front.given:
        raise Misread(NO_NUMBERS.format(line.verb))
    words, person = line.words, line.person
    if person is None and words.low() == "to":
        words.skip()
    word = words.peek()
    if person is None and word is not None and words.low() not in POLITE:
        person = _person(word)
        words.skip()
        word = words.peek()
    if word is not None and words.low() not in POLITE:
        raise Misread(NOT_A_PERSON.format(shown(words.line[word.start :], 40)))
    return Command(verb=line.verb, person=person)


def _person(word: Word) -> str:
    bare = word.text.rstrip(",;:.!?")
    name = mention(bare if bare.startswith("@") else f"@{bare}") if bare[:1] == "@" or bare[:1].isalpha() else None
    if name is None or name.lower() in NOBODY or name.lower() in EVERYBODY:
        raise Misread(NOT_A_PERSON.format(shown(word.text, 40)))
    return name


def read_create(line: Line) -> Command:
    """Read a text, which has to be there, and a severity before it, or behind it where the text is quoted."""
    _refuse_front(line)
    words = line.words
    # The only word is the text: `create error` is an alert about an error.
    severity = severity_named(words.low(), alone=True) if words.peek(1) is not None else None
    if severity is not None:
        words.skip()
    elif words.at_quote:
        text, severity = _quoted_and_severity(words)
        if severity is not None:
            return Command(verb=line.verb, severity=severity, note=text)
    note = read_note(words).strip()
    if not note:
        raise Misread(NO_TEXT)
    return Command(verb=line.verb, severity=severity, note=note)


def _quoted_and_severity(words: Words) -> tuple[str, str | None]:
    """Take `"disk is full" critical`; nothing is taken, and no severity given, where more or something else follows."""
    start = words.position
    text = (words.quoted(start) or "").strip()
    if words.low() in {"is", "as"}:
        words.skip()
    severity = severity_named(words.low())
    if not text or severity is None or words.peek(1) is not None:
        words.jump(start)
        return "", None
    words.skip()
    return text, severity


def _refuse_front(line: Line) -> None:
    if line.front.given or line.person is not None:
        raise Misread(NO_NUMBERS.format(line.verb))
