"""REST methods of people and private messages (hipchat-api.md 14)."""

import re
from typing import Any

from aiohttp import web

from bot.standin.call import Call, method
from bot.standin.errors import ApiError, answer
from bot.standin.paging import page
from bot.standin.people import Presence
from bot.standin.rest_messages import history_page, latest_page, one_message
from bot.standin.rooms import Message
from bot.standin.schemas import CREATE_USER, PRIVATE_MESSAGE, UPDATE_USER
from bot.standin.shapes import expansion
from bot.standin.state import Conflict
from bot.standin.tokens import new_token

NOT_AS_ADDON = "Private messages are sent by people"


@method("view_group")
async def list_users(call: Call) -> web.StreamResponse:
    """List people; guests and deleted ones only on request."""
    with_guests = call.flag("include-guests", default=False)
    with_deleted = call.flag("include-deleted", default=False)
    users = [
        user
        for user in call.hipchat.users.values()
        if (with_guests or not user.is_guest) and (with_deleted or not user.is_deleted)
    ]
    shapes = call.shapes
    full = "items" in expansion(call.request.query.get("expand", ""))
    return page(call, users, shapes.user if full else shapes.user_stub)


@method("view_group")
async def show_user(call: Call) -> web.StreamResponse:
    """Show a person."""
    return answer(call.shapes.user(call.person()))


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: body[name] for name in ("name", "email", "timezone") if name in body}
    if body.get("mention_name"):
        fields["mention_name"] = body["mention_name"]
    if "title" in body:
        fields["title"] = body["title"] or ""
    if "is_group_admin" in body:
        fields["is_admin"] = body["is_group_admin"] in (True, "true")
    return fields


@method("admin_group")
async def create_user(call: Call) -> web.StreamResponse:
    """Add a person; a password that we made is answered."""
    body = await call.body(CREATE_USER)
    fields = _fields(body)
    fields.setdefault("mention_name", re.sub(r"\W", "", body["name"]) or "user")
    try:
        user = call.hipchat.add_user(**fields)
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    link = f"{call.base}/v2/user/{user.id}"
    made = {} if body.get("password") else {"password": new_token()}
    call.hipchat.secrets_made.update(made.values())
    return answer({"id": user.id, "links": {"self": link}, **made}, 201, {"Location": link})


@method("admin_group")
async def update_user(call: Call) -> web.StreamResponse:
    """Change a person."""
    user = call.person()
    body = await call.body(UPDATE_USER)
    try:
        call.hipchat.change_user(user, **_fields(body))
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    presence = body.get("presence") or {}
    if presence.get("show"):
        call.hipchat.set_presence(user, Presence(show=presence["show"], status=presence.get("status") or ""))
    return web.Response(status=204)


@method("admin_group")
async def delete_user(call: Call) -> web.StreamResponse:
    """Delete a person."""
    call.hipchat.delete_user(call.person())
    return web.Response(status=204)


@method("send_message", kinds=("addon", "user"), sends="user")
async def whisper(call: Call) -> web.StreamResponse:
    """Send a private message; whether an add-on may is unconfirmed (hipchat-api.md 18, line 15)."""
    if call.user is None and call.hipchat.settings.addon_private_message == 403:
        raise ApiError(403, NOT_AS_ADDON)
    body = await call.body(PRIVATE_MESSAGE)
    call.spend()
    call.hipchat.whisper(
        call.sender,
        call.person(),
        body["message"],
        message_format=body.get("message_format", "text"),
        notify=body.get("notify") in (True, "true"),
    )
    return web.Response(status=204)


def _conversation(call: Call) -> list[Message]:
    other = call.person()
    if call.user is None:
        return [
            message
            for message in call.hipchat.private
            if message.sender.client_id == call.client.id and message.to_user_id == other.id
        ]
    pair = {call.user.id, other.id}
    return [message for message in call.hipchat.private if {message.sender.user_id, message.to_user_id} == pair]


@method("view_messages")
async def history(call: Call) -> web.StreamResponse:
    """Read the chat of the token's owner with a person."""
    return history_page(call, _conversation(call))


@method("view_messages")
async def latest(call: Call) -> web.StreamResponse:
    """Read the newest of that chat."""
    return latest_page(call, _conversation(call))


@method("view_messages")
async def show_message(call: Call) -> web.StreamResponse:
    """Read one message of that chat."""
    return one_message(call, _conversation(call))


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    user = "/v2/user/{user}"
    app.add_routes(
        [
            web.get("/v2/user", list_users),
            web.post("/v2/user", create_user),
            web.get(user, show_user),
            web.put(user, update_user),
            web.delete(user, delete_user),
            web.post(f"{user}/message", whisper),
            web.get(f"{user}/history", history),
            web.get(f"{user}/history/latest", latest),
            web.get(f"{user}/history/{{message}}", show_message),
        ]
    )
