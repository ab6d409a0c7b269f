"""A row or document that a log search found: whose problem it is about, and whether it says that the problem is over.

Log searches tell no end by themselves: a field of the search does, `alert_status` or `alert_state`. Other states in a row
are of the thing that was logged (`status: 500`, `action: success`) and mean nothing here.
"""

from collections.abc import Mapping, Sequence

from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources.member_values import called
from bot.sources.payload import Fields

STATES = ("alert_status", "alert_state")
SEVERITIES = ("alert_severity", "severity", "urgency")
PLACES: Mapping[str, Sequence[str]] = {
    "host": ("host", "hostname", "host.name", "agent.hostname", "beat.hostname"),
    "service": ("service", "service.name"),
    "instance": ("instance",),
    "pod": ("kubernetes.pod.name", "pod"),
}
"""Labels that say whose problem it is, and the fields that hold them."""


def kind_of_hit(row: Fields) -> Kind:
    """Return what a search's own field says became of the problem; without one it is there."""
    return kind_of(row.text(*STATES)) or Kind.FIRING


def place_of(row: Fields) -> dict[str, str]:
    """Return whose problem it is, as labels."""
    found = {label: next(filter(None, (called(row.at(name)) for name in names)), "") for label, names in PLACES.items()}
    return {label: text for label, text in found.items() if text}
