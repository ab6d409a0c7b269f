"""The file of a SQLite database: its owner's alone, one program's at a time, and still the one that was opened."""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bot.storage.engine import Busy, Full, StorageError

RIGHTS: Final = 0o600
LOG: Final = "-wal"
BESIDE: Final = (LOG, "-shm")
LOCK: Final = ".lock"
SAVED: Final = ".saved-"
LOCK_SECONDS: Final = 3.0
"""How long a start waits for its predecessor, which may be about to end."""

READ_ONLY = (
    "{path} can only be read: let its owner write to it (chmod u+w), or look whether its folder can be written to"
)
REMOVED = (
    "{path} was removed or replaced while it was in use: what it held is saved beside it; put that back and start again"
)
IN_USE = "{path} is served by another alertbot already: on SQLite one process serves a file"
SAVED_ONLY = (
    "{path} is not there, but {saved} is, which holds what was in it when it was removed while it was in use: "
    "rename that to {path}, or move it away to begin with an empty database"
)


class Lost(StorageError):
    """The database's file was removed or replaced while it was in use."""


def make_private(path: str) -> None:
    """Make the file if there is none, and leave it and its log to their owner alone, whatever the umask says.

    Raises OSError, Full when its owner may not write to it, and Lost when it was removed and its content only saved.
    """
    try:
        if not Path(path).exists() and (saved := sorted(Path(path).parent.glob(f"{Path(path).name}{SAVED}*"))):
            raise Lost(SAVED_ONLY.format(path=path, saved=saved[-1]))
        # Opened only when it is new: to close a file that is in use would end the locks that this process has on it.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, RIGHTS)
    except FileExistsError:
        pass
    else:
        os.fchmod(handle, RIGHTS)
        os.close(handle)
    wanted = stat.S_IMODE(Path(path).stat().st_mode) & RIGHTS
    _restrict(path, wanted)
    for suffix in BESIDE:
        _restrict(path + suffix, wanted)
    if not wanted & stat.S_IWUSR:
        raise Full(READ_ONLY.format(path=path))


def _restrict(path: str, wanted: int) -> None:
    # Somebody else's file is left as it is: whether it can be used is found out when it is.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        if stat.S_IMODE(Path(path).stat().st_mode) != wanted:
            Path(path).chmod(wanted)


class Whereabouts:
    """Which file, and which log, a database was opened in: device and inode of each."""

    def __init__(self, path: str) -> None:
        self._paths = (path, path + LOG)
        self._known = self._seen()

    @property
    def changed(self) -> bool:
        """Whether one of them is no longer at its path."""
        return self._seen() != self._known

    def _seen(self) -> list[tuple[int, int] | None]:
        return [identity(path) for path in self._paths]


def identity(path: str) -> tuple[int, int] | None:
    """Return device and inode of a file, or None when it is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - after each commit
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def save(connection: sqlite3.Connection, path: str) -> str:
    """Copy what an open database holds to a new file beside its path, and return that one's. Raises OSError or sqlite3.Error."""
    target = f"{path}{SAVED}{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, RIGHTS))
    Path(target).chmod(RIGHTS)
    with contextlib.closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    return target


@contextlib.asynccontextmanager
async def served_alone(path: str) -> AsyncIterator[None]:
    """Let no other program serve the file for the length of the block; "" is no file. Raises Busy, or OSError."""
    if not path:
        yield
        return
    handle = os.open(path + LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, RIGHTS)
    try:
        os.fchmod(handle, RIGHTS)
        give_up = time.monotonic() + LOCK_SECONDS
        while not _locked(handle):
            if time.monotonic() > give_up:
                raise Busy(IN_USE.format(path=path))
            await asyncio.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
