"""Tally: what a room's alerts of some days add up to: how many, how fast they were taken up, what made the most noise."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.actor import Actor, Who
from bot.domain.alert import Alert, State
from bot.domain.likeness import NAME_LABEL, name_of
from bot.domain.listing import counts_line
from bot.domain.refusal import by
from bot.domain.signal import Severity
from bot.domain.times import clock, lasting
from bot.domain.words import shown

STATS = "Since {since}: {many} alerts{newest}"
NOTHING = "No alert came into this room since {since}."
NEWEST = " (of these, the newest {many} are counted)"
SEVERITIES = "severity: {}"
STATES = "state: {}"
ACK = "time to ack: median {median}, 90% within {most} ({many} acked)"
NO_ACK = "time to ack: none was acked"
CLOSE = "time to close: median {median}, 90% within {most} ({many} closed)"
NO_CLOSE = "time to close: none was closed"
SOURCES = "noisiest sources: {}"
NAMES = "noisiest names: {}"
FLAPPING = "flapping: {}"
ACKED_BY = "acked by: {}"
CLOSED_BY = "closed by: {}"

NAMED = 5
"""How many of a kind are named."""
NAME_LONGEST = 60
PERCENT = 90

SEEN_ACTIONS = ("acked", "owned")
"""What history calls the taking up of an alert."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """What one name came to: reports, alerts, returns within minutes, and how many alerts somebody took up.

    `label` is the label's value where the name is one, so that it can be asked for; else empty.
    """

    name: str
    label: str
    reports: int
    alerts: int
    flaps: int
    taken: int
    worst: Severity


@dataclass(slots=True)
class _Pile:
    label: str = ""
    reports: int = 0
    alerts: int = 0
    flaps: int = 0
    taken: int = 0
    worst: Severity = Severity.INFO


@dataclass(kw_only=True, slots=True)
class Tally:
    """Alerts added up, page by page."""

    many: int = 0
    severities: Counter[Severity] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    acked_by: Counter[str] = field(default_factory=Counter)
    closed_by: Counter[str] = field(default_factory=Counter)
    opened: list[tuple[int, Severity]] = field(default_factory=list)
    to_ack: list[int] = field(default_factory=list)
    to_close: list[int] = field(default_factory=list)
    piles: dict[str, _Pile] = field(default_factory=lambda: defaultdict(_Pile))

    def add(self, alert: Alert, acks: Iterable[tuple[int, Actor]] = ()) -> None:
        """Count an alert; `acks` are the moments at which it was taken up and by whom, oldest first."""
        self.many += 1
        self.opened.append((alert.opened_at, alert.severity))
        self.severities[alert.severity] += 1
        self.states[alert.state] += 1
        self.sources[alert.source or ", ".join(sorted(alert.senders)) or "unnamed"] += alert.count
        taken = list(acks)
        if taken:
            self.to_ack.append(max(0, taken[0][0] - alert.opened_at))
        self.acked_by.update({who.name: 1 for _, who in taken if who.kind is Who.PERSON})
        if alert.state is State.CLOSED:
            self.to_close.append(max(0, alert.state_at - alert.opened_at))
            self.closed_by[by(alert)] += 1
        pile = self.piles[name_of(alert)]
        pile.label = alert.labels.get(NAME_LABEL, "")
        pile.reports += alert.count
        pile.alerts += 1
        pile.flaps += alert.flaps
        pile.taken += bool(taken)
        pile.worst = max(pile.worst, alert.severity)

    def noise(self) -> list[Noise]:
        """Return what each name came to, the noisiest first."""
        found = [
            Noise(
                name=name,
                label=pile.label,
                reports=pile.reports,
                alerts=pile.alerts,
                flaps=pile.flaps,
                taken=pile.taken,
                worst=pile.worst,
            )
            for name, pile in self.piles.items()
        ]
        return sorted(found, key=lambda noise: (-noise.alerts - noise.flaps, -noise.reports, noise.name))


def stats(tally: Tally, *, since: int, now: int, zone_name: str, more: bool) -> str:
    """Write a tally of the alerts that came since a moment; `more` says that older ones of them are left out."""
    began = clock(since, zone_name, now=now)
    if not tally.many:
        return NOTHING.format(since=began)
    noise = tally.noise()
    flapping = {each.name: each.flaps for each in noise if each.flaps}
    rows = [
        STATS.format(since=began, many=tally.many, newest=NEWEST.format(many=tally.many) if more else ""),
        STATES.format(counts_line(tally.states)),
        SEVERITIES.format(
            " · ".join(
                f"{tally.severities[each]} {each.word}"
                for each in sorted(Severity, reverse=True)
                if tally.severities[each]
            )
        ),
        _spans(ACK, NO_ACK, tally.to_ack),
        _spans(CLOSE, NO_CLOSE, tally.to_close),
        SOURCES.format(most_common(tally.sources)),
        NAMES.format(" · ".join(f"{shown(each.name, NAME_LONGEST)} ({alerts_text(each)})" for each in noise[:NAMED])),
    ]
    rows += [FLAPPING.format(most_common(flapping))] if flapping else []
    rows += [ACKED_BY.format(most_common(tally.acked_by))] if tally.acked_by else []
    rows += [CLOSED_BY.format(most_common(tally.closed_by))] if tally.closed_by else []
    return "\n".join(rows)


def alerts_text(noise: Noise) -> str:
    """Write how much came under one name: `4 alerts, 120 reports`."""
    alerts = "1 alert" if noise.alerts == 1 else f"{noise.alerts} alerts"
    return alerts if noise.reports == noise.alerts else f"{alerts}, {noise.reports} reports"


def percentile(spans: Sequence[int], percent: int) -> int:
    """Return the smallest of the given spans within which so many percent of them lie (nearest rank)."""
    ordered = sorted(spans)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def most_common(counted: Mapping[str, int]) -> str:
    """Name the few with the greatest counts: `cron 12 · probe 3`."""
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return " · ".join(f"{shown(name, NAME_LONGEST)} {many}" for name, many in ordered[:NAMED])


def _spans(text: str, none: str, spans: Sequence[int]) -> str:
    if not spans:
        return none
    median, most = percentile(spans, 50), percentile(spans, PERCENT)
    return text.format(median=lasting(median), most=lasting(most), many=len(spans))
