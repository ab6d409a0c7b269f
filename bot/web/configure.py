"""Configure: the page where admins set the bot up without a shell. Who is one, Hipchat says; each change is noted."""

import tomllib
from typing import Any

import msgspec
import tomli_w
from aiohttp import web

from bot.channels import Service
from bot.domain.channel import Channel
from bot.domain.errors import Forbidden, Invalid, Unknown
from bot.domain.mirror import what
from bot.domain.planfile import EXAMPLE, Problems
from bot.domain.proof import Pasted
from bot.domain.tenant import Level, Scope, level_of
from bot.domain.times import clock
from bot.domain.verbs import VERBS
from bot.hipchat.pasted import Explained, explained, look_up, try_out
from bot.parts import PARTS, Parts
from bot.ports import Dead, Later, Never
from bot.usecases import administer, configure, forward
from bot.usecases.directory import Rank
from bot.web.bodies import answer
from bot.web.page import Visitor, admin, body_as, drawn, fragment
from bot.web.snippets import filled

NAME_LIMIT = 100
PLAN_LIMIT = 200_000
TEST_TEXT = "Test by {name}: if you can read this, the bot's messages reach this room"
TAKEN = "{where}: Hipchat took the message ({status})."
SENT = "{where}: taken ({status})."
NOT_SENT = "{where}: {reason}"
REFUSED_ADDON = "Hipchat does not take the add-on's token (401), though it was fetched anew. If it stays so, install the add-on again."
NEW_ADDON = "{dead}; install the add-on again."
NO_NAME = "name is a text of 1 to {limit} characters"
NO_SCOPES = "scopes is a list of {words}"
NO_TOML = "the text is no TOML: {error}"
NO_MAPPING = "lines are a text of at most {limit} characters, such as: summary = what.title"
NO_LEVEL = "level is one of {words}"
NO_TOKEN = "token is what Hipchat shows under Tokens"  # noqa: S105 - words for people
NO_CHANNEL = "there is no channel {name}"


class NewKey(msgspec.Struct, frozen=True):
    """A key that is asked for."""

    name: str = ""
    scopes: tuple[str, ...] = (Scope.INGEST.value,)


class PlanText(msgspec.Struct, frozen=True):
    """The file with routes, policies, channels and the like."""

    text: str
    only_say: bool = True
    force: bool = False


class MappingLines(msgspec.Struct, frozen=True):
    """How a feed reads any tool's JSON."""

    feed: str
    lines: str
    only_say: bool = True
    force: bool = False


class Right(msgspec.Struct, frozen=True):
    """Who may use a verb."""

    verb: str
    level: str


class Tried(msgspec.Struct, frozen=True):
    """The channel that is tried out; without one the room."""

    channel: str | None = None


class PastedToken(msgspec.Struct, frozen=True):
    """A token of another room, and which room."""

    token: str
    room: str | None = None


def routes() -> list[web.RouteDef]:
    """Return the routes of the configure page."""
    return [
        web.get("/hipchat/configure", get_page),
        web.get("/hipchat/configure/state", get_state),
        web.post("/hipchat/configure/keys", post_key),
        web.post("/hipchat/configure/keys/{key_id:[0-9]+}/rotate", post_rotate),
        web.post("/hipchat/configure/keys/{key_id:[0-9]+}/revoke", post_revoke),
        web.post("/hipchat/configure/plan", post_plan),
        web.post("/hipchat/configure/mapping", post_mapping),
        web.post("/hipchat/configure/rights", post_right),
        web.post("/hipchat/configure/test", post_test),
        web.post("/hipchat/configure/hooks", post_hook),
        web.post("/hipchat/configure/links/revoke", post_links),
    ]


async def get_page(request: web.Request) -> web.StreamResponse:
    """Draw the page for an admin of the room or the group."""
    found = await admin(request)
    return drawn(request, "configure.html", found, **await _state(request, found))


async def get_state(request: web.Request) -> web.StreamResponse:
    """Draw what of the page changes."""
    return fragment("configuration.html", **await _state(request, await admin(request)))


