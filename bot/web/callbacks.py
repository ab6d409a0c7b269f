"""Callbacks: what Hipchat calls: the descriptor, installing, updating, uninstalling, and webhooks (product.md 5 and 7)."""

import hashlib
from html import escape
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog
from aiohttp import web

from bot.domain import commands
from bot.domain.actor import Actor, Via, Who
from bot.domain.proof import Claim, NotProven
from bot.domain.reply import Reply
from bot.domain.signal import clean
from bot.domain.tenant import Caller, Hook, Installation, Level, Speaker
from bot.hipchat import payloads, render
from bot.hipchat.capabilities import read_rules, refusal
from bot.hipchat.descriptor import AVATARS, avatar, descriptor
from bot.hipchat.signed import Signed
from bot.parts import PARTS, Parts
from bot.ports import Later, Never
from bot.storage import speakers
from bot.storage.engine import StorageError
from bot.usecases import command, directory, install
from bot.web import auth

BODY_LIMIT = 256 * 1024
TEXT_LIMIT = 32_768
INSTALLED = "Alertbot is installed. Post a first alert, or type /alert help in the room."
NOT_JSON = "this is not what Hipchat sends: {reason}"
NO_INSTALLABLE = "redirect_url and installable_url are needed; Hipchat sends both"

log = structlog.get_logger()


def routes() -> list[web.RouteDef]:
    """Return the routes that Hipchat calls."""
    return [
        web.get("/", get_descriptor),
        web.get("/hipchat/descriptor", get_descriptor),
        web.get(r"/hipchat/{name:avatar(@2x)?\.png}", get_avatar),
        web.post("/hipchat/installable", post_install),
        web.delete("/hipchat/installable/{oauth_id}", delete_installation),
        web.post("/hipchat/updated", post_update),
        web.get("/hipchat/installed", get_installed),
        web.get("/hipchat/uninstalled", get_uninstalled),
        web.post("/hipchat/webhook", post_webhook),
        web.post("/hipchat/hook/{secret}", post_hook),
    ]


async def get_descriptor(request: web.Request) -> web.Response:
    """Answer the descriptor with our own base URL in it."""
    return web.json_response(descriptor(request.app[PARTS].settings.base_url))


async def get_avatar(request: web.Request) -> web.Response:
    """Answer a picture of the descriptor."""
    name = request.match_info["name"]
    if name not in AVATARS:
        raise web.HTTPNotFound
    return web.Response(body=avatar(name), content_type="image/png", headers={"Cache-Control": "max-age=86400"})


# --- installing -----------------------------------------------------------------------------------------------------


async def post_install(request: web.Request) -> web.Response:
    """Install (hipchat-api.md 7.2): 200 when Hipchat itself confirms what the callback claims, else 400 with the reason."""
    parts = request.app[PARTS]
    try:
        claimed = payloads.read(payloads.Install, await _body(request))
    except payloads.BadBody as error:
        return _refused(NOT_JSON.format(reason=error))
    return await _install(parts, claimed)


async def _install(parts: Parts, claimed: payloads.Install) -> web.Response:
    claim = Claim(
        oauth_id=claimed.oauth_id,
        secret=claimed.oauth_secret,
        capabilities_url=claimed.capabilities_url,
        group_id=claimed.group_id,
        room_id=claimed.room_id,
    )
    try:
        done = await install.install(
            parts.storage,
            parts.prover,
            claim,
            seal=parts.vault.seal,
            groups=parts.settings.hipchat_groups,
            now=parts.clock(),
        )
    except NotProven as refused:
        log.warning("installation_refused", oauth_id=claim.oauth_id, reason=refused.text)
        return _refused(refused.text)
    parts.channel.forget(claim.oauth_id)
    parts.wakeups.outbox.set()
    log.info("installed", oauth_id=claim.oauth_id, tenant=done.tenant.id, room=done.room.id if done.room else None)
    return web.Response(text=INSTALLED)


async def post_update(request: web.Request) -> web.Response:
    """Take up a changed descriptor (7.4)."""
    parts = request.app[PARTS]
    try:
        claimed = payloads.read(payloads.Update, await _body(request))
    except payloads.BadBody as error:
        return _refused(NOT_JSON.format(reason=error))
    claim = Claim(
        oauth_id=claimed.oauth_id,
        secret="",
        capabilities_url=claimed.capabilities_url,
        group_id=claimed.group_id,
        room_id=claimed.room_id,
    )
    try:
        await install.update(
            parts.storage,
            parts.prover,
            claim,
            unseal=parts.vault.open,
            seal=parts.vault.seal,
            groups=parts.settings.hipchat_groups,
            now=parts.clock(),
        )
    except NotProven as refused:
        log.warning("update_refused", oauth_id=claim.oauth_id, reason=refused.text)
        return _refused(refused.text)
    parts.channel.forget(claim.oauth_id)
    parts.wakeups.outbox.set()
    return web.Response(text=INSTALLED)


