"""What webhooks are told of rooms that come, change and go (hipchat-api.md 19, line 39)."""

from typing import Any

from bot.standin.people import Sender
from bot.standin.rooms import Room
from bot.standin.server import Server
from tests.standin.addon import Addon, change_webhook
from tests.standin.caller import Caller


async def test_line_39_lifecycle(call: Caller, server: Server, addon: Addon) -> None:
    """Enter, exit, topic, archive, unarchive, create and delete are told, with the room and who acted."""
    events = ["enter", "exit", "topic_change", "archived", "unarchived", "created", "deleted"]
    addon.descriptor["capabilities"]["webhook"] = [
        {"event": f"room_{event}", "url": addon.url + "/life"} for event in events
    ]
    client = await server.install(addon.descriptor_url)
    hipchat, dana = server.hipchat, call.user("Dana")
    created = await call("POST", "/v2/room", json={"name": "New"})
    path = f"/v2/room/{created.body['id']}"
    room = call.room("New")
    hipchat.enter(room, dana)
    hipchat.enter(room, dana)
    hipchat.leave(room, dana)
    await call("PUT", path + "/topic", json={"topic": "hello"})
    for archived in (True, False):
        await call("PUT", path, json=_whole(room, archived=archived))
    await call("DELETE", path)
    await hipchat.idle()
    told = {received.json["event"]: received.json for received in addon.calls("/life")}

    assert [f"room_{event}" for event in sorted(events)] == sorted(told)
    assert len(events) == len(addon.calls("/life"))
    for body in told.values():
        assert (room.id, dana.id) == (body["item"]["room"]["id"], body["item"]["sender"]["id"])
        assert client.id == body["oauth_client_id"]
        assert isinstance(body["webhook_id"], int)
    assert "hello" == told["room_topic_change"]["item"]["topic"]
    assert told["room_archived"]["item"]["room"]["is_archived"]


def _whole(room: Room, *, archived: bool) -> dict[str, Any]:
    return {
        "name": room.name,
        "topic": room.topic,
        "privacy": room.privacy,
        "is_archived": archived,
        "is_guest_accessible": False,
        "owner": {"id": room.owner_id},
    }


async def test_line_39_a_deleted_room_ends_its_installations(call: Caller, server: Server, addon: Addon) -> None:
    """The room's add-ons are told of the deletion and then uninstalled."""
    change_webhook(addon, event="room_deleted")
    client = await server.install(addon.descriptor_url, room="Lobby")
    await call("DELETE", "/v2/room/Lobby")
    await server.hipchat.idle()

    assert {("POST", "/installable"), ("POST", "/webhook"), ("DELETE", f"/installable/{client.id}")} == {
        (received.method, received.path) for received in addon.received
    }
    assert client.id not in server.hipchat.clients


async def test_line_39_topic_by_an_addon(server: Server, addon: Addon) -> None:
    """Where a program acts, the sender is its client."""
    change_webhook(addon, event="room_topic_change")
    client = await server.install(addon.descriptor_url)
    sender: Sender = server.hipchat.speaker(client)
    server.hipchat.set_topic(server.room("Ops").room, "quiet", by=sender)
    await server.hipchat.idle()
    shown = addon.calls("/webhook")[0].json["item"]["sender"]

    assert (client.id, "Alerts", None) == (shown["id"], shown["name"], shown["room"])
