"""SQLite behind asyncio: one connection that writes, a few that read, each with a thread of its own.

Write-ahead logging lets readers see the last commit while a writer works; every commit is on the disk before it is answered.
A transaction begins with its first statement, in the same visit to the thread, so that one which does nothing costs nothing.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import aiosqlite

from bot.storage.engine import (
    CLOSED,
    BadValue,
    Busy,
    Conflict,
    Full,
    Param,
    Row,
    StorageError,
    Value,
    uninterrupted,
)
from bot.storage.statement import SQLITE
from bot.storage.transaction import Transaction
from bot.storage.turn import Turn

MEMORY: Final = ":memory:"
READERS: Final = 3
WAIT_SECONDS: Final = 10.0  # for another process that writes
STATEMENTS: Final = 512  # prepared and kept by each connection
# A small log of pages keeps the pause of each checkpoint short; FULL means that a commit survives a power cut (performance.md 5).
PRAGMAS: Final = ("PRAGMA foreign_keys=ON", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=400")

WRITE: Final = ("BEGIN IMMEDIATE",)
READ: Final = ("BEGIN",)
READ_IN_MEMORY: Final = (("PRAGMA query_only=ON", "BEGIN"), ("PRAGMA query_only=OFF",))

FAMILY: Final[dict[int, type[StorageError]]] = {  # by SQLite's primary result code
    sqlite3.SQLITE_CONSTRAINT: Conflict,
    sqlite3.SQLITE_BUSY: Busy,
    sqlite3.SQLITE_LOCKED: Busy,
    sqlite3.SQLITE_FULL: Full,
    sqlite3.SQLITE_READONLY: Full,
    sqlite3.SQLITE_TOOBIG: BadValue,
}

NO_LOG = "this file system cannot hold a database with a write-ahead log"
NESTED = "this task is writing already; a transaction inside its own transaction would wait for ever"

Result = TypeVar("Result")


class Connection(aiosqlite.Connection):
    """aiosqlite's thread and queue, with whole functions instead of single verbs."""

    async def call(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `function` in the connection's thread; raise the family of StorageError."""
        try:
            result: Result = await self._execute(function, self._conn)  # type: ignore[no-untyped-call]
        except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
            raise translated(error) from error
        return result


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

    connection = Connection(opened, 64)
    try:
        await connection
    except sqlite3.Error as error:
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


class SqliteTx(Transaction):
    """A transaction on one connection: `start` runs before its first statement, `after` when nothing was committed."""

    def __init__(self, connection: Connection, start: Sequence[str], after: Sequence[str] = ()) -> None:
        super().__init__(SQLITE)
        self._connection = connection
        self._start = start
        self._after = after

    async def one(self, sql: str, **params: Param) -> Row | None:
        """See Tx."""
        text, values = self.bound(sql, params)

        def first(connection: sqlite3.Connection) -> Row | None:
            cursor = connection.execute(text, values)
            row: Row | None = cursor.fetchone()
            cursor.close()
            return row

        return await self._call(first)

    async def all(self, sql: str, **params: Param) -> list[Row]:
        """See Tx."""
        text, values = self.bound(sql, params)
        return await self._call(lambda connection: connection.execute(text, values).fetchall())

    async def run(self, sql: str, **params: Param) -> int:
        """See Tx."""
        text, values = self.bound(sql, params)

        def count(connection: sqlite3.Connection) -> int:
            cursor = connection.execute(text, values)
            cursor.fetchall()  # a RETURNING that nobody reads is only counted when it was fetched
            return max(cursor.rowcount, 0)

        return await self._call(count)

    async def run_many(self, sql: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """See Tx."""
        if not rows:
            return
        text, values = self.bound_many(sql, rows)
        await self._call(lambda connection: connection.executemany(text, values))

    async def commit(self) -> None:
        """Make it so. Raises the first failure of the transaction, if there was one."""
        self.end(commit=True)
        if self.begun:
            await self._connection.call(lambda connection: connection.execute("COMMIT"))

    async def rollback(self) -> None:
        """Undo everything, after whatever still runs in the thread has ended."""
        self.end(commit=False)

        def undo(connection: sqlite3.Connection) -> None:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for statement in self._after:
                connection.execute(statement)

        if self.begun:
            await uninterrupted(self._connection.call(undo))

    async def _call(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        begun, self.begun = self.begun, True

        def started(connection: sqlite3.Connection) -> Result:
            for statement in self._start:
                connection.execute(statement)
            return function(connection)

        return await self.step(self._connection.call(function if begun else started))


class SqliteStorage:
    """One database file, or a database in memory with a single connection."""

    dialect = SQLITE

    def __init__(self, path: str, writer: Connection) -> None:
        self.path = path
        self._writer = writer
        self._turn = Turn()
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(READERS)
        self._closed = False

    @classmethod
    async def open(cls, path: str) -> "SqliteStorage":
        """Open the file, or make it. Raises StorageError."""
        path = path if path == MEMORY else os.path.abspath(path)  # noqa: ASYNC240, PTH100  # no disk is asked
        return cls(path, await connect(path, writes=True))

    @asynccontextmanager
    async def begin(self, *, urgent: bool = False) -> AsyncIterator[SqliteTx]:
        """See Storage."""
        async with self._writing(urgent=urgent):
            tx = SqliteTx(self._writer, WRITE)
            try:
                yield tx
                await tx.commit()
            except BaseException:
                await tx.rollback()
                raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteTx]:
        """See Storage. On :memory: it waits for the writer, since there is one connection."""
        async with self._writing() if self.path == MEMORY else self._reading() as connection:
            tx = SqliteTx(connection, *READ_IN_MEMORY) if connection is self._writer else SqliteTx(connection, READ)
            try:
                yield tx
            finally:
                await tx.rollback()

    @asynccontextmanager
    async def _writing(self, *, urgent: bool = False) -> AsyncIterator[Connection]:
        if self._turn.owner is asyncio.current_task():
            raise StorageError(NESTED)
        await self._turn.take(urgent=urgent)
        try:
            self._refuse_closed()
            yield self._writer
        finally:
            self._turn.give()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        async with self._free:
            self._refuse_closed()
            connection = self._idle.pop() if self._idle else await connect(self.path, writes=False)
            try:
                yield connection
            finally:
                self._idle.append(connection)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StorageError(CLOSED)

    async def ping(self) -> None:
        """See Storage."""
        async with self.read() as tx:
            await tx.one("SELECT 1 AS answer")

    async def close(self) -> None:
        """See Storage."""
        if self._closed:
            return
        self._closed = True
        await self._turn.take()
        for _ in range(READERS):
            await self._free.acquire()
        try:
            await uninterrupted(self._shut())
        finally:
            for _ in range(READERS):
                self._free.release()
            self._turn.give()

    async def _shut(self) -> None:
        # The writer last: whoever closes last folds the log back into the database file.
        for connection in (*self._idle, self._writer):
            await connection.close()
