"""Admin: the commands that set up rooms and keys from a shell."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import click

from bot.console import Failed, read_settings, run
from bot.domain.errors import AlertbotError
from bot.domain.tenant import Hook, Level, Scope, level_of, speaker_of
from bot.domain.unseen import plain
from bot.domain.verbs import NAMES, VERBS
from bot.hipchat.capabilities import read_rules, refusal
from bot.hipchat.pasted import Explained, explained, look_up, try_out
from bot.parts import Parts
from bot.ports import Dead, Later, Never
from bot.storage import speakers, tenants
from bot.usecases import configure
from bot.wiring import running

TENANT = click.option("--tenant", help="Group name or id, or its host; asked for when several groups use this bot.")
TEST_TEXT = "alertbot room test: if you can read this, alerts reach this room"
ASKERS_ZONE = "the zone of whoever asks (default)"
CLOUD = "https://api.hipchat.com"


async def with_parts(work: Callable[[Parts], Awaitable[None]]) -> None:
    """Run a command's work with everything built, and turn refusals into a line for people."""
    async with running(read_settings()) as parts:
        try:
            await work(parts)
        except (AlertbotError, Explained) as refused:
            raise Failed(str(refused)) from None


@click.group()
def room() -> None:
    """Join rooms by a pasted token, list and test them."""


@room.command("add")
@click.argument("token")
@click.option("--room", "place", help="Room id or exact name; not needed with a room token.")
@click.option("--host", help="A Hipchat Server, such as https://hipchat.example.com. Default: Hipchat Cloud.")
def room_add(token: str, place: str | None, host: str | None) -> None:
    """Join a room with a room or user TOKEN, and post a test message there."""
    if configure.is_v1(token):
        raise click.ClickException(configure.IS_V1)

    async def work(parts: Parts) -> None:
        api_url = _api_url(parts, host)
        pasted = await look_up(parts.client, api_url, token, place)
        await try_out(parts.client, api_url, token, pasted.room_id, TEST_TEXT)
        joined = await configure.add_hook(parts.storage, pasted, sealed=parts.vault.seal(token), now=parts.clock())
        click.echo(f"joined {plain(joined.room.name)} as {pasted.label or pasted.kind}; a test message is in the room")
        click.echo("for /alert commands there, make a slash command /alert with this URL (shown once):")
        click.echo(f"  {parts.settings.base_url or 'BASE_URL'}/hipchat/hook/{joined.callback}")

    run(with_parts(work))


def _api_url(parts: Parts, host: str | None) -> str:
    """Return the API's URL on a host; the same allow-list as for installations holds."""
    origin = (host or CLOUD).rstrip("/")
    origin = origin if "://" in origin else f"https://{origin}"
    url = f"{origin}/v2/"
    why = refusal(url, read_rules(parts.settings.hipchat_hosts))
    if why:
        raise Failed(f"{why} (HIPCHAT_HOSTS)")
    return url


@room.command("list")
@TENANT
def room_list(tenant: str | None) -> None:
    """List the rooms, who speaks for the bot in each, and what is wrong there."""

    async def work(parts: Parts) -> None:
        async with parts.storage.read() as tx:
            owner = await configure.which_tenant(tx, tenant)
            installed, hooked = await speakers.installations(tx, owner.id), await speakers.hooks(tx, owner.id)
            for each in await tenants.rooms(tx, owner.id):
                speaker = speaker_of(each.id, installed, hooked)
                through = "nobody" if speaker is None else "token" if isinstance(speaker, Hook) else "add-on"
                trouble = "gone" if each.gone_at else each.trouble or "ok"
                click.echo(f"{each.hipchat_id}\t{plain(each.name)}\t{through}\t{plain(trouble)}")

    run(with_parts(work))


@room.command("test")
@click.argument("place", metavar="ROOM")
@TENANT
def room_test(place: str, tenant: str | None) -> None:
    """Post a test message into ROOM (id or name) and explain Hipchat's answer."""

    async def work(parts: Parts) -> None:
        async with parts.storage.read() as tx:
            owner = await configure.which_tenant(tx, tenant)
            found = await configure.which_room(tx, owner, place)
            speaker = speaker_of(
                found.id, await speakers.installations(tx, owner.id), await speakers.hooks(tx, owner.id)
            )
        if speaker is None:
            raise Failed(f"nobody speaks for the bot in {plain(found.name)}: install the add-on there, or add a token")
        message = {"message": TEST_TEXT, "message_format": "text", "color": "gray", "notify": False}
        try:
            receipt = await parts.channel.send(message, speaker, found.hipchat_id)
        except (Later, Never) as trouble:
            raise Failed(f"{plain(found.name)}: {explained(trouble)}") from None
        except Dead as dead:
            raise Failed(f"{plain(found.name)}: {dead}; install the add-on again") from None
        click.echo(f"{plain(found.name)}: Hipchat took the message ({receipt.status})")

    run(with_parts(work))


