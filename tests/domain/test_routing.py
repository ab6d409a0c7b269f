"""Which way an alert goes, and what of its news waits."""

from dataclasses import replace

from bot.domain import routing
from bot.domain.alert import Alert
from bot.domain.matcher import read_matchers
from bot.domain.notice import News
from bot.domain.routing import Plan, Route, room_for, route_for
from bot.domain.signal import Kind, Severity
from bot.domain.tenant import Feed
from tests.domain.making import MINUTE, NOW, SECOND, WORSE, alert, fold, signal

DB = Route(name="db", matchers=read_matchers("service=db severity>=error"), room=7)
OTHER = Route(name="other", feed=2, hold=30 * SECOND)
FEED = Feed(id=1, tenant=1, name="ops", room=3)


def test_the_first_route_that_takes_it() -> None:
    """Routes are asked in order, all matchers have to hold, and a route may be of one feed only."""
    both = {"labels": {"service": "db"}, "severity": Severity.ERROR}

    assert DB is route_for((DB, OTHER), 2, signal(**both))
    assert OTHER is route_for((DB, OTHER), 2, signal(labels={"service": "db"}))
    assert None is route_for((DB, OTHER), 1, signal(labels={"service": "db"}))


def test_the_room() -> None:
    """A route's room, else the feed's."""
    assert [7, 3, 3] == [room_for(FEED, route) for route in (DB, OTHER, None)]


def test_a_new_problem_is_held() -> None:
    """A new alert's news waits; that it gets worse, and what its end is, does not begin a hold."""
    opened = fold(None, signal())
    hidden = routing.held(opened)
    assert hidden.alert is not None
    worse = fold(hidden.alert, signal(severity=WORSE), NOW + SECOND)

    assert routing.holds(opened, None, OTHER)
    assert not routing.holds(opened, None, DB)
    assert not routing.holds(opened, None, None)
    assert (None, False) == (hidden.news, hidden.alert.heard)
    assert not routing.holds(worse, hidden.alert, OTHER)


def told(found: Alert) -> News | None:
    """Return what the end of a hold tells of an alert."""
    change = routing.released(found, NOW + MINUTE)
    return change.news if change else None


def test_what_is_told_when_a_hold_is_over() -> None:
    """An alert that is still there; not what is closed, was heard of meanwhile, or is kept back by a silence."""
    hidden = alert(heard=False)

    assert News.OPENED is told(hidden)
    assert News.FLAPPING is told(replace(hidden, flaps=2))
    assert [None, None, None] == [
        told(found) for found in (replace(hidden, heard=True), replace(hidden, silenced_by=1), alert(heard=True))
    ]


def test_a_problem_that_comes_back_is_held_again() -> None:
    """Each blip of a flapping problem waits."""
    closed = fold(alert(), signal(kind=Kind.RESOLVED), NOW + SECOND).alert
    assert closed is not None
    again = fold(closed, signal(), NOW + MINUTE)

    assert routing.holds(again, closed, OTHER)


def test_a_plan_without_routes() -> None:
    """Nobody is called for what no route takes."""
    assert None is Plan().policy_for(alert())
    assert None is Plan(routes=(replace(DB, matchers=(), policy="gone"),)).policy_for(alert())
