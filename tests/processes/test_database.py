"""What befalls a SQLite file under a running bot: nothing answered is lost, whoever asks is told why, and it goes on by itself."""

import asyncio
import contextlib
import os
import random
import resource
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli import alertbot
from tests.processes.furnished import ROOM, Furnished, furnished
from tests.processes.programs import SECRET_KEY, Program, start

SOON = 2.0
"""Seconds within which whoever asks is answered, whatever the database does."""
BACK = 10.0
"""Seconds within which everything works again by itself."""


async def until_ready(home: Furnished) -> None:
    """Wait until the bot says that it can work."""
    async with asyncio.timeout(BACK):
        while 200 != (await home.ready())[0]:  # noqa: ASYNC110 - another process becomes ready
            await asyncio.sleep(0.1)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let another program write to the database for the length of the block."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def refused(folder: Path, command: str = "serve", **environment: str) -> Program:
    """Start a command that is expected to end by itself, and wait for that."""
    program = await start(command, [sys.executable, "-m", "bot", command], environment=environment, folder=folder)
    async with asyncio.timeout(BACK):
        await program._gone()
    return program


def modes(folder: Path) -> dict[str, int]:
    """Return who may do what with the database's files, by their names."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("alertbot.db*")}


def size(path: str) -> int:
    """Return how large a file is."""
    return Path(path).stat().st_size


def give(folder: Path, mode: int) -> None:
    """Let others do something with the database's files, or nobody."""
    for path in folder.glob("alertbot.db*"):
        path.chmod(mode)


def remove_all(file: Path) -> None:
    """Do what a clean-up job does."""
    for path in file.parent.glob("alertbot.db*"):
        path.unlink()


def put_another(file: Path) -> None:
    """Do what an admin does who restores by hand."""
    copy = file.with_name("copy")
    shutil.copy(file, copy)
    copy.replace(file)


def remove_log(file: Path) -> None:
    """Do what half a clean-up job does."""
    Path(f"{file}-wal").unlink()


