"""Messages whose words an admin wrote himself, at the addresses of tools that have words of their own."""

import json
from typing import Any

import pytest

from bot.domain.signal import Kind, Signal
from bot.sources import read
from bot.sources.payload import Payload

AM = {"labels": {"alertname": "A"}, "startsAt": "2026-01-02T03:00:00Z"}
DATADOG = {"event_type": "query_alert_monitor", "last_updated": "1", "org": {"id": "9"}}


def one(source: str, body: Any) -> Signal:
    """Read a body that is one alert."""
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    (item,) = read(source, Payload(body=data))
    assert isinstance(item, Signal)
    return item


@pytest.mark.parametrize(
    ("source", "begin", "end"),
    [
        ("uptime-kuma", "[shop] [\N{LARGE RED CIRCLE} Down] timeout", "[shop] [\N{WHITE HEAVY CHECK MARK} Up] 200 - OK"),
        ("uptime-kuma", {"Title": "Kuma", "Body": "[shop] [Down] timeout"}, {"Title": "Kuma", "Body": "[shop] [Up] 200 - OK"}),
        ("uptime-kuma", {"name": "shop", "status": "Down", "msg": "timeout"}, {"name": "shop", "status": "Up", "msg": "200"}),
        ("kibana", {"rule": {"name": "Errors", "id": "7"}, "state": "active"}, {"rule": {"name": "Errors", "id": "7"}, "state": "recovered"}),
        ("alertmanager", {"alerts": [{**AM, "state": "firing"}]}, {"alerts": [{**AM, "state": "inactive"}]}),
        ("datadog", {"title": "[Re-Warn on {host:v}] Disk", **DATADOG}, {"title": "[Warn Recovered on {host:v}] Disk", **DATADOG}),
        ("zabbix", {"trigger": "Cpu", "trigger_status": "PROBLEM", "host": "w"}, {"trigger": "Cpu", "trigger_status": "OK", "host": "w"}),
    ],
)  # fmt: skip
def test_an_end_in_own_words(source: str, begin: Any, end: Any) -> None:
    """It ends what began in the same words."""
    first, last = one(source, begin), one(source, end)

    assert (Kind.FIRING, Kind.RESOLVED) == (first.kind, last.kind)
    assert first.dedup_key == last.dedup_key
    assert "could not be read" not in first.summary
