"""LibreNMS' API transport: a query, a form or JSON with LibreNMS' names for its variables, or the text of the default template.

The variables, states and titles are known from LibreNMS' documentation and source; a running LibreNMS was not tried.
"""

import re
from collections.abc import Mapping, Sequence

from bot.domain.headline import read_title
from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, kept
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "librenms"
MARKS: Sequence[Mark] = (("sysName", "state"), ("sysName", "hostname"), ("device_id", "hostname", "state"))
KINDS: Mapping[str, Kind] = {
    "0": Kind.RESOLVED,
    "1": Kind.FIRING,
    "2": Kind.ACKNOWLEDGED,
    "3": Kind.FIRING,
    "4": Kind.FIRING,
    "5": Kind.FIRING,
}
"""States: recovered, active, acknowledged, worse, better, changed."""
SEVERITIES: Mapping[str, str] = {"ok": "info"}
DEVICES = ("hostname", "sysName", "display", "device_id")
RULES = ("name", "rule_name", "rule_id", "rule")
TEXTS = ("msg", "message", "description")
TEST = "Testing transport from "
TEST_KEY = "librenms:test"
LINES: Mapping[str, str] = {"severity": "severity", "rule": "name", "unique-id": "uid"}
"""Lines of the default template, and the variables that they show."""

_TITLE = re.compile(
    r"(?:Alert for device (?P<device>.+?) - (?P<rule>.+?)(?: got (?P<became>acknowledged|worse|better|changed))?"
    r"|Device (?P<well>.+?) recovered from (?P<over>.+))\Z",
    re.IGNORECASE,
)


def parse(payload: Payload) -> list[Item]:
    """Read an alert. Device and rule are its identity, since the log's ids differ from one message to the next.

    Times of LibreNMS are its server's and say no zone, so they are not read.
    """
    given = fields_of(payload)
    if given is None or not given.text("title", *DEVICES):
        given = _template(payload.body)
    title = given.text("title")
    told = _TITLE.match(title)
    device = given.text(*DEVICES) or (told["device"] or told["well"] if told else "")
    rule = given.text(*RULES) or (told["rule"] or told["over"] if told else "")
    if not (title or device):
        return [odd(kept(payload), SENDER)]
    number = given.text("alert_id")
    same = f"alert:{number}" if number else loose.identity(read_title(title), {"device": device})
    severity = given.text("severity").lower()
    kind = _kind(given.text("state"), told)
    test = title.startswith(TEST)
    return [
        build(
            SENDER,
            key=TEST_KEY if test else f"{device}:{rule}" if device and rule else same,
            summary=title or ": ".join(filter(None, (device, rule))),
            kind=kind,
            severity="info" if test else SEVERITIES.get(severity, severity),
            source=device,
            description=given.text(*TEXTS),
            labels={
                "host": device,
                "rule": rule,
                **{name: given.text(name) for name in ("sysName", "ip", "os", "type", "location")},
            },
            links=[link_to(given.text("url", "link"), "LibreNMS"), link_to(given.text("proc"), "Procedure")],
            note=given.text("alert_notes") if kind is Kind.ACKNOWLEDGED else "",
        )
    ]


def _kind(state: str, told: re.Match[str] | None) -> Kind:
    found = KINDS.get(state) or kind_of(state)
    if found is not None or told is None:
        return found or Kind.FIRING
    return Kind.RESOLVED if told["well"] else kind_of(told["became"] or "") or Kind.FIRING


def _template(body: bytes) -> Fields:
    """Read the text of the default template: a title, and lines such as `Severity: critical`."""
    text = body.decode("utf-8", "replace").strip()
    title, _, more = text.partition("\n")
    if _TITLE.match(title.strip()) is None:
        return Fields({})
    pairs = (line.partition(":") for line in more.splitlines())
    found = {LINES.get(name.strip().lower(), ""): value.strip() for name, _, value in pairs}
    return Fields({**found, "title": title.strip(), "msg": more.strip()})
