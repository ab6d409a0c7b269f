"""Source: what is configured of what comes in: the secrets that a sender signs with, and how the JSON of any tool is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.mapping import Mapping as FieldMapping

GRAFANA = "grafana"
SENTRY = "sentry"
PAGERDUTY = "pagerduty-webhook"
GENERIC = "generic"
SIGNATURES: Mapping[str, str] = {
    GRAFANA: "X-Grafana-Alerting-Signature",
    SENTRY: "Sentry-Hook-Signature",
    PAGERDUTY: "X-PagerDuty-Signature",
}
"""The sources whose senders can sign, and the header that carries it."""
KINDS = (*SIGNATURES, GENERIC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A source of one feed (None: of every feed). `secret` is sealed where it is stored; several stand apart by spaces."""

    name: str
    kind: str
    feed: int | None = None
    secret: str = ""
    header: str = ""
    timestamp_header: str = ""
    mapping: FieldMapping | None = None
