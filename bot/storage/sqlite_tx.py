"""Transactions of SQLite: one alone over its statements, or several works that share a commit, each in a savepoint of its own."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from bot.storage.connection import Connection, Inside, waiting
from bot.storage.engine import Param, Row, StorageError, Value, Work
from bot.storage.statement import SQLITE
from bot.storage.transaction import Transaction

HELD_SECONDS: Final = 0.2  # for a lock that was waited for in vain already

WAITED = "a transaction waits for nothing but its own statements"

Result = TypeVar("Result")


@dataclass(kw_only=True, slots=True)
class Patience:
    """How long a writer waits for another process's lock: for `usual` seconds, and shortly while it is known to be held.

    So those who queue behind one that has waited in vain hear of it soon.
    """

    usual: float
    held: bool = False

    def begin(self, connection: sqlite3.Connection) -> None:
        """Begin to write, or raise what SQLite says."""
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY and not self.held:
                self.held = True
                connection.execute(waiting(HELD_SECONDS))
            raise
        if self.held:
            self.held = False
            connection.execute(waiting(self.usual))


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What stands around a transaction's statements."""

    begin: Callable[[sqlite3.Connection], None]
    commit: tuple[str, ...] = ("COMMIT",)
    undo: tuple[str, ...] = ("ROLLBACK",)
    after: tuple[str, ...] = ()


def run_each(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    """Run statements without parameters."""
    for statement in statements:
        connection.execute(statement)


def running(*statements: str) -> Callable[[sqlite3.Connection], None]:
    """Return a function that runs statements without parameters."""
    return lambda connection: run_each(connection, statements)


SHARED: Final = Frame(
    begin=running("SAVEPOINT work"), commit=("RELEASE work",), undo=("ROLLBACK TO work", "RELEASE work")
)
READ: Final = Frame(begin=running("BEGIN"))
READ_IN_MEMORY: Final = Frame(begin=running("PRAGMA query_only=ON", "BEGIN"), after=("PRAGMA query_only=OFF",))


class SqliteTx(Transaction):
    """A transaction on one connection. It begins with its first statement."""

    def __init__(self, connection: Connection | Inside, frame: Frame) -> None:
        super().__init__(SQLITE)
        self._connection = connection
        self._frame = frame

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
        runs = self.bound_rows(sql, rows)

        def write(connection: sqlite3.Connection) -> None:
            for text, values in runs:
                connection.executemany(text, values)

        await self._call(write)

    async def commit(self) -> None:
        """Make it so. Raises the first failure of the transaction, if there was one."""
        self.end(commit=True)
        if self.begun:
            await self._connection.call(lambda connection: run_each(connection, self._frame.commit))

    async def rollback(self) -> None:
        """Undo everything, after whatever still runs in the thread has ended."""
        self.end(commit=False)

        def undo(connection: sqlite3.Connection) -> None:
            if connection.in_transaction:
                run_each(connection, self._frame.undo)
            run_each(connection, self._frame.after)

        if self.begun:
            await self._connection.finish(undo)

    async def _call(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        begun, self.begun = self.begun, True

        def started(connection: sqlite3.Connection) -> Result:
            self._frame.begin(connection)
            return function(connection)

        return await self.step(self._connection.call(function if begun else started))


async def written(tx: SqliteTx, work: Work[Result]) -> Result:
    """Do `work` and commit, or undo it."""
    try:
        result = await work(tx)
        await tx.commit()
    except BaseException:
        await tx.rollback()
        raise
    return result


async def looked(tx: SqliteTx, work: Work[Result]) -> Result:
    """Do `work` and leave nothing of it."""
    try:
        return await work(tx)
    finally:
        await tx.rollback()


def at_once(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that never waits. StorageError when it does."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    work.close()
    raise StorageError(WAITED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that waits for the next commit, and whoever waits for what it returns."""

    work: Work[Any]
    answer: asyncio.Future[Any]
    noticed: Callable[[BaseException], None]
    context: Context = field(default_factory=copy_context)

    def run(self, connection: sqlite3.Connection) -> Callable[[], None]:
        """Do the work, or undo it alone, and return how to answer once it is committed."""
        try:
            result = self.context.run(at_once, written(SqliteTx(Inside(connection), SHARED), self.work))
        except BaseException as error:
            if not connection.in_transaction:
                raise  # SQLite has undone the whole transaction, the others' works too
            return partial(self.refuse, error)
        return partial(self.accept, result)

    def accept(self, result: object) -> None:
        """Hand over the result."""
        if not self.answer.done():
            self.answer.set_result(result)

    def refuse(self, error: BaseException) -> None:
        """Hand over an error, also to whoever notices what is wrong with the database."""
        self.noticed(error)
        if not self.answer.done():
            self.answer.set_exception(error)


def commit_together(connection: sqlite3.Connection, frame: Frame, group: Iterable[Waiting]) -> list[Callable[[], None]]:
    """Do the works of a group in one transaction and return their answers, which hold once this has returned."""
    try:
        frame.begin(connection)
        answers = [waiting.run(connection) for waiting in group]
        run_each(connection, frame.commit)
    except BaseException:
        if connection.in_transaction:
            run_each(connection, frame.undo)
        raise
    return answers
