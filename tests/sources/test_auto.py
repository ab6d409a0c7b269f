"""`/in/auto`: whose message it was is told by its shape."""

import json
from pathlib import Path

import pytest

from bot.domain.signal import Signal
from bot.sources import AUTO, KEPT, MARKS, SOURCES, dialects, loose, slack
from bot.sources.payload import Payload, fields_of, of_body
from bot.sources.shape import Shapes
from bot.sources.values import is_odd
from tests.sources.recorded import HERE, payload_of, plain, recordings

SHAPELESS = {
    "alertmanager/custom": "a text and a channel are what Slack takes from anybody",
    "healthchecks/test": "its test has a name, a code and a status only",
    "kibana/odd": "its action group, which tells it from others, is null",
    "librenms/template": "a text has no members",
    "librenms/template_over": "a text has no members",
    "netdata/test": "its test has a message and a token only",
    "proxmox/gotify": "Gotify's members are used by many tools",
    "proxmox/gotify_successful": "Gotify's members are used by many tools",
    "zabbix/renamed_resolved": "a subject, a message, a host and a severity are anybody's",
    "proxmox/odd": "it has no fields, which tell it from others",
}
"""Recordings that show nothing by which they could be told, and why."""
SPEAKS = {"grafana": {"alertmanager"}, "checkmk": {"nagios"}}
"""Sources whose messages bear another's marks besides their own."""
LAST = slack.SENDER
"""The source whose marks are common names: it is tried after all others."""
OTHERS = [(source, path) for source, path in recordings() if source not in {AUTO, loose.SENDER}]
others = pytest.mark.parametrize(("source", "path"), OTHERS, ids=[f"{source}/{path.stem}" for source, path in OTHERS])


@others
def test_each_message_is_told_by_its_shape(source: str, path: Path) -> None:
    """It says the same as at its own address, and is never taken for another source's."""
    payload = payload_of(path)
    items = SOURCES[AUTO](payload)

    assert all(isinstance(item, Signal) for item in items)
    if f"{source}/{path.stem}" in SHAPELESS:
        assert {item.sender for item in items if isinstance(item, Signal)} <= {loose.SENDER, slack.SENDER}
    else:
        assert plain(SOURCES[source](payload)) == plain(items)


def test_what_has_no_shape_is_recorded() -> None:
    """The exceptions are of recordings that there are."""
    assert SHAPELESS.keys() <= {f"{source}/{path.stem}" for source, path in OTHERS}


@others
def test_no_message_bears_the_mark_of_another(source: str, path: Path) -> None:
    """So the order in which they are tried matters only where one tool speaks as another does."""
    payload = payload_of(path)
    marked = {**MARKS, **dialects.MARKS}
    found = {name for name in marked if Shapes({name: marked[name]}).recognise(payload, fields_of(payload))}

    assert found <= {source, *SPEAKS.get(source, ()), LAST}


@others
def test_the_generic_address_tells_them_too(source: str, path: Path) -> None:
    """It reads what it knows as the source's own address does."""
    payload = payload_of(path)

    assert plain(SOURCES[AUTO](payload)) == plain(SOURCES[loose.SENDER](payload)), source


def test_every_source_has_marks() -> None:
    """But for mails, which are no objects, and those that take anything."""
    assert set(SOURCES) - set(MARKS) == {"mail", loose.SENDER, AUTO}


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("pagerduty.json", "pagerduty"),
        ("pagerduty_resolve.json", "pagerduty"),
        ("opsgenie.json", "opsgenie"),
        ("prometheus.json", "prometheus"),
        ("nrdp.json", "nrdp"),
        ("nrdp_form.form", "nrdp"),
        ("nrdp_xml.form", "nrdp"),
        ("nrdp_command.form", "nrdp"),
        ("mail.eml", "mail"),
    ],
)
def test_other_dialects(name: str, sender: str) -> None:
    """What has an address of its own here is read as what it is where it comes to this one."""
    items = SOURCES[AUTO](payload_of(HERE / AUTO / name))

    assert {sender} == {item.sender for item in items if isinstance(item, Signal)}


def test_an_end_of_prometheus() -> None:
    """An alert whose end has passed when it came is over; one whose end is to come is not."""
    body = json.dumps([{"labels": {"alertname": "a"}, "endsAt": "2026-01-02T03:04:05Z"}]).encode()
    over, there = (SOURCES[AUTO](Payload(body=body, now=now))[0] for now in (1_767_323_045_001, 1_767_323_044_999))

    assert isinstance(over, Signal)
    assert isinstance(there, Signal)
    assert ("resolved", "firing") == (over.kind.value, there.kind.value)


@pytest.mark.parametrize(
    "body",
    [
        {"event_action": "trigger", "payload": {"summary": "Disk full"}, "dedup_key": "k" * 300},
        {"message": "Disk full", "alias": "k", "priority": "high"},
        {"message": "Disk full", "alias": "k", "priority": "P1", "status": "resolved"},
        {"checkresults": "none", "title": "Disk full"},
    ],
)
def test_what_only_looks_like_a_dialect(body: dict[str, object]) -> None:
    """It is read by its usual names, and not refused."""
    (item,) = SOURCES[AUTO](Payload(body=json.dumps(body).encode()))

    assert isinstance(item, Signal)
    assert ("Disk full", loose.SENDER) == (item.summary, item.sender)


def test_a_bad_result_beside_a_good_one() -> None:
    """Is shown as it came; the good one is read."""
    body = json.dumps([{"labels": {"alertname": "a"}, "startsAt": "x"}, {"labels": {}}]).encode()
    good, bad = SOURCES[AUTO](Payload(body=body))

    assert not is_odd(good)
    assert is_odd(bad)


@pytest.mark.parametrize("path", [path for source, path in recordings() if source == AUTO], ids=lambda path: path.stem)
def test_what_is_kept_says_the_same(path: Path) -> None:
    """A message is read again alike, when only what was kept of it is left."""
    payload = payload_of(path)

    assert plain(SOURCES[AUTO](payload)) == plain(SOURCES[AUTO](of_body(KEPT[AUTO](payload))))


def test_a_binary_event_is_kept_whole() -> None:
    """With its attributes, which are headers."""
    payload = payload_of(HERE / "cloudevents" / "binary.http")

    assert plain(SOURCES[AUTO](payload)) == plain(SOURCES[AUTO](of_body(KEPT[AUTO](payload))))
