"""Amazon EventBridge's events: alarms of CloudWatch, and what other services tell of themselves in `detail`."""

import re
from collections.abc import Mapping, Sequence

from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.payload import Fields, objects, text_of
from bot.sources.values import link_to

ALARM_STATES: Mapping[str, tuple[Kind, str]] = {
    "ALARM": (Kind.FIRING, "critical"),
    "OK": (Kind.RESOLVED, "info"),
    "INSUFFICIENT_DATA": (Kind.FIRING, "warning"),
}
"""What an alarm's state means, however it comes."""
TITLES = ("title", "Title", "eventTypeCode", "eventName")
TEXTS = (
    *("description", "Description", "Message", "message", "statusMessage", "stoppedReason", "reason", "cause", "error"),
    *("errorMessage", "StatusMessage", "StatusReason", "stateReason", "statusReason", "additional-information"),
)
STATES = (
    *("state", "status", "build-status", "lastStatus", "statusCode", "StatusCode", "jobStatus", "currentState"),
    *("newEvaluationResult.complianceType", "deployment-status", "result"),
)
OF_FINDINGS = ("RecordState", "Workflow.Status", "Compliance.Status", "status")
NAMES = (
    *("pipeline", "project-name", "jobName", "configRuleName", "check-name", "instance-id", "instanceId", "group"),
    *("SourceIdentifier", "stateMachineArn", "AutoScalingGroupName", "application", "dbInstanceIdentifier", "name"),
    *("resourceArn", "taskArn", "executionArn", "service", "backupJobId"),
)
"""What an event is about, with a stage, an action or a resource of it."""
PARTS = ("stage", "action", "resourceId", "resource_id", "EC2InstanceId")
FAILED = frozenset({
    *("failed", "failure", "aborted", "expired", "stopped", "terminated", "timedout", "noncompliant", "error", "fault"),
    *("stopping", "shuttingdown", "canceled", "cancelled", "partial", "warn", "impaired", "unhealthy", "active"),
})  # fmt: skip
GOOD = frozenset({
    *("succeeded", "success", "completed", "complete", "running", "compliant", "ok", "closed", "archived", "passed"),
    *("resolved", "suppressed", "notapplicable", "healthy", "ready", "available"),
})  # fmt: skip
"""States in which there is nothing to do."""
WAY = frozenset({
    *("started", "inprogress", "pending", "queued", "submitted", "created", "starting", "provisioning", "runnable"),
    *("activating", "resumed", "superseded", "rebooting", "info", "deprovisioning", "initializing"),
})  # fmt: skip
"""States on the way to another, which are only noted."""
LEVELS = frozenset({"ERROR", "WARN", "INFO"})
STEADY = ("STEADY_STATE", "COMPLETED")
"""How names of ECS's events end that say that all is well."""
BAD_STOPS = frozenset({"TaskFailedToStart", "EssentialContainerExited", "SpotInterruption", "TerminationNotice"})
QUIET = frozenset(
    {"backup", "creation", "notification", "configuration change", "restoration", "recovery", "read replica"}
)
"""Categories of a database's events that tell of nothing bad."""
WORST = ("failed", "failure", "fault", "error", "timedout")
CATEGORIES: Mapping[str, str] = {"issue": "error", "investigation": "warning", "scheduledChange": "warning"}
"""How bad AWS Health's categories are; accountNotification informs."""
FINDING_RANKS: Sequence[tuple[float, str]] = ((9, "critical"), (7, "error"), (4, "warning"), (0, "info"))
"""How bad a finding is by its number, from 0 to 10."""
_LETTERS = re.compile(r"[^a-z]+")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,6})?")


def is_event(given: Fields) -> bool:
    """Whether a message is an event of EventBridge, or of an alarm as its actions have it."""
    return bool(given.text("detail-type") and given.inner("detail").values) or bool(
        given.text("alarmArn") and given.inner("alarmData").values
    )


def read(given: Fields, sender: str, delivery_id: str = "") -> list[Signal]:
    """Read an event; each finding that it carries is one of its own."""
    detail = given.inner("detail") if given.inner("detail").values else given.inner("alarmData")
    name = delivery_id or given.text("id")
    if detail.text("alarmName") and detail.text("state.value").upper() in ALARM_STATES:
        return [_alarm(given, detail, sender, name)]
    if not given.text("source").startswith("aws."):
        told = loose.read(detail, sender, delivery_id=name)
        if told is not None:
            return [told]
    findings = objects(detail.at("findings")) or [detail]
    return [
        _other(given, each, sender, f"{name}:{place}" if name and place else name)
        for place, each in enumerate(findings)
    ]


