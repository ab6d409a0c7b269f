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
    "conditionname", "policyname", "searchname", "testname", "jobname", "triggername", "alarmname",
    "alertdefinitionname",
)
WEAK_TITLES: Sequence[str] = (
    "message", "text", "msg", "shortmessage", "entitydisplayname", "eventsummary", "output", "reason",
    "displayname", "name", "alert", "alarm", "monitor", "check", "rule", "event", "incident", "problem", "error",
    "trigger", "label", "eventname",
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
    "alerttransition", "lifecycle", "statename", "statusname", "statustext", "checkstatename",
    "buildstatus", "faultstate", "faultstatus", "rulestate", "rulestatus", "tostate", "tostatus", "conclusion",
    "triggerstatus", "triggerstate",
    "messagetype", "notificationtype", "action", "eventaction", "eventtype", "alerttype", "triggertype",
    "alertaction", "eventname", "event", "type",
)
OVER: Sequence[str] = (
    "resolved", "isresolved", "recovered", "isrecovered", "cleared", "iscleared", "closed", "isclosed", "fixed",
    "isok", "isup", "ishealthy",
)
"""Members that are true when the problem is over."""
THERE: Sequence[str] = (
    "firing", "isfiring", "alerting", "isactive", "isopen", "istriggered", "triggered", "failing", "isdown", "down", "isfailing",
    "ongoing", "isongoing",
)
"""Members that are false when the problem is over."""
SEVERITIES: Sequence[str] = (
    "severity", "level", "priority", "alertseverity", "alertlevel", "alertpriority", "severitylevel",
    "severitylabel", "severityname", "criticality", "urgency", "importance", "prio", "impact", "eventseverity",
    "severityvalue", "severitytext", "triggerseverity", "triggerpriority", "incidentseverity", "incidentpriority",
    "problemseverity", "issueseverity", "alarmseverity", "eventpriority",
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
    "exception", "exceptiontype", "exceptionclass", "errorclass", "errortype", "errorcode",
)
ORIGINS = 3
"""So many of these say where the alert comes from."""
NAMES: Sequence[str] = ("name", "displayname", "hostname", "host", "title", "friendlyname", "value", "url", "address", "id")
"""What an object is called that stands where a name is wanted."""
WRAPPERS: Sequence[str] = (
    "alert", "incident", "problem", "event", "notification", "issue", "alarm", "check", "monitor", "payload",
    "data", "attributes", "body", "result", "essentials", "activity", "message", "content", "test", "search",
    "outputfields", "build", "fault", "item", "workflowrun", "objectattributes", "detail",
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
    "title", "url", "run", "build", "pid", "execution", "attempt", "retry", "retries", "trace", "span",
    "delivery", "nonce", "load", "temperature", "size", "bytes",
))
"""Words in the names of members whose values change from one message about a problem to the next."""
_PLACES = frozenset((
    "host", "hostname", "node", "server", "service", "instance", "device", "machine", "vm", "pod", "container",
    "namespace", "cluster", "target", "ident", "sensor", "resource", "entity", "component", "ip", "addr", "address",
    "port", "interface", "disk", "drive", "volume", "mount", "mountpoint", "partition", "filesystem", "path", "db",
    "database", "schema", "table", "queue", "topic", "region", "zone", "datacenter", "dc", "rack", "site",
    "location", "tenant", "customer", "account", "subscription", "bucket", "function", "process", "unit", "balancer",
    "repo", "repository", "branch", "domain", "fqdn", "endpoint", "app", "application", "project", "env",
    "environment", "system", "job", "task", "workflow", "pipeline", "probe", "agent", "asset", "metric", "shard",
    "broker", "replica", "router", "switch", "gateway", "pool", "array", "slot", "nic", "subnet", "vlan", "vpn",
    "tunnel", "certificate", "package", "plugin", "printer", "room", "ups",
))
"""Words in the names of members that say what a problem is about."""
_BEFORE = frozenset(("last", "previous", "prev", "old"))
_RUNS = frozenset(("job", "task", "pipeline", "process", "workflow"))
"""What has an id for each time that it runs."""
_KINDS = frozenset(("type", "kind", "class", "category"))
_NUMBERED = frozenset((
    "port", "vlan", "slot", "shard", "rack", "unit", "account", "customer", "tenant", "subscription", "site", "id",
))
"""Words in the names of places that are numbers; any other number is a measure: `disk: 97`."""
_NAMING = frozenset(("name", "id", "uid", "uuid", "key"))
_INNER = frozenset(("data", "payload", "alert", "incident", "problem", "alarm", "issue", "body"))
"""Last words in the names of objects that hold an alert: `webhook_event_data`."""
_RANKS = frozenset(("severity", "priority", "criticality"))
_STATED = frozenset(("state", "status"))
_HAVING = frozenset((
    "alert", "alarm", "incident", "problem", "event", "check", "monitor", "trigger", "rule", "condition", "issue",
    "fault", "notification", "new", "current", "probe", "test", "sensor",
))
"""What has a state that is its problem's."""
_SAYING = frozenset((*TITLES, *WEAK_TITLES[:FREE_TEXTS], *BODIES, "content", "markdown"))
_TITLED = frozenset(("title", "summary", "subject", "headline"))
_OTHERS = frozenset((
    "previous", "prev", "old", "last", "default", "min", "minimum", "max", "maximum", "threshold", "filter", "from",
    "user", "file", "first", "org", "organization", "team", "owner", "author", "sender", "person", "channel",
    "product", "company", "parent", "dashboard", "escalation", "policy", "next", "original", "related",
))
"""Words in the names of members that are about something else, or about before."""
# fmt: on
BY_PARTS = 100
"""How good a name is that only its parts tell: worse than all that are known as a whole."""


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
    known = _SLOTS.get(folded(name))
    return known if known is not None else _by_parts([part.lower() for part in _PARTS.findall(name)])


