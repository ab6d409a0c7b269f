"""A relay in front of several web processes, as a load balancer is: each connection goes to one that listens."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence


@contextlib.asynccontextmanager
async def relay(ports: Sequence[int]) -> AsyncIterator[str]:
    """Pass connections on to these ports of this machine in turn, past those where nobody listens; give its origin."""
    turns = itertools.cycle(range(len(ports)))

    async def behind() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        first = next(turns)
        for offset in range(len(ports)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", ports[(first + offset) % len(ports)])
        return None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            chosen = await behind()
            if chosen is not None:
                answers, requests = chosen
                await asyncio.gather(_pass_on(reader, requests), _pass_on(answers, writer))
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy until either side ends; a process that was killed ends both."""
    try:
        with contextlib.suppress(OSError):
            while chunk := await source.read(1 << 16):
                target.write(chunk)
                await target.drain()
    finally:
        target.close()
