import json

import pytest

from bot.domain.signal import Kind, Signal
from bot.sources import alertmanager, prometheus
from bot.sources.payload import Payload
from bot.sources.values import Item


def parsed(body: bytes) -> list[Item]:
    """Read a body."""
    return alertmanager.parse(Payload(body=body))


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"\x00\xff\xfe", b"[1]", b"5", b'{"alerts": 5}', b'{"alerts": {"a": 1}}']
)
def test_what_nobody_understands(body: bytes) -> None:
    """What is no notification becomes one odd-looking alert with the raw text, the same again for the same body."""
    (item,) = parsed(body)
    (again,) = parsed(body)

    assert isinstance(item, Signal)
    assert "alertmanager" in item.summary
    assert item.description
    assert "\x00" not in item.description
    assert item == again


def test_alert_without_labels() -> None:
    """An alert that nothing identifies is shown as it came."""
    (item,) = parsed(b'{"alerts": [{"labels": {}, "annotations": {"summary": "who?"}}]}')

    assert isinstance(item, Signal)
    assert "who?" in item.description


def test_the_same_problem_as_from_prometheus() -> None:
    """Alertmanager and Prometheus give a problem the same dedup key, with or without Alertmanager's fingerprint."""
    labels = {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical", "gone": ""}
    given = {"labels": labels, "startsAt": "2026-01-02T03:04:05Z"}
    direct = prometheus.parse(json.dumps([given]).encode(), now=0)
    through = parsed(json.dumps({"alerts": [given, {**given, "fingerprint": "efb0c6c488e007da"}]}).encode())

    assert ["efb0c6c488e007da"] * 3 == [item.dedup_key for item in (*direct, *through)]
    assert ["prometheus", "alertmanager"] == [getattr(item, "sender", None) for item in (direct[0], through[0])]


def test_no_promise() -> None:
    """Alertmanager's silence means nothing, so an end to come is no promise."""
    (item,) = parsed(b'{"alerts": [{"status": "firing", "labels": {"a": "b"}, "endsAt": "2036-01-01T00:00:00Z"}]}')

    assert isinstance(item, Signal)
    assert (Kind.FIRING, None) == (item.kind, item.ends_at)


def test_a_large_group() -> None:
    """There is no limit on the number of alerts."""
    alerts = [{"labels": {"alertname": "A", "i": str(number)}} for number in range(5000)]
    items = parsed(json.dumps({"alerts": alerts}).encode())

    assert len({item.dedup_key for item in items}) == 5000
