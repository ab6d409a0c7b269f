"""A typed line as words: lenient about keyboards, exact about where each word stood.

Phones and word processors turn quotes, dashes, spaces and digits into prettier ones, and text copied from a room carries
invisible marks (the bot itself puts U+2060 behind an `@`). A `Word` is what was meant, in plain characters; its position
leads back to what was typed, so that a note is kept as it was written.

Words are found one at a time: a long note costs nothing until somebody reads it.
"""

import re
from typing import NamedTuple

QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u301d\u301e\u301f\uff02'
HYPHENS = "\u2010\u2011\u2012\u2013\u2212\ufe63"
NUMBER_SIGNS = "#\uff03\u2116\ufe5f"
DASHES = "\u2014\u2015\u2e3a"
"""What phones make of `--`."""

INVISIBLE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x206A),
    0xFE0E,
    0xFE0F,
    0xFEFF,
)

PLAIN: dict[int, str | None] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width letters, digits and signs
    **dict.fromkeys(INVISIBLE, None),
    **{ord(character): '"' for character in QUOTES},
    **{ord(character): "-" for character in HYPHENS},
    **{ord(character): "--" for character in DASHES},
    ord("\u3001"): ",",
    ord("\u2019"): "'",
    ord("\u2116"): "#",  # the numero sign
    ord("\ufe5f"): "#",
    ord("\u00bd"): "1/2",
    ord("\u2265"): ">=",
    ord("\u2264"): "<=",
    ord("\u2260"): "!=",
}

LONGEST_SHOWN = 200
"""Characters of somebody's own text that an answer repeats."""

LONGEST_WORD = 12_000
"""Characters of one word that are read: a thousand numbers without a space fit."""

_WORD = re.compile(rf"[^\s{re.escape(''.join(map(chr, INVISIBLE)))}]\S*")
_JOINED = re.compile(
    # `50--looking`: a number, and the sign that ends the targets; a long dash stands alone wherever no number follows.
    rf"#?\d+(?=--[^\d#-])|[{DASHES}]+(?![\d#])|[^{DASHES}](?:[^{DASHES}]|[{DASHES}](?=[\d#]))*"
)
_QUOTE = re.compile(f"[{QUOTES}]")
_QUOTED_END = re.compile(r"[,;.:!]?(?=\s|$)")


class Misread(Exception):
    """A line that is no command: what to tell its author.

    `reason` is a sentence fit to show, `usage` the forms of `verb` where one was recognised, and `suggestion` a whole
    command text (without the slash word) that may have been meant.
    """

    def __init__(
        self, reason: str, *, verb: str | None = None, usage: str | None = None, suggestion: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.verb = verb
        self.usage = usage
        self.suggestion = suggestion


class Word(NamedTuple):
    """One word in plain characters, and where it stands in the line."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """The word in lower case, without the punctuation that may follow a word in a sentence."""
        return self.text.lower().rstrip(",;:.!?") or self.text.strip(",;:.!")


class Words:
    """The words of a line, read from the left."""

    def __init__(self, line: str) -> None:
        self.line = line.rstrip()
        self._ahead: list[Word] = []
        self._at = 0
        self._done = 0

    def peek(self, ahead: int = 0) -> Word | None:
        """Give the next word, or the one `ahead` words after it; None behind the last."""
        while len(self._ahead) <= ahead:
            found = _WORD.search(self.line, self._at)
            if found is None:
                return None
            text, end = found.group(), found.end()
            if not text.isalnum() and (joined := _JOINED.match(text)) is not None and joined.end() < len(text):
                text, end = joined.group(), found.start() + joined.end()
            self._at = end
            text = text.translate(PLAIN) if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD].translate(PLAIN)}…"
            self._ahead.append(Word(text, found.start(), end))
        return self._ahead[ahead]

    def low(self, ahead: int = 0) -> str:
        """Give the lower-case text of the word there, or nothing behind the last."""
        word = self.peek(ahead)
        return "" if word is None else word.low

    def skip(self, count: int = 1) -> None:
        """Take `count` words that were peeked at."""
        if self._ahead[:count]:
            self._done = self._ahead[:count][-1].end
        del self._ahead[:count]

    @property
    def taken(self) -> int:
        """Where the last word that was taken ends."""
        return self._done

    def jump(self, position: int) -> None:
        """Go on reading at `position` of the line."""
        self._ahead.clear()
        self._at = self._done = position

    @property
    def position(self) -> int:
        """Where the next word begins; the end of the line behind the last."""
        word = self.peek()
        return len(self.line) if word is None else word.start

    @property
    def at_quote(self) -> bool:
        """Whether the next word begins with a quotation mark."""
        word = self.peek()
        return word is not None and word.text.startswith('"')

    def quoted(self, since: int) -> str | None:
        """Take the text between the first two quotation marks from position `since` on.

        None where one is missing, and where the second has more text close behind it.
        """
        opening = _QUOTE.search(self.line, since)
        closing = opening and _QUOTE.search(self.line, opening.end())
        end = closing and _QUOTED_END.match(self.line, closing.end())
        if not opening or not closing or not end:
            return None
        self.jump(end.end())
        return self.line[opening.end() : closing.start()]

    def rest(self) -> str:
        """Take all that is left, as it was typed; quotation marks around the whole of it are left off."""
        text = self.line[self._done :].strip() if self.peek() else ""
        self.jump(len(self.line))
        enclosed = (
            len(text) > 1 and text[0] in QUOTES and text[-1] in QUOTES and not _QUOTE.search(text, 1, len(text) - 1)
        )
        return text[1:-1] if enclosed else text

    def line_with(self, word: Word, replacement: str) -> str:
        """Give the whole line with `word` replaced, short enough to be shown."""
        return shown(f"{self.line[: word.start]}{replacement}{self.line[word.end :]}")


def holds_digit(text: str) -> bool:
    """Tell whether a text holds a digit of any script (not a word such as the Chinese five), or a sign of a number."""
    if text.isascii():
        return "#" in text or any(letter.isdigit() for letter in text)
    return any(letter in NUMBER_SIGNS or (letter.isnumeric() and not letter.isalpha()) for letter in text)


def shown(text: str, longest: int = LONGEST_SHOWN) -> str:
    """Put somebody's own text on one line, cut with an ellipsis to `longest` characters."""
    line = " ".join(text[: 2 * longest].split())
    return line if len(line) <= longest and len(text) <= 2 * longest else f"{line[: longest - 1].rstrip()}…"
