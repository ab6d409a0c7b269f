"""Channel: where news goes besides the room, what each kind of channel has to be told, and what is sent there.

A parcel is one change of one alert, as it was then: what a channel is told stays true while the alert goes on.
"""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.alert import Alert, Event, State
from bot.domain.holding import Hold
from bot.domain.signal import Severity

KEPT = "kept"
"""What stands for a secret in a file: the one that is stored stays."""


BAD_WEBHOOK_SECRET = "is no secret: whsec_ and the base64 of 24 to 64 random bytes"  # noqa: S105 - words for people
BAD_PORT = "is no port: a number from 1 to 65535"
BAD_ENCRYPTION = "is none that is spoken here: 0 (none), 1 (XOR), 3 (3DES) or 14 (AES)"
NSCA_ENCRYPTIONS = frozenset({"0", "1", "3", "14"})
BAD_FINGERPRINT = (
    "is no SHA-256 fingerprint: 64 hexadecimal digits, as openssl x509 -noout -fingerprint -sha256 shows them"
)
BAD_PATH = "is no absolute path"
BAD_NAME = "is no name as Nagios takes it: one line without ; in it"
_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,86}={0,2}")


class Kind(enum.StrEnum):
    """The kinds of channels; each is a file of bot/channels."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    PAGERDUTY = "pagerduty"
    ALERTMANAGER = "alertmanager"
    OPSGENIE = "opsgenie"
    SEMATEXT = "sematext"
    ZABBIX = "zabbix"
    ICINGA = "icinga"
    NAGIOS = "nagios"
    NRDP = "nrdp"
    NSCA = "nsca"


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One thing that a channel is told. Secrets are sealed where they are stored.

    `address`: a URL. `place`: it is no URL, and says all the same where secrets are sent or who may have them.
    """

    needed: bool = True
    secret: bool = False
    address: bool = False
    place: bool = False


_PLACE: Mapping[str, Setting] = {"host_name": Setting(needed=False), "service": Setting(needed=False)}
"""Which host and service of a Nagios an alert is there, where it is not told by the alert's own labels."""
SETTINGS: Mapping[Kind, Mapping[str, Setting]] = {
    Kind.WEBHOOK: {"url": Setting(address=True), "secret": Setting(secret=True)},
    Kind.EMAIL: {"to": Setting()},
    Kind.PAGERDUTY: {"routing_key": Setting(secret=True), "url": Setting(needed=False, address=True)},
    Kind.ALERTMANAGER: {
        "url": Setting(address=True),
        "token": Setting(needed=False, secret=True),
        "receiver": Setting(needed=False),
    },
    Kind.OPSGENIE: {"api_key": Setting(secret=True), "url": Setting(needed=False, address=True)},
    Kind.SEMATEXT: {"token": Setting(secret=True), "url": Setting(needed=False, address=True)},
    Kind.ZABBIX: {"url": Setting(address=True), "token": Setting(secret=True)},
    Kind.ICINGA: {
        "url": Setting(address=True),
        "user": Setting(),
        "password": Setting(secret=True),
        "fingerprint": Setting(needed=False, place=True),
    },
    Kind.NAGIOS: {"command_file": Setting(), **_PLACE},
    Kind.NRDP: {"url": Setting(address=True), "token": Setting(secret=True), **_PLACE},
    Kind.NSCA: {
        "host": Setting(place=True),
        "port": Setting(needed=False, place=True),
        "password": Setting(needed=False, secret=True),
        "encryption": Setting(needed=False),
        **_PLACE,
    },
}
"""What each kind of channel is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A place that news goes to besides the room. The secrets among its settings are sealed, or open where it is sent."""

    name: str
    kind: Kind
    settings: Mapping[str, str] = field(default_factory=dict)


OF_NAGIOS = frozenset({"nagios", "nrdp", "nsca"})
"""The dialects in which a Nagios, or what speaks to one, tells us something."""
ECHOES: Mapping[Kind, frozenset[str]] = {
    Kind.PAGERDUTY: frozenset({"pagerduty-webhook"}),
    Kind.ZABBIX: frozenset({"zabbix"}),
    Kind.ICINGA: OF_NAGIOS,
    Kind.NAGIOS: OF_NAGIOS,
    Kind.NRDP: OF_NAGIOS,
    Kind.NSCA: OF_NAGIOS,
}
"""The dialects in which a kind of service tells us what was done there: that is not sent back, so no loop begins.

A service that only reports problems and keeps something for us meanwhile (Alertmanager a silence) hears of its own news too.
"""


OURS = "hipchat-bot/"
"""How the names begin by which services know our alerts."""
NAMED_BY_US = frozenset({Kind.PAGERDUTY, Kind.OPSGENIE})
"""The kinds of services that know our alerts by our own names, and whose APIs we offer too: two bots could tell each other for ever."""


