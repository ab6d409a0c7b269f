"""Lanes: each channel's parcels go out by themselves, so that a slow service delays neither the room nor another channel.

A lane sends a few parcels side by side, and when a service takes none of them, it waits and then tries a single one: a service that
is down costs little, and one that is back is not run over.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

import structlog

from bot.domain.channel import Kind
from bot.domain.retry import retry_at
from bot.storage import parcels
from bot.storage.engine import Storage, StorageError
from bot.storage.parcels import Lane
from bot.usecases.forward import Sender, Service, Unseal

WIDTH = 8
"""So many parcels of a channel are on their way at once, from each process."""
LEASE = 60_000
"""Milliseconds after which somebody else may send what one process took on: longer than any service is waited for."""
LONGEST_PAUSE = 60_000

log = structlog.get_logger()

Spawn = Callable[[Coroutine[None, None, None]], object]


@dataclass(slots=True)
class _Pause:
    """How often in a row a service took nothing, and until when (epoch ms) it is left alone."""

    failures: int = 0
    until: int = 0


@dataclass(kw_only=True, slots=True)
class Lanes:
    """The lanes of this process; `ended` is called whenever one comes to its end."""

    storage: Storage
    sender: Sender
    clock: Callable[[], int]
    jitter: Callable[[], float] = lambda: 0.5
    ended: Callable[[], None] = lambda: None
    tried: int = 0
    _running: set[Lane] = field(default_factory=set)
    _pauses: dict[Lane, _Pause] = field(default_factory=dict)

    async def start(self, spawn: Spawn) -> int | None:
        """Start the lanes in which something is due; return when the next one may be (epoch ms), None without any.

        `spawn` runs them, as a TaskGroup's `create_task` does. Raises StorageError.
        """
        now = self.clock()
        self._pauses = {lane: pause for lane, pause in self._pauses.items() if pause.failures or lane in self._running}
        resting = {
            lane: pause.until for lane, pause in self._pauses.items() if now < pause.until <= now + LONGEST_PAUSE
        }
        waiting = await self.storage.look(lambda tx: parcels.lanes(tx, self._running | resting.keys()))
        nexts = list(resting.values())
        for lane, due in waiting.items():
            if now < due <= now + parcels.FAR:
                nexts.append(due)
            else:
                self._running.add(lane)
                spawn(self._drain(lane))
        return min(nexts, default=None)

    async def _drain(self, lane: Lane) -> None:
        """Send what is due in a lane, until nothing is or the service takes nothing."""
        pause = self._pauses.setdefault(lane, _Pause())
        try:
            while await self._some(lane, pause):
                pause.failures = 0
        except StorageError as error:
            log.warning("storage_out_of_reach", channel=lane.channel, reason=str(error))
        except Exception:
            # A fault of ours in one lane ends no other one, and not the process.
            log.exception("lane_failed", tenant=lane.tenant, channel=lane.channel)
            pause.failures += 1
            pause.until = self.clock() + LONGEST_PAUSE
        finally:
            self._running.discard(lane)
            self.ended()

    async def _some(self, lane: Lane, pause: _Pause) -> bool:
        """Send a few parcels of a lane; say whether to go on."""
        now = self.clock()
        async with self.storage.begin() as tx:
            width = 1 if pause.failures else WIDTH
            claimed = await parcels.claim(tx, lane, now=now, until=now + LEASE, limit=width)
        self.tried += len(claimed)
        troubles = await asyncio.gather(*(self.sender.send(each) for each in claimed))
        held = [trouble for trouble in troubles if trouble is not None]
        if len(held) < len(claimed):
            return True
        if held:
            pause.failures += 1
            told = [trouble.retry_at for trouble in held if trouble.retry_at is not None]
            at = max(told) if told else retry_at(pause.failures, self.clock(), self.jitter())
            pause.until = min(at, self.clock() + LONGEST_PAUSE)
        return False


async def send_due(
    storage: Storage,
    services: Mapping[Kind, Service],
    clock: Callable[[], int],
    *,
    unseal: Unseal,
    jitter: Callable[[], float] = lambda: 0.5,
) -> int:
    """Send what is due now in every lane, and wait until each has come to its end; return how many parcels were tried."""
    sender = Sender(storage=storage, services=services, clock=clock, unseal=unseal, jitter=jitter)
    lanes = Lanes(storage=storage, sender=sender, clock=clock, jitter=jitter)
    async with asyncio.TaskGroup() as group:
        await lanes.start(group.create_task)
    return lanes.tried
