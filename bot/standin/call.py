"""One authenticated call of the REST API: token, rate, scope, room, `auth_test`, body (hipchat-api.md 2, 4, 5)."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from aiohttp import web

from bot.standin.errors import INVALID_SESSION, NO_ROOM, NO_USER, OTHER_ROOM, TOO_MANY, ApiError, answer
from bot.standin.people import Sender, User
from bot.standin.rooms import Room
from bot.standin.shapes import Shapes
from bot.standin.state import HIPCHAT, Hipchat
from bot.standin.tokens import Client, Token
from bot.standin.validation import Invalid, Schema, check, python2

TOKEN: Final = web.RequestKey("token", Token)
RECIPIENT: Final = web.RequestKey("recipient", str)

ACCEPTED: Final = {
    "success": {"code": 202, "message": "This auth_token has access to use this method.", "type": "Accepted"}
}
WRONG_KIND: Final = "This token may not use the method"
NOT_JSON: Final = "The request body cannot be parsed as valid JSON"

Kind = Literal["addon", "room", "user"]
EVERY_KIND: Final[tuple[Kind, ...]] = ("addon", "room", "user")


def base_of(request: web.BaseRequest) -> str:
    """Return the scheme and host that the client called."""
    return f"{request.scheme}://{request.host}"


def given_token(request: web.BaseRequest) -> str | None:
    """Return the token of the header, else of the query (hipchat-api.md 18, line 17)."""
    header = request.headers.get("Authorization")
    if header is not None:
        kind, _, value = header.partition(" ")
        return value.strip() if kind.lower() == "bearer" else None
    return request.query.get("auth_token")


def known_token(request: web.BaseRequest, hipchat: Hipchat) -> Token | None:
    """Return the request's token if it is a living one."""
    token = hipchat.tokens.get(given_token(request) or "")
    if token is None or (token.expires_at is not None and hipchat.clock() >= token.expires_at):
        return None
    return token


def rate_limit(hipchat: Hipchat, token: Token) -> int:
    """Return how many requests a token has per window."""
    if token.limit is not None:
        return token.limit
    is_addon = hipchat.clients[token.client_id].kind == "addon"
    return hipchat.settings.addon_rate if is_addon else hipchat.settings.user_rate


def limit_headers(request: web.BaseRequest, hipchat: Hipchat) -> dict[str, str]:
    """Return the rate headers of an answer, and those of flood control where a message was to be sent."""
    token = request.get(TOKEN) or known_token(request, hipchat)
    if token is None or token.client_id not in hipchat.clients:
        return {}
    now = hipchat.clock()
    headers = hipchat.rate.look(token.value, rate_limit(hipchat, token), now).headers("Ratelimit")
    recipient = request.get(RECIPIENT)
    if recipient is not None:
        flood = hipchat.flood.look((token.client_id, recipient), hipchat.settings.flood_limit, now)
        headers |= flood.headers("FloodControl")
    return headers


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that passed authentication, rate and scope."""

    request: web.Request
    hipchat: Hipchat
    client: Client
    token: Token

    @property
    def base(self) -> str:
        """The scheme and host that the client called."""
        return base_of(self.request)

    @property
    def shapes(self) -> Shapes:
        """Shapes with links to where the client called."""
        return Shapes(self.hipchat, self.base)

    @property
    def sender(self) -> Sender:
        """Who posts with this token."""
        return self.hipchat.speaker(self.client)

    @property
    def user(self) -> User | None:
        """The token's owner, when it is a person's."""
        return None if self.client.user_id is None else self.hipchat.users[self.client.user_id]

    def sees(self, room: Room) -> bool:
        """Whether the token's owner sees the room at all."""
        if self.client.room_id is not None:
            return self.client.room_id == room.id
        return self.user is None or self.hipchat.may_enter(room, self.user)

    def room(self) -> Room:
        """Find the room of the path. Raises 404, or 403 for another room than the token's (18, line 8)."""
        room = self.hipchat.find_room(self.request.match_info["room"])
        if room is None:
            raise ApiError(404, NO_ROOM)
        if self.client.room_id not in (None, room.id):
            status = self.hipchat.settings.room_token_elsewhere
            raise ApiError(status, NO_ROOM if status == 404 else OTHER_ROOM)
        if not self.sees(room):
            raise ApiError(404, NO_ROOM)
        return room

    def person(self, key: int | str | None = None) -> User:
        """Find the person of the path, or of `key`. Raises 404."""
        user = self.hipchat.find_user(self.request.match_info["user"] if key is None else key)
        if user is None:
            raise ApiError(404, NO_USER)
        return user

    async def body(self, schema: Schema, *, optional: bool = False) -> dict[str, Any]:
        """Read a JSON body. Raises 400; an empty `optional` body is `{}` whatever its content type."""
        raw = await self.request.read()
        if optional and not raw:
            return {}
        kind = content_type(self.request)
        if kind != "application/json":
            raise ApiError(400, f"Invalid content type: {kind}")
        return checked(parsed(raw), schema)

    def spend(self) -> None:
        """Use one message of flood control. Raises 429."""
        key = (self.client.id, self.request[RECIPIENT])
        if not self.hipchat.flood.take(key, self.hipchat.settings.flood_limit, self.hipchat.clock()):
            raise ApiError(429, TOO_MANY)

    def integer(self, name: str, default: int, low: int, high: int | None = None) -> int:
        """Read a number of the query. Raises 400."""
        text = self.request.query.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ApiError(400, f"Value {python2(text)} for field '{name}' is not of type integer", {"field": name})
        number = int(text)
        if number < low or (high is not None and number > high):
            raise ApiError(400, f"Value {number} for field '{name}' is out of bounds", {"field": name})
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        """Read a yes or no of the query. Raises 400."""
        text = self.request.query.get(name)
        match text and text.lower():
            case None:
                return default
            case "true" | "1":
                return True
            case "false" | "0" | "":
                return False
        raise ApiError(400, f"Value {python2(text)} for field '{name}' is not of type boolean", {"field": name})


