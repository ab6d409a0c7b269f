"""One form of log for all that the process says, with no key in it."""

import json
import logging
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
