"""Renew: what an ack without a time holds in another service, such as a silence in Alertmanager, is held for as long as the ack."""

from bot.domain.channel import Kind, Parcel, content
from bot.domain.spans import HOUR
from bot.storage import alerts, parcels, plans, tenants
from bot.storage.engine import Storage, Tx

AFTER = 2 * HOUR
"""Milliseconds after which what is held is renewed; a silence is made for twice as long (channels/alertmanager.py)."""
HOLDING = frozenset({Kind.ALERTMANAGER})
RENEWED = "renewed"
PAGE = 500


async def due(storage: Storage, now: int) -> int:
    """Queue what has to be renewed; return how much that is."""

    async def known(tx: Tx) -> list[int]:
        return [tenant.id for tenant in await tenants.tenants(tx)]

    return sum([await _renew(storage, tenant, now) for tenant in await storage.look(known)])


async def _renew(storage: Storage, tenant: int, now: int) -> int:
    async def work(tx: Tx) -> int:
        plan = await plans.load(tx, tenant)
        names = [channel.name for channel in plan.channels.values() if channel.kind in HOLDING]
        if not names:
            return 0
        held = await parcels.held(tx, tenant, names, before=now - AFTER, limit=PAGE)
        found = await alerts.by_numbers(tx, tenant, sorted({number for number, _ in held}))
        queued = [
            Parcel(
                tenant=tenant,
                channel=name,
                number=number,
                action=RENEWED,
                at=now,
                content=content(found[number], None),
            )
            for number, name in held
        ]
        await parcels.add(tx, queued)
        return len(queued)

    return await storage.write(work)