class Move(enum.StrEnum):
    """What a change means to a service that knows only a few states of a problem."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    NOTE = "note"


MOVES: Mapping[str, Move] = {
    "opened": Move.TRIGGER,
    "reopened": Move.TRIGGER,
    "worse": Move.TRIGGER,
    "unacked": Move.TRIGGER,
    "woken": Move.TRIGGER,
    **dict.fromkeys(Hold, Move.TRIGGER),
    "escalated": Move.TRIGGER,
    "unreachable": Move.TRIGGER,
    "acked": Move.ACKNOWLEDGE,
    "owned": Move.ACKNOWLEDGE,
    "snoozed": Move.ACKNOWLEDGE,
    "renewed": Move.ACKNOWLEDGE,
    "closed": Move.RESOLVE,
    "resolved": Move.RESOLVE,
    "unreported": Move.RESOLVE,
}
"""What history's words mean to such a service; all others are notes."""
TOLD = MOVES.keys() | {"assigned", "unassigned", "noted", "severity", "undone"}
"""The changes that channels hear of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One change of an alert on its way to a channel. `at` is epoch ms, `content` what `content` below made.

    `reference` is what the channel's service called the alert when it took the parcels before ("" at first). `progress` is what
    the service said of a try that succeeded in part; `muted` are the addresses that want no mail of the channel.
    """

    tenant: int
    channel: str
    number: int
    action: str
    at: int
    content: Mapping[str, Any]
    id: int = 0
    attempts: int = 0
    reference: str = ""
    progress: str = ""
    muted: frozenset[str] = frozenset()

    @property
    def move(self) -> Move:
        """What the change means to a service of few states. What an undo came to is told by the state it led to."""
        if self.action == "undone":
            return BACK_TO[State(self.content["state"])]
        return MOVES.get(self.action, Move.NOTE)

    @property
    def severity(self) -> Severity:
        """How bad the problem was then."""
        return Severity[str(self.content["severity"]).upper()]


BACK_TO: Mapping[State, Move] = {
    State.OPEN: Move.TRIGGER,
    State.ACKED: Move.ACKNOWLEDGE,
    State.SNOOZED: Move.ACKNOWLEDGE,
    State.CLOSED: Move.RESOLVE,
}


def echoes(kind: Kind, told: Mapping[str, Any]) -> bool:
    """Whether a change (`content` of it) came from the kind of service that it would be sent to, or is about another bot's alert."""
    if kind in NAMED_BY_US and str(told["dedup_key"]).startswith(OURS):
        return True
    return told["dialect"] in ECHOES.get(kind, ())


def flaw(kind: Kind, name: str, value: str) -> str | None:
    """Say what is wrong with a setting's value, where that can be seen; None when nothing is."""
    good, words = CHECKS.get((kind, name), (None, None))
    return words if good is not None and not good(value) else None


def _is_port(text: str) -> bool:
    return re.fullmatch("[1-9][0-9]{0,4}", text) is not None and int(text) <= 65_535


def _is_name(text: str) -> bool:
    return ";" not in text and text.isprintable()


Check = tuple[Callable[[str], bool], str]
CHECKS: Mapping[tuple[Kind, str], Check] = {
    (Kind.WEBHOOK, "secret"): (
        lambda text: all(_WEBHOOK_SECRET.fullmatch(word) for word in text.split()),
        BAD_WEBHOOK_SECRET,
    ),
    (Kind.ICINGA, "fingerprint"): (lambda text: _FINGERPRINT.fullmatch(text) is not None, BAD_FINGERPRINT),
    (Kind.NSCA, "port"): (_is_port, BAD_PORT),
    (Kind.NSCA, "encryption"): (lambda text: text in NSCA_ENCRYPTIONS, BAD_ENCRYPTION),
    (Kind.NAGIOS, "command_file"): (lambda text: text.startswith("/") and text.isprintable(), BAD_PATH),
    **{
        (kind, name): (_is_name, BAD_NAME)
        for kind in (Kind.NAGIOS, Kind.NRDP, Kind.NSCA)
        for name in ("host_name", "service")
    },
}
"""What can be seen of a setting's value, and what is said where it is not so."""


def content(alert: Alert, event: Event | None, why: str = "") -> dict[str, Any]:
    """Write down an alert as it is after a change: plain JSON, times in epoch ms.

    `senders` are the dialects that report the problem, `dialect` the one that the change itself came in ("" for people and timers).
    """
    return {
        "alert": alert.number,
        "state": alert.state.value,
        "severity": alert.severity.word,
        "summary": alert.summary,
        "description": alert.description,
        "source": alert.source,
        "senders": sorted(alert.senders),
        "dedup_key": alert.dedup_key,
        "labels": dict(alert.labels),
        "links": [{"text": link.text, "href": link.href} for link in alert.links],
        "count": alert.count,
        "owner": alert.owner.name if alert.owner else None,
        "starts_at": alert.starts_at,
        "opened_at": alert.opened_at,
        "until": alert.until,
        "by": event.by.name if event else "",
        "note": event.note if event else why,
        "dialect": event.by.dialect if event else "",
    }
