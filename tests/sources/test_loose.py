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
        {"event": "alert.resolved", "alert": {"title": "Shop", "alert_id": "k"}},
        {"name": "Shop", "dedup_key": "k", "TriggerType": "ResolvedCritical"},
        {"checkName": "Shop", "checkId": "k", "alertType": "ALERT_DEGRADED_RECOVERY"},
        {"type": "alert", "data": {"title": "Shop", "dedup_key": "k", "status": "resolved"}},
        {"title": "Shop", "dedup_key": "k", "state": {"name": "ok"}},
        {"title": "Shop", "dedup_key": "k", "is_up": True},
        {"incident": {"title": "Shop", "id": "k", "incident_status": "closed"}},
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
        {"title": "x", "event": "resolve_failed"},
        {"title": "x", "event": "recovery.error"},
        {"title": "x", "status": "not_ok"},
        {"title": "x", "priority": "normal_high"},
        {"title": "x", "agent_status": "online", "last_status": "ok"},
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


@pytest.mark.parametrize(
    ("body", "summary", "severity"),
    [
        ({"card": {"body": [{"kind": "TextBlock", "text": "web3 is slow"}, {"facts": [{"title": "host", "value": "web3"}]}]}}, "web3 is slow", Severity.WARNING),
        ({"action": "created", "advisory": {"summary": "Prototype pollution", "severity": "high"}}, "Prototype pollution", Severity.ERROR),
        ({"markdown": "**Backup** failed"}, "**Backup** failed", Severity.WARNING),
        ({"event_name": "new_item", "data": {"item": {"title": "NameError", "level": 40}}}, "NameError", Severity.WARNING),
        ({"event": "check.down", "check": {"url": "https://web3.example"}}, "https://web3.example: check.down", Severity.WARNING),
    ],
)  # fmt: skip
def test_a_title_anywhere(body: dict[str, Any], summary: str, severity: Severity) -> None:
    """A message that has no title where one is looked for is read by the text that stands where it does, or by its place."""
    found = one(body)

    assert (summary, severity) == (found.summary, found.severity)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"title": "Down", "url": "https://a.example/x"}, {"title": "Down", "url": "https://b.example/x"}),
        ({"name": "Slow", "target": {"url": "https://a"}}, {"name": "Slow", "target": {"url": "https://b"}}),
        ({"title": "Job failed", "job_name": "a"}, {"title": "Job failed", "job_name": "b"}),
        ({"title": "New error", "error_class": "KeyError"}, {"title": "New error", "error_class": "TypeError"}),
        ({"title": "Slow", "context": {"instance": "a"}}, {"title": "Slow", "context": {"instance": "b"}}),
        ({"title": "Slow", "fields": [{"name": "host", "value": "a"}]}, {"title": "Slow", "fields": [{"name": "host", "value": "b"}]}),
        ({"title": "Alert", "message": "disk on a is full"}, {"title": "Alert", "message": "disk on b is full"}),
        ({"subject": "Cron job failed", "body": "rsync a"}, {"subject": "Cron job failed", "body": "pg_dump b"}),
    ],
)  # fmt: skip
def test_the_same_title_about_something_else(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Is another problem, wherever it is said what it is about; in words alone, where no end of it can come."""
    assert one(first).dedup_key == one(first).dedup_key != one(second).dedup_key


def test_words_are_no_identity_where_an_end_can_come() -> None:
    """The words below a title change while a problem lasts; with a state beside them they are no part of it."""
    begun = one({"title": "Shop is slow", "status": "firing", "message": "5 requests waited"})
    over = one({"title": "Shop is slow", "status": "resolved", "message": "all is well"})

    assert begun.dedup_key == over.dedup_key


def test_a_title_anywhere_is_not_all_that_counts() -> None:
    """Messages of an unknown shape with the same words are told apart by everything in them that is no measure."""
    first, again, other = (
        one(
            {
                "embeds": [
                    {"title": "Slow", "fields": [{"name": "Host", "value": host}, {"name": "Used", "value": used}]}
                ]
            }
        )
        for host, used in (("web1", 1), ("web1", 2), ("web2", 1))
    )

    assert first.dedup_key == again.dedup_key != other.dedup_key


def test_what_somebody_is_called_in_a_chat_is_no_key() -> None:
    """An alias beside a chat's text is the bot's name; beside a message it is the problem's."""
    first, second = (one({"alias": "bot", "text": text}) for text in ("web1 is slow", "web2 is slow"))

    assert first.dedup_key != second.dedup_key
    assert "k" == one({"alias": "k", "message": "web1 is slow"}).dedup_key


@pytest.mark.parametrize(
    "about", [{"sensor": "ping", "device": "r1"}, {"name": "ping"}, {"service": "ping", "host": {"name": "r1"}}]
)
def test_a_check_is_known_by_its_name(about: dict[str, Any]) -> None:
    """What a check that goes down and up says each time is no part of its identity; another check on the same host is."""
    begun = one({**about, "status": "Down", "message": "Request timed out"})
    over = one({**about, "status": "Up", "message": "OK"})
    other = one({**about, next(iter(about)): "http", "status": "Down", "message": "Request timed out"})

    assert (Kind.FIRING, Kind.RESOLVED) == (begun.kind, over.kind)
    assert begun.dedup_key == over.dedup_key != other.dedup_key


def test_a_group_speaks_for_its_alerts() -> None:
    """State, severity and place that stand above an array of alerts are each alert's that has none of its own."""
    first, second = signals(
        {
            "status": "resolved",
            "host": "db1",
            "level": "critical",
            "alerts": [{"title": "a"}, {"title": "b", "status": "firing", "host": "db2"}],
        }
    )

    assert (Kind.RESOLVED, Severity.CRITICAL, "db1") == (first.kind, first.severity, first.source)
    assert (Kind.FIRING, Severity.CRITICAL, "db2") == (second.kind, second.severity, second.source)


def test_an_array_is_an_alert_each() -> None:
    """At the top, and where tools put them."""
    assert ["a", "b"] == [signal.summary for signal in signals([{"title": "a"}, {"title": "b"}])]
    assert ["a", "b"] == [signal.summary for signal in signals({"events": [{"title": "a"}, {"title": "b"}]})]
