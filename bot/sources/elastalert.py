"""ElastAlert's HTTP alerters `post` and `post2`: a match, and what the rule adds to it.

The members are known from ElastAlert 2's documentation and tests; a running ElastAlert was not tried.
"""

from collections.abc import Mapping, Sequence

from bot.domain.headline import read_title
from bot.sources import loose
from bot.sources.build import build
from bot.sources.hit import kind_of_hit, place_of
from bot.sources.payload import Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "elastalert"
MARKS: Sequence[Mark] = (("num_hits", "num_matches"), ("num_hits", "@timestamp"))
RULES = ("rule_name", "rule.name", "alert_subject", "alert_name", "title")
TEXTS = ("alert_text", "message", "text")
KEYS = ("alert_key", "dedup_key", "alias")
SEVERITIES = ("severity", "alert_severity", "alert_priority", "priority")
PRIORITIES: Mapping[str, str] = {"1": "critical", "2": "error", "3": "warning", "4": "info", "5": "info"}
HITS = "{} hits"


def parse(payload: Payload) -> list[Item]:
    """Read a match. Rule, host and service are its identity; ElastAlert tells no end, the rule's `alert_status` may."""
    given = fields_of(payload)
    rule, text = (given.text(*RULES), given.text(*TEXTS)) if given else ("", "")
    if given is None or not (rule or text):
        return [odd(payload.body, SENDER)]
    place = place_of(given)
    summary = rule or text.splitlines()[0]
    severity, hits = given.text(*SEVERITIES), given.text("num_hits")
    named = ":".join((rule, *place.values())) if rule else loose.identity(read_title(summary), place)
    return [
        build(
            SENDER,
            key=given.text(*KEYS) or named,
            summary=summary,
            kind=kind_of_hit(given),
            severity=PRIORITIES.get(severity, severity),
            source=place.get("host", ""),
            description="\n".join(filter(None, (text, HITS.format(hits) if hits else ""))),
            labels={"rule": rule, **place, "index": given.text("_index")},
            links=[
                link_to(given.text("kibana_discover_url", "kibana_link"), "Kibana"),
                link_to(given.text("opensearch_discover_url"), "OpenSearch"),
            ],
            starts_at=given.text("@timestamp", "timestamp"),
        )
    ]
