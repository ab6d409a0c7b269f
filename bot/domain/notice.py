"""Notice: what to tell whom, whatever the medium; and how much of it fits at once."""

import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.signal import Severity


class News(enum.StrEnum):
    """The kinds of news; one renderer line each in every medium."""

    OPENED = "opened"
    WORSE = "worse"
    REOPENED = "reopened"
    FLAPPING = "flapping"
    AGAIN = "again"
    RESOLVED = "resolved"
    UNREPORTED = "unreported"
    CHANGED = "changed"
    ASSIGNED = "assigned"
    ENDED = "ended"
    REMINDER = "reminder"
    SILENCE_ENDING = "silence_ending"
    SILENCE_ENDED = "silence_ended"
    ESCALATED = "escalated"
    UNREACHED = "unreached"
    DIFFERENCES = "differences"
    NOISE = "noise"
    GREETING = "greeting"
    TEST = "test"
    REPLY = "reply"


class Lane(enum.IntEnum):
    """What goes first when the budget is short."""

    COMMAND = 0
    CRITICAL = 1
    NEWS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One piece of news for one room. `detail` holds what the alert itself does not remember (who, why, text).

    `again` is true when an earlier attempt may have reached the room (a crash between sending and noting it).
    """

    id: int
    news: News
    lane: Lane
    at: int
    number: int | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    again: bool = False


def lane_of(news: News, severity: Severity) -> Lane:
    """Return the lane of news about an alert: commands' answers, then critical, then the rest."""
    if news is News.REPLY:
        return Lane.COMMAND
    if severity is Severity.CRITICAL and news not in {News.RESOLVED, News.UNREPORTED, News.CHANGED}:
        return Lane.CRITICAL
    return Lane.NEWS


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """What goes out now: some notices one by one, the others folded into one digest."""

    single: tuple[Notice, ...]
    folded: tuple[Notice, ...]


KEPT_FOR_DIGESTS = 10
"""So many of a room's twenty messages of news a minute are kept for digests while a storm lasts."""

FOLD_RESERVE = 8
"""The most messages that one digest takes (product.md 6)."""


def bundle(waiting: Sequence[Notice], room_for: int) -> Bundle:
    """Choose what news goes out now when `room_for` messages may be sent.

    All one by one when they fit. Otherwise everything folds into one digest but for a few critical ones: half of what
    is left beside the room kept for the digests of the next minute, since a storm goes on. The notices of one alert
    stay in order.
    """
    ordered = in_order(waiting)
    if len(ordered) <= room_for:
        return Bundle(single=tuple(ordered), folded=())
    if room_for <= 0:
        return Bundle(single=(), folded=())
    stories: dict[int | None, list[Notice]] = defaultdict(list)
    for notice in ordered:
        stories[notice.number].append(notice)
    single: list[Notice] = []
    most = max(0, room_for - KEPT_FOR_DIGESTS) // 2
    for notice in ordered:
        # An alert's notices are one by one or folded, never both: half of its story in a digest would read backwards.
        story = stories[notice.number]
        critical = notice is story[0] and any(each.lane is Lane.CRITICAL for each in story)
        if critical and len(single) + len(story) <= most:
            single += story
    chosen = {notice.id for notice in single}
    return Bundle(single=tuple(single), folded=tuple(notice for notice in ordered if notice.id not in chosen))


def in_order(waiting: Sequence[Notice]) -> list[Notice]:
    """Sort by lane and age, but keep each alert's notices in their own order."""
    first: dict[object, tuple[int, int]] = {}
    stories: dict[object, list[Notice]] = defaultdict(list)
    for notice in sorted(waiting, key=lambda notice: notice.id):
        story: object = notice.number if notice.number is not None else (notice.id,)
        stories[story].append(notice)
        rank = (int(notice.lane), notice.id)
        first[story] = min(first.get(story, rank), rank)
    return [notice for story in sorted(stories, key=lambda story: first[story]) for notice in stories[story]]
