"""`alertbot backup` and `restore`: a copy while the bot runs, and back; not beside another key, and not over anything."""

import contextlib
import random
import resource
import sqlite3
from pathlib import Path

import pytest

from bot.demo.backend import backend
from bot.demo.clock import MovableClock
from bot.demo.stage import staged
from bot.settings import Settings
from tests.cli import alertbot
from tests.needs import needs

KEY = "a secret of sixteen characters"


def found(folder: Path, pattern: str) -> set[str]:
    """Return the names of the files that fit a pattern."""
    return {path.name for path in folder.glob(pattern)}


async def test_a_copy_while_it_runs(storage_url: str, blank_url: str, tmp_path: Path) -> None:
    """What was there is there again, and alerts are posted with the old key; the file holds no key and is its owner's."""
    postgres = storage_url.startswith("postgresql:")
    if postgres:
        needs("pg_dump", "postgresql-client")
    there = storage_url if postgres else f"sqlite:///{tmp_path / 'there.db'}"
    here = blank_url if postgres else f"sqlite:///{tmp_path / 'here.db'}"
    copy = tmp_path / "copy"
    async with staged(Settings(port=0, database_url=there, secret_key=KEY), clock=MovableClock()) as stage:
        await stage.install()
        key = await stage.key()
        async with backend(stage.bot_url, key) as poster:
            await poster.post({"summary": "Disk full"})
            saved = await alertbot("backup", str(copy), DATABASE_URL=there, SECRET_KEY=KEY)
            await poster.post({"summary": "Later"})
    again = await alertbot("backup", str(copy), DATABASE_URL=there, SECRET_KEY=KEY)
    wrong = await alertbot("restore", str(copy), DATABASE_URL=here, SECRET_KEY="another secret of sixteen")
    restored = await alertbot("restore", str(copy), DATABASE_URL=here, SECRET_KEY=KEY)
    twice = await alertbot("restore", str(copy), DATABASE_URL=here, SECRET_KEY=KEY)
    settings = Settings(port=0, database_url=here, secret_key=KEY)
    async with (
        staged(settings, clock=MovableClock(), workers_too=False) as stage,
        backend(stage.bot_url, key) as poster,
    ):
        first = await poster.alert(1)
        results = await poster.post({"summary": "Another"})

    assert [0, 1, 1, 0, 1] == [ran.code for ran in (saved, again, wrong, restored, twice)], saved.err + restored.err
    assert "SECRET_KEY is not in it" in saved.out
    assert KEY.encode() not in copy.read_bytes()
    assert 0o600 == copy.stat().st_mode & 0o777
    assert "exists already" in again.err
    assert "another SECRET_KEY" in wrong.err
    assert ("Disk full", 2) == (first["summary"], results[0]["alert"])


async def test_the_key_beside_the_file(tmp_path: Path) -> None:
    """Without SECRET_KEY the key's file is named; a restore without that file makes no new key."""
    database = tmp_path / "one.db"
    url = f"sqlite:///{database}"
    assert 0 == (await alertbot("migrate", DATABASE_URL=url)).code
    saved = await alertbot("backup", str(tmp_path / "copy"), DATABASE_URL=url)
    key = (tmp_path / "one.db.key").read_text()
    elsewhere = f"sqlite:///{tmp_path / 'two.db'}"
    without = await alertbot("restore", str(tmp_path / "copy"), DATABASE_URL=elsewhere)
    made = (tmp_path / "two.db.key").exists()
    (tmp_path / "two.db.key").write_text(key)
    restored = await alertbot("restore", str(tmp_path / "copy"), DATABASE_URL=elsewhere)

    assert (0, 1, 0) == (saved.code, without.code, restored.code)
    assert "one.db.key too" in saved.out
    assert "is not there" in without.err
    assert not made
    assert (tmp_path / "two.db").exists()


