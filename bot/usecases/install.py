"""Install: an add-on is installed, updated, suspended, resumed or removed. Callbacks are unsigned; Hipchat is asked."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.domain.notice import Lane, News
from bot.domain.proof import Claim, NotProven, Proof
from bot.domain.tenant import Feed, Installation, Room, Standing, Tenant
from bot.ports import Later, Never
from bot.storage import feeds, outbox, speakers, tenants
from bot.storage.engine import Storage, Tx

HOUR = 3_600_000
KEPT = 30 * 24 * HOUR
"""How long the secret of a suspended installation is kept."""

OTHER_GROUP = "Hipchat says that this installation belongs to another group"
OTHER_ROOM = "Hipchat says that this installation belongs to another room"
NOT_INVITED = "this group may not install the bot here (HIPCHAT_GROUPS)"
UNKNOWN = "no such installation"
MOVED = "an update may change neither host nor group"


log = structlog.get_logger()


class Prover(Protocol):
    """Whoever asks Hipchat."""

    async def prove(self, claim: Claim) -> Proof:
        """Return what Hipchat says. Raises NotProven."""
        ...

    async def is_dead(self, *, token_url: str, oauth_id: str, secret: str) -> bool:
        """Whether Hipchat no longer knows the installation. Raises Later or Never."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """What an installation came to."""

    tenant: Tenant
    room: Room | None
    first: bool


async def install(
    storage: Storage,
    prover: Prover,
    claim: Claim,
    *,
    seal: Callable[[str], bytes],
    groups: Sequence[int],
    now: int,
) -> Installed:
    """Install the add-on for a room or a group, or again. Raises NotProven; then nothing is stored."""
    proof = await prover.prove(claim)
    _agree(claim, proof, groups)
    async with storage.begin(urgent=True) as tx:
        known = await speakers.installation(tx, claim.oauth_id)
        tenant = await tenants.add_tenant(tx, host=proof.host, group_id=proof.group_id, name=proof.group_name, now=now)
        if known is not None and known.tenant != tenant.id:
            raise NotProven(MOVED)
        room = await _room(tx, tenant, proof, now)
        await speakers.put(tx, _installation(claim, proof, tenant, room, seal(claim.secret)), now)
        if known is None and room is not None:
            await _greet(tx, room, now)
    return Installed(tenant=tenant, room=room, first=known is None)


async def update(
    storage: Storage,
    prover: Prover,
    claim: Claim,
    *,
    unseal: Callable[[bytes], str],
    seal: Callable[[str], bytes],
    groups: Sequence[int],
    now: int,
) -> Installed:
    """Take up a changed descriptor. No secret comes with it: the stored one must still fetch a token. Raises NotProven."""
    async with storage.read() as tx:
        known = await speakers.installation(tx, claim.oauth_id)
        tenant = await tenants.tenant(tx, known.tenant) if known else None
        room = await tenants.room(tx, known.room) if known and known.room is not None else None
    if known is None or tenant is None:
        raise NotProven(UNKNOWN)
    trusted = Claim(
        oauth_id=claim.oauth_id,
        secret=unseal(known.secret),
        capabilities_url=claim.capabilities_url,
        group_id=claim.group_id if claim.group_id is not None else tenant.group_id,
        # An update need not name the room (hipchat-api.md 7.4); which it is was proven at the installation.
        room_id=claim.room_id if claim.room_id is not None or room is None else room.hipchat_id,
    )
    proof = await prover.prove(trusted)
    if (proof.host, proof.group_id) != (tenant.host, tenant.group_id):
        raise NotProven(MOVED)
    _agree(trusted, proof, groups)
    async with storage.begin(urgent=True) as tx:
        place = await _room(tx, tenant, proof, now)
        await speakers.put(tx, _installation(trusted, proof, tenant, place, seal(trusted.secret)), now)
    return Installed(tenant=tenant, room=place, first=False)


async def uninstall(
    storage: Storage, prover: Prover, oauth_id: str, *, unseal: Callable[[bytes], str], now: int
) -> bool:
    """Suspend an installation that Hipchat no longer knows; say whether it did. The callback alone proves nothing.

    Raises what the prover raises when Hipchat cannot be asked.
    """
    async with storage.read() as tx:
        known = await speakers.installation(tx, oauth_id)
    if known is None:
        return False
    if not await prover.is_dead(token_url=known.token_url, oauth_id=oauth_id, secret=unseal(known.secret)):
        return False
    async with storage.begin(urgent=True) as tx:
        await speakers.suspend(tx, oauth_id, now=now, next_try_at=now + HOUR)
    return True


async def retry_suspended(
    storage: Storage, prover: Prover, *, unseal: Callable[[bytes], str], now: int
) -> list[Installation]:
    """Try suspended installations again, hourly, for 30 days; return those that are good again."""
    async with storage.read() as tx:
        due = await speakers.due(tx, now)
    resumed = []
    for each in due:
        if each.suspended_at is not None and now - each.suspended_at > KEPT:
            async with storage.begin() as tx:
                await speakers.remove(tx, each.oauth_id)
            continue
        alive = await _alive(prover, each, unseal)
        async with storage.begin() as tx:
            if alive and await speakers.resume(tx, each.oauth_id):
                await outbox.wake(tx, each.tenant, now)
                resumed.append(each)
            else:
                await speakers.try_later(tx, each.oauth_id, now + HOUR)
    return resumed


async def heard(storage: Storage, each: Installation, now: int) -> bool:
    """Take a signed request as the proof that Hipchat knows an installation: it resumes, and its host's rooms are tried at once.

    Say whether that changed anything.
    """
    suspended = each.standing is Standing.SUSPENDED
    if not suspended and not await storage.look(lambda tx: outbox.held_back(tx, each.tenant, now)):
        return False

    async def work(tx: Tx) -> bool:
        resumed = suspended and await speakers.resume(tx, each.oauth_id)
        return bool(await outbox.wake(tx, each.tenant, now)) or resumed

    return await storage.write(work, urgent=True)


async def _alive(prover: Prover, each: Installation, unseal: Callable[[bytes], str]) -> bool:
    try:
        return not await prover.is_dead(token_url=each.token_url, oauth_id=each.oauth_id, secret=unseal(each.secret))
    except (Later, Never):
        return False
    except Exception:
        # One secret that cannot be opened must not keep the others from being tried.
        log.exception("installation_not_tried", oauth_id=each.oauth_id)
        return False


def _agree(claim: Claim, proof: Proof, groups: Sequence[int]) -> None:
    if claim.group_id is not None and claim.group_id != proof.group_id:
        raise NotProven(OTHER_GROUP)
    if claim.room_id != proof.room_id:
        raise NotProven(OTHER_ROOM)
    if groups and proof.group_id not in groups:
        raise NotProven(NOT_INVITED)


async def _room(tx: Tx, tenant: Tenant, proof: Proof, now: int) -> Room | None:
    if proof.room_id is None:
        return None
    room = await tenants.add_room(tx, tenant=tenant.id, hipchat_id=proof.room_id, name=proof.room_name, now=now)
    await feed_for(tx, room, now)
    return room


async def feed_for(tx: Tx, room: Room, now: int) -> Feed:
    """Return the feed that leads into a room; the first time one is made, named after the room."""
    known = await feeds.feeds(tx, room.tenant)
    for feed in known:
        if feed.room == room.id:
            return feed
    name = re.sub(r"[^a-z0-9]+", "-", room.name.lower()).strip("-") or f"room-{room.hipchat_id}"
    taken = {feed.name for feed in known}
    return await feeds.add_feed(
        tx,
        tenant=room.tenant,
        name=name if name not in taken else f"{name}-{room.hipchat_id}",
        room=room.id,
        now=now,
    )


def _installation(claim: Claim, proof: Proof, tenant: Tenant, room: Room | None, secret: bytes) -> Installation:
    return Installation(
        oauth_id=claim.oauth_id,
        tenant=tenant.id,
        room=room.id if room else None,
        secret=secret,
        capabilities_url=claim.capabilities_url,
        api_url=proof.api_url,
        token_url=proof.token_url,
        scopes=proof.scopes,
        standing=Standing.ACTIVE,
    )


async def _greet(tx: Tx, room: Room, now: int) -> None:
    await outbox.add(tx, [outbox.Post(tenant=room.tenant, room=room.id, news=News.GREETING, lane=Lane.NEWS, at=now)])
