"""Tenant, Room and Caller: whose alerts they are, and who may do what with them."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.actor import Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Tenant:
    """One Hipchat group on one Hipchat host."""

    id: int
    host: str
    group_id: int
    name: str
    fallback_room: int | None = None


class Level(enum.StrEnum):
    """Who may use a verb in a room."""

    EVERYBODY = "everybody"
    MEMBERS = "members"
    ADMINS = "admins"
    NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A room of a tenant: our id and Hipchat's. `rights` are the levels of verbs that differ from the usual.

    `time_zone` is the one that all times in it are said in; empty: in the zone of whoever asks.
    """

    id: int
    tenant: int
    hipchat_id: int
    name: str
    gone_at: int | None = None
    trouble: str = ""
    rights: Mapping[str, Level] = field(default_factory=dict)
    time_zone: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """A named stream of alerts with a default room."""

    id: int
    tenant: int
    name: str
    room: int | None


class Scope(enum.StrEnum):
    """What a key may be used for."""

    INGEST = "ingest"
    READ = "read"
    ACT = "act"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A credential of a feed; its secret is known only as a hash."""

    id: int
    name: str
    feed: Feed
    scopes: frozenset[Scope]
    created_at: int
    revoked_at: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Somebody who asks for something in a room: the person, the room, the time zone to speak in, and what they are.

    Who is not `confirmed` counts as a guest because the chat's directory did not say who they are.
    """

    tenant: Tenant
    room: Room
    actor: Actor
    time_zone: str = ""
    is_guest: bool = False
    is_admin: bool = False
    verified: bool = True
    confirmed: bool = True


def level_of(room: Room, verb: str, *, changes: bool) -> Level:
    """Return who may use a verb in a room: anybody reads and acts there, guests read only, unless the room says otherwise."""
    return room.rights.get(verb, Level.MEMBERS if changes else Level.EVERYBODY)


def may(caller: Caller, level: Level) -> bool:
    """Whether a caller is one of those that a level names (product.md 7)."""
    match level:
        case Level.EVERYBODY:
            return True
        case Level.MEMBERS:
            return not caller.is_guest
        case Level.ADMINS:
            return caller.is_admin and caller.verified and not caller.is_guest
        case Level.NOBODY:
            return False


class Standing(enum.StrEnum):
    """How an installation stands with Hipchat."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """One add-on installation, of a room or (room None) of the whole group. `secret` is sealed (see vault.py)."""

    oauth_id: str
    tenant: int
    room: int | None
    secret: bytes
    capabilities_url: str
    api_url: str
    token_url: str
    scopes: str
    standing: Standing
    suspended_at: int | None = None
    next_try_at: int | None = None
    no_glance: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """A room joined without the add-on: a pasted token (`kind` room or user), sealed."""

    id: int
    tenant: int
    room: int
    kind: str
    label: str
    api_url: str
    token: bytes
    oauth_client_id: str | None = None
    webhook_id: int | None = None


Speaker = Installation | Hook
"""Whoever speaks for us in a room."""


def voice_of(room: int, hooks: Sequence[Hook]) -> Hook | None:
    """Choose who messages people privately from a room: a user's token, since such messages are sent by people."""
    of_users = [hook for hook in hooks if hook.kind == "user"]
    return next((hook for hook in of_users if hook.room == room), next(iter(of_users), None))


def speaker_of(room: int, installations: Sequence[Installation], hooks: Sequence[Hook]) -> Speaker | None:
    """Choose the one speaker of a room: its own installation, else the group's, else its token hook (product.md 5)."""
    active = [each for each in installations if each.standing is Standing.ACTIVE]
    for wanted in (room, None):
        for each in active:
            if each.room == wanted:
                return each
    return next((hook for hook in hooks if hook.room == room), None)
