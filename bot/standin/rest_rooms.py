"""REST methods of rooms, members and participants (hipchat-api.md 13)."""

from aiohttp import web

from bot.standin.call import Call, method
from bot.standin.errors import ApiError, answer
from bot.standin.paging import page
from bot.standin.people import User
from bot.standin.rooms import Room
from bot.standin.schemas import CREATE_ROOM, INVITE, MEMBER, TOPIC, UPDATE_ROOM
from bot.standin.shapes import Shape, expansion, second_stamp
from bot.standin.state import Conflict

NO_OWNER = "An owner is required"
NOT_PRIVATE = "The room is not private"


def _done() -> web.Response:
    return web.Response(status=204)


@method("view_group", "view_room")
async def list_rooms(call: Call) -> web.StreamResponse:
    """List the rooms that the token sees."""
    with_private = call.flag("include-private", default=True)
    with_archived = call.flag("include-archived", default=False)
    rooms = [
        room
        for room in call.hipchat.rooms.values()
        if call.sees(room) and (with_private or room.privacy == "public") and (with_archived or not room.is_archived)
    ]
    tree = expansion(call.request.query.get("expand", ""))
    shapes = call.shapes

    def shape(room: Room) -> Shape:
        return shapes.room(room, tree["items"]) if "items" in tree else shapes.room_stub(room)

    return page(call, rooms, shape)


@method("manage_rooms")
async def create_room(call: Call) -> web.StreamResponse:
    """Create a room; an add-on must name an owner."""
    body = await call.body(CREATE_ROOM)
    key = body.get("owner_user_id")
    owner = call.user if key is None else call.person(key)
    if owner is None:
        raise ApiError(400, NO_OWNER, {"field": "owner_user_id"})
    try:
        room = call.hipchat.create_room(
            body["name"],
            owner,
            by=call.sender,
            topic=body.get("topic", ""),
            privacy=body.get("privacy", "public"),
            is_guest_accessible=body.get("guest_access") in (True, "true"),
            delegate_admin_visibility=body.get("delegate_admin_visibility"),
        )
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    link = f"{call.base}/v2/room/{room.id}"
    return answer({"id": room.id, "links": {"self": link}}, 201, {"Location": link})


@method("view_group", "view_room")
async def show_room(call: Call) -> web.StreamResponse:
    """Show a room."""
    return answer(call.shapes.room(call.room(), expansion(call.request.query.get("expand", ""))))


@method("admin_room")
async def update_room(call: Call) -> web.StreamResponse:
    """Change a room; all six fields are required."""
    room = call.room()
    body = await call.body(UPDATE_ROOM)
    owner = call.person(body["owner"]["id"])
    try:
        call.hipchat.update_room(
            room,
            by=call.sender,
            name=body["name"],
            topic=body["topic"],
            privacy=body["privacy"],
            is_archived=body["is_archived"],
            is_guest_accessible=body["is_guest_accessible"],
            owner_id=owner.id,
            delegate_admin_visibility=body.get("delegate_admin_visibility", room.delegate_admin_visibility),
        )
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    return _done()


@method("manage_rooms")
async def delete_room(call: Call) -> web.StreamResponse:
    """Delete a room."""
    call.hipchat.delete_room(call.room(), by=call.sender)
    return _done()


@method("view_group")
async def statistics(call: Call) -> web.StreamResponse:
    """Count a room's messages."""
    room = call.room()
    links = {"self": f"{call.base}/v2/room/{room.id}/statistics"}
    last_active = second_stamp(room.last_active)
    return answer({"last_active": last_active, "links": links, "messages_sent": room.messages_sent})


@method("admin_room")
async def set_topic(call: Call) -> web.StreamResponse:
    """Set a room's topic."""
    body = await call.body(TOPIC)
    call.hipchat.set_topic(call.room(), body["topic"], by=call.sender)
    return _done()


def _private(call: Call) -> Room:
    room = call.room()
    if room.privacy != "private":
        raise ApiError(400, NOT_PRIVATE)
    return room


@method("view_group", "view_room")
async def list_members(call: Call) -> web.StreamResponse:
    """List the members of a private room."""
    room = _private(call)
    users = [call.hipchat.users[user_id] for user_id in sorted(room.members)]
    full = "items" in expansion(call.request.query.get("expand", ""))
    shapes = call.shapes

    def shape(user: User) -> Shape:
        roles = ["room_admin", "room_member"] if user.id in room.room_admins else ["room_member"]
        return {**(shapes.user(user) if full else shapes.user_stub(user)), "room_roles": roles}

    return page(call, users, shape)


@method("admin_room")
async def add_member(call: Call) -> web.StreamResponse:
    """Add a member to a private room."""
    room = _private(call)
    body = await call.body(MEMBER, optional=True)
    call.hipchat.add_member(room, call.person(), admin="room_admin" in body.get("room_roles", []))
    return _done()


@method("admin_room")
async def remove_member(call: Call) -> web.StreamResponse:
    """Take a member out of a private room."""
    call.hipchat.remove_member(_private(call), call.person())
    return _done()


@method("view_group", "view_room")
async def list_participants(call: Call) -> web.StreamResponse:
    """List who is in a room now; `include-offline` adds its absent members."""
    room = call.room()
    ids = room.participants | room.members if call.flag("include-offline", default=False) else room.participants
    shapes = call.shapes
    full = "items" in expansion(call.request.query.get("expand", ""))
    users = [call.hipchat.users[user_id] for user_id in sorted(ids)]
    return page(call, users, shapes.user if full else shapes.user_stub)


@method("admin_room")
async def invite(call: Call) -> web.StreamResponse:
    """Invite a person; the invitation itself is not shown anywhere."""
    await call.body(INVITE, optional=True)
    return _done()


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    room = "/v2/room/{room}"
    app.add_routes(
        [
            web.get("/v2/room", list_rooms),
            web.post("/v2/room", create_room),
            web.get(room, show_room),
            web.put(room, update_room),
            web.delete(room, delete_room),
            web.get(f"{room}/statistics", statistics),
            web.put(f"{room}/topic", set_topic),
            web.get(f"{room}/member", list_members),
            web.put(f"{room}/member/{{user}}", add_member),
            web.delete(f"{room}/member/{{user}}", remove_member),
            web.get(f"{room}/participant", list_participants),
            web.post(f"{room}/invite/{{user}}", invite),
        ]
    )
