"""Configure: token hooks, feeds and keys, as admins set them up."""

import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.actor import SHELL
from bot.domain.errors import Invalid, Unknown
from bot.domain.proof import Pasted
from bot.domain.spans import is_zone
from bot.domain.tenant import Feed, Hook, Key, Level, Room, Scope, Tenant
from bot.storage import audit, feeds, mutes, speakers, tenants
from bot.storage.engine import Storage, Tx
from bot.storage.feeds import digest_of
from bot.usecases.install import feed_for

KEY_LENGTH = 32
ALPHABET = string.ascii_letters + string.digits
V1_TOKEN = re.compile(r"[0-9a-f]{30}")

NO_TENANT = "nobody has installed the bot yet: install the add-on, or join a room with `alertbot room add`"
WHICH_TENANT = "several groups use this bot; say which with --tenant: {names}"
NO_SUCH_TENANT = "no group {name}; there are: {names}"
NO_ZONE = "there is no time zone {name}; write one such as Europe/Berlin, or default"
NO_ROOM = "no room {name}; there are: {names}"
WHICH_FEED = "several feeds are there; say which with --feed: {names}"
NO_FEED = "no feed {name}; there are: {names}"
NO_KEY = "no live key {key}; `alertbot key list` shows them"
MADE_KEY = "made the key #{key} of the feed {feed}"
UNMUTED = "began the mails of the channel {channel} to {address} again"
REVOKED_KEY = "revoked the key #{key} of the feed {feed}"
IS_V1 = (
    "this is a token of the old API v1 (30 characters 0-9 a-f), which API v2 does not take. "
    "Make a v2 one: in Hipchat open Rooms, choose the room, Tokens, and create one with the scope Send Notification"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key just made; the only moment at which its secret is known."""

    id: int
    secret: str
    feed: Feed


def is_v1(token: str) -> bool:
    """Whether a token looks like one of API v1 (hipchat-api.md 2.2)."""
    return V1_TOKEN.fullmatch(token) is not None


async def which_tenant(tx: Tx, name: str | None) -> Tenant:
    """Return the tenant of a group's name or id, or of its host; the only one when none is said. Raises Unknown or Invalid."""
    known = await tenants.tenants(tx)
    names = ", ".join(f"{each.name} (group {each.group_id} on {each.host})" for each in known)
    if not known:
        raise Unknown(NO_TENANT)
    if name is None:
        if len(known) > 1:
            raise Invalid(WHICH_TENANT.format(names=names))
        return known[0]
    meant = [each for each in known if name in {each.name, str(each.group_id), each.host}]
    if not meant:
        raise Unknown(NO_SUCH_TENANT.format(name=name, names=names))
    if len(meant) > 1:
        raise Invalid(WHICH_TENANT.format(names=names))
    return meant[0]


async def which_room(tx: Tx, tenant: Tenant, name: str) -> Room:
    """Return a tenant's room by Hipchat's id or by name. Raises Unknown."""
    known = await tenants.rooms(tx, tenant.id)
    for room in known:
        if name in {room.name, str(room.hipchat_id)}:
            return room
    raise Unknown(NO_ROOM.format(name=name, names=", ".join(room.name for room in known) or "none"))


async def change_rights(
    storage: Storage, *, tenant: str | None, room: str, changes: Mapping[str, Level | None]
) -> Room:
    """Change who may use verbs in a room (None: as usual again), and return the room. Raises Unknown or Invalid."""

    async def work(tx: Tx) -> Room:
        owner = await which_tenant(tx, tenant)
        found = await which_room(tx, owner, room)
        kept = {**found.rights, **changes}
        rights = {verb: level for verb, level in kept.items() if level is not None}
        if changes:
            await tenants.set_rights(tx, found.id, rights)
        return replace(found, rights=rights)

    return await storage.write(work)


async def change_zone(storage: Storage, *, tenant: str | None, room: str, time_zone: str | None) -> Room:
    """Change the time zone of a room ("": the asker's again; None: leave it), and return the room. Raises Unknown or Invalid."""
    if time_zone and not is_zone(time_zone):
        raise Invalid(NO_ZONE.format(name=time_zone))

    async def work(tx: Tx) -> Room:
        found = await which_room(tx, await which_tenant(tx, tenant), room)
        if time_zone is None:
            return found
        await tenants.set_zone(tx, found.id, time_zone)
        return replace(found, time_zone=time_zone)

    return await storage.write(work)


async def which_feed(tx: Tx, tenant: Tenant, name: str | None, room: Room | None, now: int) -> Feed:
    """Return the feed of a name (made when it is new and a room is given), of a room, or the only one."""
    known = await feeds.feeds(tx, tenant.id)
    if name is not None:
        for feed in known:
            if feed.name == name and (room is None or feed.room == room.id):
                return feed
        if room is None:
            raise Unknown(NO_FEED.format(name=name, names=", ".join(feed.name for feed in known) or "none"))
        return await feeds.add_feed(tx, tenant=tenant.id, name=name, room=room.id, now=now)
    if room is not None:
        return await feed_for(tx, room, now)
    if len(known) == 1:
        return known[0]
    if not known:
        raise Unknown(NO_FEED.format(name="yet", names="none; add a room first"))
    raise Invalid(WHICH_FEED.format(names=", ".join(feed.name for feed in known)))


async def create_key(
    storage: Storage,
    *,
    tenant: str | None = None,
    room: str | None = None,
    feed: str | None = None,
    name: str = "",
    scopes: frozenset[Scope] = frozenset({Scope.INGEST}),
    now: int,
) -> NewKey:
    """Make a key of a feed. Raises Unknown or Invalid."""
    async with storage.begin() as tx:
        owner = await which_tenant(tx, tenant)
        place = await which_room(tx, owner, room) if room is not None else None
        target = await which_feed(tx, owner, feed, place, now)
        made = await add_key(tx, target, name or f"key-{secrets.token_hex(2)}", scopes, now)
        await _note(tx, owner.id, MADE_KEY.format(key=made.id, feed=target.name), now)
        return made


async def rotate_key(storage: Storage, key_id: int, *, now: int) -> tuple[Key, NewKey]:
    """Make a key beside an old one, with its name and scopes; the old one lives until it is revoked. Raises Unknown."""
    async with storage.begin() as tx:
        old = await _live_key(tx, key_id)
        made = await add_key(tx, old.feed, old.name, old.scopes, now)
        await _note(tx, old.feed.tenant, MADE_KEY.format(key=made.id, feed=old.feed.name), now)
        return old, made


async def revoke_key(storage: Storage, key_id: int, *, now: int) -> Key:
    """End a key. Raises Unknown."""
    async with storage.begin() as tx:
        key = await _live_key(tx, key_id)
        await feeds.revoke(tx, key_id, now)
        await _note(tx, key.feed.tenant, REVOKED_KEY.format(key=key_id, feed=key.feed.name), now)
        return key


async def unmute(storage: Storage, tenant: str | None, channel: str, address: str, *, now: int) -> bool:
    """Let an address have a channel's mails again; say whether it had ended them. Raises Unknown or Invalid."""
    async with storage.begin() as tx:
        owner = await which_tenant(tx, tenant)
        ended = await mutes.end(tx, owner.id, channel, address)
        if ended:
            await _note(tx, owner.id, UNMUTED.format(channel=channel, address=address), now)
        return ended


async def list_keys(storage: Storage, tenant: str | None) -> list[Key]:
    """Return a tenant's keys. Raises Unknown or Invalid."""
    async with storage.read() as tx:
        return await feeds.keys(tx, (await which_tenant(tx, tenant)).id)


async def _live_key(tx: Tx, key_id: int) -> Key:
    for tenant in await tenants.tenants(tx):
        for key in await feeds.keys(tx, tenant.id):
            if key.id == key_id and key.revoked_at is None:
                return key
    raise Unknown(NO_KEY.format(key=key_id))


async def add_key(tx: Tx, feed: Feed, name: str, scopes: frozenset[Scope], now: int) -> NewKey:
    """Make a key of a feed."""
    secret = "".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH))
    number = await feeds.add_key(tx, feed=feed.id, name=name, secret=secret, scopes=scopes, now=now)
    return NewKey(id=number, secret=secret, feed=feed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """A room joined by a token; the callback's secret path is known only now."""

    tenant: Tenant
    room: Room
    callback: str


async def add_hook(storage: Storage, pasted: Pasted, *, sealed: bytes, now: int) -> Joined:
    """Join a room by its token, or give a joined room another one; the callback path is new each time."""
    callback = secrets.token_urlsafe(32)
    async with storage.begin() as tx:
        tenant = await tenants.add_tenant(
            tx, host=pasted.host, group_id=pasted.group_id, name=pasted.group_name, now=now
        )
        room = await tenants.add_room(tx, tenant=tenant.id, hipchat_id=pasted.room_id, name=pasted.room_name, now=now)
        await feed_for(tx, room, now)
        hook = Hook(
            id=0,
            tenant=tenant.id,
            room=room.id,
            kind=pasted.kind,
            label=pasted.label,
            api_url=pasted.api_url,
            token=sealed,
        )
        await speakers.put_hook(tx, hook, callback_hash=digest_of(callback), now=now)
    return Joined(tenant=tenant, room=room, callback=callback)


async def remove_hook(storage: Storage, *, tenant: str | None, room: str) -> Room:
    """Leave a room that was joined by a token. Raises Unknown when it was not."""
    async with storage.begin() as tx:
        owner = await which_tenant(tx, tenant)
        place = await which_room(tx, owner, room)
        if not await speakers.remove_hook(tx, place.id):
            raise Unknown(f"{place.name} was not joined by a token")
        return place


async def _note(tx: Tx, tenant: int, what: str, now: int) -> None:
    await audit.add(tx, tenant=tenant, room=None, by=SHELL, what=what, now=now)
