"""Descriptors and the handshake (hipchat-api.md 19, lines 11-17)."""

import asyncio
import base64
import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from bot.standin.descriptor import Refused, validate
from bot.standin.server import Server
from tests.standin.addon import Addon, descriptor
from tests.standin.caller import Answer, Caller

GRANT = {"grant_type": "client_credentials"}


async def install(call: Caller, addon: Addon, **fields: Any) -> Answer:
    """Install through the control API."""
    body = {"descriptor": addon.descriptor_url, "room": None, **fields}
    return await call("POST", "/_standin/install", json=body, token=None)


async def test_line_11_descriptor_is_fetched_or_inline(call: Caller, addon: Addon) -> None:
    """An address and a base64 data URL both install."""
    inline = base64.b64encode(json.dumps(addon.descriptor).encode()).decode()
    by_url = await install(call, addon)
    by_data = await install(call, addon, descriptor="data:application/json;base64," + inline)

    assert (200, "installed") == (by_url.status, by_url.body["status"])
    assert (200, "installed") == (by_data.status, by_data.body["status"])
    assert 2 == len(addon.calls("/installable"))


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = body
        for name in parents:
            place = place[int(name)] if name.isdecimal() else place[name]
        if value is ...:
            del place[last]
        else:
            place[last] = value

    return change


