"""Plans: a tenant's routes, policies and schedules as one document; who stands in for whom; how far escalations are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bot.domain import planfile
from bot.domain.actor import Person
from bot.domain.routing import NO_PLAN, Plan
from bot.domain.schedule import Cover
from bot.storage.alerts import SLICE
from bot.storage.engine import Tx, Value

LOAD = "SELECT version, tables FROM plans WHERE tenant_id = :tenant"
PUT = """
INSERT INTO plans (tenant_id, version, tables, changed_at) VALUES (:tenant, :version, :tables, :now)
ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version, tables = excluded.tables,
changed_at = excluded.changed_at
"""
VERSION = "UPDATE tenants SET plan_version = :version WHERE id = :tenant"

ADD_COVER = """
INSERT INTO covers (tenant_id, schedule, person_id, person_name, begins_at, ends_at, made_at)
VALUES (:tenant, :schedule, :person_id, :person_name, :begins_at, :ends_at, :now)
"""
COVERS = "SELECT * FROM covers WHERE tenant_id = :tenant AND ends_at > :now ORDER BY id"
END_COVER = """
UPDATE covers SET ends_at = :now
WHERE tenant_id = :tenant AND schedule = :schedule AND person_id = :person_id AND begins_at = :begins_at AND ends_at > :now
"""
FORGET_COVERS = "DELETE FROM covers WHERE ends_at < :before"

PUT_ESCALATION = """
INSERT INTO escalations (tenant_id, number, policy, position) VALUES (:tenant, :number, :policy, :position)
ON CONFLICT (tenant_id, number) DO UPDATE SET policy = excluded.policy, position = excluded.position
"""
ESCALATIONS = "SELECT * FROM escalations WHERE tenant_id = :tenant AND number IN (:numbers)"
DROP_ESCALATION = "DELETE FROM escalations WHERE tenant_id = :tenant AND number = :number"


async def load(tx: Tx, tenant: int) -> Plan:
    """Return a tenant's plan; NO_PLAN when nothing was configured."""
    row = await tx.one(LOAD, tenant=tenant)
    return NO_PLAN if row is None else _read(row["tables"], row["version"])


@lru_cache(maxsize=64)
def _read(tables: str, version: int) -> Plan:
    return planfile.read(json.loads(tables), room=int, feed=int, version=version)


async def save(tx: Tx, tenant: int, plan: Plan, now: int) -> None:
    """Store a plan whole, as its `version`. The caller holds the tenant's lock."""
    tables = json.dumps(planfile.tables(plan, room=str, feed=str), ensure_ascii=False, default=_moment)
    await tx.run(PUT, tenant=tenant, version=plan.version, tables=tables, now=now)
    await tx.run(VERSION, tenant=tenant, version=plan.version)


def _moment(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


async def add_cover(tx: Tx, tenant: int, cover: Cover, now: int) -> None:
    """Note that somebody stands in."""
    await tx.run(
        ADD_COVER,
        tenant=tenant,
        schedule=cover.schedule,
        person_id=cover.person.id,
        person_name=cover.person.name,
        begins_at=cover.begins_at,
        ends_at=cover.ends_at,
        now=now,
    )


async def covers(tx: Tx, tenant: int, now: int) -> list[Cover]:
    """Return who stands in now or later, in the order in which it was said."""
    return [
        Cover(
            schedule=row["schedule"],
            person=Person(id=row["person_id"], name=row["person_name"]),
            begins_at=row["begins_at"],
            ends_at=row["ends_at"],
        )
        for row in await tx.all(COVERS, tenant=tenant, now=now)
    ]


async def end_cover(tx: Tx, tenant: int, cover: Cover, now: int) -> None:
    """Note that somebody stands in no longer."""
    await tx.run(
        END_COVER,
        tenant=tenant,
        schedule=cover.schedule,
        person_id=cover.person.id,
        begins_at=cover.begins_at,
        now=now,
    )


async def forget_covers(tx: Tx, before: int) -> None:
    """Drop what is long over."""
    await tx.run(FORGET_COVERS, before=before)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """An alert's escalation by a policy; `position` is of the step that comes next."""

    number: int
    policy: str
    position: int


async def escalate(tx: Tx, tenant: int, running: Iterable[Running]) -> None:
    """Note how far escalations have come."""
    rows: list[Mapping[str, Value]] = [
        {"tenant": tenant, "number": each.number, "policy": each.policy, "position": each.position} for each in running
    ]
    if rows:
        await tx.run_many(PUT_ESCALATION, rows)


async def escalations(tx: Tx, tenant: int, numbers: Sequence[int]) -> dict[int, Running]:
    """Return the escalations of alerts that have one, by number."""
    found: dict[int, Running] = {}
    for start in range(0, len(numbers), SLICE):
        for row in await tx.all(ESCALATIONS, tenant=tenant, numbers=numbers[start : start + SLICE]):
            found[row["number"]] = Running(number=row["number"], policy=row["policy"], position=row["position"])
    return found


async def drop_escalation(tx: Tx, tenant: int, number: int) -> None:
    """Forget an escalation that has come to its end."""
    await tx.run(DROP_ESCALATION, tenant=tenant, number=number)