@pytest.mark.parametrize("content", [b"", b"no database", None])
async def test_what_is_no_backup(tmp_path: Path, content: bytes | None) -> None:
    """Is refused, and nothing is made of it."""
    file = tmp_path / "copy"
    if content is None:
        sqlite3.connect(file).execute("CREATE TABLE x (y)").connection.close()
    else:
        file.write_bytes(content)
    ran = await alertbot("restore", str(file), DATABASE_URL=f"sqlite:///{tmp_path / 'x.db'}", SECRET_KEY=KEY)

    assert 1 == ran.code
    assert "is no backup of alertbot" in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "x.db").exists()


async def test_a_damaged_backup(tmp_path: Path) -> None:
    """Is refused in a sentence, and nothing is left of the try, not even of an older one."""
    url = f"sqlite:///{tmp_path / 'one.db'}"
    copy = tmp_path / "copy"
    assert 0 == (await alertbot("migrate", DATABASE_URL=url, SECRET_KEY=KEY)).code
    assert 0 == (await alertbot("backup", str(copy), DATABASE_URL=url, SECRET_KEY=KEY)).code
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        pages = connection.execute("SELECT rootpage FROM sqlite_master WHERE name IN ('alerts', 'history')").fetchall()
    with copy.open("r+b") as raw:
        for (page,) in pages:
            raw.seek((page - 1) * size)
            raw.write(random.Random(page).randbytes(size))  # noqa: S311 - nonsense
    for leftover in ("two.db.draft", "two.db.restoring", "two.db-wal"):
        (tmp_path / leftover).write_bytes(b"no database")
    ran = await alertbot("restore", str(copy), DATABASE_URL=f"sqlite:///{tmp_path / 'two.db'}", SECRET_KEY=KEY)

    assert 1 == ran.code
    assert "is damaged" in ran.err
    assert "Traceback" not in ran.err
    assert {"two.db-wal", "two.db.lock", "two.db.restoring"} == found(tmp_path, "two.db*")


async def test_leftovers_are_no_hindrance(tmp_path: Path) -> None:
    """Neither a draft that is no database nor the log of one that is gone; what is restored is its owner's alone."""
    url, there = f"sqlite:///{tmp_path / 'one.db'}", f"sqlite:///{tmp_path / 'two.db'}"
    assert 0 == (await alertbot("migrate", DATABASE_URL=url, SECRET_KEY=KEY)).code
    (tmp_path / "copy.draft").write_bytes(b"no database")
    saved = await alertbot("backup", str(tmp_path / "copy"), DATABASE_URL=url, SECRET_KEY=KEY)
    for leftover in ("two.db.draft", "two.db-wal"):
        (tmp_path / leftover).write_bytes(b"no database")
    restored = await alertbot("restore", str(tmp_path / "copy"), DATABASE_URL=there, SECRET_KEY=KEY)
    checked = await alertbot("check", DATABASE_URL=there, SECRET_KEY=KEY)

    assert (0, 0) == (saved.code, restored.code), saved.err + restored.err
    assert "ok   database: " in checked.out
    assert 0o600 == (tmp_path / "two.db").stat().st_mode & 0o777
    assert {"two.db", "two.db.lock"} == found(tmp_path, "two.db*")


async def test_a_backup_that_cannot_be_written(tmp_path: Path) -> None:
    """Is a sentence, and nothing of it is left: no folder there, or a disk that takes only a part of it."""
    url = f"sqlite:///{tmp_path / 'one.db'}"
    assert 0 == (await alertbot("migrate", DATABASE_URL=url, SECRET_KEY=KEY)).code
    nowhere = await alertbot("backup", str(tmp_path / "none" / "copy"), DATABASE_URL=url, SECRET_KEY=KEY)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        partly = await alertbot("backup", str(tmp_path / "copy"), DATABASE_URL=url, SECRET_KEY=KEY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert (1, 1) == (nowhere.code, partly.code)
    assert "could not be written" in nowhere.err
    assert "could not be written" in partly.err
    assert "Traceback" not in nowhere.err + partly.err
    assert set() == found(tmp_path, "copy*")
