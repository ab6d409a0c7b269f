"""Links: an alert's page in a plain browser, behind a signed link that ends by itself; it shows and changes nothing."""

from aiohttp import web

from bot.domain import link
from bot.domain.alert import Alert
from bot.domain.times import clock, lasting
from bot.parts import PARTS
from bot.usecases import board
from bot.web.page import headers, templates

ZONE = "UTC"
OVER = "This link is over, or was revoked. The alert is still in its room: /alert show {number}"
NONE = "This link leads nowhere. It may have been cut in two on its way."


def routes() -> list[web.RouteDef]:
    """Return the routes of links."""
    return [web.get("/a/{token}", get_alert)]


async def get_alert(request: web.Request) -> web.Response:
    """Show an alert: 404 for what nobody signed, 410 when the link is over."""
    parts = request.app[PARTS]
    found = link.read(parts.link_key, request.match_info["token"])
    if found is None:
        return _said(NONE, 404)
    now = parts.clock()
    linked = await board.linked(parts.storage, found.tenant, found.number)
    if linked is None or not found.good(now, linked.since):
        return _said(OVER.format(number=found.number), 410)

    def since(alert: Alert) -> str:
        return lasting(max(0, now - (alert.state_at if not alert.active else alert.opened_at)))

    text = templates.get_template("linked.html").render(
        theme="light",
        alert=linked.alert,
        events=linked.events,
        room=linked.room,
        since=since,
        at=lambda moment: clock(moment, ZONE, now=now),
    )
    return web.Response(text=text, content_type="text/html", headers=_headers())


def _said(text: str, status: int) -> web.Response:
    page = templates.get_template("said.html").render(theme="light", text=text)
    return web.Response(text=page, status=status, content_type="text/html", headers=_headers())


def _headers() -> dict[str, str]:
    return {**headers("'none'"), "X-Robots-Tag": "noindex, nofollow"}
