"""Checking: `alertbot check`: configuration, database, TLS, and each room's speaker, a line each."""

import click

from bot.console import read_settings, run
from bot.domain.channel import Channel, Kind
from bot.domain.tenant import Installation, Scope, Speaker, Standing, Tenant, speaker_of
from bot.hipchat.pasted import explained
from bot.parts import Parts
from bot.ports import Dead, Later, Never
from bot.settings import described
from bot.storage import outbox, parcels, plans, speakers, tenants
from bot.storage.engine import StorageError
from bot.usecases import readiness, views
from bot.usecases.forward import Prober, opened
from bot.usecases.sealing import OtherKey
from bot.wiring import running

EXAMINED_FOR = 30.0
"""Seconds that looking for damage in the database may take."""
NEEDED = ("send_notification", "view_room", "view_group")


class Report:
    """Lines as they come, and whether all were good."""

    def __init__(self) -> None:
        self.good = True

    def say(self, good: bool, what: str, detail: str) -> None:
        """Print a line; a bad one makes the check fail."""
        self.good = self.good and good
        click.echo(f"{'ok  ' if good else 'BAD '} {what}: {detail}")


@click.command()
@click.option(
    "--settings", "settings_only", is_flag=True, help="Print the settings without secrets and do nothing else."
)
def check(settings_only: bool) -> None:
    """Check configuration, database, TLS and every room; exit 1 on a fault."""
    settings = read_settings()
    if settings_only:
        for name, value, text in described(settings):
            click.echo(f"{name}={value}  # {text}")
        return
    report = Report()

    async def work() -> None:
        local = not settings.base_url or settings.base_url.startswith("http://")
        detail = settings.base_url or "BASE_URL is not set: Hipchat cannot call the bot back"
        report.say(bool(settings.base_url), "address", f"{detail} (Hipchat Cloud needs https)" if local else detail)
        if not settings.hipchat_verify_tls:
            report.say(
                good=False, what="tls", detail="HIPCHAT_VERIFY_TLS is off: anybody on the way can read the tokens"
            )
        try:
            async with running(settings) as parts:
                await _database(parts, report)
                if settings.nsca_port is not None:
                    await _nsca(parts, report)
                await _rooms(parts, report)
        except StorageError as error:
            report.say(False, "database", str(error))
        except OtherKey as error:
            report.say(False, "secrets", str(error))

    run(work())
    if not report.good:
        raise SystemExit(1)


async def _database(parts: Parts, report: Report) -> None:
    """Say whether the database is whole and can be written."""
    storage = parts.storage
    whole = await storage.examine(EXAMINED_FOR)
    await readiness.assure(storage, parts.clock())
    detail = f"{storage.dialect}, up to date, can be written"
    report.say(True, "database", detail if whole else f"{detail}; only a part of it was looked at, since it is large")


async def _nsca(parts: Parts, report: Report) -> None:
    """Say where NSCA's results go. What is sent without encryption, or with XOR, is open to whoever reaches or hears it."""
    settings = parts.settings
    key = await views.key_with(parts.storage, settings.nsca_key)
    if key is None or Scope.INGEST not in key.scopes:
        report.say(False, "nsca", "NSCA_KEY is not known, was revoked, or lacks the scope ingest")
        return
    weak = "" if settings.nsca_encryption > 1 else "; NSCA_ENCRYPTION=14 would be safer"
    report.say(True, "nsca", f"port {settings.nsca_port}, results go to the feed {key.feed.name}{weak}")


async def _rooms(parts: Parts, report: Report) -> None:
    async with parts.storage.read() as tx:
        known = await tenants.tenants(tx)
        many, oldest = await outbox.backlog(tx)
    waited = 0 if oldest is None else (parts.clock() - oldest) // 60_000
    report.say(waited < 10, "outbox", f"{many} waiting" + (f", the oldest for {waited} min" if many else ""))
    if not known:
        report.say(good=False, what="rooms", detail="nobody has installed the bot yet")
    for tenant in known:
        async with parts.storage.read() as tx:
            installed = await speakers.installations(tx, tenant.id)
            hooked = await speakers.hooks(tx, tenant.id)
            rooms = await tenants.rooms(tx, tenant.id)
        for each in installed:
            _installation(report, tenant.name, each)
        await _channels(parts, report, tenant)
        for room in rooms:
            where = f"room {room.name} ({tenant.name})"
            speaker = speaker_of(room.id, installed, hooked)
            if room.gone_at is not None:
                report.say(False, where, "it was archived or deleted; its news goes to the fallback room")
            elif speaker is None:
                report.say(False, where, "nobody speaks for the bot there")
            else:
                await _speaks(parts, report, where, speaker, room.hipchat_id)


async def _channels(parts: Parts, report: Report, tenant: Tenant) -> None:
    """Say of each channel what waits for it, and where that can be asked, whether it knows us. `alertbot channel test` sends something."""
    async with parts.storage.read() as tx:
        plan = await plans.load(tx, tenant.id)
        waiting = {each.channel: each for each in await parcels.backlog(tx, tenant.id)}
    for name, each in plan.channels.items():
        what = f"channel {name} ({tenant.name})"
        behind = waiting.get(name)
        waited = (parts.clock() - behind.first) // 60_000 if behind else 0
        if each.kind is Kind.EMAIL and not parts.settings.smtp_url:
            report.say(False, what, "SMTP_URL is not set, so no mail leaves")
        elif each.kind is Kind.NAGIOS and each.settings["command_file"] not in parts.settings.nagios_command_files:
            report.say(False, what, "NAGIOS_COMMAND_FILES does not name its command file, so it is not opened")
        elif behind:
            report.say(waited < 10, what, f"{behind.many} waiting, the oldest for {waited} min: {behind.result}")
        elif reason := await _unknown_to(parts, each):
            report.say(False, what, reason)
        else:
            report.say(True, what, f"{each.kind.value}, nothing waits")


async def _unknown_to(parts: Parts, channel: Channel) -> str:
    """Return why a service that can be asked would not take our news; "" when it would, or cannot be asked."""
    service = parts.services[channel.kind]
    if not isinstance(service, Prober):
        return ""
    try:
        await service.probe(opened(channel, parts.vault.open))
    except (Later, Never) as trouble:
        return trouble.reason
    return ""


def _installation(report: Report, tenant: str, each: Installation) -> None:
    what = f"installation {each.oauth_id} ({tenant})"
    if each.standing is Standing.SUSPENDED:
        report.say(False, what, "suspended: Hipchat no longer takes its secret; it is tried hourly for 30 days")
        return
    missing = [scope for scope in NEEDED if scope not in each.scopes.split()]
    detail = f"lacks the scopes {' '.join(missing)}; update the add-on in Hipchat" if missing else "scopes are complete"
    report.say(not missing, what, detail)


async def _speaks(parts: Parts, report: Report, where: str, speaker: Speaker, hipchat_id: int) -> None:
    if not isinstance(speaker, Installation):
        report.say(True, where, "joined by a token; `alertbot room test` tries it out")
        return
    try:
        place = await parts.channel.place(speaker, hipchat_id)
    except (Later, Never) as trouble:
        report.say(False, where, explained(trouble))
    except Dead as dead:
        report.say(False, where, f"{dead}: install the add-on again")
    else:
        report.say(
            place is not None and not place.archived, where, "reached" if place else "Hipchat knows no such room"
        )
