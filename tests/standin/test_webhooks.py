"""What webhooks are told, and what becomes of their answers (hipchat-api.md 19, lines 20-26)."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any, Literal

import pytest
from aiohttp import web

from bot.standin.faults import WebhookFault
from bot.standin.people import User
from bot.standin.server import Server
from tests.standin.addon import Addon, change_webhook
from tests.standin.caller import Caller

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00"


async def test_line_20_room_message(call: Caller, server: Server, addon: Addon) -> None:
    """The body is that of 9.5, to the key."""
    client = await server.install(addon.descriptor_url)
    message = await server.room("Ops Team").says("Dana", "/alert ack 17 @lee and @all")
    received = addon.calls("/webhook")[0]
    body = received.json
    dana, lee, room = call.user("Dana"), call.user("Lee"), call.room("Ops Team")

    def stub(user: User) -> dict[str, Any]:
        return {
            "id": user.id,
            "links": {"self": f"{server.url}/v2/user/{user.id}"},
            "mention_name": user.mention_name,
            "name": user.name,
            "version": user.version,
        }

    link = f"{server.url}/v2/room/1002"
    assert isinstance(body["webhook_id"], int)
    date = body["item"]["message"].pop("date")
    assert re.fullmatch(STAMP, date)
    assert {
        "event": "room_message",
        "item": {
            "message": {
                "from": stub(dana),
                "id": message.id,
                "mentions": [stub(lee)],
                "message": "/alert ack 17 @lee and @all",
                "type": "message",
            },
            "room": {
                "id": 1002,
                "is_archived": False,
                "links": {
                    "members": link + "/member",
                    "participants": link + "/participant",
                    "self": link,
                    "webhooks": link + "/webhook",
                },
                "name": "Ops Team",
                "privacy": "private",
                "version": room.version,
            },
        },
        "oauth_client_id": client.id,
        "webhook_id": body["webhook_id"],
    } == body
    assert "application/json" == received.headers["Content-Type"]
    assert "close" == received.headers["Connection"].lower()
    assert "User-Agent" not in received.headers


@pytest.mark.parametrize("form", ["object", "string"])
async def test_line_20_guests(server: Server, addon: Addon, form: Literal["object", "string"]) -> None:
    """A guest is an object, or on request a string (18, line 4)."""
    server.hipchat.settings = replace(server.hipchat.settings, guest_from=form)
    await server.install(addon.descriptor_url)
    await server.room("Ops").says("KimGuest", "/alert list")
    sender = addon.calls("/webhook")[0].json["item"]["message"]["from"]

    assert "Kim Guest" == (sender if form == "string" else sender["name"])


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ("^/alert", ["/alert", "/alerts"]),
        ("alert", ["/alert", "/alerts", "an alert"]),
        ("(?i)^/alert", ["/alert", "/ALERT", "/alerts"]),
        (r"^/[aA][lL][eE][rR][tT][sS]?(\s|$)", ["/alert", "/ALERT", "/alerts"]),
        ("", ["/alert", "/ALERT", "/alerts", "an alert", "hello"]),
        (None, ["/alert", "/ALERT", "/alerts", "an alert", "hello"]),
    ],
)
async def test_line_21_patterns(server: Server, addon: Addon, pattern: str | None, heard: list[str]) -> None:
    """Searched anywhere, minding case; none and empty match all."""
    if pattern is None:
        del addon.descriptor["capabilities"]["webhook"][0]["pattern"]
    else:
        change_webhook(addon, pattern=pattern)
    await server.install(addon.descriptor_url)
    for text in ("/alert", "/ALERT", "/alerts", "an alert", "hello"):
        await server.room("Ops").says("Dana", text)

    assert heard == [received.json["item"]["message"]["message"] for received in addon.calls("/webhook")]


async def test_line_22_rooms_of_an_installation(server: Server, addon: Addon) -> None:
    """A global installation hears every room, also later ones; a room installation its own."""
    everywhere = await server.install(addon.descriptor_url)
    in_room = await server.install(addon.descriptor_url, room="Ops")
    alex = server.room("Ops").person("Alex")
    server.hipchat.create_room("Later", alex)
    for room in ("Ops", "Ops Team", "Later"):
        await server.room(room).says("Alex", "/alert")
    heard = [(body["oauth_client_id"], body["item"]["room"]["name"]) for body in map(_json, addon.calls("/webhook"))]

    assert ["Ops", "Ops Team", "Later"] == [room for client, room in heard if client == everywhere.id]
    assert ["Ops"] == [room for client, room in heard if client == in_room.id]


def _json(received: Any) -> Any:
    return received.json


async def test_line_23_notifications(call: Caller, server: Server, addon: Addon) -> None:
    """A notification raises room_notification with a string `from`, never room_message."""
    second = {"event": "room_notification", "url": addon.url + "/notified"}
    addon.descriptor["capabilities"]["webhook"].append(second)
    change_webhook(addon, pattern="")
    await server.install(addon.descriptor_url)
    await call(
        "POST",
        "/v2/room/Ops/notification",
        json={"message": "build <b>failed</b>", "color": "random"},
        token=call.room_token("Ops", label="Jenkins"),
    )
    await call("POST", "/v2/room/Ops/notification", json={"message": "as Dana"})
    await server.hipchat.idle()
    first, as_dana = (received.json["item"]["message"] for received in addon.calls("/notified"))

    assert [] == addon.calls("/webhook")
    assert first.pop("color") in {"yellow", "green", "red", "purple", "gray"}
    assert re.fullmatch(STAMP, first.pop("date"))
    assert {
        "from": "Jenkins",
        "id": call.room().messages[0].id,
        "mentions": [],
        "message": "build <b>failed</b>",
        "message_format": "html",
        "type": "notification",
    } == first
    assert "Dana Scott" == as_dana["from"]


async def test_line_24_answer_posts(server: Server, addon: Addon) -> None:
    """A 200 with a JSON notification appears from the add-on, after the message, and raises no room_message."""
    answer = {"message": "Acked #17", "color": "green", "message_format": "text"}
    addon.answers["/webhook"] = (200, json.dumps(answer), "application/json")
    change_webhook(addon, pattern="")
    await server.install(addon.descriptor_url)
    room = server.room("Ops")
    await room.says("Dana", "/alert ack 17")
    posted = room.room.messages[-1]

    assert ["Dana Scott: /alert ack 17", "Alert Bot: Acked #17"] == [str(shown) for shown in room.transcript()]
    assert ("notification", "green", False) == (posted.type, posted.color, posted.notify)
    assert posted.id == server.courier.deliveries[0].posted
    assert 1 == len(addon.calls("/webhook"))


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (200, "", "application/json"),
        (200, "hello", "text/plain"),
        (200, '{"message": "x"}', "text/plain"),
        (200, "not json", "application/json"),
        (200, '{"message": ""}', "application/json"),
        (200, '{"message": "x", "color": "Red"}', "application/json"),
        (200, "[]", "application/json"),
        (201, '{"message": "x"}', "application/json"),
        (204, "", "application/json"),
        (302, "/elsewhere", "application/json"),
        (500, '{"message": "x"}', "application/json"),
    ],
)
async def test_line_24_other_answers_post_nothing(
    server: Server, addon: Addon, status: int, text: str, kind: str
) -> None:
    """Empty, 204, errors, redirects, and what is no notification post nothing."""
    addon.answers["/webhook"] = (status, text, kind)
    await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert list")

    assert ["/alert list"] == [shown.text for shown in server.room("Ops").transcript()]
    assert ["/installable", "/webhook"] == [received.path for received in addon.received]


@pytest.mark.parametrize("counts", [True, False])
async def test_line_24_answers_use_flood_control(call: Caller, server: Server, addon: Addon, *, counts: bool) -> None:
    """Answers share the 30 a minute of the installation and room, unless switched off (18, line 18)."""
    server.hipchat.settings = replace(server.hipchat.settings, answers_use_flood_control=counts)
    addon.answers["/webhook"] = (200, '{"message": "answer"}', "application/json")
    client = await server.install(addon.descriptor_url)
    for number in range(31):
        await server.room("Ops").says("Dana", f"/alert {number}")
    token = await call.addon_token(client.id)
    sent = await call("POST", "/v2/room/Ops/notification", json={"message": "news"}, token=token)
    answers = [shown for shown in server.room("Ops").transcript() if shown.text == "answer"]

    assert (30 if counts else 31) == len(answers)
    assert (429 if counts else 204) == sent.status


async def test_line_25_two_webhooks_two_deliveries(server: Server, addon: Addon) -> None:
    """Each matching webhook is told, with its own id."""
    first = addon.descriptor["capabilities"]["webhook"][0]
    addon.descriptor["capabilities"]["webhook"].append({**first, "key": "second", "pattern": "list"})
    await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert list")
    bodies = [received.json for received in addon.calls("/webhook")]

    assert 2 == len(bodies) == len({body["webhook_id"] for body in bodies})
    assert 1 == len({body["item"]["message"]["id"] for body in bodies})


async def test_line_26_slow_receivers_delay_nobody(call: Caller, server: Server, addon: Addon) -> None:
    """While one receiver hangs, the chat goes on and other receivers are told."""
    released, reached = asyncio.Event(), asyncio.Event()

    async def hang(_request: web.Request, _body: bytes) -> web.Response:
        await released.wait()
        return web.json_response({"message": "late"})

    async def quick(_request: web.Request, _body: bytes) -> web.Response:
        reached.set()
        return web.Response(status=500)

    first = addon.descriptor["capabilities"]["webhook"][0]
    addon.descriptor["capabilities"]["webhook"].append({**first, "key": "quick", "url": addon.url + "/quick"})
    addon.hooks |= {"/webhook": hang, "/quick": quick}
    await server.install(addon.descriptor_url)
    said = await call("POST", "/v2/room/Ops/message", json={"message": "/alert list"})
    await reached.wait()
    after = await call("POST", "/v2/room/Ops/message", json={"message": "chat goes on"})
    released.set()
    await server.hipchat.idle()

    assert (201, 201) == (said.status, after.status)
    assert ["/alert list", "chat goes on", "late"] == [shown.text for shown in server.room("Ops").transcript()]


async def test_line_26_timeout_without_retry(server: Server, addon: Addon) -> None:
    """A receiver that is too slow is given up, and not tried again (18, line 1); the timeout is a switch."""
    server.hipchat.settings = replace(server.hipchat.settings, webhook_timeout=0.05)

    async def hang(_request: web.Request, _body: bytes) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    addon.hooks["/webhook"] = hang
    await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert list")

    assert 1 == len(addon.calls("/webhook"))
    assert [(None, "TimeoutError")] == [(done.status, done.error) for done in server.courier.deliveries]


async def test_line_26_retries_and_disabling_are_switches(server: Server, addon: Addon) -> None:
    """On request a failing receiver is tried again, and disabled after some failures in a row."""
    server.hipchat.settings = replace(server.hipchat.settings, webhook_retries=1, webhook_disabled_after=2)
    addon.answers["/webhook"] = (500, "", "text/plain")
    await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert one")
    await server.room("Ops").says("Dana", "/alert two")

    assert ["/alert one"] * 2 == [received.json["item"]["message"]["message"] for received in addon.calls("/webhook")]


async def test_duplicate_webhooks(server: Server, addon: Addon) -> None:
    """`duplicate` sends further copies of the same body."""
    server.hipchat.faults.webhooks.append(WebhookFault(duplicate=2, times=1))
    await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert one")
    await server.room("Ops").says("Dana", "/alert two")
    bodies = [received.body for received in addon.calls("/webhook")]

    assert 4 == len(bodies)
    assert 2 == len(set(bodies))
    assert bodies[0] == bodies[1] == bodies[2]


async def test_reordered_webhooks(server: Server, addon: Addon) -> None:
    """`reorder` lets a later delivery pass."""
    server.hipchat.faults.webhooks.append(WebhookFault(reorder=True, times=1))
    await server.install(addon.descriptor_url)
    room = server.room("Ops")
    await server.hipchat.say(room.room, room.person("Dana"), "/alert one")
    await server.hipchat.say(room.room, room.person("Dana"), "/alert two")
    await server.hipchat.idle()

    assert ["/alert two", "/alert one"] == [
        received.json["item"]["message"]["message"] for received in addon.calls("/webhook")
    ]


async def test_reordering_ends_without_a_later_delivery(server: Server, addon: Addon) -> None:
    """A delivery that nothing passes is sent after a moment, as are all later ones."""
    server.hipchat.settings = replace(server.hipchat.settings, reorder_hold=0.01)
    server.hipchat.faults.webhooks.append(WebhookFault(reorder=True))
    await server.install(addon.descriptor_url)
    await server.room("Ops").says("Dana", "/alert one")
    await server.room("Ops").says("Dana", "/alert two")

    assert 2 == len(addon.calls("/webhook"))
