"""SQLite behind asyncio: one connection that writes, a few that read, each with a thread of its own.

Write-ahead logging lets readers see the last commit while a writer works; every commit is on the disk before it is answered.
A transaction begins with its first statement, in the same visit to the thread, so that one which does nothing costs nothing.
Works that wait for `write` share a commit (performance.md, "Group commit").
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Final, TypeVar

from bot.storage.connection import MEMORY, Connection, Inside, connect
from bot.storage.engine import CLOSED, StorageError, Work, uninterrupted
from bot.storage.sqlite_tx import (
    READ,
    READ_IN_MEMORY,
    WRITE,
    Frame,
    SqliteTx,
    Waiting,
    at_once,
    commit_together,
    looked,
)
from bot.storage.statement import SQLITE
from bot.storage.turn import Turn

READERS: Final = 3
SHARE: Final = 64  # the most works that share a commit

NESTED = "this task is writing already; a transaction inside its own transaction would wait for ever"

Result = TypeVar("Result")


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
        self._urgent: deque[Waiting] = deque()
        self._others: deque[Waiting] = deque()
        self._committing: asyncio.Task[None] | None = None

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

    async def write(self, work: Work[Result], *, urgent: bool = False) -> Result:
        """See Storage. What waits while others commit shares the next commit."""
        self._refuse_nested()
        waiting = Waiting(work, asyncio.get_running_loop().create_future())
        (self._urgent if urgent else self._others).append(waiting)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        result: Result = await waiting.answer
        return result

    async def _commit_all(self) -> None:
        try:
            while self._urgent or self._others:
                async with self._turn_to_write(urgent=bool(self._urgent)):
                    await self._commit_next()
        finally:
            self._committing = None

    async def _commit_next(self) -> None:
        group: list[Waiting] = []
        for queue in (self._urgent, self._others):
            while queue and len(group) < SHARE:
                waiting = queue.popleft()
                if not waiting.answer.done():
                    group.append(waiting)
        try:
            self._refuse_closed()
            answers = await self._writer.finish(lambda connection: commit_together(connection, group))
        except BaseException as error:
            for waiting in group:
                waiting.refuse(error if isinstance(error, Exception) else StorageError(CLOSED))
            if not isinstance(error, Exception):
                raise
        else:
            for answer in answers:
                answer()

    async def look(self, work: Work[Result]) -> Result:
        """See Storage."""
        context = copy_context()
        async with self._either() as (connection, frame):
            return await connection.finish(lambda raw: context.run(at_once, looked(SqliteTx(Inside(raw), frame), work)))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteTx]:
        """See Storage. On :memory: it waits for the writer, since there is one connection."""
        async with self._either() as (connection, frame):
            tx = SqliteTx(connection, frame)
            try:
                yield tx
            finally:
                await tx.rollback()

    @asynccontextmanager
    async def _either(self) -> AsyncIterator[tuple[Connection, Frame]]:
        if self.path == MEMORY:
            async with self._writing() as connection:
                yield connection, READ_IN_MEMORY
        else:
            async with self._reading() as connection:
                yield connection, READ

    @asynccontextmanager
    async def _writing(self, *, urgent: bool = False) -> AsyncIterator[Connection]:
        self._refuse_nested()
        async with self._turn_to_write(urgent=urgent):
            self._refuse_closed()
            yield self._writer

    @asynccontextmanager
    async def _turn_to_write(self, *, urgent: bool) -> AsyncIterator[None]:
        await self._turn.take(urgent=urgent)
        try:
            yield
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

    def _refuse_nested(self) -> None:
        if self._turn.owner is asyncio.current_task():
            raise StorageError(NESTED)

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
