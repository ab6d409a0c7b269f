"""What titles of mails and webhooks say of a problem."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.headline import read_title, steady
from bot.domain.signal import Kind, Severity


@pytest.mark.parametrize(
    ("begun", "over"),
    [
        ("[P2] [Triggered on {host:app7}] Load is high", "[P2] [Recovered on {host:app7}] Load is high"),
        ("[P1] [No Data] Queue", "[P1] [Recovered] Queue"),
        ("Critical, disk = 97%, on web1", "Clear, disk = 60%, on web1"),
        ("Monitor is DOWN: Shop", "Monitor is UP: Shop"),
        ("Check_MK: web3/CPU load OK -> CRIT", "Check_MK: web3/CPU load CRIT -> OK"),
        ('ALARM: "db1-disk" in EU (Ireland)', 'OK: "db1-disk" in EU (Ireland)'),
        ("Problem: Free disk space low on web6", "Resolved in 5m: Free disk space low on web6"),
        ("[WARNING] disk web8", "RESOLVED: [WARNING] disk web8"),
        ("Alert: queue is full", "Alert resolved: queue is full"),
        ("shop.example is down", "shop.example is back online"),
        ("shop.example is down", "shop.example is up again"),
        ("🔥 [FIRING:2] disk", "✅ [RESOLVED] disk"),
        ("web1 - disk - CRITICAL", "web1 - disk - OK"),
        ("[ops] PROBLEM: disk on web1", "[ops] Resolved: disk on web1"),
        ("[ops list] [WARNING] disk web8", "[ops list] RESOLVED: [WARNING] disk web8"),
        ("disk on a is CRITICAL! 7", "disk on a is OK! 7"),
    ],
)
def test_pairs(begun: str, over: str) -> None:
    """The end of a problem is seen as one, and has its name."""
    first, last = read_title(begun), read_title(over)

    assert first.kind in {Kind.FIRING, None}
    assert Kind.RESOLVED is last.kind
    assert first.name == last.name


@pytest.mark.parametrize(
    "title",
    ["NOT OK: queue", "Update is available", "Error rate is up 50% on web1", "Port 443 is closed", "disk has not recovered",
     "Backup is not resolved", "LOW TEMPERATURE in room 3"],
)  # fmt: skip
def test_no_ends(title: str) -> None:
    """What only looks like an end is none: it would be lost."""
    assert read_title(title).kind in {Kind.FIRING, None}


@pytest.mark.parametrize(
    ("title", "severity"),
    [
        ("[P1] queue", Severity.CRITICAL),
        ("[SEV-1] queue", Severity.CRITICAL),
        ("Warning, disk on web1", Severity.WARNING),
        ("[High] load", Severity.ERROR),
        ("ALARM: db1", Severity.CRITICAL),
        ("HIGH TEMPERATURE", None),
        ("a warning about critical things", None),
    ],
)
def test_severity(title: str, severity: Severity | None) -> None:
    """A severity stands out: as a prefix, in brackets or in capitals."""
    assert severity is read_title(title).severity


def test_what_stands_first_is_part_of_the_name() -> None:
    """Two lists, rooms or systems have two problems; so have two numbers behind a state."""
    assert read_title("[prod] disk is full").name != read_title("[staging] disk is full").name
    assert read_title("[prod] CRITICAL: disk").name != read_title("[staging] CRITICAL: disk").name
    assert read_title("disk on a is CRITICAL! 7").name != read_title("disk on a is CRITICAL! 8").name


def test_what_changes_is_no_part_of_the_name() -> None:
    """Days left, percentages and times are not; what names a thing is."""
    assert steady("certificate of p expires in 21 days") == steady("certificate of p expires in 7 days")
    assert steady("CPU is at 97.5% since 12:30") == steady("CPU is at 91% since 12:31:07")
    assert steady("backup of 2026-11-28T07:30:00Z failed") == steady("backup of 2026-11-29T07:30:00Z failed")
    assert steady("port 443 on web1") != steady("port 80 on web1")
    assert steady("queue 3 is full") != steady("queue 4 is full")
    assert steady("web1 is slow") != steady("web2 is slow")
    assert steady("HIGH TEMPERATURE") != steady("LOW TEMPERATURE")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_title(title: str) -> None:
    """Any title is read, the same each time; only an empty one has no name."""
    assert read_title(title) == read_title(title)
    assert bool(read_title(title).name.strip()) == bool(title.strip()) or not title.isprintable()


@pytest.mark.parametrize(
    "title",
    [
        "Login OK from an unknown address",
        "Backup OK on 2 of 5 hosts",
        "Server is UP but slow",
        "CLOSED port found on the firewall",
        "UPS ONLINE battery low",
    ],
)
def test_capitals_in_a_sentence(title: str) -> None:
    """A word of a sentence is no end, however loud it is."""
    assert Kind.RESOLVED is not read_title(title).kind


@pytest.mark.parametrize(
    "title",
    ["Host web1 is UP", "disk CRIT -> OK on web1", "PING OK - 0 ms", "OK web1 disk", "disk OK on web1", "Ping UP"],
)
def test_capitals_that_say_how_things_are(title: str) -> None:
    """At the beginning, at the end, behind an arrow or `is`, and before a sign, a loud end is one."""
    assert Kind.RESOLVED is read_title(title).kind


def test_a_loud_word_is_no_part_of_the_name() -> None:
    """The name is the same at the beginning and at the end, also where the end is told beside the title."""
    assert read_title("DISK CRIT sda1").name == read_title("DISK OK sda1").name
