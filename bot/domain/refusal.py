"""Refusals as people read them: what state an alert is in, whose doing that is, since when, and what to do instead."""

from collections.abc import Mapping

from bot.domain.actor import Who
from bot.domain.alert import Action, Alert, Refused, State
from bot.domain.times import ago, clock, since
from bot.domain.words import shown

HELD = "#{number} is acked by {by} {since}{until}{note}. To take it over: /alert own {number}"
CLOSED = "#{number} was closed {ago} by {by}{note}."
CLOSED_BEFORE = "#{number} is closed already: {ago} by {by}{note}."
TO_REOPEN = " To open it again: /alert reopen {number}"
IS = "#{number} is {reason}."
UNTIL = ", until {}"
NOTE = ": “{}”"
NOTE_LONGEST = 200
TIMER = "the timer"

REASONS: Mapping[tuple[State, Action], str] = {
    (State.OPEN, Action.UNACK): "open, nobody has acked it",
    (State.OPEN, Action.REOPEN): "open already",
    (State.OPEN, Action.WAKE): "open, not snoozed",
    (State.ACKED, Action.ACK): "acked {ago} by {by}{note}",
    (State.ACKED, Action.WAKE): "acked {ago} by {by}, not snoozed",
    (State.SNOOZED, Action.UNACK): "snoozed, not acked",
    (State.CLOSED, Action.ACK): "closed {ago} by {by}",
    (State.CLOSED, Action.UNACK): "closed {ago} by {by}",
    (State.CLOSED, Action.SNOOZE): "closed {ago} by {by}",
    (State.CLOSED, Action.WAKE): "closed {ago} by {by}",
    (State.CLOSED, Action.CLOSE): "closed {ago} by {by}",
    (State.CLOSED, Action.ASSIGN): "closed {ago} by {by}",
    (State.CLOSED, Action.UNASSIGN): "closed {ago} by {by}",
    (State.CLOSED, Action.OWN): "closed {ago} by {by}",
    (State.CLOSED, Action.SEVERITY): "closed {ago} by {by}",
}
"""Why a state does not allow an action, short enough for a list of skipped numbers. An ack is refused by another's ack only."""


def is_held(refused: Refused) -> bool:
    """Tell whether it was refused because somebody else has acked the alert."""
    return (refused.alert.state, refused.action) == (State.ACKED, Action.ACK)


def why_not(refused: Refused, *, now: int, zone_name: str) -> str:
    """Give the reason in a few words, without the number: `closed 3 min ago by Prometheus`."""
    alert = refused.alert
    template = REASONS.get((alert.state, refused.action))
    if template is None:
        return refused.text.removeprefix(f"#{alert.number} ").removeprefix("is ")
    return template.format(**_said(alert, now, zone_name, longest=60))


def refusal(refused: Refused, *, now: int, zone_name: str) -> str:
    """Give the refusal of one alert as a sentence: who, since when, the note, and what can be done instead."""
    alert = refused.alert
    said = _said(alert, now, zone_name, longest=NOTE_LONGEST)
    if is_held(refused):
        return HELD.format(**said)
    if (alert.state, refused.action) not in REASONS:
        return f"{refused.text}."
    if alert.state is not State.CLOSED:
        return IS.format(number=alert.number, reason=REASONS[alert.state, refused.action].format(**said))
    if refused.action is Action.CLOSE:
        return CLOSED_BEFORE.format(**said)
    return f"{CLOSED.format(**said)}{TO_REOPEN.format(**said)}" if alert.latest else CLOSED.format(**said)


def _said(alert: Alert, now: int, zone_name: str, *, longest: int) -> dict[str, object]:
    return {
        "number": alert.number,
        "by": by(alert),
        "ago": ago(alert.state_at, zone_name, now=now),
        "since": since(alert.state_at, zone_name, now=now),
        "until": UNTIL.format(clock(alert.until, zone_name, now=now)) if alert.until else "",
        "note": NOTE.format(shown(alert.state_note, longest)) if alert.state_note else "",
    }


def by(alert: Alert) -> str:
    """Give whose doing the alert's state is."""
    return TIMER if alert.state_who is Who.TIMER else alert.state_by
