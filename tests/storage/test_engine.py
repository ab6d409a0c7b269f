"""What Storage promises, on each engine."""

import asyncio

import pytest

from bot.storage import BadValue, Conflict, Full, Row, Storage, StorageError, Tx, Value
from bot.storage.engine import uninterrupted

TABLES = (
    "CREATE TABLE things (id {pk}, name TEXT UNIQUE, size BIGINT, live BOOLEAN, body BYTEA)",
    "CREATE TABLE parts (thing_id BIGINT NOT NULL REFERENCES things (id))",
)
ADD = "INSERT INTO things (name, size, live, body) VALUES (:name, :size, :live, :body)"
NAMES = "SELECT name FROM things ORDER BY id"


async def add(tx: Tx, name: str, size: int = 1) -> None:
    """Write one thing."""
    await tx.run(ADD, name=name, size=size, live=True, body=b"")


async def names(storage: Storage) -> list[str]:
    """Read the names of all things that are committed."""
    async with storage.read() as tx:
        return [row["name"] for row in await tx.all(NAMES)]


@pytest.fixture(autouse=True)
async def _tables(storage: Storage) -> None:
    async with storage.begin() as tx:
        for statement in TABLES:
            await tx.run(statement)


async def test_values_come_back_as_they_were(storage: Storage) -> None:
    """Text, numbers of 64 bits, truth and bytes are stored and read unchanged, NUL bytes of bytes included."""
    async with storage.begin() as tx:
        await tx.run(ADD, name="é🙂\x01", size=-(2**63), live=True, body=b"\0\xff")
        await tx.run(ADD, name=None, size=None, live=False, body=None)
        first, second = await tx.all("SELECT * FROM things ORDER BY id")

    assert ["id", "name", "size", "live", "body"] == list(first.keys())
    assert ("é🙂\x01", -(2**63), True, b"\0\xff") == (first["name"], first["size"], bool(first["live"]), first["body"])
    assert (None, None, False, None) == (second["name"], second["size"], bool(second["live"]), second["body"])


async def test_one_gives_the_first_row_or_none(storage: Storage) -> None:
    """`one` reads RETURNING too, and is None when nothing matches."""
    async with storage.begin() as tx:
        made = await tx.one("INSERT INTO things (name) VALUES (:name) RETURNING id", name="a")
        found = await tx.one("SELECT name FROM things WHERE id = :id", id=made["id"] if made else 0)
        missing = await tx.one("SELECT name FROM things WHERE id = :id", id=999)

    assert found is not None
    assert "a" == found["name"]
    assert missing is None


async def test_run_counts_rows(storage: Storage) -> None:
    """`run` says how many rows it touched: also 0, also with RETURNING, and 0 for a change of tables."""
    async with storage.begin() as tx:
        counts = [
            await tx.run("INSERT INTO things (name) VALUES ('a'), ('b')"),
            await tx.run("UPDATE things SET size = 1"),
            await tx.run("UPDATE things SET size = 2 WHERE name = 'b' RETURNING id"),
            await tx.run("INSERT INTO things (name) VALUES ('a') ON CONFLICT (name) DO NOTHING"),
            await tx.run("CREATE TABLE other (id {pk})"),
            await tx.run("DELETE FROM things"),
        ]

    assert [2, 2, 1, 0, 0, 2] == counts


async def test_a_block_that_ends_is_committed(storage: Storage) -> None:
    """What a transaction wrote is there for the next one."""
    async with storage.begin() as tx:
        await add(tx, "a")

    assert ["a"] == await names(storage)


