"""New Relic's webhooks: issues of workflows, with the default template, and the older notification channels' incidents.

The members are known from New Relic's documentation and from bodies that others published; the service was not tried.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.member_values import called
from bot.sources.payload import Fields, Payload, fields_of, objects
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "newrelic"
MARKS: Sequence[Mark] = (
    ("incident_acknowledge_url",),
    ("condition_family_id", "current_state"),
    ("policy_name", "condition_name", "current_state"),
    ("issueUrl", "state"),
    ("alertConditionNames", "state"),
    ("alertPolicyNames", "state"),
)
TEST = "test"
ISSUE_IDS = ("id", "issueId")
ACKED = ("acknowledgedBy", "acknowledgedAt", "issueAckUser")


def parse(payload: Payload) -> list[Item]:
    """Read an issue, or an incident of an older channel; each keeps its id until it is closed."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    if given.text("current_state", "incident_id", "condition_name"):
        return [_incident(given)]
    if given.text(*ISSUE_IDS, "title"):
        return [_issue(given)]
    return [odd(payload.body, SENDER)]


def _incident(given: Fields) -> Signal:
    state = given.text("current_state").lower()
    targets = ", ".join(filter(None, (each.text("name") for each in objects(given.at("targets")))))
    policy, condition = given.text("policy_name"), given.text("condition_name")
    details = given.text("details")
    owner = given.text("owner")
    return build(
        SENDER,
        key=f"incident:{TEST if state == TEST else given.text('incident_id') or f'{policy}:{condition}:{targets}'}",
        summary=details.splitlines()[0] if details else ": ".join(filter(None, (condition or policy, targets))),
        kind=kind_of(state) or Kind.FIRING,
        severity="info" if state == TEST else given.text("severity"),
        source=targets,
        description=details,
        labels={
            "policy": policy,
            "condition": condition,
            "target": targets,
            "account": given.text("account_name"),
        },
        links=[
            link_to(given.text("incident_url"), "New Relic"),
            link_to(given.text("runbook_url"), "Runbook"),
            link_to(given.text("violation_chart_url"), "Chart"),
        ],
        starts_at=given.text("timestamp") if state == "open" else "",
        author=owner if state == "acknowledged" else "",
    )


def _issue(given: Fields) -> Signal:
    """Read an issue. An acknowledgement is no state of it: a trigger, or a time that the template adds."""
    state = given.text("state")
    kind = kind_of(state) or Kind.FIRING
    acked = kind_of(given.text("trigger", "triggerEvent").lower().rpartition("_")[2])
    if kind is Kind.FIRING and acked in {Kind.ACKNOWLEDGED, Kind.UNACKNOWLEDGED}:
        kind = acked
    elif kind is Kind.FIRING and given.text(*ACKED):
        kind = Kind.ACKNOWLEDGED
    conditions, policies = called(given.at("alertConditionNames")), called(given.at("alertPolicyNames"))
    entities = called(given.at("impactedEntities"))
    return build(
        SENDER,
        key=f"issue:{given.text(*ISSUE_IDS) or given.text('issueUrl') or given.text('title')}",
        summary=called(given.at("title")) or conditions or policies,
        kind=kind,
        severity=given.text("priority"),
        source=entities,
        labels={
            "policy": policies,
            "condition": conditions,
            "entity": entities,
            "workflow": given.text("workflowName"),
            **given.texts("labels"),
        },
        links=[
            link_to(given.text("issueUrl"), "New Relic"),
            link_to(called(given.at("runbookUrl")) or called(given.at("runbook_url")), "Runbook"),
        ],
        starts_at=given.text("createdAt"),
        author=given.text("acknowledgedBy", "issueAckUser") if kind is Kind.ACKNOWLEDGED else "",
    )
