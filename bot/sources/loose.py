"""Any tool's JSON, form or query, by the names that such members usually have (alert-sources.md 1.13).

Names are compared without case and signs (`alertState` is `alert_state`). What is not at the top is looked for in the
objects that tools wrap alerts in; an end only there, so that `host.state: up` ends nothing.
"""

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from typing import Any

from bot.domain.headline import Headline, read_title, steady
from bot.domain.signal import Kind, Link, Signal, made_key
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, json_of, text_of
from bot.sources.values import Item, link_to, odd

SENDER = "generic"
# fmt: off
TITLES: Sequence[str] = (
    "title", "summary", "subject", "headline", "rulename", "ruletitle", "alertname", "alerttitle", "alertrule",
    "monitorname", "monitorfriendlyname", "checkname", "incidenttitle", "problemtitle", "eventtitle",
    "conditionname", "policyname", "searchname", "testname", "jobname", "triggername", "alarmname", "eventname",
    "alertdefinitionname",
)
WEAK_TITLES: Sequence[str] = (
    "message", "text", "msg", "shortmessage", "entitydisplayname", "eventsummary", "output", "reason",
    "displayname", "name", "alert", "alarm", "monitor", "check", "rule", "event", "incident", "problem", "error",
)
"""Names that hold a title where no better one is given."""
FREE_TEXTS = 8
"""So many of these hold any text; the others may also hold a state or a flag."""
RULES: Sequence[str] = ("rule", "ruleid", "alarm", "check", "monitor")
"""Names of what a free text is about: it, and not the text, is what the problem is known by."""
BODIES: Sequence[str] = (
    "body", "details", "description", "message", "text", "longmessage", "fullmessage", "alertdetails",
    "statemessage",
)
STATES: Sequence[str] = (
    "status", "state", "alertstate", "alertstatus", "currentstate", "currentstatus", "newstate", "newstatus",
    "incidentstate", "incidentstatus", "eventstate", "eventstatus", "checkstate", "checkstatus", "monitorstate",
    "monitorstatus", "problemstate", "problemstatus", "alerttypefriendlyname", "alertstatename", "servicestate",
    "hoststate", "alarmstate", "issuestate", "issuestatus", "conditionstate", "condition", "transition",
    "alerttransition", "messagetype", "notificationtype", "action", "eventaction", "eventtype", "event", "type",
)
OVER: Sequence[str] = (
    "resolved", "isresolved", "recovered", "isrecovered", "cleared", "iscleared", "closed", "isclosed", "fixed",
    "isok",
)
"""Members that are true when the problem is over."""
THERE: Sequence[str] = (
    "firing", "isfiring", "alerting", "isactive", "isopen", "istriggered", "triggered", "failing", "isdown",
)
"""Members that are false when the problem is over."""
SEVERITIES: Sequence[str] = (
    "severity", "level", "priority", "alertseverity", "alertlevel", "alertpriority", "severitylevel",
    "severitylabel", "severityname", "criticality", "urgency", "importance", "prio", "impact", "eventseverity",
    "severityvalue", "severitytext",
)
KEYS: Sequence[str] = (
    "dedupkey", "dedup", "deduplicationkey", "dedupekey", "alias", "alertid", "alertuid", "alertkey",
    "fingerprint", "incidentkey", "incidentid", "problemid", "alarmid", "uniqueid", "correlationid",
    "correlationkey", "checkid", "monitorid", "objectkey",
)
WHERE: Sequence[str] = (
    "source", "host", "hostname", "node", "instance", "device", "server", "machine", "service", "servicename",
    "component", "resource", "resourcename", "entity", "entityname", "namespace", "cluster", "container", "pod",
    "environment", "env", "site", "url", "monitorurl", "alertinstance", "chart", "job", "app", "application",
    "project", "containerid", "containername", "podname", "k8snsname", "k8spodname",
)
ORIGINS = 3
"""So many of these say where the alert comes from."""
NAMES: Sequence[str] = ("name", "displayname", "hostname", "host", "title", "friendlyname", "value", "id")
"""What an object is called that stands where a name is wanted."""
WRAPPERS: Sequence[str] = (
    "alert", "incident", "problem", "event", "notification", "issue", "alarm", "check", "monitor", "payload",
    "data", "attributes", "body", "result", "essentials", "activity", "message", "content", "test", "search",
    "outputfields",
)
LISTS: Sequence[str] = ("alerts", "events", "incidents", "problems", "notifications", "items", "messages")
LABELS: Sequence[str] = ("meta", "details", "tags", "labels")
RANKED: Sequence[str] = (
    "labels", "annotations", "tags", "details", "meta", "customdetails", "fields", "customfields",
)
STARTS: Sequence[str] = (
    "startsat", "startedat", "starttime", "firedat", "triggeredat", "createdat", "timestamp", "begin",
)
LINKS: Sequence[str] = (
    "url", "link", "href", "alerturl", "incidenturl", "permalink", "htmlurl", "weburl", "detailsurl",
    "dashboardurl",
)
# fmt: on
TRUE = frozenset({"true", "1", "yes"})
FALSE = frozenset({"false", "0", "no"})
FLAGS = TRUE | FALSE
CODED = 8
"""So many of the states may be a number."""
RUNBOOK_TEXT = "Runbook"
CODES = {"0": Kind.RESOLVED}
"""A state in numbers, as exit statuses have it."""
NORMAL = frozenset({"normal"})
"""A priority that every ticket has, and no end."""
LEVEL = 1000
"""How much worse a member is for each object that it is wrapped in."""
DEEPEST = 3 * LEVEL
_RANK = itemgetter(0)
MOST_ITEMS = 1000

