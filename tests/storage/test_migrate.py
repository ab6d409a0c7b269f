"""Databases are brought up to date once, whoever does it, and never backwards."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.storage import NewerDatabase, Storage, StorageError, open_storage
from bot.storage.migrate import Migration, known, migrate, pending, statements

FIRST = Migration(number=1, name="first", text="CREATE TABLE things (id {pk}, name TEXT);")
SECOND = Migration(
    number=2,
    name="size",
    text="ALTER TABLE things ADD COLUMN size BIGINT NOT NULL DEFAULT 7;\nUPDATE things SET size = 8 WHERE name = 'b';\n",
)
BROKEN = Migration(number=2, name="broken", text="CREATE TABLE more (id {pk});\nINSERT INTO nowhere VALUES (1);\n")


@pytest.fixture
async def blank(blank_url: str) -> AsyncIterator[Storage]:
    """Open a database without any table."""
    storage = await open_storage(blank_url, migrate=False)
    yield storage
    await storage.close()


async def test_a_blank_database_gets_every_migration_once(blank: Storage) -> None:
    """All are pending, then applied in order, then nothing is left to do; the table says which and when."""
    before = await pending(blank)
    applied = await migrate(blank)
    again = await migrate(blank)
    async with blank.read() as tx:
        rows = await tx.all("SELECT number, name, applied_at FROM migrations ORDER BY number")

    assert known() == before
    assert [str(migration) for migration in known()] == applied
    assert [] == again
    assert [] == await pending(blank)
    assert [(migration.number, migration.name) for migration in known()] == [
        (row["number"], row["name"]) for row in rows
    ]
    assert all(row["applied_at"] > 1_700_000_000_000 for row in rows)


async def test_rows_live_through_a_migration(blank: Storage) -> None:
    """A later migration changes a table with rows in it, and is the only one applied then."""
    await migrate(blank, [FIRST])
    async with blank.begin() as tx:
        await tx.run_many("INSERT INTO things (name) VALUES (:name)", [{"name": "a"}, {"name": "b"}])
    applied = await migrate(blank, [FIRST, SECOND])
    async with blank.read() as tx:
        rows = await tx.all("SELECT name, size FROM things ORDER BY id")

    assert ["0002_size"] == applied
    assert [("a", 7), ("b", 8)] == [(row["name"], row["size"]) for row in rows]


async def test_migrators_at_once(blank_url: str) -> None:
    """Processes that start together, on a database that is not there yet, all come up and apply each migration once."""
    storages = await asyncio.gather(*[open_storage(blank_url, migrate=True) for _ in range(4)])
    async with storages[-1].read() as tx:
        rows = await tx.all("SELECT number FROM migrations ORDER BY number")
    for storage in storages:
        await storage.close()

    assert [migration.number for migration in known()] == [row["number"] for row in rows]


async def test_a_failed_migration_leaves_nothing(blank: Storage) -> None:
    """What failed is undone whole, tables too; what came before stays; the next attempt goes on from there."""
    with pytest.raises(StorageError, match="nowhere"):
        await migrate(blank, [FIRST, BROKEN])

    assert [BROKEN] == await pending(blank, [FIRST, BROKEN])
    assert ["0002_size"] == await migrate(blank, [FIRST, SECOND])
    with pytest.raises(StorageError, match="more"):
        async with blank.read() as tx:
            await tx.all("SELECT * FROM more")


async def test_a_newer_database_is_refused(blank_url: str) -> None:
    """A program that meets a migration from its future opens nothing, with or without migrating, and says what to do."""
    storage = await open_storage(blank_url, migrate=True)
    async with storage.begin() as tx:
        await tx.run("INSERT INTO migrations (number, name, applied_at) VALUES (9999, 'future', 0)")
    await storage.close()

    for wish in (True, False):
        with pytest.raises(NewerDatabase, match=r"9999 \(future\).*start the newer version"):
            await open_storage(blank_url, migrate=wish)


async def test_a_database_of_another_program_is_refused(blank: Storage) -> None:
    """The same number under another name means two histories, and nothing is done to such a database."""
    await migrate(blank, [FIRST, SECOND])

    with pytest.raises(StorageError, match="do not belong together"):
        await migrate(blank, [FIRST, BROKEN])


def test_statements_end_at_a_semicolon_at_the_end_of_a_line() -> None:
    """Comments and semicolons inside lines do not split; `-- only:` keeps one statement to one database."""
    text = """
    -- A comment; with a semicolon;
    CREATE TABLE a (
      b TEXT DEFAULT 'x;y' -- why;
    ); -- done
    -- only: sqlite
    PRAGMA optimize;
    -- only: postgresql
    ANALYZE;
    DROP TABLE a;
    """

    sqlite, postgresql = (
        [line.split()[0].strip(";") for line in statements(text, name)] for name in ("sqlite", "postgresql")
    )
    assert ["CREATE", "PRAGMA", "DROP"] == sqlite
    assert ["CREATE", "ANALYZE", "DROP"] == postgresql


def test_a_statement_without_an_end_is_refused() -> None:
    """A forgotten semicolon does not lose the statement silently."""
    with pytest.raises(ValueError, match="DROP TABLE b"):
        statements("DROP TABLE a;\nDROP TABLE b\n", "sqlite")


def test_the_files_are_numbered_from_one() -> None:
    """Migrations travel with the package, in order, without a gap."""
    assert list(range(1, len(known()) + 1)) == [migration.number for migration in known()]
    assert known()