async def _state(request: web.Request, found: Visitor) -> dict[str, Any]:
    parts = request.app[PARTS]
    now, zone = parts.clock(), found.caller.time_zone
    known = await administer.overview(parts.storage, found.caller, found.rank)
    room = found.caller.room
    return {
        "room": room,
        "whole": found.rank is Rank.GROUP,
        "known": known,
        "plan": tomli_w.dumps(known.tables) if known.tables else EXAMPLE,
        "rights": [
            (verb.name, level_of(room, verb.name, changes=verb.changes).value, verb.name in room.rights)
            for verb in VERBS
        ],
        "levels": [level.value for level in Level],
        "scopes": [scope.value for scope in Scope],
        "base": parts.settings.base_url,
        "at": lambda moment: clock(moment, zone, now=now),
        "what": what,
    }


# --- keys -----------------------------------------------------------------------------------------------------------


async def post_key(request: web.Request) -> web.Response:
    """Make a key of the room's feed; the answer is the only one that holds it."""
    found, given = await admin(request), await body_as(request, NewKey)
    parts = request.app[PARTS]
    name, scopes = given.name, given.scopes
    if not 1 <= len(name.strip()) <= NAME_LIMIT or not name.isprintable():
        raise Invalid(NO_NAME.format(limit=NAME_LIMIT))
    words = [scope.value for scope in Scope]
    if not scopes or not all(scope in words for scope in scopes):
        raise Invalid(NO_SCOPES.format(words=", ".join(words)))
    made = await administer.make_key(
        parts.storage, found.caller, name=name.strip(), scopes=frozenset(map(Scope, scopes)), now=parts.clock()
    )
    return _shown(parts, made)


async def post_rotate(request: web.Request) -> web.Response:
    """Make a key beside another."""
    found, parts = await admin(request), request.app[PARTS]
    key = int(request.match_info["key_id"][:18])
    return _shown(parts, await administer.rotate_key(parts.storage, found.caller, found.rank, key, now=parts.clock()))


async def post_revoke(request: web.Request) -> web.Response:
    """End a key."""
    found, parts = await admin(request), request.app[PARTS]
    key = int(request.match_info["key_id"][:18])
    await administer.revoke_key(parts.storage, found.caller, found.rank, key, now=parts.clock())
    return answer({"text": f"revoked #{key}"})


def _shown(parts: Parts, made: configure.NewKey) -> web.Response:
    return answer(
        {
            "id": made.id,
            "secret": made.secret,
            "snippets": filled(parts.settings.base_url, made.secret, parts.settings.mail_domain),
        }
    )


# --- routes and the like ----------------------------------------------------------------------------------------------


async def post_plan(request: web.Request) -> web.Response:
    """Try a file out, or put it in force: what changes, every problem with its place, and last week's messages with it."""
    found, given = await admin(request), await body_as(request, PlanText)
    parts = request.app[PARTS]
    text = given.text
    if len(text) > PLAN_LIMIT:
        raise Invalid(NO_TOML.format(error=f"it is no text of at most {PLAN_LIMIT} characters"))
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(NO_TOML.format(error=error)) from None
    try:
        changes, week = await administer.change_plan(
            parts.storage,
            found.caller,
            found.rank,
            tables,
            seal=parts.vault.seal,
            now=parts.clock(),
            only_say=given.only_say,
            force=given.force,
        )
    except Problems as problems:
        return answer({"problems": [str(each) for each in problems.found], "changes": [], "week": ""}, 409)
    return answer({"problems": [], "changes": changes, "week": week})


async def post_mapping(request: web.Request) -> web.Response:
    """Try a mapping out on the last message of a feed, or put it in force."""
    found, given = await admin(request), await body_as(request, MappingLines)
    parts = request.app[PARTS]
    feed, lines = given.feed, given.lines
    if len(lines) > PLAN_LIMIT:
        raise Invalid(NO_MAPPING.format(limit=PLAN_LIMIT))
    try:
        changes = await administer.change_mapping(
            parts.storage,
            found.caller,
            found.rank,
            feed=feed,
            lines=lines,
            now=parts.clock(),
            only_say=given.only_say,
            force=given.force,
        )
    except Problems as problems:
        return answer({"problems": [str(each) for each in problems.found], "changes": []}, 409)
    return answer({"problems": [], "changes": changes})


async def post_right(request: web.Request) -> web.Response:
    """Say who may use a verb in the room."""
    found, given = await admin(request), await body_as(request, Right)
    parts = request.app[PARTS]
    levels = {level.value: level for level in Level}
    level, verb = given.level, given.verb
    if level not in {*levels, "default"}:
        raise Invalid(NO_LEVEL.format(words=", ".join([*levels, "default"])))
    await administer.change_right(parts.storage, found.caller, verb, levels.get(level), now=parts.clock())
    return answer({"text": f"{verb}: {level}"})


