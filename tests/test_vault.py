"""Secrets are sealed before they are stored."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.vault import NoKey, Vault, WrongKey, key_beside


def test_what_was_sealed_can_be_opened() -> None:
    """With the same key; what is stored does not show it, and differs each time."""
    vault = Vault("one key")
    sealed = vault.seal("Qm4tR8")

    assert "Qm4tR8" == Vault("one key").open(sealed)
    assert b"Qm4tR8" not in sealed
    assert sealed != vault.seal("Qm4tR8")


@pytest.mark.parametrize("sealed", [b"", b"x", b"\xff", Vault("another key").seal("Qm4tR8")])
def test_what_cannot_be_opened(sealed: bytes) -> None:
    """Says which key is needed, and nothing of the secret."""
    with pytest.raises(WrongKey, match="SECRET_KEY"):
        Vault("one key").open(sealed)


def test_the_key_beside_a_database(tmp_path: Path) -> None:
    """Is made once, long, for its owner alone; nothing else is left lying about."""
    database = tmp_path / "alertbot.db"
    key = key_beside(str(database))

    assert key == key_beside(str(database))
    assert len(key) >= 43
    assert ["alertbot.db.key"] == [path.name for path in tmp_path.iterdir()]
    assert 0o600 == (tmp_path / "alertbot.db.key").stat().st_mode & 0o777


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    """Whoever is first makes it, and nobody reads half of it."""
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(key_beside, [str(tmp_path / "alertbot.db")] * 64))

    assert 1 == len(keys)


def test_an_empty_key_is_no_key(tmp_path: Path) -> None:
    """A full disk may leave one; a secret sealed with it would be open to anybody."""
    (tmp_path / "alertbot.db.key").write_text("\n")
    with pytest.raises(NoKey, match=r"alertbot\.db\.key"):
        key_beside(str(tmp_path / "alertbot.db"))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Is an OSError, which the command line tells."""
    with pytest.raises(FileNotFoundError):
        key_beside(str(tmp_path / "missing" / "alertbot.db"))
