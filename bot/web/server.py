"""Server: the route table and the middleware, readable top to bottom."""

from aiohttp import web

from bot.parts import PARTS, Parts
from bot.web import (
    alertmanager,
    api,
    auth,
    callbacks,
    configure,
    dialects,
    errors,
    glance,
    health,
    heartbeats,
    ingest,
    links,
    mails,
    openapi,
    opsgenie,
    opsgenie_heartbeats,
    opsgenie_list,
    page,
    pagerduty,
    pulse,
    sidebar,
    sns,
)

BODY_LIMIT = 16 * 1024 * 1024
"""The largest body of any route; the routes with a smaller one check it themselves."""


def create_app(parts: Parts) -> web.Application:
    """Build the application around the parts."""
    app = web.Application(middlewares=[errors.middleware], client_max_size=BODY_LIMIT)
    app[PARTS] = parts
    app[auth.KEYRING] = auth.Keyring(parts.storage, parts.clock)
    app[auth.INSTALLATIONS] = {}
    app[alertmanager.STARTED] = parts.clock()
    app[health.READINESS] = health.Readiness(parts)
    app[page.RANKS] = {}
    app[sns.CERTIFICATES] = {}
    app[pulse.PULSE] = pulse.Pulse(parts.storage)
    app.on_shutdown.append(app[pulse.PULSE].close)
    app.on_response_prepare.append(_hardened)
    app.add_routes(
        [
            # Addresses of their own, before the sources that any name may stand for.
            *sns.routes(),
            *pagerduty.routes(),
            *heartbeats.routes(),
            *ingest.routes(),
            *alertmanager.routes(),
            *api.routes(),
            *dialects.routes(),
            *opsgenie_list.routes(),
            *opsgenie.routes(),
            *opsgenie_heartbeats.routes(),
            *openapi.routes(),
            *health.routes(),
            *callbacks.routes(),
            *glance.routes(),
            *sidebar.routes(),
            *configure.routes(),
            *links.routes(),
            *mails.routes(),
        ]
    )
    return app


async def _hardened(_request: web.Request, response: web.StreamResponse) -> None:
    """Write what every answer has."""
    response.headers.update(errors.HARDENED)
