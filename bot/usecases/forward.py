"""Forward: a parcel goes to its channel, and what became of it is noted.

What a service refuses for good is given up and said in the alert's room, once until something is taken again; what may pass
is tried for days. A repeat after a crash is possible, and every service knows it by its id.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import structlog

from bot.domain.channel import SETTINGS, Channel, Kind, Parcel
from bot.domain.errors import Unknown
from bot.domain.notice import Lane, News
from bot.domain.retry import retry_at
from bot.ports import Later, Never, Receipt
from bot.storage import alerts, mutes, outbox, parcels, plans
from bot.storage.engine import Storage, StorageError, Tx
from bot.usecases import configure
from bot.usecases.noting import insisted

LEASE = 60_000
PATIENCE = 3 * 24 * 3_600_000
"""Milliseconds after which a parcel that could not be sent is given up."""
REFUSED = "The channel {channel} did not take the news of #{number} ({action}): {reason}"
TEST = "Test of the channel {name}: if you can read this, alerts reach you here"
TEST_STEPS = {
    Kind.ALERTMANAGER: ("acked", "resolved"),
    Kind.PAGERDUTY: ("opened", "resolved"),
    Kind.OPSGENIE: ("opened", "resolved"),
    Kind.NAGIOS: ("opened", "resolved"),
    Kind.NRDP: ("opened", "resolved"),
    Kind.NSCA: ("opened", "resolved"),
}
"""What a test sends; other kinds get a note."""
UNKNOWN = "there is no channel {name}; there are: {names}"
NONE = "none"
NO_CHANNEL = "there is no such channel any more"
NOT_NOTED = "what became of it could not be noted"
FAULT = "something went wrong here; it has been logged"
SEALED_OTHERWISE = "its secret was sealed with another SECRET_KEY; bring the channel in again"

log = structlog.get_logger()

Unseal = Callable[[bytes], str]


class Service(Protocol):
    """Whoever carries parcels to one kind of channel."""

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Send one parcel. Raises Later or Never."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Carries parcels to the services of their channels, and notes what became of them."""

    storage: Storage
    services: Mapping[Kind, Service]
    clock: Callable[[], int]
    unseal: Unseal
    jitter: Callable[[], float]

    async def send(self, parcel: Parcel) -> Later | None:
        """Send a parcel, and note what became of it; whatever goes wrong with it costs no other one.

        Returns why it has to be tried again, None when it is done with.
        """
        try:
            return await self._send(parcel)
        except StorageError as error:
            # Its lease runs out, and it is sent again under the same id.
            log.warning("parcel_not_noted", tenant=parcel.tenant, channel=parcel.channel, reason=str(error))
            return Later(NOT_NOTED)
        except Exception:
            log.exception("parcel_failed", tenant=parcel.tenant, channel=parcel.channel, alert=parcel.number)
            with contextlib.suppress(StorageError):
                await self._postpone(parcel, Later(FAULT))
            return None

    async def _send(self, parcel: Parcel) -> Later | None:
        async with self.storage.read() as tx:
            channel = (await plans.load(tx, parcel.tenant)).channels.get(parcel.channel)
            parcel = replace(
                parcel,
                reference=await parcels.reference(tx, parcel),
                muted=await mutes.of_channel(tx, parcel.tenant, parcel.channel),
            )
        if channel is None:
            await _give_up(self.storage, parcel, NO_CHANNEL, self.clock())
            return None
        bound = log.bind(tenant=parcel.tenant, channel=parcel.channel, alert=parcel.number, action=parcel.action)
        try:
            receipt = await self.services[channel.kind].send(parcel, opened(channel, self.unseal))
        except Later as trouble:
            await self._postpone(parcel, trouble)
            bound.warning("parcel_postponed", reason=trouble.reason)
            # What a service took in part is no sign that it takes nothing.
            return None if trouble.progress else trouble
        except Never as never:
            await _give_up(self.storage, parcel, never.reason, self.clock(), never.progress or parcel.progress)
            bound.warning("parcel_refused", reason=never.reason)
        else:

            async def note(tx: Tx) -> None:
                await parcels.done(tx, parcel.id, self.clock(), receipt.said or f"sent ({receipt.status})")
                if receipt.detail != parcel.reference:
                    await parcels.refer(tx, parcel, receipt.detail)

            await insisted(lambda: self.storage.write(note))
            bound.info("parcel_sent", status=receipt.status)
        return None

    async def _postpone(self, parcel: Parcel, trouble: Later) -> None:
        now = self.clock()
        if now - parcel.at >= PATIENCE:
            await _give_up(self.storage, parcel, trouble.reason, now, trouble.progress or parcel.progress)
            return
        at = trouble.retry_at or retry_at(parcel.attempts, now, self.jitter())
        progress = trouble.progress or parcel.progress
        async with self.storage.begin() as tx:
            await parcels.later(tx, parcel.id, min(at, now + parcels.FAR), trouble.reason, progress)


