"""The command line: each command is a few lines over wiring and use cases."""

import click

from bot.admin import key, room
from bot.backing import backup, restore
from bot.channelling import channel
from bot.checking import check
from bot.configuring import config
from bot.console import read_settings, run
from bot.demo.command import demo
from bot.notifying import notify
from bot.observe import set_up_logs
from bot.replaying import replay
from bot.sending import send
from bot.serving import serve_until_stopped
from bot.standin.__main__ import serve as serve_standin
from bot.storage import open_storage
from bot.storage.file import served_alone

PORT = click.IntRange(0, 65_535)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hipchat-alertbot", prog_name="alertbot")
def main() -> None:
    """Alerts into Hipchat rooms, and /alert commands back."""


def _serve(
    port: int | None, host: str | None, nsca_port: int | None = None, *, web_too: bool, workers_too: bool
) -> None:
    settings = read_settings(port=port, host=host, nsca_port=nsca_port)
    set_up_logs(settings.log_level, settings.log_format)
    run(serve_until_stopped(settings, web_too=web_too, workers_too=workers_too))


@main.command()
@click.option("--port", type=PORT, help="Port to listen on (PORT); 0 picks a free one.")
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--nsca-port", type=PORT, help="Port for send_nsca's check results (NSCA_PORT); 0 picks a free one.")
def serve(port: int | None, host: str | None, nsca_port: int | None) -> None:
    """Run web and workers in one process."""
    _serve(port, host, nsca_port, web_too=True, workers_too=True)


@main.command()
@click.option("--port", type=PORT, help="Port to listen on (PORT); 0 picks a free one.")
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--nsca-port", type=PORT, help="Port for send_nsca's check results (NSCA_PORT); 0 picks a free one.")
def web(port: int | None, host: str | None, nsca_port: int | None) -> None:
    """Run the web half: requests in. Any number of these share one PostgreSQL."""
    _serve(port, host, nsca_port, web_too=True, workers_too=False)


@main.command()
def worker() -> None:
    """Run the working half: messages out, timers. Any number of these share one PostgreSQL."""
    _serve(None, None, web_too=False, workers_too=True)


@main.command()
@click.option(
    "--compact", is_flag=True, help="Then write a SQLite file anew, without unused space; stop the bot first."
)
def migrate(compact: bool) -> None:
    """Bring the database up to date."""
    settings = read_settings()

    async def work() -> None:
        async with served_alone(settings.sqlite_file if compact else ""):
            storage = await open_storage(settings.database_url, migrate=True)
            try:
                if compact:
                    await storage.compact()
            finally:
                await storage.close()
        click.echo("the database is up to date")

    run(work())


@main.command()
@click.option("--port", default=0, type=PORT, help="Port for http; 0 picks a free one.")
@click.option("--tls-port", default=0, type=PORT, help="Port for https; 0 picks a free one.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON once it is ready.")
def standin(port: int, tls_port: int, as_json: bool) -> None:
    """Run the Hipchat stand-in alone, for a person or another program."""
    run(serve_standin(port, tls_port, as_json=as_json))


for command in (demo, check, config, room, key, channel, send, notify, replay, backup, restore):
    main.add_command(command)
