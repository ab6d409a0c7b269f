"""Times at which something shall begin: `from friday 18:00`, `tonight`, `every sat 22:00`, `next week`, `in 2h`."""

from bot.domain import spans
from bot.domain.words import Words

RECURRING = frozenset({"every", "each"})
ALONE = frozenset({"tonight", "tomorrow", "daily", "nightly", "weekly", "weekdays", "weekends", "weekend"})
FROM = frozenset({"from", "starting", "beginning", "on", "at", "this", "next", "coming", "after"})
PARTS = frozenset(
    {"morning", "noon", "midday", "afternoon", "evening", "night", "midnight", "weekend", "week", "month"}
)
UNITS = frozenset({"day", "night", "week", "weekday", "weekend", "hour", "month", "morning", "evening", "other"})
NOW = frozenset({"now", "today"})
SHORTEST_DATE = 8


def begins_later(words: Words, *, comment: bool = False) -> bool:
    """Tell whether the words that stand next say that something begins later, or again and again.

    `comment`: a comment may stand there too, so only what can hardly be one counts.
    """
    low, after = words.low(), words.low(1)
    if words.peek() is None or words.at_quote:
        return False
    if low in RECURRING:
        return after in UNITS or _day(after) or _clock(after) or not comment
    if low in FROM:
        at = 1 if after not in {"the", "on", "at", "next"} else 2
        return _moment(words.low(at)) and after not in NOW
    if low == "in":
        return spans.compact(after) is not None or (after.isdecimal() and words.low(2) in spans.UNITS)
    surely = low in {"tonight", "tomorrow"} or _clock(low)
    return surely or (_named(words) and not (comment and _goes_on(words)))


def _named(words: Words) -> bool:
    """Tell whether a day stands next."""
    low = words.low()
    return low in ALONE or (_day(low) and low not in NOW)


def _goes_on(words: Words) -> bool:
    """Tell whether a sentence goes on behind a day: `daily backups are noisy`, but not `friday 22:00`."""
    after = words.low(1)
    return words.peek(1) is not None and not (_clock(after) or after in PARTS or after == "at")


def told_within(words: Words) -> tuple[int | None, str | None]:
    """Take the rest of the line, and give the span and the end that it names, None where it names none."""
    duration: int | None = None
    until: str | None = None
    if words.low() == "in":
        words.skip(2)
    while words.peek() is not None:
        if duration is None and spans.duration_ahead(words):
            duration = spans.read_duration(words)
        elif until is None and spans.named_until_ahead(words):
            until = spans.read_until(words)
        else:
            words.skip()
    return duration, until


def _moment(word: str) -> bool:
    return (
        _day(word) or _clock(word) or word in PARTS or word in ALONE or _date(word) or spans.compact(word) is not None
    )


def _day(word: str) -> bool:
    return word in spans.DAYS or word.removesuffix("s") in spans.WEEKDAYS


def _clock(word: str) -> bool:
    """Tell whether a word is a time of day, or from one to another: `22:00`, `9pm`, `22:00-02:00`."""
    return bool(word) and all(spans.at_clock(part) for part in word.split("-"))


def _date(word: str) -> bool:
    return len(word) >= SHORTEST_DATE and word.replace("-", "").replace("/", "").replace(".", "").isdecimal()
