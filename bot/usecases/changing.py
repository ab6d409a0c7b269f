"""Changing: the verbs that change alerts, with every number accounted for, and undo."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from bot.domain import action, reply, spans
from bot.domain.action import Wish
from bot.domain.actor import Person, Who
from bot.domain.alert import Action, Alert, Refused, State
from bot.domain.commands import Command
from bot.domain.errors import Invalid
from bot.domain.reply import Reply
from bot.domain.signal import Severity
from bot.domain.times import clock
from bot.domain.vocabulary import SEVERITIES
from bot.storage import alerts, calls
from bot.usecases import shifts
from bot.usecases.asking import Asked, Turn, here_of, meant, numbered
from bot.usecases.change import Decided

UNDO_WITHIN = 5 * 60_000
STILL_UNTIL = "still until {}"
TIMES_TOLD = 3
CHANGED_SINCE = "somebody changed it since"


async def change(turn: Turn, command: Command) -> Reply:
    """Do one of the changing verbs to every alert that the command means."""
    if command.verb == "assign" and turn.person is None:
        raise Asked(reply.unclear(reply.UNKNOWN_PERSON.format(command.person)))
    found = await meant(turn, command)
    if found.note is not None:
        command = replace(command, note=found.note)
    wish = await _wish(turn, command)
    done: list[Alert] = []
    refusals: list[Refused] = []
    steps = []
    for alert in found.alerts:
        try:
            decided = action.act(alert, wish, turn.now)
        except Refused as refusal:
            refusals.append(refusal)
            continue
        assert decided.alert is not None
        turn.ledger.add(Decided(before=alert, change=decided, told=turn.aloud))
        done.append(decided.alert)
        steps.append(_step(alert, decided.alert))
    if steps and wish.action is not Action.NOTE:
        turn.undo = msgspec.json.encode({"verb": action.PAST[wish.action], "steps": steps}).decode()
    rings = wish.action is Action.ASSIGN and wish.to is not None and wish.to != turn.caller.actor.person
    return reply.changed(
        action.PAST[wish.action],
        done,
        refusals,
        found.unknown,
        here=await here_of(turn, found),
        now=turn.now,
        zone_name=turn.caller.time_zone,
        detail=_detail(turn, wish, done),
        mentions=(wish.to.name,) if rings and wish.to else (),
    )


def _detail(turn: Turn, wish: Wish, done: Sequence[Alert]) -> str:
    """Return what belongs to the summary of a change: to whom, until when, how bad."""
    parts = []
    if wish.action is Action.ASSIGN and wish.to is not None:
        parts.append(f"to {wish.to.name}")
    if wish.severity is not None:
        parts.append(f"is now {wish.severity.word}")
    if wish.until is not None:
        parts.append(f"until {clock(wish.until, turn.caller.time_zone, now=turn.now)}")
    elif wish.action is Action.ACK and (kept := sorted({alert.until for alert in done if alert.until is not None})):
        # An ack repeated without a time keeps the time of the first.
        times = ", ".join(clock(until, turn.caller.time_zone, now=turn.now) for until in kept[:TIMES_TOLD])
        parts.append(STILL_UNTIL.format(times))
    return ", ".join(parts)


async def _wish(turn: Turn, command: Command) -> Wish:
    return Wish(
        action=Action(command.verb),
        by=turn.caller.actor,
        note=await _note(turn, command),
        to=turn.person,
        until=_until(turn, command),
        severity=SEVERITIES[command.severity] if command.severity else None,
    )


def _until(turn: Turn, command: Command) -> int | None:
    if command.duration is not None:
        return turn.now + command.duration
    if command.until is not None:
        until = spans.moment(command.until, now=turn.now, zone_name=turn.caller.time_zone)
        if until > turn.now + spans.LONGEST:
            raise Invalid(spans.TOO_LONG)
        return until
    return None


async def _note(turn: Turn, command: Command) -> str:
    if not command.reason:
        return command.note
    reason: str = command.reason
    if command.duplicate_of is not None:
        other = await numbered(turn, [command.duplicate_of])
        if other.unknown:
            raise Asked(reply.refused(reply.unknown_text(other.unknown, await here_of(turn, other))))
        reason = f"duplicate of #{command.duplicate_of}"
    return f"{reason}: {command.note}" if command.note else reason


# --- undo -----------------------------------------------------------------------------------------------------------


async def undo(turn: Turn, _command: Command) -> Reply:
    """Take back the person's last change in this room, where nobody has changed the alert since."""
    call = await calls.last_undo(
        turn.tx,
        tenant=turn.caller.tenant.id,
        room=turn.caller.room.id,
        person=turn.caller.actor.id,
        since=turn.now - UNDO_WITHIN,
    )
    if call is None:
        return reply.info(reply.NOTHING_TO_UNDO)
    await calls.spent(turn.tx, call)
    kept: Mapping[str, Any] = msgspec.json.decode(call.undo)
    if "cover" in kept:
        return await shifts.undo_cover(turn, kept["cover"])
    steps = {step["number"]: step for step in kept["steps"]}
    now_there = await alerts.by_numbers(turn.tx, turn.caller.tenant.id, sorted(steps))
    done: list[Alert] = []
    skipped: list[tuple[int, str]] = []
    for number, step in steps.items():
        alert = now_there[number]
        if _shape(alert) != step["after"]:
            skipped.append((number, CHANGED_SINCE))
            continue
        restored = action.undo(alert, _reshaped(alert, step["before"]), turn.caller.actor, turn.now, kept["verb"])
        turn.ledger.add(Decided(before=alert, change=restored, told=turn.aloud))
        done.append(alert)
    outcome = reply.Outcome.DONE if not skipped else reply.Outcome.PARTLY if done else reply.Outcome.REFUSED
    text = reply.summary_line("undone", done, skipped, detail=f"({kept['verb']})")
    return Reply(text=text, outcome=outcome)


def _step(before: Alert, after: Alert) -> dict[str, Any]:
    return {"number": before.number, "before": _shape(before), "after": _shape(after)}


def _shape(alert: Alert) -> dict[str, Any]:
    """Return what a person's change may touch."""
    return {
        "state": alert.state.value,
        "state_at": alert.state_at,
        "state_by": alert.state_by,
        "state_by_id": alert.state_by_id,
        "state_who": alert.state_who.value,
        "state_note": alert.state_note,
        "until": alert.until,
        "owner": [alert.owner.id, alert.owner.name] if alert.owner else None,
        "severity": int(alert.severity),
        "resolved_at": alert.resolved_at,
    }


def _reshaped(alert: Alert, shape: Mapping[str, Any]) -> Alert:
    owner = shape["owner"]
    return replace(
        alert,
        state=State(shape["state"]),
        state_at=shape["state_at"],
        state_by=shape["state_by"],
        state_by_id=shape["state_by_id"],
        state_who=Who(shape["state_who"]),
        state_note=shape["state_note"],
        until=shape["until"],
        owner=Person(id=owner[0], name=owner[1]) if owner else None,
        severity=Severity(shape["severity"]),
        resolved_at=shape["resolved_at"],
    )
