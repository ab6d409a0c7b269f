"""How long holds last, when their people are reminded, and whom that concerns."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain import action, episode, holding
from bot.domain.action import Wish
from bot.domain.actor import Actor, Person, Via, Who
from bot.domain.alert import RULES, Action, Change, Refused, Rules, State
from bot.domain.commands import Misread, parse
from tests.domain.making import DANA, HOUR, LEE, MINUTE, NOW, alert, held

POLICY = Rules(ack_expires=8 * HOUR)
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("span", "before"),
    [
        (5 * MINUTE, 2 * MINUTE),
        (30 * MINUTE, 3 * MINUTE),
        (HOUR, 6 * MINUTE),
        (5 * HOUR, 15 * MINUTE),
        (3 * DAY, 15 * MINUTE),
    ],
)
def test_a_reminder_comes_a_tenth_before_the_end(span: int, before: int) -> None:
    """A tenth of the time before the end, at least 2 and at most 15 minutes."""
    for state in (State.ACKED, State.SNOOZED):
        assert NOW + span - before == holding.reminds_at(held(state, until=NOW + span), RULES, followed_at=0)


@pytest.mark.parametrize("span", [MINUTE, 4 * MINUTE])
def test_a_short_hold_has_no_reminder(span: int) -> None:
    """Who asked for a few minutes is not reminded in the middle of them."""
    assert holding.reminds_at(held(State.SNOOZED, until=NOW + span), RULES, followed_at=0) is None


def test_only_a_policy_ends_an_ack_without_a_time() -> None:
    """An ack without a time lasts; with a policy it ends so long after what somebody last did about the alert."""
    acked = held(State.ACKED)

    assert holding.ends_at(acked, RULES, followed_at=0) is None
    assert NOW + 8 * HOUR == holding.ends_at(acked, POLICY, followed_at=0)
    assert NOW + 9 * HOUR == holding.ends_at(acked, POLICY, followed_at=NOW + HOUR)
    assert NOW + 9 * HOUR - 15 * MINUTE == holding.reminds_at(acked, POLICY, followed_at=NOW + HOUR)
    assert NOW + HOUR == holding.ends_at(replace(acked, until=NOW + HOUR), POLICY, followed_at=NOW + MINUTE)


@pytest.mark.parametrize("state", [State.OPEN, State.CLOSED])
def test_what_is_not_held_has_no_end(state: State) -> None:
    """An open or closed alert has no end, whatever timer is still set for it."""
    assert holding.ends_at(alert(state=state), POLICY, followed_at=0) is None
    assert holding.reminds_at(alert(state=state), POLICY, followed_at=0) is None


@pytest.mark.parametrize("state", [State.ACKED, State.SNOOZED])
def test_an_end_opens_and_keeps_the_owner(state: State) -> None:
    """At the end of a hold the alert is open again and its owner's."""
    over = holding.ended(held(state, until=NOW + HOUR, owner=LEE.person), NOW + HOUR).alert

    assert over is not None
    assert (State.OPEN, None, LEE.person) == (over.state, over.until, over.owner)


def test_whom_a_hold_concerns() -> None:
    """The owner and the holder, each once; nobody whom only the API named."""
    outsider = Actor(kind=Who.PERSON, name="all", id="api:all", via=Via.API)

    assert (LEE.person, DANA.person) == holding.people(held(State.SNOOZED, owner=LEE.person))
    assert (DANA.person,) == holding.people(held(State.ACKED, owner=DANA.person))
    assert () == holding.people(held(State.ACKED, by=outsider, owner=Person(id="api:all", name="all")))


@pytest.mark.parametrize(
    ("state", "wanted", "allowed"),
    [
        (State.OPEN, Action.SNOOZE, State.SNOOZED),
        (State.ACKED, Action.SNOOZE, State.SNOOZED),
        (State.SNOOZED, Action.SNOOZE, State.SNOOZED),
        (State.CLOSED, Action.SNOOZE, None),
        (State.OPEN, Action.WAKE, None),
        (State.ACKED, Action.WAKE, None),
        (State.SNOOZED, Action.WAKE, State.OPEN),
        (State.CLOSED, Action.WAKE, None),
        (State.SNOOZED, Action.ACK, State.ACKED),
        (State.CLOSED, Action.ACK, None),
    ],
)
def test_transitions(state: State, wanted: Action, allowed: State | None) -> None:
    """Snoozing and waking go as the table of product.md 3 says; a closed alert is never snoozed or acked open."""
    before = held(state, owner=DANA.person)
    wish = Wish(action=wanted, by=LEE, until=NOW + HOUR if wanted is Action.SNOOZE else None)
    if allowed is None:
        with pytest.raises(Refused):
            action.act(before, wish, NOW)
        return
    after = action.act(before, wish, NOW).alert

    assert after is not None
    assert (allowed, DANA.person) == (after.state, after.owner)


@pytest.mark.parametrize(
    ("changes", "quiet_since"),
    [
        ({}, NOW),
        ({"last_seen_at": NOW + HOUR}, NOW + HOUR),
        ({"state": State.SNOOZED, "until": NOW + 9 * DAY}, NOW + 9 * DAY),
        ({"state": State.ACKED, "state_at": NOW + 2 * HOUR}, NOW + 2 * HOUR),
        ({"senders": {"prometheus": NOW + 3 * HOUR}}, NOW + 3 * HOUR),
    ],
)
def test_stale(changes: dict[str, Any], quiet_since: int) -> None:
    """What nobody reported for the span is closed by the timer; a snooze, an ack or a promise lets the silence begin later."""
    quiet = alert(**changes)
    over = episode.stale(quiet, quiet_since + 7 * DAY, 7 * DAY)

    assert quiet_since + 7 * DAY == episode.stale(quiet, quiet_since + 7 * DAY - 1, 7 * DAY)
    assert isinstance(over, Change)
    assert over.alert is not None
    assert (State.CLOSED, Who.TIMER) == (over.alert.state, over.alert.state_who)
    assert "no longer reported by" in over.why


def test_closed_is_not_stale() -> None:
    """What is closed stays as it is."""
    assert episode.stale(held(State.CLOSED), NOW + 100 * DAY, DAY) is None


@pytest.mark.parametrize("line", ["snooze 12", "snooze 12 the disk is on its way", "snooze 12 for a while", "snooze"])
def test_a_snooze_needs_its_time(line: str) -> None:
    """Without a time a snooze is asked for one."""
    with pytest.raises(Misread) as caught:
        parse(f"/alert {line}")

    assert "Until when?" in caught.value.reason
    assert "snooze" == caught.value.verb
