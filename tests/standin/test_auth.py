"""Capabilities, tokens, scopes, auth_test, links (hipchat-api.md 19, lines 1-4 and 50)."""

import pytest

from bot.standin.server import Server
from bot.standin.tokens import SCOPES
from tests.standin.addon import Addon
from tests.standin.caller import Caller
from tests.standin.conftest import Clock


async def test_line_01_capabilities_need_no_token(call: Caller, server: Server) -> None:
    """The document has the shape of section 1, with and without (even a bad) token."""
    bare = await call("GET", "/v2/capabilities", token=None)
    empty = await call("GET", "/v2/capabilities?auth_token=", token=None)
    foreign = await call("GET", "/v2/capabilities", token="x" * 40)

    assert [200, 200, 200] == [bare.status, empty.status, foreign.status]
    assert bare.body == empty.body == foreign.body
    provider = bare.body["capabilities"]["hipchatApiProvider"]
    assert set(SCOPES) == set(provider["availableScopes"])
    assert {"id": "view_room", "name": "View Room"}.items() <= provider["availableScopes"]["view_room"].items()
    assert server.url + "/v2/" == provider["url"]
    assert {
        "api": server.url + "/v2",
        "homepage": server.url,
        "self": server.url + "/v2/capabilities",
        "subdomain": server.url,
    } == bare.body["links"]
    assert {
        "authorizationUrl": server.url + "/users/authorize",
        "tokenUrl": server.url + "/v2/oauth/token",
    } == bare.body["capabilities"]["oauth2Provider"]
    assert (1, "hipchat", "HipChat") == tuple(bare.body[key] for key in ("connect_server_api_version", "key", "name"))


async def test_line_01_links_self_is_the_capabilities_url_of_installations(
    call: Caller, server: Server, addon: Addon
) -> None:
    """What an add-on is told at installation equals `links.self` of what it finds there."""
    await server.install(addon.descriptor_url)
    told = addon.calls("/installable")[0].json["capabilitiesUrl"]

    assert told == (await call("GET", told.removeprefix(server.url), token=None)).body["links"]["self"]


async def test_line_02_both_ways_to_send_a_token(call: Caller) -> None:
    """Bearer and auth_token work, and the header wins (18, line 17)."""
    by_query = await call("GET", f"/v2/room?auth_token={call.token}", token=None)
    both = await call("GET", f"/v2/room?auth_token={call.token}", token="wrong")

    assert 200 == (await call("GET", "/v2/room")).status
    assert 200 == by_query.status
    assert 401 == both.status


@pytest.mark.parametrize("token", [None, "", "x" * 40, "v1"])
async def test_line_02_no_session(call: Caller, server: Server, token: str | None) -> None:
    """No, an empty, an unknown and a v1 token are refused alike."""
    used = server.group.v1_token if token == "v1" else token
    answers = [
        await call("GET", "/v2/room" + ("" if used is None else f"?auth_token={used}"), token=None),
        await call("GET", "/v2/room", token=None, headers={} if used is None else {"Authorization": f"Bearer {used}"}),
    ]

    for answer in answers:
        assert 401 == answer.status
        assert {"error": {"code": 401, "message": "Invalid OAuth session", "type": "Unauthorized"}} == answer.body


async def test_line_02_expired(call: Caller, server: Server, addon: Addon, clock: Clock) -> None:
    """A token dies when its time is over."""
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)
    clock.forward(server.hipchat.settings.expires_in - 1)
    before = await call("GET", "/v2/room", token=token)
    clock.forward(1)
    after = await call("GET", "/v2/room", token=token)

    assert (200, 401) == (before.status, after.status)


async def test_line_03_scopes(call: Caller) -> None:
    """One of the scopes suffices; without any the answer names them as Python 2 did."""
    for scope in ("view_group", "view_room"):
        token = call.room_token("Ops", scope)
        assert 200 == (await call("GET", "/v2/room/Ops", token=token)).status
    refused = await call("GET", "/v2/room/Ops", token=call.room_token("Ops", "send_notification"))

    assert 403 == refused.status
    assert {
        "error": {
            "code": 403,
            "message": "This action requires one of the following scopes: [u'view_group', u'view_room']",
            "type": "Forbidden",
        }
    } == refused.body


async def test_line_03_kinds(call: Caller) -> None:
    """A room token may not speak as a person, whatever its scopes."""
    token = call.room_token("Ops", "send_message")

    assert 403 == (await call("POST", "/v2/room/Ops/message", json={"message": "x"}, token=token)).status


async def test_line_04_auth_test(call: Caller) -> None:
    """It answers 202 and does nothing, or is refused as the method would be."""
    accepted = await call("POST", "/v2/room/Ops/notification?auth_test=true", json={"message": "x"})
    no_scope = await call("POST", "/v2/room/Ops/notification?auth_test=true", token=call.room_token("Ops", "view_room"))

    assert 202 == accepted.status
    assert 202 == accepted.body["success"]["code"]
    assert [] == call.room().messages
    assert "30" == accepted.headers["X-FloodControl-Remaining"]
    assert 403 == no_scope.status
    assert 401 == (await call("GET", "/v2/room?auth_test=true", token=None)).status


async def test_line_50_links_use_what_the_client_called(call: Caller, server: Server) -> None:
    """The Host header of the call is in every link."""
    answer = await call("GET", "/v2/room/Ops", headers={"Host": "chat.example.com:8080"})

    assert "http://chat.example.com:8080/v2/room/1001" == answer.body["links"]["self"]
    assert server.url + "/v2/room/1001" == (await call("GET", "/v2/room/1001")).body["links"]["self"]


async def test_unknown_paths_and_methods_have_the_envelope(call: Caller) -> None:
    """404 and 405 look like all errors."""
    unknown, wrong = await call("GET", "/v2/nothing"), await call("PATCH", "/v2/room/Ops")

    assert (404, "Not Found") == (unknown.body["error"]["code"], unknown.body["error"]["type"])
    assert (405, "Method Not Allowed") == (wrong.body["error"]["code"], wrong.body["error"]["type"])