async def delete_installation(request: web.Request) -> web.Response:
    """Uninstall (7.5). The callback is unsigned, so Hipchat's token URL decides; 204 whatever comes of it."""
    oauth_id = request.match_info["oauth_id"]
    if oauth_id.isprintable():  # what no installation can be called was not installed
        await _uninstall(request.app[PARTS], oauth_id)
    return web.Response(status=204)


async def _uninstall(parts: Parts, oauth_id: str) -> None:
    try:
        gone = await install.uninstall(
            parts.storage, parts.prover, oauth_id, unseal=parts.vault.open, now=parts.clock()
        )
    except (Later, Never) as trouble:
        log.warning("uninstallation_not_confirmed", oauth_id=oauth_id, reason=trouble.reason)
        return
    if gone:
        parts.channel.forget(oauth_id)
        parts.wakeups.outbox.set()
    log.info("uninstalled" if gone else "uninstallation_ignored", oauth_id=oauth_id)


async def get_installed(request: web.Request) -> web.StreamResponse:
    """Install through the browser (7.3): fetch what `installable_url` holds, once, then send the browser back."""
    parts = request.app[PARTS]
    back, source = _installable(request, parts)
    try:
        claimed = await parts.client.installable(source)
    except (Later, Never) as trouble:
        return _refused(trouble.reason)
    answer = await _install(parts, claimed)
    if answer.status != 200:
        return answer
    raise web.HTTPFound(back)


async def get_uninstalled(request: web.Request) -> web.StreamResponse:
    """Uninstall through the browser (7.5)."""
    parts = request.app[PARTS]
    back, source = _installable(request, parts)
    try:
        gone = await parts.client.gone(source)
    except (Later, Never) as trouble:
        return _refused(trouble.reason)
    await _uninstall(parts, gone.oauth_id)
    raise web.HTTPFound(back)


def _installable(request: web.Request, parts: Parts) -> tuple[str, str]:
    """Return where to send the browser back to and where to fetch from; both must be allowed hosts."""
    back, source = request.query.get("redirect_url", ""), request.query.get("installable_url", "")
    if not back or not source:
        raise web.HTTPBadRequest(text=NO_INSTALLABLE)
    rules = read_rules(parts.settings.hipchat_hosts)
    for url in (back, source):
        why = refusal(url, rules)
        if why:
            raise web.HTTPBadRequest(text=escape(why))
    return urlunsplit(urlsplit(back)), source


def _refused(reason: str) -> web.Response:
    return web.Response(status=400, text=reason)


async def _body(request: web.Request) -> bytes:
    if request.content_length is not None and request.content_length > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=request.content_length)
    body = await request.content.read(BODY_LIMIT + 1)
    while len(body) <= BODY_LIMIT and not request.content.at_eof():
        body += await request.content.read(BODY_LIMIT + 1 - len(body))
    if len(body) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=len(body))
    return body


# --- webhooks -------------------------------------------------------------------------------------------------------


async def post_webhook(request: web.Request) -> web.Response:
    """Take a signed webhook. Person and room come from the JWT; the body must agree with it, or nothing happens (401)."""
    parts = request.app[PARTS]
    installation, who = await auth.signed_by(request, parts)
    try:
        event = payloads.read_webhook(await _body(request))
    except payloads.BadBody as error:
        return _refused(NOT_JSON.format(reason=error))
    parts.metrics.callbacks.labels(_event_name(event)).inc()
    room_id = event.item.room.id
    if who.room_id != room_id or event.oauth_client_id not in {None, who.issuer}:
        raise auth.unauthorized("body and JWT disagree")
    if isinstance(event, payloads.RoomArchived | payloads.RoomDeleted | payloads.RoomUnarchived):
        await directory.look_again(parts.storage, parts.channel, installation, room_id, now=parts.clock())
        parts.wakeups.outbox.set()
        return web.Response(status=204)
    if not isinstance(event, payloads.RoomMessage) or not commands.is_command(event.item.message.message):
        return web.Response(status=204)
    message = event.item.message
    if who.subject is None or message.sender_id != who.subject:
        raise auth.unauthorized("sender and JWT disagree")
    try:
        return await _typed(parts, installation, who, event)
    except StorageError as error:
        return _not_stored(error)


