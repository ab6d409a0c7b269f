"""An add-on for the tests: it records what Hipchat calls, and answers as it is told."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(kw_only=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def token(self) -> str:
        """The JWT of the header."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        assert kind == "JWT"
        return value


@dataclass(kw_only=True)
class Addon:
    """An add-on at `url`; `answers` maps a path to the answer's status, text and content type."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    hooks: dict[str, Any] = field(default_factory=dict)
    descriptor: dict[str, Any] = field(default_factory=dict)

    def calls(self, path: str) -> list[Received]:
        """List what came to a path."""
        return [received for received in self.received if received.path == path]

    @property
    def descriptor_url(self) -> str:
        """Where the descriptor is."""
        return self.url + "/descriptor"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Record and answer."""
        body = await request.read()
        if request.path == "/descriptor":
            return web.json_response(self.descriptor)
        self.received.append(
            Received(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=dict(request.headers),
                body=body,
            )
        )
        if request.path in self.hooks:
            answered: web.StreamResponse = await self.hooks[request.path](request, body)
            return answered
        status, text, kind = self.answers.get(request.path, (200, "", "text/plain"))
        headers = {"Location": text} if 300 <= status < 400 else None
        return web.Response(status=status, text=text, content_type=kind, headers=headers)


def descriptor(url: str) -> dict[str, Any]:
    """Make a descriptor with one webhook for `/alert`."""
    return {
        "key": "com.example.alerts",
        "name": "Alerts",
        "description": "Alerts in your rooms",
        "links": {"self": f"{url}/descriptor", "homepage": url},
        "vendor": {"name": "Example", "url": "https://example.com"},
        "capabilities": {
            "hipchatApiConsumer": {
                "fromName": "Alert Bot",
                "scopes": ["send_notification", "view_room", "view_group"],
                "avatar": {"url": f"{url}/a.png", "url@2x": f"{url}/a2.png"},
            },
            "installable": {"callbackUrl": f"{url}/installable", "updateCallbackUrl": f"{url}/updated"},
            "webhook": [
                {
                    "event": "room_message",
                    "pattern": "^/alert",
                    "name": "commands",
                    "key": "commands",
                    "url": f"{url}/webhook",
                    "authentication": "jwt",
                }
            ],
            "glance": [
                {
                    "key": "alerts-glance",
                    "name": {"value": "Alerts"},
                    "icon": {"url": f"{url}/g.png", "url@2x": f"{url}/g2.png"},
                    "queryUrl": f"{url}/glance",
                }
            ],
        },
    }


def change_webhook(addon: Addon, **fields: Any) -> None:
    """Change the webhook of the add-on's descriptor."""
    addon.descriptor["capabilities"]["webhook"][0] |= fields


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Addon]:
    """Run an add-on on a free port."""
    addon = Addon()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", addon.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        addon.url = str(server.make_url("")).rstrip("/")
        addon.descriptor = descriptor(addon.url)
        yield addon
