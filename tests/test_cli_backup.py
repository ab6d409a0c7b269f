"""`alertbot backup` and `restore`: a copy while the bot runs, and back; not beside another key, and not over anything."""

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
