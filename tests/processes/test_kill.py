"""kill -9 at any instant: what was answered is there, is told, in order; what was typed is done once (product.md 8)."""

import asyncio
import contextlib
import os
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.standin.server import Server
from bot.standin.server import running as standin
from bot.standin.settings import Settings
from bot.storage import Storage, open_storage
from bot.usecases.configure import create_key
from bot.wiring import system_clock
from tests.postgres import free_port
from tests.processes.crowd import Crowd, numbers_in
from tests.processes.programs import Program, settings, start_bot
from tests.processes.relay import relay

ROUNDS = int(os.environ.get("KILL_ROUNDS", "5"))
POSTERS = 4
TYPERS = 2
ROOMS = 24
LONGEST_LIFE = 1.2
"""Seconds under load after which a process is killed at the latest."""
TOLD_WITHIN = 75.0
"""Seconds that the last start gets for what waits: a room's budget is counted by the minute."""

ALERTS = "SELECT number, dedup_key, state, hipchat_id FROM alerts JOIN rooms ON rooms.id = alerts.room_id"
NOTES = "SELECT note, number FROM history WHERE action = 'noted'"
OUTBOX = "SELECT id, room_id, number, news, done_at, result FROM outbox ORDER BY id"
LEASED = """
SELECT hipchat_id FROM rooms WHERE lease_until > 0
AND EXISTS (SELECT 1 FROM outbox WHERE outbox.room_id = rooms.id AND done_at IS NULL)
AND (SELECT COUNT(*) FROM sent WHERE sent.room_id = rooms.id AND sent.at > :since) < :few
"""
FEW = 14
"""Messages of the last minute: a room that had many waits for its budget, and hears a digest."""
LEASES = "UPDATE rooms SET lease_until = 0"
FIRST_NEWS = 5.0
"""Seconds after a start within which a room is told something, where one process serves the file."""


@dataclass(eq=False)
class House:
    """The processes of one bot, by the names they are killed by."""

    folder: Path
    environments: dict[str, dict[str, str]]
    running: dict[str, Program] = field(default_factory=dict)

    async def start(self, *names: str) -> None:
        """Start processes side by side."""
        started = await asyncio.gather(
            *(start_bot(name.split("-")[0], self.environments[name], self.folder) for name in names)
        )
        self.running |= dict(zip(names, started, strict=True))

    async def kill(self, *names: str) -> None:
        """End processes as a power cut does."""
        for name in names:
            assert self.running[name].running, self.running[name].said()
        await asyncio.gather(*(self.running[name].kill() for name in names))

    def errors(self) -> list[object]:
        """Return what the present processes logged as errors."""
        return [error for program in self.running.values() for error in program.errors()]


@contextlib.asynccontextmanager
async def house(storage_url: str, dialect: str, folder: Path) -> AsyncIterator[tuple[House, list[int], str]]:
    """Run `serve` on SQLite, or two of `web` and two of `worker` on PostgreSQL; also give the ports and the base URL."""
    async with contextlib.AsyncExitStack() as stack:
        if dialect == "sqlite":
            ports = [free_port()]
            base_url = f"http://127.0.0.1:{ports[0]}"
            names = ["serve"]
        else:
            ports = [free_port(), free_port()]
            base_url = await stack.enter_async_context(relay(ports))
            names = ["web-1", "web-2", "worker-1", "worker-2"]
        environments = {
            name: settings(port=ports[index % len(ports)], database_url=storage_url, base_url=base_url)
            for index, name in enumerate(names)
        }
        made = House(folder=folder, environments=environments)
        await made.start(*names)
        try:
            yield made, ports, base_url
        finally:
            await asyncio.gather(*(program.kill() for program in made.running.values()))


async def furnished(server: Server, base_url: str, storage: Storage) -> dict[int, str]:
    """Install the add-on into some rooms, and make a key for each; return the keys by Hipchat's room id."""
    owner = next(user for user in server.hipchat.users.values() if user.is_admin)
    keys = {}
    for number in range(ROOMS):
        room = server.hipchat.create_room(f"Room {number}", owner)
        await server.install(f"{base_url}/hipchat/descriptor", room=room.id)
        made = await create_key(storage, room=room.name, now=system_clock())
        keys[room.id] = made.secret
    return keys


@contextlib.asynccontextmanager
async def at_work(crowd: Crowd) -> AsyncIterator[None]:
    """Let backends post and people type for the length of the block."""
    tasks = [asyncio.create_task(crowd.post(name)) for name in range(POSTERS)]
    tasks += [asyncio.create_task(crowd.type(name)) for name in range(TYPERS)]
    try:
        yield
    finally:
        crowd.up.set()
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [] == [error for error in ended if not isinstance(error, asyncio.CancelledError)]


async def leased_rooms(storage: Storage) -> list[int]:
    """Return the rooms that a dead process was telling something, by Hipchat's ids."""
    async with storage.read() as tx:
        rows = await tx.all(LEASED, since=system_clock() - 60_000, few=FEW)
    return [row["hipchat_id"] for row in rows]


