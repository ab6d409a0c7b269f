"""Times in a command: how long (`2h`, `1h30m`, `half an hour`) and until when (`09:00`, `tomorrow`, `monday 8:30`)."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.command_words import COUNTED
from bot.domain.words import Misread, Words, shown

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
LONGEST = 366 * DAY

TOO_LONG = "The longest time is a year."
TOO_SHORT = "A time must be longer than zero."
NO_MOMENT = 'I cannot read "{}" as a time. Write for example "until 09:00" or "until tomorrow 9am".'

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
PARTS = {
    "morning": "09:00",
    "noon": "12:00",
    "midday": "12:00",
    "evening": "18:00",
    "night": "20:00",
    "midnight": "00:00",
}
TONIGHT = "tonight"
UNTIL = ("until", "till", "til")
MORNING = time(9)
"""When a day begins for somebody who names only the day."""
NIGHT = time(20)
"""When `tonight` is; said later, it is midnight."""

_PART = re.compile(r"(\d{1,9}(?:\.\d{1,2})?)([a-z]*)")
_FRACTION = re.compile(r"([1-9])/([2-9])([a-z]*)")
_COUNT = re.compile(r"\d{1,9}(?:\.\d{1,2})?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(am|pm)?")
_HOUR = re.compile(r"(\d{1,2})(?:h(\d{2})?)?|(\d{2})(\d{2})")
_DATE = re.compile(r"20\d{2}-\d{2}-\d{2}")
_LIKE_TIME = re.compile(r"\d+[:./-]\d.*|\d+(?:am|pm|h|min|hours?|hrs?)\d*|\d{4,}", re.DOTALL)
_HALVES = ("am", "pm", "a.m", "p.m")
_HOURS = ("o'clock", "oclock")
_AGO = ("ago", "old", "late", "earlier", "before")
"""What stands behind a span makes it part of a sentence: `2h ago`."""
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
    while (part := _span(words, at)) is not None and part[1] < unit:
        total, unit, at = total + part[0], part[1], at + part[2]
    if words.low(at) == "and" and words.low(at + 1) == "a" and words.low(at + 2) == "half" and at > start:
        total, at = total + unit // 2, at + 3
    return (total, at) if at > start and words.low(at) not in _AGO else None


def _span(words: Words, at: int) -> tuple[int, int, int] | None:
    """Give the milliseconds of `2h`, `2 hours`, `half an hour` or `a day`, the smallest unit, and how many words they take."""
    word = words.low(at)
    short = compact(word)
    if short is not None:
        return *short, 1
    fraction = _FRACTION.fullmatch(word) if word[:1].isdecimal() else None
    unit_at = at + (2 if word == "half" and words.low(at + 1) in {"a", "an"} else 1)
    count: float
    if fraction is not None:
        count = int(fraction[1]) / int(fraction[2])
        if fraction[3] in UNITS:
            return round(count * UNITS[fraction[3]]), UNITS[fraction[3]], 1
    elif word == "half":
        count = 0.5
    elif word in {"a", "an"}:
        count = 1
    elif word in COUNTED:
        count = COUNTED[word]
    elif _COUNT.fullmatch(word):
        count = float(word)
    else:
        return None
    size = UNITS.get(words.low(unit_at))
    return None if size is None else (round(count * size), size, unit_at + 1 - at)


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


def until_ahead(words: Words, *, bare: bool = False) -> tuple[str, int] | None:
    """Give the moment after `until` that stands next in the line, and how many words it takes; nothing is taken.

    The moment is a day, `HH:MM`, or both with a space between; a day is `today`, `tomorrow`, `tonight`, a weekday's whole
    name or a date. Without `until` it is one where nothing else follows, or where it is a time that is asked for (`bare`).
    """
    if words.low() in UNTIL:
        return named_until_ahead(words)
    found = moment_ahead(words, 0)
    return found if found is not None and (bare or words.peek(found[1]) is None) else None


def named_until_ahead(words: Words) -> tuple[str, int] | None:
    """Give the moment after the word `until` itself, for what may also begin at a moment: a cover, a silence."""
    return moment_ahead(words, 1, hours=True) if words.low() in UNTIL else None


def moment_ahead(words: Words, at: int, *, hours: bool = False) -> tuple[str, int] | None:
    """Give the moment that stands at that word, and where it ends; `hours`: a number alone is one, as in `until 9`."""
    day = clock = ""
    while not (day and clock):
        named = None if day else _day(words, at)
        if named is not None:
            day, at = named
            if day == TONIGHT:
                break
            continue
        told = None if clock else _time_of_day(words, at, hours=hours or bool(day))
        if told is None:
            break
        clock, at = told
    return (f"{day} {clock}".strip(), at) if day or clock else None


def _day(words: Words, at: int) -> tuple[str, int] | None:
    """Give the day that stands at that word (`on friday`, `next week`, `2026-12-24`), and where it ends."""
    if words.low(at) == "on":
        at += 1
    word = words.low(at)
    if word == TONIGHT:
        return TONIGHT, at + 1
    if word in {"next", "coming", "this"}:
        after = words.low(at + 1)
        if word == "next" and after == "week":
            return WEEKDAYS[0], at + 2
        named = DAYS.get(after, "")
        return (named, at + 2) if named in WEEKDAYS else None
    if word in DAYS:
        return DAYS[word], at + 1
    return (word, at + 1) if _DATE.fullmatch(word) and _date(word) is not None else None


def _time_of_day(words: Words, at: int, *, hours: bool) -> tuple[str, int] | None:
    """Give the time of day that stands at that word (`at 9am`, `9 pm`, `noon`), and where it ends."""
    if words.low(at) in {"at", "this", "in"} and words.low(at + 1) == "the":
        at += 1
    if words.low(at) in {"at", "this", "the"}:
        at += 1
    word, after = words.low(at), words.low(at + 1)
    if word in PARTS:
        return PARTS[word], at + 1
    if after in _HALVES and (clock := at_clock(f"{word}{after.replace('.', '')}")):
        return clock, at + 2
    if after in _HOURS and (clock := _hour(word)):
        return clock, at + 2
    if clock := at_clock(word):
        return clock, at + 1
    ends = (
        words.peek(at + 1) is None or after in DAYS or after in {"on", TONIGHT} or after[:2] == "--" or after[:1] == '"'
    )
    if hours and ends and (clock := _hour(word)):
        return clock, at + 1
    return None


def bare_hour(words: Words, *, bare: bool = False) -> str:
    """Give the number in the moment that stands next which only its place makes an hour, as in `until 9`; "" without one."""
    found = until_ahead(words, bare=bare)
    for at in range(found[1] if found is not None else 0):
        if words.low(at).isdecimal() and words.low(at + 1) not in {*_HALVES, *_HOURS}:
            return words.low(at)
    return ""


def read_until(words: Words, *, bare: bool = False) -> str | None:
    """Take `until` and its moment; None where none stands next, or what follows is no moment.

    Raises `Misread` for what looks like a time and is none that can be told.
    """
    found = until_ahead(words, bare=bare)
    if found is not None:
        words.skip(found[1])
    unread = words.low(1 if found is None else 0)
    # `until 25`, but not `until 5 disks are there`.
    number = unread.isdecimal() and found is None and words.peek(2) is None
    if (found is not None or words.low() in UNTIL) and (number or _LIKE_TIME.fullmatch(unread)):
        raise Misread(NO_MOMENT.format(shown(unread, 40)))
    return None if found is None else found[0]


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


def _hour(word: str) -> str:
    """Give `HH:MM` of `9`, `21h`, `9h30` or `0930`; nothing for any other word."""
    found = _HOUR.fullmatch(word)
    if found is None:
        return ""
    hour, minute = int(found[1] or found[3]), int(found[2] or found[4] or 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else ""


def _date(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


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
    """Tell when `until` (as `read_until` gives it) comes next in that zone, epoch milliseconds, after `now` unless it is a date.

    A clock time alone is the next one; a day alone begins at 09:00; a weekday is never today. A date may be over.
    """
    here = datetime.fromtimestamp(now / 1000, zone(zone_name))
    if until == TONIGHT:
        # Said after that hour, it is the end of the day.
        at, ahead = (NIGHT, 0) if here.time() < NIGHT else (time(0), 1)
        return _stamp(here.date() + timedelta(days=ahead), at, here)
    *days, last = until.split(" ")
    day = days[0] if days else "" if ":" in last else last
    at = time.fromisoformat(last) if ":" in last else MORNING
    if (named := _date(day)) is not None:
        return _stamp(named, at, here)
    ahead = 1 if day == "tomorrow" else 0
    if day in WEEKDAYS:
        ahead = (WEEKDAYS.index(day) - here.weekday() - 1) % 7 + 1
    then = datetime.combine(here.date() + timedelta(days=ahead), at, here.tzinfo)
    if then <= here:
        then += timedelta(days=1)
    return round(then.timestamp() * 1000)


def _stamp(day: date, at: time, here: datetime) -> int:
    return round(datetime.combine(day, at, here.tzinfo).timestamp() * 1000)
