"""Episodes: what a backend's signal, or its silence, does to an alert (product.md 3)."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.actor import CLOCK, Actor, Who
from bot.domain.alert import (
    HOUR,
    MINUTE,
    RULES,
    TRANSITIONS,
    Action,
    Alert,
    Change,
    Event,
    Outcome,
    Rules,
    State,
    moved,
)
from bot.domain.notice import News
from bot.domain.relay import relay, speaker
from bot.domain.signal import Kind, Signal
from bot.domain.times import lasting, ordinal


def fold(
    current: Alert | None,
    signal: Signal,
    now: int,
    *,
    fresh: Callable[[], Alert],
    resolved_before: int | None = None,
    rules: Rules = RULES,
) -> Change:
    """Decide what a signal does to the newest alert of its dedup key.

    `fresh` makes the alert that it would open (see `opened`); `resolved_before` the moment of a resolve that came before
    any firing, if one is remembered.
    """
    match signal.kind:
        case Kind.FIRING if current is None:
            return _first(signal, now, fresh(), resolved_before)
        case Kind.FIRING if current is not None and current.active:
            return _repeat(current, signal, now, rules)
        case Kind.FIRING if current is not None:
            return _after_close(current, signal, now, fresh, rules)
        case Kind.RESOLVED if current is not None:
            return _resolve(current, signal, now)
        case Kind.ACKNOWLEDGED | Kind.UNACKNOWLEDGED | Kind.NOTE if current is not None or signal.opens:
            return _said(current, signal, now, fresh, rules)
        case _:
            return Change(alert=None, outcome=Outcome.IGNORED, why="nothing is known of this problem")


def opened(signal: Signal, now: int, *, tenant: int, number: int, feed: int, room: int | None) -> Alert:
    """Return the alert that a firing signal opens."""
    return Alert(
        tenant=tenant,
        number=number,
        feed=feed,
        room=room,
        dedup_key=signal.dedup_key,
        state=State.OPEN,
        severity=signal.severity,
        reported=signal.severity,
        summary=signal.summary,
        description=signal.description,
        source=signal.source,
        labels=signal.labels,
        links=signal.links,
        starts_at=signal.starts_at,
        opened_at=now,
        last_seen_at=now,
        told_at=now,
        state_at=now,
        state_by=signal.source or signal.sender,
        state_who=Who.SOURCE,
        senders={signal.sender: signal.ends_at},
    )


def _event(action: str, now: int, by: Actor, note: str = "") -> tuple[Event, ...]:
    return (Event(action=action, at=now, by=by, note=note),)


def _first(signal: Signal, now: int, fresh: Alert, resolved_before: int | None) -> Change:
    by = speaker(signal)
    if resolved_before is not None and signal.starts_at is not None and signal.starts_at < resolved_before:
        late = replace(fresh, state=State.CLOSED, state_at=resolved_before, resolved_at=resolved_before, senders={})
        events = (*_event("opened", now, by), *_event("resolved", now, by, "its resolve came before its firing"))
        return Change(alert=late, outcome=Outcome.RESOLVED, events=events, why="resolved before it was heard of")
    return Change(
        alert=fresh, outcome=Outcome.OPENED, events=_event("opened", now, by), news=News.OPENED, why="first notice"
    )


def _past(current: Alert, now: int, rules: Rules) -> bool:
    """Whether an alert is so long over that what is said now is not about it."""
    over = not current.active and (current.resolved_at is not None or current.state_who is Who.TIMER)
    return over and now - max(current.state_at, current.resolved_at or 0) > rules.reopen_window


def _said(current: Alert | None, signal: Signal, now: int, fresh: Callable[[], Alert], rules: Rules) -> Change:
    """Relay what was done or written at the source; about a problem that was not heard of before, it opens an alert."""
    if current is not None and not (signal.opens and _past(current, now, rules)):
        return relay(current, signal, now)
    opened = replace(fresh(), predecessor=current.number if current is not None else None)
    first = _first(signal, now, opened, None)
    said = relay(opened, signal, now)
    if said.alert is None:
        return first
    return replace(first, alert=said.alert, events=first.events + said.events, why=said.why)


def _seen(current: Alert, signal: Signal, now: int) -> Alert:
    """Return the alert with what every firing signal brings: count, times, the newest words."""
    return replace(
        current,
        count=current.count + 1,
        last_seen_at=now,
        summary=signal.summary,
        description=signal.description,
        labels=signal.labels,
        links=signal.links,
        reported=signal.severity,
        senders={**current.senders, signal.sender: signal.ends_at},
    )


def _opened_again(alert: Alert, signal: Signal, now: int, **changes: object) -> Alert:
    opened = replace(
        alert,
        state=State.OPEN,
        state_at=now,
        state_by=signal.source or signal.sender,
        state_by_id="",
        state_who=Who.SOURCE,
        state_note="",
        until=None,
        resolved_at=None,
        told_at=now,
    )
    return replace(opened, **changes)  # type: ignore[arg-type]  # field names of Alert, checked by replace itself


def _repeat(current: Alert, signal: Signal, now: int, rules: Rules) -> Change:
    seen = _seen(current, signal, now)
    if signal.severity != current.reported:
        if signal.severity > max(current.severity, current.reported):
            worse = replace(seen, severity=signal.severity, told_at=now)
            why = f"{current.severity.word} became {signal.severity.word}"
            if TRANSITIONS[current.state, Action.WORSEN] is not current.state:
                worse = _opened_again(worse, signal, now)
                why += f"; it was {current.state} by {current.state_by}"
            events = _event("worse", now, speaker(signal), why)
            return Change(alert=worse, outcome=Outcome.WORSE, events=events, news=News.WORSE, why=why)
        if current.severity is not current.reported:
            # What a person set stands, until the source says worse than both.
            why = f"reported as {signal.severity.word} now; {current.severity.word} was set by hand"
            return Change(alert=seen, events=_event("severity", now, speaker(signal), why), why=why)
        why = f"{current.severity.word} became {signal.severity.word}"
        better = replace(seen, severity=signal.severity)
        return Change(alert=better, events=_event("better", now, speaker(signal), why), why=why)
    if current.state is State.OPEN and now - current.told_at > rules.again_after:
        return Change(alert=replace(seen, told_at=now), news=News.AGAIN, why="repeat due")
    return Change(alert=seen, why="nothing new")


def _after_close(current: Alert, signal: Signal, now: int, fresh: Callable[[], Alert], rules: Rules) -> Change:
    by = speaker(signal)
    same_episode = signal.starts_at is not None and signal.starts_at <= current.state_at
    if not same_episode:
        return _next_episode(current, signal, now, fresh, rules)
    seen = _seen(current, signal, now)
    if current.state_who is Who.SOURCE or current.resolved_at is not None:
        return Change(
            alert=None,
            outcome=Outcome.IGNORED,
            events=_event("late", now, by, "a late duplicate of the episode that was resolved"),
            why="late duplicate",
        )
    if current.state_who is Who.TIMER:
        why = "reported again"
    elif signal.severity > current.severity and signal.severity > current.reported:
        why = f"closed by {current.state_by}, and now {signal.severity.word} instead of {current.severity.word}"
    elif now - current.state_at > rules.close_hold:
        why = f"closed by {current.state_by} {(now - current.state_at) // HOUR} h ago, and still reported"
    else:
        # Worse is what is worse than at the moment of closing.
        return Change(alert=replace(seen, reported=current.reported), why=f"closed by {current.state_by}")
    by_hand = current.severity is not current.reported
    severity = max(signal.severity, current.severity) if by_hand else signal.severity
    again = _opened_again(seen, signal, now, severity=severity)
    return Change(
        alert=again, outcome=Outcome.REOPENED, events=_event("reopened", now, by, why), news=News.REOPENED, why=why
    )


def _next_episode(current: Alert, signal: Signal, now: int, fresh: Callable[[], Alert], rules: Rules) -> Change:
    by = speaker(signal)
    over_at = max(current.state_at, current.resolved_at or 0)
    if now - over_at > rules.reopen_window:
        again = replace(fresh(), predecessor=current.number)
        note = f"earlier: #{current.number}"
        return Change(
            alert=again,
            outcome=Outcome.OPENED,
            events=_event("opened", now, by, note),
            news=News.OPENED,
            why="a new episode",
        )
    told = current.flap_told_at is not None and now - current.flap_told_at < rules.reopen_window
    seen = _seen(current, signal, now)
    again = _opened_again(
        replace(seen, senders={signal.sender: signal.ends_at}),
        signal,
        now,
        severity=signal.severity,
        starts_at=signal.starts_at,
        owner=None,
        flaps=current.flaps + 1,
        flap_told_at=current.flap_told_at if told else now,
        # Left unsaid, it is still the news of before that the room knows: see `unheard`.
        told_at=current.told_at if told else now,
    )
    why = flapping_why(again, now)
    return Change(
        alert=again,
        outcome=Outcome.REOPENED,
        events=_event("reopened", now, by, why),
        news=None if told else News.FLAPPING,
        why=why,
    )


def _resolve(current: Alert, signal: Signal, now: int) -> Change:
    by = speaker(signal)
    if not current.active and current.resolved_at is not None:
        return Change(alert=None, outcome=Outcome.IGNORED, why="it was resolved before")
    if signal.sender not in current.senders and current.senders:
        others = ", ".join(current.senders)
        why = f"{signal.sender} never reported it, {others} still does"
        return Change(alert=None, outcome=Outcome.IGNORED, events=_event("resolved", now, by, why), why=why)
    senders = {sender: end for sender, end in current.senders.items() if sender != signal.sender}
    if senders:
        why = f"still reported by {', '.join(senders)}"
        events = _event("resolved", now, by, why)
        return Change(alert=replace(current, senders=senders), outcome=Outcome.REPEATED, events=events, why=why)
    if not current.active:
        over = replace(current, resolved_at=now, senders={})
        return Change(alert=over, outcome=Outcome.RESOLVED, events=_event("resolved", now, by), why="noted")
    event = Event(action="resolved", at=now, by=by, note=signal.note)
    closed = moved(current, TRANSITIONS[current.state, Action.RESOLVE], event)
    return Change(
        alert=replace(closed, resolved_at=now, senders={}),
        outcome=Outcome.RESOLVED,
        events=(event,),
        # The room that never heard of the reopening knows it as resolved already.
        news=None if unheard(current) else News.RESOLVED,
        why="resolved by its source",
    )


def unheard(alert: Alert) -> bool:
    """Whether an alert opened again without a word: it flaps, and the room was told so a moment before."""
    return alert.flap_told_at is not None and alert.state is State.OPEN and alert.told_at < alert.state_at


def flapping(alert: Alert, now: int) -> Change | None:
    """Say that an alert is open when the room's last word of it is that it was resolved; None when it knows better."""
    if not unheard(alert):
        return None
    why = flapping_why(alert, now)
    said = replace(alert, told_at=now, flap_told_at=now)
    return Change(alert=said, news=News.FLAPPING, why=why)


