"""Hold: the timers of acks and snoozes: the reminder before their end, and the end.

What many alerts have in common is told in one message: `snooze all 1h` ends with one mention, not with forty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import holding
from bot.domain.actor import Person
from bot.domain.alert import Alert
from bot.domain.holding import HELD, Hold
from bot.domain.notice import News, lane_of
from bot.storage import history, outbox, people, tenants, timers
from bot.storage.timers import Timer
from bot.usecases.due import Due


async def remind(due: Due, timer: Timer) -> None:
    """Remind people that their ack or snooze ends soon."""
    alert = await due.alert(timer.number)
    if alert is None or alert.state not in HELD:
        return
    followed_at = await _followed_at(due, alert)
    moment = holding.reminds_at(alert, due.rules, followed_at=followed_at)
    end = holding.ends_at(alert, due.rules, followed_at=followed_at)
    if moment is None or end is None:
        return
    if moment > due.now:
        due.again(timer, moment)
        return
    if holding.kind_of(alert) is Hold.UNFOLLOWED:
        # Nobody set this end, so it never comes without its reminder.
        end = max(end, due.now + holding.LEAD_LEAST)
        due.arm(timers.UNTIL, alert.number, end)
    if end > due.now and alert.room is not None:
        shared = _Reminder(
            room=alert.room,
            kind=holding.kind_of(alert),
            by=alert.state_by,
            rings=holding.people(alert),
            end=end,
            followed_at=followed_at and max(followed_at, alert.state_at),
        )
        due.tell_together(shared, alert.number)


async def end(due: Due, timer: Timer) -> None:
    """End an ack or a snooze whose time is over: the alert is open again, and its people hear of it."""
    alert = await due.alert(timer.number)
    if alert is None or alert.state not in HELD:
        return
    followed_at = await _followed_at(due, alert)
    moment = holding.ends_at(alert, due.rules, followed_at=followed_at)
    if moment is None:
        return
    if moment > due.now:
        before = holding.reminds_at(alert, due.rules, followed_at=followed_at)
        if holding.kind_of(alert) is Hold.UNFOLLOWED and before is not None and before > due.now:
            due.arm(timers.REMINDER, alert.number, before)
        else:
            due.again(timer, moment)
        return
    change = holding.ended(alert, due.now)
    due.change(alert, change, told=False)
    if alert.room is not None:
        shared = _Ending(room=alert.room, why=change.why, rings=holding.people(alert))
        due.tell_together(shared, alert.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reminder:
    """Holds of one kind by one person that end at one moment. `followed_at` is 0 for holds with a time."""

    room: int
    kind: Hold
    by: str
    rings: tuple[Person, ...]
    end: int
    followed_at: int

    async def post(self, due: Due, found: Sequence[Alert]) -> outbox.Post | None:
        """Write the reminder of those that are still held."""
        still = [alert for alert in found if alert.state in HELD]
        if not still:
            return None
        zone_name = await _zone_of(due, self.room, self.rings)
        text = holding.reminder(still, end=self.end, followed_at=self.followed_at, now=due.now, zone_name=zone_name)
        return _post(due, News.REMINDER, still, text=text, rings=self.rings)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ending:
    """Holds of one person that ended for one reason."""

    room: int
    why: str
    rings: tuple[Person, ...]

    async def post(self, due: Due, found: Sequence[Alert]) -> outbox.Post | None:
        """Write the end of those that are still there: a later timer of the pass may have closed one."""
        still = [alert for alert in found if alert.active]
        if not still:
            return None
        text = holding.ending(still, self.why, now=due.now, zone_name=await _zone_of(due, self.room, self.rings))
        return _post(due, News.ENDED, still, text=text, rings=self.rings)


async def _zone_of(due: Due, room: int, rings: Sequence[Person]) -> str:
    """Return the time zone to speak in: the room's, else that of whoever is rung."""
    own = await tenants.zone_of(due.tx, room)
    if own:
        return own
    known = await people.by_id(due.tx, due.tenant, rings[0].id) if rings else None
    return known.time_zone if known else ""


def _post(due: Due, news: News, found: Sequence[Alert], *, text: str, rings: Sequence[Person]) -> outbox.Post | None:
    worst = max(found, key=lambda alert: alert.severity)
    if worst.room is None:
        return None
    return outbox.Post(
        tenant=due.tenant,
        room=worst.room,
        news=news,
        lane=lane_of(news, worst.severity),
        at=due.now,
        number=found[0].number if len(found) == 1 else None,
        detail={
            "why": text,
            "rings": " ".join(person.name for person in rings),
            "state": worst.state.value,
            "severity": worst.severity.word,
        },
    )


async def _followed_at(due: Due, alert: Alert) -> int:
    """Return when a person last did something about an alert, where its hold depends on that; else 0."""
    if due.rules.ack_expires is None or holding.kind_of(alert) is not Hold.UNFOLLOWED:
        return 0
    return await history.last_by_person(due.tx, due.tenant, alert.number) or alert.state_at
