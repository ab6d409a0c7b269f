"""Nearly JSON, as scripts and templates write it when they paste texts together, read as far as it is plain.

Raw line breaks in strings, escapes that are none, unescaped or single quotes, names without quotes, commas too many or too few,
comments, variables of a template that stand for nothing, Python's words, several documents one after another, an end that is cut off. What is understood is written as sound JSON; at the
first place where nothing is plain any more the reading stops. It takes time in proportion to the length, and never raises.
"""

import json
import re
from dataclasses import dataclass

DEEPEST = 64
NAME_LIMIT = 1000
LIMIT = 1024 * 1024
"""So many characters are read of a longer text, as one that is cut off there."""
CUT = "…"
"""The end of a text or a number that was cut off, so that it never is another one's name."""

_BETWEEN = re.compile(r"[\s\ufeff\x00\x1e,;]*+")
_SPACE = re.compile(r"[\s\x00]*+")
_COMMENT = re.compile(
    r"(?m)(^|[,{\[])[ \t]*+(?://[^\n]*+|/\*[^*\n]*+\*/[ \t]*+|#[^\n]*+)$|(?<=,)()[ \t]*+/\*[^*\n]*+\*/"
)
"""A comment that ends its line and begins it, or stands behind a comma or a bracket."""
_TEMPLATE = re.compile(r"\{\{[^{}\n]{0,500}+\}\}|[$%]\{[^{}\n]{0,500}+\}|<[^<>\n]{0,500}+>")
"""A template's variable that nothing was put in for."""
_RUN = re.compile(r"""[^"'\\]*+""")
_BARE_NAME = r"[\w$@./-]{1,200}+\s{0,50}+:"
_QUOTED_NAME = r"""(?:"(?:[^"\\\n]|\\.){0,1000}+"|'(?:[^'\\\n]|\\.){0,1000}+')\s{0,50}+:"""
_CUT_NAME = r"""["'][^"'\n]{0,200}["']?\s{0,50}+\Z"""
_NAME = re.compile(_BARE_NAME)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][+-]?\d++)?(?=[\s,}\]]|\Z)", re.ASCII)
_BARE = re.compile(r"""[^\s,{}\[\]"'][^,{}\[\]"\n\r]*+""")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.)|\Z)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_DRIVE = re.compile(r"(?<![A-Za-z])[A-Za-z]:\Z")
_WORDS = {"true": "true", "false": "false", "null": "null", "none": "null", "undefined": "null", "nil": "null"}


def _ends(following: str) -> re.Pattern[str]:
    return re.compile(rf"\s*+(?:\Z|[}}\]]|,\s*+(?:\Z|[}},]|{following}|{_CUT_NAME}))|\s++{_QUOTED_NAME}")


_ENDS = _ends(_QUOTED_NAME)
_ENDS_BARE = _ends(f"(?:{_QUOTED_NAME}|{_BARE_NAME})")
_ENDS_LISTED = re.compile(r"\s*+(?:\Z|[}\],])")
"""What comes after the quote that ends a value: among names with quotes, among names without, in an array. Any other quote is text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One document as sound JSON; `whole` unless its end was cut off, or more than one reading is plain."""

    json: bytes
    whole: bool


def documents(text: str) -> list[Document]:
    """Return the objects, and the arrays of objects, that a text is; none where it is any other text."""
    text = text[:LIMIT].strip("\ufeff\x00 \t\r\n")
    if "//" in text or "/*" in text or "#" in text:
        text = _COMMENT.sub(r"\1", text)
    if text[:2] == "'{" and text[-2:] == "}'":
        text = text[1:-1]
    found: list[Document] = []
    at = 0
    while text[at : at + 1] in {"{", "["}:
        reading = _Reading(text, at)
        reading.run()
        if not reading.members:
            break
        found.append(reading.document())
        at = _after(_BETWEEN, text, reading.at)
        if reading.stopped:
            return found
    # A word in braces at the beginning of a sentence is no object.
    return found if at == len(text) or '"' in text or "'" in text else []


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    assert match is not None  # these patterns match nothing as well
    return match.end()


class _Stop(Exception):
    """Nothing is plain from here on."""


