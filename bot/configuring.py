"""Configuring: the commands that bring routes, policies, schedules, channels and sources in and out as one TOML file, and try them out."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import click
import tomli_w

from bot.admin import TENANT, with_parts
from bot.console import Failed, run
from bot.domain.planfile import EXAMPLE, Problems
from bot.domain.signal import Signal
from bot.domain.unseen import plain
from bot.parts import Parts
from bot.sources import AUTO, SOURCES, generic, take
from bot.sources.payload import of_body
from bot.usecases import planning
from bot.wiring import system_clock

HEAD = "# Routes, policies, schedules, channels and sources of {name} (group {group_id} on {host}).\n# Bring them in with: alertbot config import FILE\n\n"
TOLD = "by its shape this is a message of {}"
NOTHING_CHANGES = "nothing changes"
WOULD = "this would change; nothing was changed:"
CHANGED = "changed:"
NOT_USED = "the file was not used, nothing was changed:"


@click.group()
def config() -> None:
    """Routes, policies, schedules, channels and sources as one TOML file."""


@config.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@TENANT
def config_export(file: IO[str], tenant: str | None) -> None:
    """Write what is in force to FILE (default: to the terminal)."""

    async def work(parts: Parts) -> None:
        owner, tables = await planning.export(parts.storage, tenant)
        head = HEAD.format(name=plain(owner.name), group_id=owner.group_id, host=plain(owner.host))
        file.write(head + (tomli_w.dumps(tables) if tables else EXAMPLE))

    run(with_parts(work))


@config.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--force", is_flag=True, help="Save a mapping too that makes no alert of the last message that came.")
@TENANT
def config_import(file: IO[bytes], dry_run: bool, force: bool, tenant: str | None) -> None:
    """Put what FILE says (- for standard input) in place of what is in force, and say what that changes."""
    tables = _tables(file)

    async def work(parts: Parts) -> None:
        try:
            changes = await planning.bring_in(
                parts.storage, tenant, tables, seal=parts.vault.seal, now=parts.clock(), only_say=dry_run, force=force
            )
        except Problems as problems:
            raise Failed("\n".join([NOT_USED, *(f"  {each}" for each in problems.found)])) from None
        head = NOTHING_CHANGES if not changes else WOULD if dry_run else CHANGED
        click.echo("\n".join([head, *(f"  {plain(each)}" for each in changes)]))

    run(with_parts(work))


@config.command("test")
@click.argument("payload", type=click.File("rb"), default="-")
@click.option("--source", default=generic.SENDER, help=f"Whose payload it is: {generic.SENDER}, {', '.join(SOURCES)}.")
@click.option("--feed", help="The feed that it comes in through; the only one by default.")
@click.option("--with", "file", type=click.Path(path_type=Path), help="Try this file instead of what is in force.")
@TENANT
def config_test(payload: IO[bytes], source: str, feed: str | None, file: Path | None, tenant: str | None) -> None:
    """Say where the alerts of PAYLOAD (default: standard input) would go; nothing is stored.

    With --source auto it also says whose message it is, by its shape: JSON, a form or a mail.
    """
    if source not in {generic.SENDER, *SOURCES}:
        names = ", ".join((generic.SENDER, *SOURCES))
        raise click.BadParameter(f"there is no source {source}; there are: {names}", param_hint="--source")
    body = payload.read()
    items = generic.parse(body) if source == generic.SENDER else take(source, of_body(body, now=system_clock())).items
    tables = None
    if file is not None:
        with file.open("rb") as opened:
            tables = _tables(opened)

    async def work(parts: Parts) -> None:
        try:
            lines = await planning.where(parts.storage, tenant, feed, items, tables)
        except Problems as problems:
            raise Failed("\n".join([NOT_USED, *(f"  {each}" for each in problems.found)])) from None
        senders = dict.fromkeys(item.sender for item in items if isinstance(item, Signal))
        told = [TOLD.format(", ".join(senders))] if source == AUTO else []
        click.echo("\n".join([*told, *map(plain, lines)]))

    run(with_parts(work))


def _tables(file: IO[bytes]) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file.name} is no TOML: {error}") from None
