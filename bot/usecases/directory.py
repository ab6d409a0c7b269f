"""Directory: who and where. Names come from Hipchat's directory by id, kept for a while, never from a callback's body."""

import asyncio
import contextlib
import enum
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.domain.actor import Person
from bot.domain.signal import clean
from bot.domain.tenant import Caller, Hook, Installation, Room, Speaker, Tenant, speaker_of
from bot.ports import Chat, Dead, Later, Never, Place
from bot.storage import alerts, people, speakers, tenants
from bot.storage.engine import Storage, StorageError, Tx
from bot.storage.people import Known

FRESH = 10 * 60_000
"""Milliseconds for which the directory's word is good."""
TRUSTED = 24 * 60 * 60_000
"""Milliseconds for which its last word goes on giving rights while it cannot be asked."""
NAME_LIMIT = 200
PATIENCE = 3.0
"""Seconds that a command waits for the directory; Hipchat waits for the command."""

ROOMS = 3
"""So many other rooms a command asks the directory about."""

FindPerson = Callable[[str], Awaitable[Person | None]]
FindRooms = Callable[[Sequence[int]], Awaitable[Mapping[int, str]]]

log = structlog.get_logger()


class _NoAnswer(Exception):
    """The directory could not be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A room with its tenant and the one who speaks for us there."""

    tenant: Tenant
    room: Room
    speaker: Speaker | None

    def speaks(self, who: Speaker) -> bool:
        """Whether it is this one who speaks there, whatever else of it was changed meanwhile."""
        match self.speaker, who:
            case Hook(), Hook():
                return self.speaker.id == who.id
            case Installation(), Installation():
                return self.speaker.oauth_id == who.oauth_id
            case _:
                return False


async def room(
    storage: Storage, chat: Chat[Speaker], installation: Installation, hipchat_id: int, *, now: int
) -> Spot | None:
    """Return the room of a signed callback; a group's installation may meet a room for the first time. None: not its room."""

    async def seen(tx: Tx) -> tuple[Tenant, Spot | None]:
        tenant = await tenants.tenant(tx, installation.tenant)
        assert tenant is not None
        known = await tenants.room_by_hipchat(tx, tenant.id, hipchat_id)
        return tenant, await _spot(tx, tenant, known) if known else None

    tenant, spot = await storage.look(seen)
    if installation.room is not None:
        return spot if spot is not None and spot.room.id == installation.room else None
    if spot is not None:
        return spot
    try:
        place = await chat.place(installation, hipchat_id)
    except (Later, Never, Dead) as trouble:
        log.warning("room_unknown", hipchat_id=hipchat_id, reason=str(trouble))
        return None
    if place is None:
        return None
    async with storage.begin(urgent=True) as tx:
        added = await tenants.add_room(
            tx, tenant=tenant.id, hipchat_id=place.id, name=clean(place.name, NAME_LIMIT), now=now
        )
        return await _spot(tx, tenant, added)


async def hooked_room(storage: Storage, hook: Hook) -> Spot:
    """Return the room of a token hook."""
    async with storage.read() as tx:
        tenant = await tenants.tenant(tx, hook.tenant)
        known = await tenants.room(tx, hook.room)
        assert tenant is not None
        assert known is not None
        return await _spot(tx, tenant, known)


async def _spot(tx: Tx, tenant: Tenant, known: Room) -> Spot:
    speaker = speaker_of(known.id, await speakers.installations(tx, tenant.id), await speakers.hooks(tx, tenant.id))
    return Spot(tenant=tenant, room=known, speaker=speaker)


class Rank(enum.IntEnum):
    """What somebody may configure: nothing, what belongs to one room, or everything of the group."""

    NOBODY = 0
    ROOM = 1
    GROUP = 2


async def is_admin(chat: Chat[Speaker], speaker: Speaker, room: Room, who: int) -> bool:
    """Ask Hipchat whether a user owns a room or is an admin of the group."""
    return await rank_of(chat, speaker, room, who) > Rank.NOBODY


