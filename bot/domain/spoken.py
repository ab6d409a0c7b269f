"""Which verb stands next in a line: by one word or several, by any of the words that people use for it."""

from typing import NamedTuple

from bot.domain.command_words import BEFORE_VERB, I_AM
from bot.domain.verbs import PHRASES, Spoken
from bot.domain.words import Words

MOST_BEFORE = 4
TAKES_ON = frozenset({"own", "ack"})
BEGIN_PHRASES = frozenset(phrase[0] for phrase in PHRASES)
_LONGEST = {first: max(len(phrase) for phrase in PHRASES if phrase[0] == first) for first in BEGIN_PHRASES}


class Ahead(NamedTuple):
    """A verb that stands next, and how many words say it."""

    spoken: Spoken
    length: int


def verb_ahead(words: Words, at: int = 0) -> Ahead | None:
    """Give the verb that stands at that word, the longest phrase first; nothing is taken."""
    word = words.peek(at)
    if word is None:
        return None
    first = word.low.strip("/")
    if word.low in I_AM:
        return _taken_on(words, at)
    if first not in BEGIN_PHRASES:
        return None
    for count in range(_LONGEST[first], 0, -1):
        if count > 1 and words.peek(at + count - 1) is None:
            continue
        phrase = (first, *(words.low(at + more) for more in range(1, count)))
        spoken = PHRASES.get(phrase)
        if spoken is not None:
            return Ahead(spoken, count)
    return None


def _taken_on(words: Words, at: int) -> Ahead | None:
    """Read `i'll take 7` and `i got it`: what somebody says who takes an alert on."""
    count = 0
    while words.low(at + count) in I_AM and count < MOST_BEFORE:
        count += 1
    ahead = None if words.low(at + count) in I_AM else verb_ahead(words, at + count)
    if ahead is None or ahead.spoken.verb.name not in TAKES_ON:
        return None
    return Ahead(ahead.spoken._replace(loose=True), count + ahead.length)


def skip_before_verb(words: Words) -> None:
    """Take the words before a verb that say nothing: `please`, `can you`."""
    for _ in range(MOST_BEFORE):
        if words.low() not in BEFORE_VERB or words.peek(1) is None:
            return
        words.skip()
