"""Planning: a tenant's routes, policies and schedules leave and enter as the tables of one file, with names for ids."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain import planfile
from bot.domain.actor import SHELL
from bot.domain.channel import KEPT, SETTINGS, Channel, flaw
from bot.domain.channel import Kind as ChannelKind
from bot.domain.mapping import Unmapped, apply, described
from bot.domain.planfile import Problem, Problems
from bot.domain.routing import Plan, room_for, route_for
from bot.domain.signal import Rejected, Signal
from bot.domain.source import GENERIC
from bot.domain.tenant import Feed, Room, Tenant
from bot.storage import audit, feeds, inbox, plans, tenants
from bot.storage.engine import Storage, Tx
from bot.usecases import configure

NO_ROOM = "the bot is in no room {name}; there are: {names}"
NO_FEED = "there is no feed {name}; there are: {names}"
NOT_ONE_NAME = "several rooms are called {name}; give the id"
NOWHERE = "nowhere: the feed has no room, and no route gives one"
NO_ROUTE = "no route takes it"
ROUTED = "route {route}"
HELD = "held {span}"
POLICY = "policy {policy}"
CHANNELS = "channels {names}"
NO_SOURCE_KEPT = "there is no secret of this source yet that could be kept"
NOT_KEPT = "there is no secret of this channel yet that could be kept"
ELSEWHERE = "the secret was given for another {setting}: write it again"
WHERE = "{kind} {severity} {summary}: {way} -> {room}"
REJECTED = "rejected: {reason}"
MAKES = "the last message of {feed} becomes: {alert}"
MAKES_NOTHING = "the last message of {feed} becomes no alert: {reason}"
FORCED = "to save it all the same, force it"
SHOWN = 3
NONE = "nothing"
BROUGHT_IN = "changed routes, policies, schedules, channels or sources: {}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The rooms and feeds of a tenant, by id and by name."""

    rooms: Sequence[Room]
    feeds: Sequence[Feed]

    def room(self, name: str) -> int:
        """Return the id of a room by its name, or by Hipchat's id. LookupError with words for people."""
        meant = [room.id for room in self.rooms if name in {room.name, str(room.hipchat_id)}]
        if not meant:
            raise LookupError(NO_ROOM.format(name=name, names=", ".join(room.name for room in self.rooms) or NONE))
        if len(meant) > 1:
            raise LookupError(NOT_ONE_NAME.format(name=name))
        return meant[0]

    def feed(self, name: str) -> int:
        """Return the id of a feed by its name. LookupError with words for people."""
        for feed in self.feeds:
            if feed.name == name:
                return feed.id
        raise LookupError(NO_FEED.format(name=name, names=", ".join(feed.name for feed in self.feeds) or NONE))

    def room_name(self, room: int) -> str:
        """Return a room's name, or Hipchat's id where several have that name."""
        found = next((each for each in self.rooms if each.id == room), None)
        if found is None:
            return str(room)
        twice = sum(each.name == found.name for each in self.rooms) > 1
        return str(found.hipchat_id) if twice else found.name

    def feed_name(self, feed: int) -> str:
        """Return a feed's name."""
        return next((each.name for each in self.feeds if each.id == feed), str(feed))


async def export(storage: Storage, tenant: str | None) -> tuple[Tenant, dict[str, Any]]:
    """Return a tenant and its plan as tables. Raises Unknown or Invalid."""

    async def work(tx: Tx) -> tuple[Tenant, dict[str, Any]]:
        owner = await configure.which_tenant(tx, tenant)
        return owner, _masked(_tables(await plans.load(tx, owner.id), await _places(tx, owner)))

    return await storage.look(work)


async def bring_in(
    storage: Storage,
    tenant: str | None,
    tables: Mapping[str, Any],
    *,
    seal: Callable[[str], bytes],
    now: int,
    only_say: bool = False,
    force: bool = False,
) -> list[str]:
    """Replace a tenant's plan by a file's, and return what changes; `only_say` changes nothing. Raises planfile.Problems.

    With `force` a mapping is saved that makes no alert of the last message.
    """

    async def work(tx: Tx) -> list[str]:
        owner = await configure.which_tenant(tx, tenant)
        await tenants.lock(tx, owner.id)
        changes, tried, _ = await brought_in(tx, owner, tables, seal=seal, now=now, only_say=only_say, force=force)
        if changes and not only_say:
            await audit.add(
                tx, tenant=owner.id, room=None, by=SHELL, what=BROUGHT_IN.format(", ".join(changes)), now=now
            )
        return changes + tried

    return await storage.write(work)


async def brought_in(
    tx: Tx,
    owner: Tenant,
    tables: Mapping[str, Any],
    *,
    seal: Callable[[str], bytes],
    now: int,
    only_say: bool,
    force: bool = False,
) -> tuple[list[str], list[str], Plan]:
    """Do so inside a transaction that holds the tenant's lock. Raises planfile.Problems.

    Returns what changes, what new mappings make of the last messages that came, and the new plan.
    """
    places, before = await _places(tx, owner), await plans.load(tx, owner.id)
    # As it stands, for every problem at once; then with its secrets sealed, as it is stored.
    planfile.read(tables, room=places.room, feed=places.feed)
    sealed = _sealed(tables, before, seal)
    plan = planfile.read(sealed, room=places.room, feed=places.feed, version=before.version + 1)
    changes = planfile.differences(_tables(before, places), _tables(plan, places))
    tried = await _tried(tx, before, plan, places, force=force)
    if changes and not only_say:
        await plans.save(tx, owner.id, plan, now)
    return changes, tried, plan