async def killed_at_random(home: House, crowd: Crowd, chance: random.Random, storage: Storage) -> float | None:
    """Kill a process under load at a random instant, and start it again.

    Return how many seconds after that the rooms that it had leased were told what waited for them, its start included; None when
    there was none.
    """
    names = sorted(home.running)
    crowd.answered.clear()
    crowd.up.set()
    async with asyncio.timeout(30):
        await crowd.answered.wait()
    # The instant is what is random here; nothing is waited for.
    await asyncio.sleep(chance.uniform(0, LONGEST_LIFE))
    victim = chance.choice(names)
    typed_before = list(crowd.books.notes)
    if len(names) == 1:
        crowd.up.clear()
    await home.kill(victim)
    leased = await leased_rooms(storage) if len(names) == 1 else []
    telling = asyncio.create_task(crowd.first_news(leased, within=TOLD_WITHIN))
    await home.start(victim)
    crowd.up.set()
    first_news = await telling
    lately = typed_before[-4 * AGAIN :]
    await crowd.type_again([crowd.books.notes[word][1] for word in chance.sample(lately, min(AGAIN, len(lately)))])
    return first_news if leased else None


AGAIN = 5
"""Commands that Hipchat delivers again in each round."""


def out_of_order(rows: Sequence[tuple[int, int | None]]) -> bool:
    """Whether notices of one alert, in the order in which they were written, were told in another one."""
    told = [done for _, done in rows if done is not None]
    return told != sorted(told)


@pytest.mark.timeout(120 + 20 * ROUNDS)
async def test_nothing_answered_is_lost_and_nothing_typed_is_done_twice(
    dialect: str, storage_url: str, tmp_path: Path
) -> None:
    """Killed at random instants under load, on one SQLite file and with four processes on one PostgreSQL."""
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)  # noqa: S311 - instants, printed below so that a failure can be tried again
    print(f"seed {seed}")  # noqa: T201
    plenty = Settings(addon_rate=1_000_000, flood_limit=100_000, webhook_retries=1)
    async with (
        standin(plenty) as server,
        house(storage_url, dialect, tmp_path) as (home, ports, base_url),
    ):
        storage = await open_storage(storage_url, migrate=False)
        try:
            keys = await furnished(server, base_url, storage)
            crowd = Crowd(server, ports, keys, chance)
            async with at_work(crowd):
                first_news = [await killed_at_random(home, crowd, chance, storage) for _ in range(ROUNDS)]
            await home.kill(*home.running)
            if dialect != "sqlite":
                # The minute of the leases that the dead held is not waited for.
                async with storage.begin() as tx:
                    await tx.run(LEASES)
            await home.start(*home.environments)
            await crowd.type_again([message for _, message in crowd.books.notes.values()])
            await crowd.all_told(within=TOLD_WITHIN)
            async with storage.read() as tx:
                alerts = {(row["hipchat_id"], row["dedup_key"]): row for row in await tx.all(ALERTS)}
                notes = [(row["note"], row["number"]) for row in await tx.all(NOTES)]
                outbox = await tx.all(OUTBOX)
        finally:
            await storage.close()
        books = crowd.books
        stories: dict[object, list[tuple[int, int | None]]] = defaultdict(list)
        for row in outbox:
            stories[row["room_id"], row["number"]].append((row["id"], row["done_at"]))
        print(f"{dialect}: {len(books.numbers)} alerts answered, {len(books.notes)} commands, {len(outbox)} notices")  # noqa: T201
        measured = sorted(seconds for seconds in first_news if seconds is not None)
        print(f"first news after a kill: {', '.join(f'{seconds:.1f}' for seconds in measured)} s")  # noqa: T201

        assert len(books.numbers) > ROUNDS
        assert len(books.notes) > ROUNDS
        assert {} == {
            problem: number
            for problem, number in books.numbers.items()
            if problem not in alerts or alerts[problem]["number"] != number
        }, "answered and not in the database"
        assert set() == {
            problem for problem in books.closed - books.doubtful if alerts[problem]["state"] != "closed"
        }, "a resolve that was answered is not in the database"
        assert {} == crowd.untold(), "answered and not told to the room"
        assert sorted((word, number) for word, (number, _) in books.notes.items()) == sorted(notes), "typed once"
        assert [] == [story for story, rows in stories.items() if out_of_order(rows)], "told in order"
        assert [] == backwards(crowd)
        assert max(measured, default=0.0) < FIRST_NEWS
        assert [] == [reason for status, reason in books.refused if status not in {502, 503}]
        assert [] == home.errors()


def backwards(crowd: Crowd) -> list[str]:
    """Return the resolves that a room saw before anything else of their alert."""
    found = []
    for room in crowd.standin.hipchat.rooms.values():
        known: set[int] = set()
        for text in crowd.news(room):
            if "resolved by" in text and not numbers_in(text.splitlines()[0]) <= known:
                found.append(text)
            known |= numbers_in(text)
    return found


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("#12", {12}),
        ("digest: 5 more in 1 group since 14:02\nwarning · disk 3x: #1-#3 except #2, #7 #8", {1, 3, 7, 8}),
        ("#100-#106 except #101 #103-#104, #420", {100, 102, 105, 106, 420}),
        ("resolved by api", set()),
    ],
)
def test_numbers_are_read_as_people_read_them(text: str, numbers: set[int]) -> None:
    """The digest's ranges and exceptions count as the numbers they stand for."""
    assert numbers == numbers_in(text)
