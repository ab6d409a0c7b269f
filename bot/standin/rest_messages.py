"""REST methods that post into rooms and read them (hipchat-api.md 11-13)."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.standin.call import Call, checked, content_type, form, method, parsed
from bot.standin.errors import ROOM_ARCHIVED, ApiError, answer
from bot.standin.paging import LONGEST_PAGE, collection
from bot.standin.people import Sender
from bot.standin.rooms import Message, Room
from bot.standin.schemas import NOTIFICATION, SHARE_LINK, reply, room_message
from bot.standin.shapes import stamp
from bot.standin.state import Archived, Hipchat

RECENT = 75


def post_notification(hipchat: Hipchat, room: Room, sender: Sender, body: dict[str, Any]) -> Message:
    """Post a checked notification body. Raises Archived."""
    return hipchat.notify(
        room,
        sender,
        message=body["message"],
        message_format=body.get("message_format", "html"),
        color=body.get("color", "yellow"),
        notify=body.get("notify") in (True, "true"),
        from_label=body.get("from", ""),
        card=body.get("card"),
        attach_to=body.get("attach_to") or None,
    )


async def _notification_body(call: Call) -> dict[str, Any]:
    raw = await call.request.read()
    kind = content_type(call.request)
    match kind:
        case "application/json":
            body = parsed(raw)
        case "application/x-www-form-urlencoded":
            body = dict(form(raw, call.request.charset))
        case "text/plain" | "text/html":
            try:
                text = raw.decode(call.request.charset or "utf-8")
            except (ValueError, LookupError):
                raise ApiError(400, "The request body cannot be decoded") from None
            body = {"message": text, "message_format": "text" if kind == "text/plain" else "html"}
        case _:
            raise ApiError(400, f"Invalid content type: {kind}")
    return checked(body, NOTIFICATION)


def _open(call: Call) -> Room:
    room = call.room()
    if room.is_archived:
        raise ApiError(call.hipchat.settings.archived_refusal, ROOM_ARCHIVED)
    return room


@method("send_notification", sends="room")
async def notify(call: Call) -> web.StreamResponse:
    """Post a notification: JSON, a form, or plain text or html."""
    body = await _notification_body(call)
    room = _open(call)
    call.spend()
    post_notification(call.hipchat, room, call.sender, body)
    return web.Response(status=204)


def _said(call: Call, room: Room, text: str, attach_to: str | None = None) -> Message:
    call.spend()
    try:
        return call.hipchat.post(room, call.sender, text, attach_to=attach_to)
    except Archived:
        raise ApiError(call.hipchat.settings.archived_refusal, ROOM_ARCHIVED) from None


@method("send_message", kinds=("user",), sends="room")
async def say(call: Call) -> web.StreamResponse:
    """Post a message as the token's owner."""
    body = await call.body(room_message(call.hipchat.settings.message_limit))
    message = _said(call, _open(call), body["message"])
    return answer({"id": message.id, "timestamp": stamp(message.at)}, 201)


@method("send_message", kinds=("user",), sends="room")
async def answer_message(call: Call) -> web.StreamResponse:
    """Reply to a message as the token's owner."""
    body = await call.body(reply(call.hipchat.settings.message_limit))
    _said(call, _open(call), body["message"], body["parentMessageId"])
    return web.Response(status=204)


@method("send_message", kinds=("user",), sends="room")
async def share_link(call: Call) -> web.StreamResponse:
    """Post a link as the token's owner."""
    body = await call.body(SHARE_LINK)
    text = " ".join(filter(None, [body.get("message", ""), body["link"]]))
    _said(call, _open(call), text)
    return web.Response(status=204)


def _moment(call: Call, name: str) -> float | None:
    text = call.request.query.get(name)
    if text is None:
        return None
    zone_name = call.request.query.get("timezone", "UTC")
    try:
        # A `+` of the offset arrives as a blank when the client did not encode it.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        zone = UTC if zone_name == "UTC" else ZoneInfo(zone_name)
    except (ValueError, LookupError, OSError):
        raise ApiError(400, f"Invalid date: {text}", {"field": name}) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _kept(call: Call, messages: list[Message]) -> list[Message]:
    if call.flag("include_deleted", default=True):
        return messages
    return [message for message in messages if not message.deleted]


def history_page(call: Call, messages: list[Message]) -> web.Response:
    """Answer a history: the recent ones, or, with a `date`, everything up to it in pages from the newest back."""
    messages = _kept(call, messages)
    item = call.shapes.history_item
    oldest_first = call.flag("reverse", default=True)
    length = call.integer("max-results", 100, 0, LONGEST_PAGE)
    if call.request.query.get("date", "recent") == "recent":
        recent = messages[-RECENT:][-length:] if length else []
        shown = recent if oldest_first else recent[::-1]
        return collection(call, [item(message) for message in shown], 0, length, total=0)
    until, since = _moment(call, "date"), _moment(call, "end-date")
    messages = [
        message
        for message in messages
        if (until is None or message.at <= until) and (since is None or message.at >= since)
    ]
    start = call.integer("start-index", 0, 0)
    shown = messages[::-1][start : start + length]
    if oldest_first:
        shown.reverse()
    return collection(call, [item(message) for message in shown], start, length, total=len(messages))


def latest_page(call: Call, messages: list[Message]) -> web.Response:
    """Answer the newest messages, oldest first, none before the message `not-before`."""
    messages = _kept(call, messages)
    first = call.request.query.get("not-before")
    if first is not None:
        place = next((number for number, message in enumerate(messages) if message.id == first), 0)
        messages = messages[place:]
    length = call.integer("max-results", RECENT, 0, LONGEST_PAGE)
    shown = messages[-length:] if length else []
    return collection(call, [call.shapes.history_item(message) for message in shown], 0, length, total=0)


def one_message(call: Call, messages: list[Message]) -> web.Response:
    """Answer the message that the path names. Raises 404."""
    wanted = call.request.match_info["message"]
    message = next((message for message in messages if message.id == wanted), None)
    if message is None:
        raise ApiError(404, "Message not found")
    return answer({"message": call.shapes.history_item(message)})


@method("view_messages")
async def history(call: Call) -> web.StreamResponse:
    """Read a room's history."""
    return history_page(call, call.room().messages)


@method("view_messages")
async def latest(call: Call) -> web.StreamResponse:
    """Read a room's newest messages."""
    return latest_page(call, call.room().messages)


@method("view_messages")
async def show_message(call: Call) -> web.StreamResponse:
    """Read one message of a room."""
    return one_message(call, call.room().messages)


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    room = "/v2/room/{room}"
    app.add_routes(
        [
            web.post(f"{room}/notification", notify),
            web.post(f"{room}/message", say),
            web.post(f"{room}/reply", answer_message),
            web.post(f"{room}/share/link", share_link),
            web.get(f"{room}/history", history),
            web.get(f"{room}/history/latest", latest),
            web.get(f"{room}/history/{{message}}", show_message),
        ]
    )
