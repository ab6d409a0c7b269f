"""People in a room, as stories drive them; and what a chat client keeps for itself (hipchat-api.md 19, line 27)."""

import asyncio

import pytest

from bot.standin.driver import NotSeen
from bot.standin.events import AddonChanged, GlanceChanged, MessageDeleted, MessagePosted, RoomChanged, UserChanged
from bot.standin.people import Presence
from bot.standin.plain import html_to_plain
from bot.standin.server import Server
from tests.standin.addon import Addon
from tests.standin.caller import Caller


@pytest.mark.parametrize("text", ["/topic x", "/away", "/hereabouts", "/clear", "/part"])
async def test_line_27_client_commands_are_no_messages(call: Caller, server: Server, addon: Addon, text: str) -> None:
    """What the client keeps does not reach room or webhooks, typed into the page or by a story's person."""
    addon.descriptor["capabilities"]["webhook"][0]["pattern"] = ""
    await server.install(addon.descriptor_url)
    room = server.room("Ops")
    dana = call.user("Dana")
    kept = await call(
        "POST", f"/_page/rooms/{room.room.id}/messages?user={dana.id}", json={"user": dana.id, "text": text}, token=None
    )
    with pytest.raises(ValueError, match="does not send"):
        await room.says("Dana", text)

    assert 200 == kept.status
    assert "handled" in kept.body
    assert [] == room.transcript()
    assert [] == addon.calls("/webhook")


async def test_says_and_sees(call: Caller, server: Server, addon: Addon) -> None:
    """A person speaks, the add-on answers, and what was not looked at is left over."""
    addon.answers["/webhook"] = (200, '{"message": "<b>Acked</b> #1<br>by Dana"}', "application/json")
    await server.install(addon.descriptor_url)
    room = server.room("Ops")
    await room.says("dana", "/alert ack 1")
    answered = await room.sees("Acked")
    await room.says(call.user("Lee"), "/alert thanks")

    assert ("Alert Bot", "Acked #1\nby Dana") == (answered.sender, answered.text)
    assert ["Alert Bot: Acked #1\nby Dana"] == [str(shown) for shown in room.unseen()]
    assert [] == room.look().unseen()
    assert 4 == len(room.transcript())
    assert room is server.room("Ops")


async def test_sees_waits_for_what_comes(server: Server) -> None:
    """A message that comes later is seen when it comes; each message counts once."""
    room = server.room("Ops")
    waiting = asyncio.create_task(room.sees("later", sender="Lee Wong"))
    for name in ("Dana", "Lee"):
        await server.hipchat.say(room.room, room.person(name), "later")

    assert "Lee Wong" == (await waiting).sender
    with pytest.raises(NotSeen, match="nothing"):
        await room.sees("later", timeout=0.01)


async def test_sees_tells_what_it_saw(server: Server) -> None:
    """A failed expectation shows what was said instead."""
    room = server.room("Ops")
    await server.hipchat.say(room.room, room.person("Dana"), "something else")

    with pytest.raises(NotSeen, match="Dana Scott: something else"):
        await room.sees("acked", timeout=0.01)
    with pytest.raises(KeyError):
        await room.says("nobody", "x")
    with pytest.raises(KeyError):
        server.room("Nowhere")


async def test_watching(call: Caller, server: Server, addon: Addon) -> None:
    """Watchers see messages, rooms, people, glances and add-ons change, until they close."""
    hipchat, room = server.hipchat, call.room()
    with hipchat.watch() as events:
        client = await server.install(addon.descriptor_url)
        message = await hipchat.say(room, call.user(), "x")
        hipchat.delete_message(room, message)
        hipchat.set_topic(room, "t")
        hipchat.leave(room, call.user())
        hipchat.set_presence(call.user(), Presence(show="dnd"))
        content = {"label": {"type": "html", "value": "<b>3</b> open"}}
        body = {"glance": [{"key": "alerts-glance", "content": content}]}
        token = await call.addon_token(client.id)
        pushed = await call("POST", "/v2/addon/ui/room/Ops", json=body, token=token)
        seen = [events.get_nowait() for _ in range(7)]
    hipchat.set_topic(room, "unwatched")

    assert 204 == pushed.status
    assert [
        AddonChanged(client_id=client.id, change="installed"),
        MessagePosted(message=message),
        MessageDeleted,
        RoomChanged(room_id=room.id, change="topic"),
        RoomChanged(room_id=room.id, change="participants"),
        UserChanged(user_id=3297240),
        GlanceChanged(client_id=client.id, key="alerts-glance", content=content, room_id=room.id),
    ] == [MessageDeleted if isinstance(event, MessageDeleted) else event for event in seen]
    with pytest.raises(asyncio.QueueEmpty):
        events.get_nowait()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 204),
        ("/room/Ops", 204),
        ("/user/@Dana", 204),
        ("/room/Ops/user/@Dana", 204),
        ("/room/Nowhere", 404),
    ],
)
async def test_glance_pushes(call: Caller, server: Server, addon: Addon, path: str, status: int) -> None:
    """Add-ons push their own glances, well-formed, to all, a room or a person; people may not."""
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)
    good = {"key": "alerts-glance", "content": {"label": {"type": "html", "value": "x"}}}

    async def push(glance: object, used: str | None) -> int:
        return (await call("POST", "/v2/addon/ui" + path, json={"glance": [glance]}, token=used)).status

    assert status == await push(good, token)
    assert 403 == await push(good, call.token)
    if status == 204:
        assert 404 == await push({**good, "key": "other"}, token)
        assert 400 == await push({"key": "alerts-glance", "content": {}}, token)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>one</li><li>two &lt;3</li></ul>", "one\ntwo <3"),
        ("<table><tr><td>1</td></tr></table>", "1"),
        ("&lt;b&gt; stays", "<b> stays"),
    ],
)
def test_plain_text_of_html(html: str, text: str) -> None:
    """Breaks, items and rows are lines; entities are characters."""
    assert text == html_to_plain(html)