async def rank_of(chat: Chat[Speaker], speaker: Speaker, room: Room, who: int) -> Rank:
    """Ask Hipchat what a user administers: a JWT does not tell. Who cannot be asked about administers nothing."""
    try:
        async with asyncio.timeout(PATIENCE):
            person = await chat.person(speaker, who)
            if person is None or person.gone or person.guest:
                return Rank.NOBODY
            if person.admin:
                return Rank.GROUP
            place = await chat.place(speaker, room.hipchat_id)
    except (Later, Never, Dead, TimeoutError) as trouble:
        log.warning("admin_unknown", reason=str(trouble))
        return Rank.NOBODY
    return Rank.ROOM if place is not None and place.owner == who else Rank.NOBODY


async def unreachable(tx: Tx, caller: Caller) -> tuple[int, ...]:
    """Return the rooms whose news comes to the caller's, which is the fallback room, because nobody speaks in them."""
    if caller.room.id != caller.tenant.fallback_room:
        return ()
    installed = await speakers.installations(tx, caller.tenant.id)
    hooked = await speakers.hooks(tx, caller.tenant.id)
    return tuple(
        room.id
        for room in await tenants.rooms(tx, caller.tenant.id)
        if room.id != caller.room.id
        and (room.gone_at is not None or (room.trouble and speaker_of(room.id, installed, hooked) is None))
    )


async def bound(storage: Storage, hook: Hook, *, oauth_client_id: str, webhook_id: int | None) -> bool:
    """Whether a callback comes from the sender that its path is bound to; the first one binds it (product.md 7)."""
    if hook.oauth_client_id is not None:
        return (hook.oauth_client_id, hook.webhook_id) == (oauth_client_id, webhook_id or 0)
    async with storage.begin(urgent=True) as tx:
        return await speakers.bind_hook(tx, hook.id, oauth_client_id=oauth_client_id, webhook_id=webhook_id or 0)


async def look_again(
    storage: Storage, chat: Chat[Speaker], installation: Installation, hipchat_id: int, *, now: int
) -> None:
    """Ask Hipchat whether a room is there: a callback's word that it was archived or deleted is only a hint."""
    try:
        place = await chat.place(installation, hipchat_id)
    except (Later, Never, Dead) as trouble:
        log.warning("room_not_confirmed", hipchat_id=hipchat_id, reason=str(trouble))
        return
    gone = place is None or place.archived
    async with storage.begin() as tx:
        await tenants.room_gone(tx, installation.tenant, hipchat_id, now if gone else None)
    log.info("room_gone" if gone else "room_back", tenant=installation.tenant, hipchat_id=hipchat_id)


async def person(storage: Storage, chat: Chat[Speaker], speaker: Speaker, who: str, *, now: int) -> Known:
    """Return who a user id is.

    When Hipchat cannot be asked, its word of the last day counts. Whom it does not confirm is a guest: rights come from
    what was looked up, never from a look-up that failed.
    """
    known = await storage.look(lambda tx: people.by_id(tx, speaker.tenant, who))
    if known is not None and now - known.fetched_at < FRESH:
        return known
    try:
        found = await _ask(chat, speaker, int(who))
    except _NoAnswer:
        if known is not None and now - known.fetched_at < TRUSTED:
            return known
        found = None
    if found is None:
        name = f"user {who}"
        stranger = known or Known(id=who, name=name, mention_name=name, time_zone="", is_guest=True, fetched_at=0)
        return replace(stranger, is_guest=True, confirmed=False)
    return await _keep(storage, speaker, found, now)


async def learn(
    storage: Storage, chat: Chat[Speaker], tenant: int, room: int | None, who: str, *, now: int
) -> Known | None:
    """Return who a mention name (`@dana`) or an e-mail address is; Hipchat is asked, unless it was a while ago, through the room's speaker."""

    async def seen(tx: Tx) -> tuple[Known | None, Speaker | None]:
        known = await people.called(tx, tenant, who)
        installed = await speakers.installations(tx, tenant)
        places = [room] if room is not None else [each.id for each in await tenants.rooms(tx, tenant)]
        hooked = await speakers.hooks(tx, tenant)
        found = [speaker for place in places if (speaker := speaker_of(place, installed, hooked)) is not None]
        return known, found[0] if found else None

    known, speaker = await storage.look(seen)
    if speaker is None or (known is not None and now - known.fetched_at < FRESH):
        return known
    try:
        found = await _ask(chat, speaker, who)
    except _NoAnswer:
        return known
    if found is None and known is not None:  # no user any more: what they were gives no rights
        return await _keep(storage, speaker, replace(known, is_guest=True), now)
    return known if found is None else await _keep(storage, speaker, found, now)


