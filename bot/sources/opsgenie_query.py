"""Opsgenie's search queries (`status: open AND tag: (db OR web*)`), as far as our alerts can answer them.

What is not understood is refused by name, never left out: a script acts on what it is shown. Words side by side have to hold all.
A text in quotation marks is taken as it is; elsewhere `*` stands for any characters, and a backslash takes its meaning from the next one.
"""

import re
from collections.abc import Callable

from bot.domain.condition import All, Condition, Either, Not
from bot.sources.opsgenie_fields import TEXTS, Unanswerable, Value, condition_of, plain

LONGEST = 2000
DEEPEST = 20
MOST = 100
JOINTS = frozenset({"and", "or", "not"})

TOO_LONG = f"a query has at most {LONGEST} characters"
TOO_DEEP = f"a query has at most {DEEPEST} levels"
TOO_MANY = f"a query has at most {MOST} conditions"
NOT_CLOSED = "it is not closed"
NOT_OPENED = "it closes nothing"
NO_VALUE = "its value is missing"
NO_CONDITION = "a condition is missing after it"
NO_FIELD = "a field is missing before it"
EMPTY = "there is nothing in it"
UNQUOTED = 'put it in quotation marks, since it holds (, ), " or \\'
NOT_OURS = "it is no operator here; there are AND, OR and NOT"
ONE_VALUE = "only : takes several values"
"""Why a part of a query cannot be used."""

_SPACE = re.compile(r"\s*")
_SIGN = re.compile(r"\s*(<=|>=|!=|:|=|<|>)\s*")
_PLAIN = re.compile(r'(?:\\.|[^\s()":=<>!\\]|!(?!=))+', re.DOTALL)
_VALUE = re.compile(r'(?:\\.|[^\s()"\\])+', re.DOTALL)
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_PART = re.compile(r"\\(.)|(\*+)|([^\\*]+)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_FOREIGN = re.compile(r"[&|!+~^-]+")

Leaf = Callable[[str, Value], Condition]
"""What a value means where it stands; the text is how it was written."""


class Unreadable(Exception):
    """A query that cannot be used: which part, and why."""

    def __init__(self, part: str, reason: str) -> None:
        self.part = part
        self.reason = reason
        super().__init__(f"{part!r}: {reason}")


def read(text: str) -> Condition:
    """Read a query; nothing, or `*`, holds for every alert. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(text[:20], TOO_LONG)
    if text.strip() in {"", "*"}:
        return All()
    reader = _Reader(text)
    found = reader.either(None, 0)
    if reader.rest():
        raise Unreadable(reader.rest(), NOT_OPENED)
    return found


class _Reader:
    """A query while it is being read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._count = 0
        self._last = ""

    def rest(self) -> str:
        """Skip white space and return what is left."""
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return self._text[self._at :]

    def either(self, leaf: Leaf | None, depth: int) -> Condition:
        """Read conditions joined by OR. With a `leaf` they are the values of one field."""
        parts = [self._all(leaf, depth)]
        while self._joint("or"):
            parts.append(self._all(leaf, depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self, leaf: Leaf | None, depth: int) -> Condition:
        parts = [self._one(leaf, depth)]
        while self._joint("and") or (self.rest() and self.rest()[0] != ")" and not self._joint("or", take=False)):
            parts.append(self._one(leaf, depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, leaf: Leaf | None, depth: int) -> Condition:
        if depth > DEEPEST:
            raise Unreadable(self.rest()[:20], TOO_DEEP)
        if self._joint("not"):
            return Not(self._one(leaf, depth + 1))
        rest = self.rest()
        if not rest or rest[0] == ")" or self._joint("and", take=False) or self._joint("or", take=False):
            raise Unreadable(self._last or rest or self._text, NO_CONDITION)
        self._count += 1
        if self._count > MOST:
            raise Unreadable(rest[:20], TOO_MANY)
        if rest[0] == "(":
            return self._group(leaf, depth)
        if leaf is not None or rest[0] == '"':
            written, value = self._value(_VALUE)
            return leaf(written, value) if leaf else plain(value)
        return self._field_or_word(depth)

    def _group(self, leaf: Leaf | None, depth: int) -> Condition:
        opened = self._text[self._at :]
        self._at += 1
        if self.rest()[:1] == ")":
            raise Unreadable(opened, EMPTY)
        found = self.either(leaf, depth + 1)
        if self.rest()[:1] != ")":
            raise Unreadable(opened, NOT_CLOSED)
        self._at += 1
        return found

    def _field_or_word(self, depth: int) -> Condition:
        begin = self._at
        written, value = self._value(_PLAIN)
        signed = _SIGN.match(self._text, self._at)
        if signed is None:
            if _FOREIGN.fullmatch(written):
                raise Unreadable(written, NOT_OURS)
            return plain(value)
        self._at = signed.end()
        sign = ":" if signed[1] == "=" else signed[1]
        self._last = self._text[begin : self._at].strip()

        def leaf(text: str, one: Value) -> Condition:
            try:
                return condition_of(value.text, sign, one)
            except Unanswerable as refused:
                raise Unreadable(f"{written}{signed[1]}{text}", str(refused)) from None

        if self.rest()[:1] == "(":
            if sign != ":":
                raise Unreadable(self._last, ONE_VALUE)
            return self._group(leaf, depth + 1)
        quoted = self.rest()[:1] == '"'
        if not self.rest() or self._joint("", take=False):
            raise Unreadable(self._last, NO_VALUE)
        parts = [leaf(*self._value(_VALUE))]
        while not quoted and sign == ":" and value.text.lower() in TEXTS and self._at_word():
            parts.append(leaf(*self._value(_PLAIN)))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _at_word(self) -> bool:
        """Whether a word stands next that is neither an operator nor a field."""
        self.rest()
        word = _PLAIN.match(self._text, self._at)
        return bool(word and not _SIGN.match(self._text, word.end()) and not self._joint("", take=False))

    def _value(self, pattern: re.Pattern[str]) -> tuple[str, Value]:
        """Take a value; return it as it was written, and as it is meant."""
        self.rest()
        begin = self._at
        quoted = _QUOTED.match(self._text, begin)
        found = quoted or pattern.match(self._text, begin)
        if found is None:
            part = self._text[begin:]
            raise Unreadable(part, NOT_CLOSED if part[:1] == '"' else NO_FIELD)
        self._at = found.end()
        following = self._text[self._at : self._at + 1]
        if following in {'"', "(", "\\"} or (quoted and following and following not in " \t\r\n)"):
            raise Unreadable(self._text[begin:].split()[0], UNQUOTED)
        self._last = found[0]
        return found[0], Value((_ESCAPE.sub(r"\1", quoted[1]),)) if quoted else _pieces(found[0])

    def _joint(self, word: str, *, take: bool = True) -> bool:
        """Whether an operator stands next ("": any); it is taken."""
        self.rest()
        found = _VALUE.match(self._text, self._at)
        if found is None or found[0].lower() not in ({word} if word else JOINTS):
            return False
        if take:
            self._at = found.end()
            self._last = found[0]
        return True


def _pieces(text: str) -> Value:
    """Part a text at its `*`."""
    pieces = [""]
    for escaped, star, other in _PART.findall(text):
        if star:
            pieces.append("")
        else:
            pieces[-1] += escaped or other
    return Value(tuple(pieces))
