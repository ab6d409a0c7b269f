"""SIGNL4: what its inbound webhook is sent (any members, and `X-S4-...`), and the events of its outbound webhook.

The members are known from SIGNL4's documentation and from tools that send to it; the service was not tried.
"""

from collections.abc import Mapping, Sequence

from bot.domain.headline import read_title
from bot.domain.signal import Kind, Signal
from bot.domain.vocabulary import kind_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, odd

SENDER = "signl4"
MARKS: Sequence[Mark] = (
    ("X-S4-ExternalID",),
    ("X-S4-Status",),
    ("X-S4-SourceSystem",),
    ("X-S4-Service",),
    ("X-S4-AlertingScenario",),
    ("eventRaisedUtc", "eventType"),
)
PREFIX = "x-s4-"
ID, STATUS, SERVICE, SYSTEM = (f"{PREFIX}{name}" for name in ("externalid", "status", "service", "sourcesystem"))
TITLES = ("title", "subject")
TEXTS = ("message", "body", "text", "description")
SEVERITIES = ("severity", "priority")
CREATED, CHANGED, ESCALATED, ANNOTATED, TEST = "200", "201", "202", "203", "1"
STATUSES: Mapping[str, Kind] = {"1": Kind.FIRING, "2": Kind.ACKNOWLEDGED, "4": Kind.RESOLVED}
NOTES: Mapping[str, str] = {ESCALATED: "escalated"}
DUTY: Mapping[str, str] = {
    "300": "A duty period began",
    "301": "A duty period ended",
    "302": "{} is on duty",
    "303": "{} is off duty",
}
NAMELESS = "SIGNL4 alert {}"
TESTING = "A test message from SIGNL4"
SOMEBODY = "Somebody"


def parse(payload: Payload) -> list[Item]:
    """Read an event of a tool, or of SIGNL4 itself."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    if given.text("eventType") and given.text("eventRaisedUtc"):
        return [_outbound(given)]
    low = Fields({name.lower(): value for name, value in given.values.items()})
    if not low.text(*TITLES, *TEXTS, ID):
        return [odd(payload.body, SENDER)]
    return [_inbound(low)]


def _inbound(given: Fields) -> Signal:
    """Read a tool's event: its external id is the alert's identity; a status that nobody knows is noted."""
    text, service = given.text(*TEXTS), given.text(SERVICE)
    summary = given.text(*TITLES) or next(iter(text.splitlines()), "") or given.text(ID)
    status = given.text(STATUS)
    known = {*TITLES, *TEXTS, *SEVERITIES}
    free = {
        name: text_of(value)
        for name, value in given.values.items()
        if name not in known and not name.startswith(PREFIX) and not isinstance(value, (dict, list))
    }
    return build(
        SENDER,
        key=given.text(ID) or loose.identity(read_title(summary), {"service": service}),
        summary=summary,
        kind=(kind_of(status) or Kind.NOTE) if status else read_title(summary).kind or Kind.FIRING,
        severity=given.text(*SEVERITIES),
        source=given.text(SYSTEM),
        description=text,
        labels={"service": service, "location": given.text(f"{PREFIX}location"), **free},
        note=status if status and kind_of(status) is None else "",
    )


def _outbound(given: Fields) -> Signal:
    """Read what happened in SIGNL4. The id that a tool gave an event comes back, so both are one alert."""
    event, alert = given.text("eventType"), given.inner("alert")
    number = alert.text("externalEventId", "eventId", "id")
    who = given.text("user.displayname", "user.username", "user.mailaddress")
    team = given.text("team.teamname", "team.name")
    if event == TEST or event in DUTY or not number:
        words = DUTY[event].format(who or SOMEBODY) if event in DUTY else TESTING
        return build(SENDER, summary=words, severity="info", labels={"team": team})
    status = STATUSES.get(alert.text("statusCode"), Kind.NOTE)
    kind = {CREATED: Kind.FIRING, CHANGED: status}.get(event, Kind.NOTE)
    said = given.text("annotation.message")
    title = alert.text("title", "subject")
    return build(
        SENDER,
        key=number,
        summary=title or next(iter(alert.text("text").splitlines()), "") or NAMELESS.format(number),
        kind=kind,
        description=alert.text("text"),
        labels={"team": team, "category": alert.text("category")},
        starts_at=alert.text("createdAt") if kind is Kind.FIRING else "",
        author=who,
        note=": ".join(filter(None, (NOTES.get(event, ""), said))),
    )
