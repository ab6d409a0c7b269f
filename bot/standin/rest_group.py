"""REST methods of the group: capabilities, emoticons, pushed glances (hipchat-api.md 1, 14, 15.2)."""

from aiohttp import web

from bot.standin.call import Call, base_of, method
from bot.standin.errors import ApiError, answer
from bot.standin.paging import page
from bot.standin.schemas import GLANCE_PUSH
from bot.standin.tokens import SCOPES

NO_GLANCE = "Glance not found"
EMOTICONS = ("thumbsup", "thumbsdown", "success", "failed", "boom")


async def capabilities(request: web.Request) -> web.Response:
    """Answer the capabilities document; no token is needed, and any is ignored."""
    base = base_of(request)
    scopes = {
        scope: {"description": description, "id": scope, "name": name} for scope, (name, description) in SCOPES.items()
    }
    return answer(
        {
            "capabilities": {
                "hipchatApiProvider": {"availableScopes": scopes, "url": f"{base}/v2/"},
                "oauth2Provider": {
                    "authorizationUrl": f"{base}/users/authorize",
                    "tokenUrl": f"{base}/v2/oauth/token",
                },
            },
            "connect_server_api_version": 1,
            "description": "Group chat and IM built for teams",
            "key": "hipchat",
            "links": {"api": f"{base}/v2", "homepage": base, "self": f"{base}/v2/capabilities", "subdomain": base},
            "name": "HipChat",
            "vendor": {"name": "Atlassian", "url": "http://atlassian.com"},
        }
    )


@method("view_group")
async def emoticons(call: Call) -> web.StreamResponse:
    """List a few emoticons."""

    def shape(numbered: tuple[int, str]) -> dict[str, object]:
        number, shortcut = numbered
        return {
            "id": number,
            "links": {"self": f"{call.base}/v2/emoticon/{number}"},
            "shortcut": shortcut,
            "url": f"{call.base}/static/emoticons/{shortcut}.png",
        }

    return page(call, list(enumerate(EMOTICONS, 1)), shape)


@method("view_group", kinds=("addon",))
async def push_everywhere(call: Call) -> web.StreamResponse:
    """Push glances to every room, or with `{user}` to one person."""
    return await _push(call)


@method("view_room", kinds=("addon",))
async def push_to_room(call: Call) -> web.StreamResponse:
    """Push glances to a room, or with `{user}` to one person there."""
    return await _push(call)


async def _push(call: Call) -> web.StreamResponse:
    body = await call.body(GLANCE_PUSH)
    keys = {glance["key"] for glance in call.client.capability("glance") or []}
    for glance in body["glance"]:
        if glance["key"] not in keys:
            raise ApiError(404, NO_GLANCE)
    places = call.request.match_info
    room_id = call.room().id if "room" in places else call.client.room_id
    user_id = call.person().id if "user" in places else None
    for glance in body["glance"]:
        call.hipchat.push_glance(call.client, glance["key"], glance["content"], room_id=room_id, user_id=user_id)
    return web.Response(status=204)


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    app.add_routes(
        [
            web.get("/v2/capabilities", capabilities),
            web.get("/v2/emoticon", emoticons),
            web.post("/v2/addon/ui", push_everywhere),
            web.post("/v2/addon/ui/room/{room}", push_to_room),
            web.post("/v2/addon/ui/user/{user}", push_everywhere),
            web.post("/v2/addon/ui/room/{room}/user/{user}", push_to_room),
        ]
    )
