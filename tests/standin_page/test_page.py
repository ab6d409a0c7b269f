"""The page's own API: who sees what, what is sent, what the client keeps, and what is told live."""

import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from bot.standin.page import PAGE_SIZE
from tests.standin_page.conftest import Group

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, app: web.Application) -> Client:
    """Serve the page."""
    return await aiohttp_client(app)


async def say(client: Client, user: int, room: int, text: Any) -> tuple[int, Any]:
    """Send a text as the page does."""
    async with client.post(f"/_page/rooms/{room}/messages", json={"user": user, "text": text}) as answer:
        return answer.status, await answer.json()


async def get(client: Client, path: str, **query: str | int) -> tuple[int, Any]:
    """Ask as the page does."""
    async with client.get(path, params=query) as answer:
        return answer.status, await answer.json()


async def told(response: aiohttp.ClientResponse) -> tuple[str, Any]:
    """Read the next event, past pings and the retry time."""
    fields: dict[str, str] = {}
    async for raw in response.content:
        name, _, value = raw.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "event" in fields:
            break
    return fields["event"], json.loads(fields["data"])


@pytest.mark.parametrize("path", ["/", "/_page/static/main.js", "/_page/static/theme.css", "/_page/users"])
async def test_everything_comes_from_here(client: Client, path: str) -> None:
    """The page and its files forbid scripts and pictures of other hosts, and guessing of types."""
    async with client.get(path) as answer:
        headers = answer.headers

        assert answer.status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_people_without_deleted_ones(client: Client, group: Group) -> None:
    """The chooser offers everybody who is still there."""
    group.hipchat.delete_user(group.lee)

    _, body = await get(client, "/_page/users")

    assert ["Dana"] == [user["mention_name"] for user in body["users"]]


async def test_rooms_that_a_person_may_enter(client: Client, group: Group) -> None:
    """A private room is listed for its members only, and not readable for others."""
    _, dana = await get(client, "/_page/rooms", user=group.dana.id)
    _, lee = await get(client, "/_page/rooms", user=group.lee.id)

    assert ["Ops"] == [room["name"] for room in dana["rooms"]]
    assert ["Ops", "Secret"] == [room["name"] for room in lee["rooms"]]
    assert (await get(client, f"/_page/rooms/{group.secret.id}/messages", user=group.dana.id))[0] == 404
    assert (await say(client, group.dana.id, group.secret.id, "hi"))[0] == 404


@pytest.mark.parametrize("user", ["", "0", "x", "-1", "9" * 400, "²"])
async def test_nobody(client: Client, user: str) -> None:
    """An unknown person is told so, whatever stands for them."""
    status, body = await get(client, "/_page/rooms", user=user)

    assert (404, "There is no such person.") == (status, body["error"])


async def test_messages_by_the_page(client: Client, group: Group) -> None:
    """The last 200 come first, each earlier page joins without gap or repeat."""
    sent = [
        group.hipchat.post(group.ops, group.hipchat.sender(group.lee), str(n)).id for n in range(2 * PAGE_SIZE + 50)
    ]
    path = f"/_page/rooms/{group.ops.id}/messages"

    _, last = await get(client, path, user=group.dana.id)
    _, middle = await get(client, path, user=group.dana.id, before=last["messages"][0]["id"])
    _, first = await get(client, path, user=group.dana.id, before=middle["messages"][0]["id"])

    assert (PAGE_SIZE, PAGE_SIZE, 50) == tuple(len(page["messages"]) for page in (last, middle, first))
    assert (True, True, False) == (last["earlier"], middle["earlier"], first["earlier"])
    assert sent == [message["id"] for page in (first, middle, last) for message in page["messages"]]


async def test_a_text_goes_to_the_room_as_that_person(client: Client, group: Group) -> None:
    """What is typed is said, literally."""
    status, body = await say(client, group.dana.id, group.ops.id, "/alert ack 1 <b>\x07")
    message = group.ops.messages[-1]

    assert (201, message.id) == (status, body["id"])
    assert ("/alert ack 1 <b>\x07", "Dana Scott", "message") == (message.message, message.sender.name, message.type)


@pytest.mark.parametrize(
    "text", ["/clear", "/join Ops", "/part", "/herein", "/away lunch", "/dnd", "/keys", "/prefs", "/call", "/topic x"]
)
async def test_client_commands_are_not_sent(client: Client, group: Group, text: str) -> None:
    """The client's own commands never reach the room (hipchat-api.md 10.1, line 27)."""
    status, body = await say(client, group.dana.id, group.ops.id, text)

    assert status == 200
    assert "handled" in body
    assert group.ops.messages == []