class _Reading:
    """The reading of one document: where it is, what is open, and what is written by now."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self.members = 0
        self.stopped = False
        self._open: list[str] = []
        self._names: list[set[str]] = []
        self._written: list[str] = []
        self._first = True
        self._bare = False
        self._inner_quotes = self._twice = False

    def run(self) -> None:
        """Read until the document ends, or is not plain any more."""
        try:
            self._begin(self.text[self.at])
            while self._open:
                self._step()
        except _Stop:
            self.stopped = True

    def document(self) -> Document:
        """Return what was read, closed where its end is missing."""
        ends = ("}" if sign == "{" else "]" for sign in reversed(self._open))
        # With quotes inside texts, a name that comes twice may be a text's own word.
        whole = not self.stopped and not (self._inner_quotes and self._twice)
        return Document(json="".join([*self._written, *ends]).encode(), whole=whole)

    def _begin(self, sign: str) -> None:
        if len(self._open) >= DEEPEST:
            self._write("null")
            raise _Stop
        self._open.append(sign)
        self._names.append(set())
        self._written.append(sign)
        self._first = True
        self.at += 1

    def _end(self, sign: str) -> None:
        if (sign == "}") != (self._open[-1] == "{"):
            raise _Stop
        self._open.pop()
        self._names.pop()
        self._write(sign)
        self.at += 1

    def _step(self) -> None:
        """Read a comma, a bracket, a member or an element."""
        at = self.at = _after(_SPACE, self.text, self.at)
        match self.text[at : at + 1]:
            case "":
                raise _Stop
            case ",":
                self.at += 1
            case "}" | "]" as sign:
                self._end(sign)
            case _ if self._open[-1] == "{":
                self._member()
            case _:
                self._write("" if self._first else ",")
                self._value()

    def _member(self) -> None:
        name = self._name()
        self.at = _after(_SPACE, self.text, self.at)
        if self.at == len(self.text):
            raise _Stop
        self._twice = self._twice or name in self._names[-1]
        self._names[-1].add(name)
        self._write(("" if self._first else ",") + _string(name) + ":")
        self.members += 1
        self._value()

    def _name(self) -> str:
        """Read a name and the colon after it."""
        begin = self.at
        quote = self.text[begin]
        if quote not in "\"'":
            match = _NAME.match(self.text, begin)
            if match is None:
                raise _Stop
            self._bare = True
            self.at = match.end()
            return match[0][:-1].strip()
        end = self.text.find(quote, begin + 1, begin + NAME_LIMIT)
        while end > 0 and self.text[end - 1] == "\\":
            end = self.text.find(quote, end + 1, begin + NAME_LIMIT)
        colon = _after(_SPACE, self.text, end + 1)
        if end < 0 or self.text[colon : colon + 1] != ":":
            raise _Stop
        self.at = colon + 1
        return self.text[begin + 1 : end]

    def _write(self, text: str) -> None:
        self._written.append(text)
        self._first = False

    def _value(self) -> None:
        sign = self.text[self.at]
        if match := _TEMPLATE.match(self.text, self.at):
            self.at = match.end()
            self._write("null")
        elif sign in "{[":
            self._begin(sign)
        elif sign in "\"'":
            self._text(sign)
        elif match := _NUMBER.match(self.text, self.at):
            self.at = match.end()
            self._write(match[0] if self.at < len(self.text) else _string(match[0] + CUT))
        elif match := _BARE.match(self.text, self.at):
            self.at = match.end()
            word = match[0].strip()
            self._write(_WORDS.get(word.lower()) or _string(word if self.at < len(self.text) else word + CUT))
        else:
            # A template's empty variable: a name, and nothing for it.
            self._write("null")

    def _text(self, quote: str) -> None:
        ends = _ENDS_LISTED if self._open[-1] == "[" else _ENDS_BARE if self._bare else _ENDS
        begin = at = self.at + 1
        while True:
            at = _after(_RUN, self.text, at)
            sign = self.text[at : at + 1]
            if not sign:
                self._write(_string(self.text[begin:] + CUT))
                raise _Stop
            if sign == quote:
                if ends.match(self.text, at + 1):
                    break
                self._inner_quotes = True
            at += 2 if sign == "\\" else 1
        self.at = at + 1
        self._write(_string(self.text[begin:at]))


def _string(text: str) -> str:
    """Return what stood between quotes as a string of JSON."""
    return json.dumps(_ESCAPE.sub(_literal if _is_path(text) else _meant, text) if "\\" in text else text)


def _is_path(text: str) -> bool:
    r"""Whether single backslashes stand for themselves: after a drive (`C:\temp`), or where one is no escape (`\Users`)."""
    return any(
        letter.isalpha() and (letter not in "nrtbf" or _DRIVE.search(text, max(0, match.start() - 3), match.start()))
        for match in _ESCAPE.finditer(text)
        if (letter := match[2] or "")
    )


def _literal(match: re.Match[str]) -> str:
    return match[2] if match[2] and match[2] in "\"'\\" else match[0]


def _meant(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _ESCAPED.get(match[2] or "", match[0])
