"""Shifts: the verbs about who is on call: oncall, cover, page."""

from collections.abc import Mapping

from bot.domain import reply, rota, spans
from bot.domain.commands import Command
from bot.domain.reply import Outcome, Reply, info, refused, unclear
from bot.domain.schedule import Cover, Schedule, next_handover, on_call
from bot.domain.tenant import voice_of
from bot.storage import plans, speakers, whispers
from bot.storage.whispers import Whisper
from bot.usecases.asking import Asked, Turn


async def show_on_call(turn: Turn, command: Command) -> Reply:
    """Say of each schedule, or of one, who is on call until when, and who comes next."""
    tenant = turn.caller.tenant.id
    schedules = (await plans.load(turn.tx, tenant)).schedules
    chosen = [_named(schedules, command.topic)] if command.topic else list(schedules.values())
    if not chosen:
        return info(rota.NO_SCHEDULES)
    covers = await plans.covers(turn.tx, tenant, turn.now)
    lines = [rota.line(each, covers, now=turn.now, zone_name=turn.caller.time_zone) for each in chosen]
    return info("\n".join(lines))


async def cover(turn: Turn, command: Command) -> Reply:
    """Put the caller on call from now on for a while, instead of whoever would be."""
    tenant = turn.caller.tenant.id
    schedules = (await plans.load(turn.tx, tenant)).schedules
    if not schedules:
        return info(rota.NO_SCHEDULES)
    if not command.topic and len(schedules) > 1:
        return unclear(rota.WHICH.format(", ".join(schedules), next(iter(schedules))))
    schedule = _named(schedules, command.topic) if command.topic else next(iter(schedules.values()))
    covers = await plans.covers(turn.tx, tenant, turn.now)
    instead = on_call(schedule, covers, turn.now)
    ends_at = turn.now + command.duration if command.duration is not None else None
    if command.until is not None:
        ends_at = spans.moment(command.until, now=turn.now, zone_name=turn.caller.time_zone)
    assert ends_at is not None
    person = rota.on_call_as(turn.caller.actor.person)
    made = Cover(schedule=schedule.name, person=person, begins_at=turn.now, ends_at=ends_at)
    await plans.add_cover(turn.tx, tenant, made, turn.now)
    after = next_handover(schedule, [*covers, made], turn.now)
    text = rota.covered(made, instead, after, now=turn.now, zone_name=turn.caller.time_zone)
    return Reply(text=text, outcome=Outcome.DONE)


def _named(schedules: Mapping[str, Schedule], name: str) -> Schedule:
    """Return the schedule of a name, in any case. Raises Asked."""
    for each in schedules.values():
        if each.name.lower() == name.lower():
            return each
    raise Asked(refused(rota.NO_SUCH.format(name, ", ".join(schedules)) if schedules else rota.NO_SCHEDULES))


async def page(turn: Turn, command: Command) -> Reply:
    """Ring somebody in the room and message them; nothing is opened."""
    if turn.person is None:
        return unclear(reply.UNKNOWN_PERSON.format(command.person))
    text = rota.PAGE.format(by=turn.caller.actor.name, text=command.note)
    private = rota.PAGE_PRIVATE.format(by=turn.caller.actor.name, room=turn.caller.room.name, text=command.note)
    message = Whisper(
        tenant=turn.caller.tenant.id, room=turn.caller.room.id, person=turn.person.name, text=private, at=turn.now
    )
    if voice_of(turn.caller.room.id, await speakers.hooks(turn.tx, turn.caller.tenant.id)) is None:
        text += rota.NO_VOICE
    else:
        await whispers.add(turn.tx, [message])
    return Reply(text=text, outcome=Outcome.DONE, mentions=(turn.person.name,))
