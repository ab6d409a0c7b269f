"""JWTs from Hipchat to add-ons (hipchat-api.md 8), and wrong ones for negative tests."""

import secrets
import string
import uuid
from collections.abc import Iterable
from typing import Any, Final

import jwt

from bot.standin.faults import Forgery
from bot.standin.people import User
from bot.standin.rooms import Room
from bot.standin.tokens import Client, new_token

LIFE: Final = 3600
_ALPHABET: Final = string.ascii_letters + string.digits


def _jti() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def claims(client_id: str, *, now: float, room: Room | None, user: User | None) -> dict[str, Any]:
    """Return the claims; without a person there is no `sub` (hipchat-api.md 18, line 3). `now` in seconds."""
    context: dict[str, Any] = {}
    if room is not None:
        context |= {"roomId": room.id, "room_id": room.id}
    if user is not None:
        context["user_tz"] = user.timezone
    acting = {} if user is None else {"prn": str(user.id), "sub": str(user.id)}
    return {"context": context, "exp": int(now) + LIFE, "iat": int(now), "iss": client_id, "jti": _jti(), **acting}


def sign(client: Client, *, now: float, room: Room | None, user: User | None) -> str:
    """Sign for an installation, with its secret."""
    return jwt.encode(claims(client.id, now=now, room=room, user=user), client.secret, "HS256")


def forge(
    how: Forgery, client: Client, others: Iterable[Client], *, now: float, room: Room | None, user: User | None
) -> str:
    """Sign wrongly: with another secret, long ago, or for another installation (an invented one when there is none)."""
    match how:
        case "forged":
            return jwt.encode(claims(client.id, now=now, room=room, user=user), new_token(), "HS256")
        case "expired":
            return sign(client, now=now - 2 * LIFE, room=room, user=user)
        case "other-tenant":
            other = next((other for other in others if other.id != client.id and other.kind == "addon"), None)
            other_id, secret = (str(uuid.uuid4()), new_token()) if other is None else (other.id, other.secret)
            return jwt.encode(claims(other_id, now=now, room=room, user=user), secret, "HS256")