def finder(storage: Storage, chat: Chat[Speaker], speaker: Speaker, *, now: int) -> FindPerson:
    """Return the look-up by mention name for a room; it answers None for a name that nobody has."""

    async def find(mention: str) -> Person | None:
        known = await storage.look(lambda tx: people.by_mention(tx, speaker.tenant, mention))
        if known is None or now - known.fetched_at >= FRESH:
            with contextlib.suppress(_NoAnswer):
                found = await _ask(chat, speaker, f"@{mention}")
                known = None if found is None else await _keep(storage, speaker, found, now)
        return Person(id=known.id, name=known.mention_name) if known else None

    return find


def rooms_finder(storage: Storage, chat: Chat[Speaker], caller: Caller) -> FindRooms:
    """Return the look-up of the other rooms that alerts belong to, and that the caller may see, by our ids.

    A room that everybody of the group sees may be named to whoever is of the group. Of any other, of one that Hipchat does
    not tell about in time, and to guests and people who are not proven, nothing is said.
    """

    async def find(numbers: Sequence[int]) -> Mapping[int, str]:
        if caller.is_guest or not caller.verified:
            return {}
        owner = caller.tenant.id

        async def seen(tx: Tx) -> list[tuple[Room, Speaker]]:
            others = sorted(await alerts.rooms_of(tx, owner, numbers) - {caller.room.id})[:ROOMS]
            if not others:
                return []
            installed, hooked = await speakers.installations(tx, owner), await speakers.hooks(tx, owner)
            known = {room.id: room for room in await tenants.rooms(tx, owner)}
            found = [(known[each], speaker_of(each, installed, hooked)) for each in others if each in known]
            return [(room, speaker) for room, speaker in found if speaker is not None]

        rooms = await storage.look(seen)
        places = await asyncio.gather(*(_place(chat, speaker, room) for room, speaker in rooms))
        return {
            room.id: clean(place.name, NAME_LIMIT)
            for (room, _), place in zip(rooms, places, strict=True)
            if place is not None and not place.private and not place.archived
        }

    return find


async def _place(chat: Chat[Speaker], speaker: Speaker, room: Room) -> Place | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await chat.place(speaker, room.hipchat_id)
    except (Later, Never, Dead, TimeoutError) as trouble:
        log.warning("room_unknown", hipchat_id=room.hipchat_id, reason=str(trouble))
        return None


async def _ask(chat: Chat[Speaker], speaker: Speaker, who: int | str) -> Known | None:
    """Ask the directory about somebody; None for whom it does not know. Raises _NoAnswer."""
    try:
        async with asyncio.timeout(PATIENCE):
            found = await chat.person(speaker, who)
    except (Later, Never, Dead, TimeoutError) as trouble:
        log.warning("person_unknown", reason=str(trouble))
        raise _NoAnswer from None
    if found is None or found.gone:
        return None
    return Known(
        id=str(found.id),
        name=clean(found.name, NAME_LIMIT),
        mention_name=clean(found.mention_name, NAME_LIMIT),
        time_zone=clean(found.time_zone, NAME_LIMIT),
        email=clean(found.email, NAME_LIMIT),
        is_guest=found.guest,
        fetched_at=0,
    )


async def _keep(storage: Storage, speaker: Speaker, found: Known, now: int) -> Known:
    kept = replace(found, fetched_at=now)
    try:
        async with storage.begin(urgent=True) as tx:
            await people.put(tx, speaker.tenant, kept)
    except StorageError as error:
        # Who somebody is, is known now; it is asked for again the next time.
        log.warning("person_not_kept", reason=str(error))
    return kept
