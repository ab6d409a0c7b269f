"""Sink: a server that keeps what it is sent and answers as it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.body)


@dataclass(kw_only=True)
class Sink:
    """What was sent so far; `status` is answered, with `headers` and `answer` as JSON; None breaks the connection off. `gate` holds answers back."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    status: int | None = 202
    answer: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def came(self, many: int) -> None:
        """Wait until so many requests have come."""
        while len(self.seen) < many:
            self.arrived.clear()
            await self.arrived.wait()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep a request and answer it."""
        self.seen.append(
            Seen(method=request.method, path=request.path, headers=request.headers.copy(), body=await request.read())
        )
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.status is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response(self.answer, status=self.status, headers=self.headers)

    def all_seen(self) -> list[Seen]:
        """Return what came since this was asked last."""
        seen, self.seen = self.seen, []
        return seen


@contextlib.asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    """Run a sink on this machine."""
    kept = Sink()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", kept.take)
    async with TestServer(app) as server:
        kept.url = str(server.make_url("")).rstrip("/")
        yield kept