def _alarm(given: Fields, detail: Fields, sender: str, name: str) -> Signal:
    word = detail.text("state.value").upper()
    kind, severity = ALARM_STATES[word]
    alarm, account, region = detail.text("alarmName"), given.text("account", "accountId"), given.text("region")
    metric = next((each.inner("metricStat.metric") for each in objects(detail.at("configuration.metrics"))), Fields({}))
    return build(
        sender,
        key=_resource(given) or given.text("alarmArn") or f"{account}/{region}/{alarm}",
        summary=f"{alarm}: {detail.text('state.reason') or word}",
        kind=kind,
        severity=severity,
        description=detail.text("configuration.description"),
        labels={
            "alarm": alarm,
            "account": account,
            "region": region,
            "metric": metric.text("name"),
            "namespace": metric.text("namespace"),
            **metric.texts("dimensions"),
        },
        starts_at=detail.text("state.timestamp") if kind is Kind.FIRING else "",
        # Another state under the same name is heard all the same.
        delivery_id=f"{name}:{word}" if name else "",
    )


def _other(given: Fields, detail: Fields, sender: str, name: str) -> Signal:
    about, title, state = _first(detail, NAMES), _first(detail, TITLES), _state(detail)
    named = " ".join(filter(None, [about or _resource(given), *(_first(detail, (part,)) for part in PARTS)]))
    kind = _kind(detail, title, state)
    finding = title and (detail.text("severity", "Severity") or detail.text("eventArn"))
    known = detail.text("eventArn", "findingArn", "id", "Id") if finding else ""
    words = ": ".join(filter(None, [given.text("detail-type"), " ".join(filter(None, [named, state]))]))
    sorts = ",".join(sorted(map(text_of, detail.list("EventCategories"))))
    shared = f"{given.text('detail-type')}:{named}" + (f":{title or sorts}" if (title or sorts) and not state else "")
    return build(
        sender,
        key=f"{given.text('source')}:{known or shared}" if known or named else "",
        summary=f"{title}: {named}" if title and named and named not in title else title or words,
        kind=kind,
        severity=_severity(detail, state, kind),
        description=_first(detail, TEXTS) or _described(detail),
        labels={
            "type": given.text("detail-type"),
            "account": given.text("account"),
            "region": given.text("region"),
            "state": state,
        },
        links=[link_to(detail.text("url", "SourceUrl"), "AWS")],
        note=words if kind is Kind.NOTE else "",
        delivery_id=f"{name}:{state}" if name else "",
    )


def _first(detail: Fields, paths: Sequence[str]) -> str:
    """Return the first of these members that is a text."""
    return next((text for path in paths if isinstance(detail.at(path), str) and (text := detail.text(path))), "")


def _state(detail: Fields) -> str:
    """Return the word for a state: of a finding one that ends it, if any does."""
    words = [word for path in OF_FINDINGS if (word := _first(detail, (path,)))]
    over = next((word for word in words if _LETTERS.sub("", word.lower()) in GOOD), "")
    level = detail.text("eventType").upper()
    return over or _first(detail, STATES) or (level if level in LEVELS else next(iter(words), ""))


def _resource(given: Fields) -> str:
    return next((each for each in given.list("resources") if isinstance(each, str) and each), "")


def _described(detail: Fields) -> str:
    """Return AWS Health's words, which it gives in several languages."""
    return next((each.text("latestDescription") for each in objects(detail.at("eventDescription"))), "")


def _kind(detail: Fields, title: str, state: str) -> Kind:
    """Return what a state means; a finding without one, and a state that nobody knows, are of a problem."""
    word = _LETTERS.sub("", state.lower())
    if detail.text("service.archived") == "true" or word in GOOD or (word == "info" and title.endswith(STEADY)):
        return Kind.RESOLVED
    categories = {text_of(each).lower() for each in detail.list("EventCategories")}
    if word in WAY or (categories and categories <= QUIET) or _meant_to_stop(detail):
        return Kind.NOTE
    return Kind.RESOLVED if word not in FAILED and kind_of(state) is Kind.RESOLVED else Kind.FIRING


def _meant_to_stop(detail: Fields) -> bool:
    """Whether a task was stopped by somebody, or ended well."""
    code = detail.text("stopCode")
    exits = {each.text("exitCode") for each in objects(detail.at("containers"))}
    return bool(code) and (code not in BAD_STOPS or (code == "EssentialContainerExited" and exits == {"0"}))


def _severity(detail: Fields, state: str, kind: Kind) -> str:
    """Return how bad it is: by a word or a number that says so, a category, or a failure."""
    for path in ("severity", "Severity.Label", "severity.label", "Severity"):
        said = detail.text(path)
        if _NUMBER.fullmatch(said):
            return next(word for least, word in FINDING_RANKS if float(said) >= least)
        if said and severity_of(said) is not None:
            return said
    category = detail.text("eventTypeCategory")
    if category:
        return CATEGORIES.get(category, "info")
    if kind is not Kind.FIRING:
        return "info"
    return "error" if any(word in _LETTERS.sub("", state.lower()) for word in WORST) else "warning"
