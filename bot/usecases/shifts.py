"""Shifts: the verbs about who is on call: oncall, cover, uncover, page."""

from collections.abc import Mapping, Sequence

import msgspec

from bot.domain import reply, rota, spans
from bot.domain.commands import Command
from bot.domain.readers_shift import ON_CALL
from bot.domain.reply import Outcome, Reply, info, refused, unclear
from bot.domain.schedule import Cover, Schedule, next_handover, on_call
from bot.domain.tenant import voice_of
from bot.domain.times import clock
from bot.domain.words import shown
from bot.storage import plans, speakers, whispers
from bot.storage.whispers import Whisper
from bot.usecases.asking import Asked, Turn

A_NIGHT = "until 09:00"
"""How long a cover is in an example, where its time was not said."""
TEXT_LONGEST = 80


# --- who is on call -------------------------------------------------------------------------------------------------


async def show_on_call(turn: Turn, command: Command) -> Reply:
    """Say of each schedule, or of one, who is on call until when, and who comes next; now, or at a moment to come."""
    tenant = turn.caller.tenant.id
    schedules = (await plans.load(turn.tx, tenant)).schedules
    chosen = [_named(schedules, command.topic)] if command.topic else list(schedules.values())
    if not chosen:
        return info(rota.NO_SCHEDULES)
    covers = await plans.covers(turn.tx, tenant, turn.now)
    zone = turn.caller.time_zone
    at = None if command.until is None else spans.moment(command.until, now=turn.now, zone_name=zone)
    lines = [rota.THEN.format(at=clock(at, zone, now=turn.now))] if at is not None else []
    if command.person is not None:
        lines.append(rota.you(chosen, covers, turn.caller.actor.name, at or turn.now))
    lines += [rota.line(each, covers, now=turn.now, zone_name=zone, at=at) for each in chosen]
    return info("\n".join(lines))


# --- covers ---------------------------------------------------------------------------------------------------------


async def cover(turn: Turn, command: Command) -> Reply:
    """Put the caller on call from now on for a while, instead of whoever would be."""
    tenant = turn.caller.tenant.id
    schedules = (await plans.load(turn.tx, tenant)).schedules
    if not schedules:
        return info(rota.NO_SCHEDULES)
    if not command.topic and len(schedules) > 1:
        return unclear(rota.WHICH.format(", ".join(schedules), next(iter(schedules))))
    schedule = _named(schedules, command.topic) if command.topic else next(iter(schedules.values()))
    _refuse_of_others(turn, command, schedule)
    covers = await plans.covers(turn.tx, tenant, turn.now)
    instead = on_call(schedule, covers, turn.now)
    ends_at = turn.now + command.duration if command.duration is not None else None
    if command.until is not None:
        ends_at = spans.moment(command.until, now=turn.now, zone_name=turn.caller.time_zone)
    assert ends_at is not None
    person = rota.on_call_as(turn.caller.actor.person)
    made = Cover(schedule=schedule.name, person=person, begins_at=turn.now, ends_at=ends_at)
    await plans.add_cover(turn.tx, tenant, made, turn.now)
    turn.undo = msgspec.json.encode(
        {"verb": command.verb, "cover": {"schedule": made.schedule, "at": turn.now}}
    ).decode()
    after = next_handover(schedule, [*covers, made], turn.now)
    text = rota.covered(made, instead, after, now=turn.now, zone_name=turn.caller.time_zone)
    return Reply(text=text, outcome=Outcome.DONE)


def _refuse_of_others(turn: Turn, command: Command, schedule: Schedule) -> None:
    """Say what to do instead of a cover for somebody else, or of one that begins later. Raises Asked."""
    time = (
        f"until {command.until}" if command.until else spans.spelled(command.duration) if command.duration else A_NIGHT
    )
    if command.person is not None and turn.person is None:
        raise Asked(unclear(reply.UNKNOWN_PERSON.format(command.person)))
    if command.starts:
        raise Asked(info(rota.LATER_COVER.format(schedule=_quoted(schedule.name), time=time)))
    if turn.person is not None and turn.person.id != turn.caller.actor.id:
        text = rota.OTHERS_COVER.format(person=turn.person.name, schedule=_quoted(schedule.name), time=time)
        raise Asked(info(text))


