"""The whole group in memory: people, rooms, messages, OAuth clients, tokens, webhooks; and who watches it change.

Everything here is synchronous and immediate, on one event loop. Webhooks are told in the background (delivery.py listens with
`on_occurrence`), so chat never waits for a receiver; `idle()` waits until all of them are through.
"""

import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from aiohttp import web

from bot.standin.events import (
    MessageDeleted,
    MessagePosted,
    Occurrence,
    RoomChanged,
    UserChanged,
)
from bot.standin.faults import Faults
from bot.standin.limits import Counters
from bot.standin.markup import sanitise
from bot.standin.mentions import mentioned
from bot.standin.people import Presence, Sender, User, new_version
from bot.standin.registry import Registry
from bot.standin.rooms import COLORS, Message, Room
from bot.standin.settings import Settings
from bot.standin.tokens import Client

_FIRST_ROOM: Final = 1001
_FIRST_USER: Final = 3297240
_LONGEST_ID: Final = 20


class Conflict(ValueError):
    """A name, address or mention name is in use already."""


class Archived(ValueError):
    """Nothing is posted to an archived room (hipchat-api.md 18, line 11)."""


def _is_id(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= _LONGEST_ID


class Hipchat(Registry):
    """One Hipchat group. `clock` gives seconds since 1970; tests and stories replace it.

    Lookups return None when there is nothing; changes tell the watchers at once.
    """

    def __init__(self, settings: Settings | None = None, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self.settings = settings or Settings()
        self.group_id = 4711
        self.group_name = "Example Corp"
        self.users: dict[int, User] = {}
        self.rooms: dict[int, Room] = {}
        self.private: list[Message] = []
        self.faults = Faults()
        self.rate = Counters(seconds=self.settings.rate_window)
        self.flood = Counters(seconds=self.settings.flood_window)
        self.on_room_deleted: list[Callable[[Room], None]] = []
        self._next_room = _FIRST_ROOM

    # -- people ----------------------------------------------------------------------------------------------------------

    def add_user(self, name: str, mention_name: str, email: str, **fields: Any) -> User:
        """Add a person; further fields are those of `User`. Raises Conflict."""
        self._unique_user(mention_name, email)
        user_id = max(self.users, default=_FIRST_USER - 1) + 1
        user = User(id=user_id, name=name, mention_name=mention_name, email=email, created_at=self.clock(), **fields)
        self.users[user_id] = user
        self.publish(UserChanged(user_id=user_id))
        return user

    def _unique_user(self, mention_name: str, email: str, but: User | None = None) -> None:
        for user in self.users.values():
            if user is but or user.is_deleted:
                continue
            if user.mention_name.lower() == mention_name.lower():
                raise Conflict(f"Mention name {mention_name!r} is already in use")
            if user.email.lower() == email.lower():
                raise Conflict(f"Email address {email!r} is already in use")

    def find_user(self, key: int | str) -> User | None:
        """Find a person by id (also as digits), e-mail address or `@mention_name`; deleted ones by id only."""
        text = str(key)
        if _is_id(text):
            return self.users.get(int(text))
        alive = [user for user in self.users.values() if not user.is_deleted]
        if text.startswith("@"):
            return next((user for user in alive if user.mention_name.lower() == text[1:].lower()), None)
        return next((user for user in alive if user.email.lower() == text.lower()), None)

    def change_user(self, user: User, **fields: Any) -> None:
        """Set fields of a person. Raises Conflict."""
        self._unique_user(fields.get("mention_name", user.mention_name), fields.get("email", user.email), user)
        for name, value in fields.items():
            setattr(user, name, value)
        user.version = new_version()
        self.publish(UserChanged(user_id=user.id))

    def set_presence(self, user: User, presence: Presence | None) -> None:
        """Set what the person's client reports; None is offline."""
        user.presence = presence
        user.last_active = self.clock()
        self.publish(UserChanged(user_id=user.id))

    def delete_user(self, user: User) -> None:
        """Delete a person: out of all rooms, their tokens dead; what they said stays (hipchat-api.md 17)."""
        for room in self.rooms.values():
            room.members.discard(user.id)
            room.participants.discard(user.id)
        for client in [client for client in self.clients.values() if client.user_id == user.id]:
            self.remove_client(client)
        self.change_user(user, is_deleted=True, presence=None)

    def sender(self, user: User) -> Sender:
        """Return the person as a message's sender."""
        return Sender(kind="user", name=user.name, user_id=user.id)

    def speaker(self, client: Client) -> Sender:
        """Return what a client's notifications come from (hipchat-api.md 11)."""
        if client.user_id is not None:
            return self.sender(self.users[client.user_id])
        return Sender(
            kind="addon" if client.kind == "addon" else "label",
            name=client.from_name,
            client_id=client.id,
            addon_key=client.addon_key,
            avatar=client.avatar,
        )

    # -- rooms -----------------------------------------------------------------------------------------------------------

    def create_room(self, name: str, owner: User, *, by: Sender | None = None, **fields: Any) -> Room:
        """Make a room; further fields are those of `Room`. The owner becomes a member. Raises Conflict."""
        self._unique_room(name)
        room_id = self._next_room
        self._next_room += 1
        room = Room(id=room_id, name=name, owner_id=owner.id, created_at=self.clock(), **fields)
        room.members.add(owner.id)
        room.room_admins.add(owner.id)
        self.rooms[room_id] = room
        self.publish(RoomChanged(room_id=room_id, change="created"))
        self.occur(Occurrence(event="room_created", room=room, sender=by or self.sender(owner)))
        return room

    def _unique_room(self, name: str, but: Room | None = None) -> None:
        for room in self.rooms.values():
            if room is not but and room.name.lower() == name.lower():
                raise Conflict(f"Room name {name!r} is already in use")

    def find_room(self, key: int | str) -> Room | None:
        """Find a room by id (also as digits), else by its exact name (hipchat-api.md 4)."""
        text = str(key)
        if _is_id(text):
            return self.rooms.get(int(text))
        return next((room for room in self.rooms.values() if room.name == text), None)

    def update_room(self, room: Room, *, by: Sender | None = None, **fields: Any) -> None:
        """Set fields of a room; topic and archive changes are occurrences, a new name is not. Raises Conflict."""
        if "name" in fields:
            self._unique_room(fields["name"], room)
        was_archived, old_topic = room.is_archived, room.topic
        for name, value in fields.items():
            setattr(room, name, value)
        room.version = new_version()
        self.publish(RoomChanged(room_id=room.id, change="updated"))
        if room.is_archived != was_archived:
            event = "room_archived" if room.is_archived else "room_unarchived"
            self.occur(Occurrence(event=event, room=room, sender=by))
        if room.topic != old_topic:
            self.publish(RoomChanged(room_id=room.id, change="topic"))
            self.occur(Occurrence(event="room_topic_change", room=room, sender=by, topic=room.topic))

    def set_topic(self, room: Room, topic: str, *, by: Sender | None = None) -> None:
        """Set the topic; setting the same again is an occurrence too."""
        room.topic = topic
        room.version = new_version()
        self.publish(RoomChanged(room_id=room.id, change="topic"))
        self.occur(Occurrence(event="room_topic_change", room=room, sender=by, topic=topic))

    def delete_room(self, room: Room, *, by: Sender | None = None) -> None:
        """Delete a room; its webhooks are told first, then vanish, and its installations end (hipchat-api.md 17)."""
        room.participants.clear()
        self.occur(Occurrence(event="room_deleted", room=room, sender=by))
        del self.rooms[room.id]
        for hook in [hook for hook in self.webhooks.values() if hook.room_id == room.id]:
            del self.webhooks[hook.id]
        self.publish(RoomChanged(room_id=room.id, change="deleted"))
        for listener in self.on_room_deleted:
            listener(room)

    def enter(self, room: Room, user: User) -> None:
        """Let the person's client open the room."""
        if user.id not in room.participants:
            room.participants.add(user.id)
            self.publish(RoomChanged(room_id=room.id, change="participants"))
            self.occur(Occurrence(event="room_enter", room=room, sender=self.sender(user)))

    def leave(self, room: Room, user: User) -> None:
        """Let the person's client close the room."""
        if user.id in room.participants:
            room.participants.discard(user.id)
            self.publish(RoomChanged(room_id=room.id, change="participants"))
            self.occur(Occurrence(event="room_exit", room=room, sender=self.sender(user)))

    def add_member(self, room: Room, user: User, *, admin: bool = False) -> None:
        """Make the person a member, or room admin."""
        room.members.add(user.id)
        (room.room_admins.add if admin else room.room_admins.discard)(user.id)
        self.publish(RoomChanged(room_id=room.id, change="members"))

    def remove_member(self, room: Room, user: User) -> None:
        """Take the person out of a room."""
        room.members.discard(user.id)
        room.room_admins.discard(user.id)
        self.publish(RoomChanged(room_id=room.id, change="members"))
        self.leave(room, user)

    def may_enter(self, room: Room, user: User) -> bool:
        """Whether the person sees the room: everybody a public one (guests where allowed), members and admins a private one."""
        if user.is_admin or user.id in room.members:
            return True
        return room.privacy == "public" and (not user.is_guest or room.is_guest_accessible)

    # -- messages --------------------------------------------------------------------------------------------------------

    async def say(self, room: Room, user: User, text: str) -> Message:
        """Post a person's message; webhooks are told in the background. Raises Archived."""
        return self.post(room, self.sender(user), text)

    def post(self, room: Room, sender: Sender, text: str, *, attach_to: str | None = None) -> Message:
        """Store a message of type `message`, with its mentions; a reply is attached. Raises Archived."""
        message = Message(
            id=str(uuid.uuid4()),
            room_id=room.id,
            at=self.clock(),
            type="message",
            sender=sender,
            message=text,
            attach_to=attach_to,
            mentions=mentioned(text, self.users.values()),
        )
        if sender.user_id is not None:
            self.users[sender.user_id].last_active = message.at
        return self._keep(room, message, "room_message")

    def notify(
        self,
        room: Room,
        sender: Sender,
        *,
        message: str,
        message_format: Literal["html", "text"] = "html",
        color: str = "yellow",
        notify: bool = False,
        from_label: str = "",
        card: Mapping[str, Any] | None = None,
        attach_to: str | None = None,
    ) -> Message:
        """Store a notification (hipchat-api.md 11); `random` becomes a colour, html is sanitised. Raises Archived."""
        is_text = message_format == "text"
        stored = Message(
            id=str(uuid.uuid4()),
            room_id=room.id,
            at=self.clock(),
            type="notification",
            sender=sender,
            message=message if is_text else sanitise(message),
            message_format=message_format,
            color=secrets.choice(COLORS) if color == "random" else color,
            notify=notify,
            from_label=from_label,
            card=card,
            attach_to=attach_to,
            mentions=mentioned(message, self.users.values()) if is_text else (),
        )
        return self._keep(room, stored, "room_notification")

    def _keep(self, room: Room, message: Message, event: str) -> Message:
        if room.is_archived:
            raise Archived
        room.messages.append(message)
        room.messages_sent += 1
        room.last_active = message.at
        self.publish(MessagePosted(message=message))
        self.occur(Occurrence(event=event, room=room, sender=message.sender, message=message))
        return message

    def whisper(
        self,
        sender: Sender,
        to: User,
        text: str,
        *,
        message_format: Literal["html", "text"] = "text",
        notify: bool = False,
    ) -> Message:
        """Store a private message; no webhook hears it (hipchat-api.md 14)."""
        message = Message(
            id=str(uuid.uuid4()),
            room_id=None,
            to_user_id=to.id,
            at=self.clock(),
            type="message",
            sender=sender,
            message=text if message_format == "text" else sanitise(text),
            message_format=message_format,
            notify=notify,
            mentions=mentioned(text, self.users.values()),
        )
        self.private.append(message)
        self.publish(MessagePosted(message=message))
        return message

    def delete_message(self, room: Room, message: Message) -> None:
        """Delete a message's text; it stays in the history with null (hipchat-api.md 13)."""
        gone = replace(message, deleted=True)
        room.messages = [gone if kept.id == message.id else kept for kept in room.messages]
        self.publish(MessageDeleted(message=gone))


HIPCHAT: Final = web.AppKey("hipchat", Hipchat)
