"""Conditions on alerts, joined by and, or and not, and the bounds within which a database finds all that they hold for."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.alert import Alert, State
from bot.domain.signal import Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One condition.

    `states` and `severities` are those that it holds in, when it depends on nothing else. `words` are texts (without case) that summary, description
    and labels of whatever it holds for surely contain, `dedup_key` is the key that it surely has.
    """

    holds: Callable[[Alert], bool]
    states: frozenset[State] | None = None
    severities: frozenset[Severity] | None = None
    words: tuple[str, ...] = ()
    dedup_key: str | None = None


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without any it does."""

    parts: "tuple[Condition, ...]" = ()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Term | All | Either | Not
Known = Callable[[Term], bool | None]
"""What is known of a term; None: nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What every alert has that a condition holds for; others may have it too."""

    states: frozenset[State] = frozenset(State)
    severities: frozenset[Severity] = frozenset(Severity)
    words: tuple[str, ...] = ()
    dedup_key: str | None = None


def holds(condition: Condition, alert: Alert) -> bool:
    """Whether a condition holds for an alert."""
    match condition:
        case Term():
            return condition.holds(alert)
        case All(parts):
            return all(holds(part, alert) for part in parts)
        case Either(parts):
            return any(holds(part, alert) for part in parts)
        case Not(part):
            return not holds(part, alert)


def bounds(condition: Condition) -> Bounds:
    """Return what a database can be asked for, so that nothing is missed that the condition holds for."""
    sure = [part for part in _joined(condition) if isinstance(part, Term)]
    return Bounds(
        states=frozenset(state for state in State if _judged(condition, _in_state(state)) is not False),
        severities=frozenset(each for each in Severity if _judged(condition, _of_severity(each)) is not False),
        words=tuple(dict.fromkeys(word for term in sure for word in term.words if word)),
        dedup_key=next((term.dedup_key for term in sure if term.dedup_key is not None), None),
    )


def _joined(condition: Condition) -> list[Condition]:
    """Return the conditions that have to hold all."""
    if isinstance(condition, All):
        return [each for part in condition.parts for each in _joined(part)]
    return [condition]


def _in_state(state: State) -> Known:
    return lambda term: None if term.states is None else state in term.states


def _of_severity(severity: Severity) -> Known:
    return lambda term: None if term.severities is None else severity in term.severities


def _judged(condition: Condition, known: Known) -> bool | None:
    """Judge a condition by what is known of its terms; None when that does not decide it."""
    match condition:
        case Term():
            return known(condition)
        case Not(part):
            judged = _judged(part, known)
            return None if judged is None else not judged
        case All(parts):
            found = {_judged(part, known) for part in parts}
            return False if False in found else None if None in found else True
        case Either(parts):
            found = {_judged(part, known) for part in parts}
            return True if True in found else None if None in found else False
