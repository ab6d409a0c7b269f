"""Mappings: expressions look and do nothing else, whatever the body is; what they cannot do is said."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.mapping import LONGEST, Bad, Mapping, Unmapped, apply, check, described
from bot.domain.signal import Signal
from bot.sources import mapped
from bot.sources.payload import Payload
from tests.sources.hostile import BODY

TOOL = {
    "env": "prod",
    "checks": [
        {"what": {"title": "Disk full"}, "level": "SEV1", "state": 2, "host": "db1", "id": 7},
        {"what": {"title": "Load high"}, "level": "odd", "state": 0, "host": "db2", "id": 8},
    ],
}
MAPPING = Mapping(
    fields={
        "items": "checks",
        "summary": "join(' on ', [what.title, host])",
        "severity": "level",
        "status": "to_string(state)",
        "dedup_key": "to_string(id)",
    },
    labels={"host": "host", "none": "nothing.here"},
    severity_words={"sev1": "critical"},
    status_words={"2": "firing", "0": "resolved"},
)


def test_a_message_of_a_tool() -> None:
    """Each of its alerts, with the tool's words in our own."""
    items = mapped.parse(Payload(body=json.dumps(TOOL).encode()), MAPPING)

    assert [
        ("7", "Disk full on db1", "firing", "critical", {"host": "db1"}),
        ("8", "Load high on db2", "resolved", "warning", {"host": "db2", "severity_raw": "odd"}),
    ] == [
        (item.dedup_key, item.summary, item.kind.value, item.severity.word, dict(item.labels))
        for item in items
        if isinstance(item, Signal)
    ]
    assert 'summary = "Disk full on db1"' in described(apply(MAPPING, json.dumps(TOOL).encode()))[0]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"hello", "the message is no JSON"),
        (b"[" * 100_000, "the message is no JSON"),
        (b"{}", "items finds no array of objects in it"),
        (b'{"checks": [1]}', "items finds no array of objects in it"),
        (b'{"checks": [' + b",".join([b"{}"] * 10_001) + b"]}", "items finds more than 10000 alerts"),
        (b'{"checks": [{"what": {"title": 5}, "host": "x"}]}', "summary fails"),
        (b'{"checks": [{"what": {"title": ""}}]}', "summary fails"),
    ],
)
def test_what_makes_no_alert_is_still_shown(body: bytes, reason: str) -> None:
    """By its usual names or as its raw text, with the reason beside it."""
    with pytest.raises(Unmapped) as unmapped:
        apply(MAPPING, body)
    (item,) = mapped.parse(Payload(body=body), MAPPING)

    assert str(unmapped.value).startswith(reason)
    assert isinstance(item, Signal)
    assert item.labels[mapped.UNMAPPED].startswith(reason)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("a.", "is no JMESPath expression"),
        ("a b", "is no JMESPath expression"),
        ("(" * 400, "is no JMESPath expression"),
        ("a" * (LONGEST + 1), "is longer than"),
        ("[@,@].[@,@].[@,@]", "has more than 2 lists"),
        ("{a: {b: {c: @}}}", "has more than 2 lists"),
    ],
)
def test_what_is_no_expression(expression: str, reason: str) -> None:
    """Is refused when it is written."""
    with pytest.raises(Bad) as bad:
        check(expression)

    assert str(bad.value).startswith(reason)


def test_a_query_is_read_as_ever() -> None:
    """Where a body is mapped, a tool that says everything in its address is still understood."""
    (item,) = mapped.parse(Payload(body=b"", query={"title": "Disk full"}), MAPPING)

    assert isinstance(item, Signal)
    assert ("Disk full", {}) == (item.summary, dict(item.labels))


EXPRESSIONS = st.sampled_from(
    ["@", "a", "*", "[]", "[*].a", "keys(@)", "length(@)", "sort(@)", "max_by(@, &a)", "a || b", "[?a > `1`]", "join('', @)", "to_number(a)", "sum(@)"]
)  # fmt: skip


@settings(max_examples=300)
@given(BODY, EXPRESSIONS, EXPRESSIONS, st.none() | EXPRESSIONS)
def test_any_body(body: bytes, summary: str, severity: str, items: str | None) -> None:
    """Whatever comes, there is an alert to show, and nothing is raised."""
    fields = {"summary": summary, "severity": severity} | ({"items": items} if items else {})
    found = mapped.parse(Payload(body=body), Mapping(fields=fields, labels={"x": severity}))

    assert found
    assert all(isinstance(item, Signal) and item.summary for item in found)


def test_a_huge_body_takes_no_longer_than_its_size() -> None:
    """An expression that wrote what it finds again and again is refused, and the most that is left is bounded."""
    body: Any = json.dumps({"a": [{"b": "x" * 10}] * 50_000}).encode()
    check("a[].[b, b][]")
    begun = time.process_time()
    found = mapped.parse(Payload(body=body), Mapping(fields={"summary": "length(a[].[b, b][])"}))

    assert "100000" == getattr(found[0], "summary", "")
    assert time.process_time() - begun < 10


def test_join_is_bounded() -> None:
    """A long separator between many texts fills no memory; an ordinary one joins."""
    mapping = Mapping(fields={"summary": "join(s, a)"})
    huge = json.dumps({"s": "x" * 400_000, "a": ["y"] * 100_000}).encode()
    with pytest.raises(Unmapped, match="join makes more than"):
        apply(mapping, huge)

    assert [{"summary": "a, b", "labels": {}}] == apply(mapping, b'{"s": ", ", "a": ["a", "b"]}')
