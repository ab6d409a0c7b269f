"""Condition: whether a database does what it is asked; said in the log once when it stops, and once when it goes on."""

import time
from typing import Final

import structlog

from bot.storage.engine import BadValue, Busy, Conflict, Full, StorageError

HOLD: Final = 2.0
"""Seconds without a failure after which a database that takes something counts as sound again: damage shows now and then."""

log = structlog.get_logger()


class Condition:
    """What the last transactions came to. `reason` says why the database refuses what it should do; "" when it does not."""

    def __init__(self) -> None:
        self.reason = ""
        self._failed_at = 0.0

    def refused(self, error: BaseException) -> None:
        """Take note of a failure. Only what the database itself said counts: not what is wrong with a value or a statement's place."""
        said = isinstance(error, StorageError) and error.__cause__ is not None
        crossed = isinstance(error, Busy) and error.crossed
        if not said or crossed or isinstance(error, Conflict | BadValue):
            return
        self.fail(str(error))

    def unread(self, error: BaseException) -> None:
        """Take note of a failure to read; that reading is no writing is none."""
        if not isinstance(error, Full):
            self.refused(error)

    def fail(self, reason: str, event: str = "database_fails", **details: str) -> None:
        """Take note of a reason for which nothing works."""
        if not self.reason:
            log.error(event, reason=reason, **details)
        self.reason = reason
        self._failed_at = time.monotonic()

    def worked(self) -> None:
        """Take note of a commit."""
        if self.reason and time.monotonic() - self._failed_at >= HOLD:
            log.info("database_works_again", reason=self.reason)
            self.reason = ""
