"""Story: an alert's post-mortem in Markdown: what happened when, how long it took, who took part, what they wrote down."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.actor import Via, Who
from bot.domain.alert import Alert, Event, State
from bot.domain.markdown import address, block, inline
from bot.domain.reasons import Known
from bot.domain.refusal import TIMER
from bot.domain.spans import zone
from bot.domain.tally import SEEN_ACTIONS
from bot.domain.telling import Telling, told
from bot.domain.times import lasting

TITLE = "# Alert #{number}: {summary}"
FACT = "- **{name}:** {value}"
TIMELINE = "## Timeline"
DURATIONS = "## Durations"
PEOPLE = "## People"
NOTES = "## Notes"
DESCRIPTION = "## What the source said"
LINKS = "## Links"
ROW = "- {at} **{action}** by {who}{note}"
LEFT_OUT = "- {} rows from the middle are left out here: GET /api/v1/alerts/{}/history has every change"
TOLD_ROW = "- {at} told: {news}, {result}"
NOBODY = "- nobody; only its source and the clock"
NO_NOTES = "- none"
STILL = "still {state}, for {lasted} so far"
NOT_ACKED = "never"
CUT = "… {} more lines: GET /api/v1/alerts/{}/story with a key that may read"
TO_ROOM, TO_ACK, TO_CLOSE = "from opening to the room", "from opening to the first ack", "from opening to the close"
REPORTS = "{} since {}"

NOTED = ("noted",)
CLOSED_BY_SOURCE = ("resolved", "unreported")
ROOM_LONGEST = 6000
"""Characters of a story that a room is told; Hipchat takes 10,000 and escaping adds some (hipchat-api.md 11)."""


def story(known: Known, *, now: int, zone_name: str) -> str:
    """Write the story of an alert. Everything from outside stands for itself in it."""
    alert = known.alert
    owner = alert.owner.name if alert.owner else "nobody"
    facts = [
        ("Severity", alert.severity.word),
        ("State", alert.state.value),
        ("Owner", owner),
        ("Room", known.room or "none"),
        ("Source", alert.source or ", ".join(sorted(alert.senders)) or known.feed),
        ("Reports", REPORTS.format(alert.count, _at(alert.opened_at, zone_name))),
        *(("Label", f"{name} = {value}") for name, value in sorted(alert.labels.items())),
    ]
    if alert.predecessor is not None:
        facts.append(("Earlier episode", f"#{alert.predecessor}"))
    parts = [
        [TITLE.format(number=alert.number, summary=inline(alert.summary))],
        [FACT.format(name=name, value=inline(value)) for name, value in facts],
        [TIMELINE],
        _timeline(known, now, zone_name),
        [DURATIONS],
        [FACT.format(name=name, value=inline(value)) for name, value in _durations(known, now)],
        [PEOPLE],
        _people(known.events) or [NOBODY],
        [NOTES],
        _notes(known.events, zone_name) or [NO_NOTES],
    ]
    if alert.description:
        parts += [[DESCRIPTION], [block(alert.description)]]
    if alert.links:
        parts += [[LINKS], [f"- {inline(link.text, starts=True)}: {address(link.href)}" for link in alert.links]]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def cut(text: str, number: int, longest: int = ROOM_LONGEST) -> str:
    """Return as many whole lines of a story as a room is told, and where the rest is."""
    if len(text) <= longest:
        return text
    lines = text.split("\n")
    kept, size = 0, 0
    while kept < len(lines) and size + len(lines[kept]) + 1 <= longest:
        size += len(lines[kept]) + 1
        kept += 1
    head = "\n".join(lines[:kept]) or lines[0][: longest - 1] + "…"
    return f"{head}\n{CUT.format(len(lines) - max(kept, 1), number)}"


def _at(moment: int, zone_name: str) -> str:
    local = datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone(zone_name))
    name = local.tzname() or "UTC"
    return f"{local:%Y-%m-%d %H:%M:%S} {f'UTC{name}' if name[0] in '+-' else name}"


def _timeline(known: Known, now: int, zone_name: str) -> list[str]:
    rows = [(event.at, 0, _event(event, zone_name)) for event in known.events]
    rows += [(each.at, 1, _told(each, now, zone_name)) for each in known.tellings]
    missing = known.left_out + known.untold
    head = [LEFT_OUT.format(missing, known.alert.number)] if missing else []
    return head + [text for _, _, text in sorted(rows, key=lambda row: row[:2])]


def _event(event: Event, zone_name: str) -> str:
    who = TIMER if event.by.kind is Who.TIMER else event.by.name
    through = f" ({event.by.via.value})" if event.by.kind is Who.PERSON and event.by.via is not Via.SOURCE else ""
    note = f": {inline(event.note)}" if event.note else ""
    return ROW.format(at=_at(event.at, zone_name), action=inline(event.action), who=inline(who) + through, note=note)


def _told(telling: Telling, now: int, zone_name: str) -> str:
    result = inline(told(telling, now=now, zone_name=zone_name))
    return TOLD_ROW.format(at=_at(telling.at, zone_name), news=telling.news, result=result)


def _durations(known: Known, now: int) -> list[tuple[str, str]]:
    alert = known.alert
    rows = []
    arrived = [each.done_at for each in known.tellings if each.done_at is not None and each.result.startswith("sent")]
    if arrived:
        rows.append((TO_ROOM, _span(min(arrived) - alert.opened_at)))
    acks = [event.at for event in known.events if event.action in SEEN_ACTIONS]
    rows.append((TO_ACK, _span(acks[0] - alert.opened_at) if acks else NOT_ACKED))
    rows.append((TO_CLOSE, _closing(alert, now)))
    return rows


def _closing(alert: Alert, now: int) -> str:
    if alert.state is State.CLOSED:
        return _span(alert.state_at - alert.opened_at)
    return STILL.format(state=alert.state.value, lasted=lasting(max(0, now - alert.opened_at)))


def _span(span: int) -> str:
    return lasting(max(0, span))


def _people(events: Sequence[Event]) -> list[str]:
    did: dict[str, Counter[str]] = {}
    for event in events:
        if event.by.kind is Who.PERSON:
            did.setdefault(event.by.name, Counter())[event.action] += 1
    return [
        f"- {inline(name, starts=True)}: "
        + ", ".join(
            inline(action) if many == 1 else f"{inline(action)} {many} times" for action, many in actions.items()
        )
        for name, actions in did.items()
    ]


def _notes(events: Sequence[Event], zone_name: str) -> list[str]:
    return [
        f"- {_at(event.at, zone_name)} {inline(event.by.name)}: {inline(event.note)}"
        for event in events
        if event.by.kind is Who.PERSON and event.note
    ]
