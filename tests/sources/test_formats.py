"""Formats known from vendors' documents: beginning and end are one alert, whoever is told of them by its shape alone."""

import json
from typing import Any

import pytest

from bot.domain.signal import Kind, Severity, Signal
from bot.sources import SOURCES, read
from bot.sources.payload import Payload
from tests.sources.recorded import HERE, payload_of

PAIRS = [
    ("azure", "fired.json", "resolved.json"),
    ("azure", "health.json", "health_over.json"),
    ("betterstack", "started.json", "resolved.json"),
    ("betterstack", "drain.json", "resolved.json"),
    ("checkmk", "problem.json", "recovery.form"),
    ("checkmk", "problem.json", "flapping_stop.json"),
    ("gcp", "open.json", "closed.json"),
    ("healthchecks", "down.query", "up.form"),
    ("healthchecks", "check_down.json", "check_up.json"),
    ("netdata", "critical.json", "clear.json"),
    ("netdata", "warning_without_node.json", "clear_without_node.json"),
    ("netdata", "unreachable.json", "reachable.json"),
    ("netdata", "agent.form", "agent_removed.json"),
    ("pingdom", "down.json", "up.json"),
    ("slack", "alertmanager.json", "alertmanager_resolved.json"),
    ("slack", "argocd.json", "argocd_deployed.json"),
    ("slack", "grafana.json", "grafana_resolved.json"),
    ("slack", "jenkins.json", "jenkins_back.json"),
    ("slack", "uptime_kuma.json", "uptime_kuma_up.json"),
    ("slack", "zabbix.json", "zabbix_resolved.json"),
    ("statuscake", "down.form", "up.form"),
    ("uptimerobot", "down.query", "up.query"),
    ("victorops", "critical.json", "recovery.json"),
]


@pytest.mark.parametrize(("source", "first", "last"), PAIRS)
def test_a_beginning_and_its_end(source: str, first: str, last: str) -> None:
    """They have one key, at the sender's own address and, by their shape, at that of any tool."""
    begun, over = one(source, first), one(source, last)

    assert (Kind.FIRING, Kind.RESOLVED) == (begun.kind, over.kind)
    assert begun.dedup_key == over.dedup_key
    assert [begun] == read("generic", payload_of(HERE / source / first))


@pytest.mark.parametrize(
    ("source", "first", "changes"),
    [
        ("azure", "fired.json", {"data.essentials.alertId": "/subscriptions/x/alerts/2"}),
        ("betterstack", "started.json", {"data.id": "26"}),
        ("checkmk", "problem.json", {"SERVICEDESC": "Filesystem /data"}),
        ("checkmk", "problem.json", {"HOSTNAME": "db2"}),
        ("gcp", "open.json", {"incident.incident_id": "0.n9"}),
        ("healthchecks", "check_down.json", {"check.ping_url": "https://hc-ping.com/5ca7"}),
        ("netdata", "critical.json", {"message": "web2: disk_space_usage = 97%"}),
        ("netdata", "critical.json", {"chart": "disk_space._data"}),
        ("netdata", "warning_without_node.json", {"message": "Warning, ram_in_use = 91.2%, on web3"}),
        ("pingdom", "down.json", {"check_id": 4712}),
        ("slack", "zabbix.json", {"attachments.0.fields.0.value": "web2"}),
        ("slack", "alertmanager.json", {"attachments.0.title": "[FIRING:1] DiskFull (db2 critical)"}),
        ("statuscake", "json.json", {"TestID": 78}),
        ("uptimerobot", "down_json.json", {"monitorID": 1}),
        ("victorops", "critical.json", {"entity_id": "db2/disk"}),
    ],
)
def test_another_problem(source: str, first: str, changes: dict[str, Any]) -> None:
    """What tells problems of one sender apart is in the key."""
    body = json.loads(payload_of(HERE / source / first).body)
    for path, value in changes.items():
        put(body, path.split("."), value)
    (other,) = SOURCES[source](Payload(body=json.dumps(body).encode()))

    assert one(source, first).dedup_key != other.dedup_key


@pytest.mark.parametrize(
    ("source", "case", "severity"),
    [
        ("azure", "fired.json", Severity.CRITICAL),
        ("azure", "log.json", Severity.ERROR),
        ("azure", "classic_metric.json", Severity.WARNING),
        ("azure", "test.json", Severity.INFO),
        ("betterstack", "started.json", Severity.ERROR),
        ("betterstack", "drain.json", Severity.CRITICAL),
        ("checkmk", "problem.json", Severity.CRITICAL),
        ("gcp", "open.json", Severity.CRITICAL),
        ("gcp", "sparse.json", Severity.WARNING),
        ("gcp", "test.json", Severity.INFO),
        ("healthchecks", "check_down.json", Severity.ERROR),
        ("healthchecks", "test.json", Severity.INFO),
        ("netdata", "test.json", Severity.INFO),
        ("netdata", "warning_without_node.json", Severity.WARNING),
        ("pingdom", "down.json", Severity.CRITICAL),
        ("pingdom", "transaction.json", Severity.WARNING),
        ("slack", "alertmanager.json", Severity.CRITICAL),
        ("slack", "blocks.json", Severity.ERROR),
        ("slack", "danger.json", Severity.ERROR),
        ("statuscake", "down.form", Severity.CRITICAL),
        ("uptimerobot", "certificate.form", Severity.WARNING),
        ("victorops", "info.json", Severity.INFO),
    ],
)
def test_how_bad(source: str, case: str, severity: Severity) -> None:
    """Each scale is read as its vendor means it; a test is seen, and rings nobody."""
    assert severity is one(source, case).severity


@pytest.mark.parametrize(
    ("source", "case", "author", "note"),
    [
        ("betterstack", "acknowledged.json", "Dana Ops", ""),
        ("checkmk", "acknowledged.json", "eve", "cleaning up"),
        ("victorops", "acknowledgement.json", "eve", "on it"),
    ],
)
def test_acknowledged(source: str, case: str, author: str, note: str) -> None:
    """Who has it there, and what they wrote, is told."""
    signal = one(source, case)

    assert (Kind.ACKNOWLEDGED, author, note) == (signal.kind, signal.author, signal.note)


def test_a_ping_address_of_healthchecks_is_not_shown() -> None:
    """Whoever knows it can tell that all is well."""
    assert "https://hc-ping.com" not in repr(one("healthchecks", "check_down.json"))


def one(source: str, case: str) -> Signal:
    """Read a recorded request that is about one alert."""
    (signal,) = SOURCES[source](payload_of(HERE / source / case))
    assert isinstance(signal, Signal)
    return signal


def put(value: Any, path: list[str], other: Any) -> None:
    """Put another value at a path."""
    for name in path[:-1]:
        value = value[int(name)] if isinstance(value, list) else value[name]
    value[path[-1]] = other
