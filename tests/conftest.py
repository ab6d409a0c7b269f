"""Fixtures for everybody: a real, migrated, empty database on each engine."""

import logging
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import structlog

from bot.storage import Storage, open_storage
from tests import postgres as private


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Take back what a set-up of logs does in this process."""
    root, hook = logging.getLogger(), sys.unraisablehook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.unraisablehook = hook
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[private.Server]:
    """Give a PostgreSQL server, started when the first test asks for it."""
    with private.server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a migrated SQLite file to copy."""

    async def make() -> None:
        storage = await open_storage(f"sqlite:///{path}", migrate=True)
        await storage.close()

    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    private.apart(make())
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Run the test once on each engine."""
    kind: str = request.param
    return kind


@pytest.fixture
async def storage_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Give the URL of a migrated, empty database, for tests that start processes."""
    async with AsyncExitStack() as stack:
        if dialect == "sqlite":
            path = tmp_path / "alertbot.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            yield f"sqlite:///{path}"
        else:
            yield await stack.enter_async_context(request.getfixturevalue("postgres").database())


@pytest.fixture
async def blank_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Give the URL of a database without any table."""
    async with AsyncExitStack() as stack:
        if dialect == "sqlite":
            yield f"sqlite:///{tmp_path / 'blank.db'}"
        else:
            yield await stack.enter_async_context(request.getfixturevalue("postgres").database(migrated=False))


@pytest.fixture
async def storage(storage_url: str) -> AsyncIterator[Storage]:
    """Open a migrated, empty database, and close it afterwards."""
    opened = await open_storage(storage_url, migrate=False)
    yield opened
    await opened.close()
