"""Uptime Kuma's webhook: JSON, a form part `data`, or a query (alert-sources.md 1.12)."""

from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, json_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "uptime-kuma"
MARKS: Sequence[Mark] = (("heartbeat", "monitor"), ("heartbeat.monitorID",))
KINDS = {"0": Kind.FIRING, "1": Kind.RESOLVED}
"""What a heartbeat's status means; pending and maintenance are noted."""
NOTES = {"2": "pending", "3": "maintenance"}


def parse(payload: Payload) -> list[Item]:
    """Read a notification. A test, and words about certificates, have neither heartbeat nor monitor: they inform."""
    given = fields_of(payload)
    if given is not None and given.text("data"):
        inside = json_of(given.text("data").encode("utf-8", "replace"))
        given = Fields(inside) if isinstance(inside, dict) else given
    if given is None or not given.text("msg", "heartbeat", "monitor"):
        return [odd(payload.body, SENDER)]
    heartbeat, monitor = _object(given, "heartbeat"), _object(given, "monitor")
    number = monitor.text("id") or heartbeat.text("monitorID")
    if not number:
        return [build(SENDER, summary=given.text("msg") or "Uptime Kuma", severity="info")]
    status = heartbeat.text("status")
    name = monitor.text("name") or number
    return [
        build(
            SENDER,
            key=f"monitor:{number}",
            summary=f"{name}: {heartbeat.text('msg')}" if heartbeat.text("msg") else given.text("msg") or name,
            kind=KINDS.get(status, Kind.NOTE),
            severity="critical",
            description=given.text("msg"),
            labels={"monitor": name, "type": monitor.text("type"), "host": monitor.text("hostname")},
            links=[link_to(monitor.text("url"), name)],
            note=NOTES.get(status, ""),
        )
    ]


def _object(given: Fields, name: str) -> Fields:
    """Return a member that is an object, or the JSON text of one (in a query)."""
    value = given.at(name)
    if isinstance(value, str):
        value = json_of(value.encode("utf-8", "replace"))
    return Fields(value if isinstance(value, dict) else {})
