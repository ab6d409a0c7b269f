"""Grafana's webhook, unified alerting and the legacy one of dashboards (alert-sources.md 1.3)."""

from collections.abc import Sequence

from bot.domain.signal import Kind, Signal
from bot.sources import alertmanager
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to

SENDER = "grafana"
MARKS: Sequence[Mark] = (("alerts", "orgId"), ("ruleName", "ruleUrl", "state"), ("ruleId", "ruleName", "state"))
LEGACY_STATES = {"ok": Kind.RESOLVED, "paused": Kind.NOTE, "pending": Kind.NOTE}
"""What a legacy alert's state means; all others are of a problem."""


def parse(payload: Payload) -> list[Item]:
    """Read a notification: an Alertmanager's group in shape, else a legacy alert, else what it is."""
    given = fields_of(payload)
    if given is not None and "alerts" not in given.values and given.text("ruleName", "ruleId"):
        return [_legacy(given)]
    return alertmanager.read_group(payload.body, SENDER)


def _legacy(given: Fields) -> Signal:
    state = given.text("state").lower()
    matches = [Fields(each) for each in given.list("evalMatches") if isinstance(each, dict)]
    values = "\n".join(f"{each.text('metric')}: {each.text('value')}" for each in matches)
    return build(
        SENDER,
        key=f"{given.text('orgId')}:{given.text('ruleId') or given.text('ruleName')}",
        summary=given.text("ruleName", "title"),
        kind=LEGACY_STATES.get(state, Kind.FIRING),
        note=state,
        description="\n".join(part for part in (given.text("message"), values) if part),
        labels={"alertname": given.text("ruleName"), **given.texts("tags")},
        links=[link_to(given.text("ruleUrl"), "Rule"), link_to(given.text("imageUrl"), "Picture")],
    )
