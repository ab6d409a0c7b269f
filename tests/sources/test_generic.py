import json
from typing import Any

import pytest

from bot.domain.signal import (
    DESCRIPTION_LIMIT,
    ELLIPSIS,
    KEY_LIMIT,
    LABELS_LIMIT,
    SUMMARY_LIMIT,
    Kind,
    Link,
    Rejected,
    Severity,
    Signal,
    made_key,
)
from bot.sources import generic

FULL = {
    "summary": "Disk 97 % full on db1",
    "severity": "critical",
    "status": "firing",
    "dedup_key": "disk:db1",
    "source": "cron",
    "description": "the log partition",
    "labels": {"host": "db1", "service": "db"},
    "links": [{"text": "Runbook", "href": "https://wiki.example/disk"}],
    "starts_at": "2026-01-02T03:04:05.123456789+01:00",
}


def one(posted: dict[str, Any]) -> Signal:
    """Read an alert that is good."""
    (item,) = generic.parse(json.dumps(posted).encode())
    assert isinstance(item, Signal), item
    return item


def refused(posted: Any) -> Rejected:
    """Read an alert that is not."""
    (item,) = generic.parse(json.dumps(posted).encode())
    assert isinstance(item, Rejected), item
    return item


def test_every_field() -> None:
    """Each field of product.md 4 arrives."""
    expected = Signal(
        dedup_key="disk:db1",
        summary="Disk 97 % full on db1",
        sender="api",
        kind=Kind.FIRING,
        severity=Severity.CRITICAL,
        source="cron",
        description="the log partition",
        labels={"host": "db1", "service": "db"},
        links=(Link(text="Runbook", href="https://wiki.example/disk"),),
        starts_at=1767319445123,
    )

    assert expected == one(FULL)


def test_summary_alone() -> None:
    """The rest has defaults: firing, a warning, the key's name as source, no start, a key made of the summary."""
    (item,) = generic.parse(b'{"summary": "x"}', origin="ci")

    assert (
        Signal(dedup_key=made_key("x", {}), summary="x", sender="api", source="ci", severity=Severity.WARNING) == item
    )


@pytest.mark.parametrize("nothing", [None, "", []])
def test_nothing_said(nothing: object) -> None:
    """A null or an empty value is a missing one."""
    said = {name: nothing for name in FULL if name != "summary"} | {"summary": "x"}
    if nothing == []:
        said = {"summary": "x", "links": []}
    if nothing == "":
        said = {**said, "labels": {}, "links": []}

    assert one({"summary": "x"}) == one(said)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("firing", Kind.FIRING),
        ("resolved", Kind.RESOLVED),
        ("acknowledged", Kind.ACKNOWLEDGED),
        ("RESOLVED", Kind.RESOLVED),
        (" ok ", Kind.RESOLVED),
        ("ack", Kind.ACKNOWLEDGED),
        ("triggered", Kind.FIRING),
    ],
)
def test_status_words(word: str, kind: Kind) -> None:
    """The three words and their synonyms are understood in any case."""
    assert kind is one({"summary": "x", "status": word}).kind


@pytest.mark.parametrize(
    ("word", "severity", "labels"),
    [
        ("critical", Severity.CRITICAL, {}),
        ("Error", Severity.ERROR, {}),
        ("warning", Severity.WARNING, {}),
        ("info", Severity.INFO, {}),
        ("P1", Severity.CRITICAL, {}),
        ("SEV-0", Severity.CRITICAL, {}),
        ("whatever", Severity.WARNING, {"severity_raw": "whatever"}),
    ],
)
def test_severity_words(word: str, severity: Severity, labels: dict[str, str]) -> None:
    """An unknown severity is a warning, and its word is kept as a label."""
    signal = one({"summary": "x", "severity": word})

    assert (severity, labels) == (signal.severity, signal.labels)


@pytest.mark.parametrize(
    ("said", "starts_at"),
    [
        ("2026-01-02T03:04:05Z", 1767323045000),
        ("2026-01-02T03:04:05.123z", 1767323045123),
        ("2026-01-02 03:04:05+02:00", 1767315845000),
        ("2026-01-02T03:04:05", 1767323045000),
        ("1767323045", 1767323045000),
        (1767323045, 1767323045000),
        (1767323045.5, 1767323045500),
        (1767323045123, 1767323045123),
    ],
)
def test_readable_times(said: object, starts_at: int) -> None:
    """RFC 3339, and seconds or milliseconds since 1970, are times."""
    signal = one({"summary": "x", "starts_at": said})

    assert (starts_at, "", {}) == (signal.starts_at, signal.note, signal.labels)


