"""What only the PostgreSQL engine does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.storage import Busy, Storage, StorageError, open_storage
from bot.storage.postgres import POOL, split_pool
from tests.postgres import Server, free_port


@pytest.fixture
async def url(postgres: Server) -> AsyncIterator[str]:
    """Give the URL of an empty database."""
    async with postgres.database(migrated=False) as address:
        yield address


@pytest.fixture
async def pair(url: str) -> AsyncIterator[tuple[Storage, Storage]]:
    """Open one database twice, as two processes would, with one table of two rows."""
    one = await open_storage(f"{url}{'&' if '?' in url else '?'}pool=2", migrate=False)
    other = await open_storage(url, migrate=False)
    async with one.begin() as tx:
        await tx.run("CREATE TABLE things (id BIGINT PRIMARY KEY, size BIGINT)")
        await tx.run("INSERT INTO things VALUES (1, 0), (2, 0)")
    yield one, other
    await one.close()
    await other.close()


async def kill_others(storage: Storage) -> None:
    """End every other connection to the database, as a restart of the server would."""
    async with storage.begin() as tx:
        await tx.all(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_a_lost_connection_is_busy(pair: tuple[Storage, Storage]) -> None:
    """A transaction whose connection is lost fails as Busy and is undone; the next one gets a new connection."""
    one, other = pair

    async def work() -> None:
        async with one.begin() as tx:
            await tx.run("UPDATE things SET size = 5")
            await kill_others(other)
            await tx.run("UPDATE things SET size = 6")

    with pytest.raises(Busy):
        await work()
    async with one.begin() as tx:
        rows = await tx.all("SELECT size FROM things")

    assert [0, 0] == [row["size"] for row in rows]


async def test_a_connection_lost_unnoticed_is_busy(pair: tuple[Storage, Storage]) -> None:
    """The loss may be known before the next statement, or before the commit: both are Busy."""
    one, other = pair

    async def work(sql: str | None) -> None:
        gone = asyncio.Event()
        async with one.begin() as tx:
            await tx.run("UPDATE things SET size = 5")
            tx._connection.add_termination_listener(lambda _: gone.set())  # type: ignore[attr-defined]
            await kill_others(other)
            await gone.wait()
            if sql is not None:
                await tx.run(sql)

    for sql in (None, "UPDATE things SET size = 6"):
        with pytest.raises(Busy):
            await work(sql)
    async with asyncio.timeout(10):
        # Idle connections were killed too, and each is found out when it is used.
        while True:
            with contextlib.suppress(Busy):
                await one.ping()
                break


async def test_a_deadlock_is_busy(pair: tuple[Storage, Storage]) -> None:
    """Of two transactions that lock the same rows in opposite order, one is done and the other is told to try again."""
    one, other = pair
    both = asyncio.Barrier(2)

    async def lock(storage: Storage, first: int, second: int) -> None:
        async with storage.begin() as tx:
            await tx.run("UPDATE things SET size = size + 1 WHERE id = :id", id=first)
            await both.wait()
            await tx.run("UPDATE things SET size = size + 1 WHERE id = :id", id=second)

    results = await asyncio.gather(lock(one, 1, 2), lock(other, 2, 1), return_exceptions=True)
    async with one.read() as tx:
        rows = await tx.all("SELECT size FROM things")

    assert [Busy] == [type(result) for result in results if result is not None]
    assert [1, 1] == [row["size"] for row in rows]


async def test_urgent_ones_find_a_connection(pair: tuple[Storage, Storage]) -> None:
    """While the others use up all they may and wait in a queue, an urgent transaction goes ahead."""
    one, _ = pair
    async with one.begin():
        waiting = asyncio.create_task(one.ping())
        await asyncio.sleep(0)
        async with one.begin(urgent=True) as tx:
            await tx.run("UPDATE things SET size = 1")
        ahead = not waiting.done()
    await waiting

    assert ahead


async def test_a_table_changed_meanwhile_is_busy_once(pair: tuple[Storage, Storage]) -> None:
    """A migration under a running process costs it at most one attempt per prepared statement."""
    one, other = pair
    async with one.read() as tx:
        await tx.all("SELECT * FROM things")
    async with other.begin() as tx:
        await tx.run("ALTER TABLE things ADD COLUMN name TEXT")
    with pytest.raises(Busy):
        async with one.read() as tx:
            await tx.all("SELECT * FROM things")
    async with one.read() as tx:
        row = await tx.one("SELECT * FROM things")

    assert row is not None
    assert ["id", "size", "name"] == list(row.keys())


async def test_cancelled_while_waiting_for_a_lock(pair: tuple[Storage, Storage]) -> None:
    """A statement that waits for a row is given up by the server too, and the connection is good for the next."""
    one, other = pair
    async with other.begin() as tx:
        await tx.run("UPDATE things SET size = 1")

        async def blocked() -> None:
            async with one.begin() as mine:
                await mine.run("UPDATE things SET size = 2")

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(blocked(), 0.1)
    async with one.begin() as tx:
        rows = await tx.all("SELECT size FROM things")

    assert [1, 1] == [row["size"] for row in rows]


async def test_nobody_at_the_address_is_busy() -> None:
    """A server that is not there may come: it is Busy, not a programming error."""
    with pytest.raises(Busy, match="out of reach"):
        await open_storage(f"postgresql://nobody@127.0.0.1:{free_port()}/alertbot", migrate=False)


async def test_a_database_that_is_missing(postgres: Server) -> None:
    """A wrong name is an error that will not go away by itself."""
    with pytest.raises(StorageError, match="does not exist") as caught:
        await open_storage(postgres.at("no_such_database"), migrate=False)

    assert StorageError is type(caught.value)


def test_the_pool_is_taken_off_the_url() -> None:
    """`?pool=` is ours; every other setting is the server's and stays as it is."""
    assert ("postgresql://a@b/c", POOL) == split_pool("postgresql://a@b/c")
    assert ("postgresql://a@b/c", 3) == split_pool("postgresql://a@b/c?pool=3")
    assert ("postgresql:///c?host=%2Ftmp&sslmode=disable", 3) == split_pool(
        "postgresql:///c?host=/tmp&pool=3&sslmode=disable"
    )


@pytest.mark.parametrize("pool", ["0", "-1", "", "many"])
def test_a_bad_pool_is_refused(pool: str) -> None:
    """A pool that could hold no connection is a ValueError."""
    with pytest.raises(ValueError, match="pool"):
        split_pool(f"postgresql://a@b/c?pool={pool}")
