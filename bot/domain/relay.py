"""Relay: what somebody did or wrote at the source is done to the alert here (product.md 3)."""

from dataclasses import replace

from bot.domain.action import Wish, act
from bot.domain.actor import Actor, source
from bot.domain.alert import Action, Alert, Change, Outcome, Refused, State
from bot.domain.errors import Invalid
from bot.domain.signal import Kind, Signal


def speaker(signal: Signal) -> Actor:
    """Return who says it: a person at the source, or the source itself."""
    return source(signal.author or signal.source or signal.sender, signal.sender)


def relay(current: Alert, signal: Signal, now: int) -> Change:
    """Do what somebody did at the source; what our state refuses changes nothing, but its words are noted."""
    action = {Kind.ACKNOWLEDGED: Action.ACK, Kind.UNACKNOWLEDGED: Action.UNACK, Kind.NOTE: Action.NOTE}[signal.kind]
    if current.state is State.ACKED and action is Action.ACK:
        return _refused(current, signal, now, f"acked by {current.state_by} before")
    try:
        change = act(current, Wish(action=action, by=speaker(signal), note=signal.note), now)
    except (Refused, Invalid) as refused:
        return _refused(current, signal, now, refused.text)
    return replace(change, outcome=Outcome.REPEATED)


def _refused(current: Alert, signal: Signal, now: int, why: str) -> Change:
    """Note what changes nothing, where it brings somebody's words that are neither known nor our own coming back."""
    ours = current.state_by == signal.author or current.state_by in signal.note or signal.note == current.state_note
    if signal.kind is not Kind.NOTE and signal.opens and signal.note and not ours:
        return relay(current, replace(signal, kind=Kind.NOTE), now)
    return Change(alert=None, outcome=Outcome.IGNORED, why=why)
