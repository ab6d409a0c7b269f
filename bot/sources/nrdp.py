"""NRDP: passive check results and external commands, as a Nagios server takes them (alert-sources.md 1.7.2)."""

from collections.abc import Mapping
from typing import Any

from bot.domain.signal import Kind, Rejected
from bot.sources import nrdp_xml
from bot.sources.build import build
from bot.sources.payload import Fields, json_of
from bot.sources.plugin_output import lines_of, without_performance
from bot.sources.values import Item

SENDER = "nrdp"
STATES: Mapping[str, tuple[str, str]] = {
    "0": ("OK", "info"),
    "1": ("WARNING", "warning"),
    "2": ("CRITICAL", "critical"),
    "3": ("UNKNOWN", "warning"),
}
HOST_STATES: Mapping[str, tuple[str, str]] = {
    "0": ("UP", "info"),
    "1": ("DOWN", "critical"),
    "2": ("UNREACHABLE", "critical"),
    "3": ("UNKNOWN", "warning"),
}
NO_HOST = "hostname is missing"
NO_STATE = "state is not one of 0, 1, 2, 3"
COMMANDS: Mapping[str, tuple[Kind, bool, int]] = {
    "ACKNOWLEDGE_SVC_PROBLEM": (Kind.ACKNOWLEDGED, True, 5),
    "ACKNOWLEDGE_HOST_PROBLEM": (Kind.ACKNOWLEDGED, False, 4),
    "REMOVE_SVC_ACKNOWLEDGEMENT": (Kind.UNACKNOWLEDGED, True, 0),
    "REMOVE_HOST_ACKNOWLEDGEMENT": (Kind.UNACKNOWLEDGED, False, 0),
    "ADD_SVC_COMMENT": (Kind.NOTE, True, 3),
    "ADD_HOST_COMMENT": (Kind.NOTE, False, 2),
}
"""External commands that say something of an alert: what, whether a service is named, and where the author stands."""

CHECKS: Mapping[str, tuple[str, ...]] = {
    "PROCESS_SERVICE_CHECK_RESULT": ("hostname", "servicename", "state", "output"),
    "PROCESS_HOST_CHECK_RESULT": ("hostname", "state", "output"),
}
"""External commands that are check results, and what stands where in them; the output may hold semicolons."""


class Unreadable(Exception):
    """Data that is neither the JSON nor the XML that it should be."""


def results(data: str, *, xml: bool) -> list[Item]:
    """Read check results; each is an alert's state now. Raises Unreadable."""
    found = _of_xml(data) if xml else _of_json(data)
    return [result(each, f"/checkresults/{place}") for place, each in enumerate(found)]


def result(given: Fields, path: str, *, sender: str = SENDER) -> Item:
    """Read one check result (`hostname`, `servicename`, `state`, `output`), whoever brought it."""
    host, service = given.text("hostname"), given.text("servicename")
    word = given.text("state")
    if not host:
        return Rejected(reason=NO_HOST, path=f"{path}/hostname")
    if word not in STATES:
        return Rejected(reason=NO_STATE, path=f"{path}/state")
    state, severity = (STATES if service else HOST_STATES)[word]
    first, more = lines_of(given.text("output"))
    output = without_performance(first)
    what = f"{service} on {host}" if service else host
    return build(
        sender,
        key=f"{host}!{service}",
        summary=f"{what} is {state}: {output}" if output else f"{what} is {state}",
        kind=Kind.RESOLVED if word == "0" else Kind.FIRING,
        severity=severity,
        source=host,
        description=more,
        labels={"host": host, "service": service},
    )


def command(text: str) -> list[Item]:
    """Read an external command (2.2); an empty list for one that says nothing of an alert."""
    name, *parts = text.strip().split(";")
    name = name.rpartition("] ")[2].strip().upper()
    if name in CHECKS:
        members = CHECKS[name]
        values = ";".join(parts).split(";", len(members) - 1)
        return [result(Fields(dict(zip(members, values, strict=False))), "")]
    known = COMMANDS.get(name)
    if known is None or not parts or not parts[0].strip():
        return []
    kind, of_service, author = known
    service = parts[1].strip() if of_service and len(parts) > 1 else ""
    host = parts[0].strip()
    return [
        build(
            SENDER,
            key=f"{host}!{service}",
            summary=f"{service} on {host}" if service else host,
            kind=kind,
            author=parts[author].strip() if author and len(parts) > author else "",
            note=";".join(parts[author + 1 :]).strip() if author else "",
            opens=author > 0,
        )
    ]


def _of_json(data: str) -> list[Fields]:
    given: Any = json_of(data.encode("utf-8", "replace"))
    found = given.get("checkresults") if isinstance(given, dict) else None
    if not isinstance(found, list):
        raise Unreadable
    return [Fields(each if isinstance(each, dict) else {}) for each in found]


def _of_xml(data: str) -> list[Fields]:
    found = nrdp_xml.read(data)
    if found is None:
        raise Unreadable
    return [Fields(each) for each in found]
