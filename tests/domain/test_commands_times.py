from datetime import UTC, datetime

import pytest

from bot.domain import spans
from bot.domain.spelling import distance, nearest

NOON = round(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
"""A Tuesday; 13:00 in Berlin."""


@pytest.mark.parametrize(
    ("until", "zone", "then"),
    [
        ("15:30", "UTC", "2026-11-24T15:30"),
        ("09:00", "UTC", "2026-11-25T09:00"),
        ("12:00", "UTC", "2026-11-25T12:00"),
        ("12:30", "Europe/Berlin", "2026-11-25T11:30"),
        ("13:30", "Europe/Berlin", "2026-11-24T12:30"),
        ("tomorrow", "UTC", "2026-11-25T09:00"),
        ("tomorrow 18:00", "UTC", "2026-11-25T18:00"),
        ("today 18:00", "UTC", "2026-11-24T18:00"),
        ("today 08:00", "UTC", "2026-11-25T08:00"),
        ("wednesday", "UTC", "2026-11-25T09:00"),
        ("tuesday 18:00", "UTC", "2026-12-01T18:00"),
        ("monday 08:30", "Europe/Berlin", "2026-11-30T07:30"),
        ("18:00", "No/Such_Zone", "2026-11-24T18:00"),
        ("18:00", "../etc/passwd", "2026-11-24T18:00"),
        ("18:00", "", "2026-11-24T18:00"),
    ],
)
def test_moment(until: str, zone: str, then: str) -> None:
    """A moment is the next one in the asker's time zone, and UTC's where that zone is unknown."""
    found = spans.moment(until, now=NOON, zone_name=zone)

    assert then == datetime.fromtimestamp(found / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize("word", ["", "h", "2", "2x", "2h2h", "30m2h", "1h30s", "2h30m10", "9" * 50 + "h", "\u00b2h"])
def test_no_duration(word: str) -> None:
    """Units are known ones, larger before smaller; anything else is no time."""
    assert spans.compact(word) is None


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("akc", "ack", 1), ("ack", "ack", 0), ("lsit", "list", 1), ("", "ab", 2), ("abc", "ca", 3)],
)
def test_distance(one: str, other: str, slips: int) -> None:
    """A slip is a letter too many, missing, wrong or swapped with its neighbour."""
    assert slips == distance(one, other) == distance(other, one)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("akc", "ack"), ("clsoe", "close"), ("cloosee", "close"), ("x", None), ("frobnicate", None), ("ack" * 20, None)],
)
def test_nearest(word: str, meant: str | None) -> None:
    """Only close words are guessed, and short ones only by one slip."""
    assert meant == nearest(word, ["ack", "a", "close", "c"])
