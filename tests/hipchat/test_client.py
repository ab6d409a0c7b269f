"""Calls of API v2 against a real server on loopback: what is sent, and what each answer becomes."""

import asyncio
import base64
import gc
import logging
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.hipchat import client as wording
from bot.hipchat.client import ANSWER_LIMIT, FAULT_LIMIT, HipchatClient, Limited, open_session, tls
from bot.hipchat.tokens import Credentials, TokenRefused, Unauthorized
from bot.ports import Later, Never

NOW = 1_800_000_000_000
TOKEN = "Zq3rT8vYw2LkPn6sXc1MbHd9JfGa5QeUo7RiVt4K"
SECRET = "Qm4tR8vYw2LkPn6sXc1MbHd9JfGa5QeUo7RiVt4K"
OAUTH = "8d0c6f5e-3b1a-4f77-9a52-6de0b1c4a913"
ROOM = {"id": 1001, "name": "Ops", "privacy": "private", "is_archived": False, "links": {}}
USER = {"id": 7, "name": "Dana Scott", "mention_name": "Dana", "timezone": "Europe/Berlin", "presence": None}
SESSION = {"client": {"allowed_scopes": [], "name": "Alerts", "room": None}, "scopes": ["view_room"], "group_id": 4711}
GRANTED = {
    "access_token": TOKEN,
    "expires_in": 28800,
    "group_id": 4711,
    "group_name": "Example",
    "scope": "send_notification view_room",
    "token_type": "bearer",
}


