"""What follows each verb of `/alert`: one reader per shape of line, which the table in commands.py points to."""

from dataclasses import replace

from bot.domain import spans
from bot.domain.command_words import IN_LIST, IT, LAST, NOBODY, ONE, OWN, POLITE, STATES
from bot.domain.filters import (
    MOST_CONDITIONS,
    NAMED_STATES,
    NOT_CLOSED,
    TOO_MANY_CONDITIONS,
    Conditions,
    at_condition,
    mention,
    read_condition,
    severity_named,
    severity_of,
)
from bot.domain.line import Command, Line, Reason, check_rest, check_sides
from bot.domain.numbering import END, at_number, read_numbers
from bot.domain.spelling import nearest
from bot.domain.targets import WORDS, Targets, read_note, read_numbered, read_targets
from bot.domain.words import Misread, Words, shown

LAST_PAGE = 1_000_000

NO_NOTE = 'What should the note say? Write for example "note 12 rebooted it".'
NO_PERSON = 'To whom? Write a mention name or "me": "assign 12 @name".'
TWO_PERSONS = "One alert has one owner: give one mention name."
NOBODY_IS = "To take the owner away, use unassign."
NO_LEVEL = 'Which severity? Write critical, error, warning or info: "severity 12 critical".'
COMPARES = "The verb severity sets a severity; to see alerts by severity, use list."
NO_ORIGINAL = 'A duplicate of which alert? Write "close 12 dupe 9".'
NO_DUPLICATE = 'Which alert is the duplicate? Write "close 12 dupe {0}", or "close {0}" for the alert #{0} itself.'
ITSELF = "An alert cannot be a duplicate of itself."
EXTRA_WORDS = '"{}" takes numbers or "last", and I cannot use "{}" there.'
HOUR_OR_ALERT = 'Is {0} an alert or a time? Write "#{0}" for the alert, "{0}:00" for the time.'
NO_MORE_WORDS = '"{}" stands alone; I cannot use "{}" after it.'
NOT_A_CONDITION = 'I do not know "{}" here. To search for that very word, put it into quotes.'
NUMBERS_IN_LIST = "The list takes conditions; to see alerts by number, use show."
NO_PAGE = 'Which page? Write for example "page 2".'

REASONS: dict[str, Reason] = {
    "fixed": "fixed",
    "noise": "noise",
    "dupe": "dupe",
    "dup": "dupe",
    "duplicate": "dupe",
}
TO_LEVEL = ("to", "is", "as")
LIST_WORDS = (*NAMED_STATES, "all", "active", "mine", "unassigned", "critical", "error", "warning", "info", "page")


def read_list(line: Line) -> Command:
    """Read conditions in any order, words to search for, and a page; numbers alone are shown."""
    words, conditions, page = line.words, Conditions(), 1
    if line.front.given:
        raise Misread(NUMBERS_IN_LIST)
    if at_number(words):
        return _shown(words)
    read = 0
    while (word := words.peek()) is not None:
        read, low = read + 1, words.low()
        if read > MOST_CONDITIONS:
            raise Misread(TOO_MANY_CONDITIONS)
        if words.at_quote:
            text = words.quoted(word.start)
            if text is None:
                raise Misread(NOT_CLOSED)
            conditions.texts.append(text)
        elif read_condition(words, conditions):
            continue
        elif low == "page":
            page = _page(words.low(1))
            words.skip(2)
        elif low == "not" and words.low(1) in {*STATES, "assigned"}:
            _list_word(words, conditions, f"un{words.low(1)}")
            words.skip(2)
        else:
            _list_word(words, conditions, low)
            words.skip()
    return Command(verb="list", targets=Targets(filter=conditions.filter()), page=page)


def _shown(words: Words) -> Command:
    word = words.peek()
    targets = read_numbered(words, _nothing_follows)
    if word is None or (words.peek() is not None and words.low() not in POLITE):
        raise Misread(NUMBERS_IN_LIST)
    return Command(verb="show", targets=targets)


