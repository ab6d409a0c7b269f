"""Logs of libraries are lines as ours are: one each, JSON where ours are."""

import asyncio
import json
import logging
import re
import warnings
from typing import Any

import pytest
import structlog

from bot.observe import CUT, keyless, set_up_logs

KEY = "K3y" * 10 + "Zz"


pytestmark = pytest.mark.usefixtures("logs_as_before")


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


@pytest.mark.parametrize("key", [KEY, "n" * 32, "Ab3_-" * 9, "1-100-1767323045-" + "aB3_" * 6])
@pytest.mark.parametrize("text", ["{}", "/in/{}", "/am/{}/api", "{}?x", "token={}&x", "JWT {0}.{0}.{0}"])
def test_keyless(text: str, key: str) -> None:
    """What is secret is cut wherever it stands."""
    assert text.replace("{}", CUT).replace("{0}", CUT) == keyless(text.format(key))


@pytest.mark.parametrize(
    "text",
    [
        "n" * 33,
        "n" * 31,
        "/usr/lib/python3.11/site-packages/aiohttp/web_protocol.py, line 1234",
        "RequestHandler._make_error_handler.<locals>.handler() at 0x7F12aB34Cd56",
        "ip-10-0-0-12.eu-central-1.compute.internal:5432",
        "asyncpg.exceptions.ConnectionDoesNotExistError",
    ],
)
def test_what_is_no_key(text: str) -> None:
    """Words and places stay."""
    assert text == keyless(text)


@pytest.mark.filterwarnings("always")
def test_what_python_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings, and errors in places that can raise none, are lines of the same form."""
    set_up_logs("info", "json")

    class Poor:
        def __del__(self) -> None:
            raise ValueError(f"/in/{KEY}")

    warnings.warn(f"a warning about {KEY}", RuntimeWarning, stacklevel=1)
    Poor()
    first, second = lines(capsys)

    assert ("py.warnings", "python") == (first["logger"], second["logger"])
    assert f"a warning about {CUT}" in first["message"]
    assert second["exception"].startswith(f"ValueError: /in/{CUT}")


@pytest.mark.parametrize(
    "text", ["a\nlevel=error", "a\r\nb", "\x1b[31mred\x1b[0m", "\u202eright", "a\u2028b", "\x9bm", "\x07"]
)
@pytest.mark.parametrize("form", ["console", "json"])
def test_a_line_is_a_line(capsys: pytest.CaptureFixture[str], text: str, form: str) -> None:
    """Whatever comes from outside is seen in the log, and makes no line and no colour of its own."""
    set_up_logs("info", form)
    structlog.get_logger().info("request_refused", reason=text, route="/x")
    (line,) = capsys.readouterr().err.splitlines()
    bare = re.sub(r"\x1b\[\d+m", "", line) if form == "console" else line

    assert bare.isprintable()
    assert line.count("\x1b[31m") == 0
    assert ascii(text)[1:-1] in bare.replace("\\\\", "\\") or json.loads(bare)["reason"] == text


def test_a_trace_has_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """It is for people on the console; what an error says makes no colour there."""
    set_up_logs("info", "console")
    try:
        int("\x1b[31mred")
    except ValueError:
        structlog.get_logger().exception("failed")
    said = capsys.readouterr().err

    assert "Traceback (most recent call last):\n" in said
    assert "\x1b[31mred" not in said
