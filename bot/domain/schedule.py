"""Schedule: who is on call at an instant: rotations in layers, in a time zone, and people who stand in for others.

Turns are counted on the wall clock of the schedule's zone, so that a handover at 09:00 is at 09:00 the year round. A time
that a clock change skips or doubles is read as RFC 5545 (3.3.5) reads it: a skipped 02:30 is as far after midnight as it
would have been (03:30 on the new clock), of a doubled one the first counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.actor import Person
from bot.domain.spans import DAY, HOUR, zone

SHORTEST_TURN = HOUR
"""Shorter turns would not keep their order around a change of the clock."""
EDGES = 500
"""So many moments at which somebody else may be on call are looked at for the next handover."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """A part of each week: from one time of the day to another (past midnight when that is earlier) on some weekdays.

    `days` count from Monday, 0, and are those on which it begins.
    """

    days: frozenset[int] = frozenset(range(7))
    begin: time = time()
    end: time = time()

    def hold(self, local: datetime) -> bool:
        """Whether a moment on the wall clock is within them."""
        at, today, yesterday = local.time(), local.weekday() in self.days, (local.weekday() - 1) % 7 in self.days
        if self.begin < self.end:
            return today and self.begin <= at < self.end
        return (today and at >= self.begin) or (yesterday and at < self.end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """People (mention names) who take turns of `every` milliseconds, the first from `first` on (a wall clock time).

    With `hours` it is in force only then.
    """

    people: tuple[str, ...]
    first: datetime
    every: int
    hours: Hours | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Rotations in layers: of those in force and begun, the first decides."""

    name: str
    zone: str
    layers: tuple[Rotation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """Somebody on call instead of whoever would be, from `begins_at` until `ends_at` (epoch ms); the later made counts."""

    schedule: str
    person: Person
    begins_at: int
    ends_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """The moment (epoch ms) at which somebody else, or nobody (None), is on call."""

    at: int
    person: str | None


def on_call(schedule: Schedule, covers: Iterable[Cover], at: int) -> str | None:
    """Return the mention name of who is on call at a moment (epoch ms), or None."""
    covering = _cover(schedule, covers, at)
    return covering.person.name if covering else _scheduled(schedule, at)


def successors(schedule: Schedule, covers: Iterable[Cover], at: int) -> tuple[str, ...]:
    """Return who is called after whoever is on call, in the order of the rotation; somebody who is stood in for is last."""
    now, scheduled = on_call(schedule, covers, at), _scheduled(schedule, at)
    layer = _in_force(schedule, at)
    if layer is None or scheduled is None:
        return ()
    place = layer.people.index(scheduled)
    order = (*layer.people[place + 1 :], *layer.people[:place], scheduled)
    return tuple(dict.fromkeys(name for name in order if name != now))


def next_handover(schedule: Schedule, covers: Sequence[Cover], at: int) -> Handover | None:
    """Return when somebody else is on call next; None when that never comes, or not within years."""
    present, moment = on_call(schedule, covers, at), at
    for _ in range(EDGES):
        edges = [edge for layer in schedule.layers for edge in _edges(layer, zone(schedule.zone), moment)]
        edges += [
            edge for cover in covers if cover.schedule == schedule.name for edge in (cover.begins_at, cover.ends_at)
        ]
        later = [edge for edge in edges if edge > moment]
        if not later:
            return None
        moment = min(later)
        then = on_call(schedule, covers, moment)
        if then != present:
            return Handover(at=moment, person=then)
    return None


def instant(local: datetime, here: tzinfo) -> int:
    """Return the moment (epoch ms) of a time on the wall clock of a zone; skipped and doubled times as in RFC 5545."""
    return round(local.replace(tzinfo=here, fold=0).timestamp() * 1000)


def wall_clock(at: int, here: tzinfo) -> datetime:
    """Return what the wall clock of a zone shows at a moment (epoch ms)."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(here).replace(tzinfo=None, fold=0)


def _cover(schedule: Schedule, covers: Iterable[Cover], at: int) -> Cover | None:
    found = None
    for cover in covers:
        if cover.schedule == schedule.name and cover.begins_at <= at < cover.ends_at:
            found = cover
    return found


def _scheduled(schedule: Schedule, at: int) -> str | None:
    layer = _in_force(schedule, at)
    if layer is None:
        return None
    return layer.people[_turn(layer, zone(schedule.zone), at) % len(layer.people)]


def _in_force(schedule: Schedule, at: int) -> Rotation | None:
    here = zone(schedule.zone)
    local = wall_clock(at, here)
    for layer in schedule.layers:
        begun = bool(layer.people) and at >= instant(layer.first, here)
        if begun and (layer.hours is None or layer.hours.hold(local)):
            return layer
    return None


def _turn(layer: Rotation, here: tzinfo, at: int) -> int:
    """Return which turn it is, from 0; negative before the first.

    The wall clock gives it but for the hours around a change of the clock, so turns near it are compared as moments.
    """
    passed = wall_clock(at, here) - layer.first
    turn = round(passed / timedelta(milliseconds=1)) // layer.every + DAY // layer.every + 1
    while turn >= 0 and _begins(layer, here, turn) > at:
        turn -= 1
    return turn


def _begins(layer: Rotation, here: tzinfo, turn: int) -> int:
    return instant(layer.first + timedelta(milliseconds=turn * layer.every), here)


def _edges(layer: Rotation, here: tzinfo, at: int) -> list[int]:
    """Return moments after which a layer may have somebody else, the next ones after `at` among them."""
    turn = max(-1, _turn(layer, here, at))
    # Turns around a skipped hour may begin together: the one after next is looked at too.
    edges = (
        [_begins(layer, here, turn + 1), _begins(layer, here, turn + 2)] if len(layer.people) > 1 or turn < 0 else []
    )
    if layer.hours is not None:
        today = wall_clock(at, here).date()
        for ahead in range(-1, 9):
            day: date = today + timedelta(days=ahead)
            edges += [
                instant(datetime.combine(day, each), here) for each in (layer.hours.begin, layer.hours.end, time())
            ]
    return edges
