"""Logs of libraries are lines as ours are: one each, JSON where ours are."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.observe import CUT, keyless, set_up_logs

KEY = "K3y" * 10 + "Zz"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was written, which must be JSON line by line."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail(logger: str) -> None:
    """Log an exception as a library does."""
    try:
        [].pop()
    except IndexError:
        logging.getLogger(logger).exception("could not keep it\nopen")


@pytest.mark.parametrize(
    ("logger", "exception"),
    [
        ("asyncpg.pool", "IndexError: pop from empty list (test_observe.py:"),
        ("aiohttp.server", "IndexError (test_observe.py:"),
    ],
)
def test_a_traceback_is_one_line(capsys: pytest.CaptureFixture[str], logger: str, exception: str) -> None:
    """An exception is a field: its kind, its words unless they may quote a request, and its place."""
    set_up_logs("info", "json")
    fail(logger)
    (line,) = lines(capsys)

    assert ("error", logger, "could not keep it") == (line["level"], line["logger"], line["message"])
    assert line["exception"].startswith(exception)


def test_levels_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning is a warning, also at a coarser level of ours; what is less is left out."""
    set_up_logs("debug", "json")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.CRITICAL):
        logging.getLogger("some.library").log(level, "at %s", level)
    found = [(line["level"], line["message"]) for line in lines(capsys)]
    set_up_logs("error", "json")
    logging.getLogger("some.library").warning("less than wanted")

    assert [("warning", "at 30"), ("critical", "at 50")] == found
    assert [] == lines(capsys)


async def test_asyncio_speaks_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What its loop finds unhandled comes with the task's whole repr, which stays out."""
    set_up_logs("info", "json")
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": ValueError("x"), "future": asyncio.Future()}
    )
    (line,) = lines(capsys)

    assert ("asyncio", "Task exception was never retrieved", "ValueError: x") == (
        line["logger"],
        line["message"],
        line["exception"],
    )


def test_no_key_of_a_library(capsys: pytest.CaptureFixture[str]) -> None:
    """What a library repeats of a request has its keys cut."""
    set_up_logs("info", "json")
    logging.getLogger("some.library").warning("Error handling request from %s", f"/in/generic/{KEY}")
    (line,) = lines(capsys)

    assert f"Error handling request from /in/generic/{CUT}" == line["message"]


@pytest.mark.parametrize("text", [KEY, f"/in/{KEY}", f"/am/{KEY}/api", f"{KEY}?x", f"token={KEY}&x"])
def test_keyless(text: str) -> None:
    """A key is cut wherever it stands; longer and shorter words are left."""
    assert text.replace(KEY, CUT) == keyless(text)
    assert f"{KEY}x {KEY[:-1]}" == keyless(f"{KEY}x {KEY[:-1]}")
