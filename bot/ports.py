"""What the bot asks of the world around it: the clock, the channels that carry messages, the chat's directory.

A channel judges, delivery acts: `send` gives a Receipt, or raises Later (may succeed another time) or Never (will not).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

Clock = Callable[[], int]
"""The time now in epoch milliseconds."""

Message_contra = TypeVar("Message_contra", contravariant=True)
Address_contra = TypeVar("Address_contra", contravariant=True)


class Later(Exception):
    """The send may succeed later.

    `reason` may be shown to people and holds no secret. `retry_at` is the epoch millisecond at which the service said it
    would take the send, or None when it said nothing (then the caller backs off by itself). `status` is the service's
    answer, None when there was none. `maybe_taken` says that the service may have taken the send all the same, `progress`
    which part of it was taken: the next try is told.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_at: int | None = None,
        status: int | None = None,
        maybe_taken: bool = False,
        progress: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_at = retry_at
        self.status = status
        self.maybe_taken = maybe_taken
        self.progress = progress


class Never(Exception):
    """The send will not succeed as it is; `reason`, `status` and `progress` are as in Later."""

    def __init__(self, reason: str, *, status: int | None = None, progress: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.progress = progress


class Dead(Exception):
    """Whoever spoke for us is known no longer: the service refuses its credentials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What a service answered to a message that it took: its status, and its own id or words when it gave any.

    `said` is what people are told of it, where that is more than that it was sent.
    """

    status: int
    detail: str = ""
    said: str = ""


class Channel(Protocol[Message_contra, Address_contra]):
    """One kind of place that messages go to."""

    async def send(self, message: Message_contra, to: Address_contra) -> Receipt:
        """Send one message; raise Later or Never when it was not taken."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A user of the chat as its directory knows them; `time_zone` is an IANA name or empty."""

    id: int
    name: str
    mention_name: str
    email: str = ""
    time_zone: str = ""
    guest: bool = False
    gone: bool = False
    admin: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A room of the chat as its directory knows it; `private` unless the chat says that everybody of the group may see it."""

    id: int
    name: str
    archived: bool = False
    private: bool = True
    owner: int | None = None


class Chat(Protocol[Address_contra]):
    """The chat's directory, asked through whoever speaks for us there. Raises Later and Never like a channel."""

    async def person(self, through: Address_contra, who: int | str) -> Person | None:
        """Look a user up by id, `@mention_name` or e-mail address; None when the chat knows nobody by it."""
        ...

    async def place(self, through: Address_contra, room: int | str) -> Place | None:
        """Look a room up by id or exact name; None when it is gone or not visible to us."""
        ...
