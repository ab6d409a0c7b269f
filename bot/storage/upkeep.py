"""Upkeep of a SQLite file: looking for damage, and giving space back, each for a bounded time."""

import sqlite3
import time
from typing import Final

DAMAGED = "the database is damaged: {}"

INCREMENTAL: Final = 2

STEPS: Final = 1000
"""Instructions of SQLite between two looks at the clock."""
GLANCE_SECONDS: Final = 0.2
SHARE: Final = 100
"""A glance is taken again after so many times as long as the last one took."""
TRIM_SECONDS: Final = 0.01
TRIM_PAGES: Final = 16
KEPT_PAGES: Final = 256
"""Free pages that are left for what comes next."""


def examined(connection: sqlite3.Connection, seconds: float) -> bool:
    """Look for damage for so long; say whether all was looked at. Raises sqlite3.DatabaseError that names the damage."""
    give_up = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > give_up, STEPS)
    try:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_INTERRUPT:
            return False
        raise
    finally:
        connection.set_progress_handler(None, 0)
    if said != "ok":
        raise sqlite3.DatabaseError(DAMAGED.format(said.splitlines()[-1]))
    return True


class Glance:
    """A short look for damage now and then, so that whoever asks all the time costs nothing; a find is remembered until the next."""

    def __init__(self) -> None:
        self._again_at = 0.0
        self._found: sqlite3.DatabaseError | None = None

    def look(self, connection: sqlite3.Connection) -> None:
        """Look, unless that was a while ago. Raises sqlite3.DatabaseError."""
        began = time.monotonic()
        if began >= self._again_at:
            self._found = None
            try:
                examined(connection, GLANCE_SECONDS)
            except sqlite3.DatabaseError as error:
                self._found = error
            self._again_at = began + max(1.0, SHARE * (time.monotonic() - began))
        if self._found is not None:
            raise self._found


def trims(connection: sqlite3.Connection) -> bool:
    """Whether a file can give space back; one that was made by an older version cannot until it is compacted."""
    return bool(connection.execute("PRAGMA auto_vacuum").fetchone()[0] == INCREMENTAL)


def free(connection: sqlite3.Connection) -> int:
    """Return how many pages of a file hold nothing."""
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def trim(connection: sqlite3.Connection) -> bool:
    """Cut free pages off the end of a file for a moment, in a transaction of the caller's; say whether there are more."""
    give_up = time.monotonic() + TRIM_SECONDS
    while trims(connection) and free(connection) > KEPT_PAGES:
        if time.monotonic() > give_up:
            return True
        connection.execute(f"PRAGMA incremental_vacuum({TRIM_PAGES})").fetchall()
    return False


def compact(connection: sqlite3.Connection) -> None:
    """Write the whole file anew, without free pages, so that it gives space back from now on. Nobody else writes meanwhile."""
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
