"""Opsgenie's search queries: what they mean for our alerts, and that nothing in them is ever left out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.actor import Person
from bot.domain.alert import ACTIVE, State
from bot.domain.condition import bounds, holds
from bot.domain.signal import Severity
from bot.sources.opsgenie import alert_id
from bot.sources.opsgenie_query import MOST, Unreadable, read
from bot.storage.alerts import words_of
from tests.domain.making import LEE, NOW, alert, held

CLOSED = State.CLOSED
DISK = alert(
    number=12,
    dedup_key="db1/disk",
    summary="Disk 97% full on db1",
    description="4 GB left",
    source="cron",
    severity=Severity.CRITICAL,
    labels={"staging": "true", "Raid": "true", "used": "97 %", "entity": "db1"},
    owner=Person(id="1", name="dana"),
    count=3,
)
ACKED = held(
    State.ACKED, by=LEE, number=13, dedup_key="web:80", summary="Slow (web)", source="probe", severity=Severity.INFO
)
OVER = held(CLOSED, number=14, dedup_key="old", summary="server is down", severity=Severity.ERROR)
SNOOZED = held(State.SNOOZED, number=15, dedup_key="late", summary="Disk slow", until=NOW + 60_000)
ALERTS = (DISK, ACKED, OVER, SNOOZED)


def meant(query: str) -> list[int]:
    """Return the numbers of the alerts that a query means."""
    condition = read(query)
    return [each.number for each in ALERTS if holds(condition, each)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [12, 13, 14, 15]),
        ("*", [12, 13, 14, 15]),
        ("status:open", [12, 13, 15]),
        ("status : open", [12, 13, 15]),
        ("status=open", [12, 13, 15]),
        ("Status: OPEN", [12, 13, 15]),
        ("status:closed", [14]),
        ("NOT status:closed", [12, 13, 15]),
        ("not status: closed", [12, 13, 15]),
        ("NOT NOT status:closed", [14]),
        ("status!=closed", [12, 13, 15]),
        ("status:(open OR closed)", [12, 13, 14, 15]),
        ("status:(NOT closed)", [12, 13, 15]),
        ("tag:staging", [12]),
        ("tags:RAID", [12]),
        ("tag:stag*", [12]),
        ("tag:stag", []),
        ("tag:nowhere", []),
        ("tag:used", []),
        ("tag:*", [12]),
        ("NOT tag:*", [13, 14, 15]),
        ("tag: (staging AND raid)", [12]),
        ("tag: (staging AND nowhere)", []),
        ("tag: (staging OR nowhere)", [12]),
        ("alias:db1/disk", [12]),
        ("alias:web:80", [13]),
        ("alias:WEB:80", []),
        ('alias:"db1/disk"', [12]),
        ("alias:db1*", [12]),
        ("alias:*8*", [13]),
        ("alias:db1\\/disk", [12]),
        ('alias:"db1*"', []),
        ("alias:db1\\*", []),
        ("acknowledged:true AND alias:web:80", [13]),
        ("acknowledged:false alias:web:80", []),
        ("acknowledged:true", [13]),
        ("isSeen:false", [12]),
        ("snoozed:true", [15]),
        ("priority:P1", [12]),
        ("priority:(P1 OR P4)", [12, 13]),
        ("priority:P5", []),
        ("message:disk", [12, 15]),
        ("message: disk slow", [15]),
        ("message: disk slow AND status:open", [15]),
        ("message: disk slow status:closed", []),
        ('message:"disk 97%"', [12]),
        ("message:disk*db1", [12]),
        ('message:"slow (web)"', [13]),
        ("description:left", [12]),
        ("disk", [12, 15]),
        ("disk full", [12]),
        ('"full on"', [12]),
        ("disk OR web", [12, 13, 15]),
        ("disk or slow and web", [12, 13, 15]),
        ("(disk OR slow) AND web", [13]),
        ("(disk slow) OR (status:closed AND down)", [14, 15]),
        ("source:cron", [12]),
        ("source:cr", []),
        ("entity:db1", [12]),
        ("NOT entity:*", [13, 14, 15]),
        ("owner:dana", [12]),
        ("acknowledgedBy:lee", [13]),
        ("closedBy:dana", [14]),
        ("tinyId:12", [12]),
        ("tinyId>=14", [14, 15]),
        ("count>2", [12]),
        ("count <= 2", [13, 14, 15]),
        (f"id:{alert_id(13)}", [13]),
        (f"alertId: {alert_id(13)}", [13]),
        (f"createdAt:{NOW}", [12, 13, 14, 15]),
        (f"createdAt > {NOW}", []),
        ("createdAt>23-11-2026", [12, 13, 14, 15]),
        ("createdAt>25-11-2026", []),
        ("createdAt>=24-11-2026T12:02:00 AND createdAt<24-11-2026T12:02:01", [12, 13, 14, 15]),
        ("lastOccurredAt<2026-11-24T12:03:00Z", [12, 13, 14, 15]),
        (f"snoozedUntil>{NOW}", [15]),
        ("details.key:used", [12]),
        ('details.value:"97 %"', [12]),
        ('details.used:"97 %"', [12]),
        ("details.used:96*", []),
    ],
)
def test_what_a_query_means(query: str, numbers: list[int]) -> None:
    """Fields, signs, values in brackets, wildcards, quotation marks, AND, OR, NOT, and plain words."""
    assert numbers == meant(query)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("tga:staging", "tga:staging"),
        ("labels.service:db AND status:open", "labels.service:db"),
        ("teams:db", "teams:db"),
        ("NOT responders:db", "responders:db"),
        ("integration.name:x", "integration.name:x"),
        ("-tag:staging", "-tag:staging"),
        ("details:x", "details:x"),
        ("details.:x", "details.:x"),
        ("details.*:x", "details.*:x"),
        ("status:opened", "status:opened"),
        ("status:*", "status:*"),
        ("acknowledged:yes", "acknowledged:yes"),
        ("priority:high", "priority:high"),
        ("priority>P2", "priority>P2"),
        ("tag>a", "tag>a"),
        ("count:many", "count:many"),
        ("count>-1", "count>-1"),
        ("createdAt>yesterday", "createdAt>yesterday"),
        ("createdAt:[1 TO 2]", "createdAt:[1"),
        ("createdAt>32-13-2026", "createdAt>32-13-2026"),
        ("count>(1 OR 2)", "count>"),
        ("tag:", "tag:"),
        ("tag: AND status:open", "tag:"),
        ("tag:()", "()"),
        ("()", "()"),
        ("tag:(a OR)", "OR"),
        ("tag:(a", "(a"),
        ("(status:open", "(status:open"),
        ("status:open)", ")"),
        ("status:open AND", "AND"),
        ("OR status:open", "OR status:open"),
        ("NOT", "NOT"),
        ('message:"disk', '"disk'),
        ('"a"b', '"a"b'),
        ("alias:f(x)", "f(x)"),
        (":open", ":open"),
        ("status:open && tag:staging", "&&"),
        ("status:open || tag:staging", "||"),
        ("x" * 2001, "x" * 20),
        (" ".join(["x"] * (MOST + 1)), "x"),
        ("(" * 30 + "x" + ")" * 30, "(((((((("),
        ("NOT " * 30 + "x", "NOT"),
        ("tag:a\\", "a\\"),
    ],
)
def test_what_is_refused(query: str, part: str) -> None:
    """What is not understood is named, and nothing is meant by the rest."""
    with pytest.raises(Unreadable) as refused:
        read(query)

    assert refused.value.part.startswith(part)
    assert refused.value.reason


@pytest.mark.parametrize(
    ("query", "states", "severities", "words", "key"),
    [
        ("status:open AND tag:Staging", ACTIVE, set(Severity), ("staging",), None),
        ("NOT status:closed message:Disk*full", ACTIVE, set(Severity), ("disk", "full"), None),
        ("status:closed alias:a priority:P1", {CLOSED}, {Severity.CRITICAL}, (), "a"),
        ("status:closed OR tag:x", set(State), set(Severity), (), None),
        ("status:closed OR snoozed:true", {CLOSED, State.SNOOZED}, set(Severity), (), None),
        ("NOT (status:closed AND tag:x)", set(State), set(Severity), (), None),
        ("status:open status:closed", set(), set(Severity), (), None),
        ("priority:P5", set(State), set(), (), None),
        ("NOT alias:a", set(State), set(Severity), (), None),
    ],
)
def test_what_a_database_is_asked(
    query: str, states: set[State], severities: set[Severity], words: tuple[str, ...], key: str | None
) -> None:
    """States, severities, words and the key that all alerts have that a query means."""
    found = bounds(read(query))

    assert (states, severities) == (set(found.states), set(found.severities))
    assert (words, key) == (found.words, found.dedup_key)


TERMS = st.sampled_from(
    [
        "status:open",
        "status:closed",
        "tag:staging",
        "tag:R*",
        "alias:old",
        "priority:P1",
        "slow",
        "message:disk",
        "count>1",
    ]
)
QUERIES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR", ""]), inner).map(lambda each: f"({' '.join(each)})"),
        inner.map(lambda each: f"NOT {each}"),
    ),
    max_leaves=8,
)


@given(query=QUERIES)
def test_bounds_miss_nothing(query: str) -> None:
    """Whatever a query means is within what the database is asked for."""
    condition = read(query)
    within = bounds(condition)
    for each in ALERTS:
        if holds(condition, each):
            assert each.state in within.states
            assert each.severity in within.severities
            assert all(word in words_of(each) for word in within.words)
            assert within.dedup_key in {None, each.dedup_key}


@given(query=st.text(max_size=60) | st.text(alphabet='ab:*()"\\ NOTANDR<>=!', max_size=60))
def test_any_text(query: str) -> None:
    """Is a condition or is refused, and never anything else."""
    try:
        condition = read(query)
    except Unreadable as refused:
        found: object = refused.reason
    else:
        found = holds(condition, replace(DISK, summary=query)) in {True, False}

    assert found
