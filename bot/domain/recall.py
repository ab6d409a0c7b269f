"""Recall: earlier alerts like one, as people read them: how each ended, whose doing that was, and what was written down."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.alert import Alert
from bot.domain.likeness import Alike
from bot.domain.refusal import by
from bot.domain.times import ago, clock, lasting
from bot.domain.words import shown

HEAD = "Earlier ones like #{number} {summary}:"
NONE = "Nothing like #{number} was in this room before."
ROW = "#{number} {severity} {began}  {summary} ({alike})"
CLOSED = "  closed {ago} by {by} after {lasted}{note}"
ACTIVE = "  still {state}{note}"
NOTE = "  {who}: {note}"

SUMMARY_LONGEST = 120
NOTE_LONGEST = 200
NOTES = 3
"""How many of the latest notes of each are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """An earlier alert, in what it is like the one asked about, and what people noted on it (name, text), oldest first."""

    alert: Alert
    alike: Alike
    notes: Sequence[tuple[str, str]] = ()


def recalled(alert: Alert, found: Sequence[Recalled], *, now: int, zone_name: str) -> str:
    """Write what is remembered of alerts like one."""
    if not found:
        return NONE.format(number=alert.number)
    rows = [HEAD.format(number=alert.number, summary=shown(alert.summary, SUMMARY_LONGEST))]
    for each in found:
        other = each.alert
        rows.append(
            ROW.format(
                number=other.number,
                severity=other.severity.word,
                began=clock(other.opened_at, zone_name, now=now),
                summary=shown(other.summary, SUMMARY_LONGEST),
                alike=each.alike.value,
            )
        )
        note = f": {shown(other.state_note, NOTE_LONGEST)}" if other.state_note else ""
        if other.active:
            rows.append(ACTIVE.format(state=other.state.value, note=note))
        else:
            lasted = lasting(max(0, other.state_at - other.opened_at))
            when = ago(other.state_at, zone_name, now=now)
            rows.append(CLOSED.format(ago=when, by=by(other), lasted=lasted, note=note))
        rows += [NOTE.format(who=who, note=shown(text, NOTE_LONGEST)) for who, text in each.notes[-NOTES:]]
    return "\n".join(rows)
