"""How programs steer the stand-in, under `/_standin`: install add-ons, ask for faults, read what was called.

Nothing here is Hipchat's; no authentication, since the server listens on a loopback address.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, Final, get_type_hints

from aiohttp import web

from bot.standin.call import base_of
from bot.standin.connect import Connect
from bot.standin.delivery import Courier
from bot.standin.descriptor import Refused
from bot.standin.errors import answer
from bot.standin.faults import Fault, WebhookFault
from bot.standin.middlewares import JOURNAL
from bot.standin.rooms import Room
from bot.standin.schemas import text
from bot.standin.settings import Settings
from bot.standin.state import HIPCHAT
from bot.standin.tokens import Client
from bot.standin.validation import Invalid, Schema, check

CONNECT: Final = web.AppKey("connect", Connect)
COURIER: Final = web.AppKey("courier", Courier)

_COUNT: Final = {"type": ["integer", "null"]}
INSTALL: Final[Schema] = {
    "type": "object",
    "properties": {
        "descriptor": text(1, required=True),
        "room": {"type": ["integer", "string", "null"]},
        "flow": {"type": ["string", "null"], "enum": ["server", "client", None]},
    },
}
OAUTH_ID: Final[Schema] = {
    "type": "object",
    "properties": {"oauthId": text(1, required=True), "silent": {"type": "boolean"}},
}
FAULT: Final[Schema] = {
    "type": "object",
    "closed": True,
    "properties": {
        "path": text(required=True, format="regex"),
        "method": {"type": ["string", "null"]},
        "status": _COUNT,
        "delay_ms": _COUNT,
        "drop": {"type": ["boolean", "null"]},
        "times": _COUNT,
        "when": text(enum=["before", "after"]),
    },
}
WEBHOOK_FAULT: Final[Schema] = {
    "type": "object",
    "closed": True,
    "properties": {
        "jwt": {"type": ["string", "null"], "enum": ["forged", "expired", "other-tenant", None]},
        "duplicate": _COUNT,
        "reorder": {"type": ["boolean", "null"]},
        "times": _COUNT,
    },
}


class BadRequest(web.HTTPBadRequest):
    """A request to `/_standin` that makes no sense."""

    def __init__(self, error: str) -> None:
        super().__init__(text=f'{{"error": {_quoted(error)}}}', content_type="application/json")


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').encode("ascii", "backslashreplace").decode() + '"'


async def _body(request: web.Request, schema: Schema) -> dict[str, Any]:
    try:
        body: dict[str, Any] = await request.json()
        check(body, schema)
    except Invalid as error:
        raise BadRequest(error.message) from None
    except ValueError:
        raise BadRequest("The body is not JSON") from None
    return body


def _room(request: web.Request, key: int | str | None) -> Room | None:
    if key is None:
        return None
    room = request.app[HIPCHAT].find_room(key)
    if room is None:
        raise BadRequest(f"There is no room {key}")
    return room


async def install(request: web.Request) -> web.Response:
    """Install an add-on: `{"oauthId", "status": "installed"}`, or 422 `{"oauthId": null, "status": "refused", "error"}`."""
    body = await _body(request, INSTALL)
    room = _room(request, body.get("room"))
    try:
        client = await request.app[CONNECT].install(
            body["descriptor"], room=room, base=base_of(request), flow=body.get("flow")
        )
    except Refused as error:
        return answer({"error": str(error), "oauthId": None, "status": "refused"}, 422)
    return answer({"oauthId": client.id, "status": "installed"})


def _client(request: web.Request, oauth_id: str) -> Client | None:
    client = request.app[HIPCHAT].clients.get(oauth_id)
    return client if client is not None and client.kind == "addon" else None


def _unknown(oauth_id: str) -> web.Response:
    return answer({"error": "There is no such installation", "oauthId": oauth_id, "status": "unknown"}, 404)


async def uninstall(request: web.Request) -> web.Response:
    """Uninstall: `{"oauthId", "status": "uninstalled", "answered": the add-on's status or null}`; `silent` tells nobody."""
    body = await _body(request, OAUTH_ID)
    client = _client(request, body["oauthId"])
    if client is None:
        return _unknown(body["oauthId"])
    answered = await request.app[CONNECT].uninstall(client, silent=body.get("silent", False))
    return answer({"answered": answered, "oauthId": client.id, "status": "uninstalled"})


async def update(request: web.Request) -> web.Response:
    """Update an installation: `{"oauthId", "status": "updated"}`; the id is new for an add-on without updateCallbackUrl."""
    body = await _body(request, OAUTH_ID)
    client = _client(request, body["oauthId"])
    if client is None:
        return _unknown(body["oauthId"])
    try:
        new = await request.app[CONNECT].update(client)
    except Refused as error:
        return answer({"error": str(error), "oauthId": client.id, "status": "refused"}, 422)
    return answer({"oauthId": new.id, "status": "updated"})


async def add_fault(request: web.Request) -> web.Response:
    """Spoil API calls until told otherwise, or `times` of them."""
    body = await _body(request, FAULT)
    if not (body.get("status") or body.get("delay_ms") or body.get("drop")):
        raise BadRequest("One of status, delay_ms and drop is required")
    status, times = body.get("status"), body.get("times")
    if status is not None and not 200 <= status <= 599:
        raise BadRequest("A status is between 200 and 599")
    if times is None or times > 0:
        request.app[HIPCHAT].faults.api.append(
            Fault(
                path=re.compile(body["path"]),
                method=body.get("method") and body["method"].upper(),
                status=status,
                delay_ms=body.get("delay_ms") or 0,
                drop=body.get("drop") or False,
                times=times,
                when=body.get("when", "before"),
            )
        )
    return answer({"faults": len(request.app[HIPCHAT].faults.api)})


async def clear_faults(request: web.Request) -> web.Response:
    """End all faults of API calls."""
    request.app[HIPCHAT].faults.api.clear()
    return answer({"faults": 0})


async def add_webhook_fault(request: web.Request) -> web.Response:
    """Spoil webhook deliveries until told otherwise, or `times` of them."""
    body = await _body(request, WEBHOOK_FAULT)
    if not (body.get("jwt") or body.get("duplicate") or body.get("reorder")):
        raise BadRequest("One of jwt, duplicate and reorder is required")
    times = body.get("times")
    if times is None or times > 0:
        request.app[HIPCHAT].faults.webhooks.append(
            WebhookFault(
                jwt=body.get("jwt"),
                duplicate=body.get("duplicate") or 0,
                reorder=body.get("reorder") or False,
                times=times,
            )
        )
    return answer({"faults": len(request.app[HIPCHAT].faults.webhooks)})


async def clear_webhook_faults(request: web.Request) -> web.Response:
    """End all faults of webhooks."""
    request.app[HIPCHAT].faults.webhooks.clear()
    return answer({"faults": 0})


async def requests(request: web.Request) -> web.Response:
    """List every API call seen, oldest first, tokens and secrets cut."""
    return answer(request.app[JOURNAL].shown(request.app[HIPCHAT].secrets_made))


async def clear_requests(request: web.Request) -> web.Response:
    """Forget the calls seen."""
    request.app[JOURNAL].entries.clear()
    return web.Response(status=204)


async def deliveries(request: web.Request) -> web.Response:
    """List how webhook deliveries went, oldest first."""
    return answer([asdict(delivery) for delivery in request.app[COURIER].deliveries])


async def idle(request: web.Request) -> web.Response:
    """Answer once all webhook deliveries in flight have finished."""
    await request.app[HIPCHAT].idle()
    return web.Response(status=204)


async def show_settings(request: web.Request) -> web.Response:
    """Show the switches."""
    return answer(asdict(request.app[HIPCHAT].settings))


async def change_settings(request: web.Request) -> web.Response:
    """Change some switches: an object of their names."""
    hipchat = request.app[HIPCHAT]
    body = await _body(request, {"type": "object"})
    hipchat.settings = replace(hipchat.settings, **_switches(body))
    hipchat.rate.seconds = hipchat.settings.rate_window
    hipchat.flood.seconds = hipchat.settings.flood_window
    return await show_settings(request)


def _switches(body: Mapping[str, Any]) -> Mapping[str, Any]:
    hints = get_type_hints(Settings)
    known = {field.name for field in fields(Settings)}
    for name, value in body.items():
        if name not in known:
            raise BadRequest(f"There is no setting {name}")
        hint = hints[name]
        choices = getattr(hint, "__args__", None)
        if hint is float:
            good = isinstance(value, int | float) and not isinstance(value, bool)
        elif isinstance(hint, type):
            good = type(value) is hint
        else:
            good = value in (choices or ()) or type(value) in (choices or ())
        if not good:
            raise BadRequest(f"The setting {name} cannot be {value!r}")
    return body


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    app.add_routes(
        [
            web.post("/_standin/install", install),
            web.post("/_standin/uninstall", uninstall),
            web.post("/_standin/update", update),
            web.post("/_standin/faults", add_fault),
            web.delete("/_standin/faults", clear_faults),
            web.post("/_standin/webhook_faults", add_webhook_fault),
            web.delete("/_standin/webhook_faults", clear_webhook_faults),
            web.get("/_standin/requests", requests),
            web.delete("/_standin/requests", clear_requests),
            web.get("/_standin/deliveries", deliveries),
            web.post("/_standin/idle", idle),
            web.get("/_standin/settings", show_settings),
            web.patch("/_standin/settings", change_settings),
        ]
    )
