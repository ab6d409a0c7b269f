"""Noting: what has happened outside is written down, however long that takes within reason, since it would be done again otherwise."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bot.storage.engine import Busy, Full

PATIENCE: Final = 30.0
"""Seconds; a lease lasts a minute (deliver.py, lanes.py, whisper.py), after which somebody else would do it."""
PAUSE: Final = 0.5

Result = TypeVar("Result")


async def insisted(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do a transaction again while the database is locked or full. Raises StorageError when it stays so, or for anything else."""
    give_up = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            return await work()
        except (Busy, Full):
            if asyncio.get_running_loop().time() > give_up:
                raise
        await asyncio.sleep(PAUSE)
