"""The chat page and the API that only it uses, under `/_page`: JSON, and the events of visitors.py.

A person picks anybody of the group, so there is no login: the page belongs on a loopback address. Changing requests must be
JSON, which other sites' forms cannot send.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from bot.standin import jwts
from bot.standin.drawn import drawn_message, drawn_room, drawn_user, mention_names
from bot.standin.markup import Builtin, builtin
from bot.standin.modules import (
    THEMES,
    NotShown,
    addons_of,
    called,
    check_frame,
    glances_of,
    is_admin,
    page_of,
    signed_url,
)
from bot.standin.people import Presence, User
from bot.standin.rooms import Room
from bot.standin.state import HIPCHAT, Archived, Conflict, Hipchat
from bot.standin.tokens import Client
from bot.standin.visitors import Visitors

PAGE_SIZE: Final = 200  # messages shown at first, and by each "load earlier"
TOPIC_LIMIT: Final = 250
ROOM_NAME_LIMIT: Final = 50

NO_SUCH_USER: Final = "There is no such person."
NO_SUCH_ROOM: Final = "There is no such room, or it is not open to you."
NO_SUCH_ADDON: Final = "There is no such add-on in this room."
NOT_JSON: Final = "The body must be a JSON object."
NO_TEXT: Final = "There is no text to send."
TEXT_TOO_LONG: Final = "A message has at most {limit} characters."
TOPIC_TOO_LONG: Final = "A topic has at most {limit} characters."
NAME_WRONG: Final = "A room's name has 1 to {limit} characters."
ARCHIVED: Final = "This room is archived."

_STATIC: Final = Path(__file__).parent / "static"
_HEADERS: Final = {
    # Message styles are attributes from a short list of harmless ones (markup.py); everything else is files of our own.
    "Content-Security-Policy": (
        # Glances are asked for, and modules are shown, at whatever address an add-on names.
        "default-src 'self'; connect-src 'self' http: https:; frame-src http: https:; style-src 'self'; style-src-attr 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Refused(Exception):
    """The page is told no: a status and a sentence for the person."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


_VISITORS: Final = web.AppKey("visitors", Visitors)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse | dict[str, Any]]]


def add_routes(app: web.Application) -> None:
    """Add `/` and `/_page/...` to an application that carries its group under HIPCHAT."""
    visitors = app[_VISITORS] = Visitors(app[HIPCHAT])
    app.router.add_get("/", _index)
    app.router.add_static("/_page/static", _STATIC)
    app.router.add_get("/_page/users", _answered(_users))
    app.router.add_get("/_page/rooms", _answered(_rooms))
    app.router.add_get("/_page/rooms/{room}/messages", _answered(_messages))
    app.router.add_post("/_page/rooms/{room}/messages", _answered(_say))
    app.router.add_post("/_page/rooms/{room}/enter", _answered(_enter))
    app.router.add_get("/_page/rooms/{room}/glances", _answered(_glances))
    app.router.add_get("/_page/rooms/{room}/addons", _answered(_addons))
    app.router.add_post("/_page/rooms/{room}/frame", _answered(_frame))
    app.router.add_post("/_page/rooms/{room}/token", _answered(_token))
    app.router.add_post("/_page/rooms/{room}/call", _answered(_call))
    app.router.add_get("/atlassian-connect/all.js", _all_js)
    app.router.add_get("/_page/events", _answered(_events))
    app.on_response_prepare.append(_add_headers)
    app.on_shutdown.append(visitors.close)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == "/" or request.path.startswith("/_page/"):
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)


