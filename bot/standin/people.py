"""People of the group, and who speaks in a room: a person, an add-on, or the label of a token."""

import secrets
import string
from dataclasses import dataclass, field
from typing import Any, Final, Literal

_VERSION: Final = string.digits + string.ascii_uppercase


def new_version() -> str:
    """Eight characters `[0-9A-Z]` that change with the object (hipchat-api.md 4)."""
    return "".join(secrets.choice(_VERSION) for _ in range(8))


@dataclass(frozen=True, kw_only=True)
class Presence:
    """What a person's client reports; an offline person has none (hipchat-api.md 14)."""

    show: Literal["chat", "away", "dnd", "xa"] = "chat"
    status: str = ""


@dataclass(kw_only=True, eq=False)
class User:
    """A person of the group. Mutable: the group keeps one object per person. `created_at`, `last_active` in seconds."""

    id: int
    name: str
    mention_name: str
    email: str
    timezone: str = "UTC"
    title: str = ""
    is_guest: bool = False
    is_admin: bool = False
    is_deleted: bool = False
    presence: Presence | None = None
    created_at: float = 0.0
    last_active: float | None = None
    version: str = field(default_factory=new_version)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who a message comes from, as it was then.

    `kind` is `user` (with `user_id`), `addon` (with `client_id`, `addon_key`) or `label` (a room token: `name` is its label).
    """

    kind: Literal["user", "addon", "label"]
    name: str
    user_id: int | None = None
    client_id: str | None = None
    addon_key: str | None = None
    avatar: str | None = None

    def notification_sender(self, group_id: int) -> dict[str, Any]:
        """Return the object of that name in a history item (hipchat-api.md 11)."""
        if self.kind == "addon":
            return {"id": self.addon_key, "type": "addon"}
        if self.kind == "user":
            return {"id": f"{group_id}_{self.user_id}@chat.hipchat.com", "type": "user"}
        return {"id": self.client_id, "type": "client"}
