"""JWTs of webhooks, good and forged (hipchat-api.md 19, lines 18 and 19)."""

import re
from dataclasses import replace
from typing import Any, Literal

import jwt
import pytest

from bot.standin.server import Server
from bot.standin.tokens import Client
from tests.standin.addon import Addon, change_webhook
from tests.standin.caller import Caller
from tests.standin.conftest import Clock

AT_OUR_TIME: Any = {"verify_exp": False, "verify_iat": False}  # the clock is not the machine's


def read(token: str, client: Client, clock: Clock) -> dict[str, Any]:
    """Check and read a JWT as an add-on would, at the clock's time."""
    claims: dict[str, Any] = jwt.decode(token, client.secret, algorithms=["HS256"], options=AT_OUR_TIME)
    assert claims["exp"] > clock.now, "expired"
    return claims


async def test_line_18_claims(server: Server, addon: Addon, clock: Clock) -> None:
    """HS256 with the secret; the claims of section 8."""
    client = await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert list")
    token = addon.calls("/webhook")[0].token
    claims = read(token, client, clock)

    assert {"alg": "HS256", "typ": "JWT"} == jwt.get_unverified_header(token)
    assert re.fullmatch(r"[A-Za-z0-9]{20}", claims.pop("jti"))
    assert {
        "iss": client.id,
        "sub": "3297240",
        "prn": "3297240",
        "iat": int(clock.now),
        "exp": int(clock.now) + 3600,
        "context": {"room_id": 1001, "roomId": 1001, "user_tz": "Europe/Berlin"},
    } == claims


async def test_line_18_no_person_no_sub(call: Caller, server: Server, addon: Addon, clock: Clock) -> None:
    """Where no person acts there is no `sub` (18, line 3)."""
    change_webhook(addon, event="room_notification", pattern="")
    client = await server.install(addon.descriptor_url)
    await call("POST", "/v2/room/Ops/notification", json={"message": "x"}, token=await call.addon_token(client.id))
    await server.hipchat.idle()
    claims = read(addon.calls("/webhook")[0].token, client, clock)

    assert not {"sub", "prn"} & set(claims)
    assert {"room_id": 1001, "roomId": 1001} == claims["context"]


async def test_line_18_forgeries(call: Caller, server: Server, addon: Addon, clock: Clock) -> None:
    """A bad signature, an old token, and another installation's token come on request, and only then."""
    client = await server.install(addon.descriptor_url, room="Ops")
    other = await server.install(addon.descriptor_url, room="Lobby")
    for fault in ("forged", "expired", "other-tenant"):
        await call("POST", "/_standin/webhook_faults", json={"jwt": fault, "times": 1}, token=None)
    for number in range(4):
        await server.room("Ops").says("Dana", f"/alert {number}")
    forged, expired, foreign, good = (received.token for received in addon.calls("/webhook"))

    with pytest.raises(jwt.InvalidSignatureError):
        read(forged, client, clock)
    with pytest.raises(AssertionError, match="expired"):
        read(expired, client, clock)
    with pytest.raises(jwt.InvalidSignatureError):
        read(foreign, client, clock)
    assert other.id == read(foreign, other, clock)["iss"]
    assert client.id == addon.calls("/webhook")[2].json["oauth_client_id"]
    assert client.id == read(good, client, clock)["iss"]


@pytest.mark.parametrize("place", ["header", "query", "both"])
async def test_line_19_place_of_the_jwt(
    server: Server, addon: Addon, clock: Clock, place: Literal["header", "query", "both"]
) -> None:
    """The header by default, the query or both on request (18, line 2); the query of the URL stays."""
    server.hipchat.settings = replace(server.hipchat.settings, jwt_in=place)
    change_webhook(addon, url=addon.url + "/webhook?a=1%2B1")
    client = await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert list")
    received = addon.calls("/webhook")[0]

    assert ("Authorization" in received.headers) == (place != "query")
    assert ("signed_request" in received.query) == (place != "header")
    assert "1+1" == received.query["a"]
    token = received.query.get("signed_request") or received.token
    assert client.id == read(token, client, clock)["iss"]


async def test_line_19_none_is_unsigned(server: Server, addon: Addon) -> None:
    """`none`, which is the default, carries nothing."""
    del addon.descriptor["capabilities"]["webhook"][0]["authentication"]
    client = await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert list")
    received = addon.calls("/webhook")[0]

    assert ("Authorization" in received.headers, received.query) == (False, {})
    assert client.id == received.json["oauth_client_id"]