def _by_parts(parts: Sequence[str]) -> Sequence[tuple[Slot, int]]:
    """Return what a member is read for whose name as a whole nobody knows: `target_ident`, `sensorName`."""
    if not parts or not _OTHERS.isdisjoint(parts):
        return ()
    found: list[tuple[Slot, int]] = []
    last = parts[-1]
    if last in _RANKS:
        found.append((Slot.SEVERITY, BY_PARTS))
    elif last in _TITLED:
        found.append((Slot.WEAK_TITLE, BY_PARTS - 1))
    elif last in _STATED and _HAVING.issuperset(parts[:-1]):
        found.append((Slot.STATE, BY_PARTS))
    elif last in _INNER:
        found.append((Slot.WRAPPER, BY_PARTS))
    elif last == "name":
        found.append((Slot.WEAK_TITLE, BY_PARTS))
    if last not in _KINDS and not _PLACES.isdisjoint(parts) and not _measures(parts):
        found.append((Slot.WHERE, BY_PARTS))
    return found


@lru_cache(maxsize=4096)
def places(name: str) -> bool:
    """Whether a member of this name says what a problem is about, wherever it stands."""
    return any(slot is Slot.WHERE for slot, _ in slots_of(name)) and not measures(name)


@lru_cache(maxsize=4096)
def is_other(name: str) -> bool:
    """Whether a member of this name is about something else than the problem, or about before."""
    return not _OTHERS.isdisjoint(part.lower() for part in _PARTS.findall(name))


@lru_cache(maxsize=4096)
def says(name: str) -> bool:
    """Whether a member of this name may say what a message is about, wherever it stands."""
    return folded(name) in _SAYING or any(part.lower() in _SAYING for part in _PARTS.findall(name)[-1:])


@lru_cache(maxsize=4096)
def numbers(name: str) -> bool:
    """Whether a number is a name for what a member of this name says."""
    return not _NUMBERED.isdisjoint(part.lower() for part in _PARTS.findall(name))


@lru_cache(maxsize=4096)
def measures(name: str) -> bool:
    """Whether a member's name says that its value changes while the problem lasts."""
    return _measures([part.lower() for part in _PARTS.findall(name)])


def _measures(parts: Sequence[str]) -> bool:
    """Whether a measure is named, and not only what has one: `queue_size`, not `message_queue`."""
    if parts[-1:] and parts[-1] in _NAMING and len(parts) > 1:
        if parts[-1] != "name" and parts[-2] in _RUNS:
            return True
        parts = parts[:-1]
    if _MEASURES.isdisjoint(parts):
        return False
    return not (parts[-1] in _PLACES and _BEFORE.isdisjoint(parts))
