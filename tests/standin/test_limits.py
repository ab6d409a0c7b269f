"""Rate limit and flood control (hipchat-api.md 19, lines 9 and 10)."""

from dataclasses import replace

from bot.standin.server import Server
from tests.standin.addon import Addon
from tests.standin.caller import Caller
from tests.standin.conftest import Clock

RATE = ("X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset")
FLOOD = ("X-FloodControl-Limit", "X-FloodControl-Remaining", "X-FloodControl-Reset")


async def test_line_09_headers(call: Caller, clock: Clock) -> None:
    """Every authenticated answer has rate headers, good or bad; sends have flood headers too."""
    token = call.plain_user_token()
    read = await call("GET", "/v2/room", token=token)
    missing = await call("GET", "/v2/room/Nowhere", token=token)
    sent = await call("POST", "/v2/room/Ops/notification", json={"message": "x"}, token=token)
    bad = await call("POST", "/v2/room/Ops/notification", json={"message": ""}, token=token)
    whispered = await call("POST", "/v2/user/@Lee/message", json={"message": "x"}, token=token)

    assert ["100", "99", str(int(clock.now) + 301)] == [read.headers[name] for name in RATE]
    assert "98" == missing.headers["X-Ratelimit-Remaining"]
    assert not set(FLOOD) & set(read.headers)
    assert ["30", "29", str(int(clock.now) + 61)] == [sent.headers[name] for name in FLOOD]
    assert ["100", "97"] == [sent.headers[name] for name in RATE[:2]]
    assert (400, "29") == (bad.status, bad.headers["X-FloodControl-Remaining"])
    assert "29" == whispered.headers["X-FloodControl-Remaining"]


async def test_line_10_flood_control_is_per_room(call: Caller, clock: Clock) -> None:
    """The 31st message of a minute to one room is refused and not posted; another room and the next minute are free."""
    say = {"message": "x"}
    statuses = [(await call("POST", "/v2/room/Ops/notification", json=say)).status for _ in range(30)]
    refused = await call("POST", "/v2/room/Ops/notification", json=say)
    as_message = await call("POST", "/v2/room/Ops/message", json=say)
    elsewhere = await call("POST", "/v2/room/Lobby/notification", json=say)
    posted = len(call.room().messages)
    clock.forward(60)
    later = await call("POST", "/v2/room/Ops/notification", json=say)

    assert {204} == set(statuses)
    assert (429, 429) == (refused.status, as_message.status)
    assert {"error": {"code": 429, "message": "Rate limit exceeded", "type": "Too Many Requests"}} == refused.body
    assert "0" == refused.headers["X-FloodControl-Remaining"]
    assert "Retry-After" not in refused.headers
    assert 30 == posted
    assert (204, 204) == (elsewhere.status, later.status)


async def test_line_10_requests_of_an_addon(call: Caller, server: Server, addon: Addon, clock: Clock) -> None:
    """An add-on token has 500 requests in 5 minutes, and a second token its own 500."""
    client = await server.install(addon.descriptor_url)
    token = await call.addon_token(client.id)
    statuses = [(await call("GET", "/v2/room/Ops", token=token)).status for _ in range(500)]
    refused = await call("GET", "/v2/room/Ops", token=token)
    other = await call("GET", "/v2/room/Ops", token=await call.addon_token(client.id))
    clock.forward(300)

    assert {200} == set(statuses)
    assert (429, "0") == (refused.status, refused.headers["X-Ratelimit-Remaining"])
    assert 200 == other.status
    assert 200 == (await call("GET", "/v2/room/Ops", token=token)).status


async def test_line_10_requests_of_a_person(call: Caller) -> None:
    """A token that a person made has 100; room tokens are such tokens too."""
    for token in (call.plain_user_token(), call.room_token("Ops", "view_room")):
        statuses = [(await call("GET", "/v2/room/Ops", token=token)).status for _ in range(101)]

        assert [200] * 100 + [429] == statuses


async def test_line_10_retry_after_is_a_switch(call: Caller, server: Server) -> None:
    """Nobody ever saw a Retry-After, but it can be asked for (18, line 6)."""
    server.hipchat.settings = replace(server.hipchat.settings, retry_after=True, user_rate=0)

    assert "1" == (await call("GET", "/v2/room", token=call.plain_user_token())).headers["Retry-After"]
