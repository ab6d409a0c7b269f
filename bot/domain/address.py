"""What is said to the bot: a message that begins with `/alert` or with the bot's name, however a keyboard dressed it.

Nothing of it is met with silence. `/alertmanager` and other words that only begin alike are not ours.
"""

import re
from typing import NamedTuple

from bot.domain.spelling import nearest
from bot.domain.verbs import NAMES, PHRASES
from bot.domain.words import INVISIBLE

BLANK = rf"\s{re.escape(''.join(map(chr, INVISIBLE)))}"
"""What may stand before the first character that anybody sees."""
_SLASH = re.compile(rf"[{BLANK}]*[/\uff0f] ?alert(?P<glued>[^\W_]*)", re.IGNORECASE)
_NAME = re.compile(rf"[{BLANK}]*(?:@[{BLANK}]*)?alertbot(?!\w)", re.IGNORECASE)
_MARKS = re.compile(r"[,:;.!/=>_\uff1a\uff0c\u2013\u2014-]*")


class Said(NamedTuple):
    """What was said: the line after the address, and whether the bot was called by its name."""

    line: str
    by_name: bool


def said_to_bot(text: str) -> Said | None:
    """Give what a message says to the bot; None when it is not for the bot."""
    named = _NAME.match(text)
    if named is not None:
        return Said(_unmarked(text[named.end() :]), by_name=True)
    found = _SLASH.match(text)
    if found is None:
        return None
    glued = found["glued"].lower()
    line = text[found.start("glued") :]
    if glued in {"", "s"}:
        return Said(_unmarked(text[found.end() :]), by_name=False)
    if glued[0].isdigit() or _is_verb(glued):
        return Said(line, by_name=False)
    if glued[0] == "s" and (glued[1].isdigit() or _is_verb(glued[1:])):
        return Said(line[1:], by_name=False)
    return Said(line, by_name=False) if _is_nearly_verb(glued) else None


def _unmarked(line: str) -> str:
    """Leave off the signs close behind the address; behind a blank they belong to what is said."""
    return line[_MARKS.match(line).end() :]  # type: ignore[union-attr]  # it matches nothing too


def _is_verb(glued: str) -> bool:
    """Whether the word that was typed without a blank is a verb: `/alertack`, `/alertack2`."""
    word = glued.rstrip("0123456789")
    return len(word) > 1 and (word in NAMES or (len(word) > 2 and (word,) in PHRASES))


def _is_nearly_verb(glued: str) -> bool:
    word = glued.rstrip("0123456789")
    return len(word) > 2 and nearest(word, NAMES) is not None
