"""Alert: a problem with a number, a state and a history; and the one table of its transitions.

`episode.fold` is what a backend's signal does to it, `action.act` what a person does, `episode.expire` what the clock
does. Each returns a Change: the new alert, its history rows and the news that it makes. product.md 3 is the table in
prose.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.domain.actor import Actor, Person, Who
from bot.domain.errors import AlertbotError
from bot.domain.notice import News
from bot.domain.signal import Link, Severity

MINUTE = 60_000
HOUR = 60 * MINUTE


class State(enum.StrEnum):
    """Where an alert stands. Open, acked and snoozed are active."""

    OPEN = "open"
    ACKED = "acked"
    SNOOZED = "snoozed"
    CLOSED = "closed"


ACTIVE = frozenset({State.OPEN, State.ACKED, State.SNOOZED})


class Action(enum.StrEnum):
    """What can be done to an alert, and the word that history keeps of it."""

    FIRE = "fire"
    WORSEN = "worsen"
    RESOLVE = "resolve"
    EXPIRE = "expire"
    ACK = "ack"
    UNACK = "unack"
    CLOSE = "close"
    REOPEN = "reopen"
    SNOOZE = "snooze"
    WAKE = "wake"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    OWN = "own"
    NOTE = "note"
    SEVERITY = "severity"


TRANSITIONS: Mapping[tuple[State, Action], State] = {
    (State.OPEN, Action.FIRE): State.OPEN,
    (State.OPEN, Action.WORSEN): State.OPEN,
    (State.OPEN, Action.RESOLVE): State.CLOSED,
    (State.OPEN, Action.EXPIRE): State.CLOSED,
    (State.OPEN, Action.ACK): State.ACKED,
    (State.OPEN, Action.SNOOZE): State.SNOOZED,
    (State.OPEN, Action.CLOSE): State.CLOSED,
    (State.OPEN, Action.ASSIGN): State.OPEN,
    (State.OPEN, Action.UNASSIGN): State.OPEN,
    (State.OPEN, Action.OWN): State.ACKED,
    (State.OPEN, Action.NOTE): State.OPEN,
    (State.OPEN, Action.SEVERITY): State.OPEN,
    (State.ACKED, Action.FIRE): State.ACKED,
    (State.ACKED, Action.WORSEN): State.OPEN,
    (State.ACKED, Action.RESOLVE): State.CLOSED,
    (State.ACKED, Action.EXPIRE): State.CLOSED,
    (State.ACKED, Action.ACK): State.ACKED,
    (State.ACKED, Action.UNACK): State.OPEN,
    (State.ACKED, Action.SNOOZE): State.SNOOZED,
    (State.ACKED, Action.CLOSE): State.CLOSED,
    (State.ACKED, Action.REOPEN): State.OPEN,
    (State.ACKED, Action.ASSIGN): State.ACKED,
    (State.ACKED, Action.UNASSIGN): State.ACKED,
    (State.ACKED, Action.OWN): State.ACKED,
    (State.ACKED, Action.NOTE): State.ACKED,
    (State.ACKED, Action.SEVERITY): State.ACKED,
    (State.SNOOZED, Action.FIRE): State.SNOOZED,
    (State.SNOOZED, Action.WORSEN): State.OPEN,
    (State.SNOOZED, Action.RESOLVE): State.CLOSED,
    (State.SNOOZED, Action.EXPIRE): State.CLOSED,
    (State.SNOOZED, Action.ACK): State.ACKED,
    (State.SNOOZED, Action.SNOOZE): State.SNOOZED,
    (State.SNOOZED, Action.WAKE): State.OPEN,
    (State.SNOOZED, Action.CLOSE): State.CLOSED,
    (State.SNOOZED, Action.REOPEN): State.OPEN,
    (State.SNOOZED, Action.ASSIGN): State.SNOOZED,
    (State.SNOOZED, Action.UNASSIGN): State.SNOOZED,
    (State.SNOOZED, Action.OWN): State.ACKED,
    (State.SNOOZED, Action.NOTE): State.SNOOZED,
    (State.SNOOZED, Action.SEVERITY): State.SNOOZED,
    (State.CLOSED, Action.FIRE): State.OPEN,
    (State.CLOSED, Action.REOPEN): State.OPEN,
    (State.CLOSED, Action.NOTE): State.CLOSED,
}
"""What leads where. A pair that is missing is a refusal that knows both."""


class Outcome(enum.StrEnum):
    """What became of one posted signal (product.md 4)."""

    OPENED = "opened"
    REPEATED = "repeated"
    WORSE = "worse"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    IGNORED = "ignored"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Spans of the lifecycle, in milliseconds.

    `noise_report` says whether rooms are told their week's noise. `ack_expires` is how long an ack without a time lasts that nobody follows up, `stale_after` how long an alert stays
    that nobody reports; None: for ever.
    """

    again_after: int = 4 * HOUR
    close_hold: int = 4 * HOUR
    reopen_window: int = 10 * MINUTE
    remember_resolve: int = HOUR
    ack_expires: int | None = None
    stale_after: int | None = None
    noise_report: bool = True


RULES = Rules()


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """A problem. Times are epoch milliseconds.

    `state_*` say since when, by whom and with what words the state is what it is. `reported` is the severity that the
    source said last; `severity` differs from it only where a person set it. `senders` are the dialects that report it
    now, each with the end it promised (or None). `latest` marks the newest alert of its dedup key. `heard` tells whether the
    room has heard of this firing, `silenced_by` which silence keeps its last news from the room.
    """

    tenant: int
    number: int
    feed: int
    room: int | None
    dedup_key: str
    state: State
    severity: Severity
    reported: Severity
    summary: str
    description: str = ""
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    starts_at: int | None = None
    opened_at: int
    last_seen_at: int
    told_at: int
    count: int = 1
    owner: Person | None = None
    state_at: int
    state_by: str
    state_by_id: str = ""
    state_who: Who
    state_note: str = ""
    until: int | None = None
    resolved_at: int | None = None
    senders: Mapping[str, int | None] = field(default_factory=dict)
    predecessor: int | None = None
    flaps: int = 0
    flap_told_at: int | None = None
    latest: bool = True
    heard: bool = True
    silenced_by: int | None = None

    @property
    def active(self) -> bool:
        """Whether it still needs somebody."""
        return self.state is not State.CLOSED

    @property
    def expires_at(self) -> int | None:
        """When the last promised end passes; None while somebody reports it without an end."""
        ends = list(self.senders.values())
        promised = [end for end in ends if end is not None]
        return max(promised) if promised and len(promised) == len(ends) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One history row."""

    action: str
    at: int
    by: Actor
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a decision came to: the alert as it is now, its new history rows, the news it makes, and why."""

    alert: Alert | None
    outcome: Outcome = Outcome.REPEATED
    events: tuple[Event, ...] = ()
    news: News | None = None
    why: str = ""


class Refused(AlertbotError):
    """The alert's state does not allow it."""

    def __init__(self, alert: Alert, action: Action, text: str = "") -> None:
        self.alert = alert
        self.action = action
        super().__init__(text or f"#{alert.number} is {alert.state}, so it cannot be changed by {action}")


def moved(alert: Alert, state: State, event: Event) -> Alert:
    """Return the alert in a state, held by whoever the event names."""
    return replace(
        alert,
        state=state,
        state_at=event.at,
        state_by=event.by.name,
        state_by_id=event.by.id,
        state_who=event.by.kind,
        state_note=event.note,
        until=None,
    )
