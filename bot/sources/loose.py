"""Any tool's JSON, form or query, by the names that such members usually have (alert-sources.md 1.13)."""

from bot.domain.signal import Kind, Link, Signal
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, text_of
from bot.sources.values import Item, link_to, odd

SENDER = "generic"
TITLES = ("title", "summary", "message", "subject", "text")
BODIES = ("body", "details", "description")
STATUSES = ("status", "state", "action", "event_action")
SEVERITIES = ("severity", "level", "priority")
KEYS = ("dedup_key", "dedup", "alias", "alert_id", "fingerprint", "incident_key")
OVER = frozenset({"resolved", "resolve", "ok", "recovered", "up", "close", "closed", "clear", "success", "normal", "0"})
ACKED = frozenset({"acknowledged", "acknowledge", "ack"})


def parse(payload: Payload) -> list[Item]:
    """Read an alert; a text that is no object is an alert with its first line as summary."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    found = read(given, SENDER)
    return [odd(payload.body, SENDER) if found is None else found]


def read(
    given: Fields, sender: str, *, key: str = "", kind: Kind | None = None, delivery_id: str = ""
) -> Signal | None:
    """Return what members with the usual names say; None when there is no word to show."""
    title, body = given.text(*TITLES), "" if isinstance(given.at("details"), dict) else given.text(*BODIES)
    if not title and not body:
        return None
    status = given.text(*STATUSES).lower()
    return build(
        sender,
        key=given.text(*KEYS) or key,
        summary=title or body.splitlines()[0],
        kind=kind or (Kind.RESOLVED if status in OVER else Kind.ACKNOWLEDGED if status in ACKED else Kind.FIRING),
        severity=given.text(*SEVERITIES),
        source=given.text("source", "host"),
        description=body,
        labels=_labels(given),
        links=[
            *(_link(each) for each in given.list("links")),
            *(link_to(given.text(name)) for name in ("url", "link", "href")),
            link_to(given.text("runbook_url"), "Runbook"),
        ],
        starts_at=given.text("starts_at", "startsAt", "timestamp"),
        delivery_id=delivery_id,
    )


def _labels(given: Fields) -> dict[str, str]:
    tags = given.list("tags")
    named = {text_of(tag): text_of(tag) for tag in tags}
    return {**named, **given.texts("meta"), **given.texts("details"), **given.texts("tags"), **given.texts("labels")}


def _link(value: object) -> Link | None:
    link = Fields(value if isinstance(value, dict) else {"href": text_of(value)})
    return link_to(link.text("href", "url"), link.text("text", "title"))