# --- trying out -------------------------------------------------------------------------------------------------------


async def post_test(request: web.Request) -> web.Response:
    """Post a message to the room, or something to a channel, and explain what came back."""
    found, given = await admin(request), await body_as(request, Tried)
    parts = request.app[PARTS]
    name = given.channel
    if name is None:
        good, text = await _test_room(parts, found)
    elif found.rank is not Rank.GROUP:
        raise Forbidden(administer.GROUP_ONLY)
    else:
        known = await administer.overview(parts.storage, found.caller, found.rank)
        channel = known.plan.channels.get(name)
        if channel is None:
            raise Unknown(NO_CHANNEL.format(name=name[:NAME_LIMIT]))
        good, text = await _test_channel(
            parts, found, channel, parts.services[channel.kind], frozenset(known.muted.get(channel.name, ()))
        )
    what_for = "the room" if name is None else f"the channel {name}"
    await administer.noted(
        parts.storage, found.caller, administer.TESTED.format(what=what_for, result=text), parts.clock()
    )
    return answer({"text": text}, 200 if good else 409)


async def _test_room(parts: Parts, found: Visitor) -> tuple[bool, str]:
    room = found.caller.room
    message = {
        "message": TEST_TEXT.format(name=found.caller.actor.name),
        "message_format": "text",
        "color": "gray",
        "notify": False,
    }
    try:
        receipt = await parts.channel.send(message, found.installation, room.hipchat_id)
    except (Later, Never) as trouble:
        reason = REFUSED_ADDON if trouble.status == 401 else explained(trouble)
        return False, NOT_SENT.format(where=room.name, reason=reason)
    except Dead as dead:
        return False, NOT_SENT.format(where=room.name, reason=NEW_ADDON.format(dead=dead))
    return True, TAKEN.format(where=room.name, status=receipt.status)


async def _test_channel(
    parts: Parts, found: Visitor, channel: Channel, service: Service, muted: frozenset[str]
) -> tuple[bool, str]:
    now = parts.clock()
    try:
        status = await forward.try_out(
            service, channel, found.caller.tenant.id, unseal=parts.vault.open, now=now, muted=muted
        )
    except (Later, Never) as trouble:
        return False, NOT_SENT.format(where=channel.name, reason=trouble.reason)
    return True, SENT.format(where=channel.name, status=status)


async def post_links(request: web.Request) -> web.Response:
    """End all links to alerts that were made so far."""
    found, parts = await admin(request), request.app[PARTS]
    await administer.revoke_links(parts.storage, found.caller, found.rank, now=parts.clock())
    return answer({"text": "all links to alerts are revoked"})


async def post_hook(request: web.Request) -> web.Response:
    """Join another room of the group by a pasted token, having posted a message there."""
    found, given = await admin(request), await body_as(request, PastedToken)
    parts = request.app[PARTS]
    if found.rank is not Rank.GROUP:
        raise Forbidden(administer.GROUP_ONLY)
    token, place = given.token, given.room or None
    if not token.strip() or len(token) > NAME_LIMIT:
        raise Invalid(NO_TOKEN)
    if configure.is_v1(token.strip()):
        return answer({"text": configure.IS_V1}, 409)
    try:
        pasted = await _joined(parts, found, token.strip(), place)
    except Explained as reason:
        return answer({"text": str(reason)}, 409)
    sealed = parts.vault.seal(token.strip())
    joined = await administer.join(parts.storage, found.caller, found.rank, pasted, sealed=sealed, now=parts.clock())
    callback = f"{parts.settings.base_url}/hipchat/hook/{joined.callback}"
    return answer({"text": f"joined {joined.room.name}", "callback": callback})


async def _joined(parts: Parts, found: Visitor, token: str, place: str | None) -> Pasted:
    """Ask the installation's own Hipchat about the token, and no other."""
    api = found.installation.api_url
    pasted = await look_up(parts.client, api, token, place)
    text = TEST_TEXT.format(name=found.caller.actor.name)
    await try_out(parts.client, api, token, pasted.room_id, text)
    return pasted
