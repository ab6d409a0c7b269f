"""Routing: which room hears of an alert, when, and who is called if nobody acks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.alert import Alert, Change, Outcome, State
from bot.domain.channel import Channel
from bot.domain.episode import flapping_why
from bot.domain.escalation import Policy
from bot.domain.matcher import Matcher, Subject, matches
from bot.domain.notice import News
from bot.domain.schedule import Schedule
from bot.domain.source import Source
from bot.domain.tenant import Feed


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where alerts that all matchers hold for (and that come from `feed`, if one is given) go.

    `room` is None for the feed's own. `hold` and `again_after` are milliseconds (None: the usual), `policy` a policy's
    name, `channels` the names of those that hear of every change.
    """

    name: str
    matchers: tuple[Matcher, ...] = ()
    feed: int | None = None
    room: int | None = None
    hold: int = 0
    again_after: int | None = None
    policy: str = ""
    channels: tuple[str, ...] = ()

    def takes(self, feed: int, subject: Subject) -> bool:
        """Whether an alert or signal of a feed goes this way."""
        return self.feed in {None, feed} and matches(self.matchers, subject)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A tenant's routes in their order, its policies, schedules and channels by name, its sources. `version` counts its changes, from 1."""

    version: int = 0
    routes: tuple[Route, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()

    def source_for(self, feed: int, kind: str) -> Source | None:
        """Return what is configured of a source of a feed: what names the feed before what names none."""
        fitting = [each for each in self.sources if each.kind == kind and each.feed in {None, feed}]
        return min(fitting, key=lambda each: each.feed is None, default=None)

    def policy_for(self, alert: Alert) -> Policy | None:
        """Return the policy of an alert's route, or None."""
        route = route_for(self.routes, alert.feed, alert)
        return self.policies.get(route.policy) if route else None

    def channels_for(self, alert: Alert) -> tuple[str, ...]:
        """Return the names of the channels that hear of every change of an alert."""
        route = route_for(self.routes, alert.feed, alert)
        return route.channels if route else ()


NO_PLAN = Plan()
"""Of a tenant that configured nothing: every alert goes to its feed's room, and nobody is called."""


def route_for(routes: Sequence[Route], feed: int, subject: Subject) -> Route | None:
    """Return the first route that takes an alert or signal of a feed; None: the feed's room hears of it, at once."""
    return next((route for route in routes if route.takes(feed, subject)), None)


def room_for(feed: Feed, route: Route | None = None) -> int | None:
    """Return the room that hears of a feed's alerts: the route's, else the feed's default room."""
    return feed.room if route is None or route.room is None else route.room


def holds(change: Change, before: Alert | None, route: Route | None) -> bool:
    """Whether news waits for the route's hold: it is of a problem that has just begun, or is back within minutes."""
    after = change.alert
    if route is None or not route.hold or after is None or after.state is not State.OPEN:
        return False
    return change.outcome is Outcome.OPENED or (before is not None and not before.active and after.flaps > before.flaps)


def held(change: Change) -> Change:
    """Return a change that the room does not hear of for now."""
    assert change.alert is not None
    return replace(change, alert=replace(change.alert, heard=False), news=None)


def released(alert: Alert, now: int) -> Change | None:
    """Tell the room of an alert whose hold is over; None when it is over itself, or heard of already, or kept by a silence."""
    if not alert.active or alert.heard or alert.silenced_by is not None:
        return None
    news, why = (News.FLAPPING, flapping_why(alert, now)) if alert.flaps else (News.OPENED, "its hold is over")
    return Change(alert=replace(alert, told_at=now), news=news, why=why)
