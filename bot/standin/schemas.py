"""What the REST methods accept (hipchat-api.md 9.2, 11-15), in the schema language of validation.py."""

from typing import Any, Final

from bot.standin.events import WEBHOOK_EVENTS
from bot.standin.rooms import COLORS
from bot.standin.validation import Schema


def text(low: int = 0, high: int | None = None, *, required: bool = False, **rules: Any) -> Schema:
    """Describe a string by its lengths."""
    bounds = {"min": low} if high is None else {"min": low, "max": high}
    return {"type": "string", "required": required, **bounds, **rules}


FORMAT: Final = text(enum=["html", "text"])
ICON: Final[Schema] = {
    "any_of": [
        {"type": "string", "min": 1},
        {"type": "object", "properties": {"url": text(1, required=True), "url@2x": text(1)}},
    ]
}
LOZENGES: Final = ["lozenge", *(f"lozenge-{kind}" for kind in ("success", "error", "current", "complete", "moved"))]

CARD: Final[Schema] = {
    "type": "object",
    "properties": {
        "style": text(1, 16, required=True, enum=["file", "image", "application", "link", "media"]),
        "id": text(1, required=True),
        "title": text(1, 500, required=True),
        "url": text(1),
        "description": {
            "any_of": [
                {"type": "string", "min": 1, "max": 1000},
                {
                    "type": "object",
                    "properties": {
                        "value": text(1, 1000, required=True),
                        "format": text(required=True, enum=["html", "text"]),
                    },
                },
            ]
        },
        "format": text(1, 25, enum=["compact", "medium"]),
        "thumbnail": {
            "type": "object",
            "properties": {
                "url": text(1, 250, required=True),
                "url@2x": text(1, 250),
                "width": {"type": "number"},
                "height": {"type": "number"},
            },
        },
        "icon": ICON,
        "activity": {
            "type": "object",
            "closed": True,
            "properties": {"html": text(1, required=True), "icon": ICON},
        },
        "attributes": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "label": text(1, 50),
                    "value": {
                        "type": "object",
                        "required": True,
                        "properties": {
                            "label": text(1, required=True),
                            "style": text(enum=LOZENGES),
                            "url": text(),
                            "icon": ICON,
                        },
                    },
                },
            },
        },
        "metadata": {"type": "object"},
    },
}

NOTIFICATION: Final[Schema] = {
    "type": "object",
    "properties": {
        "message": text(1, 10000, required=True),
        "message_format": FORMAT,
        "color": text(enum=[*COLORS, "random"]),
        "notify": {"type": "flag"},
        "from": text(0, 64),
        "attach_to": text(0, 36),
        "card": {"any_of": [{"type": "null"}, CARD]},
    },
}
PRIVATE_MESSAGE: Final[Schema] = {
    "type": "object",
    "properties": {
        "message": text(1, 10000, required=True),
        "message_format": FORMAT,
        "notify": {"type": "flag"},
    },
}


def room_message(limit: int) -> Schema:
    """Describe a person's message; its longest length is unconfirmed (hipchat-api.md 13)."""
    return {"type": "object", "properties": {"message": text(1, limit, required=True)}}


def reply(limit: int) -> Schema:
    """Describe a person's reply."""
    return {
        "type": "object",
        "properties": {"parentMessageId": text(1, required=True), "message": text(1, limit, required=True)},
    }


SHARE_LINK: Final[Schema] = {"type": "object", "properties": {"link": text(1, required=True), "message": text()}}
PRIVACY: Final = ["public", "private"]
USER_KEY: Final = ["integer", "string"]
CREATE_ROOM: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": text(1, 50, required=True),
        "topic": text(0, 250),
        "privacy": text(enum=PRIVACY),
        "guest_access": {"type": "flag"},
        "owner_user_id": {"type": [*USER_KEY, "null"]},
        "delegate_admin_visibility": {"type": ["boolean", "null"]},
    },
}
UPDATE_ROOM: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": text(1, 50, required=True),
        "topic": text(0, 250, required=True),
        "privacy": text(required=True, enum=PRIVACY),
        "is_archived": {"type": "boolean", "required": True},
        "is_guest_accessible": {"type": "boolean", "required": True},
        "owner": {
            "type": "object",
            "required": True,
            "properties": {"id": {"type": USER_KEY, "required": True}},
        },
        "delegate_admin_visibility": {"type": ["boolean", "null"]},
    },
}
TOPIC: Final[Schema] = {"type": "object", "properties": {"topic": text(0, 250, required=True)}}
MEMBER: Final[Schema] = {
    "type": "object",
    "properties": {"room_roles": {"type": "array", "items": text(enum=["room_member", "room_admin"])}},
}
INVITE: Final[Schema] = {"type": "object", "properties": {"reason": {"type": ["string", "null"]}}}

WEBHOOK: Final[Schema] = {
    "type": "object",
    "properties": {
        "url": text(1, required=True, format="url"),
        "event": text(required=True, enum=list(WEBHOOK_EVENTS)),
        "pattern": {"type": ["string", "null"], "format": "regex"},
        "name": {"type": ["string", "null"]},
        "key": {"type": ["string", "null"], "min": 1, "max": 40, "pattern": r"^[a-zA-Z0-9_\-\.]+$"},
        "authentication": text(enum=["jwt", "none"]),
    },
}

_PRESENCE: Final[Schema] = {
    "type": ["object", "null"],
    "properties": {
        "status": {"type": ["string", "null"]},
        "show": {"type": ["string", "null"], "enum": ["chat", "away", "dnd", "xa", None]},
    },
}
_USER_FIELDS: Final = {
    "title": {"type": ["string", "null"]},
    "timezone": text(),
    "is_group_admin": {"type": "flag"},
    "password": {"type": ["string", "null"]},
    "presence": _PRESENCE,
}
CREATE_USER: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": text(1, 50, required=True),
        "email": text(1, required=True, pattern="@"),
        "mention_name": text(0, 50, pattern=r"^\S*$"),
        **_USER_FIELDS,
    },
}
UPDATE_USER: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": text(1, 50, required=True),
        "mention_name": text(1, 50, required=True, pattern=r"^\S+$"),
        "email": text(1, required=True, pattern="@"),
        **_USER_FIELDS,
    },
}

GLANCE_CONTENT: Final[Schema] = {
    "type": "object",
    "required": True,
    "properties": {
        "label": {
            "type": "object",
            "required": True,
            "properties": {"type": text(required=True, enum=["html"]), "value": text(1, 1000, required=True)},
        },
        "status": {
            "type": "object",
            "properties": {
                "type": text(required=True, enum=["lozenge", "icon"]),
                "value": {"type": "object", "required": True},
            },
        },
        "metadata": {"type": "object"},
    },
}
GLANCE_PUSH: Final[Schema] = {
    "type": "object",
    "properties": {
        "glance": {
            "type": "array",
            "required": True,
            "items": {"type": "object", "properties": {"key": text(1, required=True), "content": GLANCE_CONTENT}},
        }
    },
}
