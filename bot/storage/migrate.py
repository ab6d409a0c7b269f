"""Bringing a database up to date: numbered SQL files in `migrations`, each applied once, in order, in its own transaction.

A file is `NNNN_name.sql`; its statements end with `;` at the end of a line (a comment may follow), and the line comment
`-- only: sqlite` or `-- only: postgresql` keeps the next statement to one database. Any number of processes may migrate at once.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Final

from bot.storage.engine import NewerDatabase, Storage, StorageError, Tx
from bot.storage.statement import POSTGRESQL, SQLITE

FILE: Final = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.sql")
ONLY: Final = re.compile(r"--\s*only:\s*(?P<dialect>\w+)\s*")

NEWER = (
    "the database has migration {number} ({name}), which this version of alertbot does not know (its last is {last}): "
    "start the newer version, or restore a backup from before the upgrade"
)
OTHER = (
    "migration {number} is {here} in this version of alertbot but {there} in the database: they do not belong together"
)

TABLE: Final = """
    CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)
"""
RECORD: Final = "INSERT INTO migrations (number, name, applied_at) VALUES (:number, :name, :applied_at)"
APPLIED: Final = "SELECT number, name FROM migrations ORDER BY number"
EXISTS: Final = {
    SQLITE: "SELECT count(*) AS found FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
    POSTGRESQL: "SELECT count(to_regclass('migrations')) AS found",
}
# One migrator at a time; on SQLite the write transaction itself sees to it. A migration may take longer than a lock usually does.
LOCK: Final = {
    SQLITE: (),
    POSTGRESQL: ("SET LOCAL lock_timeout = 0", "SELECT pg_advisory_xact_lock(7236414257)"),
}


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


def known() -> list[Migration]:
    """Read the migrations that came with this version, in order. ValueError when two have one number."""
    found = []
    for entry in files("bot.storage").joinpath("migrations").iterdir():
        if match := FILE.fullmatch(entry.name):
            text = entry.read_text(encoding="utf-8")
            found.append(Migration(number=int(match["number"]), name=match["name"], text=text))
    found.sort(key=lambda migration: migration.number)
    for one, other in pairwise(found):
        if one.number == other.number:
            reason = f"two migrations have one number: {one} and {other}"
            raise ValueError(reason)
    return found


def statements(text: str, dialect: str) -> list[str]:
    """Split one file into the statements that are meant for one database. ValueError when the last one has no `;`."""
    found = []
    lines: list[str] = []
    wanted = True
    for line in text.splitlines():
        if match := ONLY.fullmatch(line.strip()):
            wanted = match["dialect"] == dialect
            continue
        code = line.partition("--")[0].rstrip()
        if not code and not lines:
            continue
        lines.append(line)
        if code.endswith(";"):
            if wanted:
                found.append("\n".join(lines))
            lines = []
            wanted = True
    if any(line.partition("--")[0].strip() for line in lines):
        reason = f"this statement has no ; at the end of a line: {lines[0].strip()}"
        raise ValueError(reason)
    return found


async def pending(storage: Storage, migrations: Iterable[Migration] | None = None) -> list[Migration]:
    """Return what is still to be applied, in order. NewerDatabase when the database is ahead of this version."""
    migrations = known() if migrations is None else list(migrations)
    async with storage.read() as tx:
        row = await tx.one(EXISTS[storage.dialect])
        done = await _applied(tx) if row is not None and row["found"] else {}
    return _remaining(migrations, done)


async def migrate(storage: Storage, migrations: Iterable[Migration] | None = None) -> list[str]:
    """Apply what is pending and return its names. NewerDatabase, or the StorageError of the statement that failed.

    Migrations before the one that failed stay; the failed one leaves nothing behind.
    """
    migrations = known() if migrations is None else list(migrations)
    applied = []
    for migration in await pending(storage, migrations):
        async with storage.begin(urgent=True) as tx:
            for statement in (*LOCK[storage.dialect], TABLE):
                await tx.run(statement)
            if migration not in _remaining(migrations, await _applied(tx)):
                continue  # another process was faster
            for statement in statements(migration.text, storage.dialect):
                await tx.run(statement)
            now = time.time_ns() // 1_000_000
            await tx.run(RECORD, number=migration.number, name=migration.name, applied_at=now)
        applied.append(str(migration))
    return applied


async def _applied(tx: Tx) -> dict[int, str]:
    return {row["number"]: row["name"] for row in await tx.all(APPLIED)}


def _remaining(migrations: Iterable[Migration], done: dict[int, str]) -> list[Migration]:
    names = {migration.number: migration.name for migration in migrations}
    for number, name in done.items():
        if number > max(names, default=0):
            raise NewerDatabase(NEWER.format(number=number, name=name, last=max(names, default=0)))
        if names.get(number, name) != name:
            raise StorageError(OTHER.format(number=number, here=names[number], there=name))
    return [migration for migration in migrations if migration.number not in done]
