"""Whatever a tool calls its members: nothing is ended that nobody ended, and no problem is taken for another one."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.signal import Kind, Signal
from bot.sources import read
from bot.sources.member_names import BODIES, KEYS, SEVERITIES, STATES, TITLES, WEAK_TITLES, WHERE, WRAPPERS
from bot.sources.payload import Payload

EXAMPLES = 300
WORDS = st.sampled_from(
    [
        *(
            "disk full",
            "db1",
            "web-2",
            "failed",
            "critical",
            "firing",
            "alert",
            "down",
            "5",
            "503",
            "P1",
            "high",
            "new",
        ),
        *("not resolved", "unacknowledged", "was ok before", "recovery mode", "close to the limit", "good reason"),
        *(
            "resolve failed",
            "upload",
            "download",
            "normal users cannot log in",
            "passive",
            "opened",
            "not_ok",
            "no-recovery",
        ),
    ]
)
NAMES = st.sampled_from([*TITLES, *WEAK_TITLES, *BODIES, *STATES, *SEVERITIES, *WHERE, *KEYS, "target_ident", "x"])
FLAT = st.dictionaries(NAMES, WORDS, min_size=1, max_size=8)
LOOSE = st.recursive(
    FLAT, lambda inner: st.dictionaries(NAMES | st.sampled_from(WRAPPERS), inner | WORDS, max_size=4), max_leaves=4
)
PLACES = st.sampled_from(
    [
        *("host", "service", "port", "hostName", "server_name", "targetHost", "db_instance", "queue", "message_queue"),
        *(
            "mount_point",
            "interface",
            "target_ident",
            "sensor",
            "device",
            "load_balancer",
            "vm",
            "node",
            "database-name",
        ),
        *(
            "customer_id",
            "checkHost",
            "resource_group",
            "IP",
            "topic",
            "Container Name",
            "status_host",
            "region",
            "queue_name",
        ),
    ]
)
TITLE = st.sampled_from(["title", "summary", "message", "rule_name", "alertname", "text", "name"])


def signals(body: Any) -> list[Signal]:
    """Read a body at /in/generic."""
    return [item for item in read("generic", Payload(body=json.dumps(body).encode())) if isinstance(item, Signal)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(LOOSE)
def test_nothing_ends_without_an_end(body: Any) -> None:
    """A body in which no word is an end is none, wherever its words stand."""
    assert Kind.RESOLVED not in {signal.kind for signal in signals(body)}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    TITLE,
    PLACES,
    st.sampled_from(["", "alert", "data", "details", "labels", "tags"]),
    st.sampled_from([("a1", "b2"), ("8080", "8081")]),
)
def test_another_place_is_another_problem(title: str, place: str, inside: str, values: tuple[str, str]) -> None:
    """Bodies that differ in a host, a service, a port or the like have different keys, at the top as inside."""
    if values[0].isdigit() and place not in {"port", "customer_id"}:
        values = ("n1", "n2")
    keys = set()
    for value in values:
        about = {place: value}
        body = {title: "It is slow", "status": "firing", **({inside: about} if inside else about)}
        keys |= {signal.dedup_key for signal in signals(body)}

    assert 2 == len(keys)


@settings(max_examples=EXAMPLES, deadline=None)
@given(TITLE, PLACES, st.integers(1, 99), st.integers(1, 99), st.sampled_from(["critical", "warning"]))
def test_another_measure_is_the_same_problem(title: str, place: str, first: int, second: int, severity: str) -> None:
    """Other measures, times, counts and severities of a problem are the same problem; so is its end."""
    keys = set()
    for used, status in ((first, "firing"), (second, "firing"), (second, "resolved")):
        body = {
            title: f"Disk is {used}% full for {used} min",
            place: "a1",
            "status": status,
            "severity": severity if status == "firing" else "ok",
            "value": used,
            "disk_usage": used,
            "queue": used,
            "timestamp": f"2026-01-02T03:04:{used:02}Z",
            "last_host": f"h{used}",
            "run_id": used,
            "details": {"used": used, "elapsed_seconds": used},
        }
        if place == "queue":
            body["queue"] = "a1"
        keys |= {signal.dedup_key for signal in signals(body)}

    assert 1 == len(keys)
