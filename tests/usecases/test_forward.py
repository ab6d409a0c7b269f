"""Parcels: what goes wrong with one costs no other; what could not be noted is sent again under the same id."""

from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.channel import Channel, Kind, Parcel
from bot.ports import Receipt
from bot.storage import parcels, plans
from bot.storage.engine import Busy
from bot.usecases import planning
from bot.usecases.lanes import send_due
from tests.channels.making import parcel
from tests.usecases.conftest import Clock, World

PLAN: Mapping[str, Any] = {"channel": [{"name": "c", "kind": "email", "to": "ops@example.com"}]}


class Fake:
    """A service that takes everything but what it chokes on."""

    def __init__(self, *chokes: int) -> None:
        self.chokes = chokes
        self.sent: list[tuple[int, int]] = []

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Take a parcel."""
        assert "c" == to.name
        self.sent.append((parcel.number, parcel.id))
        if parcel.number in self.chokes:
            raise ValueError("nobody thought of this")
        return Receipt(status=202)


@pytest.fixture
async def packed(world: World) -> World:
    """Give a tenant with a channel and two parcels waiting for it."""
    await planning.bring_in(
        world.storage, str(world.tenant.group_id), PLAN, seal=lambda text: text.encode(), now=world.clock()
    )
    async with world.storage.begin() as tx:
        assert (await plans.load(tx, world.tenant.id)).channels
        await parcels.add(tx, [parcel(tenant=world.tenant.id, number=n, at=world.clock()) for n in (1, 2)])
    return world


async def due(world: World, fake: Fake) -> int:
    """Let the loop work once."""
    return await send_due(world.storage, {Kind.EMAIL: fake}, world.clock, unseal=lambda sealed: sealed.decode())


async def test_a_fault_costs_no_other_parcel(packed: World, clock: Clock) -> None:
    """It is logged whole, and tried again later."""
    fake = Fake(1)
    with capture_logs() as logs:
        await due(packed, fake)
    clock.forward(minutes=10)
    fake.chokes = ()
    await due(packed, fake)
    async with packed.storage.read() as tx:
        results = {number: (await parcels.tellings_of(tx, packed.tenant.id, number))[0] for number in (1, 2)}

    assert [1, 2, 1] == [number for number, _ in sorted(fake.sent[:2])] + [number for number, _ in fake.sent[2:]]
    assert ["parcel_failed"] == [line["event"] for line in logs if line["log_level"] == "error"]
    assert [["sent (202)"], ["sent (202)"]] == [[each.result for each in found] for found in results.values()]


async def test_what_could_not_be_noted_is_sent_again(
    packed: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database out of reach ends neither the round nor the process; the repeat has the same id."""
    fake = Fake()

    async def busy(*_given: object, **_named: object) -> None:
        raise Busy("the database is out of reach")

    with monkeypatch.context() as broken:
        broken.setattr(parcels, "done", busy)
        await due(packed, fake)
    clock.forward(minutes=2)
    await due(packed, fake)

    assert 4 == len(fake.sent)
    assert 2 == len(set(fake.sent))


async def test_a_fault_of_a_lane_ends_nothing_else(
    packed: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged whole, and the lane goes on after a while."""
    fake = Fake()

    async def broken(*_given: object, **_named: object) -> None:
        raise ValueError("nobody thought of this")

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(parcels, "claim", broken)
        await due(packed, fake)
    clock.forward(minutes=1)
    await due(packed, fake)

    assert ["lane_failed"] == [line["event"] for line in logs if line["log_level"] == "error"]
    assert [1, 2] == sorted(number for number, _ in fake.sent)
