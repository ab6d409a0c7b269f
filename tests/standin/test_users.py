"""People, private messages, people's messages and histories (hipchat-api.md 19, lines 41-44)."""

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.standin.server import Server
from bot.standin.shapes import stamp
from tests.standin.addon import Addon
from tests.standin.caller import Caller
from tests.standin.conftest import Clock


@pytest.mark.parametrize("key", ["3297240", "dana@example.com", "dana%40example.com", "@Dana", "%40dana"])
async def test_line_41_found(call: Caller, key: str) -> None:
    """A person has an id, an address and a mention name."""
    answer = await call("GET", f"/v2/user/{key}")

    assert (200, 3297240, "Dana Scott") == (answer.status, answer.body["id"], answer.body["name"])
    assert {"is_online": True, "show": "chat"}.items() <= answer.body["presence"].items()
    assert ("Europe/Berlin", False, False) == tuple(
        answer.body[name] for name in ("timezone", "is_group_admin", "is_deleted")
    )


@pytest.mark.parametrize("key", ["1", "Dana", "@nobody", "x@example.com"])
async def test_line_41_not_found(call: Caller, key: str) -> None:
    """Nobody is 404."""
    answer = await call("GET", f"/v2/user/{key}")

    assert (404, "User not found") == (answer.status, answer.message)


async def test_line_41_lists(call: Caller, server: Server) -> None:
    """Stubs; guests and deleted people only on request; a deleted one is found by id."""
    server.hipchat.delete_user(call.user("Lee"))

    async def names(query: str) -> list[str]:
        return [user["mention_name"] for user in (await call("GET", f"/v2/user?{query}")).body["items"]]

    assert ["Dana", "Alex"] == await names("")
    assert ["Dana", "Alex", "KimGuest"] == await names("include-guests=true")
    assert ["Dana", "Lee", "Alex"] == await names("include-deleted=true")
    stub = (await call("GET", "/v2/user")).body["items"][0]
    assert {"id", "name", "mention_name", "version", "links"} == set(stub)
    full = (await call("GET", "/v2/user?expand=items")).body["items"][0]
    assert "dana@example.com" == full["email"]
    deleted = await call("GET", "/v2/user/3297241")
    assert (True, None) == (deleted.body["is_deleted"], deleted.body["presence"])
    assert 404 == (await call("GET", "/v2/user/@Lee")).status


async def test_line_41_create_update_delete(call: Caller) -> None:
    """People are added, changed and deleted; addresses are unique."""
    created = await call("POST", "/v2/user", json={"name": "Noa New", "email": "noa@example.com"})
    path = f"/v2/user/{created.body['id']}"
    twice = await call("POST", "/v2/user", json={"name": "Other", "email": "NOA@example.com"})
    body = {"name": "Noa", "mention_name": "noa", "email": "noa@example.com", "presence": {"show": "away"}}
    updated = await call("PUT", path, json=body)
    shown = (await call("GET", path)).body

    assert (201, 409, 204) == (created.status, twice.status, updated.status)
    assert created.headers["Location"] == created.body["links"]["self"]
    assert ("Noa", "noa", "away") == (shown["name"], shown["mention_name"], shown["presence"]["show"])
    assert 204 == (await call("DELETE", path)).status
    assert (await call("GET", path)).body["is_deleted"]


async def test_line_42_private_message(call: Caller, server: Server) -> None:
    """204, text by default; both ends read it, nobody else; colour and card are not taken."""
    body = {"message": "<b>psst</b>", "color": "Red", "card": 5}
    answer = await call("POST", "/v2/user/@Lee/message", json=body)
    mine = (await call("GET", "/v2/user/@Lee/history")).body["items"]
    theirs = (await call("GET", "/v2/user/@Dana/history/latest", token=call.token_of("Lee"))).body["items"]
    others = (await call("GET", "/v2/user/@Dana/history", token=call.token_of("Alex"))).body["items"]

    assert (204, "") == (answer.status, answer.body)
    assert ["<b>psst</b>"] == [item["message"] for item in mine]
    assert "Dana" == mine[0]["from"]["mention_name"]
    assert ("color" in mine[0], "card" in mine[0]) == (False, False)
    assert (mine, []) == (theirs, others)
    assert [] == server.room("Ops").transcript()
    assert 400 == (await call("POST", "/v2/user/@Lee/message", json={"message": "x" * 10001})).status


async def test_line_42_by_an_addon(call: Caller, server: Server, addon: Addon) -> None:
    """An add-on may, unless switched off (18, line 15); a room token may not."""
    addon.descriptor["capabilities"]["hipchatApiConsumer"]["scopes"] = ["send_message"]
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)
    sent = await call("POST", "/v2/user/@Lee/message", json={"message": "x"}, token=token)
    server.hipchat.settings = replace(server.hipchat.settings, addon_private_message=403)
    refused = await call("POST", "/v2/user/@Lee/message", json={"message": "x"}, token=token)
    by_room = await call(
        "POST", "/v2/user/@Lee/message", json={"message": "x"}, token=call.room_token("Ops", "send_message")
    )

    assert (204, 403, 403) == (sent.status, refused.status, by_room.status)
    assert ["Alert Bot"] == [message.sender.name for message in server.hipchat.private]


