"""Any tool's JSON by the names that its members usually have: each kind of what was found in the field."""

import json
from typing import Any

import pytest

from bot.domain.signal import Kind, Severity, Signal
from bot.sources import read
from bot.sources.payload import Payload


def signals(body: Any) -> list[Signal]:
    """Read a body at /in/generic."""
    items = read("generic", Payload(body=json.dumps(body).encode()))
    assert all(isinstance(item, Signal) for item in items)
    return [item for item in items if isinstance(item, Signal)]


def one(body: Any) -> Signal:
    """Read a body that is one alert."""
    (signal,) = signals(body)
    return signal


@pytest.mark.parametrize(
    "end",
    [
        {"dedup_key": "k", "status": "resolved"},
        {"title": "Shop", "dedup_key": "k", "severity": "clear"},
        {"Title": "Shop", "DedupKey": "k", "STATE": "Recovered"},
        {"title": "Shop", "dedup_key": "k", "resolved": True},
        {"title": "Shop", "dedup_key": "k", "isFiring": False},
        {"title": "[RESOLVED] Shop", "dedup_key": "k"},
        {"alert": {"title": "Shop", "dedup-key": "k", "state": "healthy"}},
        {"incident": {"summary": "Shop", "incident_id": "k", "state": "closed"}, "version": "1"},
        {"title": "Shop", "dedup_key": "k", "level": "OK"},
    ],
)
def test_ends(end: dict[str, Any]) -> None:
    """An end is seen wherever the sender says it, with a key as with a title."""
    assert (Kind.RESOLVED, "k") == (one(end).kind, one(end).dedup_key)


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x", "host": {"name": "web1", "state": "up"}},
        {"title": "x", "priority": "normal"},
        {"title": "x", "status": "not resolved"},
        {"title": "x", "status": "open", "user": {"status": "ok"}},
        {"title": "x", "resolved": False},
        {"title": "x", "status": "503"},
        {"title": "x", "previous_state": "ok", "current_state": "down"},
    ],
)
def test_no_ends(body: dict[str, Any]) -> None:
    """The state of something else, or a word that is no end, ends nothing."""
    assert Kind.FIRING is one(body).kind


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ({"title": "x", "labels": {"severity": "critical"}}, Severity.CRITICAL),
        ({"title": "x", "annotations": {"severity": "sev2"}}, Severity.ERROR),
        ({"title": "[P1] x"}, Severity.CRITICAL),
        ({"title": "x", "Severity": "Blocker"}, Severity.CRITICAL),
        ({"title": "x", "priority": {"name": "P0"}}, Severity.CRITICAL),
        ({"title": "x", "status": "CRITICAL"}, Severity.CRITICAL),
        ({"title": "x", "priority": 5, "level": "info"}, Severity.INFO),
    ],
)
def test_severity_beside_its_place(body: dict[str, Any], severity: Severity) -> None:
    """A severity that is plain to see counts."""
    assert severity is one(body).severity


def test_the_best_title_is_the_summary() -> None:
    """A rule's name is better than a line of a log; an object is shown by its name."""
    found = one({"rule_name": "Too many 500s", "message": "GET /cart", "host": {"name": "web4"}, "num_hits": 41})

    assert ("Too many 500s", "web4", "GET /cart") == (found.summary, found.source, found.description)


def test_what_changes_is_no_part_of_the_identity() -> None:
    """The same problem with other measures is one alert; another host, port or label is another problem."""
    keys = [
        one({"title": f"Disk {used}% full", "host": host, "details": {"used": used, "port": port}}).dedup_key
        for used, host, port in ((97, "db1", 1), (98, "db1", 1), (97, "db2", 1), (97, "db1", 2))
    ]

    assert keys[0] == keys[1]
    assert 3 == len(set(keys))


def test_a_free_text_is_known_by_its_rule() -> None:
    """What a rule writes may change each time; what it is about does not. A good title names the problem itself."""
    first, again = (
        one({"alarm": "disk_space", "chart": "/data", "message": f"now {text}"}) for text in ("full", "fuller")
    )
    titles = [one({"title": title, "rule": "thresholds"}).dedup_key for title in ("Disk is full", "Queue is full")]

    assert first.dedup_key == again.dedup_key
    assert titles[0] != titles[1]


def test_an_end_without_a_key() -> None:
    """An end that has only its problem's title ends it."""
    begun, over = one({"title": "Shop is slow", "severity": "critical"}), one({"title": "Shop is slow", "state": "ok"})

    assert begun.dedup_key == over.dedup_key


def test_an_array_is_an_alert_each() -> None:
    """At the top, and where tools put them."""
    assert ["a", "b"] == [signal.summary for signal in signals([{"title": "a"}, {"title": "b"}])]
    assert ["a", "b"] == [signal.summary for signal in signals({"events": [{"title": "a"}, {"title": "b"}]})]
