"""No request reaches a private address that the admin did not allow, however it is written."""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bot.channels.outbound import Outbound, open_outbound, retry_after
from bot.ports import Later, Never
from bot.standin.tls import make_context
from tests.channels.conftest import HERE
from tests.channels.making import NOW
from tests.channels.sink import Sink
from tests.channels.test_addresses import LOOPBACK


class Names(AbstractResolver):
    """Names that lead where the test says."""

    def __init__(self, **known: str) -> None:
        self._known = known

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a name's address."""
        if host not in self._known:
            raise OSError(f"no {host}")
        return [
            ResolveResult(
                hostname=host, host=self._known[host], port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        """Close nothing."""


@pytest.mark.parametrize("host", [*LOOPBACK, "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"])
async def test_a_private_host_is_refused(there: Sink, host: str) -> None:
    """Whatever way it is spelled, and by our own judgement: nothing arrives, and nothing is tried again."""
    port = there.url.rpartition(":")[2]
    async with open_outbound([]) as session:
        with pytest.raises(Never, match=r"is a private address|no http or https address"):
            await Outbound(session, [], lambda: NOW).call("POST", f"http://{host}:{port}/")

    assert [] == there.seen


async def test_a_name_that_leads_into_nat64() -> None:
    """An address inside IPv6 is looked at as itself, for names too."""
    names = Names(**{"nat.example.com": "64:ff9b::a9fe:a9fe"})
    async with open_outbound([], resolver=names) as session:
        with pytest.raises(Never, match=r"nat\.example\.com is a private address"):
            await Outbound(session, [], lambda: NOW, resolver=names).call("GET", "http://nat.example.com/")


async def test_a_name_that_leads_to_a_private_address(there: Sink) -> None:
    """Is refused after DNS, and the reason says how to allow it; an allowed one is reached."""
    port = there.url.rpartition(":")[2]
    names = Names(**{"hooks.example.com": "127.0.0.1", "allowed.example.com": "127.0.0.1"})
    async with open_outbound(["allowed.example.com"], resolver=names) as session:
        outbound = Outbound(session, ["allowed.example.com"], lambda: NOW)
        with pytest.raises(Never, match=r"hooks\.example\.com is a private address; CHANNEL_PRIVATE_HOSTS allows it"):
            await outbound.call("POST", f"http://hooks.example.com:{port}/")
        with pytest.raises(Later, match=r"the name gone\.example\.com is not found"):
            await outbound.call("POST", f"http://gone.example.com:{port}/")
        answer = await outbound.call("POST", f"http://allowed.example.com:{port}/")

    assert 202 == answer.status
    assert 1 == len(there.seen)


@pytest.mark.parametrize("address", ["ftp://example.com/", "file:///etc/passwd", "http:///x", "http://[/", "x"])
async def test_no_address(outbound: Outbound, address: str) -> None:
    """What is no http address is refused without a request."""
    with pytest.raises(Never):
        await outbound.call("GET", address)


async def test_the_environments_proxy_is_not_used(
    there: Sink, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would reach what we may not."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert 202 == (await outbound.call("GET", there.url)).status


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("", None),
        ("0", 0),
        ("90", 90_000),
        ("99999999999", 86_400_000),
        ("-5", None),
        ("soon", None),
        (format_datetime(datetime.fromtimestamp(NOW / 1000 + 60, UTC), usegmt=True), 60_000),
        (format_datetime(datetime.fromtimestamp(NOW / 1000 - 60, UTC), usegmt=True), 0),
    ],
)
def test_retry_after(value: str, after: int | None) -> None:
    """Seconds or a date, within a day; what is neither says nothing."""
    assert (None if after is None else NOW + after) == retry_after(value, NOW)


async def test_a_slow_service_is_given_up(there: Sink) -> None:
    """After the time-out it is for later."""
    there.gate = asyncio.Event()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.05)) as session:
        with pytest.raises(Later, match="no answer"):
            await Outbound(session, ["127.0.0.1"], lambda: NOW).call("GET", there.url)
    there.gate.set()


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """Run a service with a certificate of its own authority; give its address and the certificate's fingerprint."""
    context, _ = make_context(tmp_path)

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    try:
        yield str(server.make_url("/")), await asyncio.to_thread(fingerprint_of, server.port or 0)
    finally:
        await server.close()


def fingerprint_of(port: int) -> str:
    """Return the fingerprint that a server shows."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((HERE, port)))).hexdigest()


async def test_a_certificate_that_nobody_trusts(outbound: Outbound, secure: tuple[str, str]) -> None:
    """Is said to be the trouble, unless it is exactly the one that the admin named."""
    url, fingerprint = secure
    colons = ":".join(fingerprint[place : place + 2] for place in range(0, 64, 2)).upper()
    with pytest.raises(Later) as unknown:
        await outbound.call("GET", url)
    with pytest.raises(Later) as another:
        await outbound.call("GET", url, fingerprint="0" * 64)
    answers = [(await outbound.call("GET", url, fingerprint=each)).status for each in (fingerprint, colons)]

    assert f"{HERE} shows a certificate of an authority that is not trusted (TLS)" == unknown.value.reason
    assert f"{HERE} shows another certificate than the channel's fingerprint (TLS)" == another.value.reason
    assert [200, 200] == answers


async def test_a_name_that_nobody_knows() -> None:
    """Is said to be the trouble."""
    async with open_outbound([], resolver=Names()) as session:
        with pytest.raises(Later) as later:
            await Outbound(session, [], lambda: NOW).call("GET", "https://nowhere.example/")

    assert "the name nowhere.example is not found (DNS)" == later.value.reason
