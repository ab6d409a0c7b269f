"""Glance: the board of a room, for the browser that asks (hipchat-api.md 15.1)."""

from aiohttp import web

from bot.hipchat import glance
from bot.parts import PARTS
from bot.storage import boards
from bot.usecases import directory
from bot.web.auth import signed_by, unauthorized

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET", "Cache-Control": "no-store"}
"""The browser asks from Hipchat's page, without cookies: what is signed counts, not where it comes from."""


def routes() -> list[web.RouteDef]:
    """Return the routes that browsers ask."""
    return [web.get("/hipchat/glance", get_glance), web.options("/hipchat/glance", allow)]


async def allow(_request: web.Request) -> web.Response:
    """Tell a browser that asks first that it may."""
    return web.Response(status=204, headers=CORS)


async def get_glance(request: web.Request) -> web.Response:
    """Answer the board of the room that the signature names."""
    parts = request.app[PARTS]
    try:
        installation, who = await signed_by(request, parts)
        if who.room_id is None:
            raise unauthorized("a glance is of a room, and the JWT names none")
        place = await directory.room(parts.storage, parts.channel, installation, who.room_id, now=parts.clock())
        if place is None:
            raise unauthorized("the JWT's room is not the installation's")
    except web.HTTPUnauthorized as refused:
        refused.headers.update(CORS)
        raise
    room = place.room
    board = await parts.storage.look(lambda tx: boards.of_room(tx, room.tenant, room.id))
    return web.json_response(glance.content(board), headers=CORS)
