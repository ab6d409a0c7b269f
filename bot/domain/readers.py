"""What follows each verb of `/alert`: one reader per shape of line, which the table in commands.py points to."""

from bot.domain import spans
from bot.domain.filters import (
    MOST_CONDITIONS,
    NOBODY,
    NOT_CLOSED,
    SEVERITIES,
    STATES,
    TOO_MANY_CONDITIONS,
    Conditions,
    at_condition,
    mention,
    read_condition,
    severity_of,
)
from bot.domain.line import Command, Line, Reason, check_rest, check_sides
from bot.domain.spelling import nearest
from bot.domain.targets import (
    END,
    WORDS,
    Follows,
    Targets,
    at_number,
    read_note,
    read_numbers,
    read_targets,
)
from bot.domain.words import Misread, Words, shown

LAST_PAGE = 1_000_000

NO_NOTE = 'What should the note say? Write for example "note 12 rebooted it".'
NO_PERSON = 'To whom? Write a mention name or "me": "assign 12 @name".'
TWO_PERSONS = "One alert has one owner: give one mention name."
NOBODY_IS = "To take the owner away, use unassign."
NO_LEVEL = 'Which severity? Write critical, error, warning or info: "severity 12 critical".'
COMPARES = "The verb severity sets a severity; to see alerts by severity, use list."
NO_ORIGINAL = 'A duplicate of which alert? Write "close 12 dupe 9".'
ITSELF = "An alert cannot be a duplicate of itself."
EXTRA_WORDS = '"{}" takes numbers or "last", and I cannot use "{}" there.'
NO_MORE_WORDS = '"{}" stands alone; I cannot use "{}" after it.'
NOT_A_CONDITION = 'I do not know "{}" here. Words to search for go into quotes.'
NUMBERS_IN_LIST = "The list takes conditions; to see alerts by number, use show."
NO_PAGE = 'Which page? Write for example "page 2".'

REASONS: dict[str, Reason] = {
    "fixed": "fixed",
    "noise": "noise",
    "dupe": "dupe",
    "dup": "dupe",
    "duplicate": "dupe",
}
LIST_WORDS = (*STATES, "all", "active", "mine", "unassigned", *SEVERITIES, "page")
POLITE = ("please", "pls", "thanks", "")


def read_list(line: Line) -> Command:
    """Read conditions in any order, and a page."""
    words, conditions, page = line.words, Conditions(), 1
    if line.front.given:
        raise Misread(NUMBERS_IN_LIST)
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
        else:
            _list_word(words, conditions)
            words.skip()
    return Command(verb=line.verb, targets=Targets(filter=conditions.filter()), page=page)


def _list_word(words: Words, conditions: Conditions) -> None:
    word, low = words.peek(), words.low()
    assert word is not None
    if low in {*STATES, "all", "active"}:
        conditions.state(low)
    elif low in {"mine", "me"}:
        conditions.own("me")
    elif low in NOBODY:
        conditions.own("none")
    elif low in SEVERITIES:
        conditions.rank("=", low)
    elif (person := mention(word.text)) is not None:
        conditions.own(person)
    elif at_number(words):
        raise Misread(NUMBERS_IN_LIST, suggestion=f"show {shown(word.text.strip(',;:.!'), 60)}")
    elif low not in POLITE:
        meant = nearest(low, LIST_WORDS) or f'"{word.text}"'
        raise Misread(NOT_A_CONDITION.format(shown(word.text, 40)), suggestion=words.line_with(word, meant))


def _page(number: str) -> int:
    if not number.isdecimal() or len(number) > len(str(LAST_PAGE)) or not 1 <= int(number) <= LAST_PAGE:
        raise Misread(NO_PAGE)
    return int(number)


def read_one(line: Line) -> Command:
    """Read numbers or `last`, and nothing else."""
    words, ranges, word = line.words, line.front.ranges, line.front.word
    if not line.front.given:
        ranges = read_numbers(words, _nothing_follows)
        if not ranges and words.low() == "last":
            words.skip()
            word = WORDS["last"]
    extra = words.peek()
    if extra is not None and words.low() not in POLITE:
        conditional = at_condition(words) or words.at_quote or words.low() in LIST_WORDS
        suggestion = shown(f"list {words.line[extra.start :]}") if conditional and not ranges and not word else None
        raise Misread(EXTRA_WORDS.format(line.verb, shown(extra.text, 40)), suggestion=suggestion)
    return Command(verb=line.verb, targets=Targets(ranges=ranges, word=word))


def read_change(line: Line) -> Command:
    """Read targets, then a note."""
    targets = _targets(line, _nothing_follows)
    return Command(verb=line.verb, targets=targets, note=read_note(line.words))


def read_timed(line: Line) -> Command:
    """Read targets, then perhaps a time (which may also come first), then a note."""
    words = line.words
    targets = line.front if line.front.given else read_targets(words, _at_time, times=True)
    until, duration = spans.read_until(words), spans.read_duration(words)
    if not targets.given and (until or duration) and words.peek() is not None:
        targets = read_targets(words, _nothing_follows, late=True)
    check_rest(line, targets)
    return Command(verb=line.verb, targets=targets, duration=duration, until=until, note=read_note(words))


def read_close(line: Line) -> Command:
    """Read targets, then perhaps a reason (which may also come first), then a text."""
    words = line.words
    targets = line.front if line.front.given else read_targets(words, _at_reason)
    reason, original = _reason(words)
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
    return words.low() in SEVERITIES


def _severity(words: Words) -> str | None:
    found = SEVERITIES.get(words.low())
    if found:
        words.skip()
    return found


def read_text(line: Line) -> Command:
    """Read targets, then a note that has to be there and may say anything."""
    words = line.words
    targets = line.front if line.front.given else read_targets(words, _nothing_follows)
    check_sides(line)
    note = read_note(words)
    if not note:
        raise Misread(NO_NOTE)
    return Command(verb=line.verb, targets=targets, note=note)


def read_alone(line: Line) -> Command:
    """Read nothing at all: what it does is known without a word."""
    word = line.words.peek()
    if line.front.given or (word is not None and line.words.low() not in POLITE):
        extra = word.text if word else line.words.line
        raise Misread(NO_MORE_WORDS.format(line.verb, shown(extra, 40)))
    return Command(verb=line.verb)


def read_refusal(line: Line) -> Command:
    """Read anything: to be told no is always safe."""
    return Command(verb=line.verb, note=read_note(line.words))


def _nothing_follows(_: Words) -> bool:
    return False


def _at_time(words: Words) -> bool:
    return bool(spans.duration_ahead(words) or spans.until_ahead(words))


def _targets(line: Line, follows: Follows) -> Targets:
    targets = line.front if line.front.given else read_targets(line.words, follows)
    check_rest(line, targets)
    return targets
