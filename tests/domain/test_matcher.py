"""Matchers: what they hold for, how they are read and written, and what people write to hang or confuse them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.matcher import (
    MOST,
    VALUE_LIMIT,
    Matcher,
    What,
    made,
    matches,
    names_nothing,
    of_label,
    read_matcher,
    read_matchers,
    written,
)
from bot.domain.signal import Severity
from bot.domain.words import Misread, Words


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that matchers are held against."""

    labels: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    summary: str = "Disk full on db1"
    source: str = "cron"


DB1 = Thing(labels={"service": "db", "host": "db1"})


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("service=db", True),
        ("service=d", False),
        ("service=DB", False),
        ("service!=db", False),
        ("service!=web", True),
        ("team!=db", True),  # a label that is not there is empty
        ('team=""', True),
        ('service=""', False),
        ("host=~db[0-9]", True),
        ("host=~db", False),  # a pattern is anchored
        ("host=~web|db1", True),
        ("host!~db.*", False),
        ("host!~web.*", True),
        ("team=~.*", True),
        ("team=~.+", False),
        ("severity=error", True),
        ("severity>=error", True),
        ("severity > error", False),
        ("severity<=warn", False),
        ("severity≥err", True),
        ("severity!=error", False),
        ("label.severity=page", False),
        ('summary=~".*full.*"', True),
        ("source=cron", True),
        ("SOURCE=Cron", False),
        ("service=db host=~db.* severity>warning", True),
        ("service=db, host=web1", False),
    ],
)
def test_what_matchers_hold_for(text: str, held: bool) -> None:
    """All conditions hold, as Prometheus means them, and the severity in its order."""
    assert held is matches(read_matchers(text), DB1)


def test_a_label_called_severity() -> None:
    """A label may have the name of something of ours."""
    thing = Thing(labels={"severity": "page", "summary": "s"})

    assert matches(read_matchers("label.severity=page label.summary=s severity=error"), thing)
    assert matches(read_matchers('"severity"="page"'), thing)


def test_a_pattern_crosses_lines() -> None:
    """`.*` is anything, lines included."""
    assert matches(read_matchers("summary=~.*"), Thing(summary="one\ntwo"))


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ("service=db", Matcher(name="service", sign="=", value="db")),
        ("service == db", Matcher(name="service", sign="=", value="db")),
        ("service= db,", Matcher(name="service", sign="=", value="db")),
        ('service="a b"', Matcher(name="service", sign="=", value="a b")),
        ("service=\u201ca b\u201d", Matcher(name="service", sign="=", value="a b")),
        (r'path=~"a\.b\\\"c"', Matcher(name="path", sign="=~", value=r"a\.b\"c")),
        (r"path=~a\.b", Matcher(name="path", sign="=~", value=r"a\.b")),
        ('"my label" != x', Matcher(name="my label", sign="!=", value="x")),
        ("url=http://a/?b=c", Matcher(name="url", sign="=", value="http://a/?b=c")),
        ("severity<>crit", Matcher(what=What.SEVERITY, sign="!=", value="critical")),
        ("label.label.x=1", Matcher(name="label.x", sign="=", value="1")),
    ],
)
def test_how_matchers_are_read(text: str, matcher: Matcher) -> None:
    """Spaces, commas, typographic quotation marks and quoted names are understood."""
    assert (matcher,) == read_matchers(text)


@pytest.mark.parametrize(
    "text",
    [
        '"host.name"="s1",service=db',
        '"host.name"="s1";service="db"',
        '"host.name"="s1", service=db',
        '"host.name"=s1 service=db,',
    ],
)
def test_several_matchers(text: str) -> None:
    """Matchers that were copied from Alertmanager have commas between them."""
    assert ["host.name=s1", "service=db"] == [str(matcher) for matcher in read_matchers(text)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("service=db,host=web", 'Put a space between matchers, "service=db host=web"'),
        ('"host.name"=s1,service=db', 'Put a space between matchers, "host.name=s1 service=db"'),
        ('service=db;"host.name"=web', "Put a space between matchers"),
        ("service=", "What should service be?"),
        ("service<=db", "Only the severity has an order"),
        ("severity=~err.*", "no pattern"),
        ("severity=loud", 'no severity "loud"'),
        ('service="db', "closing quotation mark"),
        ("host=~web(", 'pattern "web(" cannot be used: missing )'),
        ("host=~(?=x)", "cannot be used"),
        (r"host=~(\pL{30}){9}", "too large"),
        ("host=~\ud800", "cannot be used"),
        (f"host={'x' * (VALUE_LIMIT + 1)}", "at most 512"),
        ("db", 'cannot read "db"'),
        (" ".join(f"l{index}=x" for index in range(MOST + 1)), "more than 20"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    """What has no sense is refused politely, with the reason."""
    with pytest.raises(Misread) as refused:
        read_matchers(text)

    assert reason in refused.value.reason


def test_what_follows_is_left_alone() -> None:
    """Reading stops behind the matcher; what is none stays."""
    words = Words('service="db" 2h "moving the database"')
    first = read_matcher(words)
    assert read_matcher(words) is None
    words.skip()
    assert read_matcher(words) is None

    assert made("service", "=", "db") == first
    assert "moving the database" == words.rest()


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    st.lists(
        st.builds(of_label, NAMES, st.sampled_from(["=", "!="]), VALUES)
        | st.builds(
            made, st.just("severity"), st.sampled_from(["=", "<=", ">", "!="]), st.sampled_from(["info", "error"])
        )
        | st.builds(made, st.sampled_from(["summary", "source"]), st.sampled_from(["=", "!="]), VALUES),
        max_size=5,
    )
)
def test_what_is_written_is_read_again(matchers: list[Matcher]) -> None:
    """Any matchers, written, are read as the same matchers."""
    assert tuple(matchers) == read_matchers(written(matchers))


@given(st.text(max_size=80))
def test_any_text_is_matchers_or_a_polite_refusal(text: str) -> None:
    """Nothing but a Misread ever comes of what somebody types."""
    try:
        matchers = read_matchers(text)
    except Misread:
        return
    assert matches(matchers, DB1) in {True, False}


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("", True),
        ("service=~.*", True),
        ("service=~(.*|x) severity>=info", True),
        (r"service=~[\s\S]{0,}", True),
        ("summary=~.+", True),
        ("service!=db", True),
        ("service!~db", True),
        ("severity<=critical", True),
        ("service=~.+", False),
        ("service=db", False),
        ("service!=db severity<=info", False),
        ("host=~web.*", False),
    ],
)
def test_what_names_nothing(text: str, nothing: bool) -> None:
    """Matchers that hold for everything, or for everything but an exception, are told from those that name something."""
    assert nothing is names_nothing(read_matchers(text))


def test_no_pattern_takes_long() -> None:
    """The patterns that hang other engines are done in no time, on the longest label."""
    long = Thing(labels={"host": "a" * 2048 + "b"})
    started = time.process_time()
    for pattern in ("(a+)+", "(a|aa)+", "(.*)*c", "((a{1,30}){1,30})?", "(a?){64}a{64}"):
        matches([of_label("host", "=~", pattern)], long)

    assert 0.1 > time.process_time() - started
