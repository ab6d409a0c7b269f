"""Bodies as Hipchat sends them, and as only a forger would."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hipchat import payloads
from bot.hipchat.payloads import BadBody, Install, RoomMessage, TokenAnswer, Update, fault_text, read, read_webhook

OAUTH = "8d0c6f5e-3b1a-4f77-9a52-6de0b1c4a913"
SECRET = "Qm4tR8vYw2LkPn6sXc1MbHd9JfGa5QeUo7RiVt4K"
ROOM = {
    "id": 1001,
    "is_archived": False,
    "links": {"self": "https://HOST/v2/room/1001"},
    "name": "Ops",
    "privacy": "private",
    "version": "JREOQ07C",
}
DANA = {
    "id": 3297240,
    "links": {"self": "https://HOST/v2/user/3297240"},
    "mention_name": "Dana",
    "name": "Dana Scott",
    "version": "B0F7OY05",
}
INSTALL = {
    "oauthId": OAUTH,
    "oauthSecret": SECRET,
    "capabilitiesUrl": "https://api.hipchat.com/v2/capabilities",
    "roomId": 1001,
    "groupId": 4711,
}


def body(value: Any) -> bytes:
    """Encode a body."""
    return msgspec.json.encode(value)


def message(**changes: Any) -> Any:
    """Return the room_message body of hipchat-api.md 9.5."""
    said = {
        "date": "2018-06-20T10:07:44.819201+00:00",
        "from": DANA,
        "id": "5f62a2a2-6e40-4b62-b1b9-cd90bf9b0739",
        "mentions": [{"id": 4979430, "mention_name": "Lee", "name": "Lee Wong", "version": "FPUR1NDI"}],
        "message": "/alert ack 17 @Lee",
        "type": "message",
        **changes,
    }
    return {
        "event": "room_message",
        "item": {"message": said, "room": ROOM},
        "oauth_client_id": OAUTH,
        "webhook_id": 20005843,
    }


def test_a_message() -> None:
    """The recorded form is read; what we do not use is ignored."""
    read_ = read_webhook(body(message(message_links=[{"type": "link", "url": "x"}], file={"name": "a"})))

    assert isinstance(read_, RoomMessage)
    assert read_.item.message.message == "/alert ack 17 @Lee"
    assert read_.item.message.sender_id == 3297240
    assert read_.item.message.mentions[0].mention_name == "Lee"
    assert read_.item.room.id == 1001
    assert (read_.oauth_client_id, read_.webhook_id) == (OAUTH, 20005843)


@pytest.mark.parametrize("sender", ["Jenkins", None, {"name": "A guest"}, {"id": None, "name": "x"}, {}])
def test_a_sender_without_a_profile(sender: Any) -> None:
    """`from` may be a string, null, or an object that says little (hipchat-api.md 9.5)."""
    read_ = read_webhook(body(message(**{"from": sender})))

    assert isinstance(read_, RoomMessage)
    assert read_.item.message.sender_id is None


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("room_enter", payloads.RoomEnter),
        ("room_exit", payloads.RoomExit),
        ("room_topic_change", payloads.RoomTopicChange),
        ("room_file_upload", payloads.RoomFileUpload),
        ("room_created", payloads.RoomCreated),
        ("room_archived", payloads.RoomArchived),
        ("room_unarchived", payloads.RoomUnarchived),
        ("room_deleted", payloads.RoomDeleted),
    ],
)
@pytest.mark.parametrize("sender", [{}, {"sender": DANA}, {"sender": "x"}, {"sender": {"id": 5, "allowed_scopes": []}}])
def test_what_happens_to_rooms(event: str, kind: type, sender: Any) -> None:
    """Only the room is sure in these bodies; `oauth_client_id` was missing in 2015."""
    read_ = read_webhook(body({"event": event, "item": {"room": ROOM, **sender}, "webhook_id": 1}))

    assert isinstance(read_, kind)
    assert isinstance(read_, payloads.RoomEvent)
    assert read_.item.room.id == 1001


def test_a_notification() -> None:
    """The recorded form of 2015: a string as sender, colour and format."""
    said = message(**{"from": "Jenkins", "color": "yellow", "message_format": "html", "type": "notification"})

    assert isinstance(read_webhook(body({**said, "event": "room_notification"})), payloads.RoomNotification)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        body({}),
        body({"event": "room_party"}),
        body({**message(), "event": 5}),
        body({**message(), "webhook_id": "20005843"}),
        body({**message(), "webhook_id": True}),
        body({**message(), "oauth_client_id": "a\nb"}),
        body({**message(), "item": None}),
        body(message(id=5)),
        body(message(id="")),
        body(message(id="\x00")),
        body(message(id="x" * 256)),
        body(message(message=None)),
        body(message(mentions=None)),
        body(message(**{"from": {"id": "3297240"}})),
        body(message(**{"from": {"id": -1}})),
        body(message(**{"from": {"id": 1.0}})),
        body(message()).replace(b"1001", b"1001000000000000000000"),
        body(message()).replace(b"/alert ack", b"\\ud800"),
    ],
)
def test_what_is_no_webhook(bad: bytes) -> None:
    """Wrong types, ids that no database takes, unknown events and broken JSON are all one refusal."""
    with pytest.raises(BadBody):
        read_webhook(bad)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_body_or_none(raw: bytes) -> None:
    """No bytes raise anything but BadBody."""
    with pytest.raises(BadBody):
        read_webhook(raw)


@pytest.mark.parametrize("room", [{"roomId": 1001}, {"roomId": None}, {}])
def test_an_installation(room: Any) -> None:
    """The room may be given, null or absent (hipchat-api.md 7.2)."""
    rest = {name: value for name, value in INSTALL.items() if name != "roomId"}

    assert room.get("roomId") == read(Install, body({**rest, **room})).room_id


@pytest.mark.parametrize("name", ["oauthId", "oauthSecret", "capabilitiesUrl", "groupId"])
@pytest.mark.parametrize("value", [..., None, "", [], "a b", "\u00e9", "x\n"])
def test_an_installation_without_what_it_needs(name: str, value: Any) -> None:
    """Missing or odd values are refused, and the refusal does not repeat them."""
    changed = {**INSTALL, name: value}
    with pytest.raises(BadBody) as refused:
        read(Install, body({key: item for key, item in changed.items() if item is not ...}))

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("oauth_id", ["a:b", "a/b", "../x", "x" * 65])
def test_an_id_that_would_be_something_else_in_a_path_or_header(oauth_id: str) -> None:
    """The id names the installation in URLs and in Basic, where these characters have a meaning."""
    with pytest.raises(BadBody):
        read(Install, body({**INSTALL, "oauthId": oauth_id}))


def test_an_update_has_no_secret() -> None:
    """Which is normal, and so is a missing group (hipchat-api.md 7.4)."""
    read_ = read(Update, body({"oauthId": OAUTH, "capabilitiesUrl": INSTALL["capabilitiesUrl"]}))

    assert (read_.oauth_id, read_.group_id, read_.room_id) == (OAUTH, None, None)


def test_a_session_of_a_room_and_of_a_group() -> None:
    """A group-wide client has no room (hipchat-api.md 3.4)."""
    client = {"allowed_scopes": ["view_room"], "name": "Alerts", "room": {"id": 1001, "name": "Ops", "links": {}}}
    bound = read(payloads.Session, body({"client": client, "scopes": ["view_room"], "group_id": 4711}))
    wide = read(payloads.Session, body({"client": {**client, "room": None}, "scopes": []}))

    assert bound.client.room is not None
    assert bound.client.room.id == 1001
    assert wide.client.room is None


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "\u00e9", "x" * 2000])
def test_a_token_that_would_break_a_header(token: str) -> None:
    """It is refused where it comes in."""
    with pytest.raises(BadBody):
        read(TokenAnswer, body({"access_token": token, "expires_in": 60, "group_id": 1}))


def test_nothing_printed_holds_a_secret() -> None:
    """Structs may stand in a traceback or a log line."""
    answer = read(TokenAnswer, body({"access_token": SECRET, "expires_in": 60, "group_id": 1}))

    assert SECRET not in repr(answer)
    assert SECRET not in repr(read(Install, body(INSTALL)))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{"error":{"code":404,"message":"Room not found","type":"Not Found"}}', "Room not found"),
        (b'{"error":{"code":400,"field":"card","type":"Bad Request"}}', ""),
        (b'{"error":{"message":null}}', ""),
        (b'{"error":{"message":5}}', ""),
        (b'{"error":"no"}', ""),
        (b"<html>Bad gateway</html>", ""),
        (b"", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_the_words_of_a_fault(raw: bytes, text: str) -> None:
    """Only `error.message` counts, and it may be missing (hipchat-api.md 4.3)."""
    assert text == fault_text(raw)