@room.command("rights")
@click.argument("place", metavar="ROOM")
@click.argument("changes", metavar="[VERB=LEVEL]...", nargs=-1)
@TENANT
def room_rights(place: str, changes: tuple[str, ...], tenant: str | None) -> None:
    """Say who may use which verb in ROOM (id or name), or change that.

    LEVEL is everybody, members (no guests), admins (the room's owner and the group's admins), nobody, or default.
    """
    wanted = [_right(change) for change in changes]

    async def work(parts: Parts) -> None:
        found = await configure.change_rights(parts.storage, tenant=tenant, room=place, changes=dict(wanted))
        for verb in VERBS:
            own = "" if verb.name in found.rights else " (default)"
            click.echo(f"{verb.name}\t{level_of(found, verb.name, changes=verb.changes)}{own}")

    run(with_parts(work))


@room.command("zone")
@click.argument("place", metavar="ROOM")
@click.argument("zone", required=False)
@TENANT
def room_zone(place: str, zone: str | None, tenant: str | None) -> None:
    """Show or change the time zone of ROOM (id or name), in which all times there are said.

    ZONE is a name such as Europe/Berlin, or default for the zone of whoever asks.
    """

    async def work(parts: Parts) -> None:
        wanted = "" if zone == "default" else zone
        found = await configure.change_zone(parts.storage, tenant=tenant, room=place, time_zone=wanted)
        click.echo(f"{plain(found.name)}\t{found.time_zone or ASKERS_ZONE}")

    run(with_parts(work))


def _right(change: str) -> tuple[str, Level | None]:
    name, _, word = change.partition("=")
    verb = NAMES.get(name.strip().lower())
    if verb is None:
        raise click.BadParameter(f"there is no verb {name}; there are: {', '.join(each.name for each in VERBS)}")
    levels = {level.value: level for level in Level}
    if word != "default" and word not in levels:
        raise click.BadParameter(f"{change}: after = stands one of {', '.join(levels)} and default")
    return verb.name, levels.get(word)


@room.command("remove")
@click.argument("place", metavar="ROOM")
@TENANT
def room_remove(place: str, tenant: str | None) -> None:
    """Leave ROOM (id or name) that was joined by a token; its alerts stay."""

    async def work(parts: Parts) -> None:
        left = await configure.remove_hook(parts.storage, tenant=tenant, room=place)
        click.echo(f"left {plain(left.name)}")

    run(with_parts(work))


@click.group()
def key() -> None:
    """Make, list, rotate and revoke the keys of alerting backends."""


@key.command("create")
@click.option("--room", "place", help="Room (id or name) whose alerts these are.")
@click.option("--feed", help="Feed name; made when it is new and --room is given.")
@click.option("--name", default="", help="What the key is for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice([each.value for each in Scope]), default=["ingest"])
@TENANT
def key_create(place: str | None, feed: str | None, name: str, scopes: tuple[str, ...], tenant: str | None) -> None:
    """Make a key and show it, once."""

    async def work(parts: Parts) -> None:
        made = await configure.create_key(
            parts.storage,
            tenant=tenant,
            room=place,
            feed=feed,
            name=name,
            scopes=frozenset(map(Scope, scopes)),
            now=parts.clock(),
        )
        _show(made, parts)

    run(with_parts(work))


def _show(made: configure.NewKey, parts: Parts) -> None:
    base = parts.settings.base_url or f"http://127.0.0.1:{parts.settings.port}"
    click.echo(made.secret)
    click.echo(f"key {made.id} of feed {made.feed.name}; it is shown only now. Try it:", err=True)
    click.echo(
        f"  curl {base}/api/v1/alerts -H 'Authorization: Bearer {made.secret}' -H 'Content-Type: application/json' "
        """-d '{"summary": "Disk 97% full on db1", "severity": "critical"}'""",
        err=True,
    )


@key.command("list")
@TENANT
def key_list(tenant: str | None) -> None:
    """List the keys; the keys themselves are stored as hashes only."""

    async def work(parts: Parts) -> None:
        for each in await configure.list_keys(parts.storage, tenant):
            made = datetime.fromtimestamp(each.created_at / 1000, UTC).date().isoformat()
            state = "revoked" if each.revoked_at else "live"
            words = " ".join(sorted(scope.value for scope in each.scopes))
            click.echo(f"{each.id}\t{each.name}\t{each.feed.name}\t{words}\t{made}\t{state}")

    run(with_parts(work))


@key.command("rotate")
@click.argument("key_id", metavar="ID", type=int)
def key_rotate(key_id: int) -> None:
    """Make a second key beside key ID; revoke the old one when every sender has the new one."""

    async def work(parts: Parts) -> None:
        old, made = await configure.rotate_key(parts.storage, key_id, now=parts.clock())
        _show(made, parts)
        click.echo(f"key {old.id} still works; when no sender uses it: alertbot key revoke {old.id}", err=True)

    run(with_parts(work))


@key.command("revoke")
@click.argument("key_id", metavar="ID", type=int)
def key_revoke(key_id: int) -> None:
    """End key ID; it is refused within 5 seconds."""

    async def work(parts: Parts) -> None:
        ended = await configure.revoke_key(parts.storage, key_id, now=parts.clock())
        click.echo(f"revoked key {ended.id} ({ended.name}) of feed {ended.feed.name}")

    run(with_parts(work))
