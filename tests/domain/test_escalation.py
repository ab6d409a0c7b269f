"""Whom an alert that nobody acks is brought to, step by step."""

from datetime import datetime

import pytest

from bot.domain.alert import State
from bot.domain.escalation import ROOM, Called, Kind, Policy, Step, Target, called, next_step
from bot.domain.schedule import Rotation, Schedule
from bot.domain.spans import DAY, MINUTE
from tests.domain.making import NOW, alert

ON_CALL = Target(kind=Kind.ON_CALL, name="ops")
NEXT = Target(kind=Kind.NEXT, name="ops")
POLICY = Policy(
    name="ops",
    steps=(
        Step(wait=5 * MINUTE),
        Step(wait=10 * MINUTE, tell=(ON_CALL,)),
        Step(wait=15 * MINUTE, tell=(NEXT, Target(kind=Kind.PERSON, name="boss"))),
    ),
    repeat=1,
)
ROTA = Rotation(people=("dana", "lee", "robin"), first=datetime(2026, 11, 24), every=DAY)  # noqa: DTZ001 - wall clock
SCHEDULES = {"ops": Schedule(name="ops", zone="UTC", layers=(ROTA,))}


def test_steps_in_order_and_once_more() -> None:
    """Each step waits its own time, and after the last the first comes again, as often as the policy says."""
    found = [next_step(POLICY, alert(), position, NOW) for position in range(7)]

    assert [5, 10, 15, 5, 10, 15] == [(due.at - NOW) // MINUTE for due in found[:6] if due]
    assert None is found[6]


@pytest.mark.parametrize("state", [State.ACKED, State.SNOOZED, State.CLOSED])
def test_only_what_is_open_escalates(state: State) -> None:
    """Whatever somebody or its source has taken care of is told to nobody."""
    assert None is next_step(POLICY, alert(state=state), 0, NOW)


def test_who_is_called() -> None:
    """The room alone, then who is on call, then the next one; in the repetition the one after that."""
    assert [(), ("dana",), ("lee", "boss"), (), ("dana",), ("robin", "boss")] == [
        called(POLICY, position, SCHEDULES, (), NOW).people for position in range(6)
    ]


def test_nobody_is_on_call() -> None:
    """A schedule without anybody is named, so that the room can be told."""
    assert Called(people=(), nobody=("ops",)) == called(POLICY, 1, {}, (), NOW)
    assert Called(people=("boss",), nobody=("ops",)) == called(POLICY, 2, SCHEDULES, (), NOW - 2 * DAY)


def test_targets_are_written_as_they_are_read() -> None:
    """Each target has one spelling."""
    assert ["room", "on-call ops", "next ops", "@boss"] == [
        str(target) for target in (ROOM, ON_CALL, NEXT, Target(kind=Kind.PERSON, name="boss"))
    ]
