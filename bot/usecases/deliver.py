"""Deliver: what waits in the outbox goes to its rooms, within their budgets, in order, until Hipchat has taken it.

A room is leased by one worker at a time. Before a message goes out its rows are marked as being sent; a row found so
marked after its lease ran out may have arrived, and is sent again, marked as a repeat.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bot.domain.retry import retry_at
from bot.domain.tenant import Installation, Room, Speaker
from bot.ports import Dead, Later, Never
from bot.storage import outbox, speakers, tenants
from bot.storage.engine import Storage, StorageError, Tx, uninterrupted
from bot.usecases.noting import insisted
from bot.usecases.round import MINUTE, Medium, Packet, Round, look, packets_of

LEASE = 60_000
HOUR = 60 * MINUTE
ROOMS = 32
"""How many rooms one pass serves side by side."""
MUTE = "nobody speaks for the bot in this room: install it there, or add a token hook"
GONE = "the room is gone"
GRACE = 2.0
"""Seconds that a stop of the process waits for the message on its way."""
STOPPED = "the bot was stopped in the middle"
FAULT = "a fault of the bot's own: its log tells more"
TURN = 5_000
"""Milliseconds after which a room gives way to others, whatever it has left to tell: a slow Hipchat must not hold up all."""
ABOUT_THE_MESSAGE = frozenset({400, 413, 422})
"""Refusals that may be about the message; every other one is about us or the room."""
TOKEN_REFUSALS = 3
TOKEN_REFUSED_FOR = 3 * MINUTE
"""So many refusals of the token URL, over so long, suspend an installation: a Hipchat that restarts may refuse some."""
REFUSALS = 50
"""After so many attempts in a row (about four hours) a message that is refused in every form makes way for the next."""
LOOK_AFTER = 3
"""After so many refusals in a row (403, 404) Hipchat is asked whether the room is gone."""

log = structlog.get_logger()


class _Unsure(Exception):
    """The process stops while nobody knows whether a message arrived: as after a crash, the lease runs out."""


@dataclass(kw_only=True, slots=True)
class _Turn:
    """How far the serving of a room has come: the packets still to be sent, and whether a digest has begun."""

    lease: outbox.Lease
    packets: Sequence[Packet] = ()
    in_digest: bool = False


async def send_due(
    storage: Storage,
    medium: Medium,
    clock: Callable[[], int],
    *,
    told: Callable[[str], None] = lambda _result: None,
    jitter: Callable[[], float] = lambda: 0.5,
) -> int:
    """Serve every room that has something waiting and may be tried now; return how many rooms were served."""
    now = clock()
    due = await storage.look(lambda tx: outbox.next_due(tx, now))
    if due is None or due > now:
        return 0
    leases = await storage.write(lambda tx: outbox.claim(tx, now=now, until=now + LEASE, limit=ROOMS))
    errand = _Errand(storage=storage, medium=medium, clock=clock, told=told, jitter=jitter)
    async with asyncio.TaskGroup() as group:
        for lease in leases:
            group.create_task(errand.serve(lease))
    return len(leases)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Errand:
    """What serving rooms takes."""

    storage: Storage
    medium: Medium
    clock: Callable[[], int]
    told: Callable[[str], None]
    jitter: Callable[[], float]

    async def serve(self, lease: outbox.Lease) -> None:
        """Send what a leased room may take now, and give the room back. What goes wrong here is this room's trouble alone."""
        turn = _Turn(lease=lease)
        try:
            await self._serve(turn)
        except StorageError as error:
            # The lease runs out by itself; what was on its way then is sent again and marked.
            log.warning("delivery_not_noted", room=lease.room, reason=str(error))
        except _Unsure:
            raise asyncio.CancelledError from None
        except asyncio.CancelledError:
            await uninterrupted(self._give_back(turn, STOPPED))
            raise
        except Exception:
            log.exception("delivery_failed", room=lease.room)
            await self._give_back(turn, FAULT)

    async def _serve(self, turn: _Turn) -> None:
        now = self.clock()
        found = await self.storage.look(lambda tx: look(tx, turn.lease, now))
        if found.speaker is None or found.room.gone_at is not None:
            await self._hand_over(turn.lease, found, GONE if found.room.gone_at is not None else MUTE)
            return
        now = self.clock()
        packets, next_at = packets_of(self.medium, found, found.speaker, now)
        if packets:
            begun = [notice.id for packet in packets for notice in packet.tells]
            await self.storage.write(lambda tx: outbox.begun(tx, begun))
        turn.packets = packets
        while turn.packets and (turn.in_digest or self.clock() - now < TURN):
            try:
                held = await self._to_its_end(self._send(turn, found.speaker, found.room))
            except (Later, Dead) as trouble:
                await self._postpone(turn, found, trouble)
                return
            if not held:
                log.warning("room_taken_over", room=turn.lease.room)
                return

        async def give_back(tx: Tx) -> None:
            await outbox.failed(tx, _surely_unsent(turn, first_too=True), "")
            await outbox.release(tx, turn.lease, retry_at=0 if turn.packets else next_at, failures=0, trouble="")

        await self.storage.write(give_back)

    async def _to_its_end(self, sending: Coroutine[Any, Any, bool]) -> bool:
        """Send and note, also when the process stops meanwhile, if that does not take long: it would be sent twice."""
        task = asyncio.ensure_future(sending)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task}, timeout=GRACE)
            if task.done() and not task.cancelled() and task.exception() is None:
                raise
            task.cancel()
            await asyncio.wait({task})
            raise _Unsure from None

    async def _give_back(self, turn: _Turn, trouble: str) -> None:
        """Give a room back in the middle: at once when the process stops, later after a fault of ours."""
        now = self.clock()
        failures = turn.lease.failures + (trouble == FAULT)
        again_at = retry_at(failures, now, self.jitter()) if trouble == FAULT else 0
        with contextlib.suppress(StorageError):
            async with self.storage.begin() as tx:
                await outbox.failed(tx, _surely_unsent(turn, first_too=trouble == STOPPED), "")
                await outbox.release(tx, turn.lease, retry_at=again_at, failures=failures, trouble=trouble)

    async def _send(self, turn: _Turn, speaker: Speaker, room: Room) -> bool:
        """Send the next packet and note that; say whether the room is still ours."""
        packet = turn.packets[0]
        try:
            receipt = await self.medium.send(packet.message, speaker, room.hipchat_id)
            result = f"sent ({receipt.status})"
        except Never as never:
            result = await self._send_plain(turn, speaker, room, never)
        now = self.clock()

        async def note(tx: Tx) -> outbox.Lease | None:
            await outbox.done(tx, [notice.id for notice in packet.tells], now, result)
            await outbox.add_sent(tx, room.id, now, answer=packet.answer)
            if turn.lease.failures:
                # Hipchat is back: other rooms need not wait until their next attempt is due.
                await outbox.wake(tx, room.tenant, now)
                if isinstance(speaker, Installation):
                    await speakers.accepted(tx, speaker.oauth_id)
            return await outbox.extend(tx, turn.lease, now + LEASE)

        held = await insisted(lambda: self.storage.write(note))
        self.told(result.split(" ", 1)[0])
        turn.packets = turn.packets[1:]
        turn.in_digest = not packet.tells
        turn.lease = held or turn.lease
        return held is not None

    async def _send_plain(self, turn: _Turn, speaker: Speaker, room: Room, never: Never) -> str:
        """Try ever simpler forms of a message that Hipchat refused: an alert in plain words beats a lost card.

        What is refused in every form waits, since nothing is dropped; only after very many attempts it makes way.
        """
        packet = turn.packets[0]
        first = never
        plain = self.medium.plain(packet.message) if never.status in ABOUT_THE_MESSAGE else None
        while plain is not None:
            try:
                receipt = await self.medium.send(plain, speaker, room.hipchat_id)
            except Never as again:
                never = again
                plain = self.medium.plain(plain) if never.status in ABOUT_THE_MESSAGE else None
            else:
                return f"sent plain ({receipt.status}) after {first.reason}"
        if never.status not in ABOUT_THE_MESSAGE or turn.lease.failures < REFUSALS:
            # The room or Hipchat refuses us, not this message: it waits until somebody mends that.
            raise Later(never.reason, status=never.status) from None
        numbers = [notice.number for notice in packet.tells]
        log.error("message_refused", room=room.id, alerts=numbers, reason=never.reason)
        return f"refused: {never.reason}"

    async def _postpone(self, turn: _Turn, found: Round, trouble: Later | Dead) -> None:
        """Give the room back until later. What may have arrived stays marked as being sent, so that its repeat says so."""
        lease = turn.lease
        now = self.clock()
        reason = trouble.reason if isinstance(trouble, Later) else str(trouble)
        maybe = isinstance(trouble, Later) and trouble.maybe_taken
        gone = (
            isinstance(trouble, Later)
            and trouble.status in {403, 404}
            and lease.failures >= LOOK_AFTER
            and found.speaker is not None
            and await self.medium.is_gone(found.speaker, found.room.hipchat_id)
        )
        async with self.storage.begin() as tx:
            await outbox.failed(tx, _surely_unsent(turn, first_too=not maybe), reason)
            if isinstance(trouble, Dead) and await _suspended(tx, found.speaker, now):
                again_at = now
            elif gone:
                await tenants.room_gone(tx, found.tenant.id, found.room.hipchat_id, now)
                again_at = now
            elif isinstance(trouble, Later) and trouble.retry_at is not None:
                again_at = trouble.retry_at
            else:
                again_at = retry_at(lease.failures + 1, now, self.jitter())
            await outbox.release(tx, lease, retry_at=again_at, failures=lease.failures + 1, trouble=reason)
        self.told("later")
        log.warning("delivery_postponed", room=lease.room, reason=reason, again_in_ms=again_at - now)

    async def _hand_over(self, lease: outbox.Lease, found: Round, why: str) -> None:
        """Give a room's news to the tenant's fallback room; without one it waits where it is."""
        now = self.clock()
        moved = 0
        async with self.storage.begin() as tx:
            if found.fallback is not None:
                moved = await outbox.move(tx, found.room.id, found.fallback.id)
                # A greeting, or the answer to somebody who stands in that room, is of no use in another.
                await outbox.leave(tx, found.room.id, now, f"not told: {why}")
            again_at = 0 if found.fallback is not None else now + MINUTE
            await outbox.release(tx, lease, retry_at=again_at, failures=0, trouble=why)
        log.warning("room_unreachable", room=found.room.id, reason=why, moved=moved)


async def _suspended(tx: Tx, speaker: Speaker | None, now: int) -> bool:
    """Suspend an installation that the token URL refused often enough; say whether it did."""
    if not isinstance(speaker, Installation):
        return False
    many, since = await speakers.refused(tx, speaker.oauth_id, now)
    if many < TOKEN_REFUSALS or now - since < TOKEN_REFUSED_FOR:
        return False
    await speakers.suspend(tx, speaker.oauth_id, now=now, next_try_at=now + HOUR)
    return True


def _surely_unsent(turn: _Turn, *, first_too: bool) -> list[int]:
    """Return the notices that no attempt of this turn, and none before it, can have brought into the room.

    `first_too` says that the next packet was not sent. A digest of which a page has gone out has begun to be told.
    """
    left = turn.packets if first_too else turn.packets[1:]
    begun: set[int] = set()
    if turn.in_digest or not first_too:
        whole = next((packet for packet in turn.packets if packet.tells), None)
        # The pages of a digest come last, and the last one carries its notices.
        if whole is not None and (turn.in_digest or not turn.packets[0].tells):
            begun = {notice.id for notice in whole.tells}
    return [notice.id for packet in left for notice in packet.tells if not notice.again and notice.id not in begun]