async def _typed(parts: Parts, installation: Installation, who: Signed, event: payloads.RoomMessage) -> web.Response:
    """Do what somebody typed in a room of an installation."""
    message, room_id = event.item.message, event.item.room.id
    place = await directory.room(parts.storage, parts.channel, installation, room_id, now=parts.clock())
    if place is None or not place.speaks(installation):
        return web.Response(status=204)
    assert who.subject is not None
    person = await directory.person(parts.storage, parts.channel, installation, str(who.subject), now=parts.clock())
    caller = Caller(
        tenant=place.tenant,
        room=place.room,
        actor=Actor(kind=Who.PERSON, name=person.mention_name, id=person.id, via=Via.ROOM),
        time_zone=place.room.time_zone or who.user_tz or person.time_zone,
        is_guest=person.is_guest,
        confirmed=person.confirmed,
        # Hipchat is asked only where it matters.
        is_admin=Level.ADMINS in place.room.rights.values()
        and await directory.is_admin(parts.channel, installation, place.room, who.subject),
    )
    return await _perform(parts, caller, installation, message, f"{who.issuer}:{event.webhook_id}")


async def post_hook(request: web.Request) -> web.Response:
    """Take a slash command of "build your own integration": unsigned, so the secret path is all that vouches for it."""
    parts = request.app[PARTS]
    hashed = hashlib.sha256(request.match_info["secret"].encode("utf-8", "replace")).hexdigest()
    async with parts.storage.read() as tx:
        hook = await speakers.hook_by_callback(tx, hashed)
    if hook is None:
        raise auth.unauthorized("no such callback path")
    try:
        event = payloads.read_webhook(await _body(request))
    except payloads.BadBody as error:
        return _refused(NOT_JSON.format(reason=error))
    if not isinstance(event, payloads.RoomMessage) or not commands.is_command(event.item.message.message):
        return web.Response(status=204)
    try:
        return await _typed_through(parts, hook, event)
    except StorageError as error:
        return _not_stored(error)


async def _typed_through(parts: Parts, hook: Hook, event: payloads.RoomMessage) -> web.Response:
    """Do what somebody typed in a room of a token hook."""
    message = event.item.message
    sender = message.sender
    place = await directory.hooked_room(parts.storage, hook)
    if place.room.hipchat_id != event.item.room.id or message.sender_id is None:
        raise auth.unauthorized("the callback path belongs to another room")
    if not await directory.bound(
        parts.storage,
        hook,
        oauth_client_id=event.oauth_client_id or "",
        webhook_id=event.webhook_id,
    ):
        raise auth.unauthorized("the callback path is bound to another sender")
    if not place.speaks(hook):
        return web.Response(status=204)
    name = sender.mention_name or sender.name if isinstance(sender, payloads.Sender) else str(message.sender_id)
    caller = Caller(
        tenant=place.tenant,
        room=place.room,
        actor=Actor(kind=Who.PERSON, name=f"{name} (unverified)", id=f"unverified:{message.sender_id}", via=Via.ROOM),
        time_zone=place.room.time_zone,
        verified=False,
    )
    return await _perform(parts, caller, hook, message, f"hook:{hook.id}:{event.webhook_id}")


async def _perform(parts: Parts, caller: Caller, speaker: Speaker, message: payloads.Message, via: str) -> web.Response:
    """Do a command once and answer with the reply, or with nothing when the room has had its messages for this minute."""
    room = caller.room.hipchat_id

    def rendered(reply: Reply) -> dict[str, Any]:
        return dict(render.reply(reply))

    def fits(sent: tuple[list[int], list[int]]) -> bool:
        return parts.medium.answer_fits(speaker, room, sent, parts.clock())

    with parts.metrics.command_seconds.time():
        done = await command.perform(
            parts.storage,
            caller,
            clean(message.message, TEXT_LIMIT),
            message_id=message.id,
            via=via,
            now=parts.clock(),
            rendered=rendered,
            fits=fits,
            find_person=directory.finder(parts.storage, parts.channel, speaker, now=parts.clock()),
            find_rooms=directory.rooms_finder(parts.storage, parts.channel, caller),
            rules=parts.rules,
            link_key=parts.link_key,
        )
    parts.metrics.commands.labels(done.verb, done.outcome).inc()
    parts.wakeups.outbox.set()
    parts.wakeups.timers.set()
    parts.wakeups.whispers.set()
    if not done.body:
        return web.Response(status=204)
    return web.Response(text=done.body, content_type="application/json")


def _not_stored(error: StorageError) -> web.Response:
    """Answer a command that the database did not even let begin: in a sentence, since the room shows nothing of a refusal."""
    return web.json_response(dict(render.reply(command.unstored(error))))


def _event_name(event: payloads.Webhook) -> str:
    return type(event).__name__