async def _tried(tx: Tx, before: Plan, plan: Plan, places: Places, *, force: bool) -> list[str]:
    """Say what new mappings make of the last messages that came. Raises planfile.Problems for what makes nothing, unless forced."""
    said, problems = [], []
    for place, source in enumerate(plan.sources):
        if source.mapping is None or source in before.sources:
            continue
        for feed in [source.feed] if source.feed is not None else [each.id for each in places.feeds]:
            body = await inbox.last(tx, feed, GENERIC)
            if body is None:
                continue
            name = places.feed_name(feed)
            try:
                found = described(apply(source.mapping, body))
            except Unmapped as unmapped:
                reason = MAKES_NOTHING.format(feed=name, reason=unmapped)
                if force:
                    said.append(reason)
                else:
                    problems.append(Problem(path=f"/source/{place}/map", reason=f"{reason}; {FORCED}"))
            else:
                said += [MAKES.format(feed=name, alert=each) for each in found[:SHOWN]]
    if problems:
        raise Problems(problems)
    return said


async def tables_of(tx: Tx, owner: Tenant, plan: Plan) -> dict[str, Any]:
    """Return a plan as tables, with names for ids and without a secret."""
    return _masked(_tables(plan, await _places(tx, owner)))


async def where(
    storage: Storage,
    tenant: str | None,
    feed: str | None,
    items: Iterable[Signal | Rejected],
    tables: Mapping[str, Any] | None,
) -> list[str]:
    """Say of each item of a payload which way it would go, by the plan in force or by a file's. Raises planfile.Problems."""

    async def work(tx: Tx) -> list[str]:
        owner = await configure.which_tenant(tx, tenant)
        places = await _places(tx, owner)
        plan = await plans.load(tx, owner.id)
        if tables is not None:
            plan = planfile.read(tables, room=places.room, feed=places.feed)
        through = await configure.which_feed(tx, owner, feed, None, 0)
        return [_way(item, through, plan, places) for item in items]

    return await storage.look(work)


def _way(item: Signal | Rejected, feed: Feed, plan: Plan, places: Places) -> str:
    if isinstance(item, Rejected):
        return REJECTED.format(reason=item.reason)
    route = route_for(plan.routes, feed.id, item)
    room = room_for(feed, route)
    way = [NO_ROUTE]
    if route is not None:
        way = [ROUTED.format(route=route.name)]
        way += [HELD.format(span=planfile.span_text(route.hold))] if route.hold else []
        way += [POLICY.format(policy=route.policy)] if route.policy else []
        way += [CHANNELS.format(names=", ".join(route.channels))] if route.channels else []
    return WHERE.format(
        kind=item.kind.value,
        severity=item.severity.word,
        summary=item.summary,
        way=", ".join(way),
        room=NOWHERE if room is None else places.room_name(room),
    )


async def _places(tx: Tx, owner: Tenant) -> Places:
    return Places(rooms=await tenants.rooms(tx, owner.id), feeds=await feeds.feeds(tx, owner.id))


def _tables(plan: Plan, places: Places) -> dict[str, Any]:
    return planfile.tables(plan, room=places.room_name, feed=places.feed_name)


def _sealed(tables: Mapping[str, Any], before: Plan, seal: Callable[[str], bytes]) -> dict[str, Any]:
    """Return the tables with each channel's and source's secrets sealed, or kept as they are. Raises planfile.Problems."""
    problems: list[Problem] = []
    channels = []
    for place, table in enumerate(tables.get("channel", [])):
        kind = ChannelKind(table["kind"])
        earlier = before.channels.get(table["name"])
        sealed = dict(table)
        for name in _secrets(table):
            path = f"/channel/{place}/{name}"
            if table[name] != KEPT:
                wrong = flaw(kind, name, table[name])
                problems += [Problem(path=path, reason=wrong)] if wrong else []
                sealed[name] = seal(table[name].strip()).decode()
            elif earlier is None or earlier.kind is not kind or name not in earlier.settings:
                problems.append(Problem(path=path, reason=NOT_KEPT))
            elif moved := _moved(table, earlier):
                problems.append(Problem(path=path, reason=ELSEWHERE.format(setting=moved)))
            else:
                sealed[name] = earlier.settings[name]
        channels.append(sealed)
    known = {source.name: source for source in before.sources}
    sources = []
    for place, table in enumerate(tables.get("source", [])):
        sealed = dict(table)
        if table.get("secret") == KEPT:
            source = known.get(table["name"])
            if source is None or source.kind != table["kind"]:
                problems.append(Problem(path=f"/source/{place}/secret", reason=NO_SOURCE_KEPT))
            else:
                sealed["secret"] = source.secret
        elif "secret" in table:
            sealed["secret"] = seal(table["secret"].strip()).decode()
        sources.append(sealed)
    if problems:
        raise Problems(problems)
    return {**tables, "channel": channels, "source": sources}


def _moved(table: Mapping[str, Any], earlier: Channel) -> str:
    """Return the first setting by which a channel's secrets would go elsewhere than they were given for; "" for none."""
    places = [name for name, setting in SETTINGS[earlier.kind].items() if setting.place or setting.address]
    return next((name for name in places if table.get(name, "") != earlier.settings.get(name, "")), "")


def _masked(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables without a secret of theirs."""
    channels = [{**table, **dict.fromkeys(_secrets(table), KEPT)} for table in tables.get("channel", [])]
    sources = [{**table, "secret": KEPT} if "secret" in table else table for table in tables.get("source", [])]
    return dict(tables) | ({"channel": channels} if channels else {}) | ({"source": sources} if sources else {})


def _secrets(table: Mapping[str, Any]) -> list[str]:
    return [name for name, setting in SETTINGS[ChannelKind(table["kind"])].items() if setting.secret and name in table]
