"""Grafana OnCall's outgoing webhooks (and Grafana IRM's), with the whole payload.

The members are known from Grafana's documentation and source; a running OnCall was not tried.
"""

from collections.abc import Mapping, Sequence

from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "grafana-oncall"
MARKS: Sequence[Mark] = (
    ("alert_group_id", "event"),
    ("alert_group", "alert_payload"),
    ("alert_group.integration_id",),
)
KINDS: Mapping[str, Kind] = {
    "alert group created": Kind.FIRING,
    "escalation": Kind.FIRING,
    "unresolve": Kind.FIRING,
    "silence": Kind.NOTE,
    "unsilence": Kind.NOTE,
}
"""What an event means; for others see the vocabulary, and then the group's state."""
NOTES: Mapping[str, str] = {"silence": "silenced", "unsilence": "no longer silenced"}
SEVERITIES = (
    *("commonLabels.severity", "labels.severity", "severity", "commonLabels.priority", "priority", "level"),
    "commonAnnotations.severity",
)
TEXTS = (
    *("commonAnnotations.description", "commonAnnotations.summary", "annotations.description", "message"),
    "description",
)
UNTIL = "{} until {}"


def parse(payload: Payload) -> list[Item]:
    """Read an event of an alert group. The group's id is its identity."""
    given = fields_of(payload)
    group = given.inner("alert_group") if given else Fields({})
    number = given.text("alert_group_id", "alert_group.id") if given else ""
    if given is None or not (number or group.text("title")):
        return [odd(payload.body, SENDER)]
    event, state = given.text("event.type").lower(), group.text("state")
    kind = KINDS.get(event) or kind_of(event) or kind_of(state) or (Kind.NOTE if event else Kind.FIRING)
    alert = given.inner("alert_payload")
    said = NOTES.get(event, event or state)
    until = given.text("event.until")
    integration = given.text("integration.name")
    return [
        build(
            SENDER,
            key=f"group:{number or group.text('title')}",
            summary=group.text("title") or number,
            kind=kind,
            severity=group.text("labels.severity") or alert.text(*SEVERITIES),
            source=integration,
            description=alert.text(*TEXTS),
            labels={
                "integration": integration,
                "team": given.text("integration.team"),
                **alert.texts("labels"),
                **alert.texts("commonLabels"),
                **group.texts("labels"),
            },
            links=[
                link_to(group.text("permalinks.web"), "Grafana OnCall"),
                link_to(alert.text("externalURL", "link_to_upstream_details"), "Source"),
            ],
            starts_at=group.text("created_at"),
            author=given.text("user.username", "user.email"),
            note=(UNTIL.format(said, until) if until else said) if kind is Kind.NOTE else "",
        )
    ]
