"""Who has the chat page open, and what it tells them as it happens: server-sent events.

A person is online, and in the rooms they opened, exactly while a page of theirs is connected.
"""

import asyncio
import json
from collections import Counter
from typing import Any, Final

from aiohttp import web

from bot.standin.drawn import drawn_message, mention_names
from bot.standin.events import (
    AddonChanged,
    Event,
    GlanceChanged,
    MessageDeleted,
    MessagePosted,
    RoomChanged,
    UserChanged,
)
from bot.standin.people import Presence, User
from bot.standin.rooms import Room
from bot.standin.state import Hipchat

PING_SECONDS: Final = 10.0  # how often a silent stream is written to, so that a lost one is noticed


class Visitors:
    """The open pages of everybody. What the page itself made (online, in a room) ends with a person's last page."""

    def __init__(self, hipchat: Hipchat) -> None:
        self._hipchat = hipchat
        self._streams: set[asyncio.Task[Any]] = set()
        self._pages: Counter[int] = Counter()
        self._made_online: set[int] = set()
        self._entered: set[tuple[int, int]] = set()

    def enter(self, room: Room, user: User) -> None:
        """Enter a room for as long as a page of the person is open."""
        if user.id not in room.participants:
            self._hipchat.enter(room, user)
            self._entered.add((room.id, user.id))

    async def stream(self, request: web.Request, user: User) -> web.StreamResponse:
        """Answer with `hello` at once, then `message`, `deleted`, `room`, `glance` and `people` as they happen, until the page closes.

        The page fetches what it missed after each `hello`; watching begins before it, so nothing falls between.
        """
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        task = asyncio.current_task()
        assert task is not None
        with self._hipchat.watch() as watch:
            self._streams.add(task)
            self._came(user)
            try:
                await stream.prepare(request)
                await stream.write(b"retry: 1000\n\nevent: hello\ndata: {}\n\n")
                while request.transport is not None and not request.transport.is_closing():
                    try:
                        async with asyncio.timeout(PING_SECONDS):
                            event = await watch.get()
                    except TimeoutError:
                        await stream.write(b": still here\n\n")
                        continue
                    told = _told(self._hipchat, user, event)
                    if told is not None:
                        await stream.write(f"event: {told[0]}\ndata: {json.dumps(told[1])}\n\n".encode())
            except ConnectionResetError:
                pass  # the page was closed
            finally:
                self._streams.discard(task)
                self._went(user)
        return stream

    async def close(self, app: web.Application) -> None:  # noqa: ARG002
        """End all streams: a server that stops would wait for them."""
        for task in self._streams:
            task.cancel()

    def _came(self, user: User) -> None:
        self._pages[user.id] += 1
        if user.presence is None:
            self._made_online.add(user.id)
            self._hipchat.set_presence(user, Presence())

    def _went(self, user: User) -> None:
        self._pages[user.id] -= 1
        if self._pages[user.id]:
            return
        for room_id, user_id in sorted(self._entered):
            if user_id == user.id:
                self._entered.discard((room_id, user_id))
                if room_id in self._hipchat.rooms:
                    self._hipchat.leave(self._hipchat.rooms[room_id], user)
        if user.id in self._made_online:
            self._made_online.discard(user.id)
            self._hipchat.set_presence(user, None)


def _told(hipchat: Hipchat, user: User, event: Event) -> tuple[str, dict[str, Any]] | None:
    """Say what the page is told of an event, by name and data; None for what does not concern it."""
    match event:
        case MessagePosted(message=message) | MessageDeleted(message=message):
            room = hipchat.rooms.get(message.room_id or 0)
            if room is None or not hipchat.may_enter(room, user):
                return None
            name = "message" if isinstance(event, MessagePosted) else "deleted"
            return name, drawn_message(message, room, mention_names(hipchat.users.values()))
        case RoomChanged(change=change) if change != "participants":
            return "room", {"room": event.room_id, "change": change}
        case GlanceChanged(user_id=None | user.id):
            return "glance", {
                "addon": event.client_id,
                "key": event.key,
                "room": event.room_id,
                "content": event.content,
            }
        case AddonChanged() | UserChanged():
            who = {"addon": event.client_id} if isinstance(event, AddonChanged) else {"user": event.user_id}
            return "addons" if "addon" in who else "people", who
        case _:
            return None
