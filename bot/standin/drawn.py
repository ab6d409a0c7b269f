"""Messages, rooms and people as the chat page draws them: JSON with safe html and nothing left to decide.

Times are epoch milliseconds. The rules are those of hipchat-api.md 10-13; the html comes from markup.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.standin.markup import card_text, safe_url, sanitise, text_to_html
from bot.standin.people import Sender, User
from bot.standin.rooms import Message, Room

CARD_STYLES: Final = frozenset({"file", "image", "application", "link", "media"})
LOZENGES: Final = frozenset(
    {"lozenge", "lozenge-success", "lozenge-error", "lozenge-current", "lozenge-complete", "lozenge-moved"}
)
ATTACHED_WITHIN: Final = 5 * 60  # seconds after its parent that a notification is drawn under it (hipchat-api.md 11)
_PICTURES: Final = frozenset({"http", "https"})


def drawn_user(user: User) -> dict[str, Any]:
    """One person of the list: `{"id", "name", "mention_name", "title", "is_guest", "show", "status"}`; offline is show null."""
    return {
        "id": user.id,
        "name": user.name,
        "mention_name": user.mention_name,
        "title": user.title,
        "is_guest": user.is_guest,
        "show": user.presence.show if user.presence else None,
        "status": user.presence.status if user.presence else "",
    }


def drawn_room(room: Room, seen: str | None) -> dict[str, Any]:
    """One room of the left column; `unread` counts what came after the message `seen`, all when that is unknown here."""
    return {
        "id": room.id,
        "name": room.name,
        "topic": room.topic,
        "privacy": room.privacy,
        "last": room.messages[-1].id if room.messages else None,
        "unread": _after(room, seen) if seen else 0,
    }


def _after(room: Room, seen: str) -> int:
    for count, message in enumerate(reversed(room.messages)):
        if message.id == seen:
            return count
    return len(room.messages)


def mention_names(users: Iterable[User]) -> list[str]:
    """List the names that a text may mention: those of all who are still there."""
    return [user.mention_name for user in users if not user.is_deleted]


def drawn_message(message: Message, room: Room, names: Iterable[str]) -> dict[str, Any]:
    """One message of the log; `under` is the id of the message it is drawn under, `card` null when its text is drawn."""
    return {
        "id": message.id,
        "room": room.id,
        "at": round(message.at * 1000),
        "type": message.type,
        "sender": _sender(message.sender),
        "label": message.from_label,
        "color": message.color,
        "format": message.message_format,
        "deleted": message.deleted,
        "html": "" if message.deleted else _html(message, names),
        "mentions": [] if message.deleted else list(message.mentions),
        "under": _under(message, room),
        "body": "" if message.deleted else message.message,
        "metadata": _metadata(message),
        "card": None if message.deleted or message.card is None else drawn_card(message.card),
    }


def _metadata(message: Message) -> dict[str, Any]:
    """Return what a message's add-on wrote into its card, and which add-on that is (hipchat-api.md 16.2)."""
    card = message.card or {}
    found = dict(card.get("metadata") or {}) if not message.deleted else {}
    return found | ({"sender_addon_key": message.sender.addon_key} if message.sender.addon_key else {})


def _html(message: Message, names: Iterable[str]) -> str:
    return sanitise(message.message) if message.message_format == "html" else text_to_html(message.message, names)


def _sender(sender: Sender) -> dict[str, Any]:
    return {"kind": sender.kind, "id": sender.user_id or sender.client_id, "name": sender.name}


def _under(message: Message, room: Room) -> str | None:
    parent = room.message(message.attach_to) if message.attach_to else None
    if parent is None or parent.id == message.id or not 0 <= message.at - parent.at <= ATTACHED_WITHIN:
        return None
    return parent.id


def drawn_card(card: Mapping[str, Any]) -> dict[str, Any] | None:
    """Draw a card (hipchat-api.md 12); None when the client refuses it and shows the message instead."""
    style, title, url = card.get("style"), card.get("title"), _address(card.get("url"))
    description = _description(card.get("description"))
    if style not in CARD_STYLES or not card.get("id") or not title:
        return None
    if (style in {"image", "link"} and not card.get("url")) or (style == "link" and not description):
        return None
    return {
        "style": style,
        "format": "compact" if card.get("format") == "compact" else "medium",
        "title": str(title),
        "url": url,
        "description": description,
        "icon": _picture(card.get("icon")),
        "thumbnail": _picture(card.get("thumbnail")),
        "activity": _activity(card.get("activity")),
        "attributes": [_attribute(attribute) for attribute in card.get("attributes") or []],
    }


def _address(url: object) -> str | None:
    return safe_url(url) if isinstance(url, str) else None


def _picture(icon: object) -> str | None:
    url = icon.get("url") if isinstance(icon, Mapping) else icon
    return safe_url(url, _PICTURES) if isinstance(url, str) else None


def _description(description: object) -> str:
    if isinstance(description, Mapping):
        return card_text(str(description.get("value", "")), "text" if description.get("format") == "text" else "html")
    return card_text(description) if isinstance(description, str) else ""


def _activity(activity: object) -> dict[str, Any] | None:
    if not isinstance(activity, Mapping) or not activity.get("html"):
        return None
    return {"html": card_text(str(activity["html"])), "icon": _picture(activity.get("icon"))}


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    value = attribute.get("value") or {}
    style = value.get("style")
    return {
        "label": str(attribute.get("label") or ""),
        "value": str(value.get("label") or ""),
        "style": style if style in LOZENGES else None,
        "url": _address(value.get("url")),
        "icon": _picture(value.get("icon")),
    }
