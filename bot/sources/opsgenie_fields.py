"""Opsgenie's search fields, as far as an alert here has them: what `field sign value` means. A field that it has not is refused, never skipped."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.domain.alert import ACTIVE, Alert, State
from bot.domain.condition import Condition, Not, Term
from bot.domain.signal import Severity
from bot.sources.opsgenie import SEVERITIES, alert_id
from bot.sources.values import time_of

TRUTHS = {"true": True, "false": False}
PRIORITIES: Mapping[str, frozenset[Severity]] = {
    **{priority.lower(): frozenset({Severity[word.upper()]}) for word, priority in SEVERITIES.items()},
    # An alert that came as P5 is shown as P4 here.
    "p5": frozenset(),
}
UNKEPT = ("teams", "team", "responders", "responder", "recipients", "integration.name", "integration.type", "actions")
"""Fields of Opsgenie's that no alert here has: what is asked of them cannot be answered."""

NO_FIELD = "there is no such field; there are: {fields}"
UNKNOWN = "alerts here do not keep it"
NOT_BOOLEAN = "it is true or false"
NOT_STATUS = "it is open or closed"
NOT_PRIORITY = "it is one of P1, P2, P3, P4, P5"
NOT_NUMBER = "it is a number"
NOT_TIME = "it is a time: milliseconds since 1970, dd-MM-yyyy, dd-MM-yyyyTHH:mm:ss or ISO 8601"
NO_ORDER = "it has no order: : is the only sign that it takes"

_DAY = re.compile(r"(\d{2})-(\d{2})-(\d{4})(T\d{2}:\d{2}(?::\d{2})?)?", re.IGNORECASE)
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ":": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Unanswerable(Exception):
    """A condition that cannot be answered here."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was written: texts between its `*`, so that one text stands for itself."""

    pieces: tuple[str, ...]

    @property
    def text(self) -> str:
        """What was written."""
        return "*".join(self.pieces)

    def folded(self) -> "Value":
        """Return it without case."""
        return Value(tuple(piece.casefold() for piece in self.pieces))

    def fits(self, text: str) -> bool:
        """Whether a whole text is like it; nothing is like no text but what is empty itself."""
        first, *others = self.pieces
        if not others:
            return text == first
        if not text.startswith(first):
            return False
        *middle, last = others
        at = len(first)
        for piece in middle:
            found = text.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return bool(text) and at + len(last) <= len(text) and text.endswith(last)

    def within(self, text: str) -> bool:
        """Whether a text contains it."""
        return Value(("", *self.pieces, "")).fits(text)


def condition_of(field: str, sign: str, value: Value) -> Condition:
    """Return what a field, a sign (`:`, `!=`, `<`, `<=`, `>` or `>=`) and a value say. Raises Unanswerable."""
    if sign == "!=":
        return Not(condition_of(field, ":", value))
    name = field.lower()
    if name in COMPARED:
        read, of = COMPARED[name]
        wanted, compare = read(value.text), _COMPARE[sign]
        return Term(holds=lambda alert: (got := of(alert)) is not None and compare(got, wanted))
    if name in UNKEPT:
        raise Unanswerable(UNKNOWN)
    detail = field[8:] if name.startswith("details.") and "*" not in field else ""
    make = MADE.get(name) or (_detail(detail) if detail else None)
    if make is None:
        raise Unanswerable(NO_FIELD.format(fields=", ".join(FIELDS)))
    if sign != ":":
        raise Unanswerable(NO_ORDER)
    return make(value)


def plain(value: Value) -> Term:
    """Return that a text stands in the summary, the description or the labels."""
    folded = value.folded()
    return Term(holds=lambda alert: folded.within(_all_text(alert)), words=folded.pieces)


# --- states and severities --------------------------------------------------------------------------------------------


def _status(value: Value) -> Term:
    return _in_states({"open": ACTIVE, "closed": frozenset({State.CLOSED})}.get(value.text.lower()), NOT_STATUS)


def _flag(states: frozenset[State]) -> Callable[[Value], Term]:
    given = {"true": states, "false": frozenset(State) - states}
    return lambda value: _in_states(given.get(value.text.lower()), NOT_BOOLEAN)


def _in_states(states: frozenset[State] | None, reason: str) -> Term:
    if states is None:
        raise Unanswerable(reason)
    return Term(holds=lambda alert: alert.state in states, states=states)


def _priority(value: Value) -> Term:
    severities = PRIORITIES.get(value.text.lower())
    if severities is None:
        raise Unanswerable(NOT_PRIORITY)
    return Term(holds=lambda alert: alert.severity in severities, severities=severities)


