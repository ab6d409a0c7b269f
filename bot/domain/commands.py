"""The /alert grammar: what reads a whole message (product.md 5, hipchat-api.md 10.1).

A line is `/alert VERB [targets] [arguments] [note]`, in any case; targets may also stand before the verb. The table of
verbs is in verbs.py, how targets are told from a note in targets.py, and what each verb reads in readers.py.
"""

import re

from bot.domain.filters import NOBODY, SEVERITIES, STATES, Filter, at_condition, mention
from bot.domain.line import Command, Line
from bot.domain.readers_shift import asked_who_is_on_call
from bot.domain.spelling import nearest
from bot.domain.targets import WORDS, Targets, at_number, read_numbers
from bot.domain.verbs import NAMES, VERBS, Verb, help_text
from bot.domain.words import Misread, Word, Words, shown

__all__ = ("VERBS", "Command", "Filter", "Misread", "Targets", "Verb", "help_text", "is_command", "parse")

NOT_UNDERSTOOD = "not understood"
UNKNOWN_VERB = 'I do not know "{}".'
NO_VERB = 'What should I do with {}? Write for example "ack {}" or "note {} text".'

MEANT = {
    "acknowledge": "ack",
    "acknowledged": "ack",
    "comment": "note",
    "claim": "own",
    "reassign": "assign",
    "fix": "close",
    "postpone": "snooze",
    "unsnooze": "wake",
}
"""Words for a verb that people try first."""

_SLASH_WORD = re.compile(r"/[aA][lL][eE][rR][tT][sS]?(?:\s|$)")
_RUN_TOGETHER = re.compile(r"([a-z]{1,16})#?(\d[\d,#-]*)", re.IGNORECASE)
_ASKS_HELP = {"help", "?", "--help", "-h", "-help"}
_LIST_STARTS = {*STATES, *SEVERITIES, *NOBODY, "all", "active", "page"} - {"none", "nobody"}


def is_command(text: str) -> bool:
    """Tell whether a message is for us: the pattern that the descriptor's webhook has."""
    return _SLASH_WORD.match(text) is not None


def parse(text: str) -> Command:
    """Read a whole message, `/alert ...`; raises `Misread` for all that is no command, and nothing else."""
    begun = _SLASH_WORD.match(text.lstrip())
    if begun is None:
        raise Misread(NOT_UNDERSTOOD)
    try:
        return _command(Words(text.lstrip()[begun.end() :]))
    except Misread as misread:
        if misread.suggestion is not None and not _understood(misread.suggestion):
            misread.suggestion = None
        raise


def _understood(line: str) -> bool:
    try:
        _command(Words(line))
    except Misread:
        return False
    return True


def _command(words: Words) -> Command:
    asked = asked_who_is_on_call(words)
    return _verb_first(words) if asked is None else _read(NAMES["oncall"], asked)


def _verb_first(words: Words) -> Command:
    if words.low() in {"please", "pls"}:
        words.skip()
    first = words.peek()
    if first is None:
        return Command(verb="list")
    verb = _verb(first)
    if verb is not None and not (verb.name == "severity" and at_condition(words)):
        words.skip()
        return _read(verb, Line(verb=verb.name, words=words))
    if at_number(words):
        return _numbers_first(words)
    target, person, second = WORDS.get(words.low(), ""), _mention_before_verb(words), _verb(words.peek(1))
    if second is not None and (target or (person and second.name == "assign")):
        words.skip(2)
        line = Line(verb=second.name, words=words, front=Targets(word=target), person=person)
        return _read(second, line)
    if target == "last":
        return _read(NAMES["show"], Line(verb="show", words=words))
    if words.low() in _LIST_STARTS or words.at_quote or at_condition(words) or mention(first.text):
        return _read(NAMES["list"], Line(verb="list", words=words))
    meant = _meant(first)
    corrected = words.line_with(first, meant) if meant is not None else ""
    if meant is not None and not _is_prose(first, corrected):
        raise _unknown(first, meant, corrected)
    if second is not None:
        raise _unknown(first, second.name, words.line[first.end :].strip())
    raise Misread(NOT_UNDERSTOOD)


def _verb(word: Word | None) -> Verb | None:
    return None if word is None else NAMES.get(word.low.strip("/"))


def _mention_before_verb(words: Words) -> str | None:
    word = words.peek()
    return mention(word.text) if word is not None and _verb(words.peek(1)) else None


def _read(verb: Verb, line: Line) -> Command:
    """Let the verb's reader read, and tell its refusals which verb they are about."""
    only = line.words.low() in _ASKS_HELP and line.words.peek(1) is None
    try:
        if only and verb.name != "help" and not line.front.given:
            return Command(verb="help", topic=verb.name)
        return verb.reader(line)
    except Misread as misread:
        misread.verb = misread.verb or verb.name
        misread.usage = misread.usage or " · ".join(verb.usage)
        raise


def _numbers_first(words: Words) -> Command:
    """Read a line that begins with numbers: `12` shows, `12 ack` acks."""
    ranges = read_numbers(words, lambda ahead: _verb(ahead.peek()) is not None)
    word = words.peek()
    if word is None:
        return Command(verb="show", targets=Targets(ranges=ranges))
    verb = _verb(word)
    if verb is not None:
        words.skip()
        return _read(verb, Line(verb=verb.name, words=words, front=Targets(ranges=ranges)))
    meant = _meant(word)
    if meant is not None:
        raise _unknown(word, meant, f"{meant} {words.line[: word.start].strip()}{words.line[word.end :]}")
    raise Misread(NO_VERB.format(ranges[0][0], ranges[0][0], ranges[0][0]))


def _meant(word: Word) -> str | None:
    """Give the verb (`ack12`: and its numbers) that an unknown word was meant to be, None when that cannot be told."""
    low = word.low.strip("/")
    together = _RUN_TOGETHER.fullmatch(low)
    if together and together[1] in NAMES:
        return f"{together[1]} {together[2]}"
    return MEANT.get(low) or nearest(low, NAMES)


def _is_prose(word: Word, corrected: str) -> bool:
    """Whether a line is a sentence to somebody rather than a mistyped command: a verb that is only like its word, about nothing."""
    if word.low.strip("/") in MEANT:
        return False
    try:
        command = _command(Words(corrected))
    except Misread:
        return False
    about = command.targets.given or command.silences or command.matchers or command.person
    return NAMES[command.verb].changes and not about and len(corrected.split()) > 1


def _unknown(word: Word, meant: str, line: str) -> Misread:
    """Say of a word that it is no verb, and suggest the corrected `line` when that would be understood."""
    reason = UNKNOWN_VERB.format(shown(word.text, 40))
    verb = NAMES[meant.split(" ", maxsplit=1)[0]]
    usage = " · ".join(verb.usage)
    suggestion = shown(line)
    try:
        _command(Words(suggestion))
    except Misread as misread:
        return Misread(f"{reason} {misread.reason}", verb=verb.name, usage=usage)
    return Misread(reason, verb=verb.name, usage=usage, suggestion=suggestion)
