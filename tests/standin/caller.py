"""Calls of the API, for the tests: a status, headers and a body at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from bot.standin.group import personal_token, room_token
from bot.standin.people import User
from bot.standin.rooms import Room
from bot.standin.server import Server


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; `body` is JSON where it is JSON, else text."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def message(self) -> str:
        """The error's message."""
        text = self.body["error"]["message"]
        assert isinstance(text, str)
        return text


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Calls one server, as `token` unless told otherwise."""

    server: Server
    session: aiohttp.ClientSession
    token: str | None = None

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: Any = None,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        base: str | None = None,
    ) -> Answer:
        """Call; `path` is sent as it is written, an empty `token` is the caller's own, None sends none."""
        used = self.token if token == "" else token
        sent = dict(headers or {})
        if used is not None:
            sent["Authorization"] = f"Bearer {used}"
        url = URL((base or self.server.url) + path, encoded=True)
        body: dict[str, Any] = {"json": json} if json is not None else {"data": data}
        async with self.session.request(method, url, headers=sent, allow_redirects=False, **body) as response:
            is_json = response.content_type == "application/json"
            text = await response.text()
            return Answer(
                status=response.status,
                headers=response.headers,
                body=await response.json() if is_json and text else text,
            )

    def user(self, mention_name: str = "Dana") -> User:
        """Find a person."""
        user = self.server.hipchat.find_user("@" + mention_name)
        assert user is not None
        return user

    def room(self, name: str = "Ops") -> Room:
        """Find a room."""
        room = self.server.hipchat.find_room(name)
        assert room is not None
        return room

    def token_of(self, mention_name: str) -> str:
        """Return the token that `describe` gives for a person."""
        return self.server.group.user_tokens[self.user(mention_name).id]

    def plain_user_token(self, mention_name: str = "Dana") -> str:
        """Make a personal token, with the ordinary limit."""
        return personal_token(self.server.hipchat, self.user(mention_name), self.server.url).value

    def room_token(self, name: str = "Ops", *scopes: str, label: str = "Nagios") -> str:
        """Make a room token with these scopes, `send_notification` unless told."""
        room = self.room(name)
        token = room_token(self.server.hipchat, room, label, self.server.url, scopes or ("send_notification",))
        return token.value

    async def addon_token(self, client_id: str, scope: str | None = None) -> str:
        """Fetch a token as an installed add-on."""
        client = self.server.hipchat.clients[client_id]
        form = {"grant_type": "client_credentials"} | ({} if scope is None else {"scope": scope})
        answer = await self.grant(client.id, client.secret, form)
        assert answer.status == 200, answer.body
        token = answer.body["access_token"]
        assert isinstance(token, str)
        return token

    async def grant(self, client_id: str, secret: str, form: Mapping[str, str]) -> Answer:
        """Ask the token endpoint."""
        basic = aiohttp.encode_basic_auth(client_id, secret) if hasattr(aiohttp, "encode_basic_auth") else None
        header = basic or aiohttp.BasicAuth(client_id, secret).encode()
        return await self("POST", "/v2/oauth/token", data=dict(form), token=None, headers={"Authorization": header})
