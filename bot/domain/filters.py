"""Conditions on alerts as people write them: `severity>=error service=db "disk full" @dana`."""

import re
from dataclasses import dataclass, field

from bot.domain.command_words import ALERT, NOBODY, STATES, plural
from bot.domain.vocabulary import SEVERITIES
from bot.domain.words import Misread, Words, shown

TOO_MANY_CONDITIONS = "That is more than 50 conditions at once."
NO_VALUE = 'What should {} be? Write for example "{}".'
ONE_EACH = "Give one condition on the {} only."
NOT_COMPARABLE = "Only the severity has an order; {} can be = or != something."
NOT_NEGATED = "{} can only be = something."
NO_SEVERITY = 'There is no severity "{}": critical, error, warning or info.'
NO_STATE = 'There is no state "{}": open, acked, snoozed, closed or all.'
NOT_CLOSED = "A closing quotation mark is missing."
WRONG_PERSON = 'I need one person\'s mention name, and "{}" is none.'

MOST_CONDITIONS = 50
NAMED_STATES = ("open", "acked", "snoozed", "closed")
ALONE = frozenset(
    (
        *("critical", "crit", "error", "err", "warning", "warn", "info", "information", "informational", "fatal"),
        *("p0", "p1", "p2", "p3", "p4", "p5", "sev0", "sev1", "sev2", "sev3", "sev4", "sev5"),
    )
)
"""Words for a severity that mean nothing else where nobody asked for one."""
EVERYBODY = ("all", "here")

_SIGN = "(>=|<=|!=|==|=>|=<|<>|=|>|<)"
_SIGNS = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!="}
_NAME = re.compile(r"[^\W\d][\w./-]*")
_CONDITION = re.compile(rf"([^\W\d][\w./-]*){_SIGN}(.*)", re.DOTALL)
_SIGNED = re.compile(_SIGN)
_MENTION = re.compile(r"@([^\s@\"'<>&/,;:!?()\[\]{}#|=]{1,100})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Conditions that all hold for an alert.

    `states`: of `open`, `acked`, `snoozed`, `closed`; empty means the active ones. `owner`: `me`, `none` (unassigned) or
    a mention name without `@`. `severity`: an operator (`>=`, `<=`, `=`, `>`, `<`, `!=`) and a severity. `labels`: name,
    `=` or `!=`, value. `text`: words that were quoted.
    """

    states: frozenset[str] = frozenset()
    owner: str | None = None
    severity: tuple[str, str] | None = None
    labels: tuple[tuple[str, str, str], ...] = ()
    text: str = ""


@dataclass(kw_only=True, slots=True)
class Conditions:
    """A filter while it is being read."""

    states: set[str] = field(default_factory=set)
    owner: str | None = None
    severity: tuple[str, str] | None = None
    labels: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def own(self, owner: str) -> None:
        """Ask for the owner; raises `Misread` when another was asked for."""
        if self.owner not in {None, owner}:
            raise Misread(ONE_EACH.format("owner"))
        self.owner = owner

    def rank(self, operator: str, word: str) -> None:
        """Ask for the severity; raises `Misread` for an unknown word and for a second condition."""
        wanted = (operator, severity_of(word))
        if self.severity not in {None, wanted}:
            raise Misread(ONE_EACH.format("severity"))
        self.severity = wanted

    def state(self, word: str) -> None:
        """Ask for the states that a word means; raises `Misread` for an unknown word."""
        if word not in STATES:
            raise Misread(NO_STATE.format(shown(word, 40)))
        self.states |= STATES[word]

    def add(self, name: str, operator: str, value: str) -> None:
        """One condition as it was written (a label called `owner` is `label.owner`); raises `Misread` for one without sense."""
        known = name.lower()
        if known == "severity":
            self.rank(operator, value.lower())
        elif operator not in {"=", "!="}:
            raise Misread(NOT_COMPARABLE.format(shown(name, 40)))
        elif known not in {"state", "owner", "text"}:
            self.labels.append((name.removeprefix("label."), operator, value))
        elif operator != "=":
            raise Misread(NOT_NEGATED.format(known))
        elif known == "state":
            for word in value.lower().split(","):
                self.state(word.strip())
        elif known == "owner":
            self.own(owner_of(value))
        else:
            self.texts.append(value)

    def filter(self) -> Filter | None:
        """Give what was read; None when nothing was."""
        made = Filter(
            states=frozenset(self.states),
            owner=self.owner,
            severity=self.severity,
            labels=tuple(self.labels),
            text=" ".join(" ".join(self.texts).split()),
        )
        return None if made == Filter() else made


def severity_named(word: str, *, alone: bool = False) -> str | None:
    """Give the severity that a word names, as sources name them; None for any other.

    `alone`: it was not asked for, so that words which also mean something else name none, and `errors` is `error`.
    """
    if alone and word not in ALONE:
        word = plural(word)
        if word not in ALONE:
            return None
    found = None if word in ALERT else SEVERITIES.get(word.replace("-", ""))
    return None if found is None else found.word


def severity_of(word: str) -> str:
    """Give the severity that a word names; raises `Misread` for any other."""
    found = severity_named(word)
    if found is None:
        raise Misread(NO_SEVERITY.format(shown(word, 40)))
    return found


def owner_of(value: str) -> str:
    """Give `me`, `none` or a mention name, of the same with or without `@`; raises `Misread` for what is none of them."""
    name = mention(value if value.startswith("@") else f"@{value}")
    if name is None:
        raise Misread(WRONG_PERSON.format(shown(value, 40)))
    return "none" if name.lower() in NOBODY else name


def mention(text: str) -> str | None:
    """Give the mention name in `@dana` (`me` for `@me`), None for any other word; raises `Misread` for `@all` and `@here`."""
    found = _MENTION.fullmatch(text.rstrip(",;:.!?"))
    if found is None:
        return None
    if found[1].lower() in EVERYBODY:
        raise Misread(WRONG_PERSON.format(found.group()))
    return "me" if found[1].lower() == "me" else found[1]


def at_condition(words: Words) -> bool:
    """Tell whether a condition such as `service=db` or `severity <= info` stands next."""
    word, after = words.peek(), words.peek(1)
    if word is None:
        return False
    spaced = after is not None and _SIGNED.match(after.text) and _NAME.fullmatch(word.text)
    return bool(spaced or _CONDITION.match(word.text))


def read_condition(words: Words, into: Conditions) -> bool:
    """Take one condition; False when none stands next. Raises `Misread` for one without value or sense."""
    word = words.peek()
    if word is None or not at_condition(words):
        return False
    found, count = _CONDITION.match(word.text), 1
    if found is None:  # a space before the sign
        after = words.peek(1)
        found, count = _CONDITION.match(f"{word.text}{after.text if after else ''}"), 2
    assert found is not None
    name, sign, value = found.groups()
    if not value and (after := words.peek(count)) is not None:  # a space after it
        value, count = after.text, count + 1
    if not value:
        example = f"{name}{sign}{'error' if name.lower() == 'severity' else 'value'}"
        raise Misread(NO_VALUE.format(shown(name, 40), shown(example, 60)))
    if value.startswith('"'):
        quoted = words.quoted(word.start)
        if quoted is None:
            raise Misread(NOT_CLOSED)
        value = quoted
    else:
        words.skip(count)
    into.add(name, _SIGNS.get(sign, sign), value)
    return True