async def test_an_exception_rolls_back(storage: Storage) -> None:
    """Nothing of a block that raised is kept, the exception passes, and the storage goes on."""

    async def work() -> None:
        async with storage.begin() as tx:
            await add(tx, "a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    async with storage.begin() as tx:
        await add(tx, "b")

    assert ["b"] == await names(storage)


async def test_a_failed_statement_ends_its_transaction(storage: Storage) -> None:
    """A failure that was caught inside is raised at the end all the same; statements in between are refused."""

    async def work() -> None:
        async with storage.begin() as tx:
            await add(tx, "a")
            with pytest.raises(Conflict):
                await add(tx, "a")
            with pytest.raises(StorageError, match="failed already"):
                await add(tx, "b")

    with pytest.raises(Conflict):
        await work()

    assert [] == await names(storage)


async def test_a_transaction_that_ended_refuses_statements(storage: Storage) -> None:
    """A Tx that leaked out of its block is of no use."""
    async with storage.begin() as tx:
        await add(tx, "a")

    with pytest.raises(StorageError, match="is over"):
        await add(tx, "b")
    assert ["a"] == await names(storage)


async def test_cancelled_between_statements(storage: Storage) -> None:
    """A task cancelled in the middle of its transaction leaves nothing behind and blocks nobody."""
    written, never = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with storage.begin() as tx:
            await add(tx, "a")
            written.set()
            await never.wait()

    task = asyncio.create_task(work())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with storage.begin() as tx:
        await add(tx, "b")

    assert ["b"] == await names(storage)


@pytest.mark.parametrize("turns", range(12))
async def test_cancelled_anywhere(storage: Storage, turns: int) -> None:
    """Wherever a cancellation strikes, all of the transaction is there or nothing, and the next one works."""

    async def work() -> None:
        async with storage.begin() as tx:
            await add(tx, "a")
            await tx.run_many(ADD, [{"name": f"b{n}", "size": n, "live": True, "body": b""} for n in range(500)])
            await add(tx, "c")

    task = asyncio.create_task(work())
    for _ in range(turns * 3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    async with storage.begin(urgent=True) as tx:
        await add(tx, "d")

    assert len(await names(storage)) in {1, 503}


async def test_cancelled_twice(storage: Storage) -> None:
    """A second cancellation, in the midst of the rollback, does not cut it short."""
    written, never = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with storage.begin() as tx:
            await add(tx, "a")
            written.set()
            await never.wait()

    for turns in range(4):
        task = asyncio.create_task(work())
        await written.wait()
        written.clear()
        task.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
    async with storage.begin() as tx:
        await add(tx, "b")

    assert ["b"] == await names(storage)


async def test_uninterrupted_work_comes_to_its_end() -> None:
    """Work goes on through cancellations, whose error is raised when it is done; its own error passes otherwise."""
    begun, go, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go.wait()
        done.set()

    task = asyncio.create_task(uninterrupted(work()))
    await begun.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    still = not task.done()
    go.set()
    await asyncio.wait({task})

    assert still
    assert done.is_set()
    assert task.cancelled()


async def test_a_statement_interrupted_by_a_timeout_ends_its_transaction(storage: Storage) -> None:
    """A block that swallows the cancellation of a statement is still rolled back: nobody knows whether it happened."""

    async def work() -> None:
        async with storage.begin() as tx:
            await add(tx, "a")
            task = asyncio.create_task(tx.run("UPDATE things SET size = 2"))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})

    with pytest.raises(StorageError, match="interrupted"):
        await work()

    assert [] == await names(storage)


async def test_readers_see_the_last_commit_and_do_not_wait(storage: Storage) -> None:
    """A reader beside an open write transaction answers at once, without what is not committed yet."""
    async with storage.begin() as tx:
        await add(tx, "a")
    async with storage.begin() as tx:
        await add(tx, "b")
        beside = await asyncio.wait_for(names(storage), 5)

    assert ["a"] == beside
    assert ["a", "b"] == await names(storage)


async def test_a_reader_sees_one_snapshot(storage: Storage) -> None:
    """All statements of one `read()` see the same commit, whatever is committed meanwhile."""
    async with storage.read() as tx:
        before = await tx.all(NAMES)
        async with storage.begin() as other:
            await add(other, "a")
        after = await tx.all(NAMES)

    assert [] == before == after
    assert ["a"] == await names(storage)


async def test_readers_cannot_write(storage: Storage) -> None:
    """A statement that writes is refused in `read()`, and nothing is changed."""
    with pytest.raises(Full):
        async with storage.read() as tx:
            await add(tx, "a")

    assert [] == await names(storage)


async def test_many_readers(storage: Storage) -> None:
    """More readers than connections wait for one another and all get their answer."""
    assert [[]] * 40 == await asyncio.gather(*[names(storage) for _ in range(40)])


async def test_two_writers(storage: Storage) -> None:
    """Concurrent read-and-write transactions lose no update when they lock what they read."""
    async with storage.begin() as tx:
        await add(tx, "a", 0)

    async def raise_by_one() -> None:
        async with storage.begin() as tx:
            row = await tx.one("SELECT size FROM things WHERE name = 'a' {for_update}")
            assert row is not None
            await tx.run("UPDATE things SET size = :size WHERE name = 'a'", size=row["size"] + 1)

    await asyncio.gather(*[raise_by_one() for _ in range(20)])
    async with storage.read() as tx:
        row = await tx.one("SELECT size FROM things")

    assert row is not None
    assert 20 == row["size"]


