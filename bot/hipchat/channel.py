"""The channel for Hipchat rooms, their glances, and the look-ups in its directory, through whichever speaker a room has."""

import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.domain.board import Board
from bot.domain.tenant import Hook, Installation, Speaker
from bot.hipchat import payloads
from bot.hipchat.client import Answer, HipchatClient, Limited
from bot.hipchat.glance import KEY, content
from bot.hipchat.pacing import ADDON_CALLS, PASTED_CALLS, Counter, Rates, calls_left, next_call
from bot.hipchat.tokens import Credentials, TokenRefused, Tokens, Unauthorized
from bot.ports import Clock, Dead, Later, Never, Person, Place, Receipt

T = TypeVar("T")

OVER_BUDGET = "the token's calls for these five minutes are used up"
GONE = "Hipchat no longer knows the installation"
PASTED_REFUSED = "Hipchat does not take the pasted token any more (401): make a new one and add the room again"


@dataclass(slots=True)
class _Book:
    """What one token has used: the times of its calls, and the counters that Hipchat's answers gave last."""

    calls: deque[int] = field(default_factory=lambda: deque(maxlen=ADDON_CALLS))
    counter: Counter | None = None
    flood: dict[int, Counter] = field(default_factory=dict)

    def note(self, rates: Rates, room: int | None) -> None:
        self.counter = rates.calls or self.counter
        if rates.flood is not None and room is not None:
            self.flood[room] = rates.flood


class HipchatChannel:
    """Sends into rooms and asks the directory. Raises Later and Never; Dead when an installation is gone."""

    def __init__(self, client: HipchatClient, tokens: Tokens, unseal: Callable[[bytes], str], clock: Clock) -> None:
        self._client = client
        self._tokens = tokens
        self._unseal = unseal
        self._clock = clock
        self._books: dict[str, _Book] = defaultdict(_Book)

    async def send(self, message: Mapping[str, Any], speaker: Speaker, room: int) -> Receipt:
        """Post a notification into a room, by Hipchat's id (hipchat-api.md 11)."""
        answer = await self._through(
            speaker, lambda token: self._client.notification(speaker.api_url, token, room, message), room
        )
        return Receipt(status=answer.status)

    async def whisper(self, speaker: Speaker, person: str, text: str) -> Receipt:
        """Send a private message to a mention name (hipchat-api.md 14); rights and people that lack are Never."""
        answer = await self._through(
            speaker, lambda token: self._client.private_message(speaker.api_url, token, f"@{person}", text)
        )
        return Receipt(status=answer.status)

    def written(self, board: Board) -> str:
        """Return a board as a glance shows it."""
        return json.dumps(content(board), ensure_ascii=False)

    def calls_left(self, installation: Installation) -> int:
        """Return how many calls an installation has left in its five minutes, as far as is known."""
        book = self._books[_name(installation)]
        return calls_left(book.calls, book.counter, self._clock(), limit=ADDON_CALLS)

    async def show(self, written: str, installation: Installation, room: int) -> None:
        """Show a board in a room's glance, by Hipchat's id (hipchat-api.md 15.2)."""
        shown = {KEY: json.loads(written)}
        await self._through(
            installation, lambda token: self._client.push_glance(installation.api_url, token, room, shown)
        )

    def flood(self, speaker: Speaker, room: int) -> Counter | None:
        """Return what Hipchat last said of a room's messages a minute, if it did."""
        counter = self._books[_name(speaker)].flood.get(room)
        # A counter from ahead is from before the clock went back.
        return None if counter is None or counter.seen_at > self._clock() else counter

    async def person(self, through: Speaker, who: int | str) -> Person | None:
        """Look a user up by id, `@mention_name` or e-mail address."""
        try:
            answer = await self._through(through, lambda token: self._client.user(through.api_url, token, who))
        except Never as never:
            if never.status == 404:
                return None
            raise
        user: payloads.User = answer.value
        return Person(
            id=user.id,
            name=user.name,
            mention_name=user.mention_name or user.name,
            email=user.email or "",
            time_zone=user.timezone or "",
            guest=user.is_guest,
            gone=user.is_deleted,
            admin=user.is_group_admin,
        )

    async def place(self, through: Speaker, room: int | str) -> Place | None:
        """Look a room up by id or exact name."""
        try:
            answer = await self._through(through, lambda token: self._client.room(through.api_url, token, room))
        except Never as never:
            if never.status == 404:
                return None
            raise
        found: payloads.Room = answer.value
        return Place(
            id=found.id,
            name=found.name,
            archived=found.is_archived,
            private=found.privacy != "public",
            owner=found.owner.id if found.owner else None,
        )

    def forget(self, oauth_id: str) -> None:
        """Drop the tokens of an installation that was removed or has a new secret."""
        self._tokens.forget(oauth_id)

    def _credentials(self, installation: Installation) -> Credentials:
        return Credentials(
            token_url=installation.token_url,
            oauth_id=installation.oauth_id,
            secret=self._unseal(installation.secret),
            scopes=tuple(installation.scopes.split()),
        )

    async def _through(
        self, speaker: Speaker, send: Callable[[str], Awaitable[Answer[T]]], room: int | None = None
    ) -> Answer[T]:
        book = self._books[_name(speaker)]
        limit = PASTED_CALLS if isinstance(speaker, Hook) else ADDON_CALLS
        now = self._clock()
        if book.calls and book.calls[-1] > now:
            # The clock went back: what was counted ahead of it says nothing any more.
            book.calls.clear()
            book.counter = None
        if not calls_left(book.calls, book.counter, now, limit=limit):
            raise Later(OVER_BUDGET, retry_at=next_call(book.calls, book.counter, now, limit=limit))
        book.calls.append(now)
        try:
            if isinstance(speaker, Hook):
                answer = await send(self._unseal(speaker.token))
            else:
                answer = await self._tokens.call(self._credentials(speaker), lambda token: send(token.value))
        except Limited as limited:
            book.note(limited.rates, room)
            raise
        except Unauthorized:
            raise Dead(GONE) from None
        except TokenRefused:
            if isinstance(speaker, Hook):
                raise Never(PASTED_REFUSED, status=401) from None
            raise Later("Hipchat refuses a token that it just gave (401)", status=401) from None
        book.note(answer.rates, room)
        return answer


def _name(speaker: Speaker) -> str:
    return f"hook:{speaker.id}" if isinstance(speaker, Hook) else speaker.oauth_id
