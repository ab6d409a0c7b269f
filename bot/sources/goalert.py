"""GoAlert's outgoing webhook: alerts, their status, bundles, who is on call, tests.

The members are known from GoAlert's source; a running GoAlert was not tried.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, objects
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "goalert"
MARKS: Sequence[Mark] = (("AppName", "Type"),)
TEST = "A test message from {}"
CODE = "{} asks for this verification code: {}"
BUNDLE = "{} has {} unacknowledged alerts"
ON_CALL = "On call for {}: {}"
NOBODY = "nobody"

_ENTRY = re.compile(r"(\w+)(?:\s+by\s+(.+?))?(?:\s+via\s+.*)?\Z")
"""An entry of an alert's log: `Acknowledged by Joe via web`."""


def parse(payload: Payload) -> list[Item]:
    """Read a message. An alert's number is its identity."""
    given = fields_of(payload)
    if given is None or not given.text("Type", "AlertID", "Summary"):
        return [odd(payload.body, SENDER)]
    return [_READERS.get(given.text("Type"), _alert)(given)]


def _alert(given: Fields) -> Signal:
    number = given.text("AlertID")
    return build(
        SENDER,
        key=f"alert:{number}" if number else "",
        summary=given.text("Summary") or f"Alert {number}",
        severity=given.text("Meta.severity", "Meta.Severity"),
        source=given.text("ServiceName"),
        description=given.text("Details"),
        labels={"service": given.text("ServiceName"), **given.texts("Meta")},
    )


def _status(given: Fields) -> Signal:
    """Read what became of an alert: the first word of the log's entry says it."""
    entry = given.text("LogEntry")
    told = _ENTRY.match(entry)
    number = given.text("AlertID")
    kind = (kind_of(told[1]) if told else None) or Kind.NOTE
    return build(
        SENDER,
        key=f"alert:{number}" if number else "",
        summary=f"Alert {number}: {entry}",
        kind=kind,
        author=told[2] or "" if told else "",
        note=entry if kind is Kind.NOTE else "",
    )


def _bundle(given: Fields) -> Signal:
    service = given.text("ServiceName") or given.text("ServiceID")
    return build(
        SENDER,
        key=f"bundle:{given.text('ServiceID') or service}",
        summary=BUNDLE.format(service, given.text("Count")),
        source=service,
        labels={"service": service},
    )


def _on_call(given: Fields) -> Signal:
    names = ", ".join(filter(None, (each.text("Name") for each in objects(given.at("Users")))))
    schedule = given.text("ScheduleName") or given.text("ScheduleID")
    return build(
        SENDER,
        summary=ON_CALL.format(schedule, names or NOBODY),
        severity="info",
        labels={"schedule": schedule},
        links=[link_to(given.text("ScheduleURL"), schedule)],
    )


def _test(given: Fields) -> Signal:
    return build(SENDER, summary=TEST.format(_app(given)), severity="info")


def _code(given: Fields) -> Signal:
    return build(SENDER, summary=CODE.format(_app(given), given.text("Code")), severity="info")


def _app(given: Fields) -> str:
    return given.text("AppName") or "GoAlert"


_READERS: Mapping[str, Callable[[Fields], Signal]] = {
    "AlertStatus": _status,
    "AlertStatusBundle": _status,
    "AlertBundle": _bundle,
    "ScheduleOnCallUsers": _on_call,
    "Verification": _code,
    "Test": _test,
}
