"""Access tokens of installations: cached until they expire, one refresh at a time (hipchat-api.md 3).

Nothing here knows HTTP: `fetch` is handed in, and so is the clock.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.ports import Clock

RENEW_BEFORE = 60_000
"""Milliseconds before its end at which a token is renewed; a tenth of its life when that is shorter."""

REFUSED = "Hipchat does not take our token"
UNAUTHORIZED = "Hipchat's token URL does not know the installation or its secret"

T = TypeVar("T")


class Unauthorized(Exception):
    """The token URL answered 401: uninstalled, or the secret is wrong (hipchat-api.md 3.3). Not a network trouble."""

    def __init__(self) -> None:
        super().__init__(UNAUTHORIZED)


class TokenRefused(Exception):
    """An API call was answered 401: the token is unknown, expired or revoked."""

    def __init__(self) -> None:
        super().__init__(REFUSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Who asks for tokens, where, and for which scopes."""

    token_url: str
    oauth_id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A bearer token with what the token URL said about it; `expires_in` is in milliseconds."""

    value: str = field(repr=False)
    expires_in: int
    group_id: int
    group_name: str
    scopes: tuple[str, ...]


Fetch = Callable[[Credentials], Awaitable[Token]]
"""Asks the token URL; raises Unauthorized for a 401, Later or Never for the rest."""


class Tokens:
    """The tokens of all installations of this process."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._cached: dict[Credentials, tuple[Token, int]] = {}
        self._asking: dict[Credentials, asyncio.Task[Token]] = {}

    async def get(self, credentials: Credentials) -> Token:
        """Return a token that is good for a while yet. Callers at the same time share one request.

        Raises what `fetch` raises. A failure is not remembered: the next call asks again.
        """
        token, renew_at = self._cached.get(credentials, (None, 0))
        if token is not None and self._clock() < renew_at:
            return token
        asking = self._asking.get(credentials)
        if asking is None:
            asking = asyncio.create_task(self._ask(credentials))
            asking.add_done_callback(_seen)
            self._asking[credentials] = asking
        # A caller that is cancelled leaves the request to those who wait with it.
        return await asyncio.shield(asking)

    async def call(self, credentials: Credentials, send: Callable[[Token], Awaitable[T]]) -> T:
        """Run `send` with a token; when Hipchat refuses that token, run it once more with a fresh one.

        Raises TokenRefused when the fresh one is refused too, and what `get` and `send` raise.
        """
        token = await self.get(credentials)
        try:
            return await send(token)
        except TokenRefused:
            self._drop(credentials, token)
        return await send(await self.get(credentials))

    def forget(self, oauth_id: str) -> None:
        """Drop what is cached for an installation: it was removed, or has a new secret."""
        for credentials in [known for known in self._cached if known.oauth_id == oauth_id]:
            del self._cached[credentials]

    def _drop(self, credentials: Credentials, token: Token) -> None:
        """Drop this very token, and not the fresh one that another caller may have fetched meanwhile."""
        cached, _ = self._cached.get(credentials, (None, 0))
        if cached is token:
            del self._cached[credentials]

    async def _ask(self, credentials: Credentials) -> Token:
        asked_at = self._clock()
        try:
            token = await self._fetch(credentials)
        finally:
            del self._asking[credentials]
        self._cached[credentials] = (token, asked_at + token.expires_in - min(RENEW_BEFORE, token.expires_in // 10))
        return token


def _seen(task: asyncio.Task[Token]) -> None:
    """Take note of a failure for the case that all who waited for it were cancelled."""
    if not task.cancelled():
        task.exception()
