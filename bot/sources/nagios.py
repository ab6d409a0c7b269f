"""Notifications of Nagios and Icinga, as our sample commands send them: a form or JSON (alert-sources.md 1.7.1)."""

import re
from collections.abc import Mapping, Sequence

from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.plugin_output import lines_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "nagios"
MARKS: Sequence[Mark] = (
    ("notification_type", "host"),
    ("output", "host", "service", "state"),
    ("output", "host", "type"),
    ("NOTIFICATIONTYPE", "HOSTNAME"),
    ("NAGIOS_NOTIFICATIONTYPE", "NAGIOS_HOSTNAME"),
    ("notification.type", "host.name"),
)
KINDS = {
    "PROBLEM": Kind.FIRING,
    "RECOVERY": Kind.RESOLVED,
    "ACKNOWLEDGEMENT": Kind.ACKNOWLEDGED,
    "ACKNOWLEDGMENT": Kind.ACKNOWLEDGED,
}
"""What a notification means; those of NOTES are noted, and for all others the state counts."""
NOTES = {
    "FLAPPINGSTART": "flapping began",
    "FLAPPINGSTOP": "flapping ended",
    "FLAPPINGEND": "flapping ended",
    "FLAPPINGDISABLED": "flapping is not watched any more",
    "DOWNTIMESTART": "downtime began",
    "DOWNTIMEEND": "downtime ended",
    "DOWNTIMECANCELLED": "downtime was cancelled",
    "DOWNTIMEREMOVED": "downtime was removed",
    "CUSTOM": "",
}
"""What is noted of them, by Nagios' words and Icinga's."""
ENDS = frozenset(NOTES) - {"FLAPPINGSTART", "DOWNTIMESTART", "CUSTOM"}
"""Notifications after which Nagios and Icinga send no other about the state that they carry."""
SEVERITIES = {
    "CRITICAL": "critical",
    "DOWN": "critical",
    "UNREACHABLE": "critical",
    "WARNING": "warning",
    "UNKNOWN": "warning",
    "OK": "info",
    "UP": "info",
}
GOOD = frozenset({"OK", "UP"})
SERVICE_STATES = {"0": "OK", "1": "WARNING", "2": "CRITICAL", "3": "UNKNOWN"}
HOST_STATES = {"0": "UP", "1": "DOWN", "2": "UNREACHABLE"}
NAMES: Mapping[str, str] = {
    "notificationtype": "type",
    "hostname": "host",
    "servicedesc": "service",
    "servicedescription": "service",
    "servicename": "service",
    "notificationcomment": "comment",
    "notificationauthor": "author",
    "notificationauthorname": "author",
    "hostaddress": "address",
    "longoutput": "long_output",
    "notesurl": "notes_url",
    "actionurl": "action_url",
}
"""Macros and variables of the environment, by their folded names, and what our sample commands call them."""
OF_STATE: Sequence[tuple[str, str]] = (
    ("state", "state"),
    ("stateid", "state"),
    ("output", "output"),
    ("notesurl", "notes_url"),
    ("actionurl", "action_url"),
)
"""Macros that there are of a service and of its host."""
_FOLDED = re.compile(r"[^a-z]+")
_VENDOR = re.compile(r"(?:nagios|icinga)(?=.)")


def parse(payload: Payload) -> list[Item]:
    """Read a notification. Host and service are its identity; plugin output is anybody's text."""
    given = fields_of(payload)
    if given is not None and not ("host" in given.values and "state" in given.values and "type" in given.values):
        given = _renamed(given)
    if given is not None and (b"$" in payload.body or payload.query):
        given = _expanded(given)
    host = given.text("host") if given else ""
    if given is None or not host:
        return [odd(payload.body, SENDER)]
    service, state = given.text("service"), given.text("state").upper()
    state = (SERVICE_STATES if service else HOST_STATES).get(state, state)
    word = given.text("type").upper()
    word = word if word.isalpha() else _FOLDED.sub("", word.lower()).upper()
    what = f"{service} on {host}" if service else host
    output, more = lines_of(given.text("output"))
    comment = given.text("comment")
    return [
        build(
            SENDER,
            key=f"{host}!{service}",
            summary=f"{what} is {state or word}: {output}" if output else f"{what} is {state or word}",
            kind=kind,
            severity=SEVERITIES.get(state, "warning"),
            description="\n".join(filter(None, (more, *lines_of(given.text("long_output"))))),
            labels={"host": host, "service": service, "address": given.text("address")},
            links=[link_to(given.text("notes_url"), "Notes"), link_to(given.text("action_url"), "Action")],
            author=given.text("author"),
            note=": ".join(filter(None, (NOTES[word], comment))) if word in NOTES else comment,
            opens=bool(comment) or state not in GOOD,
        )
        for kind in _kinds(word, state)
    ]


def _kinds(word: str, state: str) -> list[Kind]:
    """Return what a notification says; the last one about a state may be its only news of it."""
    if word in KINDS:
        return [KINDS[word]]
    now = Kind.RESOLVED if state in GOOD else Kind.FIRING
    if word not in NOTES:
        return [now]
    if word not in ENDS or state not in SEVERITIES:
        return [Kind.NOTE]
    return [now] if now is Kind.RESOLVED else [now, Kind.NOTE]


def _expanded(given: Fields) -> Fields:
    """Return the members without the macros that were not expanded."""
    return Fields({name: "" if _is_macro(value) else value for name, value in given.values.items()})


def _is_macro(value: object) -> bool:
    return isinstance(value, str) and value[:1] == "$" and value[-1:] == "$"


def _renamed(given: Fields) -> Fields:
    """Return the members under the names of our sample commands, whatever case, signs and prefixes they came with."""
    told = {_VENDOR.sub("", _FOLDED.sub("", name.lower()), count=1): value for name, value in given.values.items()}
    found = {name: value for name, value in told.items() if value != ""}
    for name, ours in NAMES.items():
        if found.get(name):
            found.setdefault(ours, found[name])
    about = "service" if found.get("service") else "host"
    for name, ours in OF_STATE:
        for each in (about + name, f"long{about}{name}" if name == "output" else ""):
            if found.get(each):
                found.setdefault("long_output" if each.startswith("long") else ours, found[each])
    return Fields(found)
