"""REST methods of webhooks (hipchat-api.md 9.2)."""

from typing import Any

from aiohttp import web

from bot.standin.call import Call, method
from bot.standin.errors import ApiError, answer
from bot.standin.paging import page
from bot.standin.schemas import WEBHOOK
from bot.standin.shapes import second_stamp
from bot.standin.webhooks import Webhook

NO_WEBHOOK = "Webhook not found"
OTHER_KEY = "The key of the body is not the key of the URL"


def _link(call: Call, hook: Webhook) -> str:
    return f"{call.base}/v2/room/{hook.room_id}/webhook/{hook.id}"


def _stub(call: Call, hook: Webhook) -> dict[str, Any]:
    shape = {
        "event": hook.event,
        "id": hook.id,
        "links": {"self": _link(call, hook)},
        "name": hook.name,
        "pattern": hook.pattern,
        "url": hook.url,
    }
    return shape if hook.key is None else {**shape, "key": hook.key}


def _full(call: Call, hook: Webhook) -> dict[str, Any]:
    creator = call.hipchat.clients[hook.client_id]
    room = call.room()
    return {
        **_stub(call, hook),
        "authentication": hook.authentication,
        "created": second_stamp(hook.created_at),
        "creator": call.shapes.client(creator),
        "room": {"id": room.id, "links": {"self": f"{call.base}/v2/room/{room.id}"}, "name": room.name},
    }


def _visible(call: Call) -> list[Webhook]:
    """List the room's webhooks: a person sees all, a program its own."""
    room = call.room()
    return [
        hook
        for hook in call.hipchat.webhooks.values()
        if hook.room_id == room.id and (call.user is not None or hook.client_id == call.client.id)
    ]


def _by_id(call: Call) -> Webhook:
    wanted = call.request.match_info["webhook"]
    hook = next((hook for hook in _visible(call) if str(hook.id) == wanted), None)
    if hook is None:
        raise ApiError(404, NO_WEBHOOK)
    return hook


def _by_key(call: Call) -> Webhook | None:
    wanted = call.request.match_info["key"]
    own = (hook for hook in _visible(call) if hook.client_id == call.client.id)
    return next((hook for hook in own if hook.key == wanted), None)


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    fields = {name: body.get(name) for name in ("url", "event", "pattern", "name", "key")}
    return {**fields, "authentication": body.get("authentication", "none")}


def _created(call: Call, hook: Webhook) -> web.Response:
    link = _link(call, hook)
    return answer({"id": hook.id, "links": {"self": link}}, 201, {"Location": link})


@method("admin_room")
async def create(call: Call) -> web.StreamResponse:
    """Register a webhook of this room."""
    body = await call.body(WEBHOOK)
    return _created(call, call.hipchat.add_webhook(call.client, call.room().id, **_fields(body)))


@method("admin_room")
async def list_webhooks(call: Call) -> web.StreamResponse:
    """List the webhooks of this room."""
    return page(call, _visible(call), lambda hook: _stub(call, hook))


@method("admin_room")
async def show(call: Call) -> web.StreamResponse:
    """Show one webhook."""
    return answer(_full(call, _by_id(call)))


@method("admin_room")
async def delete(call: Call) -> web.StreamResponse:
    """Remove a webhook."""
    del call.hipchat.webhooks[_by_id(call).id]
    return web.Response(status=204)


@method("admin_room")
async def put(call: Call) -> web.StreamResponse:
    """Register or replace the webhook of a key."""
    key = call.request.match_info["key"]
    body = await call.body(WEBHOOK)
    if body.setdefault("key", key) != key:
        raise ApiError(400, OTHER_KEY, {"field": "key"})
    hook = _by_key(call)
    if hook is None:
        return _created(call, call.hipchat.add_webhook(call.client, call.room().id, **_fields(body)))
    for name, value in _fields(body).items():
        setattr(hook, name, value)
    return _created(call, hook)


@method("admin_room")
async def show_by_key(call: Call) -> web.StreamResponse:
    """Show the webhook of a key."""
    hook = _by_key(call)
    if hook is None:
        raise ApiError(404, NO_WEBHOOK)
    return answer(_full(call, hook))


@method("admin_room")
async def delete_by_key(call: Call) -> web.StreamResponse:
    """Remove the webhook of a key."""
    hook = _by_key(call)
    if hook is None:
        raise ApiError(404, NO_WEBHOOK)
    del call.hipchat.webhooks[hook.id]
    return web.Response(status=204)


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    hooks = "/v2/room/{room}/webhook"
    by_key = "/v2/room/{room}/extension/webhook/{key}"
    app.add_routes(
        [
            web.post(hooks, create),
            web.get(hooks, list_webhooks),
            web.get(f"{hooks}/{{webhook}}", show),
            web.delete(f"{hooks}/{{webhook}}", delete),
            web.put(by_key, put),
            web.get(by_key, show_by_key),
            web.delete(by_key, delete_by_key),
        ]
    )
