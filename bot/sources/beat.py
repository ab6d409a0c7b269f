"""What is posted as a heartbeat: a rule that always fires is a beat by firing only. Its end says that nobody evaluates it any more."""

from collections.abc import Mapping
from typing import Any

from bot.sources.labelled import BROKEN_RULES
from bot.sources.payload import Fields, Payload, fields_of, json_of, objects

ENDED = frozenset(
    ("resolved", "resolve", "recovered", "recovery", "cleared", "clear", "closed", "close", "inactive", "ended")
)
"""Words for the end of an alert. Words of health (`ok`, `up`, `success`) are what a backend says that lives."""
STATES = (
    "status",
    "state",
    "alert_status",
    "alert_state",
    "event_action",
    "event_type",
    "transition",
    "alert_transition",
)
WITHIN = ("", "alert.", "incident.", "event.", "data.", "issue.", "payload.")
RULE = ("ruleId", "ruleName", "evalMatches")
"""Members of a message of Grafana's old alerts, whose state is `alerting` as long as their rule fires."""
FIRING = "alerting"


def is_end(payload: Payload) -> bool:
    """Whether a request tells that an alert has ended, which is no beat."""
    given = json_of(payload.body)
    if isinstance(given, list):
        return bool(given) and all(isinstance(each, dict) and _is_end(each) for each in given)
    found = fields_of(payload)
    return found is not None and _is_end(found.values)


def _is_end(given: Mapping[str, Any]) -> bool:
    fields = Fields(given)
    alerts = objects(fields.at("alerts"))
    if alerts:
        return all(_said(each) or each.text("labels.alertname") in BROKEN_RULES for each in alerts)
    if any(name in given for name in RULE):
        return fields.text("state").lower() != FIRING
    return _said(fields)


def _said(fields: Fields) -> bool:
    return any(fields.text(f"{within}{name}").lower() in ENDED for within in WITHIN for name in STATES)
