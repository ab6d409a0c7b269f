"""The token endpoint and sessions (hipchat-api.md 3)."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.standin.call import Call, content_type, form, method, parsed
from bot.standin.errors import INVALID_SESSION, ApiError, answer
from bot.standin.state import HIPCHAT, Hipchat
from bot.standin.tokens import Client, Token

WRONG_CLIENT = "Invalid client id or secret"


def _client(request: web.Request, hipchat: Hipchat) -> Client:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        pair = base64.b64decode(value, validate=True).decode() if kind.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        pair = ""
    client_id, _, secret = pair.partition(":")
    client = hipchat.clients.get(client_id)
    if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
        raise ApiError(401, WRONG_CLIENT)
    return client


async def _parameters(request: web.Request) -> Mapping[str, Any]:
    raw = await request.read()
    match content_type(request):
        case "application/json":
            body = parsed(raw)
            if not isinstance(body, dict):
                raise ApiError(400, "The request body is not an object")
            return body
        case "application/x-www-form-urlencoded":
            return form(raw, request.charset)
        case kind:
            raise ApiError(400, f"Invalid content type: {kind}")


async def grant(request: web.Request) -> web.Response:
    """Answer a token to an add-on that shows its id and secret. Raises 401, 400."""
    hipchat = request.app[HIPCHAT]
    client = _client(request, hipchat)
    parameters = await _parameters(request)
    if "grant_type" not in parameters:
        raise ApiError(400, "Required field 'grant_type' is missing", {"field": "grant_type"})
    # People's grants need a consent page; add-ons that speak for themselves have this one.
    if parameters["grant_type"] != "client_credentials":
        raise ApiError(400, f"Unsupported grant_type: {parameters['grant_type']}", {"field": "grant_type"})
    asked = parameters.get("scope")
    if asked is not None and not isinstance(asked, str):
        raise ApiError(400, "Value for field 'scope' is not of type string", {"field": "scope"})
    scopes = tuple(asked.split()) if asked and asked.strip() else client.scopes
    excess = [scope for scope in scopes if scope not in client.scopes]
    if excess:
        raise ApiError(400, f"Scopes not granted to this client: {' '.join(excess)}", {"field": "scope"})
    token = hipchat.add_token(client, scopes, expires_in=hipchat.settings.expires_in)
    return answer(
        {
            "access_token": token.value,
            "expires_in": hipchat.settings.expires_in,
            "group_id": hipchat.group_id,
            "group_name": hipchat.group_name,
            "scope": " ".join(scopes),
            "token_type": "bearer",
        }
    )


def _own(call: Call) -> Token:
    """Return the path's token, which must be the one that authenticates. Raises 401."""
    if call.request.match_info["token"] != call.token.value:
        raise ApiError(401, INVALID_SESSION)
    return call.token


@method()
async def session(call: Call) -> web.StreamResponse:
    """Describe the token that authenticates the call."""
    token = _own(call)
    left = None if token.expires_at is None else int(token.expires_at - call.hipchat.clock())
    return answer(
        {
            "access_token": token.value,
            "client": call.shapes.client(call.client),
            "expires_in": left,
            "group_id": call.hipchat.group_id,
            "group_name": call.hipchat.group_name,
            "owner_type": "client" if call.user is None else "user",
            "scopes": list(token.scopes),
        }
    )


@method()
async def revoke(call: Call) -> web.StreamResponse:
    """End the token that authenticates the call."""
    del call.hipchat.tokens[_own(call).value]
    return web.Response(status=204)


def add_routes(app: web.Application) -> None:
    """Add the routes of this file."""
    app.add_routes(
        [
            web.post("/v2/oauth/token", grant),
            web.get("/v2/oauth/token/{token}", session),
            web.delete("/v2/oauth/token/{token}", revoke),
        ]
    )
