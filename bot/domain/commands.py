"""The /alert grammar: what reads a whole message (product.md 5, hipchat-api.md 10.1).

A line is `/alert VERB [targets] [arguments] [note]`, in any case; targets may also stand before the verb. The table of
verbs is in verbs.py, other words are in command_words.py, how targets are told from a note is in targets.py, and what each verb
reads in readers.py.
"""

import re
from dataclasses import replace

from bot.domain.address import said_to_bot
from bot.domain.alert import Action
from bot.domain.command_words import ALL, LAST, MINE, NOBODY, OWN, POLITE, STATES
from bot.domain.filters import Filter, at_condition, mention, severity_named
from bot.domain.help import help_text
from bot.domain.line import Command, Line
from bot.domain.numbering import at_number
from bot.domain.readers_shift import asked_who_is_on_call
from bot.domain.second import refuse_second
from bot.domain.spelling import nearest
from bot.domain.spoken import Ahead, skip_before_verb, verb_ahead
from bot.domain.targets import Targets, read_numbered
from bot.domain.verbs import NAMES, PHRASES, VERBS, Verb, forms
from bot.domain.words import Misread, Word, Words, shown

__all__ = ("VERBS", "Command", "Filter", "Misread", "Targets", "Verb", "help_text", "is_command", "parse")

NOT_UNDERSTOOD = "not understood"
UNKNOWN_VERB = 'I do not know "{}".'
NO_VERB = 'What should I do with {}? Write for example "ack {}" or "note {} text".'
WHICH_FOR = 'Which alerts? Write their numbers: "{} 12".'
TOLD = 'Did that happen, or shall I do it? To have it done, write "{}".'
INSTEAD = {
    "escalate": 'Policies escalate by themselves while nobody acks. To call somebody now: "page @name text" or "assign {} @name".',
}
"""What people ask for that is done in another way; every form of the verb is understood."""

MEANT = {"fix": "close"}
"""Words for a verb that people try first, and that may also mean something else."""

ABOUT_ALERTS = frozenset(action.value for action in Action)
_RUN_TOGETHER = re.compile(r"([a-z]{1,16})#?(\d[\d,#-]*)", re.IGNORECASE)
_ASKS_HELP = {"help", "?", "--help", "-h", "-help", "usage"}
_FRONT = {**LAST, **MINE, **ALL}
_LIST_STARTS = {*STATES, *NOBODY, *OWN, "page", "alerts"} - {"none", "nobody", "everything", "unack"}


_GUESSED = (*NAMES, *(regular for verb in VERBS for regular in verb.regular if regular not in NAMES))
"""What a mistyped word may have been."""


def is_command(text: str) -> bool:
    """Tell whether a message is for us; the pattern of the descriptor's webhook lets through all that may be."""
    return said_to_bot(text) is not None


def parse(text: str) -> Command:
    """Read a whole message, `/alert ...`; raises `Misread` for all that is no command, and nothing else."""
    said = said_to_bot(text)
    if said is None:
        raise Misread(NOT_UNDERSTOOD)
    try:
        return _command(Words(said.line), by_name=said.by_name)
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


def _command(words: Words, *, by_name: bool = False) -> Command:
    asked = asked_who_is_on_call(words)
    return _verb_first(words, by_name=by_name) if asked is None else _read(NAMES["oncall"], asked)


def _verb_first(words: Words, *, by_name: bool) -> Command:
    skip_before_verb(words)
    first = words.peek()
    if first is None or (words.low() in POLITE and words.peek(1) is None):
        return Command(verb="list")
    ahead = verb_ahead(words)
    if ahead is not None and not _lists(words, ahead):
        words.skip(ahead.length)
        return _said(ahead, words, by_name=by_name)
    if at_number(words):
        return _numbers_first(words)
    target, person, second = _FRONT.get(words.low(), ""), _mention_before_verb(words), _verb(words.peek(1))
    if second is not None and (target or (person and second.name == "assign")):
        words.skip(2)
        line = Line(verb=second.name, words=words, front=Targets(word=target), person=person)
        return _read(second, line)
    if target == "last":
        return _read(NAMES["show"], Line(verb="show", words=words))
    lists = words.low() in _LIST_STARTS or severity_named(words.low(), alone=True) is not None
    if lists or words.at_quote or at_condition(words) or mention(first.text):
        return _read(NAMES["list"], Line(verb="list", words=words))
    _refuse_instead(words)
    meant = _meant(first)
    corrected = words.line_with(first, meant) if meant is not None else ""
    if meant is not None and not _is_prose(first, corrected):
        raise _unknown(first, meant, corrected)
    if second is not None:
        raise _unknown(first, second.name, words.line[first.end :].strip())
    raise Misread(NOT_UNDERSTOOD)