def content_type(request: web.BaseRequest) -> str | None:
    """Return the content type without parameters, None when there is none."""
    header = request.headers.get("Content-Type")
    return None if header is None else header.partition(";")[0].strip().lower()


def parsed(raw: bytes) -> Any:
    """Read JSON. Raises 400."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ApiError(400, NOT_JSON) from None


def checked(body: Any, schema: Schema) -> dict[str, Any]:
    """Check a body. Raises 400 naming the top-level field; a card's breach also says what was expected (4.3)."""
    if not isinstance(body, dict):
        raise ApiError(400, f"Value {python2(body)} is not of type object")
    try:
        check(body, schema)
    except Invalid as error:
        extra = {"field": error.field, **error.extra}
        if error.field == "card":
            extra |= {
                "description": "Value {value!r} is not of type {expected_type!r}",
                "expected_type": schema["properties"]["card"]["any_of"],
            }
        raise ApiError(400, error.message, extra) from None
    return body


def form(raw: bytes, charset: str | None) -> Mapping[str, str]:
    """Read a form body; the last of repeated fields counts. Raises 400."""
    try:
        return dict(parse_qsl(raw.decode(charset or "utf-8"), keep_blank_values=True))
    except (ValueError, LookupError):
        raise ApiError(400, "The request body cannot be parsed as a form") from None


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


def method(
    *scopes: str,
    kinds: tuple[Kind, ...] = EVERY_KIND,
    sends: Literal["room", "user"] | None = None,
) -> Callable[[Handler], Callable[[web.Request], Awaitable[web.StreamResponse]]]:
    """Make a REST method of a handler: any one of `scopes` suffices; `sends` names whom flood control counts for."""

    def wrap(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            hipchat = request.app[HIPCHAT]
            token = known_token(request, hipchat)
            if token is None:
                raise ApiError(401, INVALID_SESSION)
            request[TOKEN] = token
            call = Call(request=request, hipchat=hipchat, token=token, client=hipchat.clients[token.client_id])
            if not hipchat.rate.take(token.value, rate_limit(hipchat, token), hipchat.clock()):
                raise ApiError(429, TOO_MANY)
            if scopes and not set(scopes) & set(token.scopes):
                message = f"This action requires one of the following scopes: {python2(sorted(scopes))}"
                raise ApiError(403, message)
            if call.client.kind not in kinds:
                raise ApiError(403, WRONG_KIND)
            room = call.room() if "room" in request.match_info else None
            user = call.person() if "user" in request.match_info else None
            if sends == "room" and room is not None:
                request[RECIPIENT] = f"room {room.id}"
            elif sends == "user" and user is not None:
                request[RECIPIENT] = f"user {user.id}"
            if request.query.get("auth_test", "").lower() == "true":
                return answer(ACCEPTED, 202)
            return await handler(call)

        return handle

    return wrap
