"""Uptime Kuma's webhook: JSON, a form part `data`, or a query (alert-sources.md 1.12)."""

import re
from collections.abc import Sequence

from bot.domain.headline import read_title
from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, json_of
from bot.sources.plain import text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "uptime-kuma"
MARKS: Sequence[Mark] = (("heartbeat", "monitor"), ("heartbeat.monitorID",))
KINDS = {"0": Kind.FIRING, "1": Kind.RESOLVED, "2": Kind.NOTE, "3": Kind.NOTE}
"""What a heartbeat's status means; any other is a word, or what the message says."""
NOTES = {"2": "pending", "3": "maintenance"}
PENDING = "2"
LAST_DAYS, LAST_WEEK = 1, 7
"""From so many days on what expires is critical, and an error."""
DIGITS = 6
"""A number of days has fewer."""
TEST = re.compile(r"\btest(?:ing)?\W*\Z", re.IGNORECASE)
EXPIRES = "expire"
RENEWED = ("renewed", "no longer", "valid again")
EXPIRING = ("certificate", "domain")
AUXILIARIES = frozenset({"will", "be", "is", "has", "been", "was", "to", "about", "going", "now", "no", "longer"})
"""What stands between the name of what expires, or was renewed, and that it does."""
_NAMED = re.compile(r"\s*\[([^\[\]]+)\]\s*\[[^\[\]]+\]")
"""How a message about a monitor begins: `[shop] [🔴 Down]`."""


def parse(payload: Payload) -> list[Item]:
    """Read a notification. A test, and words about certificates and domains, have neither heartbeat nor monitor."""
    given = fields_of(payload)
    if given is not None and given.text("data"):
        inside = json_of(given.text("data").encode("utf-8", "replace"))
        given = Fields(inside) if isinstance(inside, dict) else given
    plain = given is None or ("heartbeat" not in given.values and "monitor" not in given.values)
    message = _message(payload, given) if plain else ""
    if message:
        return [_told(message, "", Fields({}))]
    if given is None or not given.text("msg", "heartbeat", "monitor"):
        return [odd(payload.body, SENDER)]
    heartbeat, monitor = _object(given, "heartbeat"), _object(given, "monitor")
    number = monitor.text("id") or heartbeat.text("monitorID")
    status = heartbeat.text("status")
    if not number or not status:
        return [_told(given.text("msg"), number, monitor)]
    name = monitor.text("name") or number
    kind = KINDS.get(status) or kind_of(status) or read_title(given.text("msg")).kind or Kind.FIRING
    return [
        build(
            SENDER,
            key=f"monitor:{number}",
            summary=f"{name}: {heartbeat.text('msg')}" if heartbeat.text("msg") else given.text("msg") or name,
            kind=kind,
            severity="critical",
            description=given.text("msg"),
            labels={"monitor": name, "type": monitor.text("type"), "host": monitor.text("hostname")},
            links=[link_to(monitor.text("url"), name)],
            note=NOTES.get(status, ""),
            opens=status == PENDING,
        )
    ]


def _message(payload: Payload, given: Fields | None) -> str:
    """Return the words of a message that an admin wrote around them: `[shop] [Down] timeout`, or a name and a state."""
    if given is None:
        text = text_of(payload)
        return text if _NAMED.match(text) else ""
    texts = [value for value in given.values.values() if isinstance(value, str)]
    found = next((text for text in texts if _NAMED.match(text)), "")
    name, status = given.text("name", "Name"), given.text("status", "Status", "state")
    if found or not name or kind_of(status) is None:
        return found
    return " ".join(filter(None, (f"[{name}] [{status}]", given.text("msg", "message", "Msg"))))


def _told(message: str, number: str, monitor: Fields) -> Signal:
    """Read a notification without a heartbeat: what expires, a test, or what its words say."""
    words = message.lower()
    over = next((word for word in RENEWED if word in words), "")
    at = words.rfind(over or EXPIRES)
    if at >= 0 and (EXPIRING[0] in words or EXPIRING[1] in words):
        return build(
            SENDER,
            key=f"expires:{_expiring(words[:at])}",
            summary=message,
            kind=Kind.RESOLVED if over else Kind.FIRING,
            severity="info" if over else _expiry(words),
        )
    if TEST.search(message) or not message:
        return build(SENDER, summary=message or "Uptime Kuma", severity="info")
    said, named = read_title(message), _NAMED.match(message)
    name = named[1].lower() if named else said.name
    return build(
        SENDER,
        key=f"monitor:{number}" if number else f"name:{name}",
        summary=message,
        kind=said.kind or Kind.FIRING,
        severity=said.severity.word if said.severity is not None else "",
        labels={"monitor": monitor.text("name")},
    )


def _expiring(words: str) -> str:
    """Return the name of what expires."""
    words = words.rstrip()
    while words:
        first, _, last = words.rpartition(" ")
        if last not in AUXILIARIES:
            break
        words = first
    return words


def _expiry(words: str) -> str:
    """Return how bad it is that something expires."""
    days = words.partition(" day")[0].rpartition(" ")[2]
    left = int(days) if days.lstrip("-").isdecimal() and len(days) < DIGITS else LAST_WEEK + 1
    left = 0 if " expired" in words and " in " not in words else left
    return "critical" if left <= LAST_DAYS else "error" if left <= LAST_WEEK else "warning"


def _object(given: Fields, name: str) -> Fields:
    """Return a member that is an object, or the JSON text of one (in a query)."""
    value = given.at(name)
    if isinstance(value, str):
        value = json_of(value.encode("utf-8", "replace"))
    return Fields(value if isinstance(value, dict) else {})