def _answered(handler: _Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            result = await handler(request)
        except Refused as refused:
            return web.json_response({"error": refused.text}, status=refused.status)
        return result if isinstance(result, web.StreamResponse) else web.json_response(result)

    return answer


# -- who and where ---------------------------------------------------------------------------------------------------------


def _user(hipchat: Hipchat, user_id: object) -> User:
    text = str(user_id)
    user = hipchat.users.get(int(text)) if text.isascii() and text.isdecimal() and len(text) < 20 else None
    if user is None or user.is_deleted:
        raise Refused(404, NO_SUCH_USER)
    return user


def _room(request: web.Request, user: User) -> Room:
    hipchat = request.app[HIPCHAT]
    text = request.match_info["room"]
    room = hipchat.rooms.get(int(text)) if text.isascii() and text.isdecimal() and len(text) < 20 else None
    if room is None or not hipchat.may_enter(room, user):
        raise Refused(404, NO_SUCH_ROOM)
    return room


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Refused(415, NOT_JSON)
    try:
        body = await request.json()
    except ValueError as error:
        raise Refused(400, NOT_JSON) from error
    if not isinstance(body, dict):
        raise Refused(400, NOT_JSON)
    return body


# -- reading ---------------------------------------------------------------------------------------------------------------


async def _index(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
    return web.FileResponse(_STATIC / "index.html")


async def _users(request: web.Request) -> dict[str, Any]:
    users = [user for user in request.app[HIPCHAT].users.values() if not user.is_deleted]
    return {"users": [drawn_user(user) for user in users]}


async def _rooms(request: web.Request) -> dict[str, Any]:
    """`seen` is `ROOM:MESSAGE,...`: the last message that the person saw in each room."""
    hipchat = request.app[HIPCHAT]
    user = _user(hipchat, request.query.get("user"))
    seen = dict(part.split(":", 1) for part in request.query.get("seen", "").split(",") if ":" in part)
    rooms = [room for room in hipchat.rooms.values() if not room.is_archived and hipchat.may_enter(room, user)]
    return {"rooms": [drawn_room(room, seen.get(str(room.id))) for room in rooms]}


async def _messages(request: web.Request) -> dict[str, Any]:
    """Answer the last messages of a room, or those before the message `before`, oldest first."""
    hipchat = request.app[HIPCHAT]
    user = _user(hipchat, request.query.get("user"))
    room = _room(request, user)
    before = request.query.get("before")
    end = len(room.messages)
    if before:
        end = next((at for at, message in enumerate(room.messages) if message.id == before), end)
    start = max(0, end - PAGE_SIZE)
    names = mention_names(hipchat.users.values())
    return {
        "messages": [drawn_message(message, room, names) for message in room.messages[start:end]],
        "earlier": start > 0,
    }


async def _glances(request: web.Request) -> dict[str, Any]:
    hipchat = request.app[HIPCHAT]
    user = _user(hipchat, request.query.get("user"))
    return {"glances": glances_of(hipchat, _room(request, user), user)}


async def _addons(request: web.Request) -> dict[str, Any]:
    hipchat = request.app[HIPCHAT]
    user = _user(hipchat, request.query.get("user"))
    return addons_of(hipchat, _room(request, user), user)


async def _all_js(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
    """Give the script that add-ons' pages load for the JavaScript API (hipchat-api.md 16.3)."""
    return web.FileResponse(_STATIC / "all.js")


# -- add-ons' modules ------------------------------------------------------------------------------------------------------


def _client(hipchat: Hipchat, room: Room, body: dict[str, Any]) -> Client:
    found = next((each for each in hipchat.installations(room) if each.id == body.get("addon")), None)
    if found is None:
        raise Refused(404, NO_SUCH_ADDON)
    return found


async def _frame(request: web.Request) -> dict[str, Any]:
    """Sign the address of a module for a frame, and see that the frame will show it."""
    hipchat, body = request.app[HIPCHAT], await _body(request)
    user = _user(hipchat, body.get("user"))
    room = _room(request, user)
    client = _client(hipchat, room, body)
    theme = body.get("theme") if body.get("theme") in THEMES else "light"
    given = body.get("values")
    values: dict[str, Any] = given if isinstance(given, dict) else {}
    try:
        page = page_of(client, str(body.get("module")), values, admin=is_admin(room, user))
        location, token = signed_url(hipchat, client, page, room, user, theme=str(theme))
        await check_frame(location, f"{request.scheme}://{request.host}")
    except NotShown as error:
        raise Refused(502, str(error)) from None
    return {"location": location, "jwt": token}


async def _token(request: web.Request) -> dict[str, Any]:
    hipchat, body = request.app[HIPCHAT], await _body(request)
    user = _user(hipchat, body.get("user"))
    room = _room(request, user)
    return {"jwt": jwts.sign(_client(hipchat, room, body), now=hipchat.clock(), room=room, user=user)}


async def _call(request: web.Request) -> dict[str, Any]:
    hipchat, body = request.app[HIPCHAT], await _body(request)
    user = _user(hipchat, body.get("user"))
    room = _room(request, user)
    try:
        return {"result": called(hipchat, _client(hipchat, room, body), room, user, str(body.get("call")))}
    except NotShown as error:
        raise Refused(403, str(error)) from None


# -- acting ----------------------------------------------------------------------------------------------------------------


async def _enter(request: web.Request) -> dict[str, Any]:
    """Enter the room until the person's last page closes."""
    hipchat = request.app[HIPCHAT]
    user = _user(hipchat, (await _body(request)).get("user"))
    room = _room(request, user)
    request.app[_VISITORS].enter(room, user)
    return {"entered": room.id}


async def _say(request: web.Request) -> web.Response:
    """Send a person's text: 201 with the message's id, or 200 with the client command that it was (hipchat-api.md 10.1)."""
    hipchat = request.app[HIPCHAT]
    body = await _body(request)
    user = _user(hipchat, body.get("user"))
    room = _room(request, user)
    text = body.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refused(400, NO_TEXT)
    limit = hipchat.settings.message_limit
    if len(text) > limit:
        raise Refused(400, TEXT_TOO_LONG.format(limit=limit))
    command = builtin(text)
    if command is not None:
        _obey(hipchat, room, user, command)
        return web.json_response({"handled": {"name": command.name, "argument": command.argument}})
    try:
        message = await hipchat.say(room, user, text)
    except Archived as error:
        raise Refused(403, ARCHIVED) from error
    return web.json_response({"id": message.id}, status=201)


def _obey(hipchat: Hipchat, room: Room, user: User, command: Builtin) -> None:
    """Do the client commands that others see; the page does the rest by itself."""
    match command.name:
        case "topic":
            if len(command.argument) > TOPIC_LIMIT:
                raise Refused(400, TOPIC_TOO_LONG.format(limit=TOPIC_LIMIT))
            hipchat.set_topic(room, command.argument, by=hipchat.sender(user))
        case "rename":
            if not 1 <= len(command.argument) <= ROOM_NAME_LIMIT:
                raise Refused(400, NAME_WRONG.format(limit=ROOM_NAME_LIMIT))
            try:
                hipchat.update_room(room, by=hipchat.sender(user), name=command.argument)
            except Conflict as error:
                raise Refused(409, f"{error}.") from error
        case "here":
            hipchat.set_presence(user, Presence(status=command.argument))
        case "away":
            hipchat.set_presence(user, Presence(show="away", status=command.argument))
        case "dnd":
            hipchat.set_presence(user, Presence(show="dnd", status=command.argument))


async def _events(request: web.Request) -> web.StreamResponse:
    user = _user(request.app[HIPCHAT], request.query.get("user"))
    return await request.app[_VISITORS].stream(request, user)
