"""Calling: an alert that nobody acks is brought to the people of its route's policy, step by step.

Alerts of one pass that call the same people in the same room share a message: a storm rings once, not a hundred times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import escalation
from bot.domain.alert import MINUTE, Alert, State
from bot.domain.channel import Parcel, content
from bot.domain.escalation import Called
from bot.domain.notice import Lane, News
from bot.domain.reply import named, ranges
from bot.domain.silence import covering
from bot.domain.tenant import voice_of
from bot.domain.times import lasting
from bot.domain.words import shown
from bot.storage import outbox, parcels, plans, silences, speakers, timers, whispers
from bot.storage.plans import Running
from bot.storage.timers import Timer
from bot.storage.whispers import Whisper
from bot.usecases.due import Due

ONE = "#{number} {severity}, not acked for {lasted}: {summary}"
MANY = "{many} alerts are not acked, the first for {lasted}: {numbers}"
NOBODY = " (nobody is on call for {schedules})"
LAST = " Nobody else is called after this."
CHANNELS = " Channels told too: {channels}."
HOW = " /alert ack {numbers}"
SUMMARY_LONGEST = 300
ESCALATED = "escalated"
LOOK_AGAIN = 5 * MINUTE
"""The longest that an escalation waits for a silence before it looks whether that was ended by hand."""


async def step(due: Due, timer: Timer) -> None:
    """Take the next step of an alert's escalation, and set the timer of the one after it."""
    alert = await due.alert(timer.number)
    running = (await plans.escalations(due.tx, due.tenant, [timer.number])).get(timer.number)
    plan = await due.plan()
    policy = plan.policies.get(running.policy) if running else None
    if alert is None or running is None or policy is None or alert.state is not State.OPEN or alert.room is None:
        await plans.drop_escalation(due.tx, due.tenant, timer.number)
        return
    if running.position >= policy.length:
        # The policy has become shorter meanwhile.
        await plans.drop_escalation(due.tx, due.tenant, timer.number)
        return
    hidden = covering(await silences.live(due.tx, due.tenant), alert, alert.room, due.now)
    if hidden:
        due.again(timer, min(max(hidden[0].ends_at, due.now + MINUTE), due.now + LOOK_AGAIN))
        return
    if alert.silenced_by is not None:
        # The room hears first what its silence kept from it.
        due.again(timer, due.now + MINUTE)
        return
    covers = await plans.covers(due.tx, due.tenant, due.now)
    called = escalation.called(policy, running.position, plan.schedules, covers, due.now)
    after = escalation.next_step(policy, alert, running.position + 1, due.now)
    private = policy.steps[running.position % len(policy.steps)].private
    due.tell_together(_Call(room=alert.room, called=called, private=private, last=after is None), alert.number)
    if after is None:
        await plans.drop_escalation(due.tx, due.tenant, timer.number)
    else:
        await plans.escalate(
            due.tx, due.tenant, [Running(number=alert.number, policy=policy.name, position=after.position)]
        )
        due.arm(timers.ESCALATE, alert.number, after.at)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    """What steps have in common that one message tells: the room, whom they call, and whether anybody comes after."""

    room: int
    called: Called
    private: bool
    last: bool

    async def post(self, due: Due, found: Sequence[Alert]) -> outbox.Post | None:
        """Write the message about those that are still open, and the private ones."""
        still = [alert for alert in found if alert.state is State.OPEN]
        if not still:
            return None
        text = words(still, now=due.now)
        worst = max(still, key=lambda alert: alert.severity)
        number = still[0].number if len(still) == 1 else None
        if self.private and voice_of(self.room, await speakers.hooks(due.tx, due.tenant)) is not None:
            whispered = [
                Whisper(tenant=due.tenant, room=self.room, person=name, text=text, at=due.now, number=number)
                for name in self.called.people
            ]
            await whispers.add(due.tx, whispered)
        await parcels.add(
            due.tx,
            [
                Parcel(
                    tenant=due.tenant,
                    channel=name,
                    number=alert.number,
                    action=ESCALATED,
                    at=due.now,
                    content=content(alert, None, words([alert], now=due.now)),
                )
                for name in self.called.channels
                for alert in still
            ],
        )
        channels = CHANNELS.format(channels=", ".join(self.called.channels)) if self.called.channels else ""
        nobody = NOBODY.format(schedules=", ".join(self.called.nobody)) if self.called.nobody else ""
        how = HOW.format(numbers=ranges(alert.number for alert in still)) if len(still) == 1 else ""
        return outbox.Post(
            tenant=due.tenant,
            room=self.room,
            news=News.ESCALATED,
            lane=Lane.CRITICAL,
            at=due.now,
            number=number,
            detail={
                "why": text + nobody + "." + channels + (LAST if self.last else "") + how,
                "rings": " ".join(self.called.people),
                "state": worst.state.value,
                "severity": worst.severity.word,
            },
        )


def words(found: Sequence[Alert], *, now: int) -> str:
    """Say which alerts nobody has acked, and for how long."""
    since = min(alert.state_at for alert in found)
    lasted = lasting(max(0, now - since))
    if len(found) > 1:
        return MANY.format(many=len(found), lasted=lasted, numbers=named(alert.number for alert in found))
    alert = found[0]
    summary = shown(alert.summary, SUMMARY_LONGEST)
    return ONE.format(number=alert.number, severity=alert.severity.word, lasted=lasted, summary=summary)
