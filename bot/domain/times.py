"""Moments and spans as people read them, in their own time zone and with its name (product.md 5)."""

from datetime import UTC, datetime

from bot.domain.spans import DAY, HOUR, MINUTE, zone

JUST_NOW = "just now"
UNDER_A_MINUTE = "under 1 min"

LATEST = 253_402_000_000_000
"""The last moment that every time zone can write: in the year 9999."""


def clock(at: int, zone_name: str, *, now: int | None = None) -> str:
    """Give a moment (epoch ms) as `14:02 CET`; the day goes before it where it is not `now`'s: `Mon 14:02 CET`.

    More than six days away from `now` it is the date: `2026-11-16 14:02 CET`. An unknown zone reads as UTC.
    """
    here = zone(zone_name)
    local = datetime.fromtimestamp(min(max(at, 0), LATEST) / 1000, UTC).astimezone(here)
    day = ""
    if now is not None and local.date() != datetime.fromtimestamp(now / 1000, here).date():
        day = f"{local:%a} " if abs(now - at) < 6 * DAY else f"{local:%Y-%m-%d} "
    name = local.tzname() or "UTC"
    return f"{day}{local:%H:%M} {f'UTC{name}' if name[0] in '+-' else name}"


def ago(at: int, zone_name: str, *, now: int) -> str:
    """Give how long ago a moment was: `just now`, `3 min ago`, `2 h ago`, and after a day `since Mon 14:02 CET`."""
    passed = now - at
    if passed < MINUTE:
        return JUST_NOW
    return f"{lasting(passed)} ago" if passed < DAY else f"since {clock(at, zone_name, now=now)}"


def since(at: int, zone_name: str, *, now: int) -> str:
    """Give since when something is so, both ways: `since 14:02 CET (3 min ago)`."""
    text = f"since {clock(at, zone_name, now=now)}"
    return text if now - at >= DAY else f"{text} ({ago(at, zone_name, now=now)})"


def lasting(span: int) -> str:
    """Give a span of milliseconds in its largest unit: `14 min`, `5 h`, `3 d`."""
    if span < MINUTE:
        return UNDER_A_MINUTE
    if span < HOUR:
        return f"{span // MINUTE} min"
    return f"{span // HOUR} h" if span < 2 * DAY else f"{span // DAY} d"


def ordinal(number: int) -> str:
    """Give a number's place in a row: `1st`, `2nd`, `12th`."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
