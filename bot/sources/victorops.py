"""Alerts for the REST endpoint of VictorOps (Splunk On-Call), as any tool with such an output sends them.

Known from VictorOps' documentation of the endpoint and its glossary of fields (2026); not tried against every sender.
"""

from collections.abc import Sequence

from bot.domain.headline import read_title
from bot.domain.signal import Kind, Link
from bot.domain.vocabulary import kind_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "victorops"
MARKS: Sequence[Mark] = (
    ("entity_id", "message_type"),
    ("entity_display_name", "message_type"),
    ("state_message", "message_type"),
    ("monitoring_tool", "message_type"),
)
SEVERITIES = {"critical": "critical", "warning": "warning", "info": "info"}
ANNOTATIONS = {"u": "Link", "i": "Picture", "s": "Note"}
"""Annotations: `vo_annotate.u.Runbook` is an address, `.i.` a picture's, `.s.` a text."""
ANNOTATION = "vo_annotate."
READ = frozenset(
    {
        *("message_type", "entity_id", "entity_display_name", "state_message", "state_start_time", "timestamp", "key"),
        *("ack_author", "ack_msg", "ack_message", "alert_url", "client_url", "entity_is_host", "monitor_name"),
    }
)
"""Members that are read for something else than a label."""


def parse(payload: Payload) -> list[Item]:
    """Read an alert. The entity is its identity; what only informs is an alert that only informs."""
    given = fields_of(payload)
    if given is None or not given.text("message_type", "entity_id"):
        return [odd(payload.body, SENDER)]
    word = given.text("message_type").lower()
    entity, shown, message = given.text("entity_id"), given.text("entity_display_name"), given.text("state_message")
    first = next(iter(message.splitlines()), "")
    title = shown or first or entity
    adds = bool(shown and first) and first not in shown and not first.endswith(":")
    labels = {
        name: text_of(value)
        for name, value in sorted(given.values.items())
        if name not in READ and ANNOTATION not in name
    }
    author, note = given.text("ack_author"), given.text("ack_msg", "ack_message")
    labels = {"host": labels.pop("host_name", ""), **labels, "entity": entity}
    headline = read_title(title)
    return [
        build(
            SENDER,
            key=f"victorops:{entity}" if entity else loose.identity(headline, {"host": labels["host"]}),
            summary=f"{shown}: {first}" if adds else title,
            kind=kind_of(word) or Kind.FIRING,
            severity=SEVERITIES.get(word, "") or (headline.severity.word if headline.severity is not None else ""),
            source=labels["host"] or given.text("monitoring_tool"),
            description="\n".join(filter(None, (message if message != first else "", *_annotated(given)))),
            labels=labels,
            links=_links(given),
            starts_at=given.text("state_start_time", "timestamp"),
            author=author,
            note=note,
        )
    ]


def _annotated(given: Fields) -> list[str]:
    """Return the texts that were pinned to the alert."""
    prefix = f"{ANNOTATION}s."
    return [
        f"{name[len(prefix) :]}: {text_of(value)}"
        for name, value in sorted(given.values.items())
        if name.startswith(prefix)
    ]


def _links(given: Fields) -> list[Link | None]:
    links = [link_to(given.text("alert_url", "client_url"), "Alert")]
    for name, value in sorted(given.values.items()):
        if name.startswith(ANNOTATION):
            kind, _, text = name[len(ANNOTATION) :].partition(".")
            links.append(link_to(text_of(value), text or ANNOTATIONS.get(kind, "")) if kind != "s" else None)
    return links
