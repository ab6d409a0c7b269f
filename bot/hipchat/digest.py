"""Digest: many notices as a few messages, grouped by what they share, every number accounted for (product.md 6)."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.alert import Alert
from bot.domain.filters import NAMED_STATES, Filter
from bot.domain.listing import spelled
from bot.domain.notice import Notice
from bot.domain.signal import Severity
from bot.domain.times import clock
from bot.hipchat.render import FOR_ROOM, SEVERITY_COLORS, words_of
from bot.hipchat.text import MESSAGE_LIMIT, html_within

HEAD = "digest: {many} more in {groups} since {since}"
ONE_GROUP = "1 group"
GROUPS = "{many} groups"
CLOSED = "closed by now"
MAY_REPEAT = "parts of this may be a repeat: nobody told the bot whether an earlier try arrived"
CUT = "… and {many} more among #{first}-#{last}"
TO_LIST = "All of it: /alert {}"
NAME_LIMIT = 120
WORDS_LIMIT = 4000
"""Characters of news that is about no alert of its own."""
CLOSING = 200
"""Characters of a message that are kept for its closing line."""
FEW_MISSING = 3
"""So many numbers in a row may be missing inside a range before it is written as two."""

_NUMBERS = re.compile(r"(\d+)")
_ALERTNAME = "alertname"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Alerts that share something: its words, the worst severity, and their numbers."""

    name: str
    severity: Severity
    closed: bool
    numbers: tuple[int, ...]


def digest(
    folded: Sequence[Notice], about: Mapping[int, Alert], *, most: int, now: int, zone_name: str = ""
) -> list[dict[str, Any]]:
    """Return at most `most` messages (at least one) that tell many notices.

    Groups are as fine as fit: by name, else by source, else all of a severity together. Numbers that fit no way at all are
    counted in the last line; each of them works in commands. What is told of no alert is told as it is.
    """
    others = [words_of(told) for told in folded if told.number is None]
    since = clock(min(notice.at for notice in folded), zone_name, now=now)
    numbers = {notice.number for notice in folded if notice.number is not None}
    alerts = [about[number] for number in sorted(numbers) if number in about]
    handed_over = sorted({notice.detail["room"] for notice in folded if notice.detail.get("room")})
    worst = max((alert.severity for alert in alerts if alert.active), default=Severity.INFO)
    pages: list[list[str]] = []
    lines: list[str] = []
    for shared in (by_name, by_source, by_severity, by_nothing):
        groups = grouped(alerts, shared)
        count = ONE_GROUP if len(groups) == 1 else GROUPS.format(many=len(groups))
        head = f"<b>{HEAD.format(many=len(numbers), groups=count, since=since)}</b>"
        lines = [head, *(_line(group) for group in groups)]
        lost = sorted(number for number in numbers if number not in about)
        if lost:
            lines.append(spans(lost))
        lines += [html_within(" ".join(text.split()), WORDS_LIMIT) for text in others]
        if handed_over:
            lines.append(html_within(FOR_ROOM.format(room=", ".join(handed_over)), NAME_LIMIT * 4))
        if any(notice.again for notice in folded):
            lines.append(MAY_REPEAT)
        lines += [html_within(TO_LIST.format(_listed(alerts)), NAME_LIMIT * 4)] if numbers else []
        pages = _pages(lines)
        if len(pages) <= most:
            break
    else:
        pages = _as_many_as_fit(lines[0], sorted(numbers), most)
        pages[-1].append(lines[-1])
    return [
        {
            "message": "<br>".join(page),
            "message_format": "html",
            "color": SEVERITY_COLORS[worst],
            "notify": first and worst is Severity.CRITICAL,
        }
        for first, page in ((page is pages[0], page) for page in pages)
    ]


def grouped(alerts: Iterable[Alert], shared: Callable[[Alert], str]) -> list[Group]:
    """Group alerts by what `shared` says, the worst and largest groups first, closed ones last."""
    piles: dict[tuple[bool, str], list[Alert]] = defaultdict(list)
    for alert in alerts:
        piles[not alert.active, shared(alert)].append(alert)
    groups = [
        Group(
            name=_title(pile) if shared is by_name else name,
            severity=max(alert.severity for alert in pile),
            closed=closed,
            numbers=tuple(alert.number for alert in pile),
        )
        for (closed, name), pile in piles.items()
    ]
    return sorted(groups, key=lambda group: (group.closed, -group.severity, -len(group.numbers), group.numbers))


def by_name(alert: Alert) -> str:
    """Return the name of an alert's rule, else its summary with every number taken for the same."""
    return alert.labels.get(_ALERTNAME) or _NUMBERS.sub("…", alert.summary[:NAME_LIMIT])


