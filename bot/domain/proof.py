"""Proof: what a callback claims of an installation, and what Hipchat itself says of it (product.md 7)."""

from dataclasses import dataclass, field

from bot.domain.errors import AlertbotError


class NotProven(AlertbotError):
    """Hipchat did not confirm this installation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What an installation callback says of itself; nothing of it is believed."""

    oauth_id: str
    secret: str = field(repr=False)
    capabilities_url: str
    group_id: int | None
    room_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What Hipchat says of an installation."""

    host: str
    group_id: int
    group_name: str
    room_id: int | None
    room_name: str
    api_url: str
    token_url: str
    scopes: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pasted:
    """What Hipchat said of a pasted token and its room."""

    host: str
    group_id: int
    group_name: str
    room_id: int
    room_name: str
    api_url: str
    kind: str
    label: str
