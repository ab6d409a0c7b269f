"""Tenants, their rooms and their people."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bot.domain.tenant import Level, Room, Tenant
from bot.storage.engine import Row, Tx

ADD_TENANT = """
INSERT INTO tenants (host, group_id, name, created_at) VALUES (:host, :group_id, :name, :now)
ON CONFLICT (host, group_id) DO UPDATE SET name = excluded.name RETURNING *
"""
TENANT = "SELECT * FROM tenants WHERE id = :id"
TENANTS = "SELECT * FROM tenants ORDER BY id"
LOCK = "SELECT id, last_number, silences, plan_version FROM tenants WHERE id IN (:ids) ORDER BY id {for_update}"
NUMBERED = "UPDATE tenants SET last_number = :last WHERE id = :id"
FALLBACK = "UPDATE tenants SET fallback_room_id = :room WHERE id = :id AND fallback_room_id IS NULL"
LAST_NUMBER = "SELECT last_number FROM tenants WHERE id = :id"

ADD_ROOM = """
INSERT INTO rooms (tenant_id, hipchat_id, name, created_at) VALUES (:tenant, :hipchat_id, :name, :now)
ON CONFLICT (tenant_id, hipchat_id) DO UPDATE SET name = excluded.name, gone_at = NULL, retry_at = 0, trouble = ''
RETURNING *
"""
ROOM = "SELECT * FROM rooms WHERE id = :id"
ROOM_BY_HIPCHAT = "SELECT * FROM rooms WHERE tenant_id = :tenant AND hipchat_id = :hipchat_id"
ROOMS = "SELECT * FROM rooms WHERE tenant_id = :tenant ORDER BY id"
LINKS_SINCE = "SELECT links_since FROM tenants WHERE id = :id"
REVOKE_LINKS = "UPDATE tenants SET links_since = :now WHERE id = :id"
RIGHTS = "UPDATE rooms SET rights = :rights WHERE id = :id"
ZONE = "UPDATE rooms SET time_zone = :time_zone WHERE id = :id"
GONE = "UPDATE rooms SET gone_at = :gone_at WHERE tenant_id = :tenant AND hipchat_id = :hipchat_id"


_RIGHTS = msgspec.json.Decoder(dict[str, Level])


def tenant_of(row: Row) -> Tenant:
    """Read a tenant from its row."""
    return Tenant(
        id=row["id"],
        host=row["host"],
        group_id=row["group_id"],
        name=row["name"],
        fallback_room=row["fallback_room_id"],
    )


def room_of(row: Row) -> Room:
    """Read a room from its row."""
    return Room(
        id=row["id"],
        tenant=row["tenant_id"],
        hipchat_id=row["hipchat_id"],
        name=row["name"],
        gone_at=row["gone_at"],
        trouble=row["trouble"],
        rights=_RIGHTS.decode(row["rights"]),
        time_zone=row["time_zone"],
    )


async def add_tenant(tx: Tx, *, host: str, group_id: int, name: str, now: int) -> Tenant:
    """Return the tenant of a group on a host, made now if it is new."""
    row = await tx.one(ADD_TENANT, host=host, group_id=group_id, name=name, now=now)
    assert row is not None
    return tenant_of(row)


async def tenant(tx: Tx, tenant_id: int) -> Tenant | None:
    """Return a tenant, or None."""
    row = await tx.one(TENANT, id=tenant_id)
    return tenant_of(row) if row else None


async def tenants(tx: Tx) -> list[Tenant]:
    """Return all tenants, oldest first."""
    return [tenant_of(row) for row in await tx.all(TENANTS)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """What the row of a locked tenant says: its last alert number, how many silences are live, its plan's version (0: none)."""

    last_number: int
    silences: int
    plan_version: int


async def lock(tx: Tx, *tenant_ids: int) -> dict[int, Locked]:
    """Lock tenants until the transaction ends and return what each one's row says.

    Whoever changes alerts takes this lock first, so that among replicas exactly one change wins and numbers have no gaps.
    """
    rows = await tx.all(LOCK, ids=sorted(set(tenant_ids)))
    return {
        row["id"]: Locked(last_number=row["last_number"], silences=row["silences"], plan_version=row["plan_version"])
        for row in rows
    }


async def numbered(tx: Tx, tenant_id: int, last: int) -> None:
    """Note the last alert number that was given."""
    await tx.run(NUMBERED, id=tenant_id, last=last)


async def last_number(tx: Tx, tenant_id: int) -> int:
    """Return the last alert number that was given; 0 before the first."""
    row = await tx.one(LAST_NUMBER, id=tenant_id)
    return row["last_number"] if row else 0


async def add_room(tx: Tx, *, tenant: int, hipchat_id: int, name: str, now: int) -> Room:
    """Return a room of a tenant, made now if it is new, under its present name; the first is the fallback room."""
    row = await tx.one(ADD_ROOM, tenant=tenant, hipchat_id=hipchat_id, name=name, now=now)
    assert row is not None
    await tx.run(FALLBACK, id=tenant, room=row["id"])
    return room_of(row)


async def room(tx: Tx, room_id: int) -> Room | None:
    """Return a room by our id, or None."""
    row = await tx.one(ROOM, id=room_id)
    return room_of(row) if row else None


async def room_by_hipchat(tx: Tx, tenant: int, hipchat_id: int) -> Room | None:
    """Return a tenant's room by Hipchat's id, or None."""
    row = await tx.one(ROOM_BY_HIPCHAT, tenant=tenant, hipchat_id=hipchat_id)
    return room_of(row) if row else None


async def rooms(tx: Tx, tenant: int) -> list[Room]:
    """Return a tenant's rooms, oldest first."""
    return [room_of(row) for row in await tx.all(ROOMS, tenant=tenant)]


async def set_rights(tx: Tx, room: int, rights: Mapping[str, Level]) -> None:
    """Keep who may do what in a room, where that differs from the usual."""
    await tx.run(RIGHTS, id=room, rights=msgspec.json.encode(rights).decode())


async def set_zone(tx: Tx, room: int, time_zone: str) -> None:
    """Keep the time zone that a room is spoken to in; empty: the asker's."""
    await tx.run(ZONE, id=room, time_zone=time_zone)


async def zone_of(tx: Tx, room_id: int) -> str:
    """Return the time zone of a room, empty when it has none of its own."""
    found = await room(tx, room_id)
    return found.time_zone if found else ""


async def room_gone(tx: Tx, tenant: int, hipchat_id: int, at: int | None) -> None:
    """Note that a room was archived or deleted, or (None) is back."""
    await tx.run(GONE, tenant=tenant, hipchat_id=hipchat_id, gone_at=at)


async def links_since(tx: Tx, tenant: int) -> int:
    """Return since when a tenant's links are good (epoch ms)."""
    row = await tx.one(LINKS_SINCE, id=tenant)
    return int(row["links_since"]) if row else 0


async def revoke_links(tx: Tx, tenant: int, now: int) -> None:
    """End all links that were made before a moment."""
    await tx.run(REVOKE_LINKS, id=tenant, now=now)