_SIGNS = re.compile(r"[^a-z0-9@]+")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# fmt: off
_MEASURES = frozenset((
    "value", "values", "count", "current", "usage", "used", "free", "duration", "elapsed", "time", "date",
    "timestamp", "percent", "percentage", "ratio", "latency", "score", "hits", "severity", "level", "priority",
    "state", "status", "average", "avg", "total", "output", "message", "description", "text", "last", "previous",
    "since", "uptime", "age", "at", "now", "reason", "result", "action", "threshold", "lag", "delay", "summary",
    "title", "url",
))
# fmt: on
"""Words in the names of members whose values change from one message about a problem to the next."""


class Slot(enum.IntEnum):
    """What a member is read for."""

    TITLE = enum.auto()
    WEAK_TITLE = enum.auto()
    RULE = enum.auto()
    BODY = enum.auto()
    STATE = enum.auto()
    OVER = enum.auto()
    THERE = enum.auto()
    SEVERITY = enum.auto()
    RANKED = enum.auto()
    KEY = enum.auto()
    WHERE = enum.auto()
    LABELS = enum.auto()
    LINKS = enum.auto()
    LINK = enum.auto()
    RUNBOOK = enum.auto()
    START = enum.auto()
    LIST = enum.auto()
    WRAPPER = enum.auto()


_TABLES: Mapping[Slot, Sequence[str]] = {
    Slot.TITLE: TITLES,
    Slot.WEAK_TITLE: WEAK_TITLES,
    Slot.RULE: RULES,
    Slot.BODY: BODIES,
    Slot.STATE: STATES,
    Slot.OVER: OVER,
    Slot.THERE: THERE,
    Slot.SEVERITY: SEVERITIES,
    Slot.RANKED: RANKED,
    Slot.KEY: KEYS,
    Slot.WHERE: WHERE,
    Slot.LABELS: LABELS,
    Slot.LINKS: ("links",),
    Slot.LINK: LINKS,
    Slot.RUNBOOK: ("runbookurl", "runbook"),
    Slot.START: STARTS,
    Slot.LIST: LISTS,
    Slot.WRAPPER: WRAPPERS,
}
_SLOTS: Mapping[str, Sequence[tuple[Slot, int]]] = {
    name: [(slot, names.index(name)) for slot, names in _TABLES.items() if name in names]
    for name in {name for names in _TABLES.values() for name in names}
}


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """Return a member's name without case and signs."""
    return _SIGNS.sub("", name.lower())


@lru_cache(maxsize=4096)
def slots_of(name: str) -> Sequence[tuple[Slot, int]]:
    """Return what a member of this name is read for, and how good it is for that: 0 is best."""
    return _SLOTS.get(folded(name), ())


@lru_cache(maxsize=4096)
def measures(name: str) -> bool:
    """Whether a member's name says that its value changes while the problem lasts."""
    return any(part.lower() in _MEASURES for part in _PARTS.findall(name))


