"""SQLite behind asyncio: one connection that writes, a few that read, each with a thread of its own.

Write-ahead logging lets readers see the last commit while a writer works; every commit is on the disk before it is answered.
A transaction begins with its first statement, in the same visit to the thread, so that one which does nothing costs nothing.
Works that wait for `write` share a commit (performance.md, "Group commit").
"""

import asyncio
import contextlib
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextvars import copy_context
from typing import Final, TypeVar

import structlog

from bot.storage.condition import Condition
from bot.storage.connection import MEMORY, WAIT_SECONDS, Connection, Inside, connect
from bot.storage.engine import CLOSED, Busy, StorageError, Work, uninterrupted
from bot.storage.file import REMOVED, Lost, Whereabouts, save
from bot.storage.sqlite_tx import (
    READ,
    READ_IN_MEMORY,
    Frame,
    Patience,
    SqliteTx,
    Waiting,
    at_once,
    commit_together,
    looked,
)
from bot.storage.statement import SQLITE
from bot.storage.turn import Turn
from bot.storage.upkeep import Glance, compact, examined, trim

READERS: Final = 3
SHARE: Final = 64  # the most works that share a commit

NESTED = "this task is writing already; a transaction inside its own transaction would wait for ever"


Result = TypeVar("Result")

log = structlog.get_logger()


