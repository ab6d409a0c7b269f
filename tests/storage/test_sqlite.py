"""What only the SQLite engine does."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage import Busy, Full, Storage, StorageError, Tx, open_storage
from bot.storage.file import Lost
from bot.storage.sqlite import SqliteStorage
from bot.storage.turn import Turn

COUNT = "SELECT count(*) AS n FROM things"


@pytest.fixture(params=["file", "memory"])
async def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteStorage]:
    """Open a database with one table, in a file or in memory."""
    opened = await SqliteStorage.open(":memory:" if request.param == "memory" else str(tmp_path / "a.db"))
    async with opened.begin() as tx:
        await tx.run("CREATE TABLE things (id {pk}, name TEXT)")
    yield opened
    await opened.close()


async def count(storage: Storage) -> int:
    """Count the things that are committed."""
    async with storage.read() as tx:
        row = await tx.one(COUNT)
    assert row is not None
    number: int = row["n"]
    return number


def ended(before: set[threading.Thread]) -> bool:
    """Say whether every thread that was started since has ended, or does so within seconds."""
    started = set(threading.enumerate()) - before
    for thread in started:
        thread.join(5)
    return not any(thread.is_alive() for thread in started)


async def test_urgent_writers_come_first(sqlite: SqliteStorage) -> None:
    """Of those that wait, urgent ones write before the others, and each kind in order of arrival."""
    order: list[str] = []
    held = asyncio.Event()

    async def write(name: str, *, urgent: bool) -> None:
        async with sqlite.begin(urgent=urgent) as tx:
            await tx.run("INSERT INTO things (name) VALUES (:name)", name=name)
            order.append(name)

    async with sqlite.begin() as tx:
        waiting = [
            asyncio.create_task(write(name, urgent=name.startswith("command")))
            for name in ("ingest 1", "ingest 2", "command 1", "ingest 3", "command 2")
        ]
        asyncio.get_running_loop().call_soon(held.set)
        await held.wait()
        await tx.one(COUNT)
    await asyncio.gather(*waiting)

    assert ["command 1", "command 2", "ingest 1", "ingest 2", "ingest 3"] == order


async def test_a_cancelled_waiter_loses_its_turn_only() -> None:
    """The turn skips those that gave up, also one that gave up in the very moment it was handed the turn."""
    turn = Turn()
    await turn.take()
    early, handed, last = (asyncio.create_task(turn.take()) for _ in range(3))
    await asyncio.sleep(0)
    early.cancel()
    await asyncio.sleep(0)
    turn.give()
    handed.cancel()

    await asyncio.wait_for(last, 5)
    assert early.cancelled()
    assert handed.cancelled()


async def test_a_transaction_inside_its_own_is_refused(sqlite: SqliteStorage) -> None:
    """What would wait for itself for ever is an error at once, and the outer transaction goes on."""
    async with sqlite.begin() as tx:
        with pytest.raises(StorageError, match="inside its own"):
            async with sqlite.begin():
                pass
        await tx.run("INSERT INTO things (name) VALUES ('a')")

    assert 1 == await count(sqlite)


async def test_readers_cannot_write(sqlite: SqliteStorage) -> None:
    """A read is a read, in memory too, and writing works again afterwards."""
    with pytest.raises(Full):
        async with sqlite.read() as tx:
            await tx.run("INSERT INTO things (name) VALUES ('a')")
    async with sqlite.begin() as tx:
        await tx.run("INSERT INTO things (name) VALUES ('b')")

    assert 1 == await count(sqlite)


async def test_a_full_disk_is_full(sqlite: SqliteStorage) -> None:
    """When the file cannot grow the transaction fails as Full, and smaller ones still work."""
    await sqlite._writer.call(lambda connection: connection.execute("PRAGMA max_page_count=10"))
    with pytest.raises(Full):
        async with sqlite.begin() as tx:
            await tx.run("INSERT INTO things (name) VALUES (:name)", name="x" * 1_000_000)
    async with sqlite.begin() as tx:
        await tx.run("INSERT INTO things (name) VALUES ('a')")

    assert 1 == await count(sqlite)


async def test_a_file_locked_by_another_process_is_busy(tmp_path: Path) -> None:
    """Waiting for another writer ends as Busy, and once that one is done the same transaction succeeds."""
    path = tmp_path / "a.db"
    storage = await open_storage(f"sqlite:///{path}", migrate=False)
    assert isinstance(storage, SqliteStorage)
    await storage._writer.call(lambda connection: connection.execute("PRAGMA busy_timeout=10"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        async with storage.begin() as tx:
            await tx.run("CREATE TABLE things (id {pk})")
    other.close()
    async with storage.begin() as tx:
        await tx.run("CREATE TABLE things (id {pk})")

    assert 0 == await count(storage)
    await storage.close()


async def test_two_storages_on_one_file(tmp_path: Path) -> None:
    """A second process, such as `alertbot key create` beside `serve`, writes in turn with the first and loses nothing."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    storages = await asyncio.gather(*[open_storage(url, migrate=True) for _ in range(2)])
    async with storages[0].begin() as tx:
        await tx.run("CREATE TABLE counter (n BIGINT)")
        await tx.run("INSERT INTO counter (n) VALUES (0)")

    async def raise_by_one(storage: Storage) -> None:
        async with storage.begin() as tx:
            row = await tx.one("SELECT n FROM counter")
            assert row is not None
            await tx.run("UPDATE counter SET n = :n", n=row["n"] + 1)

    await asyncio.gather(*[raise_by_one(storage) for storage in storages for _ in range(10)])
    async with storages[1].read() as tx:
        row = await tx.one("SELECT n FROM counter")
    await asyncio.gather(*[storage.close() for storage in storages])

    assert row is not None
    assert 20 == row["n"]