def parse(payload: Payload) -> list[Item]:
    """Read an alert, or each of an array of alerts; what has no title and no key is shown as it came."""
    return parse_fields(payload, fields_of(payload))


def parse_fields(payload: Payload, given: Fields | None) -> list[Item]:
    """Read a message whose members are known already."""
    if given is None:
        found = json_of(payload.body)
        return _each(found, payload) if isinstance(found, list) else [odd(payload.body, SENDER)]
    signal = read(given, SENDER)
    if signal is not None:
        return [signal]
    for value in Reading(given).values(Slot.LIST):
        if isinstance(value, list) and value:
            return _each(value, payload)
    return [odd(payload.body, SENDER)]


def _each(values: list[Any], payload: Payload) -> list[Item]:
    signals = [read(Fields(each), SENDER) for each in values[:MOST_ITEMS] if isinstance(each, dict)]
    told: list[Item] = [signal for signal in signals if signal is not None]
    return told if told and len(told) == len(values) else [*told, odd(payload.body, SENDER)]


def read(
    given: Fields, sender: str, *, key: str = "", kind: Kind | None = None, severity: str = "", delivery_id: str = ""
) -> Signal | None:
    """Return what members with the usual names say; None when there is no title, and no key of a problem that ends."""
    reading = Reading(given)
    named = reading.text(Slot.KEY)
    kind = kind or reading.kind()
    if not (reading.title or reading.body) and not (named and kind is not Kind.FIRING):
        return None
    body = reading.body
    summary = reading.title or next(iter(body.splitlines()), "") or named
    labels = reading.labels()
    return build(
        sender,
        key=named or key or identity(reading.headline, {**labels, **reading.where()}),
        summary=summary,
        kind=kind,
        severity=severity or reading.severity(),
        source=reading.origin(),
        description="" if body == summary else body,
        labels=labels,
        links=reading.links(),
        starts_at=reading.text(Slot.START),
        delivery_id=delivery_id,
        opens=bool(reading.title or body),
    )


def identity(headline: Headline, labels: Mapping[str, str]) -> str:
    """Make the key of a problem whose sender gives none: its name, and the labels that do not change while it lasts."""
    return made_key(headline.name, {name: steady(value) for name, value in labels.items() if not measures(name)})


