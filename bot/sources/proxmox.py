"""Proxmox VE and Proxmox Backup Server: webhook targets with the body that README gives, and Gotify's body.

Types, fields and severities are known from Proxmox' documentation; a running Proxmox was not tried.
"""

import re
from collections.abc import Mapping, Sequence

from bot.domain.headline import read_title
from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, odd

SENDER = "proxmox"
MARKS: Sequence[Mark] = (("fields.type", "severity"), ("fields.hostname", "severity"))
JOBS = frozenset(
    {"acme", "gc", "prune", "replication", "sync", "tape-backup", "tape-load", "verification", "verify", "vzdump"}
)
"""Types whose success ends what their failure began; all others only tell something."""
WELL = frozenset({"info", "notice"})
SEVERITIES: Mapping[str, str] = {"notice": "info", "unknown": "warning"}
PRIORITIES: Mapping[str, str] = {"1": "info", "3": "info", "5": "warning", "8": "error", "10": "error"}
"""What Gotify's priorities say of a severity."""
PLACES: Mapping[str, Sequence[str]] = {
    "host": ("fields.hostname", "hostname", "host"),
    "job": ("fields.job-id", "job-id", "job"),
    "datastore": ("fields.datastore", "datastore"),
    "media_pool": ("fields.media-pool", "media-pool"),
}
MAIL = "system-mail"

_RESULT = re.compile(
    r"[\s:,]*\b(?:(?:backup )?(successful|succeeded|ok)|(?:backup )?(?:failed|had errors|error))\W*\Z", re.IGNORECASE
)


def parse(payload: Payload) -> list[Item]:
    """Read a notification. Type, host and job are its identity; without them it is the title without its result."""
    given = fields_of(payload)
    if given is None or not given.text("title", "message"):
        return [odd(payload.body, SENDER)]
    message = given.text("message")
    title = given.text("title") or message.splitlines()[0]
    severity = given.text("severity").lower() or PRIORITIES.get(given.text("priority"), "")
    kind = given.text("fields.type", "type").lower()
    place = {label: given.text(*names) for label, names in PLACES.items()}
    result = _RESULT.search(title)
    well = severity in WELL if kind in JOBS else not kind and result is not None and result[1] is not None
    named = (
        ":".join(filter(None, (kind, *place.values())))
        if kind and kind != MAIL
        else read_title(_RESULT.sub("", title)).name
    )
    return [
        build(
            SENDER,
            key=f"proxmox:{named}",
            summary=title,
            kind=Kind.RESOLVED if well else Kind.FIRING,
            severity=SEVERITIES.get(severity, severity),
            source=place["host"],
            description=message,
            labels={**given.texts("fields"), "type": kind, **place},
            starts_at="" if well else given.text("timestamp"),
        )
    ]
