"""Rooms and what was said in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bot.standin.people import Sender, new_version

COLORS: Final = ("yellow", "green", "red", "purple", "gray")

MessageType = Literal["message", "notification"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message. A person's has no format and no colour; a private one has `to_user_id` and no `room_id`.

    `at` is in seconds since 1970. `message` is the raw text, or for an html notification the sanitised html
    (hipchat-api.md 10.3, 18 line 16). `mentions` are user ids. A `deleted` message keeps its place, and loses its text
    where it is shown.
    """

    id: str
    room_id: int | None
    at: float
    type: MessageType
    sender: Sender
    message: str
    message_format: Literal["html", "text"] = "text"
    color: str | None = None
    notify: bool = False
    from_label: str = ""
    card: Mapping[str, Any] | None = None
    attach_to: str | None = None
    deleted: bool = False
    mentions: tuple[int, ...] = ()
    to_user_id: int | None = None


@dataclass(kw_only=True, eq=False)
class Room:
    """A room. Mutable: the group keeps one object per room. `members` and `participants` (who is in it now) are user ids."""

    id: int
    name: str
    topic: str = ""
    privacy: Literal["public", "private"] = "public"
    is_archived: bool = False
    is_guest_accessible: bool = False
    delegate_admin_visibility: bool | None = None
    owner_id: int
    created_at: float
    members: set[int] = field(default_factory=set)
    room_admins: set[int] = field(default_factory=set)
    participants: set[int] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    messages_sent: int = 0
    last_active: float | None = None
    version: str = field(default_factory=new_version)

    def message(self, message_id: str) -> Message | None:
        """Return the message of that id, or None."""
        return next((message for message in reversed(self.messages) if message.id == message_id), None)
