"""Outbound: requests to addresses that an admin typed. None reaches a private address that the settings do not allow.

Names are resolved here, and the connection goes to exactly what was checked: a name that answers otherwise the second time
gains nothing. Redirects are not followed. No error holds a URL, which may carry a secret.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.channels.addresses import address_of, plain_name, public
from bot.domain.trust import certificate_fault
from bot.ports import Clock, Later, Never

TIMEOUT = 15.0
"""Seconds for a whole call (alert-sources.md 2.7)."""
ANSWER_LIMIT = 64 * 1024
WORDS_LIMIT = 200

PRIVATE = "{host} is a private address; CHANNEL_PRIVATE_HOSTS allows it"
NO_NAME = "the name {host} is not found (DNS)"
NO_ANSWER = "no answer from {host} within {seconds:g} s"
NO_CONNECTION = "{host} cannot be reached"
NO_TRUST = "{host} {fault} (TLS)"
OTHER_CERTIFICATE = "shows another certificate than the channel's fingerprint"
BAD_TLS = "does not speak TLS as we expect"
ELSEWHERE = "{host} sent us elsewhere ({status}), and we do not follow"
TROUBLE = "{host} has trouble ({status})"
REFUSED = "{host} refused it ({status}){words}"
NOT_AN_ADDRESS = "its url is no http or https address"

WAITED_FOR = frozenset({408, 425, 429})
"""Refusals that pass; so does everything from 500 on."""


class Private(OSError):
    """A name leads to an address that is not allowed."""


class GuardedResolver(AbstractResolver):
    """Resolves names to public addresses; those of `allowed` hosts may be private."""

    def __init__(self, allowed: frozenset[str], inner: AbstractResolver) -> None:
        self._allowed = allowed
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a name's addresses. Raises Private when one of them is not allowed."""
        found = await self._inner.resolve(host, port, family)
        if plain_name(host) not in self._allowed and not all(public(each["host"]) for each in found):
            raise Private(PRIVATE.format(host=host))
        return found

    async def close(self) -> None:
        """Close the resolver behind this one."""
        await self._inner.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a service answered: its status, below 300, and its words."""

    status: int
    text: str

    def json(self) -> Any:
        """Return the answer as JSON; None when it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Outbound:
    """A session for addresses that an admin typed; `allowed` hosts may be private."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        allowed: Sequence[str],
        clock: Clock,
        *,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._session = session
        self._allowed = frozenset(allowed)
        self._clock = clock
        self._resolver = GuardedResolver(self._allowed, resolver or aiohttp.ThreadedResolver())

    def seconds(self) -> int:
        """Return the time now in epoch seconds, for signatures."""
        return self._clock() // 1000

    async def call(
        self,
        method: str,
        address: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = ANSWER_LIMIT,
        fingerprint: str = "",
    ) -> Answer:
        """Make a request and return a good answer, its first `limit` bytes. Raises Later for what may pass, Never for what will not.

        With a `fingerprint` (SHA-256, hexadecimal) exactly that certificate is trusted, whoever signed it.
        """
        url = _url(address)
        host = url.host or ""
        if not self._allowed_to(host):
            raise Never(PRIVATE.format(host=host))
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                allow_redirects=False,
                ssl=aiohttp.Fingerprint(bytes.fromhex(fingerprint.replace(":", ""))) if fingerprint else True,
            ) as response:
                text = (await _first(response.content, limit)).decode("utf-8", "replace")
                return self._judged(host, response.status, response.headers, text)
        except TimeoutError:
            raise Later(NO_ANSWER.format(host=host, seconds=TIMEOUT), maybe_taken=True) from None
        except (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch) as error:
            # Before the errors of connecting, which it is one of.
            raise Later(NO_TRUST.format(host=host, fault=_fault(error))) from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, Private):
                raise Never(str(error.os_error)) from None
            words = NO_NAME if isinstance(error, aiohttp.ClientConnectorDNSError) else NO_CONNECTION
            raise Later(words.format(host=host)) from None
        except aiohttp.ClientError:
            raise Later(NO_CONNECTION.format(host=host), maybe_taken=True) from None

    def _allowed_to(self, host: str) -> bool:
        """Whether a host may be asked, as far as its spelling tells: a name is judged when it is resolved."""
        return plain_name(host) in self._allowed or address_of(host) is None or public(host)

    @contextlib.asynccontextmanager
    async def connection(
        self, host: str, port: int
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Connect by TCP for the length of the block, which has TIMEOUT in all. Raises Later or Never, also for trouble in the block."""
        connected = False
        try:
            async with asyncio.timeout(TIMEOUT):
                reader, writer = await self._connected(host, port)
                connected = True
                try:
                    yield reader, writer
                finally:
                    writer.close()
        except Private as private:
            raise Never(str(private)) from None
        except TimeoutError:
            raise Later(NO_ANSWER.format(host=host, seconds=TIMEOUT), maybe_taken=connected) from None
        except (OSError, EOFError):
            raise Later(NO_CONNECTION.format(host=host), maybe_taken=connected) from None

    async def _connected(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the first of a name's addresses that takes us: to exactly what was checked."""
        try:
            found = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        except Private:
            raise
        except (OSError, ValueError):
            raise Later(NO_NAME.format(host=host)) from None
        refusal = OSError()
        for each in found:
            try:
                return await asyncio.open_connection(each["host"], port, family=each["family"])
            except OSError as error:
                refusal = error
        raise refusal

    def _judged(self, host: str, status: int, headers: Mapping[str, str], text: str) -> Answer:
        if status < 300:
            return Answer(status=status, text=text)
        if status < 400:
            raise Never(ELSEWHERE.format(host=host, status=status), status=status)
        if status in WAITED_FOR or status >= 500:
            at = retry_after(headers.get("Retry-After", ""), self._clock())
            raise Later(TROUBLE.format(host=host, status=status), retry_at=at, status=status)
        words = " ".join(text.split())[:WORDS_LIMIT]
        raise Never(REFUSED.format(host=host, status=status, words=f": {words}" if words else ""), status=status)


def _fault(error: aiohttp.ClientSSLError | aiohttp.ServerFingerprintMismatch) -> str:
    match error:
        case aiohttp.ServerFingerprintMismatch():
            return OTHER_CERTIFICATE
        case aiohttp.ClientConnectorCertificateError():
            return certificate_fault(error.certificate_error)
        case _:
            return BAD_TLS


async def _first(stream: aiohttp.StreamReader, limit: int) -> bytes:
    """Read a body up to `limit` bytes: one read gives no more than what has come so far."""
    found = bytearray()
    while len(found) < limit and (chunk := await stream.read(limit - len(found))):
        found += chunk
    return bytes(found)


def retry_after(value: str, now: int) -> int | None:
    """Return the epoch millisecond that a Retry-After header means (RFC 9110 10.2.3), within a day; None without one."""
    if value.isascii() and value.isdigit():
        return now + min(int(value[:9]), 86_400) * 1000
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    at = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    return max(now, min(at, now + 86_400_000))


def _url(address: str) -> URL:
    try:
        url = URL(address)
    except ValueError:
        raise Never(NOT_AN_ADDRESS) from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise Never(NOT_AN_ADDRESS)
    return url


def open_outbound(allowed: Sequence[str], *, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Open the session for such addresses: guarded, without cookies, without the environment's proxies."""
    guarded = GuardedResolver(frozenset(allowed), resolver or aiohttp.ThreadedResolver())
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=guarded, use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
        trust_env=False,
    )
