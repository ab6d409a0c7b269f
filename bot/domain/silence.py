"""Silences: alerts that a room does not want to hear of for a while, and what of their news is kept from it.

A silence of a room hides in that room only. What it hides is stored, numbered and counted all the same, and works in every
command. Matchers are held against the alert as it is at each piece of news, so that one that gets worse than they cover
breaks through by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.actor import Person
from bot.domain.alert import MINUTE, Alert
from bot.domain.matcher import Matcher, matches
from bot.domain.notice import News

LEAST_LEAD = 2 * MINUTE
MOST_LEAD = 15 * MINUTE

CALLS = frozenset({News.OPENED, News.WORSE, News.REOPENED, News.FLAPPING, News.AGAIN})
"""News that calls for somebody: this is what a silence is about."""
FOLLOWS = frozenset({News.RESOLVED, News.UNREPORTED, News.CHANGED})
"""News that only makes sense to a room that has heard of the alert before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """A silence of a room. Times are epoch milliseconds; `number` counts from 1 per tenant.

    `hidden` counts the messages that were kept back. `time_zone` is its author's. `ended_at` is when its end was done, by
    the clock or by a person; until then it is live. A `starts_at` later than `created_at` is a beginning in the future.
    """

    tenant: int
    number: int
    room: int
    matchers: tuple[Matcher, ...]
    created_at: int
    starts_at: int
    ends_at: int
    by: Person
    time_zone: str = ""
    comment: str = ""
    hidden: int = 0
    ended_at: int | None = None

    @property
    def label(self) -> str:
        """How people call it: `S3`."""
        return f"S{self.number}"

    def active(self, now: int) -> bool:
        """Whether it hides anything now. One that has begun goes on when the clock is put back."""
        return self.ended_at is None and self.starts_at <= max(now, self.created_at) and now < self.ends_at

    def covers(self, alert: Alert, room: int | None, now: int) -> bool:
        """Whether it hides an alert's news from a room now."""
        return room == self.room and self.active(now) and matches(self.matchers, alert)


def covering(silences: Iterable[Silence], alert: Alert, room: int | None, now: int) -> list[Silence]:
    """Return the silences that hide an alert's news from a room now."""
    return [silence for silence in silences if silence.covers(alert, room, now)]


def asks_at(now: int, ends_at: int) -> int | None:
    """Return when the author is asked whether to go on: a tenth of the span before the end, 2 to 15 minutes; None for short ones."""
    lead = min(max((ends_at - now) // 10, LEAST_LEAD), MOST_LEAD)
    return ends_at - lead if ends_at - now >= 2 * lead else None


def worst_first(waiting: Iterable[Alert]) -> Sequence[Alert]:
    """Sort what waited as it is told: the worst first, then the oldest."""
    return sorted(waiting, key=lambda alert: (-alert.severity, alert.number))
