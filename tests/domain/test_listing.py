from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import listing
from bot.domain.actor import CLOCK, Actor, Person, Via, Who
from bot.domain.alert import Alert, Event, State
from bot.domain.commands import Filter, Targets, parse
from bot.domain.signal import Link, Severity
from bot.domain.times import ago, clock, lasting, since

NOW = 1_795_521_720_000
"""Tuesday 2026-11-24 12:02 UTC."""
BERLIN = "Europe/Berlin"
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DANA = Actor(kind=Who.PERSON, name="Dana", id="7", via=Via.ROOM)

OPEN = Alert(
    tenant=1,
    number=12,
    feed=1,
    room=1,
    dedup_key="key",
    state=State.OPEN,
    severity=Severity.CRITICAL,
    reported=Severity.CRITICAL,
    summary="Disk full on db1",
    source="Prometheus",
    opened_at=NOW - 14 * MINUTE,
    last_seen_at=NOW,
    told_at=NOW,
    state_at=NOW - 14 * MINUTE,
    state_by="Prometheus",
    state_who=Who.SOURCE,
)
ACKED = replace(
    OPEN,
    number=14,
    state=State.ACKED,
    state_at=NOW - 3 * MINUTE,
    state_by="Dana",
    state_by_id="7",
    state_who=Who.PERSON,
    state_note="new disk",
    owner=Person(id="7", name="Dana"),
    until=NOW + 2 * HOUR,
    count=9,
)
CLOSED = replace(OPEN, number=17, state=State.CLOSED, state_at=NOW - 5 * DAY, owner=None)


@pytest.mark.parametrize(
    ("at", "zone", "text"),
    [
        (NOW, BERLIN, "13:02 CET"),
        (NOW, "UTC", "12:02 UTC"),
        (NOW, "No/Where", "12:02 UTC"),
        (NOW, "", "12:02 UTC"),
        (NOW, "Asia/Dubai", "16:02 UTC+04"),
        (NOW - DAY, BERLIN, "Mon 13:02 CET"),
        (NOW - 8 * DAY, BERLIN, "2026-11-16 13:02 CET"),
        (NOW - 120 * DAY, BERLIN, "2026-07-27 14:02 CEST"),
        (-(10**17), "UTC", "1970-01-01 00:00 UTC"),
        (10**17, "UTC", "9999-12-28 12:26 UTC"),
    ],
)
def test_clock(at: int, zone: str, text: str) -> None:
    """A moment reads in the asker's zone and names it, with the day where that is another; nothing is too far away."""
    assert text == clock(at, zone, now=NOW)


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (-HOUR, "just now"),
        (0, "just now"),
        (3 * MINUTE, "3 min ago"),
        (2 * HOUR, "2 h ago"),
        (DAY, "since Mon 13:02 CET"),
    ],
)
def test_ago(passed: int, text: str) -> None:
    """The past is told by its distance, and from a day on by its moment; a clock that runs ahead is now."""
    assert text == ago(NOW - passed, BERLIN, now=NOW)


def test_since_and_lasting() -> None:
    """Since when is told both ways on the same day; a span has its largest unit."""
    assert since(NOW - 3 * MINUTE, BERLIN, now=NOW) == "since 12:59 CET (3 min ago)"
    assert since(NOW - DAY, BERLIN, now=NOW) == "since Mon 13:02 CET"
    assert [lasting(span) for span in (0, MINUTE, 90 * MINUTE, 47 * HOUR, 2 * DAY)] == [
        "under 1 min",
        "1 min",
        "1 h",
        "47 h",
        "2 d",
    ]


def test_list_begins_with_counts() -> None:
    """The list begins with counts, also when there is nothing to count."""
    assert listing.listing([], {}, now=NOW, zone_name=BERLIN) == "0 open · 0 acked"
    assert (
        listing.counts_line({State.OPEN: 3, State.ACKED: 1, State.CLOSED: 2, State.SNOOZED: 4})
        == "3 open · 1 acked · 4 snoozed · 2 closed"
    )


def test_list_lines() -> None:
    """A line tells number, severity, state, how long, summary and owner, and what else matters in that state."""
    text = listing.listing([OPEN, ACKED, CLOSED], {State.OPEN: 1, State.ACKED: 1}, now=NOW, zone_name=BERLIN)

    assert text.splitlines() == [
        "1 open · 1 acked",
        "#12 critical open 14 min  Disk full on db1 (unassigned)",
        "#14 critical acked 3 min until 15:02 CET  Disk full on db1 · 9 times (Dana)",
        "#17 critical closed since Thu 13:02 CET by Prometheus  Disk full on db1 (unassigned)",
    ]


