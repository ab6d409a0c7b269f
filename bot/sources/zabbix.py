"""Zabbix, through the parameters of our media type (alert-sources.md 1.8)."""

from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, json_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "zabbix"
MARKS: Sequence[Mark] = (("event_id", "event_value"),)
SEVERITIES = {"5": "critical", "4": "error", "3": "warning", "2": "warning", "1": "info", "0": "info"}
TEST_KEY = "zabbix:test"


def parse(payload: Payload) -> list[Item]:
    """Read an event. The event's id is the same in problem, update and recovery."""
    given = fields_of(payload)
    if given is None or not given.text("event_id"):
        return [odd(payload.body, SENDER)]
    event, host = given.text("event_id"), known(given.text("host"))
    test = is_macro(event)
    url = known(given.text("zabbix_url")).rstrip("/")
    trigger = known(given.text("trigger_id"))
    link = f"{url}/tr_events.php?triggerid={trigger}&eventid={event}" if url and trigger and not test else ""
    kinds = [Kind.FIRING] if test else _kinds(given)
    return [
        build(
            SENDER,
            key=TEST_KEY if test else event,
            summary=known(given.text("name")) or known(given.text("subject")) or "Zabbix",
            kind=kind,
            severity="info" if test else SEVERITIES.get(given.text("severity"), given.text("severity")),
            description="\n".join(part for part in map(known, (given.text("opdata"), given.text("message"))) if part),
            labels={"host": host, "address": known(given.text("ip")), **tags_of(given.text("tags"))},
            links=[link_to(link, "Event")],
            author=known(given.text("update_user")),
            note=known(given.text("update_message")),
        )
        for kind in kinds
    ]


def _kinds(given: Fields) -> list[Kind]:
    """Return what an event says; an update may say two things: another severity, and who has it or what somebody wrote."""
    if given.text("event_value") == "0":
        return [Kind.RESOLVED]
    if given.text("update") != "1":
        return [Kind.FIRING]
    action = given.text("update_action").lower()
    ranked = [Kind.FIRING] if "severity" in action else []
    if given.text("ack").lower() == "yes":
        return [*ranked, Kind.ACKNOWLEDGED]
    said = Kind.UNACKNOWLEDGED if "unack" in action else Kind.NOTE
    return ranked if ranked and said is Kind.NOTE and not known(given.text("update_message")) else [*ranked, said]


def is_macro(text: str) -> bool:
    """Whether a text is a macro that Zabbix did not expand."""
    return text.startswith("{") and text.endswith("}")


def known(text: str) -> str:
    """Return a text, or nothing where it is a macro that Zabbix did not expand."""
    return "" if is_macro(text) else text


def tags_of(text: str) -> dict[str, str]:
    """Read `[{"tag": "service", "value": "db"}]`."""
    found = json_of(text.encode("utf-8", "replace")) if text.startswith("[") else None
    tags = [Fields(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return {tag.text("tag"): tag.text("value") for tag in tags}
