"""Replaying: `alertbot replay` reads messages again that nobody could read when they came."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from bot import sources
from bot.admin import TENANT, with_parts
from bot.console import run
from bot.domain.source import Source
from bot.domain.unseen import plain
from bot.parts import Parts
from bot.sources import SOURCES, generic, prometheus
from bot.sources.payload import of_body
from bot.sources.values import Item, odd_key
from bot.usecases.replay import again

NOTHING = "nothing that was kept is understood now and was not before"
WOULD = "this would be read anew; nothing was changed:"
DONE = "read anew:"
ROW = "  {at} {dialect}: #{odd} says {says}"


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be read anew.")
@TENANT
def replay(dry_run: bool, tenant: str | None) -> None:
    """Read messages again that became odd-looking alerts because nobody understood them, after an upgrade perhaps.

    They are kept for RAW_DAYS. What was understood when it came is left alone.
    """

    async def work(parts: Parts) -> None:
        found = await again(
            parts.storage,
            tenant,
            lambda dialect, body, source: read(dialect, body, source, parts.clock()),
            odd_key,
            now=parts.clock(),
            only_say=dry_run,
            rules=parts.rules,
        )
        click.echo(NOTHING if not found else WOULD if dry_run else DONE)
        for each in found:
            moment = datetime.fromtimestamp(each.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
            says = "; ".join(f"{signal.kind.value} {signal.severity.word} {signal.summary}" for signal in each.says)
            click.echo(ROW.format(at=moment, dialect=each.dialect, odd=each.odd, says=plain(says)))

    run(with_parts(work))


def read(dialect: str, body: bytes, source: Source | None, now: int) -> Sequence[Item]:
    """Read a body as today's parsers do; of a dialect that is no longer known, nothing."""
    if dialect == generic.SENDER:
        return generic.parse(body)
    if dialect == prometheus.SENDER:
        return prometheus.parse(body, now=now)
    if dialect not in SOURCES:
        return []
    return sources.take(dialect, of_body(body, now=now), source.mapping if source is not None else None).items