CAPABILITIES = "capabilities."
WEBHOOK = CAPABILITIES + "webhook.0."
GLANCE = CAPABILITIES + "glance.0."
ICON = {"url": "https://x.example/a.png", "url@2x": "https://x.example/a2.png"}
BAD = {
    "no key": ("key", ...),
    "colon in key": ("key", "a:b"),
    "no name": ("name", ...),
    "no description": ("description", ...),
    "no links": ("links", ...),
    "no self": ("links.self", ...),
    "vendor closed": ("vendor.mail", "x"),
    "version": ("apiVersion", "1"),
    "no scopes": (CAPABILITIES + "hipchatApiConsumer.scopes", ...),
    "unknown scope": (CAPABILITIES + "hipchatApiConsumer.scopes", ["everything"]),
    "callback relative": (CAPABILITIES + "installable.callbackUrl", "/installable"),
    "allowRoom text": (CAPABILITIES + "installable.allowRoom", "yes"),
    "webhook event": (WEBHOOK + "event", "room_shout"),
    "webhook url": (WEBHOOK + "url", "not a url"),
    "webhook pattern": (WEBHOOK + "pattern", "^/alert("),
    "webhook key": (WEBHOOK + "key", "k" * 41),
    "webhook authentication": (WEBHOOK + "authentication", "basic"),
    "glance name text": (GLANCE + "name", "Alerts"),
    "glance name closed": (GLANCE + "name", {"value": "Alerts", "more": 1}),
    "glance name long": (GLANCE + "name", {"value": "x" * 101}),
    "glance icon": (GLANCE + "icon", {"url": "https://x.example/a.png"}),
    "glance condition": (GLANCE + "conditions", [{"condition": "moon_is_full"}]),
    "panel location": (
        CAPABILITIES + "webPanel",
        [{"key": "p", "name": {"value": "P"}, "url": "https://x.example/", "location": "left"}],
    ),
    "dialog size": (
        CAPABILITIES + "dialog",
        [{"key": "d", "title": {"value": "D"}, "url": "https://x.example/", "options": {"size": "huge"}}],
    ),
    "action target": (
        CAPABILITIES + "action",
        [{"key": "a", "name": {"value": "A"}, "location": "hipchat.input.action"}],
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_line_11_bad_descriptors(call: Caller, addon: Addon, name: str) -> None:
    """Each breach of section 6 is refused before any callback."""
    path, value = BAD[name]
    _set(path, value)(addon.descriptor)
    answer = await install(call, addon)

    assert (422, "refused", None) == (answer.status, answer.body["status"], answer.body["oauthId"])
    assert "descriptor" in answer.body["error"]
    assert [] == addon.received


def test_line_11_good_descriptors() -> None:
    """Every capability of section 6, and unknown keys, are taken."""
    whole = descriptor("https://bot.example.com")
    whole["icon"] = {"url": "ignored"}
    action = {"name": {"value": "OK"}, "key": "ok", "enabled": False}
    nested = {"type": "OR", "conditions": [{"condition": "user_is_admin", "invert": True}]}
    whole["capabilities"] |= {
        "configurable": {"url": "https://x.example/c", "allowAccessToRoomAdmins": True},
        "adminPage": {"url": "https://x.example/a"},
        "webPanel": [
            {
                "key": "p",
                "name": {"value": "P", "i18n": "p"},
                "url": "https://x.example/p",
                "location": "hipchat.sidebar.right",
                "icon": ICON,
                "conditions": [{"type": "and", "conditions": [nested]}],
            }
        ],
        "dialog": [
            {
                "key": "d",
                "title": {"value": "D"},
                "url": "https://x.example/d",
                "options": {
                    "size": {"height": "400px", "width": "80%"},
                    "primaryAction": action,
                    "secondaryActions": [],
                    "hint": {"value": "h"},
                },
            }
        ],
        "action": [
            {
                "key": "a",
                "name": {"value": "A"},
                "location": "hipchat.message.action",
                "target": {"key": "d", "options": {}},
                "conditions": [{"condition": "card_matches", "params": {"metadata": []}}],
            }
        ],
        "externalPage": [{"key": "e", "url": "https://x.example/e"}],
        "oauth2Consumer": {"redirectionUrls": ["https://x.example/r"]},
    }

    assert whole == validate(copy.deepcopy(whole))
    with pytest.raises(Refused, match="externalPage"):
        validate(whole | {"capabilities": {"externalPage": [{"key": "e", "url": "https://x.example/", "more": 1}]}})


@pytest.mark.parametrize(
    "url",
    ["data:text/plain;base64,e30=", "data:application/json;base64,%%%", "data:application/json;base64,e30=", "ftp://x"],
)
async def test_line_11_bad_addresses(call: Caller, addon: Addon, url: str) -> None:
    """What is no descriptor's address is refused."""
    assert 422 == (await install(call, addon, descriptor=url)).status


async def test_line_12_five_fields(call: Caller, server: Server, addon: Addon) -> None:
    """A room installation posts five fields, a global one no roomId."""
    in_room = await install(call, addon, room=1001)
    everywhere = await install(call, addon)
    first, second = (received.json for received in addon.calls("/installable"))

    assert {"oauthId", "oauthSecret", "capabilitiesUrl", "roomId", "groupId"} == set(first)
    assert (1001, 4711) == (first["roomId"], first["groupId"])
    assert {"oauthId", "oauthSecret", "capabilitiesUrl", "groupId"} == set(second)
    assert (in_room.body["oauthId"], everywhere.body["oauthId"]) == (first["oauthId"], second["oauthId"])
    assert "Authorization" not in addon.calls("/installable")[0].headers
    assert server.url + "/v2/capabilities" == first["capabilitiesUrl"]
    assert (36, 40) == (len(first["oauthId"]), len(first["oauthSecret"]))


async def test_line_12_token_works_during_the_callback(call: Caller, server: Server, addon: Addon) -> None:
    """The add-on fetches a token and greets the room before it answers."""

    async def greet(_request: web.Request, body: bytes) -> web.Response:
        told = json.loads(body)
        answer = await call.grant(told["oauthId"], told["oauthSecret"], GRANT)
        token = answer.body["access_token"]
        sent = await call("POST", "/v2/room/1001/notification", json={"message": "hello"}, token=token)
        return web.Response(status=201 if sent.status == 204 else 500)

    addon.hooks["/installable"] = greet
    answer = await install(call, addon, room=1001)

    assert "installed" == answer.body["status"]
    assert ["hello"] == [shown.text for shown in server.room("Ops").transcript()]


@pytest.mark.parametrize("status", [302, 400, 404, 500])
async def test_line_12_refusal_rolls_back(call: Caller, server: Server, addon: Addon, status: int) -> None:
    """Any answer but 2xx leaves nothing: no token, no webhook; redirects are not followed."""
    addon.answers["/installable"] = (status, "/elsewhere" if status == 302 else "not here", "text/plain")
    answer = await install(call, addon)
    told = addon.calls("/installable")[0].json
    await server.room("Ops").says("Dana", "/alert list")

    assert (422, "refused") == (answer.status, answer.body["status"])
    assert str(status) in answer.body["error"]
    assert 401 == (await call.grant(told["oauthId"], told["oauthSecret"], GRANT)).status
    assert ["/installable"] == [received.path for received in addon.received]


async def test_line_12_timeout_rolls_back(call: Caller, server: Server, addon: Addon) -> None:
    """An add-on that does not answer in time is not installed (18, line 14)."""
    server.hipchat.settings = replace(server.hipchat.settings, callback_timeout=0.05)

    async def silent(_request: web.Request, _body: bytes) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    addon.hooks["/installable"] = silent
    answer = await install(call, addon)

    assert "refused" == answer.body["status"]
    assert "in time" in answer.body["error"]
    assert [] == [client for client in server.hipchat.clients.values() if client.kind == "addon"]


async def test_line_13_where_it_may_be_installed(call: Caller, addon: Addon) -> None:
    """AllowGlobal and allowRoom refuse before the callback."""
    installable = addon.descriptor["capabilities"]["installable"]
    installable["allowGlobal"] = False
    everywhere = await install(call, addon)
    installable |= {"allowGlobal": True, "allowRoom": False}
    in_room = await install(call, addon, room=1001)

    assert (422, 422) == (everywhere.status, in_room.status)
    assert [] == addon.received


async def test_line_14_client_side(call: Caller, server: Server, addon: Addon) -> None:
    """The browser is sent to installedUrl; installable_url gives the installation once; redirect_url leads back."""
    addon.descriptor["capabilities"]["installable"] = {"installedUrl": addon.url + "/installed?theme=light"}
    path = "/addons/install?url=" + quote(addon.descriptor_url, safe="")
    page = await call("GET", path, token=None)
    sent = await call("POST", path, token=None)
    assert 302 == sent.status
    async with aiohttp.ClientSession() as browser, browser.get(sent.headers["Location"]):
        pass
    query = addon.calls("/installed")[0].query
    first = await call("GET", query["installable_url"].removeprefix(server.url), token=None)
    second = await call("GET", query["installable_url"].removeprefix(server.url), token=None)
    back = await call("GET", query["redirect_url"].removeprefix(server.url), token=None)

    assert "Send room notifications" in page.body
    assert {"oauthId", "oauthSecret", "capabilitiesUrl", "groupId"} == set(first.body)
    assert "light" == query["theme"]
    assert 404 == second.status
    assert (302, server.url + "/") == (back.status, back.headers["Location"])
    assert "installed" == server.hipchat.clients[first.body["oauthId"]].status


async def test_line_14_client_side_by_program(call: Caller, server: Server, addon: Addon) -> None:
    """`flow: client` does what a browser would; an add-on that does not take the installation is refused."""
    addon.descriptor["capabilities"]["installable"]["installedUrl"] = addon.url + "/installed"

    async def take(request: web.Request, _body: bytes) -> web.Response:
        async with call.session.get(request.query["installable_url"]) as response:
            assert 200 == response.status
        raise web.HTTPFound(request.query["redirect_url"])

    addon.hooks["/installed"] = take
    taken = await install(call, addon, room=1001, flow="client")
    del addon.hooks["/installed"]
    refused = await install(call, addon, room=1001, flow="client")
    hooks = [hook for hook in server.hipchat.webhooks.values() if hook.from_descriptor]

    assert (200, "installed") == (taken.status, taken.body["status"])
    assert (422, "refused") == (refused.status, refused.body["status"])
    assert [taken.body["oauthId"]] == [hook.client_id for hook in hooks]


async def test_line_15_update_with_callback(call: Caller, server: Server, addon: Addon) -> None:
    """The update callback has no secret and the same id; the new descriptor counts."""
    oauth_id = (await install(call, addon, room=1001)).body["oauthId"]
    token = await call.addon_token(oauth_id)
    addon.descriptor["capabilities"]["hipchatApiConsumer"]["scopes"].append("admin_room")
    addon.descriptor["capabilities"]["webhook"][0]["pattern"] = "^/warn"
    answer = await call("POST", "/_standin/update", json={"oauthId": oauth_id}, token=None)
    await server.room("Ops").says("Dana", "/alert old")
    await server.room("Ops").says("Dana", "/warn new")

    assert (200, oauth_id) == (answer.status, answer.body["oauthId"])
    assert {
        "oauthId": oauth_id,
        "capabilitiesUrl": server.url + "/v2/capabilities",
        "roomId": 1001,
        "groupId": 4711,
    } == addon.calls("/updated")[0].json
    assert ["/warn new"] == [hook.json["item"]["message"]["message"] for hook in addon.calls("/webhook")]
    assert 200 == (await call("GET", "/v2/room/1001", token=token)).status
    assert "admin_room" in server.hipchat.clients[oauth_id].scopes


async def test_line_15_refused_update_changes_nothing(call: Caller, server: Server, addon: Addon) -> None:
    """A refused update leaves the old descriptor in force."""
    oauth_id = (await install(call, addon)).body["oauthId"]
    addon.descriptor["capabilities"]["webhook"][0]["pattern"] = "^/warn"
    addon.answers["/updated"] = (500, "", "text/plain")
    answer = await call("POST", "/_standin/update", json={"oauthId": oauth_id}, token=None)
    await server.room("Ops").says("Dana", "/alert old")

    assert (422, "refused") == (answer.status, answer.body["status"])
    assert 1 == len(addon.calls("/webhook"))


async def test_line_15_update_without_callback(call: Caller, server: Server, addon: Addon) -> None:
    """A new client is installed, then the old one ends, told by DELETE (18, line 9)."""
    del addon.descriptor["capabilities"]["installable"]["updateCallbackUrl"]
    old = (await install(call, addon, room=1001)).body["oauthId"]
    new = (await call("POST", "/_standin/update", json={"oauthId": old}, token=None)).body["oauthId"]

    assert new != old
    assert [("POST", "/installable"), ("POST", "/installable"), ("DELETE", f"/installable/{old}")] == [
        (received.method, received.path) for received in addon.received
    ]
    assert new == addon.received[1].json["oauthId"]
    assert [new] == [client.id for client in server.hipchat.installations(call.room())]


@pytest.mark.parametrize("status", [200, 204, 500])
async def test_line_16_uninstall(call: Caller, server: Server, addon: Addon, status: int) -> None:
    """DELETE goes to callbackUrl/oauthId, unsigned, when the client is dead already; its answer does not matter."""
    oauth_id = (await install(call, addon)).body["oauthId"]
    secret = server.hipchat.clients[oauth_id].secret
    proofs = []

    async def confirm(_request: web.Request, _body: bytes) -> web.Response:
        proofs.append((await call.grant(oauth_id, secret, GRANT)).status)
        return web.Response(status=status)

    addon.hooks[f"/installable/{oauth_id}"] = confirm
    answer = await call("POST", "/_standin/uninstall", json={"oauthId": oauth_id}, token=None)
    again = await call("POST", "/_standin/uninstall", json={"oauthId": oauth_id}, token=None)
    told = addon.calls(f"/installable/{oauth_id}")

    assert (200, "uninstalled", status) == (answer.status, answer.body["status"], answer.body["answered"])
    assert ["DELETE"] == [received.method for received in told]
    assert (b"", False) == (told[0].body, "Authorization" in told[0].headers)
    assert [401] == proofs
    assert 404 == again.status


async def test_line_16_silent_uninstall_tells_nobody(call: Caller, addon: Addon) -> None:
    """A lost notice can be asked for."""
    oauth_id = (await install(call, addon)).body["oauthId"]
    await call("POST", "/_standin/uninstall", json={"oauthId": oauth_id, "silent": True}, token=None)

    assert ["/installable"] == [received.path for received in addon.received]


async def test_line_17_two_installations(call: Caller, server: Server, addon: Addon) -> None:
    """Each installation has its own id, secret and webhooks."""
    await install(call, addon)
    await install(call, addon, room=1001)
    one, two = (received.json for received in addon.calls("/installable"))
    await server.room("Ops").says("Dana", "/alert list")
    heard = [received.json for received in addon.calls("/webhook")]

    assert one["oauthId"] != two["oauthId"]
    assert one["oauthSecret"] != two["oauthSecret"]
    assert {one["oauthId"], two["oauthId"]} == {body["oauth_client_id"] for body in heard}
    assert 2 == len({body["webhook_id"] for body in heard})
    assert 1 == len({body["item"]["message"]["id"] for body in heard})