def _lists(words: Words, ahead: Ahead) -> bool:
    """Tell whether a word that may be a verb begins a list: `closed` lists, `closed 12` closes."""
    low = words.low()
    if at_condition(words) and ahead.length == 1 and (ahead.spoken.verb.name == "severity" or ahead.spoken.loose):
        return True
    if ahead.length > 1 or low in NAMES or not (low in _LIST_STARTS or severity_named(low, alone=True)):
        return False
    after = words.peek(1)
    return after is None or not at_number(Words(words.line[after.start :]))


def _said(ahead: Ahead, words: Words, *, by_name: bool) -> Command:
    """Read what follows a verb. A sentence that only begins like one, or tells what somebody did, is not obeyed."""
    spoken, verb = ahead.spoken, ahead.spoken.verb
    rest = words.line[words.position :]
    if by_name and spoken.told and verb.changes:
        raise Misread(TOLD.format(shown(f"{verb.name} {rest}", 60)), verb=verb.name)
    command = _read(verb, Line(verb=verb.name, words=words))
    if spoken.loose and verb.name in ABOUT_ALERTS and command.note and not command.targets.given:
        raise Misread(WHICH_FOR.format(verb.name), verb=verb.name, usage=" · ".join(verb.usage))
    return command


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
        if verb.changes:
            refuse_second(line.words.line[line.words.taken :])
        return _without_thanks(verb.reader(line))
    except Misread as misread:
        misread.verb = misread.verb or verb.name
        misread.usage = misread.usage or " · ".join(verb.usage)
        raise


def _without_thanks(command: Command) -> Command:
    """Leave out a note that says nothing but thanks."""
    if len(command.note) > 20 or command.verb == "note" or not command.note:
        return command
    said = all(word.strip(",;:.!?").lower() in POLITE for word in command.note.split())
    return replace(command, note="") if said else command


def _numbers_first(words: Words) -> Command:
    """Read a line that begins with numbers: `12` shows, `12 ack` acks."""
    targets = read_numbered(words, lambda ahead: _plain_verb(ahead) is not None)
    word = words.peek()
    if word is None or (words.low() in POLITE and words.peek(1) is None):
        return Command(verb="show", targets=targets)
    ahead = _plain_verb(words)
    if ahead is not None:
        words.skip(ahead.length)
        return _read(ahead.spoken.verb, Line(verb=ahead.spoken.verb.name, words=words, front=targets))
    meant = _meant(word)
    if meant is not None:
        raise _unknown(word, meant, f"{meant} {words.line[: word.start].strip()}{words.line[word.end :]}")
    number = targets.ranges[0][0]
    raise Misread(NO_VERB.format(number, number, number))


def _plain_verb(words: Words) -> Ahead | None:
    """Give the verb that stands next, but for words that may also tell what somebody did."""
    ahead = verb_ahead(words)
    return None if ahead is None or (ahead.spoken.loose and ahead.length == 1 and words.low() not in NAMES) else ahead


def _refuse_instead(words: Words) -> None:
    for verb, text in INSTEAD.items():
        if words.low() in {verb, *forms(verb)}:
            words.skip()
            numbers = read_numbered(words, lambda _: False).numbers
            raise Misread(text.format(numbers[0] if numbers else 12))


def _meant(word: Word) -> str | None:
    """Give the verb (`ack12`: and its numbers) that an unknown word was meant to be, None when that cannot be told."""
    low = word.low.strip("/")
    together = _RUN_TOGETHER.fullmatch(low)
    if together and together[1] in NAMES:
        return f"{together[1]} {together[2]}"
    return MEANT.get(low) or (nearest(low, _GUESSED) if len(low) > 2 else None)


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
    verb = PHRASES[(meant.split(" ", maxsplit=1)[0],)].verb
    usage = " · ".join(verb.usage)
    suggestion = shown(line)
    try:
        _command(Words(suggestion))
    except Misread as misread:
        return Misread(f"{reason} {misread.reason}", verb=verb.name, usage=usage)
    return Misread(reason, verb=verb.name, usage=usage, suggestion=suggestion)
