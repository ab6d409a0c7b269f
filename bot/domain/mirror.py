"""The mirror of a silence: what it would hide, hides and has hidden, as people read it. Plain text; the renderer escapes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain import reply
from bot.domain.alert import Alert, State
from bot.domain.guess import Guess
from bot.domain.listing import line
from bot.domain.matcher import written
from bot.domain.silence import Silence, worst_first
from bot.domain.spans import DAY
from bot.domain.times import clock, lasting
from bot.domain.words import shown

EVERYTHING = "everything"
HIDES = "{name} hides {what} in this room until {until}. {mirror}"
PROLONGED = "{name} ({what}) goes on until {until}."
OPEN_NOW = "Open now: {many} ({numbers})."
NONE_OPEN_NOW = "Nothing of it is open now."
WEEK = "Of the last 7 days' {all} alerts here it would have hidden {many}{critical}, for example {numbers}."
WEEK_NONE = "Of the last 7 days' {all} alerts here it would have hidden none: is it written as in the alerts? /alert show NUMBER"
WEEK_EMPTY = "There were no alerts here in the last 7 days."
AT_LEAST = "more than {}"
CRITICAL = ", {} of them critical"
WOULD = "This would hide {what} in this room until {until}. {mirror} Answer /alert yes within 2 minutes, or /alert no."
NAMES_NOTHING = "It names nothing that is to be silent, so it hides all but what it excepts, critical alerts too."
ALL = "That is every alert of this room, critical ones too."
NONE = 'No silence in this room. One is made by, for example, "/alert silence service=db severity<=warning 2h".'
COUNT_ONE = "1 silence in this room"
COUNT = "{} silences in this room"
ROW = "{name} {what} · until {until} ({left} left) · by {by}{comment} · hid {alerts}, {messages}"
LATER = "{name} {what} · from {since} until {until} · by {by}{comment}"
TO_END = "To end one: /alert unsilence {name} · to go on: /alert silence {name} 2h"
NO_SUCH = "There is no silence {name} in this room. All of them: /alert silences"
NO_LONGER = "{name} is over since {since}. To begin it again: /alert silence {name} 2h"
WHICH = "Which silence? There are {}. For example: /alert unsilence {}"
LATER = (
    "A silence that begins later or repeats comes with a later release, so nothing is silenced. "
    "When it begins, write: /alert silence {what} {time}"
)
IS_SNOOZED = "There is no silence S{number} here, but the alert #{number} is snoozed. To end that: /alert wake {number}"
UNKNOWN_WORD = (
    'No alert of the last 7 days in this room has "{word}" as a label. '
    "Write the label as /alert show NUMBER says it, for example: /alert silence service={value} {time}"
)
WHICH_LABEL = '"{word}" may mean several labels. Write one of them: {forms}'
FORM = "/alert silence {matcher} {time} ({many})"
TOO_MANY = "There are {} silences in this room already; end one first: /alert silences"
ENDS_SOON = "your silence {name} ({what}) ends in {left} min, at {until}; so far it hid {alerts}. To go on: /alert silence {name} 2h"
OVER = "Silence {name} ({what}, by {by}) is over. It hid {alerts}, {messages}."
ENDED = "{name} ({what}) is ended. It hid {alerts}, {messages}."
HID_NOTHING = "Silence {name} ({what}, by {by}) is over. It hid nothing."
ENDED_NOTHING = "{name} ({what}) is ended. It hid nothing."
STILL = "Still there and not told so far: {}"
NONE_STILL = "Nothing of it waits."
AND_REST = "and {}: {}"
CAME_AND_WENT = "{} came and went."
STILL_SILENCED = "{} still hidden by {}."

EXAMPLES = 5
GUESSES = 4
LINES = 10
"""So many waiting alerts get a line each, the worst; the rest are numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mirror:
    """What matchers would do: the numbers of the open alerts they cover, and of those of the last week.

    `all` is how many alerts the room had in that week, `critical` how many of `week` are critical; `more` that there were too
    many alerts to look at all of them.
    """

    open: Sequence[int]
    week: Sequence[int]
    critical: int
    all: int
    more: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """What a silence leaves: how many alerts it hid, those that the room is told of now, and those that others still hide."""

    silence: Silence
    alerts: int
    closed: int
    waiting: Sequence[Alert] = ()
    covered: Mapping[str, int] | None = None


def what(silence: Silence) -> str:
    """Say what a silence is about."""
    return shown(written(silence.matchers), 300) or EVERYTHING


def mirrored(mirror: Mirror) -> str:
    """Say what matchers would do."""
    now = (
        OPEN_NOW.format(many=len(mirror.open), numbers=reply.named(mirror.open, 400)) if mirror.open else NONE_OPEN_NOW
    )
    return f"{now} {_week(mirror)}"


def _week(mirror: Mirror) -> str:
    total = AT_LEAST.format(mirror.all) if mirror.more else str(mirror.all)
    if not mirror.all:
        return WEEK_EMPTY
    if not mirror.week:
        return WEEK_NONE.format(all=total)
    critical = CRITICAL.format(mirror.critical) if mirror.critical else ""
    return WEEK.format(all=total, many=len(mirror.week), critical=critical, numbers=reply.named(mirror.week[:EXAMPLES]))