@runtime_checkable
class Prober(Protocol):
    """A service that takes no test, and can be asked whether it would take anything."""

    async def probe(self, to: Channel) -> int:
        """Ask, and return its status. Raises Later or Never."""
        ...


async def channel_of(tx: Tx, tenant: int, name: str) -> Channel:
    """Return a tenant's channel by its name. Raises Unknown."""
    plan = await plans.load(tx, tenant)
    if name not in plan.channels:
        raise Unknown(UNKNOWN.format(name=name, names=", ".join(plan.channels) or NONE))
    return plan.channels[name]


async def replay(storage: Storage, tenant: str | None, name: str, *, since: int) -> int:
    """Queue once more what a channel refused since a moment (epoch ms); return how much that is. Raises Unknown or Invalid."""

    async def work(tx: Tx) -> int:
        owner = await configure.which_tenant(tx, tenant)
        await channel_of(tx, owner.id, name)
        return await parcels.revive(tx, owner.id, name, since)

    return await storage.write(work)


async def try_out(
    service: Service,
    channel: Channel,
    tenant: int,
    *,
    unseal: Unseal,
    now: int,
    muted: frozenset[str] = frozenset(),
) -> int:
    """Send a test to a channel, and return its service's status. What it begins there, it ends. Raises Later or Never.

    A service that takes news of its own alerts only is asked whether it knows us.
    """
    if isinstance(service, Prober):
        return await service.probe(opened(channel, unseal))
    reference, status = "", 0
    for step in TEST_STEPS.get(channel.kind, ("noted",)):
        parcel = Parcel(
            tenant=tenant,
            channel=channel.name,
            number=0,
            action=step,
            at=now,
            content=_test_content(channel.name, now),
            id=now,
            reference=reference,
            muted=muted,
        )
        receipt = await service.send(parcel, opened(channel, unseal))
        reference, status = receipt.detail, receipt.status
    return status


def _test_content(name: str, now: int) -> dict[str, object]:
    return {
        "alert": 0,
        "state": "open",
        "severity": "info",
        "summary": TEST.format(name=name),
        "description": "",
        "source": "alertbot",
        "senders": [],
        "dedup_key": "alertbot:test",
        "labels": {"alertname": "AlertbotTest"},
        "links": [],
        "count": 1,
        "owner": None,
        "starts_at": None,
        "opened_at": now,
        "until": now + LEASE,
        "by": "alertbot",
        "note": "",
        "dialect": "",
    }


def opened(channel: Channel, unseal: Unseal) -> Channel:
    """Return a channel with its secrets open. Raises Later when they were sealed with another key."""
    settings = dict(channel.settings)
    for name, setting in SETTINGS[channel.kind].items():
        if setting.secret and name in settings:
            try:
                settings[name] = unseal(settings[name].encode())
            except Exception as error:
                raise Later(SEALED_OTHERWISE) from error
    return replace(channel, settings=settings)


async def _give_up(storage: Storage, parcel: Parcel, reason: str, now: int, progress: str = "") -> None:
    async def work(tx: Tx) -> None:
        last = await parcels.last_result(tx, parcel.tenant, parcel.channel)
        await parcels.done(tx, parcel.id, now, f"{parcels.DEAD}{reason}", progress)
        alert = (await alerts.by_numbers(tx, parcel.tenant, [parcel.number])).get(parcel.number)
        if alert is None or alert.room is None or last.startswith(parcels.DEAD):
            return
        words = REFUSED.format(channel=parcel.channel, number=parcel.number, action=parcel.action, reason=reason)
        post = outbox.Post(
            tenant=parcel.tenant,
            room=alert.room,
            news=News.UNREACHED,
            lane=Lane.CRITICAL,
            at=now,
            number=parcel.number,
            detail={"why": words},
        )
        await outbox.add(tx, [post])

    await storage.write(work)
