"""What a person reads of a message, as plain text: the card where there is one, else the message (hipchat-api.md 12)."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any, Final

from bot.standin.rooms import Message

_BREAK: Final = re.compile(r"<(?:br|/p|/li|/tr|/pre|/table)\s*/?>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")


def html_to_plain(html: str) -> str:
    """Return the text of sanitised html, a line for each break, item and table row."""
    lines = unescape(_TAG.sub("", _BREAK.sub("\n", html))).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def card_to_plain(card: Mapping[str, Any]) -> str:
    """Return a card's texts in the order in which they are drawn: activity, title, description, attributes, address."""
    parts = []
    if "activity" in card:
        parts.append(html_to_plain(card["activity"]["html"]))
    parts.append(card["title"])
    match card.get("description"):
        case str(text):
            parts.append(html_to_plain(text))
        case {"value": text, "format": "html"}:
            parts.append(html_to_plain(text))
        case {"value": text}:
            parts.append(text)
    for attribute in card.get("attributes", ()):
        value = attribute["value"]["label"]
        parts.append(f"{attribute['label']}: {value}" if attribute.get("label") else value)
    if "url" in card:
        parts.append(card["url"])
    return "\n".join(parts)


def plain(message: Message) -> str:
    """Return what a message shows; nothing when it was deleted."""
    if message.deleted:
        return ""
    if message.card is not None:
        return card_to_plain(message.card)
    return html_to_plain(message.message) if message.message_format == "html" else message.message
