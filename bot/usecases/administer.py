"""Administer: what admins change on the configure page; each change is noted with who made it.

An admin of the group may change everything of it; the owner of a room what belongs to that room alone (product.md 7).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.alert import State
from bot.domain.errors import Forbidden, Unknown
from bot.domain.mapping import table_of, written
from bot.domain.proof import Pasted
from bot.domain.routing import NO_PLAN, Plan, route_for
from bot.domain.signal import clean
from bot.domain.silence import Silence
from bot.domain.source import GENERIC
from bot.domain.spans import WEEK
from bot.domain.tenant import Caller, Hook, Key, Level, Room, Scope, Tenant
from bot.domain.verbs import NAMES
from bot.storage import audit, feeds, inbox, mutes, parcels, people, plans, silences, speakers, tenants, week
from bot.storage.audit import Entry
from bot.storage.engine import Storage, Tx
from bot.storage.parcels import Backlog
from bot.storage.people import Known
from bot.usecases import configure, planning
from bot.usecases.configure import Joined, NewKey
from bot.usecases.directory import Rank
from bot.usecases.install import feed_for

LOOKED_AT = 20_000
"""So many alerts of a week new routes are tried out on."""
ENTRIES = 50
PEOPLE = 200

GROUP_ONLY = "only admins of the group change what concerns all of its rooms"
NO_KEY = "there is no such live key here"
NO_VERB = "there is no verb {verb}"
MADE_KEY = "made the key {name} of the feed {feed} ({scopes})"
ROTATED_KEY = "made another key {name} of the feed {feed} beside #{key}"
REVOKED_KEY = "revoked the key #{key} {name} of the feed {feed}"
PLAN = "changed routes, policies, schedules, channels or sources: {changes}"
RIGHTS = "in {room}, {verb} is for {level} now"
REVOKED_LINKS = "revoked all links to alerts"
JOINED = "joined {room} with a token of {label}"
READING = "JSON of {feed}"
MESSAGE_LIMIT = 20_000
TESTED = "tested {what}: {result}"
WEEK_SAYS = "Last week this would have been {then} messages instead of {now}."
WEEK_SAME = "Last week this would have been {now} messages, as it was."
WEEK_EMPTY = "There were no messages in the last week to compare with."


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What the configure page shows."""

    keys: Sequence[Key]
    rooms: Sequence[Room]
    hooks: Sequence[Hook]
    plan: Plan
    tables: Mapping[str, Any]
    waiting: Mapping[str, Backlog]
    muted: Mapping[str, Sequence[str]]
    silences: Sequence[Silence]
    people: Sequence[Known]
    entries: Sequence[Entry]
    readings: Sequence["Reading"] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How the JSON of any tool is read in a feed: the mapping as lines ("" for none), and the last message that came ("" for none)."""

    feed: str
    mapping: str
    last: str


async def overview(storage: Storage, caller: Caller, rank: Rank) -> Overview:
    """Return what a person may see of the configuration: all of the group's, or their room's."""

    async def work(tx: Tx) -> Overview:
        tenant = caller.tenant
        whole = rank is Rank.GROUP
        keys = [key for key in await feeds.keys(tx, tenant.id) if whole or key.feed.room == caller.room.id]
        plan = await plans.load(tx, tenant.id) if whole else NO_PLAN
        return Overview(
            keys=keys,
            rooms=await tenants.rooms(tx, tenant.id) if whole else [caller.room],
            hooks=await speakers.hooks(tx, tenant.id) if whole else [],
            plan=plan,
            tables=await planning.tables_of(tx, tenant, plan),
            waiting={each.channel: each for each in await parcels.backlog(tx, tenant.id)} if whole else {},
            muted=await mutes.of_tenant(tx, tenant.id) if whole else {},
            silences=await silences.of_room(tx, tenant.id, caller.room.id),
            people=await people.latest(tx, tenant.id, PEOPLE),
            entries=await audit.latest(tx, tenant.id, ENTRIES, room=None if whole else caller.room.id),
            readings=await _readings(tx, tenant, plan) if whole else (),
        )

    return await storage.look(work)


async def _readings(tx: Tx, tenant: Tenant, plan: Plan) -> list[Reading]:
    found = []
    for feed in await feeds.feeds(tx, tenant.id):
        source, body = plan.source_for(feed.id, GENERIC), await inbox.last(tx, feed.id, GENERIC)
        mapping = source.mapping if source else None
        if mapping is not None or body is not None:
            last = clean((body or b"").decode("utf-8", "replace"), MESSAGE_LIMIT)
            found.append(Reading(feed=feed.name, mapping=written(mapping) if mapping else "", last=last))
    return found


async def change_mapping(
    storage: Storage,
    caller: Caller,
    rank: Rank,
    *,
    feed: str,
    lines: str,
    now: int,
    only_say: bool,
    force: bool,
) -> list[str]:
    """Read the JSON of any tool in a feed by a mapping, written as lines (none: by the usual names); return what that changes.

    Raises Forbidden for all but admins of the group, and planfile.Problems.
    """
    if rank is not Rank.GROUP:
        raise Forbidden(GROUP_ONLY)

    async def work(tx: Tx) -> list[str]:
        await tenants.lock(tx, caller.tenant.id)
        tables = await planning.tables_of(tx, caller.tenant, await plans.load(tx, caller.tenant.id))
        others = [each for each in tables.get("source", []) if (each["kind"], each.get("feed")) != (GENERIC, feed)]
        table = table_of(lines)
        own = [{"name": READING.format(feed=feed), "kind": GENERIC, "feed": feed, "map": table}] if table else []
        changes, tried, _ = await planning.brought_in(
            tx,
            caller.tenant,
            {**tables, "source": own + others},
            seal=_no_secret,
            now=now,
            only_say=only_say,
            force=force,
        )
        if changes and not only_say:
            await _note(tx, caller, PLAN.format(changes=", ".join(changes)), now)
        return changes + tried

    return await storage.write(work)


def _no_secret(_text: str) -> bytes:
    raise AssertionError  # every secret of a plan that was written out is `kept`


async def make_key(storage: Storage, caller: Caller, *, name: str, scopes: frozenset[Scope], now: int) -> NewKey:
    """Make a key of the room's feed."""

    async def work(tx: Tx) -> NewKey:
        feed = await feed_for(tx, caller.room, now)
        made = await configure.add_key(tx, feed, name, scopes, now)
        what = MADE_KEY.format(name=name, feed=feed.name, scopes=" ".join(sorted(scopes)))
        await _note(tx, caller, what, now)
        return made

    return await storage.write(work)


