"""Notifications and cards (hipchat-api.md 19, lines 28-34)."""

import json
from typing import Any

import pytest

from bot.standin.server import Server
from tests.standin.addon import Addon
from tests.standin.caller import Answer, Caller

PATH = "/v2/room/Ops/notification"
CARD = {"style": "application", "id": "1", "title": "db1 disk 97%"}
FULL_CARD = {
    **CARD,
    "url": "https://bot.example.com/alerts/17",
    "format": "medium",
    "icon": {"url": "https://x.example/c.png", "url@2x": "https://x.example/c2.png"},
    "thumbnail": {"url": "https://x.example/t.png", "width": 10.5, "height": 3},
    "description": {"value": "Filesystem /var", "format": "text"},
    "activity": {"html": "<b>Alert 17</b> opened", "icon": "https://x.example/c.png"},
    "attributes": [{"label": "Severity", "value": {"label": "critical", "style": "lozenge-error"}}],
    "metadata": {"alert_id": 17},
    "images": ["unknown keys are fine"],
}


async def notify(call: Caller, **body: Any) -> Answer:
    """Post a JSON notification."""
    return await call("POST", PATH, json=body)


async def test_line_28_posted(call: Caller) -> None:
    """204, an empty body, and the message is there."""
    answer = await notify(call, message="x" * 10000, **{"from": "f" * 64}, attach_to="a" * 36)

    assert (204, "") == (answer.status, answer.body)
    assert ["x" * 10000] == [message.message for message in call.room().messages]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"message": "x" * 10001}, "message", "must have length less than or equal to 10000"),
        ({"message": ""}, "message", "Value u'' for field 'message' cannot be blank'"),
        ({}, "message", "Required field 'message' is missing"),
        ({"message": 5}, "message", "Value 5 for field 'message' is not of type string"),
        (
            {"message": "x", "color": "Red"},
            "color",
            "Value u'Red' for field 'color' is not in the enumeration: ['yellow', 'green', 'red', 'purple', 'gray', 'random']",
        ),
        ({"message": "x", "from": "f" * 65}, "from", "must have length less than or equal to 64"),
        ({"message": "x", "attach_to": "a" * 37}, "attach_to", "must have length less than or equal to 36"),
        ({"message": "x", "message_format": "markdown"}, "message_format", "is not in the enumeration"),
        ({"message": "x", "notify": "yes"}, "notify", "is not of type"),
        ({"message": "x", "notify": 1}, "notify", "is not of type"),
    ],
)
async def test_line_28_breaches(call: Caller, body: dict[str, Any], field: str, message: str) -> None:
    """Each breach is 400 with the field and validictory's words, and posts nothing."""
    answer = await call("POST", PATH, json=body)

    assert (400, "Bad Request", field) == (
        answer.status,
        answer.body["error"]["type"],
        answer.body["error"]["field"],
    )
    assert message in answer.message
    assert [] == call.room().messages


@pytest.mark.parametrize("body", ["[]", "nonsense", '"text"', "", "[" * 100000])
async def test_line_28_not_an_object(call: Caller, body: str) -> None:
    """What is no JSON object is 400."""
    answer = await call("POST", PATH, data=body, headers={"Content-Type": "application/json"})

    assert 400 == answer.status
    assert answer.message


async def test_line_29_form(call: Caller) -> None:
    """A form maps to the JSON fields."""
    form = {"message": "<b>a & ü</b>", "color": "red", "notify": "true", "from": "cabot"}
    answer = await call("POST", PATH, data=form)
    message = call.room().messages[0]

    assert 204 == answer.status
    assert ("<b>a &amp; ü</b>", "red", True, "cabot", "html") == (
        message.message,
        message.color,
        message.notify,
        message.from_label,
        message.message_format,
    )


