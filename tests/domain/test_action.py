"""What people do to alerts: product.md 3's table, column by column."""

import itertools
from typing import Any

import pytest

from bot.domain import action
from bot.domain.action import Wish
from bot.domain.actor import Actor, Person, Via, Who, source
from bot.domain.alert import TRANSITIONS, Action, Alert, Change, Refused, State
from bot.domain.errors import Invalid
from bot.domain.notice import News
from bot.domain.signal import Severity
from tests.domain.making import DANA, HOUR, LEE, MINUTE, NOW, alert, held

BY_HAND = (
    Action.ACK,
    Action.UNACK,
    Action.CLOSE,
    Action.REOPEN,
    Action.ASSIGN,
    Action.UNASSIGN,
    Action.OWN,
    Action.NOTE,
    Action.SEVERITY,
)
TABLE = {
    State.OPEN: {
        Action.ACK: State.ACKED,
        Action.UNACK: None,
        Action.CLOSE: State.CLOSED,
        Action.REOPEN: None,
        Action.ASSIGN: State.OPEN,
        Action.UNASSIGN: State.OPEN,
        Action.OWN: State.ACKED,
        Action.NOTE: State.OPEN,
        Action.SEVERITY: State.OPEN,
    },
    State.ACKED: {
        Action.ACK: None,
        Action.UNACK: State.OPEN,
        Action.CLOSE: State.CLOSED,
        Action.REOPEN: State.OPEN,
        Action.ASSIGN: State.ACKED,
        Action.UNASSIGN: State.ACKED,
        Action.OWN: State.ACKED,
        Action.NOTE: State.ACKED,
        Action.SEVERITY: State.ACKED,
    },
    State.SNOOZED: {
        Action.ACK: State.ACKED,
        Action.UNACK: None,
        Action.CLOSE: State.CLOSED,
        Action.REOPEN: State.OPEN,
        Action.ASSIGN: State.SNOOZED,
        Action.UNASSIGN: State.SNOOZED,
        Action.OWN: State.ACKED,
        Action.NOTE: State.SNOOZED,
        Action.SEVERITY: State.SNOOZED,
    },
    State.CLOSED: {
        Action.ACK: None,
        Action.UNACK: None,
        Action.CLOSE: None,
        Action.REOPEN: State.OPEN,
        Action.ASSIGN: None,
        Action.UNASSIGN: None,
        Action.OWN: None,
        Action.NOTE: State.CLOSED,
        Action.SEVERITY: None,
    },
}
"""What Lee may do to an alert that Dana has; None: refused."""


def act(current: Alert, wanted: Action, by: Actor = LEE, now: int = NOW + MINUTE, **more: Any) -> Change:
    """Do it with all that it may need."""
    full: dict[str, Any] = {"note": "because", "to": LEE.person, "severity": Severity.ERROR} | more
    return action.act(current, Wish(action=wanted, by=by, **full), now)


@pytest.mark.parametrize(("state", "wanted"), list(itertools.product(State, BY_HAND)))
def test_the_table(state: State, wanted: Action) -> None:
    """Every action leads where the table says, with one history row by the person; or it is refused and nothing is made."""
    current = held(state, owner=DANA.person)
    expected = TABLE[state][wanted]
    if expected is None:
        with pytest.raises(Refused):
            act(current, wanted)
        return
    change = act(current, wanted)

    assert change.alert is not None
    assert expected is change.alert.state
    assert [(LEE, NOW + MINUTE)] == [(event.by, event.at) for event in change.events]
    assert change.news in {News.CHANGED, News.ASSIGNED}
    assert NOW + MINUTE == change.alert.told_at


def test_the_table_in_the_code_holds_nothing_that_makes_a_closed_alert_acked() -> None:
    """Only reopening and a new firing open it; nothing else moves it."""
    assert {Action.FIRE, Action.REOPEN, Action.NOTE} == {
        wanted for state, wanted in TRANSITIONS if state is State.CLOSED
    }


def test_whoever_acks_owns_what_nobody_owns() -> None:
    """An owner stays the owner."""
    mine, hers = act(alert(), Action.ACK).alert, act(alert(owner=DANA.person), Action.ACK).alert

    assert mine is not None
    assert hers is not None
    assert (LEE.person, DANA.person) == (mine.owner, hers.owner)


def test_the_same_person_extends_an_ack() -> None:
    """With the new end, and the old note when there is no new one."""
    first = act(alert(), Action.ACK, note="on it", until=NOW + HOUR).alert
    assert first is not None
    second = act(first, Action.ACK, note="", until=NOW + 2 * HOUR).alert

    assert second is not None
    assert (NOW + 2 * HOUR, "on it") == (second.until, second.state_note)


