"""The group that the stand-in starts with: four people, three rooms, their tokens."""

import uuid
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.standin.people import Presence, User
from bot.standin.rooms import Room
from bot.standin.state import Hipchat
from bot.standin.tokens import SCOPES, Client, Token, new_token, new_v1_token

USER_LIMIT: Final = 100_000  # requests per window: raised, as an admin of Hipchat Server could
_YEAR: Final = 365 * 86400.0
_CHAT: Final = Presence()


@dataclass(frozen=True, kw_only=True)
class Group:
    """What a program is told about the group: tokens by user id, a notification token of the first room, one of API v1."""

    user_tokens: dict[int, str] = field(repr=False)
    room_token: str = field(repr=False)
    v1_token: str = field(repr=False)


def personal_token(hipchat: Hipchat, user: User, base: str, *, limit: int | None = None) -> Token:
    """Make a personal access token with every scope (hipchat-api.md 2.1)."""
    return _token(hipchat, "user", user.name, tuple(SCOPES), base, user_id=user.id, limit=limit)


def room_token(
    hipchat: Hipchat, room: Room, label: str, base: str, scopes: tuple[str, ...] = ("send_notification", "view_room")
) -> Token:
    """Make a room notification token; the room sees its label (hipchat-api.md 2.1)."""
    return _token(hipchat, "room", label, scopes, base, room_id=room.id)


def _token(
    hipchat: Hipchat,
    kind: Literal["room", "user"],
    name: str,
    scopes: tuple[str, ...],
    base: str,
    *,
    room_id: int | None = None,
    user_id: int | None = None,
    limit: int | None = None,
) -> Token:
    client = Client(
        id=str(uuid.uuid4()),
        secret=new_token(),
        kind=kind,
        name=name,
        scopes=scopes,
        base_url=base,
        room_id=room_id,
        user_id=user_id,
        created_at=hipchat.clock(),
    )
    return hipchat.add_token(hipchat.add_client(client), scopes, expires_in=_YEAR, limit=limit)


def found(hipchat: Hipchat, base: str) -> Group:
    """Fill an empty group: Dana and Lee share the rooms, Alex is its admin, Kim a guest."""
    dana = hipchat.add_user(
        "Dana Scott", "Dana", "dana@example.com", timezone="Europe/Berlin", title="SRE", presence=_CHAT
    )
    lee = hipchat.add_user("Lee Wong", "Lee", "lee@example.com", timezone="UTC", title="SRE", presence=_CHAT)
    alex = hipchat.add_user(
        "Alex Rivera", "Alex", "alex@example.com", timezone="America/New_York", is_admin=True, presence=_CHAT
    )
    kim = hipchat.add_user("Kim Guest", "KimGuest", "kim@example.org", is_guest=True)
    ops = hipchat.create_room("Ops", alex, topic="on call: @Dana", is_guest_accessible=True)
    team = hipchat.create_room("Ops Team", alex, privacy="private")
    lobby = hipchat.create_room("Lobby", alex)
    for user in (dana, lee):
        for room in (ops, team, lobby):
            hipchat.add_member(room, user)
        hipchat.enter(ops, user)
    made_v1 = new_v1_token()
    hipchat.secrets_made.add(made_v1)
    tokens = {user.id: personal_token(hipchat, user, base, limit=USER_LIMIT).value for user in (dana, lee, alex, kim)}
    return Group(user_tokens=tokens, room_token=room_token(hipchat, ops, "Monitoring", base).value, v1_token=made_v1)
