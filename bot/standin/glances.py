"""Glances as a person's client is given them: each with an address that is signed for that person in that room (15.1)."""

from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from bot.standin import jwts
from bot.standin.people import User
from bot.standin.rooms import Room
from bot.standin.state import Hipchat
from bot.standin.tokens import Client

WEIGHT = 100
VERSION = "1"


def glances_of(hipchat: Hipchat, room: Room, user: User) -> list[dict[str, Any]]:
    """Return the glances of a room's add-ons: grouped by add-on, then by descending weight."""
    found = [(client, glance) for client in hipchat.installations(room) for glance in client.capability("glance") or []]
    found.sort(key=lambda pair: (pair[0].addon_key or "", -pair[1].get("weight", WEIGHT)))
    return [
        {
            "addon": client.id,
            "key": glance["key"],
            "name": glance["name"]["value"],
            "query": signed_url(hipchat, client, glance["queryUrl"], room, user) if "queryUrl" in glance else None,
        }
        for client, glance in found
    ]


def signed_url(hipchat: Hipchat, client: Client, url: str, room: Room, user: User) -> str:
    """Return an address with what Hipchat adds to it; it may have a query already."""
    token = jwts.sign(client, now=hipchat.clock(), room=room, user=user)
    parts = urlsplit(url)
    added = urlencode({"signed_request": token, "connect_client_api_version": VERSION})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
