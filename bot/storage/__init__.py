"""Where everything that must survive a restart is kept: SQLite on one machine, PostgreSQL on several.

`open_storage` picks the engine by the URL; engine.py says what an engine promises, and a module per table family holds its SQL.
"""

from urllib.parse import unquote

from bot.storage import migrate as migrations
from bot.storage.engine import (
    BadValue,
    Busy,
    Conflict,
    Full,
    NewerDatabase,
    Param,
    Row,
    Storage,
    StorageError,
    Tx,
    Value,
)

__all__ = [
    "BadValue",
    "Busy",
    "Conflict",
    "Full",
    "NewerDatabase",
    "Param",
    "Row",
    "Storage",
    "StorageError",
    "Tx",
    "Value",
    "open_storage",
]

UNKNOWN_URL = "a database URL begins with sqlite:/// or postgresql://"


WAIT_SECONDS = 10.0


async def open_storage(url: str, *, migrate: bool, wait: float = WAIT_SECONDS) -> Storage:
    """Open `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite:///:memory:` or `postgresql://...` (`?pool=8`).

    What others have locked is waited for `wait` seconds at the most. With `migrate` the tables are brought up to date first; without, they are left as they are (`migrations.pending` says what
    is missing). ValueError for another URL, NewerDatabase when a later version has changed the tables, StorageError when the
    database cannot be opened.
    """
    storage: Storage
    scheme, separator, rest = url.partition("://")
    # An engine is imported when it is asked for: a start on SQLite does not wait for PostgreSQL's driver.
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from bot.storage.sqlite import SqliteStorage  # noqa: PLC0415

        storage = await SqliteStorage.open(unquote(rest[1:]), wait=wait)
    elif scheme in {"postgresql", "postgres"} and separator:
        from bot.storage.postgres import PostgresStorage  # noqa: PLC0415

        storage = await PostgresStorage.open(url, wait=wait)
    else:
        raise ValueError(UNKNOWN_URL)
    try:
        await (migrations.migrate(storage) if migrate else migrations.pending(storage))
    except BaseException:
        await storage.close()
        raise
    return storage
