"""What happens in the group: events for those who watch it (the page, the driver), occurrences for webhooks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from bot.standin.people import Sender
from bot.standin.rooms import Message, Room

WEBHOOK_EVENTS: Final = (
    "room_archived",
    "room_created",
    "room_deleted",
    "room_enter",
    "room_exit",
    "room_file_upload",
    "room_message",
    "room_notification",
    "room_topic_change",
    "room_unarchived",
)


@dataclass(frozen=True, kw_only=True)
class MessagePosted:
    """A message or notification appeared; a private one has no `room_id`."""

    message: Message


@dataclass(frozen=True, kw_only=True)
class MessageDeleted:
    """A message lost its text; it keeps its place."""

    message: Message


@dataclass(frozen=True, kw_only=True)
class RoomChanged:
    """A room appeared, went, or is different now: name, topic, archive, members, participants."""

    room_id: int
    change: Literal["created", "updated", "deleted", "topic", "members", "participants"]


@dataclass(frozen=True, kw_only=True)
class UserChanged:
    """A person was added, changed, deleted, or is available in another way."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class GlanceChanged:
    """An add-on pushed a glance (hipchat-api.md 15.2); `room_id` and `user_id` None mean all."""

    client_id: str
    key: str
    content: Mapping[str, Any]
    room_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class AddonChanged:
    """An add-on was installed, updated or uninstalled."""

    client_id: str
    change: Literal["installed", "updated", "uninstalled"]


Event = MessagePosted | MessageDeleted | RoomChanged | UserChanged | GlanceChanged | AddonChanged


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """Something that webhooks are told of (hipchat-api.md 9.1, 9.5); `sender` is None when nobody acted."""

    event: str
    room: Room
    sender: Sender | None = None
    message: Message | None = None
    topic: str | None = None


class Watch:
    """One watcher's queue of events; `async for` reads it, `with` closes it."""

    def __init__(self, close: Callable[["Watch"], None]) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._close = close

    def put(self, event: Event) -> None:
        """Add an event; the group does this."""
        self._queue.put_nowait(event)

    async def get(self) -> Event:
        """Wait for the next event."""
        return await self._queue.get()

    def get_nowait(self) -> Event:
        """Return the next event; raises asyncio.QueueEmpty when there is none."""
        return self._queue.get_nowait()

    def close(self) -> None:
        """Stop watching."""
        self._close(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            yield await self.get()
