"""One SQLite connection: the thread it lives in, seen from outside and from within, and its errors in our words."""

import sqlite3
import time
from collections.abc import Callable
from typing import Final, TypeVar

import aiosqlite

from bot.storage.engine import BadValue, Busy, Conflict, Full, StorageError, uninterrupted
from bot.storage.file import READ_ONLY, make_private

MEMORY: Final = ":memory:"
WAIT_SECONDS: Final = 10.0  # for another process that writes, unless whoever opens it says otherwise
STATEMENTS: Final = 512  # prepared and kept by each connection
# A new file can give space back (sqlite.py, trim); it is the first page that says so, so this comes first.
VACUUM: Final = "PRAGMA auto_vacuum=INCREMENTAL"
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
WORDS: Final[dict[int, str]] = {  # what people and logs are told, where SQLite's own words are no sentence
    sqlite3.SQLITE_BUSY: "the database is locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the database can only be read",
    sqlite3.SQLITE_CORRUPT: "the database is damaged (database disk image is malformed)",
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
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if isinstance(error, UnicodeEncodeError):
        return BadValue("text with a lone surrogate in it")
    # The module itself refuses types it does not know (as ProgrammingError, with a text of its own) and numbers beyond 64 bits.
    if isinstance(error, OverflowError | sqlite3.InterfaceError | sqlite3.DataError) or "is not supported" in text:
        return BadValue(text)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return FAMILY.get(code, StorageError)(WORDS.get(code, text))


async def connect(path: str, *, writes: bool, wait: float = WAIT_SECONDS) -> Connection:
    """Open a connection, which waits for other processes for so many seconds.

    StorageError when the file cannot be opened or is no database, and when it is to be written and can only be read.
    """

    def opened() -> sqlite3.Connection:
        if writes and path != MEMORY:
            make_private(path)
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
                connection.execute(VACUUM)
                write_ahead(connection)
                refuse_read_only(connection, path)
            connection.execute(waiting(wait))
        except BaseException:
            connection.close()
            raise
        return connection

    failures: list[Exception] = []

    def attempted() -> sqlite3.Connection:
        # After an error in here, aiosqlite's thread would outlive the loop and complain; an open connection can be closed.
        try:
            return opened()
        except (sqlite3.Error, OSError, StorageError) as error:
            failures.append(error)
            return sqlite3.connect(MEMORY, check_same_thread=False)

    connection = Connection(attempted, 64)
    await connection
    for error in failures:
        await connection.close()
        if isinstance(error, StorageError):
            raise error
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


def waiting(seconds: float) -> str:
    """Return the statement that says how long a connection waits for a lock."""
    return f"PRAGMA busy_timeout={int(seconds * 1000)}"


def refuse_read_only(connection: sqlite3.Connection, path: str) -> None:
    """Find out at once whether a file can be written. One that somebody else writes now can be."""
    connection.execute(waiting(0))
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF
        if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
            raise Full(READ_ONLY.format(path=path)) from error
        if code != sqlite3.SQLITE_BUSY:
            raise
