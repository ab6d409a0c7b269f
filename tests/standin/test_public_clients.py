"""TLS, and unmodified public clients (hipchat-api.md 19, line 49, and 20)."""

import asyncio
import json
import os
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import hypchat
import pytest

from bot.standin.server import Server, running
from tests.needs import needs
from tests.standin.addon import Addon

HIPCHATTER = "hipchatter@1.0.0"
SCRIPT = Path(__file__).with_name("hipchatter.js")


@pytest.fixture
async def secure() -> AsyncIterator[Server]:
    """Run a stand-in that speaks https too, at the real time."""
    async with running(tls_port=0) as server:
        yield server


async def test_line_49_tls(secure: Server, addon: Addon) -> None:
    """Both ports serve one group; the certificate holds for 127.0.0.1 and localhost, by its own authority only."""
    assert secure.tls_url is not None
    port = secure.tls_url.rpartition(":")[2]
    trusting = ssl.create_default_context(cafile=secure.ca_file)
    answers = []
    async with aiohttp.ClientSession() as session:
        for base in (secure.url, secure.tls_url, f"https://localhost:{port}"):
            async with session.get(base + "/v2/capabilities", ssl=trusting) as response:
                answers.append((base, (await response.json())["links"]["self"]))
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(secure.tls_url + "/v2/capabilities")
    await secure.install(addon.descriptor_url)

    assert [(base, base + "/v2/capabilities") for base, _ in answers] == answers
    assert secure.tls_url + "/v2/capabilities" == addon.received[0].json["capabilitiesUrl"]


async def test_line_49_only_on_demand(server: Server) -> None:
    """Without a TLS port there is plain http only."""
    assert (None, None) == (server.tls_url, server.ca_file)
    assert server.url.startswith("http://127.0.0.1:")


def _with_hypchat(server: Server) -> dict[str, Any]:
    """Call everything that hypchat offers for rooms and people, as a person."""
    token = next(iter(server.group.user_tokens.values()))
    chat = hypchat.HypChat(token, endpoint=server.tls_url, verify=server.ca_file)
    try:
        seen: dict[str, Any] = {"capabilities": chat.capabilities()["key"]}
        seen["rooms"] = [room["name"] for room in chat.rooms().contents()]
        room = chat.get_room("Ops Team")
        seen["room"] = (type(room).__name__, room["name"], room["created"].year > 2000)
        room.notification("hello <b>all</b>", color="green")
        room.notification("hi @Lee ", notify=True)
        room.message("from hypchat")
        room.topic("set by hypchat")
        hook = room.create_webhook("https://bot.example.com/x", "room_message", "^/x", "mine")
        seen["webhook"] = type(hook).__name__
        seen["webhooks"] = [one["name"] for one in room.webhooks().contents()]
        hook.delete()
        seen["webhooks left"] = list(room.webhooks().contents())
        seen["history"] = [item["message"] for item in room.history()["items"]]
        seen["latest"] = [item["message"] for item in room.latest(not_before=room.latest()["items"][-1]["id"])["items"]]
        seen["members"] = [user["mention_name"] for user in room.members().contents()]
        seen["participants"] = [user["mention_name"] for user in chat.get_room("Ops").participants()["items"]]
        seen["users"] = [user["mention_name"] for user in chat.users().contents(expand="items")]
        seen["guests"] = [user["mention_name"] for user in chat.users(guests=True)["items"]]
        lee = chat.get_user("@Lee")
        room.invite(lee, "come in")
        room.reply("a reply", room.latest()["items"][-1]["id"])
        lee.message("psst")
        seen["private"] = [item["message"] for item in lee.history()["items"]]
        seen["emoticons"] = bool(list(chat.emoticons().contents()))
        made = chat.create_room("By hypchat", privacy="private")
        room = made.self()
        room["topic"] = "saved"
        room.save()
        seen["saved"] = made.self()["topic"]
        room.delete()
        with pytest.raises(hypchat.requests.HttpNotFound):
            made.self()
        return seen
    finally:
        chat._requests.close()


async def test_hypchat(secure: Server) -> None:
    """Hypchat 0.21 works over TLS; its object types hang on `links.self` (19, line 50)."""
    seen = await asyncio.to_thread(_with_hypchat, secure)

    assert {
        "capabilities": "hipchat",
        "rooms": ["Ops", "Ops Team", "Lobby"],
        "room": ("Room", "Ops Team", True),
        "webhook": "Webhook",
        "webhooks": ["mine"],
        "webhooks left": [],
        "history": ["hello <b>all</b>", "hi @Lee ", "from hypchat"],
        "latest": ["from hypchat"],
        "members": ["Dana", "Lee", "Alex"],
        "participants": ["Dana", "Lee"],
        "users": ["Dana", "Lee", "Alex"],
        "guests": ["Dana", "Lee", "Alex", "KimGuest"],
        "private": ["psst"],
        "emoticons": True,
        "saved": "saved",
    } == seen
    notified = secure.room("Ops Team").room.messages[1]
    assert ("text", True, 1) == (notified.message_format, notified.notify, len(notified.mentions))


async def _hipchatter(tmp_path: Path) -> Path:
    """Return a folder with hipchatter: the one of ALERTBOT_NODE_MODULES, else one that npm fills now."""
    kept = os.environ.get("ALERTBOT_NODE_MODULES")
    if kept and (Path(kept) / "hipchatter").is_dir():
        return Path(kept)
    npm = needs("npm", "npm")
    process = await asyncio.create_subprocess_exec(
        npm, "install", "--no-audit", "--no-fund", "--prefix", str(tmp_path), HIPCHATTER,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode != 0:
        needs("hipchatter", f"npm, and let it fetch {HIPCHATTER}: {output.decode()[-300:]}")
    return tmp_path / "node_modules"


async def test_hipchatter(server: Server, tmp_path: Path) -> None:
    """Hipchatter 1.0.0 works over http with `auth_token` in the query."""
    node = needs("node", "nodejs")
    modules = await _hipchatter(tmp_path)
    script = tmp_path / "hipchatter.js"
    shutil.copy(SCRIPT, script)
    process = await asyncio.create_subprocess_exec(
        node, str(script),
        env={
            "NODE_PATH": str(modules),
            "PATH": os.environ.get("PATH", ""),
            "API": server.url + "/v2/",
            "TOKEN": next(iter(server.group.user_tokens.values())),
            "ROOM_TOKEN": server.group.room_token,
            "NODE_NO_WARNINGS": "1",
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()

    assert (0, b"") == (process.returncode, errors), errors.decode()
    assert {
        "capabilities": "hipchat",
        "rooms": ["Ops", "Ops Team", "Lobby"],
        "room": "Ops Team",
        "notified": True,
        "said": True,
        "webhooks": ["mine"],
        "webhooks left": 0,
        "history": ["with a token", "quiet <b>one</b>", "hello from a person"],
        "users": ["Dana", "Lee", "Alex"],
        "user": "Lee Wong",
        "created": True,
        "emoticons": True,
        "bad": "Value u'Red' for field 'color' is not in the enumeration: "
        "['yellow', 'green', 'red', 'purple', 'gray', 'random']",
        "missing": "Room not found",
    } == json.loads(output)
    first, second, _ = server.room("Ops").room.messages
    assert ("Monitoring", "Dana Scott") == (first.sender.name, second.sender.name)
    assert "set by hipchatter" == server.room("Ops").room.topic
    assert ["psst"] == [message.message for message in server.hipchat.private]
