"""Serving: the bot's processes: web, worker, or both, until they are told to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import structlog
from aiohttp import web

from bot import mailroom
from bot.connections import descriptors, listening, raise_limit, shares
from bot.parts import Parts
from bot.ports import Clock
from bot.settings import Settings
from bot.storage.file import served_alone
from bot.web.nsca import taking_results
from bot.web.protocol import taking_requests
from bot.web.server import create_app
from bot.wiring import running, system_clock
from bot.workers import run as workers

SHUTDOWN = 5.0
"""Seconds that running requests get when the process stops."""
LOCK_WAIT = 1.2
"""Seconds that a locked database is waited for: who asks gets an answer within two."""

log = structlog.get_logger()


def with_base_url(settings: Settings, port: int) -> Settings:
    """Return the settings with a base URL: the given one, or this machine's own for trying things out."""
    if settings.base_url:
        return settings
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "127.0.0.1", "::"} else settings.host  # noqa: S104 - compared
    return replace(settings, base_url=f"http://{host}:{port}")


@contextlib.asynccontextmanager
async def serving(
    settings: Settings,
    *,
    web_too: bool = True,
    workers_too: bool = True,
    clock: Clock = system_clock,
    sock: socket.socket | None = None,
) -> AsyncIterator[Parts]:
    """Run the bot for the length of the block. When a loop dies, the block is cancelled and its error raised."""
    async with contextlib.AsyncExitStack() as stack:
        if web_too:
            sock = sock or listening(settings.host, settings.port)
            stack.callback(sock.close)
            settings = with_base_url(settings, sock.getsockname()[1])
        nsca = listening(settings.host, settings.nsca_port) if web_too and settings.nsca_port is not None else None
        if nsca is not None:
            stack.callback(nsca.close)
        await stack.enter_async_context(served_alone(settings.sqlite_file))
        parts = await stack.enter_async_context(running(settings, clock=clock, wait=LOCK_WAIT))
        most = shares(descriptors(), nsca=nsca is not None, mail=settings.mail_port is not None)
        if web_too:
            assert sock is not None
            runner = web.AppRunner(create_app(parts), access_log=None, shutdown_timeout=SHUTDOWN)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await stack.enter_async_context(taking_requests(runner, sock, parts, most=most.web))
            log.info("listening", port=sock.getsockname()[1], base_url=settings.base_url)
            await stack.enter_async_context(mailroom.opened(parts, most=most.mail))
        if nsca is not None:
            await stack.enter_async_context(taking_results(parts, nsca, most=most.nsca))
        if not workers_too:
            yield parts
            return
        async with asyncio.TaskGroup() as group:
            loops = group.create_task(workers.run(parts))
            yield parts
            loops.cancel()


async def serve_until_stopped(settings: Settings, *, web_too: bool, workers_too: bool) -> None:
    """Run the bot until SIGTERM or SIGINT; what was accepted is committed before it ends."""
    raise_limit()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with serving(settings, web_too=web_too, workers_too=workers_too):
        await stopped.wait()
        log.info("stopping")
