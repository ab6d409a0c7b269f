"""What is posted as a heartbeat: the end of an alert is no beat, whatever a living backend says is one."""

import json
from typing import Any

import pytest

from bot.sources.beat import is_end
from bot.sources.payload import FORM, Payload

FIRING: dict[str, Any] = {"status": "firing", "labels": {"alertname": "Watchdog"}}
RESOLVED: dict[str, Any] = {**FIRING, "status": "resolved"}
NO_DATA: dict[str, Any] = {"status": "firing", "labels": {"alertname": "DatasourceNoData", "rulename": "Watchdog"}}


@pytest.mark.parametrize(
    "body",
    [
        {"version": "4", "status": "resolved", "alerts": [RESOLVED]},
        {"version": "4", "status": "resolved", "alerts": [RESOLVED, RESOLVED]},
        {"version": "4", "status": "resolved"},
        {"status": "firing", "alerts": [NO_DATA]},
        {"ruleId": 1, "ruleName": "Always", "state": "ok"},
        {"ruleId": 1, "ruleName": "Always", "state": "no_data"},
        {"status": "Resolved"},
        {"event_action": "resolve", "dedup_key": "watchdog"},
        {"alert": {"state": "closed"}},
        {"incident": {"status": "recovered"}},
        {"alert_transition": "Recovered"},
        [{"status": "resolved"}],
        "status=resolved",
    ],
)
def test_ends(body: Any) -> None:
    """Of Alertmanager, Grafana old and new, and other tools."""
    assert is_end(payload(body))


@pytest.mark.parametrize(
    "body",
    [
        {"version": "4", "status": "firing", "alerts": [FIRING]},
        {"version": "4", "status": "firing", "alerts": [RESOLVED, FIRING]},
        {"ruleId": 1, "ruleName": "Always", "state": "alerting"},
        {"status": "ok"},
        {"state": "up", "message": "backup closed its files"},
        {"status": {"code": 0}},
        {"alerts": []},
        {"alerts": "resolved"},
        [],
        [5],
        [FIRING, RESOLVED],
        "status=done&text=resolved",
        "resolved",
        "",
        "{",
        "\x00\ud800",
    ],
)
def test_beats(body: Any) -> None:
    """What fires, what is well, and what nobody understands."""
    assert not is_end(payload(body))


def test_queries() -> None:
    """Tell an end as well."""
    assert is_end(Payload(body=b"", query={"name": "prom", "status": "resolved"}))
    assert not is_end(Payload(body=b"", query={"name": "resolved", "every": "1m"}))


def payload(body: Any) -> Payload:
    """Return what was posted: JSON, or a form."""
    if isinstance(body, str):
        return Payload(body=body.encode("utf-8", "replace"), content_type=FORM)
    return Payload(body=json.dumps(body).encode())
