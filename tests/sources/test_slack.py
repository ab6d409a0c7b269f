"""Messages for Slack and Mattermost: what marks, mentions, colors and other tools' objects with such members mean."""

import json
from typing import Any

import pytest

from bot.domain.signal import Kind, Severity, Signal
from bot.sources import SOURCES, read
from bot.sources.mrkdwn import plain
from bot.sources.payload import Payload


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("*Backup* of `db1` _failed_", "Backup of db1 failed"),
        ("disk_full_on_db1 and a*b*c", "disk_full_on_db1 and a*b*c"),
        ("<https://x.example.com/1|the log> &amp; more &lt;3", "the log & more <3"),
        ("<!here> <!channel|channel> <!subteam^S1|@ops> web is down", "web is down"),
        ("<@U1> and <@U2|dana> in <#C1|ops>", "and dana in #ops"),
        ("@channel: web is down, ask ops@all.example.com", "web is down, ask ops@all.example.com"),
        (":fire: :rotating_light: web is down :(", "web is down :("),
        ("## Disk of **db1** is [full](https://wiki.example.com)", "Disk of db1 is full"),
        ("12:30:45 is no emoji", "12:30:45 is no emoji"),
        ("load < 5 and > 3", "load < 5 and > 3"),
    ],
)
def test_marks(marked: str, text: str) -> None:
    """Marks go, words stay; nobody is mentioned."""
    assert text == plain(marked).text


@pytest.mark.parametrize(
    ("message", "kind", "severity"),
    [
        ({"attachments": [{"title": "x", "color": "good"}]}, Kind.RESOLVED, Severity.WARNING),
        ({"attachments": [{"title": "x", "color": "#2eb886"}]}, Kind.RESOLVED, Severity.WARNING),
        ({"attachments": [{"title": "x", "color": "#36A64F"}]}, Kind.RESOLVED, Severity.WARNING),
        ({"attachments": [{"title": "[FIRING:1] x", "color": "good"}]}, Kind.FIRING, Severity.WARNING),
        ({"attachments": [{"title": "[RESOLVED] x", "color": "danger"}]}, Kind.RESOLVED, Severity.ERROR),
        ({"attachments": [{"title": "x", "color": "#D63232"}]}, Kind.FIRING, Severity.ERROR),
        ({"attachments": [{"title": "x", "color": "#f00"}]}, Kind.FIRING, Severity.ERROR),
        ({"attachments": [{"title": "x", "color": "#daa038"}]}, Kind.FIRING, Severity.WARNING),
        ({"attachments": [{"title": "x", "color": "#439FE0"}]}, Kind.FIRING, Severity.WARNING),
        ({"attachments": [{"title": "x", "color": "#e3e4e6"}]}, Kind.FIRING, Severity.WARNING),
        ({"text": ":white_check_mark: x works"}, Kind.RESOLVED, Severity.WARNING),
        ({"text": "*Severity:* critical\nx"}, Kind.FIRING, Severity.CRITICAL),
        (
            {"attachments": [{"title": "x", "color": "danger", "fields": [{"title": "State", "value": "OK"}]}]},
            Kind.RESOLVED,
            Severity.ERROR,
        ),
    ],
)
def test_hints(message: dict[str, Any], kind: Kind, severity: Severity) -> None:
    """Words count before emoji, and both before a color."""
    signal = one(message)

    assert (kind, severity) == (signal.kind, signal.severity)


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x", "title": "Disk", "severity": "error"},
        {
            "title": "Disk",
            "severity": "error",
            "attachments": [{"title": "graph.png", "url": "https://x.example.com/1"}],
        },
        {"summary": "Disk", "severity": "error", "payload": {"a": 1}, "text": "x"},
        {"title": "Disk", "severity": "error", "blocks": 7},
    ],
)
def test_other_tools_with_such_members(body: dict[str, Any]) -> None:
    """A title and a severity beside them are read as ever."""
    (signal,) = read("generic", Payload(body=json.dumps(body).encode()))

    assert isinstance(signal, Signal)
    assert ("generic", "Disk", Severity.ERROR) == (signal.sender, signal.summary, signal.severity)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_form_whoever_says_what(content_type: str) -> None:
    """Mattermost takes `payload=` also where nobody says that it is a form."""
    body = b"payload=%7B%22text%22%3A%22disk%20full%22%7D"
    (signal,) = read("slack", Payload(body=body, content_type=content_type))

    assert isinstance(signal, Signal)
    assert "disk full" == signal.summary


def test_a_long_message_is_read_in_no_time() -> None:
    """Marks without an end cost nothing: each is searched for a line at most."""
    for text in (
        "*a " * 20_000,
        "<" * 50_000,
        "[" * 50_000,
        "_" * 50_000,
        "`" * 50_000,
        ":a" * 20_000,
        "@here" * 9_000,
    ):
        assert one({"text": text, "attachments": [{"text": text, "title": text}]}).summary


def one(message: dict[str, Any]) -> Signal:
    """Read a message that is one alert."""
    (signal,) = SOURCES["slack"](Payload(body=json.dumps(message).encode()))
    assert isinstance(signal, Signal)
    return signal
