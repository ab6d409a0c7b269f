"""One form of log for all that the process says, with no key in it."""

import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from bot.observe import CUT, Libraries, keyless, set_up_logs

KEY = "K3y" * 10 + "Zz"


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave the set-up of logs as it was found."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    """What a library logs is a line in the configured form, and the keys in it are cut, the trace's too."""
    set_up_logs("info", "json")
    logger = logging.Logger("aiohttp.server")  # noqa: LOG001 - one that nobody else has
    logger.addHandler(Libraries())
    try:
        int(f"GET /in/generic/{KEY}?title=x")
    except ValueError:
        logger.exception("Error handling request from %s", f"/in/generic/{KEY}")
    logger.warning("100% full")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())

    assert ("library", "error", "aiohttp.server") == (first["event"], first["level"], first["logger"])
    assert f"Error handling request from /in/generic/{CUT}" == first["message"]
    assert f"'GET /in/generic/{CUT}?title=x'" in first["exception"]
    assert KEY not in json.dumps(first)
    assert "100% full" == second["message"]


@pytest.mark.parametrize("text", [KEY, f"/in/{KEY}", f"/am/{KEY}/api", f"{KEY}?x", f"token={KEY}&x"])
def test_keyless(text: str) -> None:
    """A key is cut wherever it stands; longer and shorter words are left."""
    assert text.replace(KEY, CUT) == keyless(text)
    assert f"{KEY}x {KEY[:-1]}" == keyless(f"{KEY}x {KEY[:-1]}")


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
