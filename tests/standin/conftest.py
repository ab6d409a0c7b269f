"""A running stand-in with a clock that tests move, a caller, and an add-on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from bot.standin.server import Server, running
from tests.standin.addon import Addon, serving
from tests.standin.caller import Caller


@dataclass
class Clock:
    """Seconds since 1970, moved by hand."""

    now: float = 1_800_000_000.25

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[Server]:
    """Run a stand-in with its first group."""
    async with running(clock=clock) as server:
        yield server


@pytest.fixture
async def call(server: Server) -> AsyncIterator[Caller]:
    """Call as Dana, who has every scope."""
    async with aiohttp.ClientSession() as session:
        dana = next(iter(server.group.user_tokens.values()))
        yield Caller(server=server, session=session, token=dana)


@pytest.fixture
async def addon() -> AsyncIterator[Addon]:
    """Run an add-on that is not installed yet."""
    async with serving() as addon:
        yield addon
