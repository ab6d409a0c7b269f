"""Alerts, signals and people for the tests of decisions."""

from dataclasses import replace
from typing import Any

from bot.domain import episode
from bot.domain.actor import Actor, Via, Who, source
from bot.domain.alert import Alert, Change, State
from bot.domain.signal import Severity, Signal

NOW = 1_795_521_720_000
"""Tuesday 2026-11-24 12:02 UTC."""
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DANA = Actor(kind=Who.PERSON, name="dana", id="1", via=Via.ROOM)
LEE = Actor(kind=Who.PERSON, name="lee", id="2", via=Via.ROOM)
PROMETHEUS = source("prometheus")


def signal(**changes: Any) -> Signal:
    """Make a firing signal of a warning."""
    return replace(Signal(dedup_key="k", summary="disk full", sender="alertmanager", source="prometheus"), **changes)


def fresh(told: Signal, now: int, number: int = 2) -> Alert:
    """Make the alert that a signal opens."""
    return episode.opened(told, now, tenant=1, number=number, feed=1, room=1)


def alert(**changes: Any) -> Alert:
    """Make an open alert #1, opened now."""
    return replace(fresh(signal(), NOW, 1), **changes)


def held(state: State, by: Actor = DANA, at: int = NOW, **changes: Any) -> Alert:
    """Make an alert that somebody put into a state."""
    return alert(
        state=state,
        state_at=at,
        state_by=by.name,
        state_by_id=by.id,
        state_who=by.kind,
        **({"resolved_at": at, "senders": {}} if state is State.CLOSED and by.kind is Who.SOURCE else {}),
        **changes,
    )


def fold(current: Alert | None, told: Signal, now: int = NOW, **more: Any) -> Change:
    """Fold a signal into an alert; a new alert would be #2."""
    return episode.fold(current, told, now, fresh=lambda: fresh(told, now), **more)


WORSE = Severity.CRITICAL