def _list_word(words: Words, conditions: Conditions, low: str) -> None:
    word = words.peek()
    assert word is not None
    severity = severity_named(low, alone=True)
    if low in STATES:
        conditions.state(low)
    elif low in OWN:
        conditions.own("me")
    elif low in NOBODY:
        conditions.own("none")
    elif severity is not None:
        conditions.rank("=", severity)
    elif (person := mention(word.text)) is not None:
        conditions.own(person)
    elif at_number(words):
        raise Misread(NUMBERS_IN_LIST, suggestion=f"show {shown(word.text.strip(',;:.!'), 60)}")
    elif low and low not in IN_LIST:
        meant = nearest(low, LIST_WORDS)
        if meant is not None:
            raise Misread(NOT_A_CONDITION.format(shown(word.text, 40)), suggestion=words.line_with(word, meant))
        conditions.texts.append(word.text.rstrip(",;:.!?"))


def _page(number: str) -> int:
    if not number.isdecimal() or len(number) > len(str(LAST_PAGE)) or not 1 <= int(number) <= LAST_PAGE:
        raise Misread(NO_PAGE)
    return int(number)


def read_one(line: Line) -> Command:
    """Read numbers, or what stands for the last alert, and nothing else."""
    words = line.words
    targets = line.front
    if not targets.given:
        targets = read_numbered(words, _nothing_follows)
        at = 1 if words.low() == "the" else 0
        if not targets.given and (words.low(at) in LAST or words.low(at) in IT):
            words.skip(at + 1)
            if words.low() in ONE:
                words.skip()
            targets = Targets(word="last")
    extra = words.peek()
    if extra is not None and words.low() not in POLITE:
        conditional = at_condition(words) or words.at_quote or words.low() in LIST_WORDS
        suggestion = shown(f"list {words.line[extra.start :]}") if conditional and not targets.given else None
        raise Misread(EXTRA_WORDS.format(line.verb, shown(extra.text, 40)), suggestion=suggestion)
    return Command(verb=line.verb, targets=targets)


def read_show(line: Line) -> Command:
    """Read numbers, or anything that a list takes: `show all`, `show my alerts`, `what is open`."""
    words = line.words
    if words.low() == "me" and words.peek(1) is not None:
        words.skip()
    word, low = words.peek(), words.low(1 if words.low() == "the" else 0)
    if line.front.given or word is None or low in POLITE or at_number(words) or low in LAST or low in IT:
        return read_one(line)
    return read_list(line)


def read_change(line: Line) -> Command:
    """Read targets, then a note."""
    targets = line.front if line.front.given else read_targets(line.words, _nothing_follows)
    check_rest(line, targets)
    return Command(verb=line.verb, targets=targets, note=read_note(line.words))


def read_timed(line: Line, *, needed: bool = False) -> Command:
    """Read targets, then perhaps a time (which may also come first), then a note.

    `needed`: the verb has no sense without a time, so that `tomorrow` is one without `until`.
    """
    words = line.words

    def at_time(ahead: Words) -> bool:
        return bool(spans.duration_ahead(ahead) or spans.until_ahead(ahead, bare=needed))

    targets = line.front if line.front.given else read_targets(words, at_time, times=True)
    hour = spans.bare_hour(words, bare=needed) if targets.text or not targets.given else ""
    if hour and not targets.text:
        raise Misread(HOUR_OR_ALERT.format(hour))
    if hour:
        targets = replace(targets, quoted=True)
    until = spans.read_until(words, bare=needed)
    duration = spans.read_duration(words) if until is None else None
    if not targets.given and (until or duration) and words.peek() is not None:
        targets = read_targets(words, _nothing_follows, late=True)
    check_rest(line, targets)
    return Command(verb=line.verb, targets=targets, duration=duration, until=until, note=read_note(words))


def read_close(line: Line) -> Command:
    """Read targets, then perhaps a reason (which may also come first), then a text."""
    words = line.words
    targets = line.front if line.front.given else read_targets(words, _at_reason)
    reason, original = _reason(words)
    if original is not None and not targets.given:
        raise Misread(NO_DUPLICATE.format(original))
    if reason and not targets.given:
        targets = read_targets(words, _nothing_follows, late=True)
    if original in targets.numbers:
        raise Misread(ITSELF)
    check_rest(line, targets)
    return Command(verb=line.verb, targets=targets, reason=reason, duplicate_of=original, note=read_note(words))


