"""Rota: who is on call, in words."""

from collections.abc import Sequence

from bot.domain.actor import Person
from bot.domain.schedule import Cover, Handover, Schedule, next_handover, on_call
from bot.domain.times import clock

NO_SCHEDULES = "There are no schedules yet: an admin brings them in with `alertbot config import`."
NO_SUCH = "There is no schedule {}; there are: {}."
WHICH = 'For which schedule? {}. For example: "cover {} 60m"'
NOW = "{schedule}: {person}"
NOBODY = "nobody"
UNTIL = " until {at}, then {person}"
INSTEAD = " (instead of {person})"
COVERED = "{schedule}: {person} is on call from now until {at}"
BACK = ", then {person}"
PAGE = "{by} pages you: {text}"
PAGE_PRIVATE = "{by} pages you from the room {room}: {text}"
NO_VOICE = " (rung in this room only: private messages need a user's token, `alertbot room add`)"
UNVERIFIED = " (unverified)"


def line(schedule: Schedule, covers: Sequence[Cover], *, now: int, zone_name: str) -> str:
    """Write who is on call, until when, and who is next: `ops: dana until Mon 09:00 CET, then lee`."""
    present = on_call(schedule, covers, now)
    scheduled = on_call(schedule, (), now)
    text = NOW.format(schedule=schedule.name, person=present or NOBODY)
    if scheduled is not None and scheduled != present:
        text += INSTEAD.format(person=scheduled)
    after = next_handover(schedule, covers, now)
    if after is None:
        return text
    return text + UNTIL.format(at=clock(after.at, zone_name, now=now), person=after.person or NOBODY)


def covered(made: Cover, instead: str | None, after: Handover | None, *, now: int, zone_name: str) -> str:
    """Write that somebody stands in, for whom, until when, and who is on call then."""
    at = clock(made.ends_at, zone_name, now=now)
    text = COVERED.format(schedule=made.schedule, person=made.person.name, at=at)
    if instead is not None and instead != made.person.name:
        text += INSTEAD.format(person=instead)
    return text + (BACK.format(person=after.person or NOBODY) if after is not None else "")


def on_call_as(person: Person) -> Person:
    """Return a person under the name that rings them; what is unverified about them is not part of it."""
    return Person(id=person.id, name=person.name.removesuffix(UNVERIFIED))
