"""People in a room, for stories and the demo: they speak, and wait until they see what they expect."""

import asyncio
from dataclasses import dataclass
from typing import Self

from bot.standin.events import MessagePosted
from bot.standin.markup import is_builtin
from bot.standin.people import User
from bot.standin.plain import plain
from bot.standin.rooms import Message, Room
from bot.standin.state import Hipchat


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message as the room shows it: the sender's name, the plain text, and the message itself."""

    sender: str
    text: str
    message: Message

    def __str__(self) -> str:
        return f"{self.sender}: {self.text}"


class NotSeen(AssertionError):
    """What was expected did not appear; the text shows what did."""


class RoomDriver:
    """A room as its people meet it. What `sees` passes over counts as seen, as does what `says` says; the rest is `unseen`."""

    def __init__(self, hipchat: Hipchat, room: Room) -> None:
        self.hipchat = hipchat
        self.room = room
        self._seen = len(room.messages)
        self._said: set[str] = set()

    def person(self, who: User | str | int) -> User:
        """Find a person by object, id, mention name (any case, with or without `@`) or address. Raises KeyError."""
        if isinstance(who, User):
            return who
        user = self.hipchat.find_user(who)
        if user is None and isinstance(who, str):
            user = self.hipchat.find_user("@" + who.removeprefix("@"))
        if user is None:
            raise KeyError(who)
        return user

    async def says(self, who: User | str | int, text: str) -> Message:
        """Say something, and wait until all webhooks are through.

        Raises ValueError for what a chat client keeps for itself (hipchat-api.md 10.1).
        """
        if is_builtin(text):
            raise ValueError(f"a chat client does not send {text!r}")
        message = await self.hipchat.say(self.room, self.person(who), text)
        self._said.add(message.id)
        await self.hipchat.idle()
        return message

    def transcript(self) -> list[Shown]:
        """List everything that the room shows, oldest first; `str()` of an item is `sender: text`."""
        return [_shown(message) for message in self.room.messages]

    async def sees(self, text: str, *, sender: str | None = None, timeout: float = 5.0) -> Shown:  # noqa: ASYNC109
        """Wait for a message after the last seen one that contains `text` (and is from `sender`); what is before it counts as seen.

        `timeout` in seconds. Raises NotSeen.
        """
        with self.hipchat.watch() as events:
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        found = self._find(text, sender)
                        if found is not None:
                            return found
                        while not isinstance(await events.get(), MessagePosted):
                            continue
            except TimeoutError:
                rest = "\n".join(f"  {shown}" for shown in self.unseen()) or "  nothing"
                raise NotSeen(f"{text!r} was not said in {self.room.name!r} within {timeout} s, but:\n{rest}") from None

    def _find(self, text: str, sender: str | None) -> Shown | None:
        for number, message in enumerate(self.room.messages[self._seen :], self._seen + 1):
            shown = _shown(message)
            if message.id not in self._said and text in shown.text and sender in (None, shown.sender):
                self._seen = number
                return shown
        return None

    def unseen(self) -> list[Shown]:
        """List what was shown after the last seen message."""
        return [_shown(message) for message in self.room.messages[self._seen :] if message.id not in self._said]

    def look(self) -> Self:
        """Count everything shown so far as seen."""
        self._seen = len(self.room.messages)
        return self


def _shown(message: Message) -> Shown:
    name = message.sender.name + (f" ({message.from_label})" if message.from_label else "")
    return Shown(sender=name, text=plain(message), message=message)
