"""The medium of rooms: how news looks there, how much of it goes, and its sending (the port is in usecases/round.py)."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from typing import Any

from bot.domain.alert import Alert
from bot.domain.notice import News, Notice
from bot.domain.tenant import Speaker
from bot.hipchat import pacing, render
from bot.hipchat.channel import HipchatChannel
from bot.hipchat.digest import digest
from bot.hipchat.text import MESSAGE_LIMIT, cut, silent
from bot.ports import Clock, Dead, Later, Never, Receipt

Sent = tuple[list[int], list[int]]

_TAG = re.compile(r"<[^>]*>")


class HipchatMedium:
    """Cards and digests, paced by the clock and by what Hipchat's answers say is left."""

    def __init__(self, channel: HipchatChannel, clock: Clock, address: Callable[[Alert], str]) -> None:
        self._channel = channel
        self._clock = clock
        self._address = address

    def single(self, notice: Notice, alert: Alert | None, zone_name: str) -> Mapping[str, Any]:
        """Return the message of one notice; an answer that did not fit before is sent as it was rendered then."""
        if notice.news is News.REPLY:
            body: dict[str, Any] = json.loads(notice.detail["body"])
            return body
        address = self._address(alert) if alert else ""
        return render.notice(notice, alert, now=self._clock(), address=address, zone_name=zone_name)

    def digest(
        self, notices: Sequence[Notice], about: Mapping[int, Alert], most: int, zone_name: str
    ) -> list[Mapping[str, Any]]:
        """Return the messages, at most `most`, that stand for many notices."""
        return list(digest(notices, about, most=most, now=self._clock(), zone_name=zone_name))

    def plain(self, message: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return a message without its card; of one that has none its bare words; of bare words None."""
        if "card" in message:
            return {name: value for name, value in message.items() if name != "card"}
        if message.get("message_format") != "html":
            return None
        words = unescape(_TAG.sub(" ", message["message"].replace("<br>", "\n")))
        return {**message, "message": cut(silent(words).strip() or "-", MESSAGE_LIMIT), "message_format": "text"}

    def news_allowed(self, speaker: Speaker, room: int, sent: Sent, now: int) -> int:
        """Return how many messages of news the room takes now."""
        return pacing.news_allowed(*sent, self._channel.flood(speaker, room), now)

    def answer_fits(self, speaker: Speaker, room: int, sent: Sent, now: int) -> bool:
        """Say whether the room takes one more answer now."""
        return pacing.answer_fits(*sent, self._channel.flood(speaker, room), now)

    def next_slot(self, speaker: Speaker, room: int, sent: Sent, now: int) -> int:
        """Return when the room takes a message of news again (epoch ms)."""
        return pacing.next_slot(*sent, self._channel.flood(speaker, room), now)

    def next_answer_slot(self, speaker: Speaker, room: int, sent: Sent, now: int) -> int:
        """Return when the room takes one more answer (epoch ms)."""
        return pacing.next_answer_slot(*sent, self._channel.flood(speaker, room), now)

    async def is_gone(self, speaker: Speaker, room: int) -> bool:
        """Ask whether a room that refuses us is archived or is no more; False when nobody says so."""
        try:
            place = await self._channel.place(speaker, room)
        except (Later, Never, Dead):
            return False
        return place is None or place.archived

    async def send(self, message: Mapping[str, Any], speaker: Speaker, room: int) -> Receipt:
        """Send into a room, by Hipchat's id. Raises Later, Never, or Dead."""
        return await self._channel.send(message, speaker, room)
