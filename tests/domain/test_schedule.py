"""Who is on call: turns on the wall clock, around changes of the clock, in layers, and with people who stand in."""

from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.actor import Person
from bot.domain.schedule import Cover, Handover, Hours, Rotation, Schedule, instant, next_handover, on_call, successors
from bot.domain.spans import DAY, HOUR, MINUTE, WEEK, zone

BERLIN = "Europe/Berlin"


def at(text: str) -> int:
    """Give a moment of a time in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def schedule(*layers: Rotation, zone_name: str = BERLIN) -> Schedule:
    """Make a schedule."""
    return Schedule(name="ops", zone=zone_name, layers=layers)


def turns(first: str, every: int, *people: str, hours: Hours | None = None) -> Rotation:
    """Make a rotation."""
    return Rotation(people=people, first=datetime.fromisoformat(first), every=every, hours=hours)


WEEKLY = schedule(turns("2026-10-05T09:00", WEEK, "dana", "lee", "robin"))


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-10-05T06:59", None),
        ("2026-10-05T07:00", "dana"),  # 09:00 in summer
        ("2026-10-12T06:59", "dana"),
        ("2026-10-12T07:00", "lee"),
        ("2026-10-26T07:59", "robin"),  # 08:59 in winter: the clock went back on 2026-10-25
        ("2026-10-26T08:00", "dana"),
        ("2027-03-29T06:59", "dana"),
        ("2027-03-29T07:00", "lee"),  # 09:00 in summer again
    ],
)
def test_a_handover_keeps_its_hour(moment: str, person: str | None) -> None:
    """A handover at 09:00 is at 09:00 on the wall, in summer and in winter; before the first turn nobody is on call."""
    assert person == on_call(WEEKLY, (), at(moment))


def test_a_skipped_handover() -> None:
    """02:30 does not exist when the clock jumps from 02:00 to 03:00: the handover is then at 03:30."""
    nightly = schedule(turns("2027-03-26T02:30", DAY, "dana", "lee"))

    assert Handover(at=at("2027-03-28T01:30"), person="dana") == next_handover(nightly, (), at("2027-03-27T12:00"))
    assert "lee" == on_call(nightly, (), at("2027-03-28T01:29"))
    assert Handover(at=at("2027-03-29T00:30"), person="lee") == next_handover(nightly, (), at("2027-03-28T01:30"))


def test_a_doubled_handover() -> None:
    """02:30 comes twice when the clock goes back from 03:00 to 02:00: the first one counts, and only that."""
    nightly = schedule(turns("2026-10-23T02:30", DAY, "dana", "lee"))

    assert Handover(at=at("2026-10-25T00:30"), person="dana") == next_handover(nightly, (), at("2026-10-24T12:00"))
    assert ["lee", "dana", "dana"] == [
        on_call(nightly, (), at(f"2026-10-25T{clock}")) for clock in ("00:29", "00:30", "01:30")
    ]


def test_turns_of_hours_follow_the_wall() -> None:
    """Turns of 12 hours change at 09:00 and 21:00 on both sides of a change; the one across it is an hour longer."""
    shifts = schedule(turns("2026-10-24T09:00", 12 * HOUR, "dana", "lee"))

    assert Handover(at=at("2026-10-24T19:00"), person="lee") == next_handover(shifts, (), at("2026-10-24T07:00"))
    assert Handover(at=at("2026-10-25T08:00"), person="dana") == next_handover(shifts, (), at("2026-10-24T19:00"))
    assert Handover(at=at("2026-10-25T20:00"), person="lee") == next_handover(shifts, (), at("2026-10-25T08:00"))


def test_layers() -> None:
    """The first layer in force decides: office hours for one team, all other hours for the next."""
    office = Hours(days=frozenset(range(5)), begin=time(9), end=time(17))
    both = schedule(
        turns("2026-11-02T09:00", WEEK, "robin", hours=office),
        turns("2026-11-02T00:00", DAY, "dana", "lee"),
        zone_name="UTC",
    )

    assert "robin" == on_call(both, (), at("2026-11-03T09:00"))
    assert "lee" == on_call(both, (), at("2026-11-03T17:00"))
    assert Handover(at=at("2026-11-03T17:00"), person="lee") == next_handover(both, (), at("2026-11-03T12:00"))
    assert Handover(at=at("2026-11-04T00:00"), person="dana") == next_handover(both, (), at("2026-11-03T17:00"))
    assert Handover(at=at("2026-11-04T09:00"), person="robin") == next_handover(both, (), at("2026-11-04T00:00"))


def test_hours_past_midnight() -> None:
    """A night belongs to the day on which it begins."""
    nights = schedule(
        turns("2026-11-02T00:00", WEEK, "dana", hours=Hours(days=frozenset({4}), begin=time(22), end=time(6))),
        zone_name="UTC",
    )

    assert [None, "dana", "dana", None, None] == [
        on_call(nights, (), at(moment))
        for moment in (
            "2026-11-06T21:59",  # a Friday
            "2026-11-06T22:00",
            "2026-11-07T05:59",
            "2026-11-07T06:00",
            "2026-11-07T22:00",
        )
    ]


def test_covers() -> None:
    """Somebody stands in for a while; the later word counts, and what is covered and what ends is a handover."""
    lee, robin = Person(id="2", name="lee"), Person(id="3", name="robin")
    now = at("2026-10-06T12:00")
    one = Cover(schedule="ops", person=lee, begins_at=now, ends_at=now + 60 * MINUTE)
    two = Cover(schedule="ops", person=robin, begins_at=now + 10 * MINUTE, ends_at=now + 20 * MINUTE)
    other = Cover(schedule="db", person=robin, begins_at=now, ends_at=now + WEEK)

    assert ["dana", "lee", "robin", "lee", "dana"] == [
        on_call(WEEKLY, (one, two, other), now + minutes * MINUTE) for minutes in (-1, 0, 10, 20, 60)
    ]
    assert Handover(at=now + 60 * MINUTE, person="dana") == next_handover(WEEKLY, (one,), now)


def test_who_is_next() -> None:
    """After whoever is on call comes the rest of the rotation; who is stood in for is called last."""
    now = at("2026-10-06T12:00")
    robin = Cover(schedule="ops", person=Person(id="3", name="robin"), begins_at=now, ends_at=now + HOUR)

    assert ("lee", "robin") == successors(WEEKLY, (), now)
    assert ("lee", "dana") == successors(WEEKLY, (robin,), now)
    assert () == successors(WEEKLY, (), at("2026-10-01T00:00"))


def test_one_person_for_ever() -> None:
    """Where nobody else ever comes there is no next handover, and the search for it ends."""
    alone = schedule(turns("2026-10-05T09:00", DAY, "dana", "dana"))

    assert None is next_handover(alone, (), at("2026-10-06T12:00"))
    assert None is next_handover(schedule(), (), at("2026-10-06T12:00"))


@settings(max_examples=200, deadline=None)
@given(
    moment=st.integers(at("2026-09-01T00:00"), at("2027-11-30T00:00")),
    every=st.sampled_from([HOUR, 7 * HOUR, 12 * HOUR, DAY, 36 * HOUR, WEEK]),
    first=st.datetimes(datetime(2026, 8, 1), datetime(2026, 8, 31)),  # noqa: DTZ001 - a wall clock time
    zone_name=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_a_turn_lasts_until_its_handover(moment: int, every: int, first: datetime, zone_name: str) -> None:
    """At any moment somebody of the rotation is on call, until exactly the next handover, and that is a turn's beginning."""
    first = first.replace(second=0, microsecond=0)
    rota = schedule(Rotation(people=("a", "b", "c"), first=first, every=every), zone_name=zone_name)
    present, then = on_call(rota, (), moment), next_handover(rota, (), moment)

    assert then is not None
    assert moment < then.at <= moment + every + 2 * HOUR
    assert present == on_call(rota, (), then.at - 1)
    assert then.person == on_call(rota, (), then.at) != present
    behind = (instant(first, zone(zone_name)) - then.at) % every
    assert min(behind, every - behind) <= HOUR