def test_another_person_is_told_who_has_it() -> None:
    """And nothing changes."""
    with pytest.raises(Refused, match="#1 is acked by dana"):
        act(held(State.ACKED), Action.ACK)


def test_two_of_one_name_are_two() -> None:
    """People are told apart by id; sources, which have none, by name."""
    namesake = Actor(kind=Who.PERSON, name="dana", id="99", via=Via.ROOM)
    assert not action.held_by(held(State.ACKED), namesake)
    assert action.held_by(held(State.ACKED, source("pagerduty")), source("pagerduty"))
    assert not action.held_by(held(State.ACKED, source("pagerduty")), source("opsgenie"))
    assert not action.held_by(held(State.ACKED, source("dana")), DANA)


def test_own_takes_over_and_acks() -> None:
    """Also from somebody else; twice is refused."""
    taken = act(held(State.ACKED, owner=DANA.person), Action.OWN).alert

    assert taken is not None
    assert (State.ACKED, LEE.person, "lee") == (taken.state, taken.owner, taken.state_by)
    with pytest.raises(Refused, match="yours already"):
        act(taken, Action.OWN)


@pytest.mark.parametrize(
    ("state", "owner", "left"),
    [
        (State.ACKED, DANA.person, None),
        (State.ACKED, LEE.person, LEE.person),
        (State.CLOSED, DANA.person, DANA.person),
    ],
)
def test_taking_an_ack_back_takes_its_owner_back(state: State, owner: Person, left: Person | None) -> None:
    """Who owned it by acking it owns it no more; an owner by assignment stays, and so does one of a closed alert."""
    opened = act(held(state, owner=owner), Action.REOPEN).alert

    assert opened is not None
    assert left == opened.owner


def test_reopening_forgets_the_resolve() -> None:
    """So that a later firing is a repeat of it."""
    opened = act(held(State.CLOSED, resolved_at=NOW, until=None), Action.REOPEN).alert

    assert opened is not None
    assert (State.OPEN, None) == (opened.state, opened.resolved_at)


def test_an_earlier_episode_stays_closed() -> None:
    """Two active alerts of one key there cannot be."""
    with pytest.raises(Refused, match="earlier episode"):
        act(held(State.CLOSED, latest=False), Action.REOPEN)


def test_assigning_does_not_ack() -> None:
    """It sets the owner and tells them; the same owner again is refused."""
    change = act(alert(), Action.ASSIGN)

    assert change.alert is not None
    assert (State.OPEN, LEE.person, News.ASSIGNED, "to lee because") == (
        change.alert.state,
        change.alert.owner,
        change.news,
        change.why,
    )
    with pytest.raises(Refused, match="lee's already"):
        act(change.alert, Action.ASSIGN)


@pytest.mark.parametrize(
    ("wanted", "lacking"),
    [(Action.ASSIGN, {"to": None}), (Action.SEVERITY, {"severity": None}), (Action.NOTE, {"note": ""})],
)
def test_a_wish_that_lacks_something_is_invalid(wanted: Action, lacking: dict[str, Any]) -> None:
    """The text says how it is done."""
    with pytest.raises(Invalid, match=r"For example|critical"):
        act(alert(), wanted, **lacking)


@pytest.mark.parametrize("wanted", [Action.ACK, Action.OWN])
def test_an_end_in_the_past_is_invalid(wanted: Action) -> None:
    """An ack cannot have ended before it began."""
    with pytest.raises(Invalid, match="over already"):
        act(alert(), wanted, until=NOW)


@pytest.mark.parametrize("wanted", [Action.CLOSE, Action.NOTE, Action.ASSIGN])
def test_only_an_ack_has_an_end(wanted: Action) -> None:
    """A time given with anything else is not kept."""
    changed = act(alert(), wanted, until=NOW + HOUR).alert

    assert changed is not None
    assert changed.until is None


def test_undo_restores_what_a_person_may_change() -> None:
    """In the present count and words."""
    before = alert(owner=DANA.person)
    after = act(before, Action.CLOSE).alert
    assert after is not None
    change = action.undo(after, before, LEE, NOW + 2 * MINUTE, "closed")

    assert change.alert is not None
    assert (State.OPEN, DANA.person, before.state_at) == (
        change.alert.state,
        change.alert.owner,
        change.alert.state_at,
    )
    assert ["undone"] == [event.action for event in change.events]
