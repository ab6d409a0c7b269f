"""The check of Hipchat's JWTs (hipchat-api.md 8), without I/O.

A token says who acts and in which room; it does not sign the body that comes with it (hipchat-api.md 21, 1). So person
and room of a command are the ones returned here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import jwt
import msgspec
from jwt.api_jws import PyJWS
from msgspec import Struct

ALGORITHMS = ("HS256",)
LEEWAY = 60_000
"""Milliseconds by which our clock and Hipchat's may differ."""
TOKEN_LIMIT = 8192

MISSING = "no JWT in the Authorization header or in signed_request"
MALFORMED = "the JWT cannot be read"
UNKNOWN = "the JWT's issuer is no installation of ours"
FORGED = "the JWT is not signed with its installation's secret"
EXPIRED = "the JWT has expired"
EARLY = "the JWT is not valid yet"
FOREIGN = "the JWT is meant for somebody else"
TWO_ROOMS = "the JWT names two rooms"

_SECOND = 1000
_FAR = 2**40
_USER = re.compile(r"[1-9][0-9]{0,18}\Z")
_SCHEME = re.compile(r"\s*JWT\s+(\S+)\s*\Z", re.IGNORECASE)


class BadSignature(Exception):
    """A callback or page without a valid JWT of a known installation; `reason` is for the log and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """What a valid JWT says. `issuer` is the installation's oauthId; `subject` the user's id, None when nobody acts.

    `issued_at` (0: not said) and `expires_at` are in epoch milliseconds; `user_tz` and `jti` are empty when the token has none.
    """

    issuer: str
    subject: int | None
    room_id: int | None
    user_tz: str
    expires_at: int
    jti: str
    issued_at: int = 0


class _Context(Struct, frozen=True, kw_only=True):
    room_id: int | None = None
    roomId: int | None = None  # noqa: N815 - Hipchat sends both spellings
    user_tz: str | None = None


class _Claims(Struct, frozen=True, kw_only=True):
    iss: str
    exp: int | float
    iat: int | float | None = None
    nbf: int | float | None = None
    sub: int | str | None = None
    aud: msgspec.Raw = msgspec.Raw()
    jti: str | None = None
    context: _Context | None = None


_decoder = msgspec.json.Decoder(_Claims)
_jws = PyJWS(algorithms=ALGORITHMS)


def find_token(authorization: str | None, signed_request: str | None) -> str:
    """Return the token from `Authorization: JWT x`, else from the query's `signed_request`; raise BadSignature."""
    in_header = _SCHEME.match(authorization or "")
    token = in_header[1] if in_header else (signed_request or "")
    if not token:
        raise BadSignature(MISSING)
    return token


def claimed_issuer(token: str) -> str:
    """Return the oauthId that a token names, unverified: good for looking its secret up, and for nothing else."""
    try:
        issuer = _claims(_payload(token, None)).iss
    except jwt.PyJWTError:
        raise BadSignature(MALFORMED) from None
    if not issuer.isprintable():  # no database takes every character
        raise BadSignature(MALFORMED)
    return issuer


def verify(token: str, secret_of: Callable[[str], str | None], now: int, leeway: int = LEEWAY) -> Signed:
    """Check a token's signature and times against `now` (epoch ms); raise BadSignature for anything that is off.

    `secret_of` takes the issuer that the token claims and returns that installation's secret, or None.
    """
    issuer = claimed_issuer(token)
    secret = secret_of(issuer)
    if not secret:
        raise BadSignature(UNKNOWN)
    try:
        claims = _claims(_payload(token, secret))
    except jwt.PyJWTError:
        raise BadSignature(FORGED) from None
    if bytes(claims.aud) not in {
        b"",
        b"null",
    }:  # Hipchat sends none (8); RFC 7519, 4.1.3: who is not the audience must refuse
        raise BadSignature(FOREIGN)
    expires_at = _milliseconds(claims.exp)
    if expires_at + leeway <= now:
        raise BadSignature(EXPIRED)
    if any(start is not None and _milliseconds(start) - leeway > now for start in (claims.iat, claims.nbf)):
        raise BadSignature(EARLY)
    context = claims.context or _Context()
    if None not in {context.room_id, context.roomId} and context.room_id != context.roomId:
        raise BadSignature(TWO_ROOMS)
    return Signed(
        issuer=issuer,
        subject=_user(claims.sub),
        room_id=context.room_id if context.room_id is not None else context.roomId,
        user_tz=context.user_tz or "",
        expires_at=expires_at,
        jti=claims.jti or "",
        issued_at=_milliseconds(claims.iat) if claims.iat is not None else 0,
    )


def _payload(token: str, secret: str | None) -> bytes:
    if len(token) > TOKEN_LIMIT or not token.isascii():
        raise BadSignature(MALFORMED)
    try:
        if secret is None:
            read = _jws.decode(token, options={"verify_signature": False})
        else:
            read = _jws.decode(token, secret, algorithms=ALGORITHMS)
    except (RecursionError, ValueError, TypeError):  # a header built to break the reader
        raise BadSignature(MALFORMED) from None
    assert isinstance(read, bytes)
    return read


def _claims(payload: bytes) -> _Claims:
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadSignature(MALFORMED) from None


def _milliseconds(seconds: float) -> int:
    if not 0 <= seconds <= _FAR:
        raise BadSignature(MALFORMED)
    return int(seconds * _SECOND)


def _user(subject: int | str | None) -> int | None:
    """Read `sub`: Hipchat sends the user id as a string (8), a number is taken too; no user is no fault (18, 3)."""
    if subject is None or subject == "":
        return None
    if not _USER.match(str(subject)):
        raise BadSignature(MALFORMED)
    return int(subject)