def _quoted(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'


async def uncover(turn: Turn, command: Command) -> Reply:
    """Take the caller's own covers back, of one schedule or of all."""
    tenant = turn.caller.tenant.id
    schedules = (await plans.load(turn.tx, tenant)).schedules
    if not schedules:
        return info(rota.NO_SCHEDULES)
    chosen = [_named(schedules, command.topic)] if command.topic else list(schedules.values())
    names = {each.name for each in chosen}
    covers = await plans.covers(turn.tx, tenant, turn.now)
    own = [each for each in covers if each.schedule in names and each.person.id == turn.caller.actor.id]
    if own:
        return await _taken_back(turn, schedules, own)
    lines = "\n".join(rota.line(each, covers, now=turn.now, zone_name=turn.caller.time_zone) for each in chosen)
    return info(rota.NO_COVER.format(schedule=chosen[0].name if command.topic else "anything", line=lines))


async def undo_cover(turn: Turn, kept: Mapping[str, object]) -> Reply:
    """Take back the cover that the caller's last change made."""
    covers = await plans.covers(turn.tx, turn.caller.tenant.id, turn.now)
    own = [
        each
        for each in covers
        if each.person.id == turn.caller.actor.id and (each.schedule, each.begins_at) == (kept["schedule"], kept["at"])
    ]
    if not own:
        return info(rota.NO_COVER.format(schedule=kept["schedule"], line="").strip())
    return await _taken_back(turn, (await plans.load(turn.tx, turn.caller.tenant.id)).schedules, own)


async def _taken_back(turn: Turn, schedules: Mapping[str, Schedule], own: Sequence[Cover]) -> Reply:
    tenant = turn.caller.tenant.id
    for each in own:
        await plans.end_cover(turn.tx, tenant, each, turn.now)
    covers = await plans.covers(turn.tx, tenant, turn.now)
    lines = []
    for name in dict.fromkeys(each.schedule for each in own):
        line = (
            rota.line(schedules[name], covers, now=turn.now, zone_name=turn.caller.time_zone)
            if name in schedules
            else ""
        )
        lines.append(rota.TAKEN_BACK.format(schedule=name, person=own[0].person.name, line=line))
    return Reply(text="\n".join(lines), outcome=Outcome.DONE)


def _named(schedules: Mapping[str, Schedule], name: str) -> Schedule:
    """Return the schedule of a name, in any case. Raises Asked."""
    found = _find(schedules, name)
    if found is None:
        raise Asked(refused(rota.NO_SUCH.format(name, ", ".join(schedules)) if schedules else rota.NO_SCHEDULES))
    return found


def _find(schedules: Mapping[str, Schedule], name: str) -> Schedule | None:
    return next((each for each in schedules.values() if each.name.lower() == name.lower()), None)


# --- pages ----------------------------------------------------------------------------------------------------------


async def page(turn: Turn, command: Command) -> Reply:
    """Ring somebody, or whoever is on call for a schedule, in the room and message them; nothing is opened."""
    schedules = (await plans.load(turn.tx, turn.caller.tenant.id)).schedules
    schedule, text = _paged(schedules, command)
    if schedule is None and turn.person is None:
        example = next(iter(schedules), "@name")
        raise Asked(
            unclear(rota.NEITHER.format(name=command.person or command.topic, example=example, text=_short(text)))
        )
    names = [turn.person.name] if turn.person is not None else []
    by = turn.caller.actor.name
    said = rota.PAGE.format(by=by, text=text)
    if schedule is not None:
        present = on_call(schedule, await plans.covers(turn.tx, turn.caller.tenant.id, turn.now), turn.now)
        if present is None and not names:
            raise Asked(info(rota.NOBODY_TO_PAGE.format(schedule=schedule.name, text=_short(text))))
        names += [present] if present is not None and present not in names else []
        said = rota.PAGE_ON_CALL.format(by=by, schedule=schedule.name, text=text)
    private = rota.PAGE_PRIVATE.format(by=by, room=turn.caller.room.name, text=text)
    if voice_of(turn.caller.room.id, await speakers.hooks(turn.tx, turn.caller.tenant.id)) is None:
        said += rota.NO_VOICE
    else:
        messages = [
            Whisper(tenant=turn.caller.tenant.id, room=turn.caller.room.id, person=name, text=private, at=turn.now)
            for name in names
        ]
        await whispers.add(turn.tx, messages)
    return Reply(text=said, outcome=Outcome.DONE, mentions=tuple(names))


def _paged(schedules: Mapping[str, Schedule], command: Command) -> tuple[Schedule | None, str]:
    """Return the schedule that a page names, None for none, and the text. Raises Asked when it may be one of several.

    A person and a schedule of one name are both rung: whoever pages has no time for questions.
    """
    on_call_of_any = command.topic == ON_CALL or (command.person or "").lower() in {ON_CALL, "oncall"}
    if not on_call_of_any:
        return _find(schedules, command.topic or command.person or ""), command.note
    if not schedules:
        raise Asked(info(rota.NO_SCHEDULE_TO_PAGE.format(text=_short(command.note))))
    for each in sorted(schedules.values(), key=lambda each: -len(each.name)):
        named, rest = command.note[: len(each.name)], command.note[len(each.name) :]
        if named.lower() == each.name.lower() and rest[:1] in {" ", ":", ","} and rest.strip(" :,"):
            return each, rest.strip(" :,")
    if len(schedules) == 1:
        return next(iter(schedules.values())), command.note
    names, first = ", ".join(schedules), next(iter(schedules))
    raise Asked(unclear(rota.WHICH_TO_PAGE.format(names=names, first=_quoted(first), text=_short(command.note))))


def _short(text: str) -> str:
    return shown(text, TEXT_LONGEST)
