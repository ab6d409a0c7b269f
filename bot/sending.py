"""Sending: `alertbot send`, one alert from a shell or cron, kept in a folder while the bot is down."""

import json
import os
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bot.console import fail
from bot.domain.charset import unescaped

TIMEOUT = 10.0
API = "/api/v1/alerts"
NAGIOS = "/in/nagios"
SUFFIXES = {API: ".alert.json", NAGIOS: ".nagios.json"}
"""Where messages go, and how the files end that wait for it."""
REFUSED_SUFFIX = ".refused"
KEPT = "the bot cannot be reached ({reason}); the alert is kept in {folder} and goes with the next send"
LATER_STATUSES = frozenset({408, 425, 429})


class Unreachable(Exception):
    """The bot did not take the alert now and may later."""


class Refused(Exception):
    """The bot will never take this alert."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bot:
    """Where alerts go, and with what key."""

    url: str
    key: str

    def post(self, body: bytes, path: str = API) -> Mapping[str, Any]:
        """Post one alert to a path; return what became of it. Raises Unreachable or Refused."""
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked in send()
            f"{self.url.rstrip('/')}{path}",
            data=body,
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - as above
                results: list[Mapping[str, Any]] = json.load(answer)["results"]
                return results[0]
        except urllib.error.HTTPError as error:
            if error.code >= 500 or error.code in LATER_STATUSES:
                raise Unreachable(f"status {error.code}") from None
            raise Refused(_why(error)) from None
        except (OSError, ValueError, LookupError) as error:
            raise Unreachable(str(getattr(error, "reason", error))) from None


def _why(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.load(error)
    except ValueError:
        return f"status {error.code}"
    return (
        f"{problem.get('title', '')} ({error.code}): {problem.get('detail', '')}" if isinstance(problem, dict) else ""
    )


def keep(folder: Path, body: bytes, path: str = API) -> None:
    """Write an alert for a path into the spool, for its owner's eyes; a crash leaves all of it or nothing; names sort by time."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns()}-{secrets.token_hex(4)}{SUFFIXES[path]}"
    unfinished = folder / f".{name}"
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / name)


def flush(bot: Bot, folder: Path) -> int:
    """Send what the spool holds, oldest first; return how many went. Raises Unreachable; refused ones are set aside."""
    went = 0
    waiting = {path: where for where, suffix in SUFFIXES.items() for path in folder.glob(f"*{suffix}")}
    for path, where in sorted(waiting.items()):
        taken = path.with_suffix(f".sending-{os.getpid()}")
        try:
            path.rename(taken)
        except FileNotFoundError:  # another send of the same spool was a moment earlier
            continue
        try:
            bot.post(taken.read_bytes(), where)
        except Unreachable:
            taken.rename(path)
            raise
        except Refused as refused:
            click.echo(f"alertbot: {path.name} was refused: {refused}", err=True)
            taken.rename(path.with_suffix(REFUSED_SUFFIX))
        else:
            taken.unlink()
            went += 1
    return went


@click.command()
@click.argument("text")
@click.option("--severity", type=click.Choice(["critical", "error", "warning", "info"]), default="warning")
@click.option("--status", type=click.Choice(["firing", "resolved", "acknowledged"]), default="firing")
@click.option("--dedup-key", help="Identity of the problem; made from the text when missing.")
@click.option("--source", help="Who noticed it.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="A label; may be given several times.")
@click.option("--description", help="More words.")
@click.option(
    "--spool", type=click.Path(path_type=Path, file_okay=False), help="Keep the alert here while the bot is down."
)
@click.option("--url", envvar="ALERTBOT_URL", help="The bot (ALERTBOT_URL).")
@click.option("--key", envvar="ALERTBOT_KEY", help="A key with the scope ingest (ALERTBOT_KEY).")
def send(  # noqa: PLR0917 - an argument per option
    text: str,
    severity: str,
    status: str,
    dedup_key: str | None,
    source: str | None,
    labels: tuple[str, ...],
    description: str | None,
    spool: Path | None,
    url: str | None,
    key: str | None,
) -> None:
    """Send one alert from a shell or cron."""
    given = {
        "summary": text,
        "severity": severity,
        "status": status,
        "dedup_key": dedup_key,
        "source": source,
        "description": description,
        "labels": dict(_label(each) for each in labels) or None,
    }
    deliver({name: value for name, value in given.items() if value is not None}, spool=spool, url=url, key=key)


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--label")
    return name, value


def _meant(value: Any) -> Any:
    """Return a value whose texts are what the shell's bytes mean: not every shell speaks UTF-8."""
    if isinstance(value, dict):
        return {_meant(name): _meant(each) for name, each in value.items()}
    return unescaped(value) if isinstance(value, str) else value


def deliver(given: Mapping[str, Any], *, spool: Path | None, url: str | None, key: str | None, path: str = API) -> None:
    """Send one alert to a path of SUFFIXES, after what the spool holds; keep it there while the bot is down. Ends the program when it cannot."""
    if not url or not url.startswith(("http://", "https://")):
        fail("set ALERTBOT_URL to the bot's address, such as https://bot.example.com")
    if not key:
        fail("set ALERTBOT_KEY to a key; `alertbot key create` makes one")
    body = json.dumps(_meant(given)).encode()
    bot = Bot(url=url, key=key)
    try:
        if spool is not None and spool.is_dir():
            flush(bot, spool)
        result = bot.post(body, path)
    except Unreachable as trouble:
        if spool is None:
            fail(f"the bot did not take it ({trouble}); with --spool DIR it is kept and sent later")
        keep(spool, body, path)
        click.echo(f"alertbot: {KEPT.format(reason=trouble, folder=spool)}", err=True)
        return
    except Refused as refused:
        fail(f"refused: {refused}")
    number = result.get("alert")
    click.echo(f"{'#' + str(number) if number else 'no alert'} {result.get('outcome')}")
