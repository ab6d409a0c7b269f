"""A tenant with a room and a feed in a real database, an intake in front of it, and a clock moved by hand."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.domain.actor import Actor, Via, Who
from bot.domain.alert import Alert, Event, State
from bot.domain.signal import Signal
from bot.domain.tenant import Caller, Feed, Room, Tenant
from bot.storage import Storage, feeds, history, outbox, tenants
from bot.storage.search import Query, find
from bot.usecases.ingest import Delivery, Intake, Item, Result

START = 1_795_521_720_000
"""Tuesday 2026-11-24 12:02 UTC."""
EVERY = 10_000

_groups = itertools.count(1)


class Clock:
    """Epoch milliseconds, moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        """Tell the time."""
        return self.now

    def forward(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass, or go back."""
        self.now += int(((hours * 60 + minutes) * 60 + seconds) * 1000)


@dataclass(frozen=True, kw_only=True)
class World:
    """One tenant and what happens to it."""

    storage: Storage
    intake: Intake
    clock: Clock
    tenant: Tenant
    room: Room
    feed: Feed
    answers: list[Result] = field(default_factory=list)

    async def post(self, *items: Item, feed: Feed | None = None) -> list[Result]:
        """Receive one request."""
        delivery = Delivery(feed=feed or self.feed, dialect="api", body=b"{}", items=items)
        return await self.intake.receive(delivery)

    async def alerts(self) -> list[Alert]:
        """Read every alert, oldest first."""
        async with self.storage.read() as tx:
            found = await find(tx, Query(tenant=self.tenant.id, states=frozenset(State)), limit=EVERY)
        return found[::-1]

    async def history(self, number: int) -> list[Event]:
        """Read an alert's history."""
        async with self.storage.read() as tx:
            return await history.whole(tx, self.tenant.id, number)

    async def waiting(self) -> list[Any]:
        """Read what the room has waiting."""
        async with self.storage.read() as tx:
            return list(await outbox.waiting(tx, self.room.id, EVERY))

    def caller(self, name: str = "dana", **changes: Any) -> Caller:
        """Return somebody in the room; each name is its own person."""
        actor = Actor(kind=Who.PERSON, name=name, id=f"id-{name}", via=Via.ROOM)
        full: dict[str, Any] = {"tenant": self.tenant, "room": self.room, "actor": actor, "time_zone": "UTC"}
        return Caller(**(full | changes))


async def settle(storage: Storage, clock: Clock, intake: Intake) -> World:
    """Make a tenant that nobody else has."""
    group = next(_groups)
    async with storage.begin() as tx:
        tenant = await tenants.add_tenant(tx, host="hipchat.test", group_id=group, name=f"Group {group}", now=START)
        room = await tenants.add_room(tx, tenant=tenant.id, hipchat_id=1001, name="Ops", now=START)
        feed = await feeds.add_feed(tx, tenant=tenant.id, name="ops", room=room.id, now=START)
        known = await tenants.tenant(tx, tenant.id)
    assert known is not None
    return World(storage=storage, intake=intake, clock=clock, tenant=known, room=room, feed=feed)


@contextlib.asynccontextmanager
async def running(intake: Intake) -> AsyncIterator[None]:
    """Run the intake for the length of the block."""
    task = asyncio.create_task(intake.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
async def world(storage: Storage, clock: Clock) -> AsyncIterator[World]:
    """Give a tenant on each database, with the intake running."""
    intake = Intake(storage, clock=clock)
    async with running(intake):
        yield await settle(storage, clock, intake)


def signal(key: str = "k", **changes: Any) -> Signal:
    """Make a firing signal."""
    full: dict[str, Any] = {"dedup_key": key, "summary": f"{key} is broken", "sender": "api", "source": "api"}
    return Signal(**(full | changes))
