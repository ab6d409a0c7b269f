"""Notifying: commands that other programs call as their notification commands, and that spool while the bot is down."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bot.console import fail
from bot.sending import NAGIOS, deliver
from bot.settings import environment

PREFIXES = ("NAGIOS_", "ICINGA_", "")
NO_HOST = "no host in the environment (NAGIOS_HOSTNAME): in nagios.cfg set enable_environment_macros=1"
NOTHING = "no notification in the environment (NAGIOS_NOTIFICATIONTYPE): there is nothing to tell"


@click.group()
def notify() -> None:
    """Be the notification command of another program."""


@notify.command()
@click.option(
    "--spool", type=click.Path(path_type=Path, file_okay=False), help="Keep the alert here while the bot is down."
)
@click.option("--url", envvar="ALERTBOT_URL", help="The bot (ALERTBOT_URL).")
@click.option("--key", envvar="ALERTBOT_KEY", help="A key with the scope ingest (ALERTBOT_KEY).")
def nagios(spool: Path | None, url: str | None, key: str | None) -> None:
    """Send what Nagios or Icinga notifies of, as its macros in the environment say (NAGIOS_HOSTNAME and the others)."""
    given = notification_of(environment())
    if given is None:
        click.echo(NOTHING)
        return
    deliver(given, spool=spool, url=url, key=key, path=NAGIOS)


def notification_of(macros: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return a notification as our source reads it (sources/nagios.py); None without one."""
    host, service = _macro(macros, "HOSTNAME"), _macro(macros, "SERVICEDESC")
    if not host:
        fail(NO_HOST)
    kind = _macro(macros, "NOTIFICATIONTYPE").upper()
    if not kind:
        return None
    of = "SERVICE" if service else "HOST"
    given = {
        "type": kind,
        "host": host,
        "service": service,
        "address": _macro(macros, "HOSTADDRESS"),
        "state": _macro(macros, f"{of}STATE"),
        "output": _macro(macros, f"{of}OUTPUT"),
        "long_output": _macro(macros, f"LONG{of}OUTPUT"),
        "notes_url": _macro(macros, f"{of}NOTESURL"),
        "action_url": _macro(macros, f"{of}ACTIONURL"),
        "author": _macro(macros, "NOTIFICATIONAUTHOR"),
        "comment": _macro(macros, "NOTIFICATIONCOMMENT"),
    }
    return {name: value for name, value in given.items() if value}


def _macro(macros: Mapping[str, str], name: str) -> str:
    # HOSTNAME without a prefix is often the machine's own name, not the monitored host's.
    prefixes = PREFIXES[:2] if name == "HOSTNAME" else PREFIXES
    return next((macros[f"{prefix}{name}"].strip() for prefix in prefixes if macros.get(f"{prefix}{name}")), "")
