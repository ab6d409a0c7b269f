"""One SQLite connection: the thread it lives in, seen from outside and from within, and its errors in our words."""

import sqlite3
import time
from collections.abc import Callable
from typing import Final, TypeVar

import aiosqlite

from bot.storage.engine import BadValue, Busy, Conflict, Full, StorageError, uninterrupted

MEMORY: Final = ":memory:"
WAIT_SECONDS: Final = 10.0  # for another process that writes
STATEMENTS: Final = 512  # prepared and kept by each connection
# A small log of pages keeps the pause of each checkpoint short; FULL means that a commit survives a power cut (performance.md 5).
PRAGMAS: Final = ("PRAGMA foreign_keys=ON", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=400")

FAILURES: Final = (sqlite3.Error, UnicodeEncodeError, OverflowError)
FAMILY: Final[dict[int, type[StorageError]]] = {  # by SQLite's primary result code
    sqlite3.SQLITE_CONSTRAINT: Conflict,
    sqlite3.SQLITE_BUSY: Busy,
    sqlite3.SQLITE_LOCKED: Busy,
    sqlite3.SQLITE_FULL: Full,
    sqlite3.SQLITE_READONLY: Full,
    sqlite3.SQLITE_TOOBIG: BadValue,
}

NO_LOG = "this file system cannot hold a database with a write-ahead log"

Result = TypeVar("Result")


class Connection(aiosqlite.Connection):
    """aiosqlite's thread and queue, with whole functions instead of single verbs."""

    async def call(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `function` in the connection's thread; raise the family of StorageError."""
        try:
            result: Result = await self._execute(function, self._conn)  # type: ignore[no-untyped-call]
        except FAILURES as error:
            raise translated(error) from error
        return result

    async def finish(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `function` as `call` does, to its end even when the waiting task is cancelled."""
        return await uninterrupted(self.call(function))


class Inside:
    """A connection as it is seen in its own thread: nothing waits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def call(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `function` at once; raise the family of StorageError."""
        try:
            return function(self._connection)
        except FAILURES as error:
            raise translated(error) from error

    finish = call


def translated(error: Exception) -> StorageError:
    """Say an error of the sqlite3 module in our words."""
    text = str(error)
    if isinstance(error, UnicodeEncodeError):
        return BadValue("text with a lone surrogate in it")
    # The module itself refuses types it does not know (as ProgrammingError, with a text of its own) and numbers beyond 64 bits.
    if isinstance(error, OverflowError | sqlite3.InterfaceError | sqlite3.DataError) or "is not supported" in text:
        return BadValue(text)
    return FAMILY.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, StorageError)(text)


async def connect(path: str, *, writes: bool) -> Connection:
    """Open a connection. StorageError when the file cannot be opened or is no database."""

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=WAIT_SECONDS, isolation_level=None, cached_statements=STATEMENTS, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            for pragma in PRAGMAS:
                connection.execute(pragma)
            if not writes:
                connection.execute("PRAGMA query_only=ON")
            elif path != MEMORY:
                write_ahead(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    failures: list[sqlite3.Error] = []

    def attempted() -> sqlite3.Connection:
        # After an error in here, aiosqlite's thread would outlive the loop and complain; an open connection can be closed.
        try:
            return opened()
        except sqlite3.Error as error:
            failures.append(error)
            return sqlite3.connect(MEMORY, check_same_thread=False)

    connection = Connection(attempted, 64)
    await connection
    for error in failures:
        await connection.close()
        failure = translated(error)
        reason = f"{path}: {failure}"
        raise type(failure)(reason) from error
    return connection


def write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging. SQLite does not wait by itself when two processes do so at once."""
    give_up = time.monotonic() + WAIT_SECONDS
    mode = None
    while mode is None:
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise sqlite3.OperationalError(NO_LOG)
