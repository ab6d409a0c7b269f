"""Calls of Hipchat's API v2 (hipchat-api.md 3, 4, 11, 13-15): each answer becomes a value, or Later, Never or a refusal.

The only file here that awaits the network. No error or log line of it holds a token or a secret: foreign exceptions are
never chained, since some of them carry the URL or the headers of a request.
"""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from bot.domain.trust import BY_AUTHORITY, certificate_fault
from bot.hipchat import payloads
from bot.hipchat.pacing import Rates, read_rates
from bot.hipchat.tokens import Credentials, Token, TokenRefused, Unauthorized
from bot.ports import Clock, Later, Never

TIMEOUT = 10.0
"""Seconds for a whole call."""
ANSWER_LIMIT = 1 << 20
FAULT_LIMIT = 300

NO_ANSWER = "no answer from {host} within {seconds:g} s"
NO_NAME = "the name {host} is not found (DNS)"
NO_TRUST = "{{host}} {fault} (TLS)"
OTHER_AUTHORITY = "; HIPCHAT_CA_FILE names another authority"
NO_TLS = "{host} does not speak TLS as we expect"
NO_CONNECTION = "{host} cannot be reached"
BROKEN = "the connection to {host} broke"
TOO_LONG = "{host} answered more than we read"
ODD = "the answer is none of Hipchat's ({status})"
ELSEWHERE = "{host} sent us elsewhere ({status}), and we do not follow"
TROUBLE = "{host} has trouble ({status})"
LIMITED = "Hipchat wants fewer messages (429)"
REFUSED = "Hipchat refused it ({status})"
FORBIDDEN = "the token may not do this (403)"
NOT_FOUND = "Hipchat knows no such room or user (404)"
NOT_A_TOKEN = "that is no Hipchat token: it has characters that none has"  # noqa: S105 - words for people

_TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/=-")
_WAITED_FOR = frozenset({408, 425})

T = TypeVar("T")


class Limited(Later):
    """A 429; `rates` are the counters of its headers."""

    def __init__(self, rates: Rates, retry_at: int | None) -> None:
        super().__init__(LIMITED, retry_at=retry_at, status=429)
        self.rates = rates


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer(Generic[T]):
    """A good answer: its value, its status, and what is left of the budgets after it."""

    value: T
    status: int
    rates: Rates


def tls(ca_file: str | None = None, *, verify: bool = True) -> ssl.SSLContext:
    """Build the TLS settings of HIPCHAT_CA_FILE and HIPCHAT_VERIFY_TLS; raise OSError or ssl.SSLError for a bad file."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def open_session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    """Open the one session of a process: connections are kept, cookies are not."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, keepalive_timeout=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
    )


