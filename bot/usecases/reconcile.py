"""Reconcile: after an outage a service and we may say different things; that is found, told in the room once, and acks are sent again."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import structlog

from bot.domain.alert import RULES, Alert
from bot.domain.channel import NAMED_BY_US, Channel, Kind
from bot.domain.difference import Difference, Survey, What, differences, told
from bot.domain.notice import Lane, News
from bot.ports import Later, Never
from bot.storage import alerts, outbox, parcels, plans, tenants
from bot.storage import differences as stored
from bot.storage.engine import Storage, Tx
from bot.usecases.forward import Unseal, opened
from bot.usecases.renew import renewal

MOST = 5000
"""So many active alerts of a tenant are compared."""

log = structlog.get_logger()


@runtime_checkable
class Surveyor(Protocol):
    """A service that can be asked where problems stand."""

    async def survey(self, known: Sequence[Alert], to: Channel) -> Survey:
        """Say where these active alerts stand there, and what else fires there. Raises Later or Never."""
        ...


async def due(storage: Storage, services: Mapping[Kind, object], clock: Callable[[], int], *, unseal: Unseal) -> int:
    """Compare every tenant's alerts with the services of their channels; return how many differences were told."""

    async def known(tx: Tx) -> list[int]:
        return [tenant.id for tenant in await tenants.tenants(tx)]

    many = 0
    for tenant in await storage.look(known):
        async with storage.read() as tx:
            plan = await plans.load(tx, tenant)
            asked = [each for each in plan.channels.values() if isinstance(services[each.kind], Surveyor)]
            active = await stored.active(tx, tenant, MOST) if asked else []
            heard = await parcels.channels_of(tx, tenant, [alert.number for alert in active])
        for channel in asked:
            mine = [alert for alert in active if channel.name in plan.channels_for(alert)]
            if channel.kind in NAMED_BY_US:
                # It cannot have what it was never told of.
                mine = [alert for alert in mine if channel.name in heard.get(alert.number, ())]
            surveyor = services[channel.kind]
            assert isinstance(surveyor, Surveyor)
            try:
                survey = await surveyor.survey(mine, opened(channel, unseal))
            except (Later, Never) as trouble:
                log.warning("survey_failed", tenant=tenant, channel=channel.name, reason=trouble.reason)
                continue
            if len(active) == MOST:
                # Not all alerts were looked at, so nobody can say what is unknown here.
                survey = Survey(standings=survey.standings)
            comparison = _Comparison(tenant=tenant, channel=channel.name, asked=mine, survey=survey, now=clock())
            found = await storage.write(comparison.write)
            if found:
                log.info("differences_told", tenant=tenant, channel=channel.name, many=found)
            many += found
    return many


@dataclass(frozen=True, kw_only=True, slots=True)
class _Comparison:
    """One look at one channel's service: which alerts it was asked for, and what it said."""

    tenant: int
    channel: str
    asked: Sequence[Alert]
    survey: Survey
    now: int

    async def write(self, tx: Tx) -> int:
        """Note what differs, and tell what has lasted; return how much that is."""
        await tenants.lock(tx, self.tenant)
        fresh = await alerts.by_numbers(tx, self.tenant, [alert.number for alert in self.asked])
        waiting = await stored.waiting(tx, self.tenant, self.channel)
        # What has changed while the service was asked is looked at the next time.
        same = [
            fresh[alert.number]
            for alert in self.asked
            if alert.number not in waiting and fresh[alert.number].state_at == alert.state_at
        ]
        strays = list(self.survey.strays)
        known = await _known(tx, self.tenant, strays, self.now) if strays else frozenset()
        found = differences(same, self.survey, known=known, now=self.now)
        before = await stored.seen(tx, self.tenant, self.channel)
        await stored.add(tx, self.tenant, self.channel, [each for each in found if each not in before], self.now)
        await stored.over(tx, self.tenant, self.channel, [each for each in before if each not in found])
        news = [each for each in found if each in before and before[each].to_tell(self.now)]
        if news:
            await self._tell(tx, news, fresh)
        return len(news)

    async def _tell(self, tx: Tx, news: Sequence[Difference], known: Mapping[int, Alert]) -> None:
        owner = await tenants.tenant(tx, self.tenant)
        fallback = owner.fallback_room if owner else None
        by_room: dict[int | None, list[Difference]] = defaultdict(list)
        for each in news:
            by_room[known[each.number].room if each.number else fallback].append(each)
        posts = [
            outbox.Post(
                tenant=self.tenant,
                room=room,
                news=News.DIFFERENCES,
                lane=Lane.NEWS,
                at=self.now,
                detail={"why": told(self.channel, found)},
            )
            for room, found in by_room.items()
            if room is not None
        ]
        again = [each.number for each in news if each.what is What.NOT_ACKED]
        await outbox.add(tx, posts)
        await parcels.add(tx, [renewal(known[number], self.channel, self.now) for number in again])
        await stored.told(tx, self.tenant, self.channel, news, self.now)


async def _known(tx: Tx, tenant: int, keys: Sequence[str], now: int) -> frozenset[str]:
    """Return the keys of which there is an active alert here, or one that was closed so lately that it stays closed."""
    found = set()
    for feed in await stored.feeds(tx, tenant):
        for key, alert in (await alerts.latest_of(tx, feed, keys)).items():
            if alert.active or now - alert.state_at < RULES.close_hold:
                found.add(key)
    return frozenset(found)