async def rotate_key(storage: Storage, caller: Caller, rank: Rank, key: int, *, now: int) -> NewKey:
    """Make a key beside one, with its name and scopes; the old one lives until it is revoked. Raises Unknown."""

    async def work(tx: Tx) -> NewKey:
        old = await _key(tx, caller, rank, key)
        made = await configure.add_key(tx, old.feed, old.name, old.scopes, now)
        await _note(tx, caller, ROTATED_KEY.format(name=old.name, feed=old.feed.name, key=key), now)
        return made

    return await storage.write(work)


async def revoke_key(storage: Storage, caller: Caller, rank: Rank, key: int, *, now: int) -> None:
    """End a key. Raises Unknown."""

    async def work(tx: Tx) -> None:
        old = await _key(tx, caller, rank, key)
        await feeds.revoke(tx, key, now)
        await _note(tx, caller, REVOKED_KEY.format(key=key, name=old.name, feed=old.feed.name), now)

    await storage.write(work)


async def _key(tx: Tx, caller: Caller, rank: Rank, number: int) -> Key:
    for key in await feeds.keys(tx, caller.tenant.id):
        if key.id == number and key.revoked_at is None and (rank is Rank.GROUP or key.feed.room == caller.room.id):
            return key
    raise Unknown(NO_KEY)


