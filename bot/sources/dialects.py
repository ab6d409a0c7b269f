"""Messages that have addresses of their own here (PagerDuty, Opsgenie, Prometheus, NRDP), where they come without one.

At their own addresses they are answered, and refused, as those services do; here nothing is refused, and what cannot be used is
shown as it came.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bot.domain.signal import Signal
from bot.sources import cloudevents, nrdp, opsgenie, pagerduty, prometheus
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, odd

OPSGENIE_MEMBERS = frozenset(
    {
        *("message", "alias", "description", "responders", "visibleTo", "actions", "tags", "details", "entity"),
        *("source", "priority", "user", "note", "teams"),
    }
)
"""All that a create request can hold: whoever sends more speaks no Opsgenie."""
CHECKS = ("JSONDATA", "json", "XMLDATA", "xml")
ALERT_MEMBERS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})


def of_array(found: Sequence[Any]) -> Callable[[Payload], list[Item]] | None:
    """Return what reads an array, by its first object; None when it is nobody's that is known."""
    first = next((each for each in found if isinstance(each, dict)), {})
    if "specversion" in first:
        return cloudevents.parse
    labels = first.get("labels")
    if isinstance(labels, dict) and ("alertname" in labels or not ALERT_MEMBERS.isdisjoint(first)):
        return _prometheus
    return None


def _prometheus(payload: Payload) -> list[Item]:
    return _shown(prometheus.parse(payload.body, now=payload.now), payload, prometheus.SENDER)


def _pagerduty(payload: Payload) -> list[Item]:
    try:
        return [pagerduty.read(payload.body).signal]
    except pagerduty.Invalid:
        return [odd(payload.body, pagerduty.SENDER)]


def _opsgenie(payload: Payload) -> list[Item]:
    given = fields_of(payload)
    try:
        if given is not None and OPSGENIE_MEMBERS.issuperset(given.values):
            return [opsgenie.create(given).signal]
    except opsgenie.Invalid:
        pass
    return [odd(payload.body, opsgenie.SENDER)]


def _nrdp(payload: Payload) -> list[Item]:
    given = fields_of(payload) or Fields({})
    command = given.text("command")
    if command and given.text("cmd") == "submitcmd":
        return nrdp.command(command) or [odd(command.encode("utf-8", "replace"), nrdp.SENDER)]
    data = given.text(*CHECKS).encode("utf-8", "replace") or payload.body
    try:
        return _shown(
            nrdp.results(data.decode("utf-8", "replace"), xml=data.lstrip()[:1] == b"<"), payload, nrdp.SENDER
        )
    except nrdp.Unreadable:
        return [odd(data, nrdp.SENDER)]


def _shown(items: Iterable[Item], payload: Payload, sender: str) -> list[Item]:
    """Return signals; what would be refused elsewhere is shown as it came."""
    given = list(items)
    told: list[Item] = [item for item in given if isinstance(item, Signal)]
    return told if told and len(told) == len(given) else [*told, odd(payload.body, sender)]


DIALECTS: Mapping[str, Callable[[Payload], list[Item]]] = {
    pagerduty.SENDER: _pagerduty,
    opsgenie.SENDER: _opsgenie,
    nrdp.SENDER: _nrdp,
}
MARKS: Mapping[str, Iterable[Mark]] = {
    pagerduty.SENDER: (("event_action", "payload"), ("event_action", "dedup_key"), ("event_action", "routing_key")),
    opsgenie.SENDER: (("responders", "message"), ("visibleTo", "message"), ("alias", "message", "priority")),
    nrdp.SENDER: (("checkresults",), ("JSONDATA",), ("XMLDATA",), ("cmd", "json"), ("cmd", "xml"), ("cmd", "command")),
}
"""What tells these messages from all others."""
