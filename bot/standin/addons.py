"""Pages that a browser meets while it installs an add-on (hipchat-api.md 7.1, 7.3)."""

from html import escape
from typing import Final

from aiohttp import web

from bot.standin.call import base_of
from bot.standin.control import CONNECT
from bot.standin.descriptor import Refused, fetch
from bot.standin.errors import ApiError, answer, refusal
from bot.standin.rooms import Room
from bot.standin.state import HIPCHAT
from bot.standin.tokens import SCOPES

_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Install {name}</title>
<body><h1>Install {name}</h1><p>{description}</p><p>In {place} it may:</p><ul>{scopes}</ul>
<form method="post"><button>Approve</button></form></body></html>"""
_REFUSED: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Not installed</title>
<body><h1>Not installed</h1><p>{error}</p></body></html>"""


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


def _place(request: web.Request) -> Room | None:
    key = request.query.get("room")
    room = request.app[HIPCHAT].find_room(key) if key else None
    if key and room is None:
        raise Refused("There is no such room")
    return room


async def approve_page(request: web.Request) -> web.Response:
    """Show what the add-on at `url` asks for."""
    try:
        room = _place(request)
        descriptor = await fetch(request.app[CONNECT].session, request.query.get("url", ""))
    except Refused as error:
        return _html(_REFUSED.format(error=escape(str(error))), 400)
    scopes = (descriptor.get("capabilities", {}).get("hipchatApiConsumer") or {}).get("scopes", [])
    return _html(
        _PAGE.format(
            name=escape(descriptor["name"]),
            description=escape(descriptor["description"]),
            place="the whole group" if room is None else f"the room {escape(room.name)}",
            scopes="".join(f"<li>{escape(SCOPES[scope][1])}</li>" for scope in scopes),
        )
    )


async def approved(request: web.Request) -> web.Response:
    """Install after approval; send the browser to the add-on's `installedUrl`, else back to the chat."""
    try:
        url = request.query.get("url", "")
        target = await request.app[CONNECT].begin_in_browser(url, room=_place(request), base=base_of(request))
    except Refused as error:
        return _html(_REFUSED.format(error=escape(str(error))), 400)
    return web.Response(status=302, headers={"Location": target})


async def installable(request: web.Request) -> web.Response:
    """Hand the installation over, once (hipchat-api.md 7.3)."""
    installation = request.app[CONNECT].installable(request.match_info["nonce"])
    if installation is None:
        return refusal(ApiError(request.app[HIPCHAT].settings.installable_again, "Not found"))
    return answer(installation)


async def installed(request: web.Request) -> web.Response:
    """End at the chat: where `redirect_url` leads."""
    return web.Response(status=302, headers={"Location": base_of(request) + "/"})


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    app.add_routes(
        [
            web.get("/addons/install", approve_page),
            web.post("/addons/install", approved),
            web.get("/addons/installable/{nonce}", installable),
            web.get("/addons/installed/{client}", installed),
        ]
    )