def _at_reason(words: Words) -> bool:
    return words.low() in REASONS or (words.low() == "as" and words.low(1) in REASONS)


def _reason(words: Words) -> tuple[Reason, int | None]:
    if not _at_reason(words):
        return "", None
    if words.low() == "as":
        words.skip()
    reason = REASONS[words.low()]
    words.skip()
    if reason != "dupe":
        return reason, None
    if words.low() == "of":
        words.skip()
    word = words.peek()
    found = read_numbers(words, _nothing_follows)
    if word is None or len(found) != 1 or found[0][0] != found[0][1]:
        raise Misread(NO_ORIGINAL)
    return reason, found[0][0]


def read_assign(line: Line) -> Command:
    """Read targets and a person in either order, then a note."""
    words = line.words
    person = line.person or _person(words, first=True)
    targets = line.front
    if not targets.given:
        targets = read_targets(words, _nothing_follows if person else _at_person, late=person is not None)
    person = person or _person(words)
    if person is None:
        raise Misread(NO_PERSON)
    if person.lower() in NOBODY:
        raise Misread(NOBODY_IS)
    word = words.peek()
    if word is not None and mention(word.text):
        raise Misread(TWO_PERSONS)
    check_rest(line, targets)
    return Command(verb=line.verb, targets=targets, person=person, note=read_note(words))


def _at_person(words: Words) -> bool:
    word = words.peek()
    if word is None:
        return False
    return mention(word.text) is not None or words.low() in {"me", "to"} or words.peek(1) is None


def _person(words: Words, *, first: bool = False) -> str | None:
    """Take a person: a mention, `me`, or a bare name that is the last word or (`first`) stands before numbers."""
    count = 2 if words.low() == "to" else 1
    word, after = words.peek(count - 1), words.peek(count)
    if word is None:
        return None
    name = mention(word.text)
    named = count == 2 or word.low == "me" or after is None or (first and after.text.lstrip("#")[:1].isdecimal())
    if name is None and named and word.text[0].isalpha() and word.low not in WORDS:
        name = mention(f"@{word.text}")
    if name is not None:
        words.skip(count)
    return name


def read_severity(line: Line) -> Command:
    """Read targets and a severity in either order, then a note."""
    words = line.words
    if words.low()[:1] in {"<", ">", "=", "!"} and words.peek():
        raise Misread(COMPARES, suggestion=shown(f"list severity{words.line[words.position :]}"))
    severity = _severity(words)
    targets = line.front
    if not targets.given:
        targets = read_targets(words, _nothing_follows if severity else _at_severity, late=severity is not None)
    if severity is None:
        severity = _severity(words)
    if severity is None:
        word = words.peek()
        if word is not None and word.text != END:
            severity_of(word.low)
        raise Misread(NO_LEVEL)
    check_rest(line, targets)
    return Command(verb=line.verb, targets=targets, severity=severity, note=read_note(words))


def _at_severity(words: Words) -> bool:
    return severity_named(words.low(1 if words.low() in TO_LEVEL else 0)) is not None


def _severity(words: Words) -> str | None:
    count = 2 if words.low() in TO_LEVEL else 1
    found = severity_named(words.low(count - 1))
    if found is not None:
        words.skip(count)
    return found


def read_text(line: Line) -> Command:
    """Read targets, then a note that has to be there and may say anything."""
    words = line.words
    targets = line.front if line.front.given else read_targets(words, _nothing_follows, named=False)
    check_sides(line)
    note = read_note(words)
    if not note:
        raise Misread(NO_NOTE)
    return Command(verb=line.verb, targets=targets, note=note)


def read_alone(line: Line) -> Command:
    """Read nothing at all: what it does is known without a word."""
    word = line.words.peek()
    if line.front.given or (word is not None and line.words.low() not in POLITE | IT.keys()):
        extra = word.text if word else line.words.line
        raise Misread(NO_MORE_WORDS.format(line.verb, shown(extra, 40)))
    return Command(verb=line.verb)


def read_refusal(line: Line) -> Command:
    """Read anything: to be told no is always safe."""
    return Command(verb=line.verb, note=read_note(line.words))


def _nothing_follows(_: Words) -> bool:
    return False