async def test_skip_locked_shares_work(storage: Storage) -> None:
    """Two workers that claim rows at once never get the same one."""
    async with storage.begin() as tx:
        await tx.run_many("INSERT INTO things (name, size) VALUES (:name, 0)", [{"name": f"n{n}"} for n in range(10)])

    async def claim() -> list[Row]:
        async with storage.begin() as tx:
            rows = await tx.all("SELECT id FROM things WHERE size = 0 ORDER BY id LIMIT :most {skip_locked}", most=5)
            await tx.run("UPDATE things SET size = 1 WHERE id IN (:ids)", ids=[row["id"] for row in rows])
            return rows

    claimed = [row["id"] for rows in await asyncio.gather(claim(), claim()) for row in rows]

    assert 10 == len(claimed) == len(set(claimed))


async def test_run_many_writes_a_thousand_rows(storage: Storage) -> None:
    """One call stores every row; a row may hold names that the statement does not use; no rows are no work."""
    async with storage.begin() as tx:
        await tx.run_many(ADD, [])
        rows: list[dict[str, Value]] = [
            {"name": f"n{n}", "size": n, "live": n % 2 == 0, "body": b"x", "unused": 1} for n in range(1000)
        ]
        await tx.run_many(ADD, rows)
        total = await tx.one("SELECT count(*) AS n, min(size) AS low, max(size) AS high FROM things")

    assert total is not None
    assert (1000, 0, 999) == (total["n"], total["low"], total["high"])


@pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 300])
async def test_run_many_keeps_each_value_in_its_row(storage: Storage, count: int) -> None:
    """However many rows a statement takes at once, each holds its own values, in their order."""
    rows: list[dict[str, Value]] = [{"name": f"n{n}", "size": n, "live": True, "body": b""} for n in range(count)]
    async with storage.begin() as tx:
        await tx.run_many(ADD, rows)
        await tx.run_many("UPDATE things SET size = size + :more WHERE name = :name", [{"name": "n0", "more": 7}] * 2)
        found = await tx.all("SELECT name, size FROM things ORDER BY id")

    assert [(f"n{n}", n + (14 if n == 0 else 0)) for n in range(count)] == [(row["name"], row["size"]) for row in found]


async def test_run_many_is_all_or_nothing(storage: Storage) -> None:
    """One bad row among many fails the transaction."""
    rows: list[dict[str, Value]] = [{"name": name, "size": 1, "live": True, "body": b""} for name in ("a", "b", "a")]
    with pytest.raises(Conflict):
        async with storage.begin() as tx:
            await tx.run_many(ADD, rows)

    assert [] == await names(storage)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 100, 512])
async def test_lists_expand(storage: Storage, count: int) -> None:
    """`IN (:names)` finds exactly the values of the list, beside other parameters before and after, used twice or once."""
    async with storage.begin() as tx:
        await tx.run_many("INSERT INTO things (name, size) VALUES (:name, 7)", [{"name": f"n{n}"} for n in range(600)])
        wanted = [f"n{n}" for n in range(count)]
        found = await tx.all(
            "SELECT name FROM things WHERE size = :size AND name IN (:names) AND (name IN (:names) OR size > :size) ORDER BY id",
            names=wanted,
            size=7,
        )
        others = await tx.all("SELECT name FROM things WHERE name NOT IN (:names)", names=tuple(wanted))

    assert wanted == [row["name"] for row in found]
    assert 600 - count == len(others)


async def test_an_empty_list_matches_nothing(storage: Storage) -> None:
    """`IN` of nothing is false, on numbers and on texts; `NOT IN` of nothing is refused."""
    async with storage.begin() as tx:
        await add(tx, "a")
        found = await tx.all("SELECT id FROM things WHERE id IN (:ids) OR name IN (:names)", ids=[], names=())

    assert [] == found
    with pytest.raises(ValueError, match="empty list"):
        async with storage.begin() as tx:
            await tx.all("SELECT id FROM things WHERE id NOT IN (:ids)", ids=[])


async def test_foreign_keys_hold(storage: Storage) -> None:
    """A row that refers to nothing is a Conflict."""
    with pytest.raises(Conflict):
        async with storage.begin() as tx:
            await tx.run("INSERT INTO parts (thing_id) VALUES (:id)", id=999)


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", 2**63, object()])
async def test_values_that_no_column_can_hold(storage: Storage, bad: object) -> None:
    """A NUL in a text, a lone surrogate, a number beyond 64 bits and a foreign type are refused, and harm nobody."""
    column = "size" if isinstance(bad, int) else "name"
    with pytest.raises(BadValue):
        async with storage.begin() as tx:
            await tx.run(f"INSERT INTO things ({column}) VALUES (:bad)", bad=bad)  # type: ignore[arg-type]  # noqa: S608
    with pytest.raises(BadValue):
        async with storage.begin() as tx:
            await tx.run_many(f"INSERT INTO things ({column}) VALUES (:bad)", [{"bad": bad}])  # type: ignore[dict-item]  # noqa: S608
    async with storage.begin() as tx:
        await add(tx, "good")

    assert ["good"] == await names(storage)


