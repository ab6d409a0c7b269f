"""Which loops run, each a line of `rounds`; a round returns when there is more to do (epoch ms), or None."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.parts import Parts
from bot.storage import memory, outbox, speakers, whispers
from bot.usecases import (
    deliver,
    divert,
    escalate,
    glance,
    install,
    noise_report,
    reconcile,
    renew,
    retention,
    succession,
    whisper,
)
from bot.usecases.forward import Sender
from bot.usecases.lanes import Lanes, Spawn
from bot.workers.listening import Listening
from bot.workers.loop import insistent, loop

POLL = 0.5
GLANCE_POLL = 3.0
SLOW_POLL = 30.0
RENEW_POLL = 600.0
RECONCILE_POLL = 300.0
HOUR = 3_600_000


async def run(parts: Parts) -> None:
    """Run every loop until cancelled; when one dies, all end and its error is raised."""
    await insistent("succession", lambda: succession.take_over(parts.storage, parts.clock()))
    await insistent("missing timers", lambda: escalate.arm_missing(parts.storage, parts.rules))
    woken: Mapping[str, asyncio.Event] = {
        "outbox": parts.wakeups.outbox,
        "timers": parts.wakeups.timers,
        "whispers": parts.wakeups.whispers,
        "parcels": parts.wakeups.parcels,
    }
    async with asyncio.TaskGroup() as group:
        rounds = Rounds(parts=parts, listening=Listening(parts.clock), lanes=_lanes(parts), spawn=group.create_task)
        for name, (work, poll) in rounds.all().items():
            event = woken.get(name) or asyncio.Event()
            group.create_task(loop(name, work, woken=event, clock=parts.clock, poll=poll))


def _lanes(parts: Parts) -> Lanes:
    sender = Sender(
        storage=parts.storage,
        services=parts.services,
        clock=parts.clock,
        unseal=parts.vault.open,
        jitter=random.random,
    )

    def ended() -> None:
        # What a service refused is told in a room, and the lane may have something due again.
        parts.wakeups.outbox.set()
        parts.wakeups.parcels.set()

    return Lanes(storage=parts.storage, sender=sender, clock=parts.clock, jitter=random.random, ended=ended)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rounds:
    """One round of each loop. The lanes of channels go on between rounds, as tasks of `spawn`."""

    parts: Parts
    listening: Listening
    lanes: Lanes
    spawn: Spawn

    def all(self) -> dict[str, tuple[Callable[[], Awaitable[int | None]], float]]:
        """Return every loop's round, and after how many seconds it looks for work that nobody woke it for."""
        return {
            "outbox": (self.tell, POLL),
            "timers": (self.let_time_pass, POLL),
            "whispers": (self.tell_privately, POLL),
            "parcels": (self.tell_channels, POLL),
            "diversions": (self.divert, SLOW_POLL),
            "renewals": (self.renew, RENEW_POLL),
            "differences": (self.reconcile, RECONCILE_POLL),
            "glances": (self.show_boards, GLANCE_POLL),
            "suspended": (self.resume, SLOW_POLL),
            "memory": (self.remember, SLOW_POLL),
            "retention": (self.clear_away, HOUR / 1000),
        }

    async def tell(self) -> int | None:
        """Bring what waits in the outbox to its rooms."""
        parts = self.parts
        served = await deliver.send_due(
            parts.storage,
            parts.medium,
            parts.clock,
            told=lambda result: parts.metrics.messages.labels(result).inc(),
            jitter=random.random,
        )
        return parts.clock() if served else await parts.storage.look(outbox.next_due)

    async def let_time_pass(self) -> int | None:
        """Do what is due."""
        parts = self.parts
        if await escalate.run_due(
            parts.storage, now=parts.clock(), started_at=self.listening.since(), rules=parts.rules
        ):
            parts.wakeups.outbox.set()
            parts.wakeups.whispers.set()
            parts.wakeups.parcels.set()
            return parts.clock()
        return await escalate.next_due(parts.storage)

    async def tell_privately(self) -> int | None:
        """Send private messages."""
        parts = self.parts
        if await whisper.send_due(parts.storage, parts.channel, parts.clock, jitter=random.random):
            parts.wakeups.outbox.set()
            return parts.clock()
        return await parts.storage.look(whispers.next_due)

    async def tell_channels(self) -> int | None:
        """Start the lanes of channels that something is due for."""
        return await self.lanes.start(self.spawn)

    async def divert(self) -> int | None:
        """Hand critical news over that its room cannot be told."""
        if await divert.due(self.parts.storage, self.parts.clock()):
            self.parts.wakeups.parcels.set()
        return None

    async def renew(self) -> int | None:
        """Hold in other services what acks hold here."""
        if await renew.due(self.parts.storage, self.parts.clock()):
            self.parts.wakeups.parcels.set()
        return None

    async def reconcile(self) -> int | None:
        """Find what services say differently."""
        parts = self.parts
        if await reconcile.due(parts.storage, parts.services, parts.clock, unseal=parts.vault.open):
            parts.wakeups.outbox.set()
            parts.wakeups.parcels.set()
        return None

    async def show_boards(self) -> int | None:
        """Show in glances what has changed."""
        await glance.push_due(self.parts.storage, self.parts.channel, self.parts.clock)
        return None

    async def resume(self) -> int | None:
        """Try installations that Hipchat no longer knew."""
        parts = self.parts
        resumed = await install.retry_suspended(parts.storage, parts.prover, unseal=parts.vault.open, now=parts.clock())
        for each in resumed:
            parts.channel.forget(each.oauth_id)
            parts.wakeups.outbox.set()
        return await parts.storage.look(speakers.next_try)

    async def remember(self) -> int | None:
        """Put new alerts into the index that they are found again by."""
        more = await self.parts.storage.write(memory.remember_some)
        return self.parts.clock() if more else None

    async def clear_away(self) -> int | None:
        """Drop what is old, and see that the weekly report has its timer."""
        parts = self.parts
        if parts.rules.noise_report:
            await noise_report.arm(parts.storage, parts.clock())
        await retention.clear(
            parts.storage,
            raw_days=parts.settings.raw_days,
            retention_days=parts.settings.retention_days,
            now=parts.clock(),
        )
        return parts.clock() + HOUR
