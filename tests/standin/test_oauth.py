"""The token endpoint and sessions (hipchat-api.md 19, lines 5-8)."""

import base64
import re
from dataclasses import replace

import pytest

from bot.standin.server import Server
from tests.standin.addon import Addon
from tests.standin.caller import Caller

GRANT = {"grant_type": "client_credentials"}


@pytest.mark.parametrize("expires_in", [60, 28800, 431999999])
async def test_line_05_token(call: Caller, server: Server, addon: Addon, expires_in: int) -> None:
    """Form and JSON give all six keys; the life is a setting."""
    server.hipchat.settings = replace(server.hipchat.settings, expires_in=expires_in)
    client = await server.install(addon.descriptor_url)
    basic = {"Authorization": "Basic " + base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()}
    by_form = await call.grant(client.id, client.secret, GRANT | {"scope": "send_notification view_room"})
    by_json = await call("POST", "/v2/oauth/token", json=GRANT | {"scope": "view_room"}, token=None, headers=basic)

    assert (200, 200) == (by_form.status, by_json.status)
    token = by_form.body.pop("access_token")
    assert re.fullmatch(r"[A-Za-z0-9]{40}", token)
    assert {
        "expires_in": expires_in,
        "group_id": 4711,
        "group_name": "Example Corp",
        "scope": "send_notification view_room",
        "token_type": "bearer",
    } == by_form.body
    assert "view_room" == by_json.body["scope"]


async def test_line_05_wrong_client(call: Caller, server: Server, addon: Addon) -> None:
    """A wrong secret, an unknown client and no client are 401 in the ordinary envelope."""
    client = await server.install(addon.descriptor_url)
    answers = [
        await call.grant(client.id, "wrong", GRANT),
        await call.grant("nobody", client.secret, GRANT),
        await call("POST", "/v2/oauth/token", data=GRANT, token=None),
        await call("POST", "/v2/oauth/token", data=GRANT, token=None, headers={"Authorization": "Basic %%%"}),
    ]

    for answer in answers:
        assert (401, "Unauthorized") == (answer.status, answer.body["error"]["type"])


async def test_line_05_grant_types(call: Caller, server: Server, addon: Addon) -> None:
    """A missing or unknown grant type is 400."""
    client = await server.install(addon.descriptor_url)

    assert 400 == (await call.grant(client.id, client.secret, {})).status
    assert 400 == (await call.grant(client.id, client.secret, {"grant_type": "magic"})).status


async def test_line_06_scopes(call: Caller, server: Server, addon: Addon) -> None:
    """No scope gives the descriptor's, one outside it gives 400."""
    client = await server.install(addon.descriptor_url)
    whole = await call.grant(client.id, client.secret, GRANT)
    excess = await call.grant(client.id, client.secret, GRANT | {"scope": "view_room admin_room"})

    assert "send_notification view_room view_group" == whole.body["scope"]
    assert 400 == excess.status
    assert "admin_room" in excess.message


async def test_line_07_tokens_live_side_by_side_and_die_together(call: Caller, server: Server, addon: Addon) -> None:
    """Several tokens of a client work at once; uninstalling ends all."""
    client = await server.install(addon.descriptor_url)
    tokens = [await call.addon_token(client.id) for _ in range(3)]
    before = [(await call("GET", "/v2/room", token=token)).status for token in tokens]
    await server.connect.uninstall(client)
    after = [(await call("GET", "/v2/room", token=token)).status for token in tokens]

    assert 3 == len(set(tokens))
    assert [200, 200, 200] == before
    assert [401, 401, 401] == after
    assert 401 == (await call.grant(client.id, client.secret, GRANT)).status


async def test_line_08_session(call: Caller, server: Server, addon: Addon) -> None:
    """A session tells client, room and scopes."""
    client = await server.install(addon.descriptor_url, room="Ops")
    token = await call.addon_token(client.id, "view_room")
    answer = await call("GET", f"/v2/oauth/token/{token}", token=token)

    assert 200 == answer.status
    assert ["view_room"] == answer.body["scopes"]
    assert ["send_notification", "view_room", "view_group"] == answer.body["client"]["allowed_scopes"]
    assert {"id": 1001, "links": {"self": f"{server.url}/v2/room/1001"}, "name": "Ops"} == answer.body["client"]["room"]
    assert (client.id, 4711) == (answer.body["client"]["id"], answer.body["group_id"])


async def test_line_08_group_session_has_no_room(call: Caller, server: Server, addon: Addon) -> None:
    """The room of a group-wide client is null."""
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)

    assert (await call("GET", f"/v2/oauth/token/{token}", token=token)).body["client"]["room"] is None


async def test_line_08_revoke(call: Caller, server: Server, addon: Addon) -> None:
    """DELETE ends this token and no other; another token's session is closed to us."""
    client = await server.install(addon.descriptor_url)
    one, two = await call.addon_token(client.id), await call.addon_token(client.id)

    assert 401 == (await call("DELETE", f"/v2/oauth/token/{one}", token=two)).status
    assert 204 == (await call("DELETE", f"/v2/oauth/token/{one}", token=one)).status
    assert 401 == (await call("GET", "/v2/room", token=one)).status
    assert 200 == (await call("GET", "/v2/room", token=two)).status
