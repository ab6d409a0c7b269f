"""Page: what every page inside Hipchat has in common: who looks at it, how it is drawn, and what a browser may do with it.

Person and room come from the JWT (hipchat-api.md 8, 16.1), in the address of a page or in the header of what the page asks
for later; there are no cookies. Names and rights come from Hipchat's directory.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import jinja2
import msgspec
from aiohttp import web

from bot.domain.actor import Actor, Via, Who
from bot.domain.errors import Forbidden, Invalid
from bot.domain.tenant import Caller, Installation, Level
from bot.hipchat.text import visible
from bot.parts import PARTS, Parts
from bot.sources.values import Broken
from bot.usecases import directory
from bot.usecases.directory import Rank
from bot.web.auth import signed_by, unauthorized
from bot.web.bodies import instant
from bot.web.ingest import body_of

STATIC: Final = Path(__file__).parent / "static"
THEMES: Final = ("light", "dark")
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
FRESH: Final = 60_000
"""Milliseconds for which Hipchat's word about an admin is good."""
BODY_LIMIT: Final = 256 * 1024

NO_ROOM: Final = "this page belongs to a room, and the JWT names none"
NO_PERSON: Final = "this page is somebody's, and the JWT names nobody"
NOT_THEIRS: Final = "the JWT's room is not the installation's"
GUESTS: Final = "guests do not see the bot's pages"
UNCONFIRMED: Final = "Hipchat does not confirm who you are, so this page stays closed; open it again in a minute"
ADMINS: Final = "only the room's owner and the group's admins configure the bot here; Hipchat says that you are neither"
WRONG_BODY: Final = "the body is not what this page takes: {reason}"
T = TypeVar("T")

_CLOUD: Final = re.compile(r"(?:[a-z0-9-]+\.)*hipchat\.com\Z")
RANKS: web.AppKey[dict[tuple[str, int, int], tuple[Rank, int]]] = web.AppKey("ranks", dict)
"""What Hipchat said of people: by installation, room and user, with when it said so."""

templates: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.web"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters["visible"] = visible
templates.filters["instant"] = instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Somebody who looks at a page: the caller, through which installation, and until when the JWT is good (epoch ms)."""

    caller: Caller
    installation: Installation
    user: int
    expires_at: int
    rank: Rank = Rank.NOBODY


async def visitor(request: web.Request) -> Visitor:
    """Return who looks. 401 for what no installation signed for a person in its room, 403 for guests."""
    parts = request.app[PARTS]
    installation, who = await signed_by(request, parts)
    if who.room_id is None:
        raise unauthorized(NO_ROOM)
    if who.subject is None:
        raise unauthorized(NO_PERSON)
    now = parts.clock()
    place = await directory.room(parts.storage, parts.channel, installation, who.room_id, now=now)
    if place is None:
        raise unauthorized(NOT_THEIRS)
    person = await directory.person(parts.storage, parts.channel, installation, str(who.subject), now=now)
    if person.is_guest:
        raise Forbidden(GUESTS if person.confirmed else UNCONFIRMED)
    found = Visitor(
        caller=Caller(
            tenant=place.tenant,
            room=place.room,
            actor=Actor(kind=Who.PERSON, name=person.mention_name, id=person.id, via=Via.SIDEBAR),
            time_zone=place.room.time_zone or who.user_tz or person.time_zone,
        ),
        installation=installation,
        user=who.subject,
        expires_at=who.expires_at,
    )
    if Level.ADMINS not in place.room.rights.values():
        return found
    return replace(found, caller=replace(found.caller, is_admin=await _rank(request, parts, found) > Rank.NOBODY))


async def admin(request: web.Request) -> Visitor:
    """Return who looks, if Hipchat says that they may configure; 403 with the reason if not.

    Every JWT of an installation looks alike, so that being handed one proves nothing: Hipchat is asked.
    """
    found = await visitor(request)
    rank = await _rank(request, request.app[PARTS], found)
    if rank is Rank.NOBODY:
        raise Forbidden(ADMINS)
    return replace(found, rank=rank, caller=replace(found.caller, is_admin=True))


async def _rank(request: web.Request, parts: Parts, found: Visitor) -> Rank:
    known, key = request.app[RANKS], (found.installation.oauth_id, found.caller.room.id, found.user)
    now = parts.clock()
    if key in known and 0 <= now - known[key][1] < FRESH:
        return known[key][0]
    rank = await directory.rank_of(parts.channel, found.installation, found.caller.room, found.user)
    if len(known) > 10_000:
        known.clear()
    known[key] = (rank, now)
    return rank


def drawn(request: web.Request, name: str, found: Visitor, **values: Any) -> web.Response:
    """Draw a page for a frame of the installation's Hipchat."""
    theme = request.query.get("theme", "")
    text = templates.get_template(name).render(theme=theme if theme in THEMES else "light", **values)
    return web.Response(text=text, content_type="text/html", headers=headers(frame_ancestors(found.installation)))


def fragment(name: str, **values: Any) -> web.Response:
    """Draw a part of a page, for the page to put in."""
    text = templates.get_template(name).render(**values)
    return web.Response(text=text, content_type="text/html", headers=headers("'none'"))


def frame_ancestors(installation: Installation) -> str:
    """Return whose frames may show a page: the installation's host, and Hipchat Cloud's web clients where it is that."""
    parts = urlsplit(installation.capabilities_url)
    if parts.hostname in LOOPBACK:
        # A Hipchat on this machine has a port for http and one for https, and its page is at either.
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"http://{host}:* https://{host}:*"
    cloud = " https://*.hipchat.com" if _CLOUD.fullmatch(parts.hostname or "") else ""
    return f"{parts.scheme}://{parts.netloc}{cloud}"


def headers(ancestors: str, *, forms: str = "'none'") -> dict[str, str]:
    """Return the headers of every page: only our own scripts and styles, in nobody else's frame, kept by nobody.

    `forms` is where a page may send forms to by itself, without a script.
    """
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"base-uri 'none'; form-action {forms}; frame-ancestors {ancestors}"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


async def body_as(request: web.Request, kind: type[T]) -> T:
    """Return what a page posts as the struct that it should be. 413 above the limit; raises Invalid for anything else."""
    given = await body_of(request, BODY_LIMIT)
    try:
        return msgspec.json.decode(given, type=kind)
    except Broken as error:
        raise Invalid(WRONG_BODY.format(reason=error)) from None
