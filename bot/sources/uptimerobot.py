"""UptimeRobot's webhook: its own names in a query, a form or JSON, also spelled as an admin's template spells them.

Known from UptimeRobot's documentation of webhooks and public fixtures (2026); not tried against the service.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.member_names import folded
from bot.sources.payload import Fields, Payload, fields_of
from bot.sources.payload import kept as payload_kept
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "uptimerobot"
MARKS: Sequence[Mark] = (
    ("monitorFriendlyName",),
    ("monitor_friendly_name",),
    ("alertTypeFriendlyName",),
    ("alert_type_friendly_name",),
    ("monitorID", "alertType"),
    ("monitorURL", "alertType"),
    ("monitorURL", "alertDetails"),
)
KINDS = {"1": Kind.FIRING, "2": Kind.RESOLVED, "3": Kind.FIRING}
"""What the type of an alert means: down, up, a certificate or a domain that will expire."""
EXPIRY = "3"
READ = frozenset(
    {
        *("monitorid", "monitorurl", "monitorfriendlyname", "alerttype", "alerttypefriendlyname", "alertdetails"),
        *("alertduration", "alertfriendlyduration", "alertdatetime", "monitoralertcontacts", "key"),
    }
)
"""Members that are read for something else than a label."""


def parse(payload: Payload) -> list[Item]:
    """Read an alert. A monitor's id is its identity, else its name or address; what will expire is a problem of its own."""
    given = fields_of(payload)
    named = _named(given) if given is not None else Fields({})
    name, url = named.text("monitorfriendlyname"), named.text("monitorurl")
    number = named.text("monitorid")
    if not (name or url or number):
        return [odd(payload_kept(payload), SENDER)]
    said, details = named.text("alerttypefriendlyname"), named.text("alertdetails")
    code = named.text("alerttype")
    expires = code == EXPIRY or "expir" in said.lower()
    kind = KINDS.get(code) or kind_of(said) or Kind.FIRING
    labels = {"monitor": name, "url": url}
    others = {label: named.text(label) for label in named.values if label not in READ}
    return [
        build(
            SENDER,
            key=f"uptimerobot:{number or name or url}{':expiry' if expires else ''}",
            summary=": ".join(
                filter(None, (" ".join(filter(None, (name or url or number, _state(said, code)))), details))
            ),
            kind=kind,
            severity="warning" if expires else "critical",
            source=name or url,
            description=_lasted(named),
            labels={**others, **labels},
            links=[
                link_to(url, name),
                *(link_to(text, "UptimeRobot") for label, text in others.items() if "url" in label),
            ],
            starts_at=named.text("alertdatetime") if kind is Kind.FIRING else "",
        )
    ]


def _named(given: Fields) -> Fields:
    """Return members by folded names, without the variables that were not filled in, such as `*alertDuration*`."""
    texts = {folded(name): given.text(name) for name in given.values if "." not in name}
    return Fields({name: text for name, text in texts.items() if not (text[:1] == "*" and text[-1:] == "*")})


def _state(said: str, code: str) -> str:
    word = said or {"1": "Down", "2": "Up"}.get(code, "")
    return f"is {word}" if kind_of(word) is not None else word


def _lasted(named: Fields) -> str:
    lasted = named.text("alertfriendlyduration")
    seconds = named.text("alertduration")
    return f"lasted {lasted}" if lasted else f"lasted {seconds} s" if seconds.isdecimal() and seconds != "0" else ""