def made(silence: Silence, mirror: Mirror, *, now: int, zone_name: str) -> str:
    """Answer that a silence begins."""
    until = clock(silence.ends_at, zone_name, now=now)
    return HIDES.format(name=silence.label, what=what(silence), until=until, mirror=mirrored(mirror))


def would(silence: Silence, mirror: Mirror, *, broad: bool, now: int, zone_name: str) -> str:
    """Ask before a silence begins that hides much, or names nothing (`broad`)."""
    until = clock(silence.ends_at, zone_name, now=now)
    text = mirrored(mirror)
    if broad:
        text = f"{NAMES_NOTHING if silence.matchers else ALL} {text}"
    return WOULD.format(what=what(silence), until=until, mirror=text)


def prolonged(silence: Silence, ends_at: int, *, now: int, zone_name: str) -> str:
    """Answer that a silence ends at another time."""
    return PROLONGED.format(name=silence.label, what=what(silence), until=clock(ends_at, zone_name, now=now))


def no_longer(silence: Silence, *, now: int, zone_name: str) -> str:
    """Say of a silence that is over since when it is."""
    return NO_LONGER.format(name=silence.label, since=clock(silence.ended_at or silence.ends_at, zone_name, now=now))


def silences(live: Sequence[Silence], hid: Mapping[int, int], *, now: int, zone_name: str) -> str:
    """List silences: what each hides, until when, who made it and why, and how much it has hidden (`hid`: alerts of each)."""
    if not live:
        return NONE
    rows = [COUNT_ONE if len(live) == 1 else COUNT.format(len(live))]
    rows += [_row(silence, hid.get(silence.number, 0), now, zone_name) for silence in live]
    return "\n".join([*rows, TO_END.format(name=live[-1].label)])


def later(what: str, time: str) -> str:
    """Say what to do instead of a silence that begins later or repeats."""
    return LATER.format(what=what, time=time)


def which_label(word: str, guesses: Sequence[Guess], time: str) -> str:
    """Ask which of several labels a word means."""
    forms = [
        FORM.format(matcher=each.matcher, time=time, many=_alerts(len(each.numbers))) for each in guesses[:GUESSES]
    ]
    return WHICH_LABEL.format(word=shown(word, 40), forms=" · ".join(forms))


def _row(silence: Silence, alerts: int, now: int, zone_name: str) -> str:
    return (ROW if silence.starts_at <= max(now, silence.created_at) else LATER).format(
        name=silence.label,
        what=what(silence),
        since=clock(silence.starts_at, zone_name, now=now),
        until=clock(silence.ends_at, zone_name, now=now),
        left=lasting(max(0, silence.ends_at - now)),
        by=silence.by.name,
        comment=f": {shown(silence.comment, 120)}" if silence.comment else "",
        alerts=_alerts(alerts),
        messages=_messages(silence.hidden),
    )


def ends_soon(silence: Silence, alerts: int, *, now: int, zone_name: str) -> str:
    """Ask a silence's author whether it shall go on."""
    return ENDS_SOON.format(
        name=silence.label,
        what=what(silence),
        left=max(1, round((silence.ends_at - now) / 60_000)),
        until=clock(silence.ends_at, zone_name, now=now),
        alerts=_alerts(alerts),
    )


def over(rest: Rest, *, by_hand: bool, now: int, zone_name: str) -> str:
    """Tell what a silence that is over has hidden: what still waits, each once, and how much came and went."""
    silence = rest.silence
    said = {
        "name": silence.label,
        "what": what(silence),
        "by": silence.by.name,
        "alerts": _alerts(rest.alerts),
        "messages": _messages(silence.hidden),
    }
    if not rest.alerts:
        return (ENDED_NOTHING if by_hand else HID_NOTHING).format(**said)
    head = [(ENDED if by_hand else OVER).format(**said)]
    if rest.closed:
        head.append(CAME_AND_WENT.format(rest.closed))
    for name, many in (rest.covered or {}).items():
        head.append(STILL_SILENCED.format(_are(many), name))
    if not rest.waiting:
        return " ".join([*head, NONE_STILL])
    lines = [" ".join([*head, STILL.format(len(rest.waiting))])]
    worst = worst_first(rest.waiting)
    lines += [line(alert, now=now, zone_name=zone_name) for alert in worst[:LINES]]
    if len(worst) > LINES:
        more = worst[LINES:]
        lines.append(AND_REST.format(len(more), reply.named(alert.number for alert in more)))
    return "\n".join(lines)


def marks(live: Sequence[Silence], alerts: Sequence[Alert], *, now: int) -> dict[int, str]:
    """Return, by alert number, which silences hide it now: `S3` or `S3, S4`."""
    found = {
        alert.number: ", ".join(silence.label for silence in live if silence.covers(alert, alert.room, now))
        for alert in alerts
        if alert.state is not State.CLOSED
    }
    return {number: names for number, names in found.items() if names}


def _are(many: int) -> str:
    return "1 is" if many == 1 else f"{many} are"


def _alerts(many: int) -> str:
    return "1 alert" if many == 1 else f"{many} alerts"


def _messages(many: int) -> str:
    return "1 message" if many == 1 else f"{many} messages"


WEEK_SPAN = 7 * DAY
