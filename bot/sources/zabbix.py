"""Zabbix, through the parameters of our media type (alert-sources.md 1.8)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.member_names import folded
from bot.sources.payload import Fields, Payload, fields_of, json_of, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "zabbix"
MARKS: Sequence[Mark] = (("event_value", "event_id"), ("EVENT.ID",), ("nseverity", "trigger_name"))
SEVERITIES = {"5": "critical", "4": "error", "3": "warning", "2": "warning", "1": "info", "0": "info"}
"""Severities in numbers; their words are everybody's."""
TEST_KEY = "zabbix:test"
NO_END = "{} Zabbix will tell no end of this problem."
"""What is noted when Zabbix gives a problem up."""
NAMES = frozenset({"eventid", "problemid", "eventproblemid"})
"""Folded names of the event's id where an admin chose his own."""
RANKS = ("severity", "nseverity", "eventnseverity", "triggernseverity", "eventseverity", "triggerseverity")
_CANCELLED = re.compile(r"NOTE:\s*(Escalation cancell?ed\b.*)", re.IGNORECASE)


def parse(payload: Payload) -> list[Item]:
    """Read an event. The event's id is the same in problem, update and recovery."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    event, host = given.text("event_id"), known(given.text("host"))
    if not event or not given.text("event_value"):
        found = _loose(given, event)
        if found is not None or not event:
            return [found or odd(payload.body, SENDER)]
    test = is_macro(event)
    url = known(given.text("zabbix_url")).rstrip("/")
    severity = known(given.text("severity"))
    trigger = known(given.text("trigger_id"))
    link = f"{url}/tr_events.php?triggerid={trigger}&eventid={event}" if url and trigger and not test else ""
    cancelled = _cancelled(given)
    said = cancelled or known(given.text("update_message"))
    kinds = [Kind.FIRING] if test else [Kind.NOTE] if cancelled else _kinds(given)
    return [
        build(
            SENDER,
            key=TEST_KEY if test else event,
            summary=known(given.text("name")) or known(given.text("subject")) or "Zabbix",
            kind=kind,
            severity="info" if test else SEVERITIES.get(severity, severity),
            description="\n".join(part for part in map(known, (given.text("opdata"), given.text("message"))) if part),
            labels={"host": host, "address": known(given.text("ip")), **tags_of(given.text("tags"))},
            links=[link_to(link, "Event")],
            author=known(given.text("update_user")),
            note=said,
            opens=kinds[0] is not Kind.RESOLVED,
        )
        for kind in kinds
    ]


def _loose(given: Fields, event: str) -> Signal | None:
    """Read a message whose members an admin named, by their usual names."""
    by_name = {folded(name): text for name, value in given.values.items() if (text := known(text_of(value)))}
    rank = next((SEVERITIES[by_name[name]] for name in RANKS if by_name.get(name) in SEVERITIES), "")
    found = loose.read(Fields(by_name), SENDER, severity=rank)
    event = event or next((by_name[name] for name in by_name if name in NAMES), "")
    return replace(found, dedup_key=event) if found is not None and event and not is_macro(event) else found


def _cancelled(given: Fields) -> str:
    """Return why Zabbix gives a problem up; "" where it does not."""
    found = _CANCELLED.search(given.text("message")) or _CANCELLED.search(given.text("subject"))
    return NO_END.format(found[1].strip().rstrip(".") + ".") if found else ""


def _kinds(given: Fields) -> list[Kind]:
    """Return what an event says; an update may say two things: another severity, and who has it or what somebody wrote."""
    value, updated = given.text("event_value"), given.text("update") == "1"
    if value == "0" or (value != "1" and kind_of(value) is Kind.RESOLVED):
        return [Kind.RESOLVED, Kind.NOTE] if updated and known(given.text("update_message")) else [Kind.RESOLVED]
    if not updated:
        return [Kind.FIRING]
    action = given.text("update_action").lower()
    ranked = [Kind.FIRING] if "severity" in action else []
    acked = "ack" in action.replace("unack", "") if action and not is_macro(action) else True
    if given.text("ack").lower() == "yes" and acked:
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
