"""Refusals of the REST API and their envelope (hipchat-api.md 4.3)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

TYPES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
INVALID_SESSION: Final = "Invalid OAuth session"
NO_ROOM: Final = "Room not found"
NO_USER: Final = "User not found"
NO_PATH: Final = "Not found"
TOO_MANY: Final = "Rate limit exceeded"
ROOM_ARCHIVED: Final = "Room is archived"
OTHER_ROOM: Final = "This token may not access the room"


class ApiError(Exception):
    """A refused request: status, message, and further keys of the envelope."""

    def __init__(self, status: int, message: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.extra = extra or {}


def to_json(data: Any) -> str:
    """Write JSON as Hipchat does: indented by two, keys in order (hipchat-api.md 4)."""
    return json.dumps(data, indent=2, sort_keys=True)


def answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Make a JSON answer."""
    return web.Response(text=to_json(data), status=status, content_type="application/json", headers=headers)


def refusal(error: ApiError) -> web.Response:
    """Make the error envelope."""
    body = {"code": error.status, "type": TYPES.get(error.status, "Error"), "message": error.message, **error.extra}
    return answer({"error": body}, error.status)
