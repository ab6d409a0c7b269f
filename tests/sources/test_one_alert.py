"""A problem's beginning, end, and what people do to it are one alert; another rule or host is another one."""

import pytest

from bot.domain.signal import Kind, Signal
from bot.sources import SOURCES
from tests.sources.recorded import HERE, payload_of

STORIES = {
    "elastalert": {"all_values": Kind.FIRING, "over": Kind.RESOLVED},
    "kibana": {"fired": Kind.FIRING, "recovered": Kind.RESOLVED},
    "graylog": {"event": Kind.FIRING, "over": Kind.RESOLVED},
    "splunk": {"alert": Kind.FIRING, "over": Kind.RESOLVED},
    "dynatrace": {"open": Kind.FIRING, "merged": Kind.RESOLVED, "resolved": Kind.RESOLVED},
    "newrelic": {
        "incident": Kind.FIRING,
        "incident_acknowledged": Kind.ACKNOWLEDGED,
        "incident_closed": Kind.RESOLVED,
    },
    "librenms": {
        "alert": Kind.FIRING,
        "get": Kind.FIRING,
        "template": Kind.FIRING,
        "worse": Kind.FIRING,
        "acknowledged": Kind.ACKNOWLEDGED,
        "recovered": Kind.RESOLVED,
        "template_over": Kind.RESOLVED,
    },
    "proxmox": {"backup_failed": Kind.FIRING, "backup_successful": Kind.RESOLVED},
    "goalert": {
        "alert": Kind.FIRING,
        "acknowledged": Kind.ACKNOWLEDGED,
        "escalated": Kind.NOTE,
        "closed": Kind.RESOLVED,
    },
    "grafana-oncall": {
        "created": Kind.FIRING,
        "escalation": Kind.FIRING,
        "acknowledged": Kind.ACKNOWLEDGED,
        "unacknowledged": Kind.UNACKNOWLEDGED,
        "silenced": Kind.NOTE,
        "status_change": Kind.RESOLVED,
        "resolved": Kind.RESOLVED,
    },
    "signl4": {
        "new": Kind.FIRING,
        "acknowledged": Kind.ACKNOWLEDGED,
        "other_status": Kind.NOTE,
        "resolved": Kind.RESOLVED,
        "out_acknowledged": Kind.ACKNOWLEDGED,
        "out_annotated": Kind.NOTE,
        "out_closed": Kind.RESOLVED,
    },
}
"""What recordings of one problem say of it."""
APART = {
    "elastalert": ("all_values", "other_host", "flat", "no_rule"),
    "kibana": ("fired", "warning", "older_names", "run_together", "watch"),
    "graylog": ("event", "grouped", "test_button", "stream_alert"),
    "splunk": ("alert", "whole_search", "many_values"),
    "dynatrace": ("open", "default_payload", "test_button", "workflow"),
    "newrelic": ("incident", "incident_test", "issue"),
    "librenms": ("alert", "test", "odd"),
    "proxmox": ("backup_failed", "verify_failed", "updates", "fenced", "system_mail", "test", "gotify"),
    "goalert": ("alert", "bundle", "test", "on_call"),
    "signl4": ("new", "form", "without_id", "out_punched_in"),
}
"""Recordings of different problems."""
TESTS = {
    "graylog": "test_button",
    "dynatrace": "test_button",
    "newrelic": "incident_test",
    "librenms": "test",
    "proxmox": "test",
    "goalert": "test",
    "signl4": "out_test",
}
"""What a tool's test button sends."""
PEOPLE = {
    ("newrelic", "incident_acknowledged"): ("Joe Doe", ""),
    ("newrelic", "issue_acknowledged"): ("joe@example.com", ""),
    ("librenms", "acknowledged"): ("", "joe: looking"),
    ("goalert", "acknowledged"): ("Joe Doe", ""),
    ("grafana-oncall", "acknowledged"): ("joe", ""),
    ("grafana-oncall", "silenced"): ("joe", "silenced until 2026-03-04T07:06:07+00:00"),
    ("signl4", "out_acknowledged"): ("Joe Doe", "on my way"),
    ("signl4", "out_annotated"): ("Joe Doe", "waiting for a part"),
}
"""Who did it, and their words."""


def read(source: str, name: str) -> Signal:
    """Read a recorded request of one signal."""
    (path,) = (each for each in (HERE / source).glob(f"{name}.*") if not each.stem.endswith("_signals"))
    (item,) = SOURCES[source](payload_of(path))

    assert isinstance(item, Signal)
    return item


@pytest.mark.parametrize("source", STORIES)
def test_one_problem_is_one_alert(source: str) -> None:
    """Whatever is said of it, under one key."""
    said = {name: read(source, name) for name in STORIES[source]}

    assert 1 == len({signal.dedup_key for signal in said.values()})
    assert STORIES[source] == {name: signal.kind for name, signal in said.items()}


@pytest.mark.parametrize("source", APART)
def test_different_problems_are_different_alerts(source: str) -> None:
    """By rule, host or group."""
    keys = [read(source, name).dedup_key for name in APART[source]]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("source", TESTS)
def test_a_test_is_seen(source: str) -> None:
    """The test button of a tool opens an alert that rings nobody."""
    test = read(source, TESTS[source])

    assert ("firing", "info") == (test.kind.value, test.severity.word)


@pytest.mark.parametrize(("source", "name"), PEOPLE)
def test_what_people_did(source: str, name: str) -> None:
    """Has their name and their words."""
    signal = read(source, name)

    assert PEOPLE[source, name] == (signal.author, signal.note)