def flapping_why(alert: Alert, now: int) -> str:
    """Say how often an alert has opened, and in what time."""
    return f"flapping, {ordinal(alert.flaps + 1)} time in {max(1, (now - alert.opened_at) // MINUTE)} min"


def expire(alert: Alert, now: int) -> Change | int | None:
    """Decide what a passed promise means: a Change that closes it, the later moment to look again, or None."""
    due = alert.expires_at
    if not alert.active or due is None:
        return None
    if due > now:
        return due
    why = f"no longer reported by {', '.join(alert.senders)}"
    event = Event(action="unreported", at=now, by=CLOCK, note=why)
    closed = moved(alert, TRANSITIONS[alert.state, Action.EXPIRE], event)
    news = None if unheard(alert) else News.UNREPORTED
    return Change(alert=replace(closed, senders={}), events=(event,), news=news, why=why)


def stale(alert: Alert, now: int, span: int) -> Change | int | None:
    """Decide what a long silence means: a Change that closes it, the later moment to look again, or None.

    The silence begins with the last report, with the end that a source promised, or with what a person did about the alert
    and for how long, whatever is later.
    """
    if not alert.active:
        return None
    quiet_since = max(alert.last_seen_at, alert.state_at, alert.until or 0, alert.expires_at or 0)
    if quiet_since + span > now:
        return quiet_since + span
    origin = ", ".join(alert.senders) or alert.source
    why = f"no longer reported by {origin}, for {lasting(now - alert.last_seen_at)}"
    event = Event(action="unreported", at=now, by=CLOCK, note=why)
    closed = moved(alert, TRANSITIONS[alert.state, Action.EXPIRE], event)
    return Change(alert=replace(closed, senders={}), events=(event,), news=News.UNREPORTED, why=why)