class HipchatClient:
    """Hipchat's API v2. `api` is an installation's API URL (`https://HOST/v2/`), `token` a bearer token.

    Every call raises Later (no answer, 5xx, 429, an answer that is not Hipchat's), Never (400, 403, 404 and the like;
    told apart by `status`), or TokenRefused for a 401.
    """

    def __init__(self, session: aiohttp.ClientSession, clock: Clock, *, timeout: float = TIMEOUT) -> None:
        self._session = session
        self._clock = clock
        self._timeout = timeout

    async def capabilities(self, url: str) -> payloads.CapabilitiesDocument:
        """Fetch a capabilities document (1). The caller has checked the URL (capabilities.py)."""
        return _read(payloads.CapabilitiesDocument, await self._call("GET", url)).value

    async def installable(self, url: str) -> payloads.Install:
        """Fetch what an `installable_url` holds (7.3): it answers once. The caller has checked the URL."""
        return _read(payloads.Install, await self._call("GET", url)).value

    async def gone(self, url: str) -> payloads.Gone:
        """Fetch which installation an `installable_url` of an uninstallation names (7.5). The caller has checked the URL."""
        return _read(payloads.Gone, await self._call("GET", url)).value

    async def token(self, credentials: Credentials) -> Token:
        """Fetch a token by client credentials (3.1); raise Unauthorized for a 401, which suspends the installation."""
        who = base64.b64encode(f"{credentials.oauth_id}:{credentials.secret}".encode()).decode()
        form = {"grant_type": "client_credentials", "scope": " ".join(credentials.scopes)}
        try:
            answer = await self._call("POST", credentials.token_url, authorization=f"Basic {who}", data=form)
        except TokenRefused:
            raise Unauthorized from None
        granted = _read(payloads.TokenAnswer, answer).value
        return Token(
            value=granted.access_token,
            expires_in=granted.expires_in * 1000,
            group_id=granted.group_id,
            group_name=granted.group_name,
            scopes=tuple(granted.scope.split()) or credentials.scopes,
        )

    async def session(self, api: str, token: str) -> Answer[payloads.Session]:
        """Ask what a token is good for (3.4)."""
        return _read(payloads.Session, await self._api("GET", api, f"oauth/token/{_part(token)}", token))

    async def room(self, api: str, token: str, room: int | str) -> Answer[payloads.Room]:
        """Look a room up by id or exact name (13)."""
        return _read(payloads.Room, await self._api("GET", api, f"room/{_part(room)}", token))

    async def user(self, api: str, token: str, user: int | str) -> Answer[payloads.User]:
        """Look a user up by id or `@mention_name` (14)."""
        return _read(payloads.User, await self._api("GET", api, f"user/{_part(user)}", token))

    async def notification(self, api: str, token: str, room: int | str, body: Mapping[str, Any]) -> Answer[bytes]:
        """Post a notification into a room (11); `body` comes from render.py."""
        return await self._api("POST", api, f"room/{_part(room)}/notification", token, body=body)

    async def private_message(
        self, api: str, token: str, user: int | str, text: str, *, notify: bool = True
    ) -> Answer[bytes]:
        """Send a private message (14): as a user, so a pasted user token is needed."""
        body = {"message": text, "message_format": "text", "notify": notify}
        return await self._api("POST", api, f"user/{_part(user)}/message", token, body=body)

    async def push_glance(
        self, api: str, token: str, room: int | str, content: Mapping[str, Mapping[str, Any]]
    ) -> Answer[bytes]:
        """Show new content of glances, by their keys, to everybody in a room (15.2)."""
        body = {"glance": [{"key": key, "content": shown} for key, shown in content.items()]}
        return await self._api("POST", api, f"addon/ui/room/{_part(room)}", token, body=body)

    async def _api(
        self, method: str, api: str, path: str, token: str, *, body: Mapping[str, Any] | None = None
    ) -> Answer[bytes]:
        if not token or not _TOKEN.issuperset(token):
            raise Never(NOT_A_TOKEN)
        data = None if body is None else msgspec.json.encode(body)
        return await self._call(method, f"{api.rstrip('/')}/{path}", authorization=f"Bearer {token}", data=data)

    async def _call(
        self, method: str, url: str, *, authorization: str = "", data: bytes | dict[str, str] | None = None
    ) -> Answer[bytes]:
        headers = {"Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        if isinstance(data, bytes):
            headers["Content-Type"] = "application/json"
        address = URL(url, encoded=True)
        host = address.host or ""
        try:
            async with self._session.request(
                method,
                address,
                headers=headers,
                data=data,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._timeout),
            ) as response:
                body = await _bounded(response)
                status, rates = response.status, read_rates(response.headers, self._clock())
        except TimeoutError:
            raise Later(NO_ANSWER.format(host=host, seconds=self._timeout), maybe_taken=True) from None
        except (aiohttp.ClientError, OSError) as error:
            trouble = _trouble(error)
            raise Later(trouble.format(host=host), maybe_taken=trouble == BROKEN) from None
        if status < 300 and body is not None:
            return Answer(value=body, status=status, rates=rates)
        raise self._refusal(status, body, rates, host)

    def _refusal(self, status: int, body: bytes | None, rates: Rates, host: str) -> Exception:
        if status == 401:
            return TokenRefused()
        if status == 429:
            return Limited(rates, rates.exhausted_until(self._clock()))
        if status < 300:
            return Later(TOO_LONG.format(host=host), status=status)
        if status < 400:
            return Later(ELSEWHERE.format(host=host, status=status), status=status)
        if status >= 500 or status in _WAITED_FOR:
            return Later(_with_words(TROUBLE.format(host=host, status=status), body), status=status)
        known = {403: FORBIDDEN, 404: NOT_FOUND}.get(status) or REFUSED.format(status=status)
        return Never(_with_words(known, body), status=status)


def _read(kind: type[T], answer: Answer[bytes]) -> Answer[T]:
    try:
        value = payloads.read(kind, answer.value)
    except payloads.BadBody:
        raise Later(ODD.format(status=answer.status), status=answer.status) from None
    return Answer(value=value, status=answer.status, rates=answer.rates)


async def _bounded(response: aiohttp.ClientResponse) -> bytes | None:
    """Read an answer, or None when it has more bytes than we read."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            response.close()
            return None
    return bytes(body)


def _with_words(reason: str, body: bytes | None) -> str:
    """Add what Hipchat said, made harmless: one line of printable characters, not long (4.3)."""
    said = payloads.fault_text(body or b"")
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in said[: 4 * FAULT_LIMIT]).split())
    if not words:
        return reason
    return f"{reason}: {words if len(words) <= FAULT_LIMIT else words[: FAULT_LIMIT - 1] + '…'}"


def _trouble(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return NO_NAME
        case aiohttp.ClientConnectorCertificateError():
            fault = certificate_fault(error.certificate_error)
            return NO_TRUST.format(fault=fault) + (OTHER_AUTHORITY if fault in BY_AUTHORITY else "")
        case aiohttp.ClientSSLError():
            return NO_TLS
        case aiohttp.ClientConnectorError():
            return NO_CONNECTION
        case _:
            return BROKEN


def _part(value: int | str) -> str:
    """Make one path segment: a space is %20, and neither a slash nor a dot leads elsewhere (4)."""
    segment = quote(str(value), safe="")
    return segment.replace(".", "%2E") if not segment.strip(".") else segment