@pytest.mark.parametrize(("kind", "message_format"), [("text/plain", "text"), ("text/html", "html")])
async def test_line_29_plain_bodies(call: Caller, kind: str, message_format: str) -> None:
    """The body is the message: yellow, quiet."""
    answer = await call("POST", PATH, data="ü hello", headers={"Content-Type": f"{kind}; charset=utf-8"})
    message = call.room().messages[0]

    assert 204 == answer.status
    assert ("ü hello", message_format, "yellow", False) == (
        message.message,
        message.message_format,
        message.color,
        message.notify,
    )
    too_long = await call("POST", PATH, data="x" * 10001, headers={"Content-Type": kind})
    assert 400 == too_long.status


async def test_line_29_no_content_type(call: Caller) -> None:
    """Without one it is 400, with another too; other JSON methods want JSON."""
    none = await call("POST", PATH, data=b'{"message": "x"}', headers={"Content-Type": ""})
    other = await call("POST", PATH, data=b"<x/>", headers={"Content-Type": "application/xml"})
    topic = await call("PUT", "/v2/room/Ops/topic", data={"topic": "x"})

    assert 400 == none.status
    assert (400, "Invalid content type: application/xml") == (other.status, other.message)
    assert (400, "Invalid content type: application/x-www-form-urlencoded") == (topic.status, topic.message)


async def test_line_29_really_no_content_type(call: Caller, server: Server) -> None:
    """A request without the header is told `None`."""
    async with call.session.post(
        server.url + PATH,
        data=b'{"message": "x"}',
        headers={"Authorization": f"Bearer {call.token}"},
        skip_auto_headers=["Content-Type"],
    ) as response:
        assert 400 == response.status
        assert "Invalid content type: None" == (await response.json())["error"]["message"]


async def test_line_30_lenient(call: Caller) -> None:
    """Unknown fields are ignored, `"true"` is true, an empty `from` is none; html and yellow are the defaults."""
    answer = await notify(call, message="x", notify="true", room_id=5, format="text", **{"from": ""})
    message = call.room().messages[0]

    assert 204 == answer.status
    assert (True, "", "html", "yellow") == (
        message.notify,
        message.from_label,
        message.message_format,
        message.color,
    )


async def test_line_30_random(call: Caller) -> None:
    """`random` is stored as a colour."""
    for _ in range(20):
        await notify(call, message="x", color="random")
    colors = {message.color for message in call.room().messages}

    assert colors <= {"yellow", "green", "red", "purple", "gray"}
    assert 1 < len(colors)


async def test_line_31_html_is_sanitised(call: Caller) -> None:
    """Allowed tags stay, others go and their text stays, in the history too; @ is plain."""
    await notify(call, message='<b>5 &gt; 4</b><h1 onclick="x()">big</h1> @Dana')
    item = (await call("GET", "/v2/room/Ops/history")).body["items"][0]

    assert ("<b>5 &gt; 4</b>big @Dana", []) == (item["message"], item["mentions"])


async def test_line_31_text_is_raw(call: Caller) -> None:
    """Text stays as it came, and mentions people."""
    await notify(call, message="<b>5 > 4</b> @dana @here", message_format="text")
    item = (await call("GET", "/v2/room/Ops/history")).body["items"][0]

    assert "<b>5 > 4</b> @dana @here" == item["message"]
    assert ["Dana"] == [user["mention_name"] for user in item["mentions"]]


