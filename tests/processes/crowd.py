"""The rooms, keys and people around a bot whose processes are killed: who posts, who types, and what the rooms saw."""

import asyncio
import contextlib
import itertools
import random
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp

from bot.standin.events import MessagePosted, Occurrence
from bot.standin.plain import plain
from bot.standin.rooms import Message, Room
from bot.standin.server import Server

RUN = re.compile(r"#(\d+)(?:-#(\d+))?")
BETWEEN = 0.08
"""Seconds, on average, between one answer and the same sender's next request."""

AT_ONCE = 16
"""Commands that are delivered again side by side."""

Problem = tuple[int, str]
"""A problem: Hipchat's id of its room, and its dedup key."""


def numbers_in(text: str) -> set[int]:
    """Return the alert numbers that a text names, alone or in ranges such as `#100-#412 except #120, #420`."""
    found: set[int] = set()
    for line in text.splitlines():
        for part in line.split(","):
            named, _, missing = part.partition(" except ")
            found |= set(_runs(named)) - set(_runs(missing))
    return found


def _runs(text: str) -> Iterator[int]:
    for match in RUN.finditer(text):
        first = int(match[1])
        yield from range(first, int(match[2] or first) + 1)


@dataclass(eq=False)
class Books:
    """What the senders know for certain: only what was answered counts."""

    numbers: dict[Problem, int] = field(default_factory=dict)
    """The number that each problem was answered with."""
    closed: set[Problem] = field(default_factory=set)
    """Problems whose resolve was answered."""
    doubtful: set[Problem] = field(default_factory=set)
    """Problems of which some request had no answer: they may stand either way."""
    notes: dict[str, tuple[int, Message]] = field(default_factory=dict)
    """What was typed: the word in the note, the number it was typed for, and the message."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Answers that were no 202."""


class Crowd:
    """Backends on keep-alive connections and people in rooms, who go on whatever happens to the bot."""

    def __init__(self, standin: Server, ports: list[int], keys: dict[int, str], chance: random.Random) -> None:
        self.standin = standin
        self.ports = ports
        self.keys = keys
        self.chance = chance
        self.books = Books()
        self.answered = asyncio.Event()
        self.up = asyncio.Event()

    async def post(self, name: int) -> None:
        """Be a backend until cancelled: new problems, repeats, resolves, one or two in a request."""
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
            mine: list[Problem] = []
            # In turn, so that no room is told more than its budget of a minute, which the test would have to wait out.
            for turn, room in enumerate(itertools.cycle(self._rooms())):
                await self.up.wait()
                known = [problem for problem in mine if problem[0] == room]
                batch = {}
                for item in range(self.chance.randint(1, 2)):
                    old = self.chance.choice(known) if known and self.chance.random() < 0.4 else None
                    problem = old or (room, f"p{name}-{turn}-{item}")
                    batch[problem] = "resolved" if old and self.chance.random() < 0.5 else "firing"
                mine += [problem for problem in batch if problem not in known]
                await self._send(session, room, batch)
                # One that was resolved is left alone: its next firing would be another story.
                mine = [problem for problem in mine if batch.get(problem) != "resolved"]
                await asyncio.sleep(self.chance.expovariate(1 / BETWEEN))

    def _rooms(self) -> list[int]:
        return self.chance.sample(list(self.keys), len(self.keys))

    async def _send(self, session: aiohttp.ClientSession, room: int, batch: dict[Problem, str]) -> None:
        body = [
            {"summary": f"{key} is broken", "dedup_key": key, "status": status, "labels": {"room": str(room)}}
            for (_, key), status in batch.items()
        ]
        port = self.chance.choice(self.ports)
        try:
            async with session.post(
                f"http://127.0.0.1:{port}/api/v1/alerts",
                json=body,
                headers={"Authorization": f"Bearer {self.keys[room]}"},
            ) as answer:
                status, text = answer.status, await answer.text()
                results = (await answer.json())["results"] if status == 202 else []
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.books.doubtful |= set(batch)
            return
        if status != 202:
            self.books.refused.append((status, text))
            self.books.doubtful |= set(batch)
            return
        for (problem, said), result in zip(batch.items(), results, strict=True):
            if result["alert"] is not None:
                self.books.numbers[problem] = result["alert"]
            if said == "resolved":
                self.books.closed.add(problem)
        self.answered.set()

    async def type(self, name: int) -> None:
        """Be a person until cancelled: a note with a word of its own for some alert of some room."""
        hipchat = self.standin.hipchat
        people = [user for user in hipchat.users.values() if not user.is_guest]
        while True:
            await self.up.wait()
            if self.books.numbers:
                (room_id, _), number = self.chance.choice(list(self.books.numbers.items()))
                word = f"w{name}x{uuid.uuid4().hex[:12]}"
                message = await hipchat.say(
                    hipchat.rooms[room_id], self.chance.choice(people), f"/alert note {number} {word}"
                )
                self.books.notes[word] = (number, message)
            await asyncio.sleep(self.chance.expovariate(0.5 / BETWEEN))

    async def type_again(self, messages: Sequence[Message]) -> None:
        """Let Hipchat deliver commands once more, as it may after a failure, and wait until all are through."""
        hipchat = self.standin.hipchat
        await hipchat.idle()
        for start in range(0, len(messages), AT_ONCE):
            for message in messages[start : start + AT_ONCE]:
                assert message.room_id is not None
                room = hipchat.rooms[message.room_id]
                hipchat.occur(Occurrence(event="room_message", room=room, sender=message.sender, message=message))
            await hipchat.idle()

    def news(self, room: Room) -> list[str]:
        """Return what the bot told a room by itself, oldest first; answers to commands are not news."""
        answers = {delivery.posted for delivery in self.standin.courier.deliveries}
        return [
            plain(message) for message in room.messages if message.type == "notification" and message.id not in answers
        ]

    def untold(self) -> dict[str, list[int]]:
        """Return, by room, the answered numbers that the room has not been told."""
        owed: dict[int, set[int]] = defaultdict(set)
        for (room_id, _), number in self.books.numbers.items():
            owed[room_id].add(number)
        missing = {}
        for room_id, numbers in owed.items():
            room = self.standin.hipchat.rooms[room_id]
            told = set().union(*map(numbers_in, self.news(room)), set())
            if rest := sorted(numbers - told):
                missing[room.name] = rest
        return missing

    async def first_news(self, rooms: Sequence[int], *, within: float) -> float:
        """Wait until each of these rooms is told something more; return how many seconds that took, at the most `within`."""
        began = time.monotonic()
        waiting = {room: len(self.news(self.standin.hipchat.rooms[room])) for room in rooms}
        with contextlib.suppress(TimeoutError), self.standin.hipchat.watch() as events:
            async with asyncio.timeout(within):
                while waiting:
                    while not isinstance(await events.get(), MessagePosted):
                        continue
                    waiting = {
                        room: told
                        for room, told in waiting.items()
                        if len(self.news(self.standin.hipchat.rooms[room])) == told
                    }
        return time.monotonic() - began

    async def all_told(self, *, within: float) -> None:
        """Wait until every answered number is in its room; after `within` seconds the test's assertion says which is not."""
        try:
            async with asyncio.timeout(within):
                with self.standin.hipchat.watch() as events:
                    while self.untold():
                        while not isinstance(await events.get(), MessagePosted):
                            continue
        except TimeoutError:
            return
