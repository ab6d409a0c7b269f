"""Sematext's custom notification hook: query, form or JSON (alert-sources.md 1.4)."""

import re
from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Payload, fields_of, kept
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "sematext"
MARKS: Sequence[Mark] = (("backToNormal",), ("troubleshootUrl", "description"))
TRUE = frozenset({"true", "1", "yes"})
_PAIRS = re.compile(r",\s*(?=[\w.-]+=)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def parse(payload: Payload) -> list[Item]:
    """Read a notification. `alert_state` and `title` mean nothing."""
    given = fields_of(payload)
    if given is None or not given.text("description", "alertName", "ruleType", "rule_type", "backToNormal"):
        return [odd(kept(payload), SENDER)]
    description, rule = given.text("description"), given.text("ruleType", "rule_type")
    app = given.text("applicationId", "application_id")
    filters = filters_of(given.text("filters"))
    identity = given.text("ruleId") or given.text("alertName") or f"{rule}:{_NUMBER.sub('#', description)}"
    spelled = ",".join(f"{name}={value}" for name, value in sorted(filters.items()))
    labels = {
        "alertname": given.text("alertName"),
        "rule_type": rule,
        "application": app,
        "hook": given.text("hook", "webHookName"),
        **filters,
    }
    return [
        build(
            SENDER,
            key=f"{app}:{identity}:{spelled}",
            summary=description or given.text("alertName") or rule,
            kind=Kind.RESOLVED if given.text("backToNormal").lower() in TRUE else Kind.FIRING,
            severity=given.text("priority"),
            labels=labels,
            links=[link_to(given.text("troubleshootUrl"), "Troubleshoot")],
            starts_at=given.text("createTimestamp"),
        )
    ]


def filters_of(text: str) -> dict[str, str]:
    """Read `{os.host=web-3, disk=/}`: a text in braces, not an object."""
    inner = text.strip().removeprefix("{").removesuffix("}")
    pairs = (part.partition("=") for part in _PAIRS.split(inner))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign and name.strip()}
