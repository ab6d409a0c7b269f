"""Chart: a room's days as bars: how many alerts came when, how long they waited, what made the most noise."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.signal import Severity
from bot.domain.spans import DAY, HOUR, MINUTE
from bot.domain.tally import Tally
from bot.domain.times import clock
from bot.domain.words import shown

SPANS: Mapping[int, int] = {1: HOUR, 7: 6 * HOUR, 30: DAY}
"""For so many days, how long a bar is (milliseconds)."""
WAITS: Sequence[tuple[str, int]] = (
    ("under 5 min", 5 * MINUTE),
    ("5 to 15 min", 15 * MINUTE),
    ("15 min to 1 h", HOUR),
    ("1 to 4 h", 4 * HOUR),
    ("4 h to 1 d", DAY),
    ("longer", 10**15),
)
SOURCES = 8
NAME_LONGEST = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of a bar; `low` and `high` are shares of the chart's height or width, from 0 to 1."""

    kind: str
    many: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A bar with its name, its pieces from the ground up, and how many that is in all."""

    name: str
    pieces: Sequence[Piece]
    many: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Bars beside each other, the kinds that their pieces are of, and the most that a bar holds."""

    bars: Sequence[Bar]
    kinds: Sequence[str]
    most: int


def by_hour(tally: Tally, *, since: int, now: int, step: int, zone_name: str) -> Chart:
    """Count the alerts of each step of time by severity, the worst on top; steps without any are there too."""
    counts: Counter[tuple[int, Severity]] = Counter()
    for at, severity in tally.opened:
        counts[at // step, severity] += 1
    steps = range(since // step, now // step + 1)
    rows = [
        (
            clock(max(place * step, since), zone_name, now=now),
            [(severity.word, counts[place, severity]) for severity in Severity],
        )
        for place in steps
    ]
    return _chart(rows)


def waits(tally: Tally) -> Chart:
    """Count how long alerts waited for an ack, and how long until they were closed."""
    rows = []
    least = 0
    for name, most in WAITS:
        kinds = (("to ack", tally.to_ack), ("to close", tally.to_close))
        rows.append((name, [(kind, sum(least <= span < most for span in spans)) for kind, spans in kinds]))
        least = most
    return _chart(rows, stacked=False)


def sources(tally: Tally) -> Chart:
    """Name what reported the most."""
    return _chart(
        [(shown(name, NAME_LONGEST), [("reports", many)]) for name, many in tally.sources.most_common(SOURCES)]
    )


def _chart(rows: Iterable[tuple[str, Sequence[tuple[str, int]]]], *, stacked: bool = True) -> Chart:
    """Draw rows of counts by kind as shares of the highest bar."""
    known = list(rows)
    heights = [sum(many for _, many in kinds) if stacked else max(many for _, many in kinds) for _, kinds in known]
    most = max(heights, default=0)
    bars = []
    for name, kinds in known:
        pieces, ground = [], 0
        for kind, many in kinds:
            low = ground if stacked else 0
            pieces.append(
                Piece(kind=kind, many=many, low=low / most if most else 0, high=(low + many) / most if most else 0)
            )
            ground += many
        bars.append(Bar(name=name, pieces=pieces, many=ground))
    return Chart(bars=bars, kinds=[kind for kind, _ in known[0][1]] if known else [], most=most)