def _title(pile: Sequence[Alert]) -> str:
    """Return the name of a group by name: of one alert its summary, of several what they share, digits included."""
    if len(pile) == 1:
        return pile[0].summary
    if name := pile[0].labels.get(_ALERTNAME):
        return name
    pieces = zip(*(_NUMBERS.split(alert.summary[:NAME_LIMIT]) for alert in pile), strict=True)
    return "".join(piece[0] if len(set(piece)) == 1 else "…" for piece in pieces)


def _listed(alerts: Sequence[Alert]) -> str:
    """Return the `list` command that shows the alerts of a digest, by their name where they share one."""
    names = {alert.labels.get(_ALERTNAME, "") for alert in alerts}
    name = names.pop() if len(names) == 1 else ""
    active = {alert.active for alert in alerts}
    states = (
        frozenset() if active <= {True} else frozenset({"closed"}) if active == {False} else frozenset(NAMED_STATES)
    )
    return spelled(Filter(states=states, labels=((_ALERTNAME, "=", name),) if name and '"' not in name else ()))


def by_source(alert: Alert) -> str:
    """Return where an alert comes from."""
    return f"from {alert.source or ', '.join(alert.senders) or 'several sources'}"


def by_severity(alert: Alert) -> str:
    """Return how bad an alert is."""
    return f"all that is {alert.severity.word}"


def by_nothing(_alert: Alert) -> str:
    """Return what all alerts share: nothing."""
    return "all"


def spans(numbers: Iterable[int]) -> str:
    """Write numbers as ranges with what is missing in them: `#100-#412 except #120, #420 #430`.

    An `except` reaches to the next comma.
    """
    return ", ".join(_written(span) for span in _spans(sorted(set(numbers))))


def _written(span: list[int]) -> str:
    missing = sorted(set(range(span[0], span[-1] + 1)) - set(span))
    text = _run(span[0], span[-1])
    return f"{text} except {' '.join(_run(*_ends(run)) for run in _runs(missing))}" if missing else text


def _spans(numbers: list[int]) -> list[list[int]]:
    """Join runs over small gaps, where both sides are long enough for that to be shorter."""
    spans: list[list[int]] = []
    for run in _runs(numbers):
        if spans and run[0] - spans[-1][-1] - 1 <= FEW_MISSING and len(run) > FEW_MISSING < len(spans[-1]):
            spans[-1] += run
        else:
            spans.append(list(run))
    return spans


def _runs(numbers: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _ends(run: list[int]) -> tuple[int, int]:
    return run[0], run[-1]


def _run(first: int, last: int) -> str:
    if first == last:
        return f"#{first}"
    return f"#{first} #{last}" if last == first + 1 else f"#{first}-#{last}"


def _line(group: Group) -> str:
    state = CLOSED if group.closed else group.severity.word
    name = html_within(" ".join(group.name.split()), NAME_LIMIT * 4)
    return f"{state} · <b>{name}</b> {len(group.numbers)}x: {spans(group.numbers)}"


def _pages(lines: Sequence[str]) -> list[list[str]]:
    """Spread lines over messages; a line longer than a message is broken between numbers."""
    pages: list[list[str]] = [[]]
    room = MESSAGE_LIMIT
    for whole in lines:
        for line in _broken(whole):
            if len(line) + 4 > room:
                pages.append([])
                room = MESSAGE_LIMIT
            pages[-1].append(line)
            room -= len(line) + 4
    return pages


def _broken(line: str) -> list[str]:
    pieces: list[str] = []
    while len(line) > MESSAGE_LIMIT - 100:
        at = line.rfind(", ", 0, MESSAGE_LIMIT - 100)
        at = at if at > 0 else line.rfind(" ", 0, MESSAGE_LIMIT - 100)
        pieces.append(line[:at])
        line = line[at:].lstrip(", ")
    return [*pieces, line]


def _as_many_as_fit(head: str, numbers: list[int], most: int) -> list[list[str]]:
    """Fill `most` messages with ranges, and count in the last line what they do not hold."""
    pages, room = [[head, ""]], MESSAGE_LIMIT - len(head) - CLOSING
    spans = _spans(numbers)
    for position, span in enumerate(spans):
        text = _written(span)
        if len(text) + 2 > room and len(pages) < most:
            pages.append([""])
            room = MESSAGE_LIMIT - CLOSING
        if len(text) + 2 > room:
            rest = [number for late in spans[position:] for number in late]
            pages[-1].append(CUT.format(many=len(rest), first=rest[0], last=rest[-1]))
            break
        pages[-1][-1] += f", {text}" if pages[-1][-1] else text
        room -= len(text) + 2
    return pages