async def test_a_missing_value_is_named(storage: Storage) -> None:
    """A parameter that was forgotten is an error with its name, beside a list or not."""
    for params in ({}, {"ids": [1]}):
        with pytest.raises(BadValue, match=":name"):
            async with storage.begin() as tx:
                await tx.all("SELECT id FROM things WHERE name = :name AND id IN (:ids)", **params)


async def test_wrong_sql_is_a_storage_error(storage: Storage) -> None:
    """What the database does not understand is in the family too, and not one of those that may be tried again."""
    with pytest.raises(StorageError) as caught:
        async with storage.begin() as tx:
            await tx.run("INSERT INTO nowhere VALUES (1)")

    assert StorageError is type(caught.value)
    assert "nowhere" in str(caught.value)


async def test_ping_and_close(storage: Storage) -> None:
    """A storage answers until it is closed; closing twice is harmless; afterwards everything is refused."""
    await storage.ping()
    await storage.close()
    await storage.close()

    with pytest.raises(StorageError, match="closed"):
        await storage.ping()
    with pytest.raises(StorageError, match="closed"):
        async with storage.begin():
            pass


async def test_close_waits_for_transactions(storage: Storage) -> None:
    """A transaction that runs when the storage is closed is still committed."""
    written, go = asyncio.Event(), asyncio.Event()
    counted: list[int] = []

    async def work() -> None:
        async with storage.begin() as tx:
            await add(tx, "a")
            written.set()
            await go.wait()
            counted.append(await tx.run("UPDATE things SET size = 5"))

    task = asyncio.create_task(work())
    await written.wait()
    closing = asyncio.create_task(storage.close())
    await asyncio.sleep(0)
    go.set()
    await closing
    await task

    assert [1] == counted


# --- write and look -------------------------------------------------------------------------------------------------


async def test_write_commits_and_returns(storage: Storage) -> None:
    """What the work returns comes back, and what it wrote is there."""

    async def work(tx: Tx) -> str:
        await add(tx, "a")
        return "done"

    assert "done" == await storage.write(work)
    assert ["a"] == await names(storage)


async def test_works_that_share_a_commit_fail_alone(storage: Storage) -> None:
    """Of many works at once each gets its own result or its own error, and leaves nothing of itself when it fails."""

    async def work(tx: Tx, number: int) -> int:
        await add(tx, f"n{number}")
        if number % 3 == 1:
            await add(tx, f"n{number}")
        if number % 3 == 2:
            raise ZeroDivisionError
        return number

    results = await asyncio.gather(
        *(storage.write(lambda tx, number=number: work(tx, number)) for number in range(30)),  # type: ignore[misc]
        return_exceptions=True,
    )

    assert [f"n{number}" for number in range(0, 30, 3)] == sorted(await names(storage), key=lambda name: int(name[1:]))
    assert list(range(0, 30, 3)) == results[0::3]
    assert all(isinstance(result, Conflict) for result in results[1::3])
    assert all(isinstance(result, ZeroDivisionError) for result in results[2::3])


async def test_an_error_that_work_caught_is_its_end(storage: Storage) -> None:
    """A statement that failed ends its work, as it ends a transaction, though nobody raised it again."""

    async def work(tx: Tx) -> None:
        await add(tx, "a")
        with pytest.raises(Conflict):
            await add(tx, "a")

    with pytest.raises(Conflict):
        await storage.write(work)

    assert [] == await names(storage)


async def test_a_cancelled_work_costs_the_others_nothing(storage: Storage) -> None:
    """Who does not wait any more is forgotten, or served all the same; the neighbours are served."""
    tasks = [asyncio.create_task(storage.write(lambda tx, n=n: add(tx, f"n{n}"))) for n in range(4)]  # type: ignore[misc]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert {"n0", "n2", "n3"} <= set(await names(storage))


async def test_look_reads_and_cannot_write(storage: Storage) -> None:
    """A look sees what is committed; a statement that writes in it is refused."""
    await storage.write(lambda tx: add(tx, "a"))

    assert ["a"] == [row["name"] for row in await storage.look(lambda tx: tx.all(NAMES))]
    with pytest.raises(Full):
        await storage.look(lambda tx: add(tx, "b"))
    with pytest.raises(Full):
        await storage.look(lambda tx: tx.run_many(ADD, [{"name": "b", "size": 1, "live": True, "body": b""}]))
    assert ["a"] == await names(storage)


async def test_a_closed_storage_refuses_work(storage: Storage) -> None:
    """After the end there is an error, not silence."""
    await storage.close()

    for way in (storage.write, storage.look):
        with pytest.raises(StorageError):
            await way(lambda tx: add(tx, "a"))
