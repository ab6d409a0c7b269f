"""Escalate: timers that came due. Replicas share them without a leader: a tenant is locked while its timers are run."""

from collections.abc import Mapping

from bot.domain import episode, holding, routing
from bot.domain.alert import HOUR, MINUTE, RULES, Alert, Rules
from bot.storage import tenants, timers
from bot.storage.engine import Storage
from bot.usecases import calling, heartbeat, hold, noise_report, silencing
from bot.usecases.due import Decision, Due, Fire, about_alert

PAGE = 500
"""How many of a tenant's timers share a transaction."""
AFTER_START = 5 * MINUTE
"""The least time after a start in which a promise is not called broken: the source could not reach us."""
REPEATED_WITHIN = 4 * HOUR
"""What repeats at all, does so within this span: Alertmanager's own is 4 h."""


def _promise(alert: Alert, due: Due) -> Decision:
    """Close what a source promised an end of and reports no more; after a start it gets its time to report."""
    if alert.expires_at is not None:
        span = max(AFTER_START, alert.expires_at - alert.last_seen_at)
        if alert.active and alert.last_seen_at < due.started_at and due.now < due.started_at + span:
            return due.started_at + span
    return episode.expire(alert, due.now)


def _flapping(alert: Alert, due: Due) -> Decision:
    return episode.flapping(alert, due.now)


def _hold_over(alert: Alert, due: Due) -> Decision:
    return routing.released(alert, due.now)


def _stale(alert: Alert, due: Due) -> Decision:
    """Close what nobody has reported for long; after a start its source gets some hours to reach us."""
    span = due.rules.stale_after
    if span is None:
        return None
    patience = due.started_at + min(span, REPEATED_WITHIN)
    if alert.active and alert.last_seen_at < due.started_at and due.now < patience:
        return patience
    return episode.stale(alert, due.now, span)


FIRE: Mapping[str, Fire] = {
    timers.UNTIL: hold.end,
    timers.REMINDER: hold.remind,
    timers.STALE: about_alert(_stale),
    timers.PROMISE: about_alert(_promise),
    timers.FLAPPING: about_alert(_flapping),
    timers.HOLD: about_alert(_hold_over),
    timers.ESCALATE: calling.step,
    timers.SILENCE_ENDING: silencing.ending,
    timers.SILENCE_ENDED: silencing.ended,
    timers.NOISE: noise_report.tell,
    timers.HEARTBEAT: heartbeat.miss,
}
"""What each kind of timer does. Timers of other kinds wait: a newer version's are not for this one to drop."""

KINDS = sorted(FIRE)


async def run_due(storage: Storage, *, now: int, started_at: int, rules: Rules = RULES) -> int:
    """Work on the timers that are due; return how many there were."""
    async with storage.read() as tx:
        waiting = await timers.tenants_due(tx, KINDS, now)
    return sum([await _run_tenant(storage, tenant, now, started_at, rules) for tenant in waiting])


async def arm_missing(storage: Storage, rules: Rules) -> None:
    """Set the timers of policies that were off when their alerts came in. They look at the alert again when they are due."""
    async with storage.begin() as tx:
        if rules.stale_after is not None:
            await timers.arm_stale(tx, rules.stale_after)
        if rules.ack_expires is not None:
            await timers.arm_unfollowed(tx, rules.ack_expires - holding.LEAD_MOST)


async def next_due(storage: Storage) -> int | None:
    """Return when the next timer is due (epoch ms), or None."""
    async with storage.read() as tx:
        return await timers.next_due(tx, KINDS)


async def _run_tenant(storage: Storage, tenant: int, now: int, started_at: int, rules: Rules) -> int:
    """Run a tenant's due timers, earliest first, a page of them."""
    async with storage.begin() as tx:
        # The lock comes before the timers, as in every other change: whoever waited for it reads what is left.
        await tenants.lock(tx, tenant)
        found = await timers.due(tx, tenant, KINDS, now, PAGE)
        due = Due(tx=tx, tenant=tenant, now=now, started_at=started_at, rules=rules)
        await due.load(sorted({timer.number for timer in found}))
        await timers.drop(tx, found)
        for timer in found:
            await FIRE[timer.kind](due, timer)
        await due.write()
    return len(found)
