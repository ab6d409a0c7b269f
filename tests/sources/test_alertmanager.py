import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from bot.domain.signal import Kind, Signal
from bot.sources import SOURCES, alertmanager, prometheus
from bot.sources.values import Item

RECORDED = Path(__file__).parent / "alertmanager"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json") if not path.stem.endswith("_signals"))


def plain(items: list[Item]) -> Any:
    """Return items as JSON shows them."""
    return json.loads(json.dumps([dataclasses.asdict(item) for item in items]))


@pytest.mark.parametrize("name", NAMES)
def test_recorded(name: str) -> None:
    """Each recorded notification is read as the signals in the file beside it."""
    expected = json.loads((RECORDED / f"{name}_signals.json").read_text())

    assert expected == plain(SOURCES["alertmanager"]((RECORDED / f"{name}.json").read_bytes()))


def test_recorded_at_all() -> None:
    """There are recordings, and no signals without one."""
    files = {path.name for path in RECORDED.glob("*.json")}

    assert len(NAMES) >= 5
    assert {f"{name}.json" for name in NAMES} | {f"{name}_signals.json" for name in NAMES} == files


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"\x00\xff\xfe", b"[1]", b"5", b'{"alerts": 5}', b'{"alerts": {"a": 1}}']
)
def test_what_nobody_understands(body: bytes) -> None:
    """What is no notification becomes one odd-looking alert with the raw text, the same again for the same body."""
    (item,) = alertmanager.parse(body)
    (again,) = alertmanager.parse(body)

    assert isinstance(item, Signal)
    assert "alertmanager" in item.summary
    assert item.description
    assert "\x00" not in item.description
    assert item == again


def test_alert_without_labels() -> None:
    """An alert that nothing identifies is shown as it came."""
    (item,) = alertmanager.parse(b'{"alerts": [{"labels": {}, "annotations": {"summary": "who?"}}]}')

    assert isinstance(item, Signal)
    assert "who?" in item.description


def test_the_same_problem_as_from_prometheus() -> None:
    """Alertmanager and Prometheus give a problem the same dedup key, with or without Alertmanager's fingerprint."""
    labels = {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical", "gone": ""}
    given = {"labels": labels, "startsAt": "2026-01-02T03:04:05Z"}
    direct = prometheus.parse(json.dumps([given]).encode(), now=0)
    through = alertmanager.parse(json.dumps({"alerts": [given, {**given, "fingerprint": "efb0c6c488e007da"}]}).encode())

    assert ["efb0c6c488e007da"] * 3 == [item.dedup_key for item in (*direct, *through)]
    assert ["prometheus", "alertmanager"] == [getattr(item, "sender", None) for item in (direct[0], through[0])]


def test_no_promise() -> None:
    """Alertmanager's silence means nothing, so an end to come is no promise."""
    (item,) = alertmanager.parse(
        b'{"alerts": [{"status": "firing", "labels": {"a": "b"}, "endsAt": "2036-01-01T00:00:00Z"}]}'
    )

    assert isinstance(item, Signal)
    assert (Kind.FIRING, None) == (item.kind, item.ends_at)


def test_a_large_group() -> None:
    """There is no limit on the number of alerts."""
    alerts = [{"labels": {"alertname": "A", "i": str(number)}} for number in range(5000)]
    items = alertmanager.parse(json.dumps({"alerts": alerts}).encode())

    assert len({item.dedup_key for item in items}) == 5000
