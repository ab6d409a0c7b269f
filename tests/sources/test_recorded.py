"""What every source promises (alert-sources.md 0.1): recordings are read as expected, and nothing is dropped or raised."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.signal import Signal
from bot.sources import KEPT, SOURCES
from bot.sources.payload import FORM, Payload, kept
from tests.sources.recorded import SUFFIX, payload_of, plain, recordings, signals_of

Place = tuple[str | int, ...]

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


@names
def test_in_any_order(source: str, path: Path) -> None:
    """The members of an object have no order: the other way round they say the same."""
    if path.suffix != ".json":
        return
    whole = payload_of(path)
    turned = replace(whole, body=json.dumps(backwards(json.loads(whole.body))).encode())

    said, again = SOURCES[source](whole), SOURCES[source](turned)
    if any(isinstance(item, Signal) and item.dedup_key.startswith("odd:") for item in said):
        # What nobody understands is shown as it came.
        return
    assert plain(said) == plain(again)


@names
def test_mistyped(source: str, path: Path) -> None:
    """Whatever stands in the place of one value, it is still an alert or several."""
    if path.suffix != ".json":
        return
    whole = json.loads(payload_of(path).body)
    for place in places(whole):
        for odd_value in ODD_VALUES:
            body = json.dumps(put(whole, place, odd_value)).encode()
            items = SOURCES[source](Payload(body=body))

            assert items or whole["alerts"] == [] or place == ("alerts",)
            assert all(isinstance(item, Signal) for item in items)


@names
def test_what_is_kept_is_read_alike(source: str, path: Path) -> None:
    """A request is read again without its headers and its query, when a parser is mended."""
    whole = payload_of(path)
    again = KEPT.get(source, kept)(whole)
    looks_like_json = again.lstrip()[:1] in (b"{", b"[")
    read = SOURCES[source](Payload(body=again, content_type="application/json" if looks_like_json else FORM))

    assert plain(SOURCES[source](whole)) == plain(read)


ODD_VALUES = [None, True, 7, -1.5, "", "\x00\ud800", "x" * 5000, [], ["x", None], {}, {"a": {"b": 1}}]


def backwards(value: Any) -> Any:
    """Return JSON whose objects have their members in the other order."""
    if isinstance(value, dict):
        return {name: backwards(value[name]) for name in reversed(value)}
    return [backwards(each) for each in value] if isinstance(value, list) else value


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Give the place of every value inside JSON."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield (*above, name)
        yield from places(each, (*above, name))


def put(value: Any, place: Place, other: Any) -> Any:
    """Return JSON with another value in one place."""
    if not place:
        return other
    turned: Any = value.copy()
    turned[place[0]] = put(value[place[0]], place[1:], other)
    return turned


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
