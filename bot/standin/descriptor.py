"""Add-on descriptors: where they come from, and whether Hipchat would take them (hipchat-api.md 6, 7.1)."""

import base64
import binascii
import json
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import aiohttp

from bot.standin.events import WEBHOOK_EVENTS
from bot.standin.schemas import text
from bot.standin.tokens import SCOPES
from bot.standin.validation import Invalid, Schema, check, is_absolute

FETCH_TIMEOUT: Final = 10.0
LONGEST: Final = 1 << 20
_DEEPEST_CONDITION: Final = 10


class Refused(Exception):
    """An add-on is not installed or updated; the text says why."""


def _url(*, required: bool = False) -> Schema:
    return text(1, required=required, format="url")


def _object(properties: dict[str, Any], *, required: bool = False, closed: bool = False) -> Schema:
    return {"type": "object", "required": required, "closed": closed, "properties": properties}


def _list(properties: dict[str, Any], *, closed: bool = False) -> Schema:
    return {"type": "array", "items": _object(properties, closed=closed)}


_KEY_PATTERN: Final = r"^[a-zA-Z0-9_\-\.]+$"


def _key(*, required: bool = True) -> Schema:
    return text(1, 40, required=required, pattern=_KEY_PATTERN)


def _name(*, required: bool = True) -> Schema:
    return _object({"value": text(1, 100, required=True), "i18n": text(1, 40)}, required=required, closed=True)


def _icon(*, required: bool = False) -> Schema:
    return _object({"url": _url(required=True), "url@2x": _url(required=True)}, required=required)


_AUTHENTICATION: Final = text(enum=["jwt", "none"])
_BOOLEAN: Final[Schema] = {"type": "boolean"}
_INTEGER: Final[Schema] = {"type": "integer"}
_EVERYWHERE: Final = ["room_is_public", "user_is_admin", "user_is_guest", "user_is_room_owner"]
_ON_ACTIONS: Final = ["message_matches", "message_contains_link", "message_sent_by_current_user", "card_matches"]


def _conditions(names: list[str], depth: int = 0) -> Schema:
    """Describe a list of conditions; nesting is cut at a depth that nobody reaches."""
    single = _object(
        {"condition": text(required=True, enum=names), "params": {"type": "object"}, "invert": _BOOLEAN}, closed=True
    )
    if depth == _DEEPEST_CONDITION:
        return {"type": "array", "items": single}
    nested = {"type": ["array"], "required": True, "items": _conditions(names, depth + 1)["items"]}
    both = _object({"type": text(required=True, enum=["and", "or", "AND", "OR"]), "conditions": nested}, closed=True)
    return {"type": "array", "items": {"any_of": [single, both]}}


def _target(*, required: bool = False) -> Schema:
    choices = [{"type": "string", "min": 1}, _object({"key": _key(), "options": {"type": "object"}})]
    return {"required": required, "any_of": choices}


_ACTION: Final = {"name": _name(), "key": text(), "enabled": _BOOLEAN}
_DIALOG_OPTIONS: Final = _object(
    {
        "style": text(enum=["normal", "warning"]),
        "primaryAction": _object(_ACTION),
        "secondaryActions": _list(_ACTION),
        "size": {
            "any_of": [
                {"type": "string", "enum": ["small", "medium", "large", "xlarge"]},
                _object({"height": text(1, required=True), "width": text(1, required=True)}),
            ]
        },
        "hint": _name(required=False),
        "filter": _object({"placeholder": _name()}),
    },
    closed=True,
)