@pytest.mark.parametrize("said", ["yesterday", "2026-13-01T00:00:00Z", 5, -1, True, {"a": 1}, [], 10**40, "9" * 5000])
def test_unreadable_times(said: object) -> None:
    """A time that nobody can read is dropped, with a note and a label that shows it; the alert is not."""
    signal = one({"summary": "x", "starts_at": said})

    assert signal.starts_at is None
    assert generic.START_DROPPED == signal.note
    assert "starts_at_raw" in signal.labels
    assert one({"summary": "x"}).dedup_key == signal.dedup_key


def test_labels_become_text() -> None:
    """A label's value is text, whatever it was: numbers as they were written, nested values as compact JSON."""
    body = (
        b'{"summary": "x", "labels": {"text": "a", "number": 1.10, "huge": -1e999, "yes": true, "none": null,'
        b' "list": [1, 2], "object": {"a": {"b": 1}}}}'
    )
    (item,) = generic.parse(body)

    assert isinstance(item, Signal)
    assert {
        "text": "a",
        "number": "1.10",
        "huge": "-1e999",
        "yes": "true",
        "list": "[1,2]",
        "object": '{"a":{"b":1}}',
    } == item.labels


def test_too_many_labels() -> None:
    """10,000 labels are a harmless alert that says how many were cut; all of them make its key."""
    labels = {f"l{number}": "v" for number in range(10_000)}
    signal = one({"summary": "x", "labels": labels})

    assert LABELS_LIMIT + 1 == len(signal.labels)
    assert str(10_000 - LABELS_LIMIT) == signal.labels["labels_cut"]
    assert made_key("x", labels) == signal.dedup_key


def test_long_texts() -> None:
    """What is too long is cut with an ellipsis; a long dedup key stays distinct."""
    long = one({"summary": "s" * 2000, "description": "d" * 20_000, "dedup_key": "k" * 600})
    other = one({"summary": "x", "dedup_key": "k" * 601})

    assert "s" * (SUMMARY_LIMIT - 1) + ELLIPSIS == long.summary
    assert len(long.description) == DESCRIPTION_LIMIT
    assert len(long.dedup_key) == KEY_LIMIT == len(other.dedup_key)
    assert long.dedup_key != other.dedup_key


def test_hostile_text() -> None:
    """NUL and lone surrogates are replaced, so that every database takes them; markup and direction marks are text."""
    signal = one(
        {"summary": "a\x00b\ud800c <script>alert(1)</script> \u202eevil", "labels": {"\udfff\x00": "\ud83d\ude00"}}
    )

    assert signal.summary == "a\ufffdb\ufffdc <script>alert(1)</script> \u202eevil"
    assert signal.labels == {"\ufffd\ufffd": "\U0001f600"}


def test_escaped_backslash() -> None:
    """A text that only looks like the escape of a surrogate is kept."""
    assert one({"summary": "\\ud800 \\\\ud800", "labels": {"a": 1}}).summary == "\\ud800 \\\\ud800"


def test_broken_utf8_costs_itself_only() -> None:
    """Bytes that are no UTF-8 are characters of one byte each."""
    items = generic.parse(b'[{"summary": "good"}, {"summary": "b\xff\xed\xa0\x80d"}]')

    assert ["good", "bÿí\xa0€d"] == [item.summary for item in items if isinstance(item, Signal)]


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        ([{"text": "a", "href": "javascript:alert(1)"}], ()),
        ([{"text": "a", "href": "/relative"}], ()),
        ([{"text": "a", "href": "https://a.example/\nx"}], ()),
        ([{"text": "a", "href": "https://dana:pw@a.example/"}], ()),
        ([{"text": "a", "href": "HTTPS://dana@a.example"}], ()),
        ([{"text": "a", "href": "https://b.example\\@a.example/"}], ()),
        (
            [{"text": "a", "href": "https://a.example/@dana?to=b@c"}],
            (Link(text="a", href="https://a.example/@dana?to=b@c"),),
        ),
        ([{"href": "https://a.example/"}], (Link(text="https://a.example/", href="https://a.example/"),)),
        ([{"text": "t", "href": "mailto:a@example.com"}], (Link(text="t", href="mailto:a@example.com"),)),
    ],
)
def test_links(links: list[dict[str, str]], kept: tuple[Link, ...]) -> None:
    """Only absolute web and mail addresses are links; the alert says when one was dropped."""
    signal = one({"summary": "x", "links": links})

    assert kept == signal.links
    assert ("" if kept else generic.LINKS_DROPPED) == signal.note


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({}, "/summary"),
        ({"summary": ""}, "/summary"),
        ({"summary": " \n"}, "/summary"),
        ({"summary": None}, "/summary"),
        ({"summary": 5}, "/summary"),
        ({"summary": ["x"]}, "/summary"),
        ({"summary": "x", "status": "sleeping"}, "/status"),
        ({"summary": "x", "status": 1}, "/status"),
        ({"summary": "x", "severity": 1}, "/severity"),
        ({"summary": "x", "dedup_key": {}}, "/dedup_key"),
        ({"summary": "x", "source": []}, "/source"),
        ({"summary": "x", "description": False}, "/description"),
        ({"summary": "x", "labels": "a=b"}, "/labels"),
        ({"summary": "x", "labels": ["a"]}, "/labels"),
        ({"summary": "x", "links": "https://a.example"}, "/links"),
        ({"summary": "x", "links": [{"href": "https://a.example"}, {"text": "no href"}]}, "/links/1"),
        (5, ""),
        (None, ""),
        ("x", ""),
        ([], ""),
    ],
)
def test_rejected_with_path(item: object, path: str) -> None:
    """A mistyped item is refused with the path of the bad field, alone and as one of several; its neighbours are not."""
    body = json.dumps([{"summary": "before"}, item, {"summary": "after", "labels": {"n": 1}}]).encode()
    before, bad, after = generic.parse(body)

    assert isinstance(bad, Rejected)
    assert f"/1{path}" == bad.path
    assert ("before", "after") == (getattr(before, "summary", None), getattr(after, "summary", None))
    assert path == refused(item).path


