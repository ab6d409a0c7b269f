"""Deliver: what waits in the outbox goes to its rooms, within their budgets, in order, until Hipchat has taken it.

A room is leased by one worker at a time. Before a message goes out its rows are marked as being sent; a row found so
marked after its lease ran out may have arrived, and is sent again, marked as a repeat.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from bot.domain.alert import Alert
from bot.domain.notice import FOLD_RESERVE, Lane, Notice, bundle
from bot.domain.retry import retry_at
from bot.domain.tenant import Installation, Room, Speaker, Tenant, speaker_of
from bot.ports import Dead, Later, Never, Receipt
from bot.storage import alerts, outbox, speakers, tenants
from bot.storage.engine import Storage, Tx

LEASE = 60_000
MINUTE = 60_000
HOUR = 60 * MINUTE
PAGE = 1000
"""How many notices one look at a room takes."""
ROOMS = 8
"""How many rooms one pass serves side by side."""
FOLD_PAUSE = 5_000
"""Milliseconds between the room's last message and a digest, so that a storm gathers."""
MUTE = "nobody speaks for the bot in this room: install it there, or add a token hook"
GONE = "the room is gone"

log = structlog.get_logger()

Message = Mapping[str, Any]


class Medium(Protocol):
    """Whoever carries messages into rooms, and knows how they look and how many go."""

    def single(self, notice: Notice, alert: Alert | None) -> Message:
        """Return the message of one notice."""
        ...

    def digest(self, notices: Sequence[Notice], about: Mapping[int, Alert], most: int) -> list[Message]:
        """Return the messages, at most `most`, that stand for many notices."""
        ...

    def plain(self, message: Message) -> Message | None:
        """Return a simpler form of a message that was refused, or None when there is none."""
        ...

    def news_allowed(self, speaker: Speaker, room: int, sent: tuple[list[int], list[int]], now: int) -> int:
        """Return how many messages of news the room takes now; `sent` are the times of news and of answers."""
        ...

    def answer_fits(self, speaker: Speaker, room: int, sent: tuple[list[int], list[int]], now: int) -> bool:
        """Say whether the room takes one more answer now."""
        ...

    def next_slot(self, speaker: Speaker, room: int, sent: tuple[list[int], list[int]], now: int) -> int:
        """Return when the room takes a message of news again (epoch ms)."""
        ...

    async def send(self, message: Message, speaker: Speaker, room: int) -> Receipt:
        """Send into a room, by Hipchat's id. Raises Later, Never, or Dead."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Round:
    """What one look at a room found."""

    tenant: Tenant
    room: Room
    speaker: Speaker | None
    fallback: Room | None
    waiting: Sequence[Notice]
    about: Mapping[int, Alert]
    sent: tuple[list[int], list[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Packet:
    """One message and the notices it tells."""

    message: Message
    tells: tuple[Notice, ...]
    answer: bool = False


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
    async with storage.read() as tx:
        due = await outbox.next_due(tx)
    if due is None or due > now:
        return 0
    async with storage.begin() as tx:
        leases = await outbox.claim(tx, now=now, until=now + LEASE, limit=ROOMS)
    errand = _Errand(storage=storage, medium=medium, clock=clock, told=told, jitter=jitter)
    async with asyncio.TaskGroup() as group:
        for lease in leases:
            group.create_task(errand.serve(lease))
    return len(leases)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Errand:
    storage: Storage
    medium: Medium
    clock: Callable[[], int]
    told: Callable[[str], None]
    jitter: Callable[[], float]

    async def serve(self, lease: outbox.Lease) -> None:
        """Send what a leased room may take now, and give the room back."""
        async with self.storage.read() as tx:
            found = await _look(tx, lease, self.clock())
        if found.speaker is None or found.room.gone_at is not None:
            await self._hand_over(found, GONE if found.room.gone_at is not None else MUTE)
            return
        now = self.clock()
        packets, next_at = _packets(self.medium, found, found.speaker, now)
        if packets:
            async with self.storage.begin() as tx:
                await outbox.begun(tx, [notice.id for packet in packets for notice in packet.tells])
        for position, packet in enumerate(packets):
            try:
                await self._send(packet, found.speaker, found.room)
            except (Later, Dead) as trouble:
                await self._postpone(lease, found, packets[position:], trouble)
                return
        async with self.storage.begin() as tx:
            await outbox.release(tx, lease.room, retry_at=next_at, failures=0, trouble="")

    async def _send(self, packet: Packet, speaker: Speaker, room: Room) -> None:
        result = "sent"
        try:
            receipt = await self.medium.send(packet.message, speaker, room.hipchat_id)
            result = f"sent ({receipt.status})"
        except Never as never:
            if never.status in {401, 403, 404}:
                # The room refuses us, not this message: it waits until somebody mends that.
                raise Later(never.reason, status=never.status) from None
            result = await self._send_plain(packet, speaker, room, never)
        now = self.clock()
        async with self.storage.begin() as tx:
            await outbox.done(tx, [notice.id for notice in packet.tells], now, result)
            await outbox.add_sent(tx, room.id, now, answer=packet.answer)
            await outbox.extend(tx, room.id, now + LEASE)
        self.told(result.split(" ", 1)[0])

    async def _send_plain(self, packet: Packet, speaker: Speaker, room: Room, never: Never) -> str:
        """Try the simplest form of a message that Hipchat refused: an alert in plain words beats a lost card."""
        plain = self.medium.plain(packet.message)
        if plain is not None:
            try:
                receipt = await self.medium.send(plain, speaker, room.hipchat_id)
            except Never as again:
                never = again
            else:
                return f"sent plain ({receipt.status}) after {never.reason}"
        numbers = [notice.number for notice in packet.tells]
        log.error("message_refused", room=room.id, alerts=numbers, reason=never.reason)
        return f"refused: {never.reason}"

    async def _postpone(
        self, lease: outbox.Lease, found: _Round, unsent: Sequence[Packet], trouble: Later | Dead
    ) -> None:
        """Give the room back until later. What may have arrived stays marked as being sent, so that its repeat says so."""
        now = self.clock()
        reason = trouble.reason if isinstance(trouble, Later) else str(trouble)
        maybe = isinstance(trouble, Later) and trouble.maybe_taken
        surely = [
            notice.id
            for position, each in enumerate(unsent)
            for notice in each.tells
            if not notice.again and not (maybe and position == 0)
        ]
        async with self.storage.begin() as tx:
            await outbox.failed(tx, surely, reason)
            if isinstance(trouble, Dead) and isinstance(found.speaker, Installation):
                await speakers.suspend(tx, found.speaker.oauth_id, now=now, next_try_at=now + HOUR)
                again_at = now
            elif isinstance(trouble, Later) and trouble.retry_at is not None:
                again_at = trouble.retry_at
            else:
                again_at = retry_at(lease.failures + 1, now, self.jitter())
            await outbox.release(tx, lease.room, retry_at=again_at, failures=lease.failures + 1, trouble=reason)
        self.told("later")
        log.warning("delivery_postponed", room=lease.room, reason=reason, again_in_ms=again_at - now)

    async def _hand_over(self, found: _Round, why: str) -> None:
        """Give a room's news to the tenant's fallback room; without one it waits where it is."""
        now = self.clock()
        async with self.storage.begin() as tx:
            moved = await outbox.move(tx, found.room.id, found.fallback.id) if found.fallback else 0
            await outbox.release(tx, found.room.id, retry_at=0 if moved else now + MINUTE, failures=0, trouble=why)
        log.warning("room_unreachable", room=found.room.id, reason=why, moved=moved)


async def _look(tx: Tx, lease: outbox.Lease, now: int) -> _Round:
    tenant = await tenants.tenant(tx, lease.tenant)
    room = await tenants.room(tx, lease.room)
    assert tenant is not None
    assert room is not None
    installed, hooked = await speakers.installations(tx, tenant.id), await speakers.hooks(tx, tenant.id)
    waiting = await outbox.waiting(tx, room.id, PAGE)
    numbers = sorted({notice.number for notice in waiting if notice.number is not None})
    about = await alerts.by_numbers(tx, tenant.id, numbers)
    fallback = None
    if tenant.fallback_room not in {None, room.id}:
        assert tenant.fallback_room is not None
        other = await tenants.room(tx, tenant.fallback_room)
        if other and other.gone_at is None and speaker_of(other.id, installed, hooked):
            fallback = other
    return _Round(
        tenant=tenant,
        room=room,
        speaker=speaker_of(room.id, installed, hooked),
        fallback=fallback,
        waiting=await _marked(tx, room, waiting, about),
        about=about,
        sent=await outbox.sent_since(tx, room.id, now - MINUTE),
    )


async def _marked(tx: Tx, room: Room, waiting: Sequence[Notice], about: Mapping[int, Alert]) -> list[Notice]:
    """Name the room in the detail of notices that were handed over from another one."""
    belongs = {number: alert.room for number, alert in about.items() if alert.room not in {None, room.id}}
    others = {each: await tenants.room(tx, each) for each in set(belongs.values()) if each is not None}
    names = {each: other.name for each, other in others.items() if other is not None}
    marked = []
    for notice in waiting:
        name = names.get(belongs.get(notice.number or 0) or 0)
        marked.append(replace(notice, detail={**notice.detail, "room": name}) if name else notice)
    return marked


def _packets(medium: Medium, found: _Round, speaker: Speaker, now: int) -> tuple[list[Packet], int]:
    """Decide what goes out now, and when to look at the room again (0: as soon as there is more)."""
    packets: list[Packet] = []
    news_sent, answers_sent = list(found.sent[0]), list(found.sent[1])
    room = found.room.hipchat_id
    left = 0
    for notice in (notice for notice in found.waiting if notice.lane is Lane.COMMAND):
        if medium.answer_fits(speaker, room, (news_sent, answers_sent), now):
            packets.append(_single(medium, notice, found.about))
            answers_sent.append(now)
        else:
            left += 1
    news = [notice for notice in found.waiting if notice.lane is not Lane.COMMAND]
    allowed = medium.news_allowed(speaker, room, (news_sent, answers_sent), now)
    chosen = bundle(news, allowed)
    packets += [_single(medium, notice, found.about) for notice in chosen.single]
    gathered_at = max(news_sent, default=0) + FOLD_PAUSE
    if chosen.folded and now >= gathered_at:
        most = min(FOLD_RESERVE, allowed - len(chosen.single))
        messages = medium.digest(chosen.folded, found.about, most)
        # The first message stands for all of them in the books: they are one digest.
        packets += [Packet(message=message, tells=()) for message in messages[:-1]]
        packets.append(Packet(message=messages[-1], tells=chosen.folded))
    elif chosen.folded or len(news) > len(chosen.single) or left:
        slot = medium.next_slot(speaker, room, (news_sent, answers_sent), now)
        return packets, max(slot, min(gathered_at, now + FOLD_PAUSE))
    return packets, 0


def _single(medium: Medium, notice: Notice, about: Mapping[int, Alert]) -> Packet:
    alert = about.get(notice.number) if notice.number is not None else None
    return Packet(message=medium.single(notice, alert), tells=(notice,), answer=notice.lane is Lane.COMMAND)
