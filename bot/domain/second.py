"""A second command in one message: both are refused, so that neither becomes the other's note."""

import re

from bot.domain.alert import Action
from bot.domain.command_words import I_AM
from bot.domain.filters import mention
from bot.domain.numbering import at_number, signs_ahead
from bot.domain.spans import UNITS
from bot.domain.spoken import BEGIN_PHRASES, verb_ahead
from bot.domain.targets import WORDS
from bot.domain.verbs import NAMES
from bot.domain.words import QUOTES, Misread, Words, shown

TWO_COMMANDS = (
    'That looks like two commands, so I did neither. Send "{}" in a message of its own; when it belongs to the note, put '
    "the note into quotes."
)

MOST_PLACES = 100
LONGEST_READ = 200
CHANGING = frozenset(action.value for action in Action)
ALSO = frozenset({"page"})
LOOKING = frozenset({"show", "history", "why", "like"})
ALONE = CHANGING | {"undo", "list"}
"""Verbs that are a whole command behind a semicolon or on a line of their own."""

_QUOTED = re.compile(f"[{QUOTES}][^{QUOTES}]*[{QUOTES}]")
_PLACE = re.compile(
    r"(?P<strong>[;\n\r|\uff1b]|&&|(?<!\S)(?=/alert))|[,.&+]\s|\b(?:and|then|also|plus)\s|(?<=\d)[\s:]", re.IGNORECASE
)
_FIRST_PLACE = re.compile(r"[;\n\r|\uff1b&,.+]|/alert|\d[\s:]|\b(?:and|then|also|plus)\s", re.IGNORECASE)
_FIRST_WORD = re.compile(r"[^\W\d_][\w'-]*")
BEFORE = frozenset({"and", "then", "also", "please", "pls"}) | I_AM
_SLASH = re.compile(r"/alerts?\s+\S", re.IGNORECASE)


def refuse_second(line: str) -> None:
    """Raise `Misread` when another command follows in a line: `12; close 13`, `12 and close 13`, or on a line of its own."""
    if not _FIRST_PLACE.search(line):
        return
    plain = _QUOTED.sub(lambda found: " " * len(found[0]), line) if any(mark in line for mark in QUOTES) else line
    for count, place in enumerate(_PLACE.finditer(plain)):
        if count == MOST_PLACES:
            return
        rest = plain[place.end() : place.end() + LONGEST_READ].lstrip(" \t\r\n;,")
        if rest and _may_begin(rest) and _is_command(rest, strong=place["strong"] is not None):
            raise Misread(TWO_COMMANDS.format(shown(rest, 40)))


def _may_begin(rest: str) -> bool:
    """Tell at a glance whether a command may begin there: most places are followed by no verb."""
    found = _FIRST_WORD.match(rest)
    return found is None or found[0].lower() in BEGIN_PHRASES or found[0].lower() in BEFORE


def _is_command(rest: str, *, strong: bool) -> bool:
    if strong and _SLASH.match(rest):
        return True
    words = Words(rest)
    while words.low() in BEFORE - I_AM and words.peek(1) is not None:
        words.skip()
    try:
        return _verb_first(words, told=strong) or (strong and (_alone(rest) or _number_first(words)))
    except Misread:  # numbers that cannot be
        return True


def _verb_first(words: Words, *, told: bool) -> bool:
    """Tell whether a verb stands next, and after it the alert that it is about.

    `told`: also in a form such as `closed`, and for verbs that only look.
    """
    ahead = verb_ahead(words)
    if ahead is None or (ahead.spoken.told and not told):
        return False
    at, name = ahead.length, ahead.spoken.verb.name
    word = words.peek(at)
    if word is None or (name not in CHANGING and name not in ALSO and not (told and words.low() in LOOKING)):
        return False
    if name == "page" or (name == "assign" and word.text.startswith("@")):
        return word.text.startswith("@") and mention(word.text) is not None
    after = Words(words.line[word.start :])
    if at_number(after):
        signs = signs_ahead(after)
        return bool(signs) or not (after.low(1) in UNITS or after.low(1) == "of")
    return word.low in WORDS and after.peek(1) is None


def _number_first(words: Words) -> bool:
    """Tell whether numbers stand next and a verb ends the line: `16 close`."""
    at = 0
    while at < MOST_PLACES and words.peek(at) is not None and at_number(Words(words.line[words.peek(at).start :])):  # type: ignore[union-attr]
        at += 1
    ahead = verb_ahead(words, at) if at else None
    return ahead is not None and ahead.spoken.verb.name in CHANGING and words.peek(at + ahead.length) is None


def _alone(rest: str) -> bool:
    segment = re.split(r"[;\n\r]", rest, maxsplit=1)[0].strip().lower().strip("/.!")
    return segment in NAMES and segment in ALONE
