"""Holding: how long an ack or a snooze lasts, when its people are reminded, and what its end is (product.md 3).

A hold with a time ends then, or with the problem. An ack without one lasts, unless a policy (`Rules.ack_expires`) ends
what nobody follows up; its people are reminded first, however late that is.
"""

import enum
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.actor import CLOCK, Person, Who
from bot.domain.alert import MINUTE, TRANSITIONS, Action, Alert, Change, Event, Rules, State, moved
from bot.domain.notice import News
from bot.domain.reply import named, ranges
from bot.domain.times import clock, lasting
from bot.domain.words import shown

HELD = frozenset({State.ACKED, State.SNOOZED})
LEAD_PART = 10
"""The part of a hold that is left when its people are reminded: a tenth, within the two bounds below."""
LEAD_LEAST = 2 * MINUTE
LEAD_MOST = 15 * MINUTE

OVER_ACK = "the time of {by}'s ack is over"
OVER_SNOOZE = "the time of {by}'s snooze is over"
OVER_UNFOLLOWED = "acked by {by} {lasted} ago, and nobody has followed it up"
REMIND_ACK = "{by}'s ack of {what} ends at {at}. For longer: /alert ack {numbers} 2h"
REMIND_SNOOZE = "{by}'s snooze of {what} ends at {at}. For longer: /alert snooze {numbers} 2h"
REMIND_UNFOLLOWED = (
    "{by} has acked {what}, and nobody has followed it up since {since}: at {at} it is open again. "
    "To keep it: /alert ack {numbers} 2h"
)
ENDED = "{what}: {why}, and it is still there"
ENDED_ONE = "{what}: {why}, and it is still there: reported {count} times, last at {last}"
SUMMARY_LONGEST = 300


class Hold(enum.StrEnum):
    """The kinds of holds that end; the word that history keeps of the end."""

    ACK = "ack ended"
    SNOOZE = "snooze ended"
    UNFOLLOWED = "ack expired"


_OVER = {Hold.ACK: OVER_ACK, Hold.SNOOZE: OVER_SNOOZE, Hold.UNFOLLOWED: OVER_UNFOLLOWED}
_REMIND = {Hold.ACK: REMIND_ACK, Hold.SNOOZE: REMIND_SNOOZE, Hold.UNFOLLOWED: REMIND_UNFOLLOWED}


def kind_of(alert: Alert) -> Hold:
    """Return what kind of hold a held alert is under."""
    if alert.state is State.SNOOZED:
        return Hold.SNOOZE
    return Hold.ACK if alert.until is not None else Hold.UNFOLLOWED


def ends_at(alert: Alert, rules: Rules, *, followed_at: int) -> int | None:
    """Return when an alert's hold ends (epoch ms); None when it has none, or one that lasts.

    `followed_at` is when somebody last did something about the alert; it counts for acks without a time only.
    """
    if alert.state not in HELD:
        return None
    if alert.until is not None or alert.state is State.SNOOZED:
        return alert.until
    return None if rules.ack_expires is None else max(alert.state_at, followed_at) + rules.ack_expires


def reminds_at(alert: Alert, rules: Rules, *, followed_at: int) -> int | None:
    """Return when the people of a hold are reminded of its end; None when it has no end or is too short for that."""
    end = ends_at(alert, rules, followed_at=followed_at)
    if end is None:
        return None
    begun = alert.state_at if alert.until is not None else max(alert.state_at, followed_at)
    lead = min(max((end - begun) // LEAD_PART, LEAD_LEAST), LEAD_MOST)
    return end - lead if 2 * lead < end - begun else None


def ended(alert: Alert, now: int) -> Change:
    """End an alert's hold: it is open again, its owner stays."""
    hold = kind_of(alert)
    why = _OVER[hold].format(by=_by(alert), lasted=lasting(max(0, now - alert.state_at)))
    event = Event(action=hold.value, at=now, by=CLOCK, note=why)
    back = TRANSITIONS[alert.state, Action.WAKE if alert.state is State.SNOOZED else Action.UNACK]
    return Change(alert=replace(moved(alert, back, event), told_at=now), events=(event,), news=News.ENDED, why=why)


def people(alert: Alert) -> tuple[Person, ...]:
    """Return whom a held alert concerns: its owner, and whoever acked or snoozed it. Only people whom Hipchat knows."""
    holder = Person(id=alert.state_by_id, name=alert.state_by) if alert.state_who is Who.PERSON else None
    found = {person.id: person for person in (alert.owner, holder) if person is not None and person.id.isdecimal()}
    return tuple(found.values())


def reminder(alerts: Sequence[Alert], *, end: int, followed_at: int, now: int, zone_name: str) -> str:
    """Write the reminder of the end of holds of one kind by one person, at the moment `end`."""
    first = alerts[0]
    return _REMIND[kind_of(first)].format(
        by=_by(first),
        what=_what(alerts),
        numbers=ranges(alert.number for alert in alerts),
        at=clock(end, zone_name, now=now),
        since=clock(followed_at, zone_name, now=now),
    )


def ending(alerts: Sequence[Alert], why: str, *, now: int, zone_name: str) -> str:
    """Write that holds are over, and why; `alerts` are as they are now."""
    if len(alerts) > 1:
        return ENDED.format(what=_what(alerts), why=why)
    alert = alerts[0]
    said = ENDED_ONE if alert.count > 1 else ENDED
    return said.format(
        what=_what(alerts), why=why, count=alert.count, last=clock(alert.last_seen_at, zone_name, now=now)
    )


def _what(alerts: Sequence[Alert]) -> str:
    if len(alerts) > 1:
        return named(alert.number for alert in alerts)
    return f"#{alerts[0].number} {shown(alerts[0].summary, SUMMARY_LONGEST)}"


def _by(alert: Alert) -> str:
    return shown(alert.state_by, 60) or "somebody"
