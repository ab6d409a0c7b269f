"""What an open transaction remembers, on either engine: whether it has begun, failed or ended."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import TypeVar

from bot.storage.engine import Param, StorageError, Value
from bot.storage.statement import Runs, bind, bind_rows, render

INTERRUPTED = "a statement of this transaction was interrupted"
OVER = "this transaction is over"
FAILED = "this transaction has failed already: {failure}"

Result = TypeVar("Result")


class Transaction:
    """The part of a transaction that both engines share: after the first failure nothing more happens in it."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._failure: Exception | None = None
        self._over = False
        self.begun = False

    @property
    def dialect(self) -> str:
        """See Tx."""
        return self._dialect

    def bound(self, sql: str, params: Mapping[str, Param]) -> tuple[str, tuple[Value, ...]]:
        """Return text and values of a statement that may run now."""
        self._refuse_ended()
        try:
            return bind(self._dialect, sql, params)
        except Exception as error:
            self._failure = error
            raise

    def bound_rows(self, sql: str, rows: Sequence[Mapping[str, Value]]) -> list[Runs]:
        """Return texts that may run now, each for many rows where it can."""
        self._refuse_ended()
        try:
            return bind_rows(self._dialect, sql, rows)
        except Exception as error:
            self._failure = error
            raise

    def bound_many(self, sql: str, rows: Iterable[Mapping[str, Value]]) -> Runs:
        """Return text and values of a statement that may run now, once for each row."""
        self._refuse_ended()
        try:
            statement = render(self._dialect, sql)
            return statement.sql, [statement.values(row) for row in rows]
        except Exception as error:
            self._failure = error
            raise

    def _refuse_ended(self) -> None:
        if self._over:
            raise StorageError(OVER)
        if self._failure is not None:
            raise StorageError(FAILED.format(failure=self._failure)) from self._failure

    async def step(self, work: Awaitable[Result]) -> Result:
        """Await one exchange with the database and remember when it fails."""
        try:
            return await work
        except Exception as error:
            self._failure = error
            raise
        except asyncio.CancelledError:
            self._failure = StorageError(INTERRUPTED)
            raise

    def end(self, *, commit: bool) -> None:
        """Let nothing more happen. Raises the first failure when the transaction was to be committed."""
        self._over = True
        if commit and self._failure is not None:
            raise self._failure
