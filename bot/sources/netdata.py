"""Netdata Cloud's webhook, and what a `custom_sender` of the agent posts with the agent's own names.

Known from Netdata's documentation of both (2026); not tried against the service.
"""

from collections.abc import Sequence

from bot.domain.headline import read_title
from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "netdata"
MARKS: Sequence[Mark] = (
    ("alarm", "chart", "severity"),
    ("alert", "chart", "severity"),
    ("additional_active_critical_alerts",),
    ("status.reachable",),
    ("old_status", "chart"),
    ("alarm_id", "chart"),
    ("chart", "family", "status"),
)
NOTED = frozenset({"uninitialized", "undefined"})
"""States of an alert that has no value to judge."""
REMOVED = "removed"
"""The state of an alert whose chart is gone: no other end will come."""
TEST = "test"


def parse(payload: Payload) -> list[Item]:
    """Read an alert, or whether a node is reachable. Node, chart and alert are its identity."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    if given.inner("status").values:
        return [_node(given)]
    name = given.text("alarm", "alert", "name", "alert_name")
    if not name:
        return [_test(given) if given.text("message") else odd(payload.body, SENDER)]
    return [_alert(given, name)]


def _alert(given: Fields, name: str) -> Signal:
    state = given.text("severity", "status").lower()
    message, host = given.text("message"), _host(given)
    chart = given.text("chart")
    value = given.text("value_string", "value")
    told = message or " ".join(filter(None, (f"{host}: {name}" if host else name, value and f"= {value}")))
    where = host or read_title(message).name
    labels = {
        "alertname": name,
        "host": host,
        "chart": chart,
        "context": given.text("context"),
        "family": given.text("family"),
        "class": given.text("class", "classification"),
        "space": given.text("space"),
        "rooms": ",".join(given.inner("Rooms").values or given.inner("rooms").values),
        "roles": given.text("roles"),
    }
    return build(
        SENDER,
        key=f"netdata:{where}!{chart}!{name}",
        summary=told,
        kind=Kind.RESOLVED if state == REMOVED else Kind.NOTE if state in NOTED else kind_of(state) or Kind.FIRING,
        severity="warning" if kind_of(state) is Kind.RESOLVED or state in NOTED or state == REMOVED else state,
        source=host,
        description=given.text("info"),
        labels=labels,
        links=[link_to(given.text("alert_url", "url", "goto_url"), "Netdata")],
        note=f"{name} is {state}" if state in NOTED else "",
    )


def _host(given: Fields) -> str:
    """Return the node that is named, also as the beginning of the message: `web1: disk_space = 97%`."""
    named = given.text("host", "node", "hostname", "node_name", "host.name", "node.name")
    before, colon, _ = given.text("message").partition(": ")
    return named or (before if colon and before and not any(map(str.isspace, before)) else "")


def _node(given: Fields) -> Signal:
    """Read whether a node can be reached."""
    host, text = given.text("host", "node", "hostname"), given.text("status.text")
    reachable = given.text("status.reachable")
    return build(
        SENDER,
        key=f"netdata:{host or read_title(given.text('message')).name}!reachable",
        summary=given.text("message") or f"{host} is {text}",
        kind=Kind.RESOLVED if reachable == "true" else kind_of(text) or Kind.FIRING,
        severity=given.text("severity") if reachable != "true" else "critical",
        source=host,
        labels={"host": host, "space": given.text("space")},
        links=[link_to(given.text("url", "alert_url"), "Netdata")],
    )


def _test(given: Fields) -> Signal:
    """Read a message that is about no alert, such as the test of a configuration."""
    message = given.text("message")
    return build(
        SENDER,
        summary=message,
        severity="info" if TEST in message.lower() else given.text("severity"),
        kind=kind_of(given.text("severity")) or Kind.FIRING,
        description=given.text("info"),
        labels={"space": given.text("space")},
    )