@dataclass
class Hipchat:
    """A server that notes what it is asked, and answers what a test says."""

    server: TestServer
    client: HipchatClient
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def api(self) -> str:
        """The API URL."""
        return str(self.server.make_url("/v2/"))

    def answers(self, value: Any = None, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Say what is answered from now on: bytes as they are, nothing, or JSON."""

        async def answer(_request: web.Request) -> web.StreamResponse:
            if value is None:
                return web.Response(status=status, headers=headers)
            if isinstance(value, bytes):
                return web.Response(body=value, status=status, headers=headers)
            return web.json_response(value, status=status, headers=headers)

        self.answer = answer

    def credentials(self) -> Credentials:
        """Return the credentials of an installation here."""
        return Credentials(
            token_url=self.api + "oauth/token", oauth_id=OAUTH, secret=SECRET, scopes=("send_notification", "view_room")
        )


@pytest.fixture
async def hipchat() -> AsyncIterator[Hipchat]:
    """Run the server."""

    async def handle(request: web.Request) -> web.StreamResponse:
        known.bodies.append(await request.read())
        known.seen.append(request)
        return await known.answer(request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    server = TestServer(app)
    async with server, open_session(tls()) as session:
        known = Hipchat(server=server, client=HipchatClient(session, lambda: NOW, timeout=5), answer=handle)
        known.answers(status=204)
        yield known


async def test_a_notification(hipchat: Hipchat) -> None:
    """A JSON body with its content type and a bearer token; the headers of the answer are returned."""
    hipchat.answers(status=204, headers={"X-FloodControl-Limit": "30", "X-FloodControl-Remaining": "12", **reset(9)})
    answer = await hipchat.client.notification(hipchat.api, TOKEN, 1001, {"message": "é"})

    assert answer.status == 204
    assert answer.rates.flood is not None
    assert answer.rates.flood.remaining == 12
    request = hipchat.seen[0]
    assert (request.method, request.raw_path) == ("POST", "/v2/room/1001/notification")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Content-Type"] == "application/json"
    assert hipchat.bodies == ['{"message":"é"}'.encode()]


def reset(seconds: int) -> dict[str, str]:
    """Return both reset headers."""
    return {"X-Ratelimit-Reset": str(NOW // 1000 + seconds), "X-FloodControl-Reset": str(NOW // 1000 + seconds)}


@pytest.mark.parametrize(
    ("room", "path"),
    [
        (1001, "/v2/room/1001"),
        ("The Ops Room", "/v2/room/The%20Ops%20Room"),
        ("a/b?c#d&e+f%20", "/v2/room/a%2Fb%3Fc%23d%26e%2Bf%2520"),
        ("Überall", "/v2/room/%C3%9Cberall"),
        ("..", "/v2/room/%2E%2E"),
        ("v1.2", "/v2/room/v1.2"),
    ],
)
async def test_a_room_by_id_or_name(hipchat: Hipchat, room: int | str, path: str) -> None:
    """A name is one path segment, a space is %20 (hipchat-api.md 4)."""
    hipchat.answers(ROOM)
    answer = await hipchat.client.room(hipchat.api.rstrip("/"), TOKEN, room)

    assert path == hipchat.seen[0].raw_path
    assert (answer.value.id, answer.value.name, answer.value.is_archived) == (1001, "Ops", False)


async def test_a_user_by_mention_name(hipchat: Hipchat) -> None:
    """The `@` belongs to the path (hipchat-api.md 14)."""
    hipchat.answers(USER)
    answer = await hipchat.client.user(hipchat.api, TOKEN, "@Dana")

    assert hipchat.seen[0].raw_path == "/v2/user/%40Dana"
    assert (answer.value.id, answer.value.timezone) == (7, "Europe/Berlin")


async def test_a_session(hipchat: Hipchat) -> None:
    """The token is in the path here; a client without a room is group-wide."""
    hipchat.answers(SESSION)
    answer = await hipchat.client.session(hipchat.api, TOKEN)

    assert hipchat.seen[0].raw_path == f"/v2/oauth/token/{TOKEN}"
    assert answer.value.client.room is None
    assert answer.value.group_id == 4711


async def test_a_private_message_and_a_glance(hipchat: Hipchat) -> None:
    """Text format to a user; glances by their keys to a room."""
    await hipchat.client.private_message(hipchat.api, TOKEN, 7, "hello")
    await hipchat.client.push_glance(hipchat.api, TOKEN, 1001, {"alerts-glance": {"label": {}}})

    assert [seen.raw_path for seen in hipchat.seen] == ["/v2/user/7/message", "/v2/addon/ui/room/1001"]
    assert hipchat.bodies[0] == b'{"message":"hello","message_format":"text","notify":true}'
    assert hipchat.bodies[1] == b'{"glance":[{"key":"alerts-glance","content":{"label":{}}}]}'


async def test_a_token(hipchat: Hipchat) -> None:
    """Client credentials by Basic and form (hipchat-api.md 3.1); seconds become milliseconds."""
    hipchat.answers(GRANTED)
    token = await hipchat.client.token(hipchat.credentials())

    assert (token.value, token.expires_in, token.group_id) == (TOKEN, 28_800_000, 4711)
    assert token.scopes == ("send_notification", "view_room")
    assert hipchat.bodies == [b"grant_type=client_credentials&scope=send_notification+view_room"]
    kind, coded = hipchat.seen[0].headers["Authorization"].split()
    assert (kind, base64.b64decode(coded).decode()) == ("Basic", f"{OAUTH}:{SECRET}")


async def test_a_401_of_the_token_url_is_an_outcome_of_its_own(hipchat: Hipchat) -> None:
    """Suspended is neither trouble nor a refused API call."""
    hipchat.answers({"error": {"code": 401, "message": "Invalid OAuth session"}}, status=401)

    with pytest.raises(Unauthorized):
        await hipchat.client.token(hipchat.credentials())
    with pytest.raises(TokenRefused):
        await hipchat.client.room(hipchat.api, TOKEN, 1)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 301, 302, 307])
async def test_what_may_pass(hipchat: Hipchat, status: int) -> None:
    """Trouble of the server and redirects, which are not followed, are for later."""
    hipchat.answers(b"<html>", status=status, headers={"Location": "/elsewhere"})
    with pytest.raises(Later) as later:
        await hipchat.client.notification(hipchat.api, TOKEN, 1, {})

    assert (status, None) == (later.value.status, later.value.retry_at)
    assert len(hipchat.seen) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422])
async def test_what_stays_refused(hipchat: Hipchat, status: int) -> None:
    """Hipchat's words go with it, on one line and cut."""
    words = "Value u'Red'\r\nfor\x1b[31m field\u202e " + "x" * 5000
    hipchat.answers({"error": {"code": status, "message": words}}, status=status)
    with pytest.raises(Never) as never:
        await hipchat.client.notification(hipchat.api, TOKEN, 1, {})

    assert status == never.value.status
    assert "Value u'Red' for [31m field x" in never.value.reason
    assert never.value.reason.isprintable()
    assert len(never.value.reason) < FAULT_LIMIT + 100


@pytest.mark.parametrize("body", [b"", b"oops", b'{"error":{}}', b'{"error":{"message":7}}', b"[" * 9999])
async def test_an_error_without_words(hipchat: Hipchat, body: bytes) -> None:
    """The envelope may be missing (hipchat-api.md 4.3)."""
    hipchat.answers(body, status=404)
    with pytest.raises(Never) as never:
        await hipchat.client.room(hipchat.api, TOKEN, 1)

    assert wording.NOT_FOUND == never.value.reason


@pytest.mark.parametrize(
    ("ratelimit", "flood", "wait"), [("5", "0", 20_000), ("0", "5", 40_000), ("0", "0", 40_000), ("5", "5", None)]
)
async def test_too_many(hipchat: Hipchat, ratelimit: str, flood: str, wait: int | None) -> None:
    """A 429 waits for whichever counter is at 0; without one the caller backs off (hipchat-api.md 5)."""
    hipchat.answers(
        {"error": {"message": "Rate limit exceeded"}},
        status=429,
        headers={
            "X-Ratelimit-Limit": "500",
            "X-Ratelimit-Remaining": ratelimit,
            "X-Ratelimit-Reset": str(NOW // 1000 + 40),
            "X-Floodcontrol-Limit": "30",
            "X-Floodcontrol-Remaining": flood,
            "X-Floodcontrol-Reset": str(NOW // 1000 + 20),
        },
    )
    with pytest.raises(Limited) as limited:
        await hipchat.client.notification(hipchat.api, TOKEN, 1, {})

    assert limited.value.retry_at == (None if wait is None else NOW + wait)
    assert limited.value.rates.flood is not None


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>login</html>", b'{"id":"1001","name":"Ops"}', b"[" * 9999])
async def test_an_answer_that_is_not_hipchats(hipchat: Hipchat, body: bytes) -> None:
    """A 200 of some proxy is no room; another time it may be Hipchat again."""
    hipchat.answers(body)
    with pytest.raises(Later):
        await hipchat.client.room(hipchat.api, TOKEN, 1)


async def test_an_endless_answer_is_not_read(hipchat: Hipchat) -> None:
    """What is longer than the limit is dropped, however it is packed."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_compression(web.ContentCoding.deflate)
        await response.prepare(request)
        for _ in range(4):
            await response.write(b" " * ANSWER_LIMIT)
        return response

    hipchat.answer = endless
    with pytest.raises(Later) as later:
        await hipchat.client.capabilities(hipchat.api + "capabilities")

    assert later.value.reason == wording.TOO_LONG.format(host="127.0.0.1")


async def test_silence(hipchat: Hipchat) -> None:
    """No answer within the time is for later."""
    released = asyncio.Event()

    async def silent(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    hipchat.answer = silent
    async with open_session(tls()) as session:
        with pytest.raises(Later) as later:
            await HipchatClient(session, lambda: NOW, timeout=0.05).room(hipchat.api, TOKEN, 1)
    released.set()

    assert later.value.reason == wording.NO_ANSWER.format(host="127.0.0.1", seconds=0.05)


async def test_a_broken_connection(hipchat: Hipchat) -> None:
    """A server that hangs up is for later."""

    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    hipchat.answer = hang_up
    with pytest.raises(Later) as later:
        await hipchat.client.room(hipchat.api, TOKEN, 1)

    assert later.value.reason == wording.BROKEN.format(host="127.0.0.1")


async def test_nobody_there(hipchat: Hipchat) -> None:
    """A closed port and an unknown name each say what they are."""
    with pytest.raises(Later) as closed:
        await hipchat.client.room(f"http://127.0.0.1:{unused_port()}/v2/", TOKEN, 1)
    with pytest.raises(Later) as nowhere:
        await hipchat.client.room("http://nowhere.invalid/v2/", TOKEN, 1)

    assert closed.value.reason == wording.NO_CONNECTION.format(host="127.0.0.1")
    assert nowhere.value.reason == wording.NO_NAME.format(host="nowhere.invalid")


async def test_tls_where_there_is_none(hipchat: Hipchat) -> None:
    """An http port asked by https is trouble with TLS."""
    with pytest.raises(Later) as later:
        await hipchat.client.room(hipchat.api.replace("http:", "https:"), TOKEN, 1)

    assert later.value.reason == wording.NO_TLS.format(host="127.0.0.1")


def test_tls_is_checked_unless_switched_off() -> None:
    """Certificates and names are verified by default; a CA file that is none is an error at once."""
    strict, lax = tls(), tls(verify=False)

    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_NONE, False)
    with pytest.raises(OSError, match="No such file"):
        tls("no-such-file.pem")


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "é"])
async def test_a_token_that_is_none_is_not_sent(hipchat: Hipchat, token: str) -> None:
    """A pasted line break becomes no header."""
    with pytest.raises(Never) as never:
        await hipchat.client.room(hipchat.api, token, 1)

    assert wording.NOT_A_TOKEN == never.value.reason
    assert hipchat.seen == []


async def test_no_error_and_no_log_holds_a_token_or_secret(hipchat: Hipchat, caplog: pytest.LogCaptureFixture) -> None:
    """Not in the text, the traceback, the chain of causes, or what libraries log, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    coded = base64.b64encode(f"{OAUTH}:{SECRET}".encode()).decode()
    nowhere = f"http://127.0.0.1:{unused_port()}/v2/"
    printed = []
    for status in (200, 204, 302, 400, 401, 403, 404, 429, 500):
        hipchat.answers({"oops": 1}, status=status)
        for api in (hipchat.api, nowhere, hipchat.api.replace("http:", "https:")):
            credentials = Credentials(token_url=api + "oauth/token", oauth_id=OAUTH, secret=SECRET, scopes=())
            for call in (hipchat.client.session(api, TOKEN), hipchat.client.token(credentials)):
                with pytest.raises((Later, Never, TokenRefused, Unauthorized)) as failed:
                    await call
                printed.append("".join(traceback.format_exception(failed.value)))
                printed.append(repr(failed.value))

    assert len(printed) == 9 * 3 * 2 * 2
    logged = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the server's own
    for text in [*printed, *logged]:
        assert TOKEN not in text
        assert SECRET not in text
        assert coded not in text


async def test_no_cookie_is_kept(hipchat: Hipchat) -> None:
    """What one tenant's server sets goes nowhere else, nor back."""
    hipchat.answers(ROOM, headers={"Set-Cookie": "a=b"})
    for _ in range(2):
        await hipchat.client.room(hipchat.api, TOKEN, 1)

    assert "Cookie" not in hipchat.seen[1].headers


async def test_connections_are_kept(hipchat: Hipchat) -> None:
    """Ten calls use one connection, errors among them too."""
    ports = set()

    async def note(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return web.json_response(ROOM, status=200 if len(hipchat.seen) % 2 else 404)

    hipchat.answer = note
    for _ in range(5):
        await hipchat.client.room(hipchat.api, TOKEN, 1)
        with pytest.raises(Never):
            await hipchat.client.room(hipchat.api, TOKEN, 1)

    assert len(ports) == 1


async def test_the_session_closes_cleanly() -> None:
    """Nothing is left open for the collector to complain about."""
    session = open_session(tls())
    await session.close()
    gc.collect()

    assert session.closed
    assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
