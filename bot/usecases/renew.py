"""Renew: what an ack without a time holds in another service, such as a silence in Alertmanager, is held for as long as the ack."""

from bot.domain.actor import Actor
from bot.domain.alert import Alert, Event
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
        await parcels.add(tx, [renewal(found[number], name, now) for number, name in held])
        return len(held)

    return await storage.write(work)


def renewal(alert: Alert, channel: str, now: int) -> Parcel:
    """Return the parcel that tells a channel once more who holds an alert, and why."""
    holder = Actor(kind=alert.state_who, name=alert.state_by, id=alert.state_by_id)
    event = Event(action=RENEWED, at=alert.state_at, by=holder, note=alert.state_note)
    return Parcel(
        tenant=alert.tenant,
        channel=channel,
        number=alert.number,
        action=event.action,
        at=now,
        content=content(alert, event),
    )
