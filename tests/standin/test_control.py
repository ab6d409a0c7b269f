"""What programs ask of the stand-in: faults, the journal, switches, what `describe` tells."""

import asyncio
import base64
import json
import re
import signal
import sys
from typing import Any

import aiohttp
import pytest

from bot.standin.server import Server, describe, running
from tests.standin.addon import Addon
from tests.standin.caller import Answer, Caller

PATH = "/v2/room/Ops/notification"


async def fault(call: Caller, **body: Any) -> Answer:
    """Ask for a fault."""
    return await call("POST", "/_standin/faults", json=body, token=None)


async def notify(call: Caller) -> Answer:
    """Post a notification."""
    return await call("POST", PATH, json={"message": "x"})


@pytest.mark.parametrize("status", [429, 500, 503, 401])
async def test_faults_answer_a_status(call: Caller, status: int) -> None:
    """The matching calls fail so many times, with envelope and rate headers, and do nothing; others are untouched."""
    assert 200 == (await fault(call, path="/notification$", status=status, times=2)).status
    answers = [await notify(call) for _ in range(3)]
    other = await call("GET", "/v2/room")

    assert [status, status, 204] == [answer.status for answer in answers]
    assert status == answers[0].body["error"]["code"]
    assert "X-Ratelimit-Remaining" in answers[0].headers
    assert 200 == other.status
    assert 1 == len(call.room().messages)


async def test_faults_until_deleted(call: Caller) -> None:
    """Without `times` a fault lasts until all are deleted."""
    await fault(call, path="^/v2/room", status=503)
    before = [(await notify(call)).status for _ in range(5)]
    await call("DELETE", "/_standin/faults", token=None)

    assert [503] * 5 == before
    assert 204 == (await notify(call)).status


async def test_faults_drop_the_connection(call: Caller) -> None:
    """`drop` closes without an answer, before or after the call was acted on."""
    await fault(call, path="/notification$", drop=True, times=1)
    with pytest.raises(aiohttp.ClientError):
        await notify(call)
    before = len(call.room().messages)
    await fault(call, path="/notification$", drop=True, times=1, when="after")
    with pytest.raises(aiohttp.ClientError):
        await notify(call)
    listed = (await call("GET", "/_standin/requests", token=None)).body

    assert (0, 1) == (before, len(call.room().messages))
    assert [None, None] == [entry["status"] for entry in listed]


async def test_faults_after_the_act(call: Caller) -> None:
    """A call may be acted on and answered with an error all the same."""
    await fault(call, path="/notification$", status=502, when="after", times=1)

    assert 502 == (await notify(call)).status
    assert 1 == len(call.room().messages)


async def test_faults_delay(call: Caller) -> None:
    """A held answer outlasts an impatient caller; a patient one gets it."""
    await fault(call, path="/notification$", delay_ms=100, times=2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await notify(call)

    assert 204 == (await notify(call)).status


async def test_faults_by_method(call: Caller) -> None:
    """A fault may be for one method only."""
    await fault(call, path="^/v2/room", method="get", status=500)

    assert (500, 204) == ((await call("GET", "/v2/room")).status, (await notify(call)).status)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"path": "("},
        {"path": "x"},
        {"path": "x", "status": 42},
        {"path": "x", "status": "500"},
        {"path": "x", "status": 500, "tims": 1},
    ],
)
async def test_senseless_faults(call: Caller, body: dict[str, Any]) -> None:
    """A fault that would do nothing is refused, with the reason."""
    answer = await fault(call, **body)

    assert 400 == answer.status
    assert answer.body["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("install", {}),
        ("install", {"descriptor": "http://x.example/", "room": 9999}),
        ("install", {"descriptor": "http://x.example/", "flow": "sideways"}),
        ("uninstall", {}),
        ("webhook_faults", {}),
        ("webhook_faults", {"jwt": "odd"}),
    ],
)
async def test_senseless_orders(call: Caller, path: str, body: dict[str, Any]) -> None:
    """Orders that make no sense are 400 with the reason, unknown installations 404."""
    answer = await call("POST", f"/_standin/{path}", json=body, token=None)
    unknown = await call("POST", "/_standin/update", json={"oauthId": "nobody"}, token=None)

    assert (400, True) == (answer.status, bool(answer.body["error"]))
    assert 404 == unknown.status


async def test_webhook_faults_end(call: Caller, server: Server) -> None:
    """DELETE ends them."""
    asked = await call("POST", "/_standin/webhook_faults", json={"duplicate": 1}, token=None)
    await call("DELETE", "/_standin/webhook_faults", token=None)

    assert 200 == asked.status
    assert [] == server.hipchat.faults.webhooks


async def test_requests_are_listed(call: Caller) -> None:
    """Each API call with method, path, query, status, headers and body; the list can be cleared; control calls are not in it."""
    await call("POST", "/v2/room/Ops%20Team/notification?x=1&y=", json={"message": "hi", "color": "Red"})
    listed = (await call("GET", "/_standin/requests", token=None)).body
    cleared = await call("DELETE", "/_standin/requests", token=None)

    assert 1 == len(listed)
    assert 1_800_000_000.25 == listed[0]["at"]
    assert {
        "method": "POST",
        "path": "/v2/room/Ops%20Team/notification",
        "query": {"x": "1", "y": ""},
        "status": 400,
        "body": {"message": "hi", "color": "Red"},
    }.items() <= listed[0].items()
    assert "Bearer ***" == listed[0]["headers"]["authorization"]
    assert 204 == cleared.status
    assert [] == (await call("GET", "/_standin/requests", token=None)).body


