"""Dynatrace's problem notifications (custom integration), with any of its placeholders, and problems that a workflow posts.

The members are known from Dynatrace's documentation; a running Dynatrace was not tried.
"""

from collections.abc import Mapping, Sequence

from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.datadog import tags_of
from bot.sources.member_values import called
from bot.sources.payload import Fields, Payload, fields_of, json_of, objects
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "dynatrace"
MARKS: Sequence[Mark] = (
    ("ProblemID", "State"),
    ("ProblemTitle", "State"),
    ("ProblemID", "ProblemTitle"),
    ("PID", "ProblemTitle"),
    ("display_id", "event.category"),
)
KINDS: Mapping[str, Kind] = {"merged": Kind.RESOLVED}
"""A merged problem has no end of its own; for other states see the vocabulary."""
MERGED = "it was merged into another problem"
SEVERITIES: Mapping[str, str] = {
    "availability": "critical",
    "error": "error",
    "performance": "warning",
    "slowdown": "warning",
    "resource_contention": "warning",
    "resource": "warning",
    "custom_alert": "warning",
    "monitoring_unavailable": "warning",
    "info": "info",
}
TITLES = ("ProblemTitle", "event.name", "ProblemDetailsJSON.displayName")
IDS = ("PID", "ProblemID", "event.id", "display_id")
TEST = "999999999999"
"""The id of the problem that the test button sends."""
DETAILS = ("ProblemDetailsText", "ProblemDetailsMarkdown", "event.description")
STARTS = (
    "ProblemStartTime",
    "ProblemDetails.startTime",
    "ProblemDetailsJSONv2.startTime",
    "ProblemDetailsJSON.startTime",
)


def parse(payload: Payload) -> list[Item]:
    """Read a problem. Its id is the same from open to resolved."""
    given = fields_of(payload)
    number = given.text(*IDS) if given else ""
    if given is None or not (number or given.text(*TITLES)):
        return [odd(payload.body, SENDER)]
    state = given.text("State", "ProblemStatus", "event.status").lower()
    severity = given.text("ProblemSeverity", "event.category").lower()
    entity = given.text("ImpactedEntityNames", "NamesOfImpactedEntities", "ImpactedEntity") or called(
        given.at("affected_entity_ids")
    )
    details = given.at("ProblemDetails")
    test = number == TEST
    return [
        build(
            SENDER,
            key=f"problem:{number}" if number else f"{given.text(*TITLES)}:{entity}",
            summary=given.text(*TITLES) or number,
            kind=KINDS.get(state) or kind_of(state) or Kind.FIRING,
            severity="info" if test else SEVERITIES.get(severity, severity),
            source=entity,
            description=given.text(*DETAILS) or (details if isinstance(details, str) else ""),
            labels={
                "entity": entity,
                "problem": given.text("ProblemID", "display_id"),
                "impact": given.text("ProblemImpact"),
                "category": severity,
                **_entities(given),
                **tags_of(given.text("Tags", "ProblemTags")),
            },
            links=[link_to(given.text("ProblemURL", "Problem URL"), "Dynatrace")],
            starts_at=given.text(*STARTS, "event.start"),
            note=MERGED if state in KINDS else "",
        )
    ]


def _entities(given: Fields) -> dict[str, str]:
    """Return the names of what is hit, by their kind: `{"host": "web1"}`."""
    value = given.at("ImpactedEntities")
    if isinstance(value, str):
        value = json_of(value.encode("utf-8", "replace"))
    found: dict[str, str] = {}
    for each in objects(value):
        kind, name = each.text("type").lower(), each.text("name")
        if kind and name:
            found[kind] = f"{found[kind]}, {name}" if kind in found else name
    return found
