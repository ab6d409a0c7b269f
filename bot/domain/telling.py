"""Telling: what became of each piece of news about an alert: where it went, when, and with what result."""

from dataclasses import dataclass

from bot.domain.times import clock, lasting

WAITING = "waiting since {at}"
TRIED = ", tried {attempts}"
ONCE = "once"
TIMES = "{} times"
NEXT = ", next try {at}"
LAST = ": {reason}"
SENDING = "being sent"
DONE = "{result} {at}"
AFTER = " (after {lasted})"
CHANNEL = " in the channel {channel}"
INTO = " in the room {room}"
HANDED_OVER = " in the room {room}, handed over from {home}"
DIGEST = "sent in a digest"
SLOW = 5_000
"""Milliseconds from which on it is said how long a message took to get there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """One piece of news on its way to a room or a channel, or there.

    `result` is the outbox's word of it, `trouble` and `retry_at` (epoch ms, 0: at once) what holds its room up.
    """

    news: str
    at: int
    room: str
    home: str
    attempts: int
    result: str
    done_at: int | None
    trouble: str = ""
    retry_at: int = 0
    sending: bool = False
    channel: str = ""


def told(telling: Telling, *, now: int, zone_name: str) -> str:
    """Write what became of it: `sent (204) 14:02 CET in the room Ops`, `waiting since 14:02 CET, tried 3 times: ...`."""
    place = INTO.format(room=telling.room)
    if telling.channel:
        place = CHANNEL.format(channel=telling.channel)
    elif telling.room != telling.home:
        place = HANDED_OVER.format(room=telling.room, home=telling.home)
    if telling.done_at is not None:
        took = telling.done_at - telling.at
        after = AFTER.format(lasted=lasting(took)) if took >= SLOW else ""
        return DONE.format(result=telling.result, at=clock(telling.done_at, zone_name, now=now)) + after + place
    if telling.sending:
        return SENDING + place
    text = WAITING.format(at=clock(telling.at, zone_name, now=now))
    if telling.attempts:
        text += TRIED.format(attempts=ONCE if telling.attempts == 1 else TIMES.format(telling.attempts))
    if telling.retry_at > now:
        text += NEXT.format(at=clock(telling.retry_at, zone_name, now=now))
    reason = telling.result or telling.trouble
    return text + (LAST.format(reason=reason) if reason else "") + place
