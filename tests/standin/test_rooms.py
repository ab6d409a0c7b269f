"""Rooms, members, webhooks by REST (hipchat-api.md 19, lines 35-38 and 40)."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.standin.server import Server
from tests.standin.addon import Addon
from tests.standin.caller import Caller

WHOLE = {
    "name": "Renamed",
    "topic": "t",
    "privacy": "private",
    "is_archived": False,
    "is_guest_accessible": True,
    "owner": {"id": "@Lee"},
}


@pytest.mark.parametrize("name", ["1002", "Ops%20Team", "%4Fps%20Team"])
async def test_line_35_found(call: Caller, name: str) -> None:
    """A room has an id and an exact, percent-encoded name."""
    answer = await call("GET", f"/v2/room/{name}")

    assert (200, 1002) == (answer.status, answer.body["id"])


@pytest.mark.parametrize("name", ["Ops+Team", "ops%20team", "9999", "Nowhere", "99999999999999999999"])
async def test_line_35_not_found(call: Caller, name: str) -> None:
    """A `+`, another case and unknown rooms give 404 in the envelope."""
    answer = await call("GET", f"/v2/room/{name}")

    assert {"error": {"code": 404, "message": "Room not found", "type": "Not Found"}} == answer.body


async def test_line_35_raw_space(call: Caller, server: Server) -> None:
    """A raw space in the path is 400."""
    parts = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"GET /v2/room/Ops Team HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {call.token}\r\n\r\n"
    writer.write(head.encode())
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()

    assert b" 400 " in status


async def test_line_35_odd_names(call: Caller, server: Server) -> None:
    """Names with slashes, plus signs and other scripts are reached percent-encoded; digits only by id."""
    alex = call.user("Alex")
    for name, path in (("a/b", "a%2Fb"), ("c++", "c%2B%2B"), ("Tür 5%", "T%C3%BCr%205%25")):
        room = server.hipchat.create_room(name, alex)
        assert room.id == (await call("GET", f"/v2/room/{path}")).body["id"]
    server.hipchat.create_room("77", alex)

    assert 404 == (await call("GET", "/v2/room/77")).status


async def test_line_35_another_rooms_token(call: Caller) -> None:
    """A room token on another room is 403 (18, line 8)."""
    token = call.room_token("Ops", "view_room")

    assert 403 == (await call("GET", "/v2/room/Lobby", token=token)).status


async def test_line_35_private_rooms(call: Caller) -> None:
    """A person who is no member does not see a private room; an admin does."""
    kim = await call("GET", "/v2/room/1002", token=call.token_of("KimGuest"))
    alex = await call("GET", "/v2/room/1002", token=call.token_of("Alex"))
    listed = await call("GET", "/v2/room", token=call.token_of("KimGuest"))

    assert (404, 200) == (kim.status, alex.status)
    assert ["Ops"] == [room["name"] for room in listed.body["items"]]


async def test_line_36_paging(call: Caller, server: Server) -> None:
    """`links.next` leads through all pages and is absent on the last."""
    for number in range(4):
        server.hipchat.create_room(f"More {number}", call.user("Alex"))
    names: list[str] = []
    path: str | None = "/v2/room?max-results=3"
    pages = []
    while path is not None:
        page = (await call("GET", path)).body
        pages.append((page["startIndex"], page["maxResults"], sorted(page["links"])))
        names += [room["name"] for room in page["items"]]
        following = page["links"].get("next")
        path = following and following.removeprefix(server.url)

    assert ["Ops", "Ops Team", "Lobby", "More 0", "More 1", "More 2", "More 3"] == names
    assert [(0, 3, ["next", "self"]), (3, 3, ["next", "prev", "self"]), (6, 3, ["prev", "self"])] == pages
    assert server.url + "/v2/room" == (await call("GET", "/v2/room")).body["links"]["self"]


async def test_line_36_links_never_carry_a_token(call: Caller) -> None:
    """A token of the query is not repeated in links."""
    page = await call("GET", f"/v2/room?max-results=1&auth_token={call.token}", token=None)

    assert "max-results=1" in page.body["links"]["next"]
    assert str(call.token) not in str(page.body)


@pytest.mark.parametrize("query", ["max-results=1001", "max-results=x", "start-index=-1"])
async def test_line_36_bad_paging(call: Caller, query: str) -> None:
    """Numbers out of bounds are 400."""
    assert 400 == (await call("GET", f"/v2/room?{query}")).status


async def test_line_36_filters(call: Caller, server: Server) -> None:
    """Archived rooms only on request, private ones unless told; `expand=items` shows all of a room."""
    server.hipchat.update_room(call.room("Lobby"), is_archived=True)

    async def names(query: str) -> list[str]:
        return [room["name"] for room in (await call("GET", f"/v2/room?{query}")).body["items"]]

    assert ["Ops", "Ops Team"] == await names("")
    assert ["Ops", "Ops Team", "Lobby"] == await names("include-archived=true")
    assert ["Ops"] == await names("include-private=false")
    stub = (await call("GET", "/v2/room")).body["items"][0]
    full = (await call("GET", "/v2/room?expand=items.owner")).body["items"][0]
    assert {"id", "name", "privacy", "is_archived", "version", "links"} == set(stub)
    assert ("on call: @Dana", "alex@example.com") == (full["topic"], full["owner"]["email"])


async def test_line_37_members_link(call: Caller) -> None:
    """Only private rooms have `links.members`, and members to list."""
    rooms = {room["name"]: room for room in (await call("GET", "/v2/room")).body["items"]}
    members = await call("GET", "/v2/room/1002/member")

    assert "members" not in rooms["Ops"]["links"]
    assert "members" in rooms["Ops Team"]["links"]
    assert 400 == (await call("GET", "/v2/room/Ops/member")).status
    assert ["Dana", "Lee", "Alex"] == [user["mention_name"] for user in members.body["items"]]
    assert ["room_member"] == members.body["items"][0]["room_roles"]


async def test_line_37_members_and_participants(call: Caller, server: Server) -> None:
    """Members come and go; participants are who is there now."""
    added = await call("PUT", "/v2/room/1002/member/@KimGuest")
    seen = (await call("GET", "/v2/room/1002", token=call.token_of("KimGuest"))).status
    removed = await call("DELETE", "/v2/room/1002/member/@KimGuest")
    server.hipchat.leave(call.room(), call.user("Lee"))
    present = await call("GET", "/v2/room/Ops/participant?expand=items")
    everybody = await call("GET", "/v2/room/Ops/participant?include-offline=true")

    assert (204, 200, 204) == (added.status, seen, removed.status)
    assert ["dana@example.com"] == [user["email"] for user in present.body["items"]]
    assert ["Dana", "Lee", "Alex"] == [user["mention_name"] for user in everybody.body["items"]]
    assert 204 == (await call("POST", "/v2/room/Ops/invite/@Lee", json={"reason": "x"})).status


async def test_line_38_create(call: Caller, server: Server) -> None:
    """201 with id, links and Location; the name must be new."""
    body = {"name": "New", "topic": "t", "privacy": "private", "guest_access": True}
    answer = await call("POST", "/v2/room", json=body)
    again = await call("POST", "/v2/room", json={"name": "new"})
    link = f"{server.url}/v2/room/{answer.body['id']}"
    shown = (await call("GET", link.removeprefix(server.url))).body

    assert (201, {"id": shown["id"], "links": {"self": link}}) == (answer.status, answer.body)
    assert link == answer.headers["Location"]
    assert (409, "Conflict") == (again.status, again.body["error"]["type"])
    assert ("t", "private", True, "Dana") == (
        shown["topic"],
        shown["privacy"],
        shown["is_guest_accessible"],
        shown["owner"]["mention_name"],
    )
    assert 400 == (await call("POST", "/v2/room", json={"name": "x" * 51})).status


async def test_line_38_an_addon_names_an_owner(call: Caller, server: Server, addon: Addon) -> None:
    """A token without a person must say who owns the room."""
    addon.descriptor["capabilities"]["hipchatApiConsumer"]["scopes"] = ["manage_rooms"]
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)

    assert 400 == (await call("POST", "/v2/room", json={"name": "A"}, token=token)).status
    assert 201 == (await call("POST", "/v2/room", json={"name": "A", "owner_user_id": "@Lee"}, token=token)).status


@pytest.mark.parametrize("missing", WHOLE)
async def test_line_38_update_needs_all_fields(call: Caller, missing: str) -> None:
    """Each of the six fields is required."""
    body: dict[str, Any] = {key: value for key, value in WHOLE.items() if key != missing}
    answer = await call("PUT", "/v2/room/Ops", json=body)

    assert (400, f"Required field '{missing}' is missing") == (answer.status, answer.message)


async def test_line_38_update_and_delete(call: Caller) -> None:
    """An update renames and keeps the id; the version changes; the old name and a deleted room are 404."""
    version = call.room().version
    updated = await call("PUT", "/v2/room/Ops", json=WHOLE)
    shown = (await call("GET", "/v2/room/1001")).body

    assert 204 == updated.status
    assert ("Renamed", "t", "private", True, "Lee") == (
        shown["name"],
        shown["topic"],
        shown["privacy"],
        shown["is_guest_accessible"],
        shown["owner"]["mention_name"],
    )
    assert version != shown["version"]
    assert 404 == (await call("GET", "/v2/room/Ops")).status
    assert 204 == (await call("DELETE", "/v2/room/1001")).status
    assert 404 == (await call("GET", "/v2/room/1001")).status
    assert 404 == (await call("DELETE", "/v2/room/1001")).status


async def test_line_38_topic_and_statistics(call: Caller) -> None:
    """The topic is set, at most 250 characters; statistics count messages."""
    assert 204 == (await call("PUT", "/v2/room/Ops/topic", json={"topic": "x" * 250})).status
    assert 400 == (await call("PUT", "/v2/room/Ops/topic", json={"topic": "x" * 251})).status
    assert "x" * 250 == (await call("GET", "/v2/room/Ops")).body["topic"]
    await call("POST", "/v2/room/Ops/message", json={"message": "x"})
    assert 1 == (await call("GET", "/v2/room/Ops/statistics")).body["messages_sent"]


async def test_line_40_webhooks(call: Caller, server: Server, addon: Addon) -> None:
    """POST gives an integer id, its link and Location; it is heard, listed, shown and deleted."""
    body = {"url": addon.url + "/hook", "event": "room_message", "pattern": "^/x", "name": "mine"}
    created = await call("POST", "/v2/room/Ops/webhook", json=body)
    hook_id = created.body["id"]
    link = f"{server.url}/v2/room/1001/webhook/{hook_id}"
    await server.room("Ops").says("Lee", "/x")
    await server.room("Lobby").says("Lee", "/x")
    listed = await call("GET", "/v2/room/Ops/webhook")
    shown = await call("GET", f"/v2/room/Ops/webhook/{hook_id}")
    deleted = await call("DELETE", f"/v2/room/Ops/webhook/{hook_id}")
    await server.room("Ops").says("Lee", "/x")

    assert (201, link, link) == (created.status, created.body["links"]["self"], created.headers["Location"])
    assert isinstance(hook_id, int)
    assert [{"id": hook_id, "links": {"self": link}, **body}] == listed.body["items"]
    assert {"created", "creator", "room"} <= set(shown.body)
    assert (204, 404) == (deleted.status, (await call("GET", f"/v2/room/Ops/webhook/{hook_id}")).status)
    assert [hook_id] == [received.json["webhook_id"] for received in addon.calls("/hook")]
    assert "Authorization" not in addon.calls("/hook")[0].headers
    assert "oauth_client_id" in addon.calls("/hook")[0].json


@pytest.mark.parametrize(
    "change", [{"event": "room_shout"}, {"url": "/relative"}, {"url": ...}, {"pattern": "("}, {"authentication": "x"}]
)
async def test_line_40_bad_webhooks(call: Caller, change: dict[str, Any]) -> None:
    """Breaches are 400."""
    body = {"url": "https://x.example/", "event": "room_enter", **change}
    answer = await call("POST", "/v2/room/Ops/webhook", json={k: v for k, v in body.items() if v is not ...})

    assert 400 == answer.status


async def test_line_40_webhooks_by_key(call: Caller, server: Server, addon: Addon) -> None:
    """PUT twice makes one; it is signed with the client's secret when it says so."""
    addon.descriptor["capabilities"]["hipchatApiConsumer"]["scopes"] = ["admin_room"]
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)
    path = "/v2/room/Ops/extension/webhook/mine"
    body = {"key": "mine", "url": addon.url + "/hook", "event": "room_message", "authentication": "jwt"}
    first = await call("PUT", path, json=body, token=token)
    second = await call("PUT", path, json={**body, "pattern": "^!"}, token=token)
    wrong = await call("PUT", path, json={**body, "key": "other"}, token=token)
    shown = await call("GET", path, token=token)
    await server.room("Ops").says("Dana", "!x")
    deleted = await call("DELETE", path, token=token)

    assert (201, 201, 400) == (first.status, second.status, wrong.status)
    assert first.body["id"] == second.body["id"]
    assert ("mine", "^!") == (shown.body["key"], shown.body["pattern"])
    assert 1 == len(addon.calls("/hook"))
    assert addon.calls("/hook")[0].token
    assert (204, 404) == (deleted.status, (await call("GET", path, token=token)).status)
