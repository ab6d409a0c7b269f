"""Divert: critical news that its room cannot be told goes to the policy's other channel, and the room hears so afterwards."""

import structlog

from bot.domain.channel import Parcel, content
from bot.storage import alerts, outbox, parcels, plans
from bot.storage.engine import Storage, Tx

PAGE = 200
UNREACHABLE = "unreachable"
WHY = "the room could not be reached"

log = structlog.get_logger()


async def due(storage: Storage, now: int) -> int:
    """Hand over what has waited for longer than its policy says; return how much that was."""
    if not await storage.look(outbox.stuck_tenants):
        return 0
    return sum([await _divert(storage, tenant, now) for tenant in await storage.look(outbox.stuck_tenants)])


async def _divert(storage: Storage, tenant: int, now: int) -> int:
    async def work(tx: Tx) -> int:
        plan = await plans.load(tx, tenant)
        second = {policy.name: policy for policy in plan.policies.values() if policy.channel}
        if not second:
            return 0
        soonest = min(policy.channel_after for policy in second.values())
        waiting = await outbox.stuck(tx, tenant, before=now - soonest, limit=PAGE)
        known = await alerts.by_numbers(tx, tenant, [each.number for each in waiting])
        found: list[Parcel] = []
        for each in waiting:
            alert = known.get(each.number)
            policy = plan.policy_for(alert) if alert else None
            if alert is None or policy is None or policy.name not in second or now - each.at < policy.channel_after:
                continue
            if alert.active:
                told = content(alert, None, WHY)
                found.append(
                    Parcel(
                        tenant=tenant,
                        channel=policy.channel,
                        number=alert.number,
                        action=UNREACHABLE,
                        at=now,
                        content=told,
                    )
                )
            await outbox.divert(tx, each.id, policy.channel, now)
        # An alert whose news waits twice is handed over once.
        once = {(each.channel, each.number): each for each in found}
        await parcels.add(tx, once.values())
        return len(once)

    many = await storage.write(work)
    if many:
        log.warning("news_diverted", tenant=tenant, alerts=many)
    return many
