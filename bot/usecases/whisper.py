"""Whisper: private messages go out through a pasted user token (hipchat-api.md 14: they are sent by people).

A person who cannot be messaged is named in the room instead. A message that may have arrived is not sent again after a
minute's lease without a word of it: its repeat is possible and rare, as in rooms.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

from bot.domain.notice import Lane, News
from bot.domain.retry import retry_at
from bot.domain.tenant import Speaker, voice_of
from bot.ports import Dead, Later, Never, Receipt
from bot.storage import outbox, speakers, whispers
from bot.storage.engine import Storage
from bot.storage.whispers import Whisper
from bot.usecases.noting import insisted

LEASE = 60_000
PAGE = 20
PATIENCE = 15 * 60_000
"""Milliseconds after which a message that could not be sent is said in the room: a page is of use at once or not at all."""
CANNOT = "{person} could not be messaged privately: {reason}"
MUTE = "no user's token is left"

log = structlog.get_logger()


class Whisperer(Protocol):
    """Whoever carries private messages."""

    async def whisper(self, speaker: Speaker, person: str, text: str) -> Receipt:
        """Send a private message to a mention name. Raises Later, Never, or Dead."""
        ...


async def send_due(
    storage: Storage, whisperer: Whisperer, clock: Callable[[], int], *, jitter: Callable[[], float] = lambda: 0.5
) -> int:
    """Send the private messages that are due; return how many were tried."""
    now = clock()
    async with storage.read() as tx:
        first = await whispers.next_due(tx)
    if first is None or first > now:
        return 0
    async with storage.begin() as tx:
        claimed = await whispers.claim(tx, now=now, until=now + LEASE, limit=PAGE)
    for each in claimed:
        await _send(storage, whisperer, each, clock, jitter)
    return len(claimed)


async def _send(
    storage: Storage, whisperer: Whisperer, each: Whisper, clock: Callable[[], int], jitter: Callable[[], float]
) -> None:
    async with storage.read() as tx:
        speaker = voice_of(each.room, await speakers.hooks(tx, each.tenant))
    if speaker is None:
        await _cannot(storage, each, MUTE, clock())
        return
    try:
        receipt = await whisperer.whisper(speaker, each.person, each.text)
    except (Later, Dead) as trouble:
        now = clock()
        reason = trouble.reason if isinstance(trouble, Later) else str(trouble)
        if now - each.at >= PATIENCE:
            await _cannot(storage, each, reason, now)
            return
        asked = trouble.retry_at if isinstance(trouble, Later) else None
        async with storage.begin() as tx:
            await whispers.later(tx, each.id, asked or retry_at(each.attempts, now, jitter()), reason)
        log.warning("whisper_postponed", tenant=each.tenant, reason=reason)
    except Never as never:
        await _cannot(storage, each, never.reason, clock())
    else:
        result = f"sent ({receipt.status})"
        await insisted(lambda: storage.write(lambda tx: whispers.done(tx, each.id, clock(), result)))


async def _cannot(storage: Storage, each: Whisper, reason: str, now: int) -> None:
    """Give a private message up, and say so in the room."""
    async with storage.begin() as tx:
        await whispers.done(tx, each.id, now, f"not sent: {reason}")
        post = outbox.Post(
            tenant=each.tenant,
            room=each.room,
            news=News.UNREACHED,
            lane=Lane.CRITICAL,
            at=now,
            number=each.number,
            detail={"why": CANNOT.format(person=each.person, reason=reason)},
        )
        await outbox.add(tx, [post])
    log.warning("whisper_refused", tenant=each.tenant, reason=reason)
