"""Escalate: timers that came due. Replicas share them without a leader: a tenant is locked while its timers are run."""

from collections.abc import Mapping

from bot.domain import action, episode
from bot.domain.alert import MINUTE, Alert
from bot.storage import tenants, timers
from bot.storage.engine import Storage
from bot.usecases.due import Decision, Due, Fire, about_alert

PAGE = 500
"""How many of a tenant's timers share a transaction."""
AFTER_START = 5 * MINUTE
"""The least time after a start in which a promise is not called broken: the source could not reach us."""


def _until(alert: Alert, due: Due) -> Decision:
    return action.end(alert, due.now)


def _promise(alert: Alert, due: Due) -> Decision:
    """Close what a source promised an end of and reports no more; after a start it gets its time to report."""
    if alert.expires_at is not None:
        span = max(AFTER_START, alert.expires_at - alert.last_seen_at)
        if alert.active and alert.last_seen_at < due.started_at and due.now < due.started_at + span:
            return due.started_at + span
    return episode.expire(alert, due.now)


def _flapping(alert: Alert, due: Due) -> Decision:
    return episode.flapping(alert, due.now)


FIRE: Mapping[str, Fire] = {
    timers.UNTIL: about_alert(_until),
    timers.PROMISE: about_alert(_promise),
    timers.FLAPPING: about_alert(_flapping),
}
"""What each kind of timer does. Timers of other kinds wait: a newer version's are not for this one to drop."""

KINDS = sorted(FIRE)


async def run_due(storage: Storage, *, now: int, started_at: int) -> int:
    """Work on the timers that are due; return how many there were."""
    async with storage.read() as tx:
        waiting = await timers.tenants_due(tx, KINDS, now)
    return sum([await _run_tenant(storage, tenant, now, started_at) for tenant in waiting])


async def next_due(storage: Storage) -> int | None:
    """Return when the next timer is due (epoch ms), or None."""
    async with storage.read() as tx:
        return await timers.next_due(tx, KINDS)


async def _run_tenant(storage: Storage, tenant: int, now: int, started_at: int) -> int:
    """Run a tenant's due timers, earliest first, a page of them."""
    async with storage.begin() as tx:
        # The lock comes before the timers, as in every other change: whoever waited for it reads what is left.
        await tenants.lock(tx, tenant)
        found = await timers.due(tx, tenant, KINDS, now, PAGE)
        due = Due(tx=tx, tenant=tenant, now=now, started_at=started_at)
        await due.load(sorted({timer.number for timer in found}))
        await timers.drop(tx, found)
        for timer in found:
            await FIRE[timer.kind](due, timer)
        await due.ledger.write(tx)
    return len(found)
