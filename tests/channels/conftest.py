"""A sink, and the way out to it."""

from collections.abc import AsyncIterator

import pytest

from bot.channels.outbound import Outbound, open_outbound
from tests.channels.making import NOW
from tests.channels.sink import Sink, sink

HERE = "127.0.0.1"


@pytest.fixture
async def there() -> AsyncIterator[Sink]:
    """Run a service that takes everything, unless told otherwise."""
    async with sink() as kept:
        yield kept


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    """Give a way out that may reach this machine."""
    async with open_outbound([HERE]) as session:
        yield Outbound(session, [HERE], lambda: NOW)