async def test_line_43_room_message(call: Caller, server: Server, addon: Addon) -> None:
    """201 with id and time; it is the owner's message and raises room_message."""
    await server.install(addon.descriptor_url)
    answer = await call("POST", "/v2/room/Ops/message", json={"message": "/alert list"})
    await server.hipchat.idle()
    heard = addon.calls("/webhook")[0].json["item"]["message"]

    assert 201 == answer.status
    assert {"id": heard["id"], "timestamp": heard["date"]} == answer.body
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", heard["id"])
    assert 3297240 == heard["from"]["id"]


@pytest.mark.parametrize("text", ["\x00\x01\x1b[0m", "\ud800", "\u202egnp", " ", "x" * 32768, "/topic stays a text"])
async def test_line_43_any_text(call: Caller, text: str) -> None:
    """Control characters, half characters and long texts come back as they were sent."""
    answer = await call("POST", "/v2/room/Ops/message", json={"message": text})
    item = (await call("GET", "/v2/room/Ops/history")).body["items"][0]

    assert (201, text) == (answer.status, item["message"])


async def test_line_43_replies_and_links(call: Caller) -> None:
    """A reply hangs on its message, a shared link is a message."""
    parent = (await call("POST", "/v2/room/Ops/message", json={"message": "x"})).body["id"]
    replied = await call("POST", "/v2/room/Ops/reply", json={"parentMessageId": parent, "message": "y"})
    misspelt = await call("POST", "/v2/room/Ops/reply", json={"parent_message_id": parent, "message": "y"})
    shared = await call("POST", "/v2/room/Ops/share/link", json={"link": "https://x.example", "message": "see"})
    items = (await call("GET", "/v2/room/Ops/history")).body["items"]

    assert (204, 400, 204) == (replied.status, misspelt.status, shared.status)
    assert [("x", None), ("y", parent), ("see https://x.example", None)] == [
        (item["message"], item.get("attach_to")) for item in items
    ]


async def _fill(server: Server, clock: Clock, count: int) -> None:
    room = server.room("Ops")
    for number in range(count):
        await server.hipchat.say(room.room, room.person("Dana"), f"m{number}")
        clock.forward(1)


def _texts(body: dict[str, Any]) -> list[str]:
    return [item["message"] for item in body["items"]]


async def test_line_44_recent(call: Caller, server: Server, clock: Clock) -> None:
    """Without a date it is the last 75, oldest first, and no further pages."""
    await _fill(server, clock, 80)
    recent = (await call("GET", "/v2/room/Ops/history")).body
    reversed_ = (await call("GET", "/v2/room/Ops/history?date=recent&reverse=false&max-results=2")).body

    assert [f"m{number}" for number in range(5, 80)] == _texts(recent)
    assert ["self"] == list(recent["links"])
    assert ["m79", "m78"] == _texts(reversed_)


async def test_line_44_paging_with_a_date(call: Caller, server: Server, clock: Clock) -> None:
    """With a date, pages lead from the newest back; end-date bounds them."""
    start = clock.now
    await _fill(server, clock, 10)
    until, since = stamp(start + 7).replace("+", "%2B"), stamp(start + 2).replace("+", "%2B")
    path: str | None = f"/v2/room/Ops/history?date={until}&end-date={since}&max-results=4"
    pages = []
    while path is not None:
        page = (await call("GET", path)).body
        pages.append(_texts(page))
        path = page["links"].get("next")
        path = path and path.removeprefix(server.url)

    assert [["m4", "m5", "m6", "m7"], ["m2", "m3"]] == pages
    assert 400 == (await call("GET", "/v2/room/Ops/history?date=yesterday")).status
    assert 400 == (await call("GET", f"/v2/room/Ops/history?date={until}&timezone=Mars/Base")).status


async def test_line_44_latest_not_before(call: Caller, server: Server, clock: Clock) -> None:
    """Nothing before the given message is shown."""
    await _fill(server, clock, 5)
    first = call.room().messages[2].id
    latest = (await call("GET", f"/v2/room/Ops/history/latest?not-before={first}")).body
    short = (await call("GET", "/v2/room/Ops/history/latest?max-results=2")).body

    assert ["m2", "m3", "m4"] == _texts(latest)
    assert ["m3", "m4"] == _texts(short)


async def test_line_44_deleted_and_notifications(call: Caller, server: Server) -> None:
    """A deleted message stays with null, unless left out; a notification's `from` is a string."""
    await call("POST", "/v2/room/Ops/message", json={"message": "oops"})
    await call("POST", "/v2/room/Ops/notification", json={"message": "news"}, token=call.room_token("Ops"))
    server.hipchat.delete_message(call.room(), call.room().messages[0])
    whole = (await call("GET", "/v2/room/Ops/history")).body["items"]
    without = (await call("GET", "/v2/room/Ops/history?include_deleted=false")).body
    one = await call("GET", f"/v2/room/Ops/history/{whole[1]['id']}")

    assert [None, "news"] == [item["message"] for item in whole]
    assert "Nagios" == whole[1]["from"]
    assert ["news"] == _texts(without)
    assert whole[1] == one.body["message"]
    assert 404 == (await call("GET", "/v2/room/Ops/history/nothing")).status


async def test_other_collections(call: Caller) -> None:
    """Emoticons are listed, as public clients ask for them."""
    assert (await call("GET", "/v2/emoticon?type=all")).body["items"]