def test_rejected_names_its_key() -> None:
    """A refused item that has a dedup key is named by it."""
    assert refused({"dedup_key": "k", "summary": 1}).dedup_key == "k"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nope",
        b"{",
        b"[FIRING] x",
        b"{x} is full",
        b'{"summary"',
        b"\xff\xfe",
        b"NaN",
        b"[1,]",
    ],
)
def test_not_json(body: bytes) -> None:
    """A body that is not JSON is one refusal."""
    assert [Rejected(reason=generic.NOT_JSON, path="")] == generic.parse(body)


@pytest.mark.parametrize(
    ("body", "summaries"),
    [
        (b'{"summary": "x"} trailing', ["x"]),
        (b'{"summary": "a\nb", "severity": "critical",}', ["a\nb"]),
        (b"{'summary': 'x', 'status': None}", ["x"]),
        (b'{"summary": "x"}\n{"summary": "y"}', ["x", "y"]),
        (b'{"summary": "x", "description": "cut', ["x"]),
        (b'[{"summary": "x"}, {"summary": "y"', ["x", "y"]),
    ],
)
def test_nearly_json(body: bytes, summaries: list[str]) -> None:
    """What is plain in a body that is nearly JSON is taken, and the answer says so."""
    signals = [item for item in generic.parse(body) if isinstance(item, Signal)]

    assert summaries == [signal.summary for signal in signals]
    assert {generic.NEARLY} == {signal.note for signal in signals}


@pytest.mark.parametrize("status", ["resolved", "acknowledged"])
def test_no_end_of_a_half(status: str) -> None:
    """An end, or an acknowledgement, is not taken of a body that is cut off: what is missing may say whose it is."""
    (item,) = generic.parse(f'{{"status": "{status}", "summary": "x", "labels": {{"host": "a'.encode())

    assert isinstance(item, Rejected)
    assert generic.CUT_OFF == item.reason


def test_a_whole_end() -> None:
    """An end that is plain ends."""
    (item,) = generic.parse(b'{"dedup_key": "k", "status": "resolved", "summary": "Service "web" is up",}')

    assert isinstance(item, Signal)
    assert ("k", Kind.RESOLVED) == (item.dedup_key, item.kind)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_charsets(encoding: str) -> None:
    """A body in another charset is read as it was meant."""
    (item,) = generic.parse('{"summary": "Gerät größer"}'.encode(encoding))

    assert isinstance(item, Signal)
    assert "Gerät größer" == item.summary


@pytest.mark.parametrize("body", [b"5", b"true", b"null", b'"x"', b"-1e999"])
def test_not_alerts(body: bytes) -> None:
    """JSON that holds no alerts is one refusal."""
    assert [Rejected(reason=generic.NOT_ALERTS, path="")] == generic.parse(body)


def test_byte_order_mark_and_duplicates() -> None:
    """A byte order mark is no fault; of a member that is there twice the last one counts."""
    (item,) = generic.parse(b'\xef\xbb\xbf{"summary": "a", "summary": "b"}')

    assert getattr(item, "summary", None) == "b"


@pytest.mark.parametrize("deep", [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000])
def test_nesting_without_end(deep: bytes) -> None:
    """A value nested without end costs neither its alert nor the neighbours."""
    items = generic.parse(b'[{"summary": "a"}, {"summary": "b", "labels": {"l": ' + deep + b'}}, {"summary": "c"}]')

    assert ["a", "b", "c"] == [getattr(item, "summary", None) for item in items]


def test_unknown_members() -> None:
    """Members that the API does not know are ignored, whatever they hold."""
    assert one({"summary": "x"}) == one({"summary": "x", "priority": 5, "extra": {"a": [None, "\ud800"]}})
