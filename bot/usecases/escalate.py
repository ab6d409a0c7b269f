"""Escalate: timers that came due. Replicas share them without a leader: a due timer is locked while it is worked on."""

from dataclasses import dataclass

from bot.domain import action, episode
from bot.domain.alert import MINUTE, Alert, Change, Outcome
from bot.domain.notice import News
from bot.domain.times import ordinal
from bot.storage import alerts, tenants, timers
from bot.storage.engine import Storage, Tx
from bot.usecases.change import Decided, Ledger

PAGE = 200
AFTER_START = 5 * MINUTE
"""The least time after a start in which a promise is not called broken: the source could not reach us."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fired:
    """What a due timer came to: a change, or the moment to look again."""

    change: Change | None = None
    again_at: int | None = None


async def run_due(storage: Storage, *, now: int, started_at: int) -> int:
    """Work on the timers that are due; return how many there were."""
    async with storage.read() as tx:
        first = await timers.next_due(tx)
    if first is None or first > now:
        return 0
    async with storage.begin() as tx:
        due = await timers.due(tx, now, PAGE)
        by_tenant: dict[int, list[timers.Timer]] = {}
        for timer in due:
            by_tenant.setdefault(timer.tenant, []).append(timer)
        await tenants.lock(tx, *by_tenant)
        for tenant, mine in by_tenant.items():
            await _run_tenant(tx, tenant, mine, now, started_at)
    return len(due)


async def _run_tenant(tx: Tx, tenant: int, due: list[timers.Timer], now: int, started_at: int) -> None:
    known = await alerts.by_numbers(tx, tenant, sorted({timer.number for timer in due}))
    ledger = Ledger(tenant=tenant, now=now)
    await timers.drop(tx, due)
    for timer in due:
        alert = known.get(timer.number)
        if alert is None:
            continue
        fired = _fire(timer.kind, alert, now, started_at)
        if fired.again_at is not None:
            ledger.armed.append(
                timers.Timer(kind=timer.kind, tenant=tenant, number=timer.number, due_at=fired.again_at)
            )
        if fired.change is not None:
            ledger.add(Decided(before=alert, change=fired.change))
            known[timer.number] = fired.change.alert or alert
    await ledger.write(tx)


def _fire(kind: str, alert: Alert, now: int, started_at: int) -> _Fired:
    """Decide what a due timer does."""
    if kind == timers.FLAPPING:
        return _Fired(change=_still_flapping(alert, now))
    if kind == timers.UNTIL:
        return _Fired(change=action.end(alert, now))
    if alert.expires_at is not None:
        span = max(AFTER_START, alert.expires_at - alert.last_seen_at)
        if alert.active and alert.last_seen_at < started_at and now < started_at + span:
            return _Fired(again_at=started_at + span)
    decided = episode.expire(alert, now)
    if isinstance(decided, int):
        return _Fired(again_at=decided)
    return _Fired(change=decided)


def _still_flapping(alert: Alert, now: int) -> Change | None:
    """Say that an alert is open when the room's last word of it is that it was resolved."""
    if not alert.active or alert.flap_told_at is None:
        return None
    minutes = max(1, (now - alert.opened_at) // MINUTE)
    why = f"flapping: open for the {ordinal(alert.flaps + 1)} time in {minutes} min"
    return Change(alert=alert, outcome=Outcome.REPEATED, news=News.FLAPPING, why=why)
