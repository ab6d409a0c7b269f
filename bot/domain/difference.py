"""Differences: what a service and we say differently of the same problems, and how the room is told. Plain text; the renderer escapes it."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain import reply
from bot.domain.actor import Who
from bot.domain.alert import Alert, State
from bot.domain.spans import MINUTE
from bot.domain.words import shown

FRESH = 2 * MINUTE
"""Milliseconds for which a change here may still be on its way."""
LASTS = 4 * MINUTE
"""Milliseconds that a difference has to last before it is told: what one look finds may be a race."""

HEAD = "Compared with {channel}: {rows}"
OVER = "{numbers} over there and still active here; if that is right: /alert close {targets}"
NOT_ACKED = "{numbers} taken here and not there; it is sent there again"
LAPSED = "{numbers} taken here because somebody took it there, and nobody has it there now; if that is right: /alert unack {targets}"
ACKED = "{numbers} taken there and open here; to say so here: /alert ack {targets}"
UNKNOWN = "there and unknown here: {strays}"
AND_MORE = " and {} more"
NAMED = 5
STRAY_LONGEST = 120


class Standing(enum.StrEnum):
    """Where a problem stands in a service: `acked` whatever keeps it quiet there, `gone` when it is no problem there."""

    FIRING = "firing"
    ACKED = "acked"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What a service says: of alerts of ours (by number; those that it cannot know are left out), and of others.

    `strays` are the problems that it should have told us of: dedup key and words.
    """

    standings: Mapping[int, Standing] = field(default_factory=dict)
    strays: Mapping[str, str] = field(default_factory=dict)


class What(enum.StrEnum):
    """How we differ."""

    OVER = "over"
    NOT_ACKED = "not_acked"
    LAPSED = "lapsed"
    ACKED = "acked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One difference: about an alert of ours, or about none (`number` 0) and then about a problem by its dedup key."""

    what: What
    number: int = 0
    key: str = ""
    words: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Since when (epoch ms) something differs, and whether the room has been told."""

    since: int
    told: bool

    def to_tell(self, now: int) -> bool:
        """Whether it has lasted long enough to be told, and has not been."""
        return not self.told and now - self.since >= LASTS


def differences(alerts: Sequence[Alert], survey: Survey, *, known: frozenset[str], now: int) -> list[Difference]:
    """Compare active alerts with a survey. `known` are the dedup keys that are no news here, whatever became of them."""
    found = []
    for alert in alerts:
        standing = survey.standings.get(alert.number)
        what = _what(alert, standing) if standing is not None and now - alert.state_at >= FRESH else None
        if what is not None:
            found.append(Difference(what=what, number=alert.number))
    return found + [
        Difference(what=What.UNKNOWN, key=key, words=words) for key, words in survey.strays.items() if key not in known
    ]


def _what(alert: Alert, standing: Standing) -> What | None:
    match alert.state, standing:
        case State.OPEN | State.ACKED | State.SNOOZED, Standing.GONE:
            return What.OVER
        case State.ACKED | State.SNOOZED, Standing.FIRING:
            # What was taken there is not taken there again for somebody who may have let it go.
            return What.LAPSED if alert.state_who is Who.SOURCE else What.NOT_ACKED
        case State.OPEN, Standing.ACKED:
            return What.ACKED
    return None


def told(channel: str, found: Sequence[Difference]) -> str:
    """Say how a service differs from us, each number once, with what to type."""
    of = {what: [each.number for each in found if each.what is what] for what in What}
    rows = []
    if of[What.OVER]:
        rows.append(OVER.format(numbers=_are(of[What.OVER]), targets=_targets(of[What.OVER])))
    if of[What.NOT_ACKED]:
        rows.append(NOT_ACKED.format(numbers=_are(of[What.NOT_ACKED])))
    if of[What.LAPSED]:
        rows.append(LAPSED.format(numbers=_are(of[What.LAPSED]), targets=_targets(of[What.LAPSED])))
    if of[What.ACKED]:
        rows.append(ACKED.format(numbers=_are(of[What.ACKED]), targets=_targets(of[What.ACKED])))
    strays = [shown(each.words, STRAY_LONGEST) for each in found if each.what is What.UNKNOWN]
    if strays:
        more = AND_MORE.format(len(strays) - NAMED) if len(strays) > NAMED else ""
        rows.append(UNKNOWN.format(strays="; ".join(strays[:NAMED]) + more))
    return HEAD.format(channel=shown(channel, 60), rows=" · ".join(rows))


def _are(numbers: Sequence[int]) -> str:
    return f"{reply.named(numbers)} {'is' if len(numbers) == 1 else 'are'}"


def _targets(numbers: Sequence[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers)[: reply.SINGLY])
