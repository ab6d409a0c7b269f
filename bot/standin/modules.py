"""Modules of add-ons as a person's client opens them (hipchat-api.md 16.1, 16.2): panels, dialogs, pages and actions.

Each is at an address that is signed for that person in that room; and the calls of the JavaScript API (16.3) that need the
server are answered.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import aiohttp

from bot.standin import jwts
from bot.standin.people import User
from bot.standin.rooms import Room
from bot.standin.state import Hipchat
from bot.standin.tokens import Client

WEIGHT: Final = 100
VERSION: Final = "1"
PATIENCE: Final = 10.0
THEMES: Final = frozenset({"light", "dark"})
FRAMED: Final = {"webPanel": "key", "dialog": "key", "externalPage": "key"}
"""The kinds of modules that have addresses, beside the one `configurable`."""

NO_MODULE: Final = "The add-on has no {module}."
NOT_AN_ADMIN: Final = "Only admins of the room or the group configure add-ons."
NOT_REACHED: Final = "The page of the add-on cannot be reached: {error}"
NOT_SHOWN: Final = "The page of the add-on answered {status}."
FORBIDS: Final = "The page of the add-on forbids to be shown in a frame ({header})."
NO_SCOPE: Final = "The add-on lacks the scope {scope}."
NO_CALL: Final = "There is no such call: {call}"


class NotShown(Exception):
    """A module cannot be shown, or a call not be answered; the text says why."""


def glances_of(hipchat: Hipchat, room: Room, user: User) -> list[dict[str, Any]]:
    """Return the glances of a room's add-ons: grouped by add-on, then by descending weight."""
    found = [
        (client, glance) for client in _installed(hipchat, room, user) for glance in client.capability("glance") or []
    ]
    found.sort(key=lambda pair: (pair[0].addon_key or "", -pair[1].get("weight", WEIGHT)))
    return [
        {
            "addon": client.id,
            "key": glance["key"],
            "name": glance["name"]["value"],
            "target": target_of(glance),
            "conditions": glance.get("conditions", []),
            "query": signed_url(hipchat, client, glance["queryUrl"], room, user)[0] if "queryUrl" in glance else None,
        }
        for client, glance in found
    ]


def addons_of(hipchat: Hipchat, room: Room, user: User) -> dict[str, Any]:
    """Return what a person's client knows of a room's add-ons, and the facts that their conditions are about."""
    return {
        "facts": {
            "room_is_public": room.privacy == "public",
            "user_is_admin": user.is_admin,
            "user_is_guest": user.is_guest,
            "user_is_room_owner": room.owner_id == user.id,
        },
        "addons": [
            {
                "addon": client.id,
                "key": client.addon_key,
                "name": client.name,
                "panels": [{"key": each["key"], "name": each["name"]["value"]} for each in _all(client, "webPanel")],
                "dialogs": [
                    {"key": each["key"], "title": each["title"]["value"], "options": each.get("options", {})}
                    for each in _all(client, "dialog")
                ],
                "pages": [each["key"] for each in _all(client, "externalPage")],
                "actions": [
                    {
                        "key": each["key"],
                        "name": each["name"]["value"],
                        "location": each["location"],
                        "target": target_of(each),
                        "weight": each.get("weight", WEIGHT),
                        "conditions": each.get("conditions", []),
                    }
                    for each in _all(client, "action")
                ],
                "configurable": client.capability("configurable") is not None and is_admin(room, user),
            }
            for client in _installed(hipchat, room, user)
        ],
    }


def _installed(hipchat: Hipchat, room: Room, user: User) -> list[Client]:
    """Return a room's add-ons; guests get no Connect UI (hipchat-api.md 16.2)."""
    return [] if user.is_guest else list(hipchat.installations(room))


def is_admin(room: Room, user: User) -> bool:
    """Whether a person administers a room."""
    return user.is_admin or room.owner_id == user.id or user.id in room.room_admins


def _all(client: Client, kind: str) -> list[dict[str, Any]]:
    return list(client.capability(kind) or [])