@pytest.mark.parametrize("spoil", [remove_all, put_another, remove_log])
async def test_a_file_that_is_no_longer_there(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """No alert is answered 2xx any more; what was answered is saved beside it, and is there again once that is put back."""
    async with furnished(tmp_path) as home:
        first = await home.post("before")
        spoil(home.file)
        later = [await home.post(f"later {number}") for number in range(5)]
        ready = await home.ready()
        await home.program.wrote("database_saved")
        (replaced,), (saved,) = home.logged("database_replaced"), home.logged("database_saved")
        await home.program.stop()
        copy = tmp_path / saved["saved"]
        mode = modes(tmp_path)[copy.name]
        kept = copy.rename(tmp_path / "kept")
        remove_all(home.file)
        kept.rename(copy)
        blocked = await refused(tmp_path, **home.environment)
        copy.rename(home.file)
        await home.restart()
        again = await home.post("after")

        assert [202, *[503] * 5, 202] == [status for status, _, _ in (first, *later, again)]
        assert (503, True) == (ready[0], "removed or replaced" in ready[1])
        assert ("error", str(home.file)) == (replaced["level"], replaced["path"])
        assert 0o600 == mode
        assert 1 == blocked.process.returncode
        assert f"rename that to {home.file}" in blocked.said()
        assert {"before", "after"} == await home.summaries()


async def test_a_file_that_comes_back(tmp_path: Path) -> None:
    """Moved away and back again, everything goes on without a restart."""
    async with furnished(tmp_path) as home:
        await home.post("before")
        home.file.rename(tmp_path / "elsewhere")
        meanwhile = await home.post("meanwhile")
        (tmp_path / "elsewhere").rename(home.file)
        after = await home.post("after")
        await until_ready(home)

        assert (503, 202) == (meanwhile[0], after[0])
        assert {"before", "after"} == await home.summaries()


async def test_a_locked_database(tmp_path: Path) -> None:
    """Senders are refused within two seconds, whoever queues too; people are answered in the room; then all goes on."""
    async with furnished(tmp_path) as home:
        room = home.server.room(ROOM)
        await home.post("before")
        await room.sees("before", timeout=BACK)
        with locked(home.file):
            posts = [asyncio.create_task(home.post(f"{number}")) for number in range(6)]
            refusals = await asyncio.gather(*posts)
            later = await home.post("one more")
            ready = await home.ready()
            began = time.monotonic()
            await room.says("@dana", "/alert ack 1")
            told = await room.sees("I could not store that")
            took = time.monotonic() - began
            await room.says("@dana", "/alert list")
            listed = await room.sees("#1 ")
        await until_ready(home)
        after = await home.post("after")
        await room.says("@dana", "/alert ack 1")
        acked = await room.sees("acked 1: #1")

        assert [503] * 7 == [status for status, _, _ in (*refusals, later)]
        assert {"5"} == {headers["Retry-After"] for _, headers, _ in refusals}
        assert max(seconds for _, _, seconds in (*refusals, later)) < SOON
        assert (503, "the database is locked") == ready
        assert "the database is locked. Nothing was changed; try again in a minute." in told.text
        assert took < SOON
        assert "1 open" in listed.text
        assert 202 == after[0]
        assert acked
        assert ["the database is locked"] == [line["reason"] for line in home.logged("database_fails")]
        assert 1 == len(home.logged("database_works_again"))


async def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    """It is said once, not for each request; nothing that was answered is lost, and no restart is needed."""
    async with furnished(tmp_path) as home:
        room = home.server.room(ROOM)
        await home.post("before")
        usual = resource.prlimit(home.program.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(home.program.pid, resource.RLIMIT_FSIZE, (size(f"{home.file}-wal"), usual[1]))
        posts = [await home.post(f"{number} {'x' * 1000}") for number in range(20)]
        ready = await home.ready()
        await room.says("@dana", "/alert note 1 hello")
        told = await room.sees("I could not store that")
        resource.prlimit(home.program.pid, resource.RLIMIT_FSIZE, usual)
        await until_ready(home)
        after = await home.post("after")

        assert {503} == {status for status, _, _ in posts}
        assert 503 == ready[0]
        assert "Nothing was changed" in told.text
        assert 202 == after[0]
        assert 1 == len(home.logged("database_fails"))
        assert {"before", "after"} == await home.summaries()


async def test_a_file_that_can_only_be_read(tmp_path: Path) -> None:
    """It is not served: a sentence names it and what to do; `check` says so too. Writable again, so is its log."""
    async with furnished(tmp_path) as home:
        await home.post("before")
        await home.program.kill()
        give(tmp_path, 0o444)
        served = await refused(tmp_path, **home.environment)
        checked = await alertbot("check", DATABASE_URL=home.environment["DATABASE_URL"], SECRET_KEY=SECRET_KEY)
        home.file.chmod(0o644)
        await home.restart()
        after = await home.post("after")

        assert (1, 1) == (served.process.returncode, checked.code)
        assert f"{home.file} can only be read" in served.said()
        assert "Traceback" not in served.said()
        assert "BAD  database: " in checked.out
        assert 202 == after[0]


async def test_a_damaged_file(tmp_path: Path) -> None:
    """It is not ready, with the reason, and `check` fails; so does a backup of it, which is not kept."""
    async with furnished(tmp_path) as home:
        for number in range(20):
            await home.post(f"{number} {'x' * 2000}")
        await home.program.stop()
        spoil_pages(home.file)
        await home.restart()
        ready = await home.ready()
        settings = {"DATABASE_URL": home.environment["DATABASE_URL"], "SECRET_KEY": SECRET_KEY}
        checked = await alertbot("check", **settings)
        saved = await alertbot("backup", str(tmp_path / "copy"), **settings)

        assert (503, True) == (ready[0], "damaged" in ready[1])
        assert (1, 1) == (checked.code, saved.code)
        assert "BAD  database: the database is damaged" in checked.out
        assert "is damaged" in saved.err
        assert not (tmp_path / "copy").exists()


def spoil_pages(file: Path) -> None:
    """Write nonsense over pages of alerts and history."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'history_of_alert'").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(random.Random(1).randbytes(size))  # noqa: S311 - nonsense


async def test_one_process_serves_a_file(tmp_path: Path) -> None:
    """A second one ends with a sentence; after a kill -9 the next one starts at once."""
    async with furnished(tmp_path) as home:
        second = await refused(tmp_path, **home.environment | {"PORT": "0"})
        worker = await refused(tmp_path, "worker", **home.environment)
        await home.program.kill()
        began = time.monotonic()
        await home.restart()
        took = time.monotonic() - began

        assert (1, 1) == (second.process.returncode, worker.process.returncode)
        assert "is served by another alertbot already" in second.said()
        assert took < BACK


async def test_another_key(tmp_path: Path) -> None:
    """The bot does not start beside secrets that it cannot open, and `check` says so; with the right key it does."""
    async with furnished(tmp_path) as home:
        await home.program.stop()
        other = "another secret of sixteen characters"
        served = await refused(tmp_path, **home.environment | {"SECRET_KEY": other})
        checked = await alertbot("check", DATABASE_URL=home.environment["DATABASE_URL"], SECRET_KEY=other)
        with contextlib.closing(sqlite3.connect(home.file)) as connection:
            connection.execute("DELETE FROM canary")
            connection.commit()
        unmarked = await refused(tmp_path, **home.environment | {"SECRET_KEY": other})
        await home.restart()

        assert (1, 1, 1) == (served.process.returncode, checked.code, unmarked.process.returncode)
        assert "sealed with another SECRET_KEY" in served.said()
        assert "sealed with another SECRET_KEY" in unmarked.said()
        assert "BAD  secrets: " in checked.out
        assert 202 == (await home.post("with the right one"))[0]


@pytest.mark.parametrize("mode", [None, 0o644, 0o666])
async def test_only_its_owner_reads_it(tmp_path: Path, mode: int | None) -> None:
    """The file, its log, its lock and its key belong to their owner alone, whatever the umask says and however it was."""
    before = os.umask(0)
    try:
        async with furnished(tmp_path, SECRET_KEY="") as home:
            await home.post("something")
            if mode is not None:
                await home.program.kill()
                give(tmp_path, mode)
                await home.restart()
            found = modes(tmp_path)
    finally:
        os.umask(before)

    names = ["alertbot.db", "alertbot.db-shm", "alertbot.db-wal", "alertbot.db.key", "alertbot.db.lock"]

    assert dict.fromkeys(names, 0o600) == found


async def test_the_first_news_after_a_kill(tmp_path: Path) -> None:
    """What a dead process had taken on is told within five seconds of the next start."""
    async with furnished(tmp_path) as home:
        room = home.server.room(ROOM)
        await home.post("before")
        await room.sees("before", timeout=BACK)
        await home.program.kill()
        far = int((time.time() + 55) * 1000)
        with contextlib.closing(sqlite3.connect(home.file, isolation_level=None)) as connection:
            connection.execute("UPDATE rooms SET lease_until = ?", (far,))
        began = time.monotonic()
        await home.restart()
        await home.post("after")
        await room.sees("after", timeout=BACK)
        took = time.monotonic() - began

        assert took < 5
