"""Escalation: who is told of an alert that nobody acks, in which order, and how long each gets (product.md 5).

A policy's steps are gone through from the first to the last, `repeat` more times. The wait of a step comes before it. It
ends with anything that makes the alert other than open, and begins anew when the alert is open again.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.alert import MINUTE, Alert, State
from bot.domain.schedule import Cover, Schedule, on_call, successors


class Kind(enum.StrEnum):
    """Whom a step tells."""

    ROOM = "room"
    PERSON = "person"
    ON_CALL = "on-call"
    NEXT = "next"
    CHANNEL = "channel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One whom a step tells: the room, a person (mention name), who is on call of a schedule, the next one there, or a channel."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        match self.kind:
            case Kind.ROOM:
                return "room"
            case Kind.PERSON:
                return f"@{self.name}"
            case _:
                return f"{self.kind.value} {self.name}"


ROOM = Target(kind=Kind.ROOM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """After `wait` milliseconds: the room is told, with a mention of people; `private` messages them as well."""

    wait: int
    tell: tuple[Target, ...] = (ROOM,)
    private: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Steps, gone through once and `repeat` more times.

    `channel` hears of critical alerts instead of a room that was not reached for `channel_after` milliseconds.
    """

    name: str
    steps: tuple[Step, ...]
    repeat: int = 0
    channel: str = ""
    channel_after: int = 10 * MINUTE

    @property
    def length(self) -> int:
        """How many steps there are in all."""
        return len(self.steps) * (self.repeat + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A step and when it is due (epoch ms). `position` counts all steps, those of repetitions too, from 0."""

    position: int
    step: Step
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """Whom a step reaches now: mention names, the schedules that have nobody, and channels by name."""

    people: tuple[str, ...]
    nobody: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def next_step(policy: Policy, alert: Alert, position: int, now: int) -> Due | None:
    """Return the step at a position, its wait counted from `now`; None when there is none or nobody has to be told."""
    if alert.state is not State.OPEN or not 0 <= position < policy.length:
        return None
    step = policy.steps[position % len(policy.steps)]
    return Due(position=position, step=step, at=now + step.wait)


def called(
    policy: Policy, position: int, schedules: Mapping[str, Schedule], covers: Sequence[Cover], now: int
) -> Called:
    """Return whom the step at a position reaches. Each `next` goes one further than the one before, repetitions too."""
    people: list[str] = []
    nobody: list[str] = []
    channels: list[str] = []
    for target in policy.steps[position % len(policy.steps)].tell:
        if target.kind is Kind.PERSON:
            people.append(target.name)
        elif target.kind is Kind.CHANNEL:
            channels.append(target.name)
        elif target.kind is not Kind.ROOM:
            schedule = schedules.get(target.name)
            found = schedule and _of_schedule(target, schedule, covers, now, _times_next(policy, position, target))
            (people if found else nobody).append(found or target.name)
    return Called(
        people=tuple(dict.fromkeys(people)),
        nobody=tuple(dict.fromkeys(nobody)),
        channels=tuple(dict.fromkeys(channels)),
    )


def _of_schedule(target: Target, schedule: Schedule, covers: Sequence[Cover], now: int, further: int) -> str | None:
    present = on_call(schedule, covers, now)
    if target.kind is Kind.ON_CALL:
        return present
    after = successors(schedule, covers, now)
    return after[further % len(after)] if after else present


def _times_next(policy: Policy, position: int, target: Target) -> int:
    """Return how many steps before this one told the next person of the same schedule."""
    return sum(target in policy.steps[before % len(policy.steps)].tell for before in range(position))
