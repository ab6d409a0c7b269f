"""Noise report: once a week each room is told what was loud and nobody took up, with commands that make it quieter."""

from bot.domain import noise, spans
from bot.domain.notice import Lane, News
from bot.storage import outbox, tenants, timers
from bot.storage.engine import Storage
from bot.storage.timers import Timer
from bot.usecases.due import Due
from bot.usecases.remembering import added_up

ZONE = "UTC"
WHOLE_TENANT = 0
"""The number of a timer that is about no alert."""


async def arm(storage: Storage, now: int) -> None:
    """Set the timer of each tenant that has none."""
    due_at = noise.next_report(now, ZONE)
    await storage.write(lambda tx: timers.arm_tenants(tx, timers.NOISE, WHOLE_TENANT, due_at))


async def tell(due: Due, timer: Timer) -> None:
    """Tell every room of a tenant its week's noise, where there was any, and set the timer of the next week."""
    if not due.rules.noise_report:
        return
    for room in await tenants.rooms(due.tx, due.tenant):
        if room.gone_at is not None:
            continue
        counted, _ = await added_up(due.tx, due.tenant, room.id, due.now - 7 * spans.DAY)
        text = noise.report(counted)
        if text:
            post = outbox.Post(
                tenant=due.tenant, room=room.id, news=News.NOISE, lane=Lane.NEWS, at=due.now, detail={"why": text}
            )
            due.ledger.posts.append(post)
    due.again(timer, noise.next_report(due.now, ZONE))
