"""Auth: who a request comes from: a backend by its key, or Hipchat by the signature of an installation.

Keys are taken in every spelling that senders know (product.md 4).

In a header: `Authorization: Bearer KEY`, `Authorization: GenieKey KEY`, `Authorization: Basic ...` with the key as
password (or as user without a password), `X-Api-Key: KEY`. In the path: `{key}`, where it counts for `ingest` only.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace

import structlog
from aiohttp import web

from bot.domain.charset import decoded
from bot.domain.errors import Forbidden
from bot.domain.tenant import Installation, Key, Scope, Standing
from bot.hipchat import signed
from bot.parts import Parts
from bot.ports import Clock
from bot.storage import speakers
from bot.storage.engine import BadValue, Storage, StorageError
from bot.usecases import install, views
from bot.web.errors import Problem

KEY_LENGTH = 32
REMEMBERED = 5_000
"""How long a key is not looked up again, in milliseconds: a revoked one dies within that time."""

NO_KEY = "a key is needed: Authorization: Bearer KEY"
UNKNOWN_KEY = "this key is not known, or was revoked"
NO_SCOPE = "this key lacks the scope {scope}"
PATH_ONLY_INGEST = "a key in the path is good for ingest only; send it in a header"
CHALLENGE: Mapping[str, str] = {"WWW-Authenticate": 'Bearer realm="alertbot"'}


SUSPENDED = "the installation is suspended, and this was signed before"

log = structlog.get_logger()


class Keyring:
    """The keys seen in the last seconds, so that a stream of alerts costs no look-up each."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._known: dict[str, tuple[Key, int]] = {}

    async def find(self, secret: str) -> Key | None:
        """Return the live key that has this secret, or None. Raises StorageError."""
        now = self._clock()
        known = self._known.get(secret)
        # A clock that was set back must not make a key immortal.
        if known is not None and 0 <= now - known[1] < REMEMBERED:
            return known[0]
        key = await views.key_with(self._storage, secret)
        if key is None:
            self._known.pop(secret, None)
        else:
            self._known[secret] = (key, now)
        return key


KEYRING: web.AppKey[Keyring] = web.AppKey("keyring", Keyring)
INSTALLATIONS: web.AppKey[dict[str, Installation]] = web.AppKey("installations", dict[str, Installation])
"""The installations that have signed something, as they were then."""


async def admitted(request: web.Request, scope: Scope | None = None) -> Key:
    """Return the key of a request that has this scope (None: any key will do). 401 without a key, 403 without the scope."""
    keyring = request.app[KEYRING]
    seen = False
    for secret in _in_headers(request.headers):
        seen = True
        if is_key(secret) and (key := await keyring.find(secret)) is not None:
            if scope is None or scope in key.scopes:
                return key
            raise Forbidden(NO_SCOPE.format(scope=scope.value))
    secret = request.match_info.get("key", "")
    if is_key(secret) and (key := await keyring.find(secret)) is not None:
        if scope not in {None, Scope.INGEST}:
            raise Forbidden(PATH_ONLY_INGEST)
        if Scope.INGEST in key.scopes:
            return key
        raise Forbidden(NO_SCOPE.format(scope=Scope.INGEST.value))
    raise Problem(401, UNKNOWN_KEY if seen or secret else NO_KEY, headers=CHALLENGE)


async def admitted_with(request: web.Request, secret: str, scope: Scope) -> Key:
    """Return the key whose secret stands in a body, with this scope. 401 for an unknown key, 403 without the scope."""
    if not is_key(secret) or (key := await request.app[KEYRING].find(secret)) is None:
        raise Problem(401, UNKNOWN_KEY)
    if scope not in key.scopes:
        raise Problem(403, NO_SCOPE.format(scope=scope.value))
    return key


def presented(request: web.Request) -> set[str]:
    """Return what looks like a key in a request's headers and path."""
    return {secret for secret in (*_in_headers(request.headers), request.match_info.get("key", "")) if is_key(secret)}


def is_key(secret: str) -> bool:
    """Whether a text looks like a key: 32 characters of `[A-Za-z0-9]`."""
    return len(secret) == KEY_LENGTH and secret.isascii() and secret.isalnum()


def _in_headers(headers: Mapping[str, str]) -> Iterator[str]:
    said = headers.get("Authorization")
    if said:
        scheme, _, rest = said.partition(" ")
        match scheme.lower():
            case "bearer" | "geniekey":
                yield rest.strip()
            case "basic":
                yield _basic(rest.strip())
    said = headers.get("X-Api-Key")
    if said:
        yield said.strip()


def _basic(credentials: str) -> str:
    try:
        user, _, password = decoded(base64.b64decode(credentials, validate=True)).partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password or user


async def signed_by(request: web.Request, parts: Parts) -> tuple[Installation, signed.Signed]:
    """Return the installation that signed a request, and what its JWT says; 401 for anything else."""
    try:
        token = signed.find_token(request.headers.get("Authorization"), request.query.get("signed_request"))
        issuer = signed.claimed_issuer(token)
        known = await _installation(request, parts, issuer)
        secret = parts.vault.open(known.secret) if known else None
        who = signed.verify(token, lambda _issuer: secret, parts.clock())
    except signed.BadSignature as bad:
        raise unauthorized(bad.reason) from None
    assert known is not None
    if known.suspended_at is not None and who.issued_at <= known.suspended_at:
        raise unauthorized(SUSPENDED)
    if await install.heard(parts.storage, known, parts.clock()):
        parts.channel.forget(known.oauth_id)
        parts.wakeups.outbox.set()
    return replace(known, standing=Standing.ACTIVE, suspended_at=None, next_try_at=None), who


async def _installation(request: web.Request, parts: Parts, issuer: str) -> Installation | None:
    """Return an installation; while the database cannot be read, as it was last known: whoever signed can be told so at least."""
    remembered = request.app[INSTALLATIONS]
    try:
        known = await parts.storage.look(lambda tx: speakers.installation(tx, issuer))
    except BadValue:
        raise
    except StorageError:
        if issuer not in remembered:
            raise
        return remembered[issuer]
    if known is None:
        remembered.pop(issuer, None)
    else:
        remembered[issuer] = known
    return known


def unauthorized(reason: str) -> web.HTTPUnauthorized:
    """Return the refusal of what no installation of ours has signed; the reason is for the log."""
    log.warning("callback_refused", reason=reason)
    return web.HTTPUnauthorized(text="not signed by an installation of this bot")
