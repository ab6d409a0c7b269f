"""Handover: the open work of a room as the next person reads it, and what changes hands."""

from collections.abc import Sequence

from bot.domain.actor import Actor
from bot.domain.alert import Alert
from bot.domain.listing import line
from bot.domain.reply import named
from bot.domain.times import clock
from bot.domain.words import shown

OPEN_WORK = "Handover {at}: {many} to hand over"
ONE, MANY = "1 alert", "{} alerts"
NO_WORK = "Handover {at}: nothing is open in this room."
UNOWNED = "Nobody has:"
HAS = "{owner} has:"
NOTE = "  · {note}"
LEFT_OUT = "… and {} more: /alert list"
TO_GIVE = "To give yours to somebody: /alert handover @name"
NOTHING_YOURS = "You have nothing to hand over in this room."
TO_SELF = "They are yours already."
WOULD = "This would make {owner} the owner of {many}: {numbers}. Answer /alert yes within 2 minutes, or /alert no."
NOT_YOURS = "no longer yours"

ROWS = 30
NOTE_LONGEST = 200


def open_work(active: Sequence[Alert], many: int, *, now: int, zone_name: str) -> str:
    """Write the active alerts, of which there are `many` in all, by owner: nobody's first, the worst first."""
    at = clock(now, zone_name)
    if not active:
        return NO_WORK.format(at=at)
    rows = [OPEN_WORK.format(at=at, many=count(many))]
    owners: dict[str, list[Alert]] = {}
    for alert in active[:ROWS]:
        owners.setdefault(alert.owner.name if alert.owner else "", []).append(alert)
    for owner in sorted(owners):
        rows.append(HAS.format(owner=owner) if owner else UNOWNED)
        for alert in owners[owner]:
            rows.append(line(alert, now=now, zone_name=zone_name))
            if alert.state_note:
                rows.append(NOTE.format(note=shown(alert.state_note, NOTE_LONGEST)))
    if many > ROWS:
        rows.append(LEFT_OUT.format(many - ROWS))
    rows.append(TO_GIVE)
    return "\n".join(rows)


def count(many: int) -> str:
    """Write how many alerts: `1 alert`, `12 alerts`."""
    return ONE if many == 1 else MANY.format(many)


def is_mine(alert: Alert, who: Actor) -> bool:
    """Whether a person would hand an alert over: it is active, and theirs or acked by them."""
    owner = alert.owner.id if alert.owner else alert.state_by_id
    return alert.active and owner == who.id


def would(owner: str, numbers: Sequence[int]) -> str:
    """Ask before alerts change hands."""
    return WOULD.format(owner=owner, many=count(len(numbers)), numbers=named(numbers))
