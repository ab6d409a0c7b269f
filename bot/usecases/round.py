"""Round: one look at a room that has something waiting, and what of it goes out now, in which messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.domain.alert import Alert
from bot.domain.notice import FOLD_RESERVE, Lane, Notice, bundle
from bot.domain.tenant import Room, Speaker, Tenant, speaker_of
from bot.ports import Receipt
from bot.storage import alerts, outbox, speakers, tenants
from bot.storage.engine import Tx

MINUTE = 60_000
PAGE = 1000
"""How many notices one look at a room takes."""
FOLD_PAUSE = 5_000
"""Milliseconds between the room's last message and a digest, so that a storm gathers."""

Message = Mapping[str, Any]


class Medium(Protocol):
    """Whoever carries messages into rooms, and knows how they look and how many go."""

    def single(self, notice: Notice, alert: Alert | None, zone_name: str) -> Message:
        """Return the message of one notice, for a room in a time zone."""
        ...

    def digest(self, notices: Sequence[Notice], about: Mapping[int, Alert], most: int, zone_name: str) -> list[Message]:
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

    def next_answer_slot(self, speaker: Speaker, room: int, sent: tuple[list[int], list[int]], now: int) -> int:
        """Return when the room takes one more answer (epoch ms)."""
        ...

    async def is_gone(self, speaker: Speaker, room: int) -> bool:
        """Ask whether a room that refuses us is archived or is no more; False when nobody says so."""
        ...

    async def send(self, message: Message, speaker: Speaker, room: int) -> Receipt:
        """Send into a room, by Hipchat's id. Raises Later, Never, or Dead."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
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


async def look(tx: Tx, lease: outbox.Lease, now: int) -> Round:
    """Find out all that the serving of a leased room depends on."""
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
    return Round(
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


def packets_of(medium: Medium, found: Round, speaker: Speaker, now: int) -> tuple[list[Packet], int]:
    """Decide what goes out now, and when to look at the room again (0: as soon as there is more)."""
    packets: list[Packet] = []
    news_sent, answers_sent = list(found.sent[0]), list(found.sent[1])
    room = found.room.hipchat_id
    left = 0
    for notice in (notice for notice in found.waiting if notice.lane is Lane.COMMAND):
        if medium.answer_fits(speaker, room, (news_sent, answers_sent), now):
            packets.append(_single(medium, notice, found))
            answers_sent.append(now)
        else:
            left += 1
    news = [notice for notice in found.waiting if notice.lane is not Lane.COMMAND]
    allowed = medium.news_allowed(speaker, room, (news_sent, answers_sent), now)
    chosen = bundle(news, allowed)
    packets += [_single(medium, notice, found) for notice in chosen.single]
    gathered_at = max(news_sent, default=0) + FOLD_PAUSE
    if chosen.folded and now >= gathered_at:
        most = min(FOLD_RESERVE, allowed - len(chosen.single))
        messages = medium.digest(chosen.folded, found.about, most, found.room.time_zone)
        # The first message stands for all of them in the books: they are one digest.
        packets += [Packet(message=message, tells=()) for message in messages[:-1]]
        packets.append(Packet(message=messages[-1], tells=chosen.folded))
    elif chosen.folded or len(news) > len(chosen.single) or left:
        if left:
            return packets, medium.next_answer_slot(speaker, room, (news_sent, answers_sent), now)
        slot = medium.next_slot(speaker, room, (news_sent, answers_sent), now)
        return packets, max(slot, min(gathered_at, now + FOLD_PAUSE))
    return packets, 0


def _single(medium: Medium, notice: Notice, found: Round) -> Packet:
    alert = found.about.get(notice.number) if notice.number is not None else None
    return Packet(
        message=medium.single(notice, alert, found.room.time_zone), tells=(notice,), answer=notice.lane is Lane.COMMAND
    )
