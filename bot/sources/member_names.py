"""The names that tools give to the members of an alert, and what each is read for (alert-sources.md 1.13).

Names are compared without case and signs: `alertState` is `alert_state`.
"""

import enum
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

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