def target_of(module: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a glance or an action opens: a key, and options for a dialog."""
    target = module.get("target")
    if target is None:
        return None
    return {"key": target, "options": {}} if isinstance(target, str) else {"options": {}, **target}


def signed_url(hipchat: Hipchat, client: Client, url: str, room: Room, user: User, **more: str) -> tuple[str, str]:
    """Return an address with what Hipchat adds to it, and the JWT in it; it may have a query already."""
    token = jwts.sign(client, now=hipchat.clock(), room=room, user=user)
    parts = urlsplit(url)
    added = urlencode({"signed_request": token, "connect_client_api_version": VERSION, **more})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added)), token


def page_of(client: Client, module: str, values: Mapping[str, Any], *, admin: bool) -> str:
    """Return the address of a module, with its variables replaced. Raises NotShown.

    `module` is `webPanel:KEY`, `dialog:KEY`, `externalPage:KEY` or `configurable`.
    """
    kind, _, key = module.partition(":")
    if kind == "configurable":
        found = client.capability("configurable")
        if found is not None and not admin:
            raise NotShown(NOT_AN_ADMIN)
    else:
        found = next((each for each in _all(client, kind) if each["key"] == key), None) if kind in FRAMED else None
    if found is None:
        raise NotShown(NO_MODULE.format(module=module))
    return filled(found["url"], values)


def filled(url: str, values: Mapping[str, Any]) -> str:
    """Replace `{message.body}`-style variables, percent-encoded; objects as JSON, unknown ones by nothing."""
    parts = url.split("{")
    text = parts[0]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        if not closed:
            text += "{" + part
            continue
        value: Any = values
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        shown = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        text += quote(shown, safe="") + rest
    return text


async def check_frame(url: str, origin: str) -> None:
    """Fetch a page as the frame is going to. Raises NotShown when it would stay empty there."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.get(url, allow_redirects=True) as answer,
        ):
            status, headers = answer.status, answer.headers
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotShown(NOT_REACHED.format(error=type(error).__name__)) from None
    if status >= 400:
        raise NotShown(NOT_SHOWN.format(status=status))
    forbidden = headers.get("X-Frame-Options", "").strip().lower()
    policy = headers.get("Content-Security-Policy", "")
    ancestors = next(
        (rule.split()[1:] for rule in policy.split(";") if rule.strip().startswith("frame-ancestors")), None
    )
    if ancestors is not None:
        if not any(_allows(source, origin) for source in ancestors):
            raise NotShown(FORBIDS.format(header="Content-Security-Policy: frame-ancestors"))
    elif forbidden in {"deny", "sameorigin"}:
        raise NotShown(FORBIDS.format(header=f"X-Frame-Options: {forbidden}"))


def _allows(source: str, origin: str) -> bool:
    host = urlsplit(origin)
    if source in {"*", origin, f"{host.scheme}:"}:
        return True
    scheme, _, name = source.rpartition("://")
    if scheme not in {"", host.scheme}:
        return False
    if name.startswith("*."):
        return (host.hostname or "").endswith(name[1:])
    return name in {host.netloc, host.hostname, f"{host.netloc.rpartition(':')[0]}:*"}


def called(hipchat: Hipchat, client: Client, room: Room, user: User, call: str) -> Any:
    """Answer a call of the JavaScript API. Raises NotShown."""
    if "view_room" not in client.scopes:
        raise NotShown(NO_SCOPE.format(scope="view_room"))
    match call:
        case "room.getRoomDetails":
            return {"id": room.id, "name": room.name, "privacy": room.privacy, "topic": room.topic}
        case "room.getParticipants":
            present = [hipchat.users[each] for each in sorted(room.participants) if each in hipchat.users]
            return {
                "guests": [_person(each) for each in present if each.is_guest],
                "members": [_person(each) for each in present if not each.is_guest],
            }
        case "user.getCurrentUser":
            return {**_person(user), "title": user.title, "is_guest": user.is_guest}
        case _:
            raise NotShown(NO_CALL.format(call=call))


def _person(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "mention_name": user.mention_name,
        "email": user.email,
        "presence": user.presence.show if user.presence else None,
        "photo_url": None,
        "is_admin": user.is_admin,
    }