async def test_closing_leaves_no_thread_and_no_log(tmp_path: Path) -> None:
    """After close the threads have ended and everything is in the one file."""
    threads = set(threading.enumerate())
    storage = await open_storage(f"sqlite:///{tmp_path / 'a.db'}", migrate=True)
    await asyncio.gather(*[storage.ping() for _ in range(10)])
    during = set(threading.enumerate()) - threads
    await storage.close()

    assert 4 == len(during)
    assert ended(threads)
    assert ["a.db"] == [path.name for path in tmp_path.iterdir()]  # noqa: ASYNC240


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Opening names the file and leaves no thread behind, whether it is something else or cannot be made."""
    threads = set(threading.enumerate())
    (tmp_path / "note.txt").write_text("not a database, but long enough to be read as the header of one\n" * 20)
    for path in (tmp_path / "note.txt", tmp_path / "missing" / "a.db"):
        with pytest.raises(StorageError, match=path.name):
            await open_storage(f"sqlite:///{path}", migrate=True)

    assert ended(threads)


async def test_commits_are_durable(tmp_path: Path) -> None:
    """The settings that make a 2xx a promise are on, on every connection that writes."""
    storage = await SqliteStorage.open(str(tmp_path / "a.db"))
    asked = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "busy_timeout")
    settings = await storage._writer.call(
        lambda connection: [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    )
    await storage.close()

    assert ["wal", 2, 1, 400, 10_000] == settings


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "sqlite:alertbot.db", "mysql://host/db", "alertbot.db"])
async def test_other_urls_are_refused(url: str) -> None:
    """A URL that names no engine is a ValueError that says what one looks like."""
    with pytest.raises(ValueError, match="sqlite:///"):
        await open_storage(url, migrate=True)


async def test_a_relative_path_is_kept_when_the_folder_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sqlite:///a.db` is in the folder of the start, for connections opened later too; %20 is a space."""
    monkeypatch.chdir(tmp_path)
    storage = await open_storage("sqlite:///a%20b.db", migrate=True)
    monkeypatch.chdir("/")
    await storage.ping()
    await storage.close()

    assert (tmp_path / "a b.db").exists()


async def test_work_waits_for_nothing_else(sqlite: SqliteStorage) -> None:
    """Work that awaits anything but its transaction is refused, and nothing of it is kept."""

    async def work(tx: Tx) -> None:
        await tx.run("CREATE TABLE later (id {pk})")
        await asyncio.sleep(0)

    with pytest.raises(StorageError, match="waits for nothing"):
        await sqlite.write(work)
    async with sqlite.read() as tx:
        found = await tx.all("SELECT name FROM sqlite_master WHERE name = 'later'")

    assert [] == found


