"""Which loops run: the outbox, the timers, private messages, suspended installations, the index of what was before, and the clearing away of what is old."""

import asyncio
import random

from bot.parts import Parts
from bot.storage import memory, outbox, speakers, whispers
from bot.usecases import deliver, escalate, install, noise_report, retention, whisper
from bot.workers.loop import loop

POLL = 0.5
SLOW_POLL = 30.0
HOUR = 3_600_000


async def run(parts: Parts) -> None:
    """Run every loop until cancelled; when one dies, all end and its error is raised."""
    started_at = parts.clock()
    await escalate.arm_missing(parts.storage, parts.rules)

    async def tell() -> int | None:
        served = await deliver.send_due(
            parts.storage,
            parts.medium,
            parts.clock,
            told=lambda result: parts.metrics.messages.labels(result).inc(),
            jitter=random.random,
        )
        if served:
            return parts.clock()
        return await parts.storage.look(outbox.next_due)

    async def time_passes() -> int | None:
        if await escalate.run_due(parts.storage, now=parts.clock(), started_at=started_at, rules=parts.rules):
            parts.wakeups.outbox.set()
            parts.wakeups.whispers.set()
            return parts.clock()
        return await escalate.next_due(parts.storage)

    async def tell_privately() -> int | None:
        if await whisper.send_due(parts.storage, parts.channel, parts.clock, jitter=random.random):
            parts.wakeups.outbox.set()
            return parts.clock()
        return await parts.storage.look(whispers.next_due)

    async def resume() -> int | None:
        resumed = await install.retry_suspended(parts.storage, parts.prover, unseal=parts.vault.open, now=parts.clock())
        for each in resumed:
            parts.channel.forget(each.oauth_id)
            parts.wakeups.outbox.set()
        async with parts.storage.read() as tx:
            return await speakers.next_try(tx)

    async def remember() -> int | None:
        more = await parts.storage.write(memory.remember_some)
        return parts.clock() if more else None

    async def clear_away() -> int | None:
        kept = parts.settings
        if parts.rules.noise_report:
            await noise_report.arm(parts.storage, parts.clock())
        await retention.clear(
            parts.storage, raw_days=kept.raw_days, retention_days=kept.retention_days, now=parts.clock()
        )
        return parts.clock() + HOUR

    async with asyncio.TaskGroup() as group:
        woken = parts.wakeups
        group.create_task(loop("outbox", tell, woken=woken.outbox, clock=parts.clock, poll=POLL))
        group.create_task(loop("timers", time_passes, woken=woken.timers, clock=parts.clock, poll=POLL))
        group.create_task(loop("whispers", tell_privately, woken=woken.whispers, clock=parts.clock, poll=POLL))
        group.create_task(loop("suspended", resume, woken=asyncio.Event(), clock=parts.clock, poll=SLOW_POLL))
        group.create_task(loop("memory", remember, woken=asyncio.Event(), clock=parts.clock, poll=SLOW_POLL))
        group.create_task(loop("retention", clear_away, woken=asyncio.Event(), clock=parts.clock, poll=HOUR / 1000))