def test_list_pages() -> None:
    """A longer list says which page this is and how to ask for the next; a page too far says which is the last."""
    chosen = Filter(owner="me", severity=(">=", "error"))
    text = listing.listing([OPEN], {}, now=NOW, zone_name=BERLIN, chosen=chosen, page=1, pages=3)
    last = listing.listing([OPEN], {}, now=NOW, zone_name=BERLIN, chosen=chosen, page=3, pages=3)
    far = listing.listing([], {}, now=NOW, zone_name=BERLIN, chosen=chosen, page=4, pages=3)

    assert text.endswith("page 1 of 3, next: /alert list mine severity>=error page 2")
    assert last.endswith("page 3 of 3")
    assert far.endswith("There is no page 4, the last is 3: /alert list mine severity>=error page 3")


def test_list_without_matches() -> None:
    """A filter that nothing fits says so."""
    text = listing.listing([], {}, now=NOW, zone_name=BERLIN, chosen=Filter(owner="me"))

    assert text == "0 open · 0 acked\nNo alert fits."


def test_hostile_summary_stays_on_its_line() -> None:
    """Text from outside makes neither lines of its own nor endless ones."""
    text = listing.line(replace(OPEN, summary="a\n\n#99 critical\tx " * 500), now=NOW, zone_name=BERLIN)

    assert "\n" not in text
    assert len(text) < 200


NAME = st.from_regex(r"[a-z][a-z0-9_.]{0,8}", fullmatch=True)
VALUE = st.text(st.characters(exclude_characters='"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u301d\u301e\u301f\uff02'), max_size=10)  # fmt: skip
FILTERS = st.builds(
    Filter,
    states=st.frozensets(st.sampled_from(["open", "acked", "snoozed", "closed"])),
    owner=st.sampled_from([None, "me", "none", "Dana", "lee.w"]),
    severity=st.one_of(
        st.none(), st.tuples(st.sampled_from([">=", "<=", "=", ">", "<", "!="]), st.sampled_from(["error", "info"]))
    ),
    labels=st.lists(st.tuples(NAME, st.sampled_from(["=", "!="]), VALUE), max_size=3).map(tuple),
    text=st.sampled_from(["", "disk full", "page 2"]),
)


@settings(max_examples=200, deadline=None)
@given(FILTERS, st.integers(1, 99))
def test_spelled_filter_reads_back(chosen: Filter, page: int) -> None:
    """The command that asks for a filter gives that filter when it is typed."""
    command = parse(f"/alert {listing.spelled(chosen, page)}")

    assert Targets(filter=None if chosen == Filter() else chosen) == command.targets
    assert page == command.page


def test_card() -> None:
    """One alert shows all that is known about it."""
    alert = replace(
        ACKED,
        description="The volume\nis at 100 %",
        labels={"service": "db", "host": "db1"},
        links=(Link(text="Runbook", href="https://wiki.example.com/disk"),),
        predecessor=9,
        starts_at=NOW - HOUR,
    )

    assert listing.card(alert, now=NOW, zone_name=BERLIN).splitlines() == [
        "#14 critical acked 3 min ago by Dana, until 15:02 CET: new disk",
        "Disk full on db1",
        "The volume is at 100 %",
        "labels: host=db1 · service=db",
        "owner: Dana",
        "reported 9 times by Prometheus, first 12:48 CET, last 13:02 CET, began 12:02 CET",
        "Runbook: https://wiki.example.com/disk",
        "earlier: #9",
    ]
    assert listing.card(OPEN, now=NOW, zone_name=BERLIN).splitlines() == [
        "#12 critical open 14 min",
        "Disk full on db1",
        "owner: unassigned",
        "reported once by Prometheus, 12:48 CET",
    ]


def test_card_of_very_much_is_bounded() -> None:
    """However much a source says, one alert stays far below Hipchat's 10,000 characters."""
    labels = {f"label {index}": "x" * 2000 for index in range(64)}
    links = (Link(text="y" * 1000, href="https://example.com/" + "z" * 5000),) * 16
    text = listing.card(replace(OPEN, description="d" * 16_000, labels=labels, links=links), now=NOW, zone_name=BERLIN)

    assert len(text) < 6000
    assert "… and 52 more" in text


def test_history() -> None:
    """The history names what, who, through what and when; of a long one the latest rows are shown and the rest counted."""
    events = (
        Event(action="opened", at=NOW - DAY, by=Actor(kind=Who.SOURCE, name="Prometheus")),
        Event(action="acked", at=NOW - 3 * MINUTE, by=DANA, note="new disk"),
        Event(action="unreported", at=NOW, by=CLOCK),
    )

    assert listing.history(OPEN, events, now=NOW, zone_name=BERLIN).splitlines() == [
        "#12 Disk full on db1",
        "Mon 13:02 CET opened by Prometheus",
        "12:59 CET acked by Dana (room): new disk",
        "13:02 CET unreported by the timer",
    ]
    assert "(5 earlier ones left out)" in listing.history(OPEN, events * 10, now=NOW, zone_name=BERLIN)
