"""Kibana's rule actions through a webhook connector, and Watcher's webhook.

Both bodies are the admin's own. Read are Kibana's names for its action variables, in objects (`alert.actionGroup`), with dots or
run together (`alertActionGroup`, `action_group`), the document of its index connector, and Watcher's whole `ctx`. The names are
known from Elastic's documentation; a running Kibana was not tried.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources.build import build
from bot.sources.member_values import called
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "kibana"
MARKS: Sequence[Mark] = (
    ("alert.actionGroup",),
    ("kibana.alert.actionGroup",),
    ("alertActionGroup",),
    ("alertInstanceId",),
    ("action_group", "rule_name"),
    ("actionGroup", "rule.id"),
    ("actionGroup", "ruleName"),
    ("watch_id",),
    ("ctx.watch_id",),
)
GROUPS = ("alert.actionGroup", "kibana.alert.actionGroup", "alertActionGroup", "actionGroup", "action_group")
GROUP_NAMES = (
    *("alert.actionGroupName", "kibana.alert.actionGroupName", "alertActionGroupName", "actionGroupName"),
    "action_group_name",
)
STATES = ("state", "status", "alert.state", "alert.status", "alert_state", "alert_status")
"""What an admin may have called what became of it."""
RULES = ("rule.name", "ruleName", "rule_name", "alertName")
RULE_IDS = ("rule.id", "ruleId", "rule_id")
ALERT_IDS = ("alert.id", "kibana.alert.id", "alertInstanceId", "alert_id", "id")
REASONS = ("context.reason", "reason", "context.title", "context.message", "message", "context_message")
MESSAGES = ("context.message", "message", "context_message")
SEVERITIES = ("severity", "context.severity", "context.rule.severity", "alert.severity")
WHOLE_RULE = frozenset({"", "*", "query matched"})
"""Ids of the only alert of a rule that does not group."""
HITS = "{} hits"


def parse(payload: Payload) -> list[Item]:
    """Read an action of a rule, or a watch."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    watch = given.inner("ctx") if given.at("ctx") is not None else given
    if watch.text("watch_id"):
        return [_watch(watch)]
    if not given.text(*RULES, *RULE_IDS, *GROUPS):
        return [odd(payload.body, SENDER)]
    return [_action(given)]


def _action(given: Fields) -> Signal:
    """Read an action. The rule and the alert within it are its identity; its action group says what became of it."""
    rule, alert = given.text(*RULES), given.text(*ALERT_IDS)
    # The older names: `alertId` is the rule, `alertInstanceId` the alert in it.
    number = given.text(*RULE_IDS, "alertId" if given.text("alertInstanceId") else "")
    group = given.text(*GROUPS).rpartition(".")[2]
    over = Kind.RESOLVED in {kind_of(group), kind_of(given.text(*GROUP_NAMES)), kind_of(given.text(*STATES))}
    reason = given.text(*REASONS)
    host = called(given.at("context.host")) or given.text("host")
    about = reason.splitlines()[0] if reason else "" if alert in WHOLE_RULE else alert
    return build(
        SENDER,
        key=f"{number or rule}:{alert}",
        summary=": ".join(filter(None, (rule, about))),
        kind=Kind.RESOLVED if over else Kind.FIRING,
        severity=given.text(*SEVERITIES) or (group if severity_of(group) is not None else ""),
        source=host,
        description=given.text(*MESSAGES),
        labels={
            "rule": rule,
            "group": called(given.at("context.group")) or ("" if alert in WHOLE_RULE else alert),
            "host": host,
            "rule_type": given.text("rule.type", "rule_type"),
            "tags": called(given.at("rule.tags")) or called(given.at("tags")),
        },
        links=[
            link_to(given.text("context.alertDetailsUrl", "alertDetailsUrl", "url"), "Alert"),
            link_to(given.text("rule.url", "rule_url", "ruleUrl"), "Rule"),
            link_to(given.text("context.viewInAppUrl", "context.link"), "Kibana"),
        ],
        starts_at="" if over else given.text("context.timestamp", "date", "@timestamp"),
    )


def _watch(given: Fields) -> Signal:
    """Read a watch's context. Watches tell no end; a member `status` may."""
    watch = given.text("watch_id")
    hits = given.text("payload.hits.total.value", "payload.hits.total")
    text = given.text("message", "text", "metadata.message")
    return build(
        SENDER,
        key=f"watch:{watch}",
        summary=given.text("title", "metadata.title", "metadata.name") or watch,
        kind=kind_of(given.text("status", "metadata.status")) or Kind.FIRING,
        severity=given.text("severity", "metadata.severity"),
        description="\n".join(filter(None, (text, HITS.format(hits) if hits else ""))),
        labels={"watch": watch, "host": given.text("metadata.host")},
        links=[link_to(given.text("metadata.url", "url"), "Kibana")],
        starts_at=given.text("execution_time", "trigger.triggered_time"),
    )
