"""PostgreSQL behind asyncpg's pool, for several processes on one database.

A transaction takes its connection at once and begins with its first statement, so that one which does nothing asks nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import asyncpg

from bot.storage.condition import Condition
from bot.storage.engine import (
    CLOSED,
    BadValue,
    Busy,
    Conflict,
    Full,
    Param,
    Result,
    Row,
    StorageError,
    Value,
    Work,
    uninterrupted,
)
from bot.storage.statement import POSTGRESQL
from bot.storage.transaction import Transaction

POOL: Final = 8
STATEMENTS: Final = 512  # prepared and kept by each connection
CONNECT_SECONDS: Final = 10.0
LONG_SECONDS: Final = 0.3
ANSWER_SECONDS: Final = 300.0  # a statement without an answer by then means that the network is gone

WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# A process that was frozen in mid-transaction must not hold up the others.
SESSION: Final = "SET lock_timeout = {wait}; SET idle_in_transaction_session_timeout = '60s'; SET jit = off"

# By SQLSTATE, the whole code before its class: https://www.postgresql.org/docs/current/errcodes-appendix.html
FAMILY: Final[dict[str, type[StorageError]]] = {
    "25006": Full,  # read-only transaction
    "25P03": Busy,  # idle in transaction for too long
    "53100": Full,  # disk full
    "55P03": Busy,  # lock not available
    "08": Busy,  # connection
    "22": BadValue,  # data
    "23": Conflict,  # integrity
    "40": Busy,  # serialization, deadlock
    "53": Busy,  # resources
    "57": Busy,  # operator intervention, shutdown, cancelled
}

WORDS: Final[dict[str, str]] = {  # what people and logs are told, as on SQLite
    "25006": "the database can only be read",
    "53100": "the disk is full",
    "55P03": "the database is locked",
}
NO_CONNECTION = "the database is locked: no connection to it became free"

BAD_POOL = "pool is a number of connections, at least 1"

Connection = Any  # asyncpg's pool hands out proxies without useful types
Verb = Callable[..., Awaitable[Any]]

FAILURES: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # includes TimeoutError
    UnicodeEncodeError,
    OverflowError,
)


def translated(error: Exception, *, lost: bool = False) -> StorageError:
    """Say an error of asyncpg in our words; `lost` when its connection is gone."""
    if isinstance(error, asyncpg.PostgresError):
        if isinstance(error, asyncpg.InvalidCachedStatementError):
            return _crossed(Busy("a table was changed while a statement was in use"))
        code = error.sqlstate or ""
        # Not str(error): its DETAIL quotes the values of the row.
        text = WORDS.get(code) or (error.args[0] if error.args else type(error).__name__)
        said = FAMILY.get(code, FAMILY.get(code[:2], StorageError))(text)
        return _crossed(said) if isinstance(said, Busy) and code.startswith("40") else said
    if lost or isinstance(error, OSError | asyncpg.OutdatedSchemaCacheError):
        return Busy(f"the database is out of reach: {error or type(error).__name__}")
    if isinstance(error, UnicodeEncodeError):
        return BadValue("text with a lone surrogate in it")
    if isinstance(error, ValueError | OverflowError):  # asyncpg's own check of types and sizes
        return BadValue(str(error))
    return StorageError(str(error))


def _crossed(busy: Busy) -> Busy:
    busy.crossed = True
    return busy


class PostgresTx(Transaction):
    """A transaction on one connection of the pool."""

    def __init__(self, connection: Connection, start: str) -> None:
        super().__init__(POSTGRESQL)
        self._connection = connection
        self._start = start

    async def one(self, sql: str, **params: Param) -> Row | None:
        """See Tx."""
        text, values = self.bound(sql, params)
        row: Row | None = await self._call(self._connection.fetchrow, text, *values)
        return row

    async def all(self, sql: str, **params: Param) -> list[Row]:
        """See Tx."""
        text, values = self.bound(sql, params)
        rows: list[Row] = await self._call(self._connection.fetch, text, *values)
        return rows

    async def run(self, sql: str, **params: Param) -> int:
        """See Tx."""
        text, values = self.bound(sql, params)
        status: str = await self._call(self._connection.execute, text, *values)
        count = status.rpartition(" ")[2]  # "UPDATE 3", "INSERT 0 1", "CREATE TABLE"
        return int(count) if count.isdecimal() else 0

    async def run_many(self, sql: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """See Tx."""
        if not rows:
            return
        text, values = self.bound_many(sql, rows)
        await self._call(self._connection.executemany, text, values)

    async def commit(self) -> None:
        """Make it so. Raises the first failure of the transaction, if there was one."""
        self.end(commit=True)
        if self.begun:
            await self._answer(self._connection.execute, "COMMIT")

    async def rollback(self) -> None:
        """Undo everything; a connection that cannot is thrown away, which undoes it too."""
        self.end(commit=False)
        if self.begun and not self._lost():
            await uninterrupted(self._undo())

    async def _undo(self) -> None:
        try:
            await self._connection.execute("ROLLBACK")
        except FAILURES:
            if not self._lost():
                self._connection.terminate()

    def _lost(self) -> bool:
        try:
            closed: bool = self._connection.is_closed()
        except asyncpg.InterfaceError:  # the pool has taken it back, which it does as soon as the connection breaks
            return True
        return closed

    async def _call(self, verb: Verb, *arguments: Any) -> Any:
        if not self.begun:
            self.begun = True
            await self.step(self._answer(self._connection.execute, self._start))
        return await self.step(self._answer(verb, *arguments))

    async def _answer(self, verb: Verb, *arguments: Any) -> Any:
        try:
            return await verb(*arguments)
        except FAILURES as error:
            raise translated(error, lost=self._lost()) from error


class PostgresStorage:
    """One database, and a pool of connections to it."""

    dialect = POSTGRESQL

    def __init__(self, pool: Any, size: int, wait: float) -> None:
        self.condition = Condition()
        self._pool = pool
        self._wait = wait
        # The urgent ones always find a connection: the others share what is left.
        self._free = asyncio.Semaphore(max(1, size - 1))
        self._closed = False

    @classmethod
    async def open(cls, url: str, *, wait: float = 10.0) -> "PostgresStorage":
        """Connect; a lock, or a free connection, is waited for `wait` seconds. ValueError for a bad `?pool=`; StorageError when there is no database at that address."""
        dsn, size = split_pool(url)

        async def prepared(connection: Connection) -> None:
            await connection.execute(SESSION.format(wait=int(wait * 1000)))

        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=size,
                timeout=CONNECT_SECONDS,
                command_timeout=ANSWER_SECONDS,
                statement_cache_size=STATEMENTS,
                init=prepared,
                reset=kept,
                server_settings={"application_name": "alertbot"},
            )
        except FAILURES as error:
            raise translated(error) from error
        return cls(pool, size, wait)

    @asynccontextmanager
    async def begin(self, *, urgent: bool = False) -> AsyncIterator[PostgresTx]:
        """See Storage."""
        async with self._connection(urgent=urgent) as connection:
            tx = PostgresTx(connection, WRITE)
            try:
                yield tx
                await tx.commit()
            except BaseException as error:
                await tx.rollback()
                self.condition.refused(error)
                raise
            if tx.begun:
                self.condition.worked()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[PostgresTx]:
        """See Storage."""
        async with self._connection(urgent=False) as connection:
            tx = PostgresTx(connection, READ)
            try:
                yield tx
            except StorageError as error:
                self.condition.unread(error)
                raise
            finally:
                await tx.rollback()

    async def write(self, work: Work[Result], *, urgent: bool = False) -> Result:
        """See Storage."""
        async with self.begin(urgent=urgent) as tx:
            return await work(tx)

    async def look(self, work: Work[Result]) -> Result:
        """See Storage."""
        async with self.read() as tx:
            return await work(tx)

    @asynccontextmanager
    async def _connection(self, *, urgent: bool) -> AsyncIterator[Connection]:
        if not urgent:
            await self._turn()
        try:
            if self._closed:
                raise StorageError(CLOSED)
            try:
                connection = await self._pool.acquire(timeout=CONNECT_SECONDS)
            except FAILURES as error:
                failure = translated(error)
                self.condition.refused(failure)
                raise failure from error
            try:
                yield connection
            finally:
                await self._pool.release(connection)
        finally:
            if not urgent:
                self._free.release()

    async def _turn(self) -> None:
        """Wait until one of the connections for everybody is free, as long as for a lock: whoever holds one may wait for that."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError as error:
            raise Busy(NO_CONNECTION) from error
        if self.condition.reason and time.monotonic() - began > LONG_SECONDS:
            self._free.release()
            raise Busy(self.condition.reason)  # who waited behind a lock has waited as long as the one in front

    async def ping(self) -> None:
        """See Storage."""
        async with self.read() as tx:
            await tx.one("SELECT 1 AS answer")

    async def examine(self, seconds: float) -> bool:  # noqa: ARG002 - PostgreSQL looks after its files itself
        """See Storage."""
        await self.ping()
        return True

    async def trim(self) -> bool:
        """See Storage."""
        return False

    async def compact(self) -> None:
        """See Storage."""

    async def close(self) -> None:
        """See Storage."""
        if not self._closed:
            self._closed = True
            await self._pool.close()


async def kept(_connection: Connection) -> None:
    """Leave a connection as it is when it returns to the pool: nothing here changes it, and asking costs a round trip."""


def split_pool(url: str) -> tuple[str, int]:
    """Take `?pool=8` off the URL: the server knows no such setting. ValueError unless it is a number of at least 1."""
    address, _, query = url.partition("?")
    settings = parse_qsl(query, keep_blank_values=True)
    sizes = [value for name, value in settings if name == "pool"]
    if not sizes:
        return url, POOL
    if not sizes[-1].isdecimal() or int(sizes[-1]) < 1:
        raise ValueError(BAD_POOL)
    rest = urlencode([setting for setting in settings if setting[0] != "pool"])
    return f"{address}?{rest}" if rest else address, int(sizes[-1])
