"""Pingdom's webhook of state changes: uptime and transaction checks.

Known from Pingdom's documentation of webhooks and public fixtures (2026); not tried against the service.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "pingdom"
MARKS: Sequence[Mark] = (
    ("check_params",),
    ("state_changed_timestamp",),
    ("importance_level", "check_name"),
    ("check_id", "check_name", "current_state"),
)
SEVERITIES = {"high": "critical", "low": "warning"}
"""Pingdom's importance of a check; one without it is important."""


def parse(payload: Payload) -> list[Item]:
    """Read a change of state. A check's id is its identity."""
    given = fields_of(payload)
    if given is None or not given.text("check_id", "check_name"):
        return [odd(payload.body, SENDER)]
    name, state = given.text("check_name", "check_id"), given.text("current_state").upper()
    said = given.text("description", "long_description")
    host = given.text("check_params.hostname")
    kind = kind_of(state) or Kind.FIRING
    importance = given.text("importance_level").lower()
    labels = {
        "check": name,
        "type": given.text("check_type"),
        "host": host,
        "tags": ",".join(filter(None, map(text_of, given.list("tags")))),
    }
    return [
        build(
            SENDER,
            key=f"pingdom:{given.text('check_id') or name}",
            summary=": ".join(filter(None, (f"{name} is {state}" if state else name, said))),
            kind=kind,
            severity=SEVERITIES.get(importance, importance) or "critical",
            source=host,
            description="\n".join(_description(given)),
            labels=labels,
            links=[link_to(given.text("check_params.full_url"), name)],
            starts_at=given.text("state_changed_timestamp") if kind is Kind.FIRING else "",
        )
    ]


def _description(given: Fields) -> list[str]:
    probes = [given.text(f"{each}.location") for each in ("first_probe", "second_probe")]
    seen = ", ".join(filter(None, probes))
    return list(
        filter(None, (given.text("long_description"), given.text("custom_message"), seen and f"seen from {seen}"))
    )
