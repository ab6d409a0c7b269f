"""Times in a command: how long (`2h`, `1h30m`, `30 min`) and until when (`09:00`, `tomorrow`, `monday 8:30`)."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.words import Misread, Words

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
LONGEST = 366 * DAY

TOO_LONG = "The longest time is a year."
TOO_SHORT = "A time must be longer than zero."

UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), WEEK),
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = {
    "today": "today",
    "tomorrow": "tomorrow",
    **{name: name for name in WEEKDAYS},
    **{name[:3]: name for name in WEEKDAYS},
}
MORNING = time(9)
"""When a day begins for somebody who names only the day."""

_PART = re.compile(r"(\d{1,9}(?:\.\d{1,2})?)([a-z]*)")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(am|pm)?")
_LONGEST_WORD = 40


def compact(word: str) -> tuple[int, int] | None:
    """Give the milliseconds of `2h`, `1h30m`, `1h30` or `1.5h`, and its smallest unit; None for any other word."""
    if len(word) > _LONGEST_WORD or not word[:1].isdecimal():
        return None
    total, at, unit = 0, 0, LONGEST
    while at < len(word):
        part = _PART.match(word, at)
        if part is None:
            return None
        smaller = MINUTE if not part[2] and unit == HOUR and part.end() == len(word) else UNITS.get(part[2], LONGEST)
        if smaller >= unit:
            return None
        total, at, unit = total + round(float(part[1]) * smaller), part.end(), smaller
    return total, unit


def duration_ahead(words: Words) -> tuple[int, int] | None:
    """Give the milliseconds that stand next in the line, and how many words they take; nothing is taken."""
    start = at = 1 if words.low() == "for" else 0
    total, unit = 0, LONGEST
    while True:
        word = words.low(at)
        part = compact(word)
        length = 1
        if part is None and word.isdecimal() and len(word) < 10 and words.low(at + 1) in UNITS:
            size = UNITS[words.low(at + 1)]
            part, length = (int(word) * size, size), 2
        if part is None or part[1] >= unit:
            break
        total, unit, at = total + part[0], part[1], at + length
    return (total, at) if at > start else None


def read_duration(words: Words) -> int | None:
    """Take a duration, milliseconds; None where none stands next. Raises `Misread` for nothing and for more than a year."""
    found = duration_ahead(words)
    if found is None:
        return None
    total, count = found
    if total <= 0:
        raise Misread(TOO_SHORT)
    if total > LONGEST:
        raise Misread(TOO_LONG)
    words.skip(count)
    return total


def until_ahead(words: Words) -> tuple[str, int] | None:
    """Give the moment after `until` that stands next in the line, and how many words it takes; nothing is taken.

    The moment is a day, `HH:MM`, or both with a space between; a day is `today`, `tomorrow` or a weekday's whole name.
    """
    if words.low() not in {"until", "till", "til"}:
        return None
    day, clock, at = "", "", 1
    while not (day and clock):
        word = words.low(at)
        if day and word == "at" and at_clock(words.low(at + 1)):
            at += 1
            continue
        if not day and word in DAYS:
            day = DAYS[word]
        elif not clock and (found := at_clock(word)):
            clock = found
        else:
            break
        at += 1
    return (f"{day} {clock}".strip(), at) if day or clock else None


def read_until(words: Words) -> str | None:
    """Take `until` and its moment; None where none stands next, or what follows is no moment."""
    found = until_ahead(words)
    if found is None:
        return None
    words.skip(found[1])
    return found[0]


def at_clock(word: str) -> str:
    """Give `HH:MM` of `9:00`, `09.00`, `9am` or `9:30pm`; nothing for any other word, a bare number among them."""
    found = _CLOCK.fullmatch(word)
    if found is None or not (found[2] or found[3]):
        return ""
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else ""


def spelled(milliseconds: int) -> str:
    """Write a span as it may be typed: `2h`, `1h30m`, `45m`."""
    hours, minutes = divmod(max(1, milliseconds // MINUTE), 60)
    return f"{hours}h" * bool(hours) + f"{minutes}m" * bool(minutes)


def zone(name: str) -> tzinfo:
    """Give the time zone of that name, UTC when there is none such: a person's profile may hold anything."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a bad path, a folder, an unknown name
        return UTC


def is_zone(name: str) -> bool:
    """Tell whether there is a time zone of that name."""
    return name == "UTC" or zone(name) is not UTC


def moment(until: str, *, now: int, zone_name: str) -> int:
    """Tell when `until` (as `read_until` gives it) comes next in that zone, epoch milliseconds, always after `now`.

    A clock time alone is the next one; a day alone begins at 09:00; a weekday is never today.
    """
    here = datetime.fromtimestamp(now / 1000, zone(zone_name))
    *days, last = until.split(" ")
    day = days[0] if days else "" if ":" in last else last
    at = time.fromisoformat(last) if ":" in last else MORNING
    ahead = 1 if day == "tomorrow" else 0
    if day in WEEKDAYS:
        ahead = (WEEKDAYS.index(day) - here.weekday() - 1) % 7 + 1
    then = datetime.combine(here.date() + timedelta(days=ahead), at, here.tzinfo)
    if then <= here:
        then += timedelta(days=1)
    return round(then.timestamp() * 1000)
