"""The JSON shapes of people, rooms and messages (hipchat-api.md 9.5, 13, 14), with links to the address that was called."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.standin.people import Sender, User
from bot.standin.rooms import Message, Room
from bot.standin.state import Hipchat
from bot.standin.tokens import Client

Shape = dict[str, Any]
Expand = Mapping[str, Any]


def stamp(at: float) -> str:
    """Write a time with microseconds and offset."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def second_stamp(at: float | None) -> str | None:
    """Write a time without fraction."""
    return None if at is None else datetime.fromtimestamp(int(at), UTC).isoformat(timespec="seconds")


def expansion(paths: str) -> Expand:
    """Read `expand=a,b.c` into a tree of names (hipchat-api.md 4.2)."""
    tree: dict[str, Any] = {}
    for path in filter(None, paths.split(",")):
        branch = tree
        for name in path.split("."):
            branch = branch.setdefault(name, {})
    return tree


class Shapes:
    """Shapes of one group's objects; `base` is scheme and host, without a slash at the end."""

    def __init__(self, hipchat: Hipchat, base: str) -> None:
        self.hipchat = hipchat
        self.base = base

    def user_stub(self, user: User) -> Shape:
        """Refer to a person."""
        return {
            "id": user.id,
            "links": {"self": f"{self.base}/v2/user/{user.id}"},
            "mention_name": user.mention_name,
            "name": user.name,
            "version": user.version,
        }

    def user(self, user: User) -> Shape:
        """Show all of a person."""
        presence = user.presence and {
            "client": {"type": "http://hipchat.com/client/web", "version": ""},
            "idle": 0,
            "is_online": True,
            "show": user.presence.show,
            "status": user.presence.status,
        }
        return {
            **self.user_stub(user),
            "created": second_stamp(user.created_at),
            "email": user.email,
            "is_deleted": user.is_deleted,
            "is_group_admin": user.is_admin,
            "is_guest": user.is_guest,
            "last_active": second_stamp(user.last_active),
            "photo_url": None,
            "presence": presence,
            "roles": ["admin", "user"] if user.is_admin else ["user"],
            "timezone": user.timezone,
            "title": user.title,
            "xmpp_jid": f"{self.hipchat.group_id}_{user.id}@chat.hipchat.com",
        }

    def room_stub(self, room: Room) -> Shape:
        """Refer to a room; `links.members` only on private ones."""
        link = f"{self.base}/v2/room/{room.id}"
        links = {"participants": f"{link}/participant", "self": link, "webhooks": f"{link}/webhook"}
        if room.privacy == "private":
            links["members"] = f"{link}/member"
        return {
            "id": room.id,
            "is_archived": room.is_archived,
            "links": links,
            "name": room.name,
            "privacy": room.privacy,
            "version": room.version,
        }

    def room(self, room: Room, expand: Expand | None = None) -> Shape:
        """Show all of a room; `expand` may name `owner` and `participants`."""
        expand = expand or {}
        people = self.hipchat.users
        as_owner = self.user if "owner" in expand else self.user_stub
        as_participant = self.user if "participants" in expand else self.user_stub
        slug = room.name.lower().replace(" ", "_")
        return {
            **self.room_stub(room),
            "avatar_url": None,
            "created": second_stamp(room.created_at),
            "delegate_admin_visibility": room.delegate_admin_visibility,
            "guest_access_url": f"{self.base}/guest/{room.id}" if room.is_guest_accessible else None,
            "is_guest_accessible": room.is_guest_accessible,
            "last_active": second_stamp(room.last_active),
            "owner": as_owner(people[room.owner_id]),
            "participants": [as_participant(people[user_id]) for user_id in sorted(room.participants)],
            "statistics": {"links": {"self": f"{self.base}/v2/room/{room.id}/statistics"}},
            "topic": room.topic,
            "xmpp_jid": f"{self.hipchat.group_id}_{slug}@conf.hipchat.com",
        }

    def client(self, client: Client) -> Shape:
        """Show an OAuth client, as a session and as the sender of a topic."""
        room = None if client.room_id is None else self.hipchat.rooms.get(client.room_id)
        room_shape = room and {
            "id": room.id,
            "links": {"self": f"{self.base}/v2/room/{room.id}"},
            "name": room.name,
        }
        return {
            "allowed_scopes": list(client.scopes),
            "id": client.id,
            "links": {"self": f"{self.base}/v2/oauth/client/{client.id}"},
            "name": client.name,
            "room": room_shape,
        }

    def sender(self, sender: Sender | None) -> Any:
        """Show who acted: a person as a stub (guests as the settings say), a program as its client, else its name."""
        if sender is None:
            return None
        if sender.user_id is not None:
            user = self.hipchat.users[sender.user_id]
            if user.is_guest and self.hipchat.settings.guest_from == "string":
                return user.name
            return self.user_stub(user)
        client = self.hipchat.clients.get(sender.client_id or "")
        return sender.name if client is None else self.client(client)

    def message(self, message: Message) -> Shape:
        """Show a message as webhooks do; a notification's `from` is a string (hipchat-api.md 9.5)."""
        is_notification = message.type == "notification"
        from_user = message.sender.user_id is not None
        shape: Shape = {
            "date": stamp(message.at),
            "from": self.sender(message.sender) if from_user and not is_notification else message.sender.name,
            "id": message.id,
            "mentions": [self.user_stub(self.hipchat.users[user_id]) for user_id in message.mentions],
            "message": None if message.deleted else message.message,
            "type": message.type,
        }
        if is_notification:
            shape |= {"color": message.color, "message_format": message.message_format}
        return shape

    def history_item(self, message: Message) -> Shape:
        """Show a message as histories do: the card as a JSON string (hipchat-api.md 13)."""
        shape = self.message(message)
        if message.type == "notification":
            shape["notification_sender"] = message.sender.notification_sender(self.hipchat.group_id)
            if message.card is not None and not message.deleted:
                shape["card"] = json.dumps(message.card)
        if message.attach_to:
            shape["attach_to"] = message.attach_to
        return shape