async def test_requests_hold_no_secret(call: Caller, server: Server, addon: Addon) -> None:
    """No token, secret or Basic pair appears, known or not, wherever it was sent."""
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)
    unknown, v1 = "Z" * 40, server.group.v1_token
    own = str(call.token)
    secrets = [client.secret, token, unknown, v1, own, server.group.room_token]
    await call("GET", f"/v2/oauth/token/{token}", token=token)
    await call("GET", "/v2/oauth/token/short-and-odd", token=unknown)
    await call("GET", f"/v2/room?auth_token={own}", token=None)
    await call("GET", "/v2/room?auth_token=tiny", token=None)
    await call("GET", f"/v2/room?auth_token={v1}", token=None)
    await call("GET", "/v2/room", token=None, headers={"X-Mine": unknown, "Authorization": own})
    await call("POST", PATH, json={"message": f"my token is {server.group.room_token}", "token": "tiny"})
    await call("POST", PATH, data={"message": token, "auth_token": "tiny"})
    await call("POST", PATH, data=f"plain {token}".encode(), headers={"Content-Type": "text/plain"})
    await call("POST", "/v2/oauth/token", json={"refresh_token": "tiny", "password": "tiny"}, token=None)
    user = await call("POST", "/v2/user", json={"name": "N", "email": "n@example.com", "password": "tiny"})
    answer = await call("GET", "/_standin/requests", token=None)
    text = json.dumps(answer.body)
    basic = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()

    assert 201 == user.status
    assert [] == [secret for secret in [*secrets, basic, "tiny", "short-and-odd"] if secret in text]
    assert "/v2/oauth/token/***" in {entry["path"] for entry in answer.body}


async def test_settings(call: Caller, server: Server) -> None:
    """The switches are shown and changed; wrong names and values are refused."""
    changed = await call("PATCH", "/_standin/settings", json={"expires_in": 60, "jwt_in": "both"}, token=None)
    bad = [
        await call("PATCH", "/_standin/settings", json=body, token=None)
        for body in ({"expires": 60}, {"expires_in": "60"}, {"jwt_in": "cookie"}, {"retry_after": 1})
    ]

    assert (200, 60, "both") == (changed.status, changed.body["expires_in"], changed.body["jwt_in"])
    assert (60, "both") == (server.hipchat.settings.expires_in, server.hipchat.settings.jwt_in)
    assert [400] * 4 == [answer.status for answer in bad]


async def test_deliveries_and_idle(call: Caller, server: Server, addon: Addon) -> None:
    """How webhooks went is listed, once they are through."""
    addon.answers["/webhook"] = (418, "", "text/plain")
    client = await server.install(addon.descriptor_url)
    await call("POST", "/v2/room/Ops/message", json={"message": "/alert list"})
    await call("POST", "/_standin/idle", token=None)
    listed = (await call("GET", "/_standin/deliveries", token=None)).body

    assert [(client.id, "room_message", 418)] == [
        (one["oauth_client_id"], one["event"], one["status"]) for one in listed
    ]


async def test_describe(call: Caller, server: Server) -> None:
    """Exactly the keys of product.md 2; tokens work as it says; the first two people are ordinary members."""
    about = describe(server)
    first = about["rooms"][0]
    tokens = [user["token"] for user in about["users"]]

    assert ["url", "tls_url", "ca_file", "rooms", "users", "room_token", "v1_token"] == list(about)
    assert {"id", "name"} == set(first)
    assert 2 <= len(about["rooms"])
    assert {"id", "name", "mention_name", "token"} == set(about["users"][0])
    assert re.fullmatch("[0-9a-f]{30}", about["v1_token"])
    assert len(tokens) == len(set(tokens))
    for user in about["users"][:2]:
        shown = (await call("GET", f"/v2/user/{user['id']}")).body
        assert (False, False) == (shown["is_group_admin"], shown["is_guest"])
        assert user["id"] in call.room(first["name"]).members
        said = await call("POST", f"/v2/room/{first['id']}/message", json={"message": "\x01"}, token=user["token"])
        assert (201, "100000") == (said.status, said.headers["X-Ratelimit-Limit"])
        assert 200 == (await call("GET", f"/v2/room/{first['id']}/history", token=user["token"])).status
    by_room = {"token": about["room_token"], "json": {"message": "x"}}
    assert 204 == (await call("POST", f"/v2/room/{first['id']}/notification", **by_room)).status
    assert 403 == (await call("POST", f"/v2/room/{about['rooms'][1]['id']}/notification", **by_room)).status


async def test_fresh_secrets(server: Server) -> None:
    """Two starts share no token."""
    async with running() as other:
        one, two = server.group, other.group

    assert not {*one.user_tokens.values(), one.room_token} & {*two.user_tokens.values(), two.room_token}


async def test_line_49_program() -> None:
    """`python -m bot.standin --json` prints one line, serves on both ports, and ends at SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.standin", "--json", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    about = json.loads(await process.stdout.readline())
    async with (
        aiohttp.ClientSession() as session,
        session.get(about["url"] + "/v2/room", params={"auth_token": about["users"][0]["token"]}) as response,
    ):
        rooms = (await response.json())["items"]
    process.send_signal(signal.SIGTERM)
    output, errors = await process.communicate()

    assert about["rooms"] == [{"id": room["id"], "name": room["name"]} for room in rooms]
    assert about["tls_url"].startswith("https://127.0.0.1:")
    assert (0, b"", b"") == (process.returncode, output, errors)