async def test_urgent_work_comes_first(sqlite: SqliteStorage) -> None:
    """What waits while somebody writes is done in one go, the urgent works before the others."""
    done: list[str] = []

    async def work(_tx: Tx, name: str) -> None:
        done.append(name)

    async with sqlite.begin():
        waiting = [
            asyncio.create_task(sqlite.write(lambda tx, name=name: work(tx, name), urgent=name.startswith("u")))  # type: ignore[misc]
            for name in ("a", "b", "u1", "c", "u2")
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert ["u1", "u2", "a", "b", "c"] == done


async def fill_and_empty(storage: SqliteStorage) -> None:
    """Leave a file of which nearly nothing is used."""
    async with storage.begin() as tx:
        await tx.run("CREATE TABLE things (id {pk}, name TEXT)")
        await tx.run_many("INSERT INTO things (name) VALUES (:name)", [{"name": "x" * 4000} for _ in range(5000)])
    async with storage.begin() as tx:
        await tx.run("DELETE FROM things")


async def test_a_file_gives_its_space_back(tmp_path: Path) -> None:
    """A step at a time, until little is left to give."""
    path = tmp_path / "a.db"
    storage = await SqliteStorage.open(str(path))
    await fill_and_empty(storage)
    steps = 1
    while await storage.trim():
        steps += 1
    await storage.close()

    assert steps > 1
    assert path.stat().st_size < 2_000_000


async def test_an_older_file_is_compacted_once(tmp_path: Path) -> None:
    """A file of a version that could not give space back keeps its size until then."""
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("CREATE TABLE first (id INTEGER)")
        old.commit()
    storage = await SqliteStorage.open(str(path))
    await fill_and_empty(storage)
    more = await storage.trim()
    await storage._writer.call(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    before = path.stat().st_size
    await storage.compact()
    after = path.stat().st_size
    await storage.close()

    assert not more
    assert before > 20_000_000
    assert after < 100_000


async def test_whoever_waits_behind_a_lock_is_refused_with_the_first(tmp_path: Path) -> None:
    """However many there are, of either kind, they have waited for it together; and close waits for nobody."""
    path = tmp_path / "a.db"
    storage = await SqliteStorage.open(str(path), wait=0.3)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def begin() -> None:
        async with storage.begin() as tx:
            await tx.run("CREATE TABLE things (id {pk})")

    async def work(tx: Tx) -> None:
        await tx.run("CREATE TABLE things (id {pk})")

    began = time.monotonic()
    waiting = [*(begin() for _ in range(5)), *(storage.write(work, urgent=number % 2 == 0) for number in range(5))]
    refusals = await asyncio.gather(*waiting, return_exceptions=True)
    took = time.monotonic() - began
    reason = storage.condition.reason
    other.close()
    await storage.write(work)
    await storage.close()

    assert [Busy] * 10 == [type(refusal) for refusal in refusals]
    assert took < 1
    assert "the database is locked" == reason


@pytest.mark.parametrize("spoil", ["remove", "replace", "remove the log"])
async def test_a_lost_file_is_not_written(tmp_path: Path, spoil: str) -> None:
    """What is committed into it is refused all the same, readers opened later do not read another, and a copy is kept."""
    path = tmp_path / "a.db"
    storage = await SqliteStorage.open(str(path))
    async with storage.begin() as tx:
        await tx.run("CREATE TABLE things (id {pk})")
        await tx.run("INSERT INTO things (id) VALUES (1)")
    if spoil == "replace":
        (tmp_path / "other").write_bytes(b"")
        (tmp_path / "other").replace(path)
    else:
        (path if spoil == "remove" else tmp_path / "a.db-wal").unlink()

    with pytest.raises(Lost):
        async with storage.begin() as tx:
            await tx.run("INSERT INTO things (id) VALUES (2)")
    with pytest.raises(Lost):
        await storage.write(lambda tx: tx.run("INSERT INTO things (id) VALUES (3)"))
    with pytest.raises(Lost):
        await storage.ping()
    with pytest.raises(Lost):
        await count(storage)
    await storage.close()
    saved = list(tmp_path.glob("a.db.saved-*"))  # noqa: ASYNC240
    with contextlib.closing(sqlite3.connect(saved[0])) as copy:
        kept = copy.execute("SELECT id FROM things").fetchall()

    assert 1 == len(saved)
    assert [(1,)] == kept
