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
YOU_ARE = "You are on call for {schedules}."
YOU_ARE_NOT = "You are not on call."
THEN = "{at}:"
OTHERS_COVER = (
    "A cover for somebody else comes with a later release. Ask {person} to write: /alert cover {schedule} {time}"
)
LATER_COVER = "A cover that begins later comes with a later release, so none is planned. When it begins, write: /alert cover {schedule} {time}"
TAKEN_BACK = "{schedule}: the cover of {person} is taken back; {line}"
NO_COVER = "You do not cover {schedule} now. {line}"
NOBODY_TO_PAGE = "Nobody is on call for {schedule} now, so nobody was rung. Write for example: /alert page @name {text}"
NO_SCHEDULE_TO_PAGE = "There are no schedules yet, so nobody is on call. Write for example: /alert page @name {text}"
WHICH_TO_PAGE = "Whom? There are the schedules {names}. Write for example: /alert page {first} {text}"
NEITHER = "I know nobody called {name}, and no schedule of that name. Write for example: /alert page {example} {text}"
PAGE = "{by} pages you: {text}"
PAGE_ON_CALL = "{by} pages you (on call for {schedule}): {text}"
PAGE_PRIVATE = "{by} pages you from the room {room}: {text}"
NO_VOICE = " (rung in this room only: private messages need a user's token, `alertbot room add`)"
UNVERIFIED = " (unverified)"


def line(schedule: Schedule, covers: Sequence[Cover], *, now: int, zone_name: str, at: int | None = None) -> str:
    """Write who is on call (at a moment, else now), until when, and who is next: `ops: dana until Mon 09:00 CET, then lee`."""
    moment = now if at is None else at
    present = on_call(schedule, covers, moment)
    scheduled = on_call(schedule, (), moment)
    text = NOW.format(schedule=schedule.name, person=present or NOBODY)
    if scheduled is not None and scheduled != present:
        text += INSTEAD.format(person=scheduled)
    after = next_handover(schedule, covers, moment)
    if after is None:
        return text
    return text + UNTIL.format(at=clock(after.at, zone_name, now=now), person=after.person or NOBODY)


def you(schedules: Sequence[Schedule], covers: Sequence[Cover], name: str, at: int) -> str:
    """Write whether a person is on call at a moment, and for what."""
    mine = [each.name for each in schedules if is_named(name, on_call(each, covers, at))]
    return YOU_ARE.format(schedules=", ".join(mine)) if mine else YOU_ARE_NOT


def is_named(name: str, other: str | None) -> bool:
    """Tell whether two mention names are one person's."""
    return other is not None and name.removesuffix(UNVERIFIED).casefold() == other.casefold()


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
