import json
from typing import Any

import pytest

from bot.domain.signal import Kind, Link, Rejected, Severity, Signal
from bot.sources import prometheus

NOW = 1_767_323_045_000
"""2026-01-02T03:04:05Z."""
LABELS = {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"}


def one(**alert: Any) -> Signal:
    """Read a good alert."""
    (item,) = prometheus.parse(json.dumps([{"labels": LABELS, **alert}]).encode(), now=NOW)
    assert isinstance(item, Signal), item
    return item


def test_as_prometheus_posts_it() -> None:
    """An alert that fires: identity from its labels, words from its annotations, its end a promise."""
    expected = Signal(
        dedup_key="efb0c6c488e007da",
        summary="Disk 97 % full on db1",
        sender="prometheus",
        source="prometheus",
        severity=Severity.CRITICAL,
        labels=LABELS,
        links=(Link(text="Source", href="http://prom.example:9090/graph?g0.expr=x&g0.tab=1"),),
        starts_at=NOW + 123,
        ends_at=NOW + 240_123,
    )

    assert expected == one(
        annotations={"summary": "Disk 97 % full on db1"},
        startsAt="2026-01-02T03:04:05.123Z",
        endsAt="2026-01-02T03:08:05.123Z",
        generatorURL="http://prom.example:9090/graph?g0.expr=x&g0.tab=1",
    )


@pytest.mark.parametrize(
    ("ends_at", "kind", "promise"),
    [
        ("2026-01-02T03:04:06Z", Kind.FIRING, NOW + 1000),
        ("2026-01-02T03:04:05Z", Kind.RESOLVED, None),
        ("2026-01-02T03:00:00Z", Kind.RESOLVED, None),
        ("0001-01-01T00:00:00Z", Kind.FIRING, NOW + 300_000),
        ("when it is over", Kind.FIRING, NOW + 300_000),
        (None, Kind.FIRING, NOW + 300_000),
    ],
)
def test_end(ends_at: str | None, kind: Kind, promise: int | None) -> None:
    """An end that has passed is a resolve, one to come a promise; without one the alert counts for five minutes."""
    signal = one(endsAt=ends_at)

    assert (kind, promise) == (signal.kind, signal.ends_at)


def test_a_missing_start_stays_missing() -> None:
    """An alert without a start has none; it is never "now"."""
    assert one().starts_at is None
    assert one(startsAt="0001-01-01T00:00:00Z").starts_at is None


@pytest.mark.parametrize(
    ("annotations", "summary", "description"),
    [
        ({"summary": "s", "description": "d"}, "s", "d"),
        ({"description": "d"}, "d", ""),
        ({"message": "m", "team": "web"}, "m", "team: web"),
        ({"summary": " "}, "DiskFull", ""),
        ({}, "DiskFull", ""),
        (None, "DiskFull", ""),
    ],
)
def test_summary(annotations: dict[str, str] | None, summary: str, description: str) -> None:
    """The summary is the best annotation, else the alert's name; no annotation is lost."""
    signal = one(annotations=annotations)

    assert (summary, description) == (signal.summary, signal.description)


@pytest.mark.parametrize(
    "bad",
    [
        5,
        "x",
        None,
        [],
        {},
        {"labels": {}},
        {"labels": {"a": ""}},
        {"labels": {"a": 1}},
        {"labels": []},
        {"annotations": {}},
    ],
)
def test_bad_alerts(bad: object) -> None:
    """An alert without an identity is refused by its index; its neighbours are read, and odd annotations are no fault."""
    batch = [{"labels": {"a": "1"}}, bad, {"labels": {"a": "2"}, "annotations": {"summary": 5}}]
    before, refused, after = prometheus.parse(json.dumps(batch).encode(), now=NOW)

    assert isinstance(refused, Rejected)
    assert refused.path == "/1/labels"
    assert "alert 1" in refused.reason
    assert isinstance(before, Signal)
    assert isinstance(after, Signal)
    assert after.summary == "5"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", prometheus.NOT_JSON),
        (b"x", prometheus.NOT_JSON),
        (b"{}", prometheus.NOT_ARRAY),
        (b"5", prometheus.NOT_ARRAY),
    ],
)
def test_no_batch(body: bytes, reason: str) -> None:
    """What is no array is refused as a whole."""
    assert [Rejected(reason=reason, path="")] == prometheus.parse(body, now=NOW)


def test_empty_batch() -> None:
    """A batch may be empty."""
    assert [] == prometheus.parse(b"[]", now=NOW)
