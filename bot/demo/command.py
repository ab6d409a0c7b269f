"""`alertbot demo`: Hipchat's stand-in and the bot, for a person to try, for a program, or by the script."""

import asyncio
import contextlib
import json
import signal
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import click

from bot.console import Failed, run
from bot.demo import flood, script
from bot.demo import night as nights
from bot.demo.backend import Backend, backend
from bot.demo.clock import MovableClock
from bot.demo.play import Play
from bot.demo.samples import SAMPLES
from bot.demo.stage import ADDON, Stage, staged
from bot.demo.transcript import written
from bot.observe import set_up_logs
from bot.settings import LOG_LEVELS, Settings
from bot.standin.server import describe

PORT = click.IntRange(0, 65_535)
DATABASE = "alertbot.db"
HIPCHAT_PORT = "hipchat-port"
"""File of --data that keeps the port of the stand-in's https: the bot knows its group by host and port."""
PATIENCE = 15.0
STORM_LIMIT = 240.0
"""Real seconds that the storm may take."""

READY = """
Hipchat's stand-in   {chat_url}
                     choose who you are, open the room {room}, and type /alert list or /alert ack 1
The bot              {bot_url}
A key                {key}

Post an alert, and see it in the room:

curl {bot_url}/api/v1/alerts -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{{"summary": "Disk full on web1", "severity": "critical"}}'

Stop it with Ctrl-C.{kept}"""
KEPT = " Alerts stay in {data}."
GONE = " Everything is forgotten then; --data DIR keeps it."
PLAYED = (
    "\n{count} scenes played in {room}, all as they should be. Times are those of the demo's clock, moved {moved} min."
)
DIFFERS = "\n{count} of {all} scenes differ from what they should be:"


@click.command()
@click.option(
    "--script", "by_script", is_flag=True, help="Play a conversation, print it, and exit 0 when all was right."
)
@click.option("--storm", is_flag=True, help="With --script: play a storm of 10,000 alerts in a minute instead.")
@click.option("--night", is_flag=True, help="With --script: play a night on call, with the clock moved, instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON once all is ready.")
@click.option("--port", default=0, type=PORT, help="Port of the chat page; 0 picks a free one.")
@click.option("--bot-port", default=0, type=PORT, help="Port of the bot; 0 picks a free one.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the database in this folder. Default: a temporary one.",
)
@click.option(
    "--log-level",
    envvar="LOG_LEVEL",
    default="warning",
    type=click.Choice(LOG_LEVELS, case_sensitive=False),
    help="What is logged to standard error (LOG_LEVEL).",
)
def demo(  # noqa: PLR0917 - an argument per option
    by_script: bool,
    storm: bool,
    night: bool,
    as_json: bool,
    port: int,
    bot_port: int,
    data: Path | None,
    log_level: str,
) -> None:
    """Run the bot beside a local stand-in of Hipchat, with sample alerts; or play a conversation by a script."""
    if by_script and as_json:
        raise click.UsageError("--script prints what it plays, --json says where to play: choose one")
    if (storm or night) and not by_script:
        raise click.UsageError("--storm and --night are played by --script: alertbot demo --script --night")
    if storm and night:
        raise click.UsageError("--storm and --night are two scripts: choose one")
    set_up_logs(log_level, "auto")
    with tempfile.TemporaryDirectory(prefix="alertbot-") as temporary:
        folder = data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(port=bot_port, database_url=f"sqlite:///{folder / DATABASE}", log_level=log_level)
        if by_script:
            scenes = flood.SCENES if storm else nights.SCENES if night else script.SCENES
            run(_until_told(_play(settings, port, scenes, limit=STORM_LIMIT if storm else script.LIMIT)))
        else:
            run(_until_told(_stay(settings, port, data, as_json=as_json)))


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Do the work, or as much of it as there is time for until SIGINT or SIGTERM; that is a good end too."""
    task = asyncio.create_task(work)
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise


async def _stay(settings: Settings, port: int, data: Path | None, *, as_json: bool) -> None:
    """Set the stage, say where it is, and stay."""
    clock = MovableClock()
    async with staged(settings, clock=clock, port=port, tls_port=_hipchat_port(data)) as stage:
        if data is not None:
            (data / HIPCHAT_PORT).write_text(stage.host.rpartition(":")[2])
        await stage.install()
        key = await stage.key()
        async with backend(stage.bot_url, key) as poster:
            await _samples(stage, poster)
        click.echo(json.dumps(_about(stage, key)) if as_json else _words(stage, key, data))
        await asyncio.Event().wait()


def _hipchat_port(data: Path | None) -> int:
    try:
        return int((data / HIPCHAT_PORT).read_text()) if data else 0
    except (FileNotFoundError, ValueError):
        return 0


async def _samples(stage: Stage, poster: Backend) -> None:
    """Post the samples, and wait until the room shows those that are new."""
    await stage.room.sees("", sender=ADDON, timeout=PATIENCE)
    for result in await poster.post(*SAMPLES):
        if result["outcome"] == "opened":
            await stage.room.sees(f"#{result['alert']} ", sender=ADDON, timeout=PATIENCE)


def _about(stage: Stage, key: str) -> dict[str, Any]:
    """Say what a program needs to know (product.md 2)."""
    described = describe(stage.server)
    return {
        "chat_url": stage.server.url,
        "bot_url": stage.bot_url,
        "ca_file": stage.server.ca_file,
        "key": key,
        "room": described["rooms"][0],
        "users": described["users"],
    }


def _words(stage: Stage, key: str, data: Path | None) -> str:
    return READY.format(
        chat_url=stage.server.url,
        bot_url=stage.bot_url,
        room=stage.room.room.name,
        key=key,
        kept=KEPT.format(data=data) if data else GONE,
    )


async def _play(settings: Settings, port: int, scenes: Sequence[script.Scene], *, limit: float) -> None:
    """Play scenes and print the room. Raises Failed when something differs."""
    clock = MovableClock()
    async with staged(settings, clock=clock, port=port, tls_port=0) as stage:
        await stage.install()
        async with backend(stage.bot_url, await stage.key()) as poster:
            differences = await script.perform(Play(stage=stage, backend=poster), scenes, limit=limit)
        click.echo(written(stage.room.transcript()))
    if differences:
        click.echo(DIFFERS.format(count=len(differences), all=len(scenes)), err=True)
        raise Failed("\n".join(differences))
    click.echo(PLAYED.format(count=len(scenes), room=stage.room.room.name, moved=round(clock.moved / 60)))
