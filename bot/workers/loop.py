"""Loop: runs a piece of work when it is woken or due, until it is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.ports import Clock
from bot.storage.engine import StorageError

PAUSE = 0.05
"""Seconds between two rounds: a burst of wake-ups is one round."""
TROUBLE_PAUSE = 1.0

log = structlog.get_logger()


async def loop(
    name: str,
    work: Callable[[], Awaitable[int | None]],
    *,
    woken: asyncio.Event,
    clock: Clock,
    poll: float,
) -> None:
    """Run `work` again and again. It returns when there is more to do (epoch ms), or None when it does not know.

    Between rounds the loop waits for `woken`, for that moment, or for `poll` seconds (other processes cannot wake it),
    whatever comes first. A database out of reach is waited for, and said once; any other error ends the loop and with it the process.
    """
    trouble = ""
    while True:
        woken.clear()
        try:
            due = await work()
            wait = poll if due is None else min(poll, max(0.0, (due - clock()) / 1000))
            trouble = ""
        except StorageError as error:
            if str(error) != trouble:
                log.warning("storage_out_of_reach", loop=name, reason=str(error))
            trouble = str(error)
            wait = TROUBLE_PAUSE
        await asyncio.sleep(PAUSE)
        await _wait(woken, wait)


async def insistent(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do what comes before the loops, however long the database is out of reach."""
    trouble = ""
    while True:
        try:
            return await work()
        except StorageError as error:
            if str(error) != trouble:
                log.warning("storage_out_of_reach", loop=name, reason=str(error))
            trouble = str(error)
        await asyncio.sleep(TROUBLE_PAUSE)


async def _wait(woken: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return
