"""What every source promises (alert-sources.md 0.1): recordings are read as expected, and nothing is dropped or raised."""

import json
from pathlib import Path

import pytest

from bot.domain.signal import Signal
from bot.sources import SOURCES
from bot.sources.payload import Payload
from tests.sources.recorded import SUFFIX, payload_of, plain, recordings, signals_of

CASES = list(recordings())
names = pytest.mark.parametrize(("source", "path"), CASES, ids=[f"{source}-{path.stem}" for source, path in CASES])


@names
def test_recorded(source: str, path: Path) -> None:
    """Each recorded request is read as the signals in the file beside it."""
    expected = json.loads(signals_of(path).read_text())

    assert expected == plain(SOURCES[source](payload_of(path)))


def test_every_source_has_recordings() -> None:
    """There are some for each, and no signals without one."""
    assert set(SOURCES) == {source for source, _ in CASES}
    for source in SOURCES:
        folder = CASES[0][1].parent.parent / source
        kept = {path.name.removesuffix(f"{SUFFIX}.json") for path in folder.glob(f"*{SUFFIX}.json")}
        assert kept == {path.stem for each, path in CASES if each == source}


@names
def test_cut_short(source: str, path: Path) -> None:
    """A request that ends early, wherever it does, is still an alert, or signals of what was whole."""
    whole = payload_of(path)
    for length in range(0, len(whole.body), 7):
        items = SOURCES[source](Payload(body=whole.body[:length], content_type=whole.content_type, query=whole.query))

        assert items
        assert all(isinstance(item, Signal) for item in items)


@names
def test_twice_is_the_same(source: str, path: Path) -> None:
    """The same request again is about the same problems: a repeat is no second alert."""
    first, again = (SOURCES[source](payload_of(path)) for _ in range(2))

    assert first == again


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "body", [b"", b"hello", b"5", b"[1]", b"{}", b"\x00\xff", b'{"a": {"b": [null]}}', b"[" * 100_000]
)
def test_what_nobody_understands_is_shown(source: str, body: bytes) -> None:
    """An odd body is one odd-looking alert with its raw text, the same again for the same body."""
    (item,) = SOURCES[source](Payload(body=body))

    assert isinstance(item, Signal)
    assert item.summary
    assert [item] == SOURCES[source](Payload(body=body))