async def test_client_commands_that_others_see(client: Client, group: Group) -> None:
    """`/topic` sets the topic, `/rename` the name, `/dnd` what others see of the person."""
    await say(client, group.dana.id, group.ops.id, "/topic on call: @Lee")
    await say(client, group.dana.id, group.ops.id, "/rename Operations")
    await say(client, group.dana.id, group.ops.id, "/dnd focus")

    assert ("on call: @Lee", "Operations") == (group.ops.topic, group.ops.name)
    assert group.dana.presence is not None
    assert ("dnd", "focus") == (group.dana.presence.show, group.dana.presence.status)


@pytest.mark.parametrize(
    ("text", "status"),
    [("", 400), (" \n", 400), (None, 400), (7, 400), ("x" * 32769, 400), ("/topic " + "x" * 251, 400),
     ("/rename ", 400), ("/rename Secret", 409)],
)  # fmt: skip
async def test_what_is_refused(client: Client, group: Group, text: Any, status: int) -> None:
    """Nothing, too much, and names in use are refused with a sentence; nothing is posted."""
    answered, body = await say(client, group.dana.id, group.ops.id, text)

    assert status == answered
    assert body["error"].endswith(".")
    assert group.ops.messages == []


async def test_an_archived_room_takes_nothing(client: Client, group: Group) -> None:
    """Nobody speaks in an archived room, and it is not listed."""
    group.hipchat.update_room(group.ops, is_archived=True)

    assert (await say(client, group.dana.id, group.ops.id, "hi"))[0] == 403
    assert (await get(client, "/_page/rooms", user=group.dana.id))[1]["rooms"] == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [("text/plain", b"{}", 415), ("application/x-www-form-urlencoded", b"user=1", 415),
     ("application/json", b"{", 400), ("application/json", b"\xff", 400), ("application/json", b"[]", 400)],
)  # fmt: skip
async def test_only_json_changes_anything(client: Client, group: Group, kind: str, body: bytes, status: int) -> None:
    """A body that another site's form could send is refused, and so is a broken one."""
    path = f"/_page/rooms/{group.ops.id}/messages"

    async with client.post(path, data=body, headers={"Content-Type": kind}) as answer:
        assert status == answer.status


async def test_events_as_they_happen(client: Client, group: Group) -> None:
    """A page hears messages, deletions, rooms and people, and nothing of rooms that are closed to its person."""
    async with client.get("/_page/events", params={"user": group.dana.id}) as stream:
        hello = await told(stream)
        online = await told(stream)
        group.hipchat.post(group.secret, group.hipchat.sender(group.lee), "not for Dana")
        sent = group.hipchat.post(group.ops, group.hipchat.sender(group.lee), "hi\n\ud800\u202e @Dana")
        said = await told(stream)
        group.hipchat.delete_message(group.ops, sent)
        deleted = await told(stream)
        group.hipchat.set_topic(group.ops, "new")
        topic = await told(stream)

    assert ("hello", {}) == hello
    assert ("people", {"user": group.dana.id}) == online
    assert ("message", sent.id, [group.dana.id]) == (said[0], said[1]["id"], said[1]["mentions"])
    assert ("deleted", sent.id, "") == (deleted[0], deleted[1]["id"], deleted[1]["html"])
    assert ("room", {"room": group.ops.id, "change": "topic"}) == topic


async def test_a_person_is_there_while_a_page_is_open(client: Client, group: Group) -> None:
    """The first page makes its person online and in the room; closing the last one ends both."""
    first = await client.get("/_page/events", params={"user": group.dana.id})
    second = await client.get("/_page/events", params={"user": group.dana.id})
    async with client.post(f"/_page/rooms/{group.ops.id}/enter", json={"user": group.dana.id}) as entered:
        assert entered.status == 200
    with group.hipchat.watch() as watch:
        first.close()
        group.hipchat.set_topic(group.ops, "wakes the streams")
        group.hipchat.set_topic(group.ops, "and again")
        assert group.dana.presence is not None
        assert {group.dana.id} == group.ops.participants
        second.close()
        while group.dana.presence is not None:
            group.hipchat.set_topic(group.ops, "until the closing is noticed")
            await client.get("/_page/users")
        assert watch.get_nowait()

    assert group.ops.participants == set()