CAPABILITIES: Final[dict[str, Schema]] = {
    "hipchatApiConsumer": _object(
        {
            "scopes": {"type": "array", "required": True, "items": text(enum=list(SCOPES))},
            "fromName": text(),
            "avatar": {
                "any_of": [
                    {"type": "string", "format": "url"},
                    _object({"url": _url(required=True), "url@2x": _url()}),
                ]
            },
        }
    ),
    "installable": _object(
        {
            "allowGlobal": _BOOLEAN,
            "allowRoom": _BOOLEAN,
            "callbackUrl": _url(),
            "installedUrl": _url(),
            "uninstalledUrl": _url(),
            "updateCallbackUrl": _url(),
            "updatedUrl": _url(),
        }
    ),
    "configurable": _object(
        {"url": _url(required=True), "authentication": _AUTHENTICATION, "allowAccessToRoomAdmins": _BOOLEAN}
    ),
    "adminPage": _object({"url": _url(required=True)}),
    "webhook": _list(
        {
            "url": _url(required=True),
            "event": text(required=True, enum=list(WEBHOOK_EVENTS)),
            "pattern": text(format="regex"),
            "name": text(),
            "key": _key(required=False),
            "authentication": _AUTHENTICATION,
        }
    ),
    "glance": _list(
        {
            "key": _key(),
            "name": _name(),
            "icon": _icon(required=True),
            "queryUrl": _url(),
            "target": _target(),
            "weight": _INTEGER,
            "conditions": _conditions([*_EVERYWHERE, "glance_matches"]),
        }
    ),
    "webPanel": _list(
        {
            "key": _key(),
            "name": _name(),
            "url": _url(required=True),
            "location": text(required=True, enum=["hipchat.sidebar.right"]),
            "icon": _icon(),
            "weight": _INTEGER,
            "conditions": _conditions(_EVERYWHERE),
            "authentication": _AUTHENTICATION,
        }
    ),
    "dialog": _list(
        {
            "key": _key(),
            "title": _name(),
            "url": _url(required=True),
            "authentication": _AUTHENTICATION,
            "options": _DIALOG_OPTIONS,
        }
    ),
    "action": _list(
        {
            "key": _key(),
            "name": _name(),
            "location": text(required=True, enum=["hipchat.message.action", "hipchat.input.action"]),
            "target": _target(required=True),
            "weight": _INTEGER,
            "conditions": _conditions([*_EVERYWHERE, *_ON_ACTIONS]),
        }
    ),
    "externalPage": _list({"key": _key(), "url": _url(required=True), "name": _name(required=False)}, closed=True),
    "oauth2Consumer": _object({"redirectionUrls": {"type": "array", "required": True, "items": text(1)}}),
    "oauth2Provider": _object({"authorizationUrl": text(), "tokenUrl": text()}),
}

DESCRIPTOR: Final = _object(
    {
        "key": text(1, required=True, pattern=r"^[^:]+$"),
        "name": text(1, required=True),
        "description": text(1, required=True),
        "links": _object({"self": _url(required=True), "homepage": _url()}, required=True),
        "vendor": _object({"name": text(1, required=True), "url": text(1, required=True)}, closed=True),
        "apiVersion": text(pattern=r"^\d+:\d+$"),
        "capabilities": _object(dict(CAPABILITIES)),
    }
)


def validate(descriptor: Any) -> dict[str, Any]:
    """Return the descriptor if Hipchat would take it. Raises Refused with the first breach."""
    if not isinstance(descriptor, dict):
        raise Refused("The descriptor is not an object")
    try:
        check(descriptor, DESCRIPTOR)
    except Invalid as error:
        raise Refused(f"The descriptor is invalid: {error.message}") from None
    return descriptor


async def fetch(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """GET and validate a descriptor, or read it from a data URL. Raises Refused."""
    raw = _from_data_url(url) if url.startswith("data:") else await _from_web(session, url)
    try:
        descriptor = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("The descriptor is not JSON") from None
    return validate(descriptor)


def _from_data_url(url: str) -> bytes:
    head, comma, data = url.removeprefix("data:").partition(",")
    kind, *parameters = head.split(";")
    if not comma or kind != "application/json" or "base64" not in parameters:
        raise Refused("A data URL must begin with data:application/json;base64,")
    try:
        return base64.b64decode(unquote_to_bytes(data), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("The data URL is not base64") from None


async def _from_web(session: aiohttp.ClientSession, url: str) -> bytes:
    if not is_absolute(url):
        raise Refused("The descriptor's address must be an absolute URL")
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT)
    try:
        async with session.get(url, timeout=timeout, allow_redirects=False) as response:
            raw = await response.content.read(LONGEST)
            if response.status != 200:
                raise Refused(f"The descriptor's address answered {response.status}")
            return raw
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise Refused(f"The descriptor cannot be fetched: {type(error).__name__}") from None
