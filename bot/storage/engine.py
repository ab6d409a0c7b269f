"""What a storage engine promises, whichever database is behind it, and the family of its errors.

    StorageError
    +-- Conflict         a constraint of the database said no (unique, foreign key, check)
    +-- Busy             locked, deadlocked or out of reach: the same transaction may succeed when it is run again
    +-- Full             the disk is full, or the database can only be read
    +-- BadValue         a value that no column can hold, such as text with a NUL in it
    +-- NewerDatabase    a later version of the program has already changed the tables

The SQL is one text for both engines; how its parameters and macros are written is in statement.py.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from bot.storage.condition import Condition

Value = str | int | float | bytes | bool | None
Param = Value | Sequence[Value]

Result = TypeVar("Result")

CLOSED = "the storage is closed"


class StorageError(Exception):
    """The database refused a statement or failed."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or " ".join((self.__doc__ or "").split()))


class Conflict(StorageError):
    """A constraint of the database was violated."""


class Busy(StorageError):
    """The database is locked or out of reach; the transaction may be run again."""

    crossed = False
    """Whether transactions only got into each other's way: run again at once, it may succeed."""


class Full(StorageError):
    """The database cannot be written: its disk is full, or it is read-only."""


class BadValue(StorageError):
    """A value cannot be stored: text with a NUL or a lone surrogate, a number beyond 64 bits, or a wrong type."""


class NewerDatabase(StorageError):
    """The database was changed by a later version of the program."""


class Row(Protocol):
    """One row of an answer, read by column name. Booleans come back as 0 and 1 from SQLite: wrap them in `bool`."""

    def __getitem__(self, name: str, /) -> Any: ...

    def keys(self) -> Iterable[str]:
        """Column names, in the order of the statement."""
        ...


class Tx(Protocol):
    """An open transaction. `:name` in the SQL takes the keyword argument of that name; a list serves `IN (:ids)`.

    A statement that fails ends its transaction: caught or not, nothing of the transaction is committed, further statements
    are refused, and `begin()` raises the first error at its end. One task uses a transaction at a time.
    """

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`, for the few statements that each database has its own words for."""
        ...

    async def one(self, sql: str, **params: Param) -> Row | None:
        """Return the first row of the answer, or None."""
        ...

    async def all(self, sql: str, **params: Param) -> list[Row]:
        """Return every row of the answer."""
        ...

    async def run(self, sql: str, **params: Param) -> int:
        """Return the number of rows that were inserted, changed or deleted."""
        ...

    async def run_many(self, sql: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Run one statement for each row, in one exchange with the database. A row may hold more names than the SQL."""
        ...


Work = Callable[[Tx], Coroutine[Any, Any, Result]]


class Storage(Protocol):
    """An open database. Every method raises the family of StorageError."""

    condition: "Condition"
    """Whether what is written is taken."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        ...

    def begin(self, *, urgent: bool = False) -> AbstractAsyncContextManager[Tx]:
        """Open a write transaction: committed at the end of the block, rolled back on an exception or a cancellation.

        On SQLite there is one at a time, and `urgent` ones come before the others that wait; on PostgreSQL they run side by
        side (READ COMMITTED) and one connection is kept for the urgent ones. A `Busy` or a cancellation during the commit
        itself leaves open whether it happened.
        """
        ...

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """Open one consistent snapshot for reading, which never waits for a writer. A statement that writes raises Full."""
        ...

    async def write(self, work: Work[Result], *, urgent: bool = False) -> Result:
        """Do `work` in a transaction as `begin` opens it, and return what it returns.

        `work` awaits nothing but its transaction: on SQLite it is run whole in the database's thread, where a statement costs
        no way there and back. What it touches besides is its own, or is only read.
        """
        ...

    async def look(self, work: Work[Result]) -> Result:
        """Do `work` in a snapshot as `read` opens it; the same holds for it as in `write`."""
        ...

    async def ping(self) -> None:
        """Ask the database for an answer; raise StorageError when there is none, or when it is damaged as far as a glance shows."""
        ...

    async def examine(self, seconds: float) -> bool:
        """Look for damage, for so long at the most; say whether all of it was looked at. Raises StorageError that names the damage.

        PostgreSQL looks after its files itself.
        """
        ...

    async def trim(self) -> bool:
        """Give some free space back to the file system, in a moment's work; say whether there is more. PostgreSQL does so itself."""
        ...

    async def compact(self) -> None:
        """Write everything anew without the space that nothing uses, while nobody else writes. PostgreSQL needs no such thing."""
        ...

    async def close(self) -> None:
        """Let running transactions end, then let go of files, threads and connections. Twice is as good as once."""
        ...


async def uninterrupted(work: Coroutine[Any, Any, Result]) -> Result:
    """Await `work` to its end even when the waiting task is cancelled; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen here, or asyncio would report it as never retrieved
        raise cancelled
    return task.result()