class Reading:
    """An object from outside, with the objects that wrap its alert: its members by what they are read for, the best first."""

    __slots__ = ("_found", "_free", "_headline", "_severities", "body", "title")

    def __init__(self, given: Fields) -> None:
        self._found: dict[Slot, list[tuple[int, str, Any]]] = {}
        self._headline: Headline | None = None
        self._free = False
        self._severities: list[str] | None = None
        self._scan(given.values, 0)
        for entries in self._found.values():
            if len(entries) > 1:
                entries.sort(key=_RANK)
        self.title = self._title()
        self.body = self._body()

    @property
    def headline(self) -> Headline:
        """What the title says; a free text is known by the rule that it is about."""
        if self._headline is None:
            self._headline = read_title(self.title or self.body)
            rule = self._rule() if self._free else ""
            if rule:
                self._headline = replace(self._headline, name=rule.lower())
        return self._headline

    def _rule(self) -> str:
        texts = map(_plain, self.values(Slot.RULE))
        return next((text for text in texts if text and kind_of(text) is None and text.lower() not in FLAGS), "")

    def _scan(self, values: Mapping[str, Any], depth: int) -> None:
        found = self._found
        for name, value in values.items():
            if value is None or value == "":
                continue
            for slot, rank in slots_of(name):
                entry = (depth + rank, name, value)
                if slot in found:
                    found[slot].append(entry)
                else:
                    found[slot] = [entry]
        if depth < DEEPEST and Slot.WRAPPER in found:
            inside = [each for each in found[Slot.WRAPPER] if each[0] >= depth and isinstance(each[2], dict)]
            for _, _, value in sorted(inside, key=_RANK):
                self._scan(value, depth + LEVEL)

    def values(self, slot: Slot) -> list[Any]:
        """Return what was found, the top before what is wrapped, the best names first."""
        found = self._found.get(slot)
        return [value for _, _, value in found] if found else []

    def text(self, slot: Slot) -> str:
        """Return the first that is not empty, as text."""
        for _, _, value in self._found.get(slot, ()):
            text = called(value)
            if text:
                return text
        return ""

    def where(self) -> dict[str, str]:
        """Return what the problem is about, by folded names."""
        found = {folded(name): called(value) for _, name, value in reversed(self._found.get(Slot.WHERE, ()))}
        return {name: text for name, text in found.items() if text}

    def origin(self) -> str:
        """Return where the alert comes from."""
        for rank, _, value in self._found.get(Slot.WHERE, ()):
            text = called(value) if rank % LEVEL < ORIGINS else ""
            if text:
                return text
        return ""

    def _body(self) -> str:
        for _, _, value in self._found.get(Slot.BODY, ()):
            if isinstance(value, str) and (text := value.strip()):
                return text
        return ""

    def _title(self) -> str:
        title = self.text(Slot.TITLE)
        if title:
            return title
        for rank, _, value in self._found.get(Slot.WEAK_TITLE, ()):
            text = _plain(value)
            free = rank % LEVEL < FREE_TEXTS
            if text and (free or (kind_of(text) is None and text.lower() not in FLAGS)):
                self._free = free
                return text
        return ""

    def kind(self) -> Kind:
        """Return what became of the problem: by its state, else by a flag, by a severity that is an end, by its title."""
        for rank, _, value in self._found.get(Slot.STATE, ()):
            word = _plain(value)
            found = kind_of(word) or (CODES.get(word) if rank % LEVEL < CODED else None)
            if found is not None:
                return found
        for slot, end in ((Slot.OVER, TRUE), (Slot.THERE, FALSE)):
            if slot in self._found and any(_plain(value).lower() in end for value in self.values(slot)):
                return Kind.RESOLVED
        if any(word.lower() not in NORMAL and _ends(word) for word in self.severities()):
            return Kind.RESOLVED
        return self.headline.kind or Kind.FIRING

    def severity(self) -> str:
        """Return the first word that is a severity, else the title's or the state's, else what stands where one should."""
        words = self.severities()
        for word in words:
            if severity_of(word) is not None:
                return word
        if self.headline.severity is not None:
            return self.headline.severity.word
        for value in self.values(Slot.STATE):
            word = _plain(value)
            if severity_of(word) is not None:
                return word
        return next((word for word in words if kind_of(word) is None), "")

    def severities(self) -> list[str]:
        """Return the words that stand where a severity should."""
        if self._severities is not None:
            return self._severities
        words = [word for value in self.values(Slot.SEVERITY) if (word := called(value))]
        if not words and Slot.RANKED in self._found:
            for inside in self.values(Slot.RANKED):
                if isinstance(inside, dict):
                    words += [called(value) for name, value in inside.items() if folded(name) in SEVERITIES[:3]]
        self._severities = list(filter(None, words))
        return self._severities

    def labels(self) -> dict[str, str]:
        """Return labels, tags and details."""
        found: dict[str, str] = {}
        for _, _, value in self._found.get(Slot.LABELS, ()):
            if isinstance(value, list):
                found.update({text: text for tag in value if (text := _plain(tag))})
            elif isinstance(value, dict):
                found.update({name: text for name, of in value.items() if name and (text := called(of))})
        return found

    def links(self) -> list[Link | None]:
        """Return what may be opened."""
        given = self._found
        found: list[Link | None] = []
        for _, _, value in given.get(Slot.LINKS, ()):
            found += map(_link, value) if isinstance(value, list) else ()
        for slot, text in ((Slot.LINK, ""), (Slot.RUNBOOK, RUNBOOK_TEXT)):
            if slot in given:
                found += [link_to(value, text) for _, _, value in given[slot] if isinstance(value, str)]
        return found


def _ends(word: str) -> bool:
    return severity_of(word) is None and kind_of(word) is Kind.RESOLVED


def called(value: Any) -> str:
    """Return a value as text; an object by its name."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        inside = {folded(name): each for name, each in value.items()}
        return next((text for name in NAMES if (text := _plain(inside.get(name)))), "")
    if isinstance(value, list):
        return ", ".join(text for each in value[:8] if (text := _plain(each)))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or isinstance(value, (dict, list)) else text_of(value)


def _link(value: object) -> Link | None:
    link = Fields(value if isinstance(value, dict) else {"href": text_of(value)})
    return link_to(link.text("href", "url"), link.text("text", "title"))