class SqliteStorage:
    """One database file, or a database in memory with a single connection."""

    dialect = SQLITE

    def __init__(self, path: str, writer: Connection, wait: float) -> None:
        self.path = path
        self.condition = Condition()
        self._writer = writer
        self._wait = wait
        self._write = Frame(begin=Patience(usual=wait).begin)
        self._file = None if path == MEMORY else Whereabouts(path)
        self._saving: asyncio.Task[None] | None = None
        self._glance = Glance()
        self._turn = Turn()
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(READERS)
        self._closed = False
        self._urgent: deque[Waiting] = deque()
        self._others: deque[Waiting] = deque()
        self._committing: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: str, *, wait: float = WAIT_SECONDS) -> "SqliteStorage":
        """Open the file, or make it; a lock of another process is waited for `wait` seconds. Raises StorageError."""
        path = path if path == MEMORY else os.path.abspath(path)  # noqa: ASYNC240, PTH100  # no disk is asked
        return cls(path, await connect(path, writes=True, wait=wait), wait)

    @contextlib.asynccontextmanager
    async def begin(self, *, urgent: bool = False) -> AsyncIterator[SqliteTx]:
        """See Storage."""
        async with self._writing(urgent=urgent):
            tx = SqliteTx(self._writer, self._write)
            try:
                yield tx
                await tx.commit()
                self._refuse_lost()
            except BaseException as error:
                await tx.rollback()
                self.condition.refused(error)
                if isinstance(error, Busy):
                    self._turn.refuse(error)  # who waits behind a lock has waited as long as the one in front
                raise
            if tx.begun:
                self.condition.worked()

    async def write(self, work: Work[Result], *, urgent: bool = False) -> Result:
        """See Storage. What waits while others commit shares the next commit."""
        self._refuse_nested()
        waiting = Waiting(work, asyncio.get_running_loop().create_future(), self.condition.refused)
        (self._urgent if urgent else self._others).append(waiting)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        result: Result = await waiting.answer
        return result

    async def _commit_all(self) -> None:
        try:
            while self._urgent or self._others:
                try:
                    async with self._turn_to_write(urgent=bool(self._urgent)):
                        await self._commit_next()
                except Busy as locked:
                    _refuse(self._take_waiting(len(self._urgent) + len(self._others)), locked)
        finally:
            self._committing = None

    def _take_waiting(self, most: int) -> list[Waiting]:
        group: list[Waiting] = []
        for queue in (self._urgent, self._others):
            while queue and len(group) < most:
                waiting = queue.popleft()
                if not waiting.answer.done():
                    group.append(waiting)
        return group

    async def _commit_next(self) -> None:
        group = self._take_waiting(SHARE)
        try:
            self._refuse_useless()
            answers = await self._writer.finish(lambda connection: commit_together(connection, self._write, group))
            self._refuse_lost()
        except BaseException as error:
            _refuse(group, error if isinstance(error, Exception) else StorageError(CLOSED))
            if isinstance(error, Busy):
                self._turn.refuse(error)
            if isinstance(error, Busy) or not isinstance(error, Exception):
                raise
        else:
            self.condition.worked()
            for answer in answers:
                answer()

    async def look(self, work: Work[Result]) -> Result:
        """See Storage."""
        context = copy_context()
        async with self._either() as (connection, frame):
            try:
                return await connection.finish(
                    lambda raw: context.run(at_once, looked(SqliteTx(Inside(raw), frame), work))
                )
            except StorageError as error:
                self.condition.unread(error)
                raise

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteTx]:
        """See Storage. On :memory: it waits for the writer, since there is one connection."""
        async with self._either() as (connection, frame):
            tx = SqliteTx(connection, frame)
            try:
                yield tx
            except StorageError as error:
                self.condition.unread(error)
                raise
            finally:
                await tx.rollback()

    @contextlib.asynccontextmanager
    async def _either(self) -> AsyncIterator[tuple[Connection, Frame]]:
        if self.path == MEMORY:
            async with self._writing() as connection:
                yield connection, READ_IN_MEMORY
        else:
            async with self._reading() as connection:
                yield connection, READ

    @contextlib.asynccontextmanager
    async def _writing(self, *, urgent: bool = False) -> AsyncIterator[Connection]:
        self._refuse_nested()
        async with self._turn_to_write(urgent=urgent):
            self._refuse_useless()
            yield self._writer

    @contextlib.asynccontextmanager
    async def _turn_to_write(self, *, urgent: bool) -> AsyncIterator[None]:
        await self._turn.take(urgent=urgent)
        try:
            yield
        finally:
            self._turn.give()

    @contextlib.asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        async with self._free:
            self._refuse_closed()
            connection = self._idle.pop() if self._idle else await self._reader()
            try:
                yield connection
            finally:
                self._idle.append(connection)

    async def _reader(self) -> Connection:
        self._refuse_lost()  # or it might read another file
        connection = await connect(self.path, writes=False, wait=self._wait)
        try:
            self._refuse_lost()
        except BaseException:
            await connection.close()
            raise
        return connection

    def _refuse_nested(self) -> None:
        if self._turn.owner is asyncio.current_task():
            raise StorageError(NESTED)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StorageError(CLOSED)

    def _refuse_useless(self) -> None:
        self._refuse_closed()
        self._refuse_lost()

    def _refuse_lost(self) -> None:
        """Raise Lost when the file is not where it was opened: what is written into it would be gone with this process."""
        if self._file is None or not self._file.changed:
            return
        reason = REMOVED.format(path=self.path)
        self.condition.fail(reason, "database_replaced", path=self.path)
        if self._saving is None:
            self._saving = asyncio.create_task(self._save())
        raise Lost(reason)

    async def _save(self) -> None:
        try:
            saved = await self._writer.finish(lambda connection: save(connection, self.path))
        except (StorageError, OSError) as error:
            log.error("database_not_saved", path=self.path, reason=str(error))  # noqa: TRY400 - the reason is all
        else:
            log.error("database_saved", path=self.path, saved=saved)

    async def ping(self) -> None:
        """See Storage."""
        self._refuse_useless()
        async with self._reading() if self.path != MEMORY else self._writing() as connection:
            await connection.finish(self._glance.look)

    async def examine(self, seconds: float) -> bool:
        """See Storage."""
        async with self._reading() if self.path != MEMORY else self._writing() as connection:
            return await connection.finish(lambda raw: examined(raw, seconds))

    async def trim(self) -> bool:
        """See Storage."""

        def trimmed(connection: sqlite3.Connection) -> bool:
            self._write.begin(connection)
            try:
                return trim(connection)
            finally:
                connection.execute("COMMIT")

        async with self._writing() as connection:
            return await connection.finish(trimmed)

    async def compact(self) -> None:
        """See Storage."""
        async with self._writing() as connection:
            await connection.finish(compact)

    async def close(self) -> None:
        """See Storage."""
        if self._closed:
            return
        self._closed = True
        if self._saving is not None:
            await self._saving
        while self._turn.owner is not asyncio.current_task():
            with contextlib.suppress(Busy):
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


def _refuse(group: Iterable[Waiting], error: BaseException) -> None:
    for waiting in group:
        waiting.refuse(error)
