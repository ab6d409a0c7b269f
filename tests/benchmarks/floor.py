"""The floor: a bare aiohttp handler on uvloop that decodes the same body with msgspec and answers; and a Hipchat as bare.

`python -m tests.benchmarks.floor` prints its port and serves until it is ended.
"""

import asyncio
import json
import sys
import time
from typing import Any

import msgspec
import uvloop
from aiohttp import web


class Alert(msgspec.Struct):
    """What the bodies of load.py hold."""

    summary: str
    severity: str
    dedup_key: str
    labels: dict[str, str]
    starts_at: str


_decode = msgspec.json.Decoder(Alert | list[Alert]).decode
_ANSWER = b'{"results": [{"alert": 123, "outcome": "opened", "dedup_key": "run1-0-1"}]}'
_TOKEN = {
    "access_token": "invented",
    "expires_in": 86_400,
    "group_id": 1,
    "group_name": "Bench",
    "scope": "send_notification view_room view_group",
    "token_type": "bearer",
}


async def take(request: web.Request) -> web.Response:
    """Decode and answer."""
    _decode(await request.read())
    return web.Response(body=_ANSWER, status=202, content_type="application/json")


async def token(_request: web.Request) -> web.Response:
    """Answer as Hipchat's token URL does."""
    return web.json_response(_TOKEN)


_TAKEN: list[tuple[float, str, bytes]] = []


async def notification(request: web.Request) -> web.Response:
    """Take a message and remember when."""
    _TAKEN.append((time.time(), request.match_info["room"], await request.read()))
    return web.Response(status=204)


async def taken(request: web.Request) -> web.Response:
    """Say how many messages were taken, when the first and the last, and (`?whole`) every one of them with its time."""
    times = [at for at, _, _ in _TAKEN]
    said: dict[str, Any] = {"count": len(times), "first": min(times, default=0), "last": max(times, default=0)}
    if "whole" in request.query:
        said["messages"] = [{"at": at, "room": room, "body": json.loads(body)} for at, room, body in _TAKEN]
    return web.json_response(said)


async def forget(_request: web.Request) -> web.Response:
    """Begin to count anew."""
    _TAKEN.clear()
    return web.Response(status=204)


async def main() -> None:
    """Serve until ended."""
    app = web.Application(client_max_size=16 << 20)
    app.router.add_post("/api/v1/alerts", take)
    app.router.add_post("/v2/oauth/token", token)
    app.router.add_post("/v2/room/{room}/notification", notification)
    app.router.add_get("/taken", taken)
    app.router.add_delete("/taken", forget)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stderr.write(json.dumps({"event": "listening", "port": runner.addresses[0][1]}) + "\n")
    sys.stderr.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