# --- texts ------------------------------------------------------------------------------------------------------------


def _text(of: Callable[[Alert], str], *, searched: bool = False) -> Callable[[Value], Term]:
    """Return how a text that contains a value is looked for; `searched`: it is among the words that a database looks through."""

    def make(value: Value) -> Term:
        folded = value.folded()
        return Term(holds=lambda alert: folded.within(of(alert).casefold()), words=folded.pieces if searched else ())

    return make


def _whole(of: Callable[[Alert], Iterable[str]], *, searched: bool = False) -> Callable[[Value], Term]:
    """Return how a value is looked for that is the whole of one of some texts, whatever its case."""

    def make(value: Value) -> Term:
        folded = value.folded()
        return Term(
            holds=lambda alert: any(folded.fits(text.casefold()) for text in of(alert)),
            words=folded.pieces if searched else (),
        )

    return make


def _detail(label: str) -> Callable[[Value], Term]:
    return _whole(lambda alert: [alert.labels[label]] if label in alert.labels else [], searched=True)


def _alias(value: Value) -> Term:
    key = value.pieces[0] if len(value.pieces) == 1 else None
    return Term(holds=lambda alert: value.fits(alert.dedup_key), dedup_key=key)


def _tags(alert: Alert) -> list[str]:
    return [name for name, text in alert.labels.items() if text == "true"]


def _by(state: State) -> Callable[[Alert], list[str]]:
    return lambda alert: [alert.state_by] if alert.state is state else []


def _all_text(alert: Alert) -> str:
    labels = (f"{name}={text}" for name, text in alert.labels.items())
    return "\n".join((alert.summary, alert.description, *labels)).casefold()


# --- numbers and times ------------------------------------------------------------------------------------------------


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Unanswerable(NOT_NUMBER)
    return int(text)


def _time(text: str) -> int:
    day = _DAY.fullmatch(text)
    moment = time_of(f"{day[3]}-{day[2]}-{day[1]}{day[4] or ''}" if day else text)
    if moment is None:
        raise Unanswerable(NOT_TIME)
    return moment


_IDS = _whole(lambda alert: [alert_id(alert.number)])
_TAGS = _whole(_tags, searched=True)
MADE: Mapping[str, Callable[[Value], Term]] = {
    "status": _status,
    "acknowledged": _flag(frozenset({State.ACKED})),
    "snoozed": _flag(frozenset({State.SNOOZED})),
    "isseen": _flag(frozenset(State) - {State.OPEN}),
    "priority": _priority,
    "message": _text(lambda alert: alert.summary, searched=True),
    "description": _text(lambda alert: alert.description, searched=True),
    "alias": _alias,
    "id": _IDS,
    "alertid": _IDS,
    "tag": _TAGS,
    "tags": _TAGS,
    "source": _whole(lambda alert: [alert.source]),
    "entity": _detail("entity"),
    "owner": _whole(lambda alert: [alert.owner.name] if alert.owner else []),
    "acknowledgedby": _whole(_by(State.ACKED)),
    "closedby": _whole(_by(State.CLOSED)),
    "details.key": _whole(lambda alert: alert.labels, searched=True),
    "details.value": _whole(lambda alert: alert.labels.values(), searched=True),
}
"""What takes a text."""
COMPARED: Mapping[str, tuple[Callable[[str], int], Callable[[Alert], int | None]]] = {
    "tinyid": (_number, lambda alert: alert.number),
    "count": (_number, lambda alert: alert.count),
    "createdat": (_time, lambda alert: alert.opened_at),
    "updatedat": (_time, lambda alert: max(alert.last_seen_at, alert.state_at)),
    "lastoccurredat": (_time, lambda alert: alert.last_seen_at),
    "snoozeduntil": (_time, lambda alert: alert.until if alert.state is State.SNOOZED else None),
}
"""What has an order: how its value is read, and where an alert has it."""
FIELDS = (
    *(
        "status",
        "acknowledged",
        "snoozed",
        "isSeen",
        "priority",
        "message",
        "description",
        "alias",
        "id",
        "tinyId",
        "tag",
    ),
    *("source", "entity", "owner", "acknowledgedBy", "closedBy", "count", "createdAt", "updatedAt", "lastOccurredAt"),
    *("snoozedUntil", "details.key", "details.value", "details.NAME"),
)
"""What there is, as it is written."""
TEXTS = ("message", "description")
"""Fields whose value goes on over the words after it."""
