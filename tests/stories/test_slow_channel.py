"""A channel that takes its time holds up itself alone: neither the room nor another channel, and not what comes after it."""

import asyncio
import tomllib
from collections.abc import AsyncIterator

import pytest

from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.storage import parcels
from bot.usecases import planning
from bot.usecases.forward import Sender
from bot.usecases.lanes import WIDTH, Lanes
from tests.channels.making import WEBHOOK_SECRET
from tests.channels.sink import Sink, sink
from tests.stories.bot import Bot

MANY = 60


@pytest.fixture
async def slow() -> AsyncIterator[Sink]:
    """Run a service that answers nobody before its gate opens."""
    async with sink() as kept:
        kept.gate = asyncio.Event()
        yield kept
        kept.gate.set()


@pytest.fixture
async def quick() -> AsyncIterator[Sink]:
    """Run a service that answers at once."""
    async with sink() as kept:
        yield kept


async def configured(stage: Stage, **services: Sink) -> None:
    """Send every change to these services."""
    channels = "".join(
        f'[[channel]]\nname = "{name}"\nkind = "webhook"\nurl = "{there.url}/hook"\nsecret = "{WEBHOOK_SECRET}"\n'
        for name, there in services.items()
    )
    plan = f'{channels}[[route]]\nname = "all"\nchannels = {list(services)}'
    parts = stage.parts
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())


def lanes(stage: Stage, ended: asyncio.Event) -> Lanes:
    """Return the lanes as a worker has them."""
    parts = stage.parts
    sender = Sender(
        storage=parts.storage,
        services=parts.services,
        clock=parts.clock,
        unseal=parts.vault.open,
        jitter=lambda: 0.5,
    )
    return Lanes(storage=parts.storage, sender=sender, clock=parts.clock, ended=ended.set)


async def reached(there: Sink, many: int, ended: asyncio.Event, running: Lanes, group: asyncio.TaskGroup) -> None:
    """Let the lanes work until a service has seen so many requests."""
    async with asyncio.timeout(30):
        while len(there.seen) < many:
            await running.start(group.create_task)
            await ended.wait()
            ended.clear()


async def test_a_slow_channel_holds_up_itself_alone(
    stage: Stage, room: RoomDriver, bot: Bot, slow: Sink, quick: Sink
) -> None:
    """With many parcels waiting for it; at most a few are on their way to it, and all arrive once it answers."""
    await configured(stage, slow=slow, quick=quick)
    assert bot.backend is not None
    assert slow.gate is not None
    ended = asyncio.Event()
    running = lanes(stage, ended)
    async with asyncio.TaskGroup() as group:
        await bot.backend.post(*({"summary": f"Disk {n} full", "severity": "error"} for n in range(MANY)))
        await reached(quick, MANY, ended, running, group)
        held = len(slow.seen)
        await bot.backend.post({"summary": "The shop is down", "severity": "critical"})
        await bot.deliver()
        await room.sees("The shop is down")
        await reached(quick, MANY + 1, ended, running, group)
        still = len(slow.seen)
        slow.gate.set()
        await reached(slow, MANY + 1, ended, running, group)
    async with stage.parts.storage.read() as tx:
        backlog = await parcels.backlog(tx, 1)

    assert (WIDTH, WIDTH) == (held, still)
    assert [] == backlog
    room.look()


async def test_a_dead_channel_is_tried_by_one(stage: Stage, room: RoomDriver, bot: Bot, slow: Sink) -> None:
    """Once it has taken nothing it is left alone for a while, then one parcel tries; the rest follows when that is taken."""
    await configured(stage, dead=slow)
    assert bot.backend is not None
    assert slow.gate is not None
    slow.gate.set()
    slow.status = 503
    ended = asyncio.Event()
    running = lanes(stage, ended)
    await bot.backend.post(*({"summary": f"Disk {n} full", "severity": "error"} for n in range(MANY)))
    tries = []
    async with asyncio.timeout(30):
        for _ in range(4):
            async with asyncio.TaskGroup() as group:
                due = await running.start(group.create_task)
            tries.append(len(slow.all_seen()))
            due = await running.start(lambda work: pytest.fail(str(work)))
            assert due is not None
            stage.clock.forward(seconds=(due - stage.parts.clock()) / 1000)
        slow.status = 200
        async with asyncio.TaskGroup() as group:
            await running.start(group.create_task)
    room.look()

    assert [WIDTH, 1, 1, 1] == tries
    assert MANY - (WIDTH + 3) <= len(slow.seen) <= MANY


async def test_a_channel_that_dies_while_others_are_looked_at_is_left_alone(
    stage: Stage, room: RoomDriver, bot: Bot, slow: Sink
) -> None:
    """A look at what is due, in the middle of its first attempts, does not make it forget that they failed."""
    await configured(stage, dead=slow)
    assert bot.backend is not None
    assert slow.gate is not None
    slow.status = 503
    running = lanes(stage, asyncio.Event())
    await bot.backend.post(*({"summary": f"Disk {n} full", "severity": "error"} for n in range(MANY)))
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        await running.start(group.create_task)
        await slow.came(WIDTH)
        await running.start(lambda work: pytest.fail(str(work)))
        slow.gate.set()
    due = await running.start(lambda work: pytest.fail(str(work)))
    room.look()

    assert WIDTH == len(slow.seen)
    assert due is not None
    assert due > stage.parts.clock()
