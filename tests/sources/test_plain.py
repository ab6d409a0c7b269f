"""Plain text, as scripts send it with `curl -d`."""

import pytest

from bot.domain.signal import Kind, Severity, Signal
from bot.sources import read
from bot.sources.payload import FORM, Payload
from bot.sources.values import is_odd


def one(body: str | bytes, content_type: str = "text/plain", source: str = "generic") -> Signal:
    """Read a body that is one alert."""
    data = body.encode() if isinstance(body, str) else body
    (item,) = read(source, Payload(body=data, content_type=content_type))
    assert isinstance(item, Signal)
    return item


@pytest.mark.parametrize("source", ["generic", "auto"])
@pytest.mark.parametrize("content_type", ["text/plain", FORM, "application/json", "text/html"])
@pytest.mark.parametrize(
    ("body", "summary", "description"),
    [
        ("Disk & cpu full on web1\nline two", "Disk & cpu full on web1", "Disk & cpu full on web1\nline two"),
        ('"Disk full on web1"', "Disk full on web1", ""),
        ("load=5 is high on web1", "load=5 is high on web1", ""),
        ("<html><body><h1>Disk full</h1><p>97 %</p></body></html>", "Disk full", "Disk full\n\n97 %"),
    ],
)
def test_the_first_line_is_the_summary(
    source: str, content_type: str, body: str, summary: str, description: str
) -> None:
    """Whatever the sender calls it; below it stands the whole text."""
    found = one(body, content_type, source)

    assert (summary, description) == (found.summary, found.description)


@pytest.mark.parametrize("source", ["generic", "healthchecks", "librenms"])
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("PROBLEM: Disk full on web1\nused 97%", "RESOLVED: Disk full on web1\nused 60%"),
        ("CRITICAL: Disk full on web1", "OK: Disk full on web1"),
        ("backup is DOWN", "backup is UP"),
    ],
)
def test_a_text_that_says_a_state(source: str, begin: str, end: str) -> None:
    """Is known by its first line, and its end ends it, also at the address of a source that sends no such texts."""
    first, last = one(begin, source=source), one(end, source=source)

    assert (Kind.FIRING, Kind.RESOLVED) == (first.kind, last.kind)
    assert first.dedup_key == last.dedup_key


def test_a_text_that_says_none() -> None:
    """Is known by all of it: the same first line with another host below it is another problem."""
    keys = [
        one(f"Backup report\n{host} failed after {minutes} min").dedup_key
        for host, minutes in (("a", 3), ("a", 4), ("b", 3))
    ]

    assert keys[0] == keys[1] != keys[2]


def test_lines_of_names_and_values() -> None:
    """Are read as members of those names."""
    found = one("title: Disk full\nseverity: critical\nhost = web1\nstatus: firing")
    over = one("title: Disk full\nseverity: critical\nhost = web1\nstatus: ok")

    assert ("Disk full", Severity.CRITICAL, "web1") == (found.summary, found.severity, found.source)
    assert (Kind.RESOLVED, found.dedup_key) == (over.kind, over.dedup_key)


def test_an_array_of_texts() -> None:
    """Is an alert for each."""
    items = read("generic", Payload(body=b'["Disk full", "Queue full"]'))

    assert ["Disk full", "Queue full"] == [item.summary for item in items if isinstance(item, Signal)]


@pytest.mark.parametrize(
    ("source", "body"),
    [("alertmanager", b"hello <script>"), ("generic", b"\x00\xff"), ("generic", b"%PDF-1.7 x"), ("nagios", b"hello")],
)
def test_what_is_no_message(source: str, body: bytes) -> None:
    """Bytes that are no text, and a text without a state where texts are not expected, are shown as they came."""
    assert is_odd(one(body, "application/octet-stream", source))
