"""OAuth clients (installed add-ons, room tokens, people's tokens), their tokens and the scopes (hipchat-api.md 2)."""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

SCOPES: Final[Mapping[str, tuple[str, str]]] = {
    "admin_group": ("Administer Group", "Perform group administrative tasks"),
    "admin_room": ("Administer Room", "Perform room administrative tasks"),
    "import_data": ("Import Data", "Import users, rooms, and chat history"),
    "manage_rooms": ("Manage Rooms", "Create, update, and remove rooms"),
    "send_message": ("Send Message", "Send private one-on-one messages"),
    "send_notification": ("Send Notification", "Send room notifications"),
    "view_group": ("View Group", "View users, rooms, and other group information"),
    "view_messages": ("View Messages", "View messages from chat rooms and private chats you have access to"),
    "view_room": ("View Room", "View room information and participants, but not history"),
}
_ALPHABET: Final = string.ascii_letters + string.digits


def new_token() -> str:
    """Forty characters `[A-Za-z0-9]`, as tokens and secrets of API v2 look (hipchat-api.md 2.2)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(40))


def new_v1_token() -> str:
    """Thirty characters `[0-9a-f]`, as tokens of API v1 look."""
    return secrets.token_hex(15)


@dataclass(kw_only=True, eq=False)
class Client:
    """An OAuth client. An add-on's is an installation: of one room (`room_id`) or, without one, of the whole group.

    `base_url` is the scheme and host that the installation was made with; every link sent to the add-on begins with it.
    A `pending` client is in its handshake: its secret works already, its webhooks do not (hipchat-api.md 7.2).
    """

    id: str
    secret: str = field(repr=False)
    kind: Literal["addon", "room", "user"]
    name: str
    scopes: tuple[str, ...]
    base_url: str
    room_id: int | None = None
    user_id: int | None = None
    descriptor: Mapping[str, Any] | None = None
    descriptor_url: str | None = None
    status: Literal["pending", "installed"] = "installed"
    created_at: float = 0.0

    def capability(self, name: str) -> Any:
        """Return a capability of the add-on's descriptor (`installable`, `glance`, ...), or None."""
        return (self.descriptor or {}).get("capabilities", {}).get(name)

    @property
    def addon_key(self) -> str | None:
        """The `key` of the add-on's descriptor."""
        return None if self.descriptor is None else self.descriptor["key"]

    @property
    def from_name(self) -> str:
        """The name that a room sees: `fromName`, else the add-on's name, else the token's label (hipchat-api.md 6, 11)."""
        return (self.capability("hipchatApiConsumer") or {}).get("fromName") or self.name

    @property
    def avatar(self) -> str | None:
        """The address of the add-on's picture."""
        avatar = (self.capability("hipchatApiConsumer") or {}).get("avatar")
        return avatar.get("url") if isinstance(avatar, Mapping) else avatar


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token of a client; `expires_at` in seconds; `limit` replaces the requests allowed per window."""

    value: str = field(repr=False)
    client_id: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    limit: int | None = None