@pytest.mark.parametrize(
    "change",
    [
        {"style": "fancy"},
        {"style": None},
        {"id": ""},
        {"id": ...},
        {"title": ...},
        {"title": "x" * 501},
        {"description": "x" * 1001},
        {"description": {"value": "x" * 1001, "format": "text"}},
        {"description": {"value": "x"}},
        {"thumbnail": {"url": "x" * 251}},
        {"thumbnail": {}},
        {"icon": {}},
        {"activity": {"html": ""}},
        {"activity": {"html": "x", "more": 1}},
        {"format": "wide"},
        {"attributes": [{"label": "x" * 51, "value": {"label": "v"}}]},
        {"attributes": [{"label": "x", "value": {"label": ""}}]},
        {"attributes": [{"label": "x"}]},
        {"attributes": [{"label": "x", "value": {"label": "v", "style": "red"}}]},
        {"metadata": "x"},
    ],
)
async def test_line_32_card_breaches(call: Caller, change: dict[str, Any]) -> None:
    """A card that breaks the schema is 400 naming `card`, and nothing is posted."""
    card = {key: value for key, value in {**CARD, **change}.items() if value is not ...}
    answer = await notify(call, message="x", card=card)

    assert (400, "card") == (answer.status, answer.body["error"]["field"])
    assert "card" in answer.message
    assert [] == call.room().messages


@pytest.mark.parametrize("card", [None, CARD, FULL_CARD, {**CARD, "title": "x" * 500, "description": "x" * 1000}])
async def test_line_32_good_cards(call: Caller, card: Any) -> None:
    """Null, the smallest and the fullest card are taken, unknown keys too."""
    assert 204 == (await notify(call, message="x", card=card)).status


async def test_line_32_card_that_is_none(call: Caller) -> None:
    """A card that is no object names `card` and what was expected."""
    answer = await notify(call, message="x", card="nice")

    assert "Value {value!r} is not of type {expected_type!r}" == answer.body["error"]["description"]
    assert ["null", "object"] == [kind["type"] for kind in answer.body["error"]["expected_type"]]


async def test_line_33_card_instead_of_message(call: Caller, server: Server) -> None:
    """The card is shown, the message is kept, and the history has the card as a string."""
    await notify(call, message="fallback", card=FULL_CARD)
    shown = server.room("Ops").transcript()[0]
    item = (await call("GET", "/v2/room/Ops/history")).body["items"][0]

    assert "Alert 17 opened\ndb1 disk 97%\nFilesystem /var\nSeverity: critical" in shown.text
    assert "fallback" not in shown.text
    assert "fallback" == item["message"]
    assert isinstance(item["card"], str)
    assert FULL_CARD == json.loads(item["card"])


async def test_line_34_attach_to(call: Caller) -> None:
    """A notification hangs on a message of the room; an unknown id is no error."""
    parent = (await call("POST", "/v2/room/Ops/message", json={"message": "hello"})).body["id"]
    known = await notify(call, message="x", attach_to=parent)
    unknown = await notify(call, message="y", attach_to="nowhere")
    items = (await call("GET", "/v2/room/Ops/history")).body["items"]

    assert (204, 204) == (known.status, unknown.status)
    assert [None, parent, "nowhere"] == [item.get("attach_to") for item in items]


async def test_senders(call: Caller, server: Server, addon: Addon) -> None:
    """An add-on speaks under fromName, a room token under its label, a person under the name."""
    client = await server.install(addon.descriptor_url)
    tokens = [await call.addon_token(client.id), call.room_token("Ops", label="Nagios"), call.token]
    for token in tokens:
        await call("POST", PATH, json={"message": "x"}, token=token)
    items = (await call("GET", "/v2/room/Ops/history")).body["items"]

    assert ["Alert Bot", "Nagios", "Dana Scott"] == [item["from"] for item in items]
    assert {"type": "addon", "id": "com.example.alerts"} == items[0]["notification_sender"]
    assert ["client", "user"] == [item["notification_sender"]["type"] for item in items[1:]]


async def test_archived_rooms_take_nothing(call: Caller, server: Server) -> None:
    """Posting to an archived room is 403 (18, line 11), and costs no flood control."""
    server.hipchat.update_room(call.room(), is_archived=True)
    notified = await notify(call, message="x")
    said = await call("POST", "/v2/room/Ops/message", json={"message": "x"})

    assert (403, 403) == (notified.status, said.status)
    assert "30" == notified.headers["X-FloodControl-Remaining"]
