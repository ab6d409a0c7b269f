"""Channelling: the commands that list a tenant's channels, try one out, send again what one refused, and mail again to somebody."""

import click

from bot.admin import TENANT, with_parts
from bot.console import Failed, run
from bot.domain.spans import DAY
from bot.parts import Parts
from bot.ports import Later, Never
from bot.storage import mutes, parcels, plans
from bot.usecases import configure, forward

MUTED = ", no mails to {addresses}"
NOT_MUTED = "{address} has not ended the mails of {name}"
NONE = "there are no channels yet; bring them in with: alertbot config import FILE"


@click.group()
def channel() -> None:
    """List channels, test one, send again what it refused, and mail again to somebody who had ended that."""


@channel.command("list")
@TENANT
def channel_list(tenant: str | None) -> None:
    """List the channels, and what waits for each."""

    async def work(parts: Parts) -> None:
        async with parts.storage.read() as tx:
            owner = await configure.which_tenant(tx, tenant)
            plan = await plans.load(tx, owner.id)
            waiting = {each.channel: each for each in await parcels.backlog(tx, owner.id)}
            muted = await mutes.of_tenant(tx, owner.id)
        for each in plan.channels.values():
            behind = waiting.get(each.name)
            state = f"{behind.many} waiting: {behind.result or 'not tried yet'}" if behind else "nothing waits"
            quiet = MUTED.format(addresses=", ".join(muted[each.name])) if each.name in muted else ""
            click.echo(f"{each.name}\t{each.kind.value}\t{state}{quiet}")
        if not plan.channels:
            click.echo(NONE, err=True)

    run(with_parts(work))


@channel.command("test")
@click.argument("name")
@TENANT
def channel_test(name: str, tenant: str | None) -> None:
    """Send a test to the channel NAME, and say what its service answered."""

    async def work(parts: Parts) -> None:
        async with parts.storage.read() as tx:
            owner = await configure.which_tenant(tx, tenant)
            known = await forward.channel_of(tx, owner.id, name)
            muted = await mutes.of_channel(tx, owner.id, name)
        try:
            status = await forward.try_out(
                parts.services[known.kind], known, owner.id, unseal=parts.vault.open, now=parts.clock(), muted=muted
            )
        except (Later, Never) as refused:
            raise Failed(f"{name}: {refused.reason}") from None
        click.echo(f"{name}: taken ({status})")

    run(with_parts(work))


@channel.command("replay")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 400), default=7, help="What was refused in so many days.")
@TENANT
def channel_replay(name: str, days: int, tenant: str | None) -> None:
    """Send again what the channel NAME refused, once the cause is mended."""

    async def work(parts: Parts) -> None:
        many = await forward.replay(parts.storage, tenant, name, since=parts.clock() - days * DAY)
        click.echo(f"{name}: {many} to be sent again")

    run(with_parts(work))


@channel.command("unmute")
@click.argument("name")
@click.argument("address")
@TENANT
def channel_unmute(name: str, address: str, tenant: str | None) -> None:
    """Mail again to ADDRESS, who had ended the mails of the channel NAME."""

    async def work(parts: Parts) -> None:
        if not await configure.unmute(parts.storage, tenant, name, address, now=parts.clock()):
            raise Failed(NOT_MUTED.format(address=address, name=name))
        click.echo(f"{name}: {address} gets mails again")

    run(with_parts(work))
