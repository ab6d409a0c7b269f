"""Backing up: a consistent copy of the database while the bot runs, and back again; never with the key beside it."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click

from bot.console import read_settings, run
from bot.settings import Settings
from bot.storage.file import BESIDE, RIGHTS, served_alone
from bot.storage.migrate import known
from bot.vault import KEY_SUFFIX, WrongKey
from bot.wiring import open_vault, running

EXISTS = "{file} exists already; choose another name, or remove it first"
NO_FILE = "a database in memory has no backup"
NO_PROGRAM = "{program} is needed for PostgreSQL: install Debian's postgresql-client"
NOT_DONE = "{program} failed: {reason}"
SAVED = "saved {file} ({size} KiB). SECRET_KEY is not in it: {where}. Without it no secret in the backup can be opened"
KEY_FILE = "keep {path} too, in another place"
KEY_SETTING = "keep its value too, in another place"
NO_BACKUP = "{file} is no backup of alertbot"
NOT_WRITTEN = "{file} could not be written: {reason}. Nothing of it was kept"
DAMAGED = "the database is damaged ({reason}), and so would be its copy: `alertbot check` tells more. Nothing was kept"
NOT_RESTORED = "{file} could not be restored: {reason}. Nothing was restored"
DAMAGED_BACKUP = "{file} is damaged ({reason}): take an older one. Nothing was restored"
NEWER = "{file} is of a newer alertbot (migration {number}); restore it with that version"
MISMATCH = "{file} was sealed with another SECRET_KEY than the one here ({where}): put that one back first. Nothing was restored"
IN_THE_WAY = "there is a database at {path} already: stop the bot and move it away first"
NOT_EMPTY = "the database has tables already: restore into an empty one"
RESTORED = "restored {file}. `alertbot check` tells whether everything answers"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Save a consistent copy of the database to FILE, while the bot runs; SECRET_KEY stays out of it."""
    settings = read_settings()
    if file.exists():
        raise click.ClickException(EXISTS.format(file=file))

    async def fits() -> None:
        async with running(settings):
            return

    run(fits())
    with _draft(file, NOT_WRITTEN, file) as draft:
        if settings.database_url.startswith("postgresql:"):
            _call("pg_dump", "--format=custom", f"--file={draft}", settings.database_url)
            _call("pg_restore", "--file=/dev/null", str(draft))
        elif settings.sqlite_file:
            _copy(Path(settings.sqlite_file), draft)
            if reason := _damage(draft):
                raise click.ClickException(DAMAGED.format(reason=reason))
        else:
            raise click.ClickException(NO_FILE)
    click.echo(SAVED.format(file=file, size=max(1, file.stat().st_size // 1024), where=_where(settings)))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path) -> None:
    """Put the copy in FILE in the place of DATABASE_URL, which must be empty; refuse what SECRET_KEY does not open."""
    settings = read_settings()
    if settings.database_url.startswith("postgresql:"):
        _restore_postgres(settings, file)
    elif settings.sqlite_file:
        _restore_sqlite(settings, file)
    else:
        raise click.ClickException(NO_FILE)
    click.echo(RESTORED.format(file=file))


def _where(settings: Settings) -> str:
    if settings.secret_key:
        return KEY_SETTING
    return KEY_FILE.format(path=f"{settings.sqlite_file}{KEY_SUFFIX}")


@contextlib.contextmanager
def _draft(target: Path, sentence: str, file: Path) -> Iterator[Path]:
    """Give a new file beside the target, its owner's alone; it takes the target's place at the end, or is gone.

    What SQLite or the disk refuses becomes a sentence about a file.
    """
    draft = target.with_name(f"{target.name}.draft")
    try:
        _remove(draft)
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, RIGHTS))
        draft.chmod(RIGHTS)
        yield draft
        _sync(draft)
        draft.replace(target)
        _sync(target.parent)
    except (sqlite3.Error, OSError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise click.ClickException(sentence.format(file=file, reason=reason)) from None
    finally:
        with contextlib.suppress(OSError):
            _remove(draft)


def _remove(database: Path) -> None:
    """Remove a database that nobody uses, with what SQLite keeps beside it."""
    for suffix in ("", *BESIDE, "-journal"):
        database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite database that may be written to meanwhile."""
    with contextlib.closing(_read_only(source)) as there, contextlib.closing(sqlite3.connect(target)) as here:
        there.backup(here)
        here.execute("PRAGMA journal_mode = DELETE")


def _damage(file: Path) -> str:
    """Return what is wrong with a SQLite file; "" when nothing is."""
    try:
        with contextlib.closing(_read_only(file)) as copy:
            said = str(copy.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if said == "ok" else said.splitlines()[-1]


def _restore_sqlite(settings: Settings, file: Path) -> None:
    target = Path(settings.sqlite_file)
    if target.exists():
        raise click.ClickException(IN_THE_WAY.format(path=target))
    try:
        with contextlib.closing(_read_only(file)) as there:
            (sealed,) = there.execute("SELECT sealed FROM canary WHERE id = 1").fetchone()
            (number,) = there.execute("SELECT MAX(number) FROM migrations").fetchone()
    except (sqlite3.Error, TypeError):
        raise click.ClickException(NO_BACKUP.format(file=file)) from None
    last = known()[-1].number
    if number > last:
        raise click.ClickException(NEWER.format(file=file, number=number))
    _fits(settings, file, sealed)

    async def put() -> None:
        async with served_alone(settings.sqlite_file):
            with _draft(target, NOT_RESTORED, file) as draft:
                _copy(file, draft)
                if reason := _damage(draft):
                    raise click.ClickException(DAMAGED_BACKUP.format(file=file, reason=reason))
                # The log of a database that is no more would be taken for this one's.
                for suffix in BESIDE:
                    target.with_name(f"{target.name}{suffix}").unlink(missing_ok=True)

    run(put())


def _restore_postgres(settings: Settings, file: Path) -> None:
    text = _call("pg_restore", "--data-only", "--table=canary", "--file=-", str(file))
    rows = [line.split("\t") for line in text.splitlines() if line.startswith("1\t")]
    if not rows:
        raise click.ClickException(NO_BACKUP.format(file=file))
    _fits(settings, file, rows[0][1])
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
    if _call("psql", "--tuples-only", "--no-align", f"--command={tables}", settings.database_url).strip() != "0":
        raise click.ClickException(NOT_EMPTY)
    _call("pg_restore", "--no-owner", "--single-transaction", f"--dbname={settings.database_url}", str(file))


def _fits(settings: Settings, file: Path, sealed: str) -> None:
    """Refuse a backup that the key here does not open; a key file is not made for it."""
    where = "SECRET_KEY" if settings.secret_key else f"{settings.sqlite_file}{KEY_SUFFIX}"
    if not settings.secret_key and not Path(f"{settings.sqlite_file}{KEY_SUFFIX}").is_file():
        raise click.ClickException(MISMATCH.format(file=file, where=f"{where} is not there"))
    try:
        open_vault(settings).open(sealed.encode())
    except WrongKey:
        raise click.ClickException(MISMATCH.format(file=file, where=where)) from None


def _call(program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's own programs; the address with its password is in no message of ours."""
    path = shutil.which(program)
    if path is None:
        raise click.ClickException(NO_PROGRAM.format(program=program))
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise click.ClickException(NOT_DONE.format(program=program, reason=reason[:300]))
    return done.stdout