async def change_plan(
    storage: Storage,
    caller: Caller,
    rank: Rank,
    tables: Mapping[str, Any],
    *,
    seal: Callable[[str], bytes],
    now: int,
    only_say: bool,
    force: bool = False,
) -> tuple[list[str], str]:
    """Put a file in force, or only say what that would change; with what it would have made of last week's messages.

    Raises Forbidden for all but admins of the group, and planfile.Problems.
    """
    if rank is not Rank.GROUP:
        raise Forbidden(GROUP_ONLY)

    async def work(tx: Tx) -> tuple[list[str], str]:
        await tenants.lock(tx, caller.tenant.id)
        changes, tried, plan = await planning.brought_in(
            tx, caller.tenant, tables, seal=seal, now=now, only_say=only_say, force=force
        )
        if changes and not only_say:
            await _note(tx, caller, PLAN.format(changes=", ".join(changes)), now)
        return changes + tried, await _last_week(tx, caller.tenant.id, plan, now)

    return await storage.write(work)


async def _last_week(tx: Tx, tenant: int, plan: Plan, now: int) -> str:
    """Say how many of last week's messages a plan's holds would have spared."""
    told = await week.since(tx, tenant, now - WEEK, limit=LOOKED_AT)
    before = sum(each.messages for each in told)
    if not before:
        return WEEK_EMPTY
    after = 0
    for each in told:
        alert, route = each.alert, route_for(plan.routes, each.alert.feed, each.alert)
        blip = alert.state is State.CLOSED and alert.state_at - alert.opened_at < (route.hold if route else 0)
        after += 0 if blip else each.messages
    return WEEK_SAME.format(now=before) if after == before else WEEK_SAYS.format(then=after, now=before)


async def change_right(storage: Storage, caller: Caller, verb: str, level: Level | None, *, now: int) -> Room:
    """Say who may use a verb in the caller's room (None: as usual again). Raises Unknown."""
    if verb not in NAMES or NAMES[verb].name != verb:
        raise Unknown(NO_VERB.format(verb=verb))

    async def work(tx: Tx) -> Room:
        room = await tenants.room(tx, caller.room.id)
        assert room is not None
        rights = {name: kept for name, kept in {**room.rights, verb: level}.items() if kept is not None}
        await tenants.set_rights(tx, room.id, rights)
        await _note(tx, caller, RIGHTS.format(room=room.name, verb=verb, level=level or "the usual"), now)
        return room

    return await storage.write(work)


async def join(storage: Storage, caller: Caller, rank: Rank, pasted: Pasted, *, sealed: bytes, now: int) -> Joined:
    """Join a room of the group by a pasted token. Raises Forbidden for another group's, or for who is no admin of it."""
    if rank is not Rank.GROUP or (pasted.host, pasted.group_id) != (caller.tenant.host, caller.tenant.group_id):
        raise Forbidden(GROUP_ONLY)
    joined = await configure.add_hook(storage, pasted, sealed=sealed, now=now)
    await noted(storage, caller, JOINED.format(room=joined.room.name, label=pasted.label or pasted.kind), now)
    return joined


async def revoke_links(storage: Storage, caller: Caller, rank: Rank, *, now: int) -> None:
    """End all links to the group's alerts. Raises Forbidden for all but admins of the group."""
    if rank is not Rank.GROUP:
        raise Forbidden(GROUP_ONLY)

    async def work(tx: Tx) -> None:
        await tenants.revoke_links(tx, caller.tenant.id, now)
        await _note(tx, caller, REVOKED_LINKS, now)

    await storage.write(work)


async def noted(storage: Storage, caller: Caller, what: str, now: int) -> None:
    """Note what somebody did."""

    async def work(tx: Tx) -> None:
        await _note(tx, caller, what, now)

    await storage.write(work)


async def _note(tx: Tx, caller: Caller, what: str, now: int) -> None:
    await audit.add(tx, tenant=caller.tenant.id, room=caller.room.id, by=caller.actor, what=what, now=now)
