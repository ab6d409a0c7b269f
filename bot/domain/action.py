"""Actions: what a person does to an alert (product.md 3 and 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.domain.actor import Actor, Person, Who
from bot.domain.alert import TRANSITIONS, Action, Alert, Change, Event, Refused, State, moved
from bot.domain.errors import Invalid
from bot.domain.notice import News
from bot.domain.signal import Severity

PAST: Mapping[Action, str] = {
    Action.ACK: "acked",
    Action.UNACK: "unacked",
    Action.CLOSE: "closed",
    Action.REOPEN: "reopened",
    Action.SNOOZE: "snoozed",
    Action.WAKE: "woken",
    Action.ASSIGN: "assigned",
    Action.UNASSIGN: "unassigned",
    Action.OWN: "owned",
    Action.NOTE: "noted",
    Action.SEVERITY: "severity",
}
"""What history says was done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a person asks for. `to` is the new owner, `until` the end of an ack or a snooze (epoch ms), `severity` the new one."""

    action: Action
    by: Actor
    note: str = ""
    to: Person | None = None
    until: int | None = None
    severity: Severity | None = None


def act(alert: Alert, wish: Wish, now: int) -> Change:
    """Decide what a person's wish does to an alert.

    Raises Refused when the state does not allow it or somebody else holds the alert, Invalid when the wish lacks what
    it needs.
    """
    state = TRANSITIONS.get((alert.state, wish.action))
    if state is None or wish.action not in _READERS:
        raise Refused(alert, wish.action)
    changed, why = _READERS[wish.action](alert, wish, state, now)
    changed = replace(changed, told_at=now)
    event = Event(action=PAST[wish.action], at=now, by=wish.by, note=why)
    news = News.ASSIGNED if wish.action is Action.ASSIGN else News.CHANGED
    return Change(alert=changed, events=(event,), news=news, why=why)


def held_by(alert: Alert, by: Actor) -> bool:
    """Whether the alert's state is this actor's doing."""
    return alert.state_by_id == by.id if by.id else (alert.state_by_id, alert.state_by) == ("", by.name)


def _held(alert: Alert, state: State, wish: Wish, now: int) -> Alert:
    event = Event(action=PAST[wish.action], at=now, by=wish.by, note=wish.note)
    return moved(alert, state, event)


def _for_a_while(alert: Alert, state: State, wish: Wish, now: int) -> Alert:
    if wish.until is not None and wish.until <= now:
        raise Invalid("that moment is over already. For example: ack 12 2h")
    return replace(_held(alert, state, wish, now), until=wish.until)


def _ack(alert: Alert, wish: Wish, state: State, now: int) -> tuple[Alert, str]:
    if alert.state is State.ACKED and not held_by(alert, wish.by):
        raise Refused(alert, wish.action, f"#{alert.number} is acked by {alert.state_by}")
    acked = _for_a_while(alert, state, wish, now)
    if alert.state is State.ACKED:
        acked = _again(alert, acked, wish, now)
    if acked.owner is None and wish.by.kind is Who.PERSON:
        acked = replace(acked, owner=wish.by.person)
    return acked, wish.note


def _own(alert: Alert, wish: Wish, state: State, now: int) -> tuple[Alert, str]:
    if alert.owner == wish.by.person and alert.state is State.ACKED and held_by(alert, wish.by):
        raise Refused(alert, wish.action, f"#{alert.number} is yours already")
    owned = _for_a_while(alert, state, wish, now)
    if alert.state is State.ACKED and held_by(alert, wish.by):
        owned = _again(alert, owned, wish, now)
    return replace(owned, owner=wish.by.person), wish.note


def _again(alert: Alert, acked: Alert, wish: Wish, now: int) -> Alert:
    """Keep the time and the note of the first ack where its person says nothing else."""
    ahead = alert.until is not None and alert.until > now
    until = alert.until if wish.until is None and ahead else acked.until
    return replace(acked, state_note=wish.note or alert.state_note, until=until)


def _open(alert: Alert, wish: Wish, state: State, now: int) -> tuple[Alert, str]:
    if not alert.latest and alert.state is State.CLOSED:
        raise Refused(alert, wish.action, f"#{alert.number} is an earlier episode of a problem with a newer number")
    opened = replace(_held(alert, state, wish, now), resolved_at=None)
    # The ack made its person the owner, so taking the ack back takes that back too.
    by_ack = alert.state is State.ACKED and alert.owner is not None and alert.owner.id == alert.state_by_id
    return (replace(opened, owner=None) if by_ack else opened), wish.note


def _snooze(alert: Alert, wish: Wish, state: State, now: int) -> tuple[Alert, str]:
    if wish.until is None:
        raise Invalid("snooze until when? For example: snooze 12 30m")
    snoozed = _for_a_while(alert, state, wish, now)
    if alert.state is State.SNOOZED and not wish.note and held_by(alert, wish.by):
        snoozed = replace(snoozed, state_note=alert.state_note)
    return snoozed, wish.note


def _wake(alert: Alert, wish: Wish, state: State, now: int) -> tuple[Alert, str]:
    return _held(alert, state, wish, now), wish.note


def _close(alert: Alert, wish: Wish, state: State, now: int) -> tuple[Alert, str]:
    return _held(alert, state, wish, now), wish.note


def _assign(alert: Alert, wish: Wish, _state: State, _now: int) -> tuple[Alert, str]:
    if wish.to is None:
        raise Invalid("assign to whom? For example: assign 12 @name")
    if alert.owner == wish.to:
        raise Refused(alert, wish.action, f"#{alert.number} is {wish.to.name}'s already")
    return replace(alert, owner=wish.to), " ".join(filter(None, (f"to {wish.to.name}", wish.note)))


def _unassign(alert: Alert, wish: Wish, _state: State, _now: int) -> tuple[Alert, str]:
    if alert.owner is None:
        raise Refused(alert, wish.action, f"#{alert.number} has no owner")
    return replace(alert, owner=None), " ".join(filter(None, (f"was {alert.owner.name}'s", wish.note)))


def _severity(alert: Alert, wish: Wish, _state: State, _now: int) -> tuple[Alert, str]:
    if wish.severity is None:
        raise Invalid("which severity? critical, error, warning or info")
    if wish.severity is alert.severity:
        raise Refused(alert, wish.action, f"#{alert.number} is {wish.severity.word} already")
    why = f"{alert.severity.word} became {wish.severity.word}" + (f": {wish.note}" if wish.note else "")
    return replace(alert, severity=wish.severity), why


def _note(alert: Alert, wish: Wish, _state: State, _now: int) -> tuple[Alert, str]:
    if not wish.note:
        raise Invalid("which note? For example: note 12 restarting the database")
    return alert, wish.note


_READERS: Mapping[Action, Callable[[Alert, Wish, State, int], tuple[Alert, str]]] = {
    Action.ACK: _ack,
    Action.OWN: _own,
    Action.UNACK: _open,
    Action.REOPEN: _open,
    Action.SNOOZE: _snooze,
    Action.WAKE: _wake,
    Action.CLOSE: _close,
    Action.ASSIGN: _assign,
    Action.UNASSIGN: _unassign,
    Action.SEVERITY: _severity,
    Action.NOTE: _note,
}


def undo(alert: Alert, before: Alert, by: Actor, now: int, what: str) -> Change:
    """Take a person's last change back: the state, owner and severity of before it, in the present count and words."""
    restored = replace(
        alert,
        state=before.state,
        state_at=before.state_at,
        state_by=before.state_by,
        state_by_id=before.state_by_id,
        state_who=before.state_who,
        state_note=before.state_note,
        until=before.until,
        owner=before.owner,
        severity=before.severity,
        resolved_at=before.resolved_at,
        told_at=now,
    )
    event = Event(action="undone", at=now, by=by, note=what)
    return Change(alert=restored, events=(event,), news=News.CHANGED, why=what)
