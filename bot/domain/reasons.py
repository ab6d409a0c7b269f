"""Reasons: why an alert is where it is: its route, its key, its episodes, who reports it, what was told of it, what is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.alert import Alert, Event
from bot.domain.telling import Telling, told
from bot.domain.times import clock
from bot.domain.words import shown

HEAD = "#{number} {summary}"
ROUTE = "route: feed {feed} leads to the room {room}"
BY_ROUTE = ", by route {route}"
POLICY = "policy: {policy} calls people while nobody acks"
NO_ROOM = "route: feed {feed} leads to no room"
MADE = "made from its summary and labels, because its sender named none"
GIVEN = "given by its sender"
KEY = "dedup key: {key} ({origin})"
COUNTED = "under this key: {count} reports are one alert"
ONE_REPORT = "under this key: 1 report so far"
PREDECESSOR = "earlier episode: #{number}"
SUCCEEDED = "a newer number has taken this problem over"
FLAPS = "came back within minutes {flaps} times; that is the same number"
EPISODE = "{at} {action}: {why}"
SENDERS = "reported by {senders}"
PROMISED = "{sender} (promises an end at {at})"
NOBODY = "nobody reports it now"
RESOLVED = ", resolved {at}"
SILENCES = "silences: {}"
CHANGES = "changed shortly before:"
CHANGE = "  {at} {what}"
DELIVERIES = "told:"
NOT_TOLD = "told: nothing to any room"
ROW = "  {at} {news}: {result}"
EARLIER_ROWS = "  ({} earlier ones left out)"
DUE = "due: {what} {at}"

EPISODE_ACTIONS = frozenset(
    {"reopened", "worse", "better", "late", "unreported", "resolved", "opened", "stale", "woken"}
)
"""What history calls the turns that need a reason; the rest explains itself in `history`."""
EPISODES = 8
ROWS = 12
SUMMARY_LONGEST = 160
KEY_LONGEST = 160
NAME_LONGEST = 80
NOTE_LONGEST = 160
MADE_PREFIX = "auto:"

WHAT: Mapping[str, str] = {
    "promise": 'closes as "no longer reported" unless it is reported again by',
    "stale": "closes as stale unless it is reported again by",
    "flapping": "says whether it still flaps",
    "until": "the {state} ends",
    "reminder": "its owner is reminded",
    "hold": "the room hears of it",
    "escalate": "the next step of its policy",
}
"""What a timer about an alert is going to do, by its kind. Kinds that are about something else are not named here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known about an alert besides itself. `due` are kinds of timers and their moments (epoch ms).

    Of what is very long only the beginning and the newest is here; `left_out` and `untold` count the events and tellings in between.
    """

    alert: Alert
    feed: str
    room: str
    events: Sequence[Event] = ()
    tellings: Sequence[Telling] = ()
    left_out: int = 0
    untold: int = 0
    due: Sequence[tuple[str, int]] = ()
    route: str = ""
    policy: str = ""
    silences: Sequence[str] = ()
    changes: Sequence[tuple[int, str]] = ()


def why(known: Known, *, now: int, zone_name: str) -> str:
    """Write everything that led to where an alert stands and to what the room heard of it."""
    alert = known.alert
    route = ROUTE if known.room else NO_ROOM
    origin = MADE if alert.dedup_key.startswith(MADE_PREFIX) else GIVEN
    rows = [
        HEAD.format(number=alert.number, summary=shown(alert.summary, SUMMARY_LONGEST)),
        route.format(feed=shown(known.feed, NAME_LONGEST), room=shown(known.room, NAME_LONGEST))
        + (BY_ROUTE.format(route=shown(known.route, NAME_LONGEST)) if known.route else ""),
        *([POLICY.format(policy=shown(known.policy, NAME_LONGEST))] if known.policy else []),
        KEY.format(key=shown(alert.dedup_key, KEY_LONGEST), origin=origin),
        COUNTED.format(count=alert.count) if alert.count > 1 else ONE_REPORT,
    ]
    rows += _episodes(known, now, zone_name)
    rows.append(_senders(alert, now, zone_name))
    rows += [SILENCES.format("; ".join(known.silences))] if known.silences else []
    if known.changes:
        rows.append(CHANGES)
        rows += [
            CHANGE.format(at=_at(at, now, zone_name), what=shown(what, NOTE_LONGEST)) for at, what in known.changes
        ]
    rows += _tellings(known, now, zone_name)
    rows += [
        DUE.format(
            what=WHAT[kind].format(state="snooze" if alert.state == "snoozed" else "ack"), at=_at(at, now, zone_name)
        )
        for kind, at in known.due
        if kind in WHAT
    ]
    return "\n".join(rows)


def _at(moment: int, now: int, zone_name: str) -> str:
    return clock(moment, zone_name, now=now)


def _episodes(known: Known, now: int, zone_name: str) -> list[str]:
    alert = known.alert
    rows = []
    if alert.predecessor is not None:
        rows.append(PREDECESSOR.format(number=alert.predecessor))
    if not alert.latest:
        rows.append(SUCCEEDED)
    if alert.flaps:
        rows.append(FLAPS.format(flaps=alert.flaps))
    turns = [event for event in known.events if event.action in EPISODE_ACTIONS and event.note]
    rows += [
        EPISODE.format(at=_at(event.at, now, zone_name), action=event.action, why=shown(event.note, NOTE_LONGEST))
        for event in turns[-EPISODES:]
    ]
    return rows


def _senders(alert: Alert, now: int, zone_name: str) -> str:
    named = [
        shown(sender, NAME_LONGEST)
        if end is None
        else PROMISED.format(sender=shown(sender, NAME_LONGEST), at=_at(end, now, zone_name))
        for sender, end in sorted(alert.senders.items())
    ]
    text = SENDERS.format(senders=", ".join(named)) if named else NOBODY
    return text + (RESOLVED.format(at=_at(alert.resolved_at, now, zone_name)) if alert.resolved_at is not None else "")


def _tellings(known: Known, now: int, zone_name: str) -> list[str]:
    tellings = known.tellings
    if not tellings:
        return [NOT_TOLD]
    rows = [DELIVERIES]
    if len(tellings) > ROWS:
        rows.append(EARLIER_ROWS.format(known.untold + len(tellings) - ROWS))
    rows += [
        ROW.format(
            at=_at(each.at, now, zone_name),
            news=each.news,
            result=shown(told(each, now=now, zone_name=zone_name), 400),
        )
        for each in tellings[-ROWS:]
    ]
    return rows
