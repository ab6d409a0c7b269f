"""What people wait for: the answer to a command under load, the messages that go out, a storm, and a start."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp

from bot.domain.signal import Signal
from bot.standin.plain import card_to_plain, html_to_plain
from bot.storage import feeds
from bot.usecases.ingest import Delivery, receive
from bot.wiring import system_clock
from tests.benchmarks.house import Place, first_answer, floor, furnish, memory, opened, served
from tests.benchmarks.load import BATCHES, SINGLE, Wrk
from tests.benchmarks.table import Row, ratio, shown
from tests.postgres import free_port
from tests.processes.crowd import numbers_in
from tests.processes.programs import CHECKOUT, settings, start

COMMAND_ROOMS = 40
PAUSE = 0.02
"""Seconds between a command's answer and the next command."""
DRAIN_ROOMS = 100
DRAIN_EACH = 20
SIDE_BY_SIDE = 8
STORM = 10_000
STORM_SECONDS = 60
STORM_BATCH = 10
STORM_TOLD_WITHIN = 120
STARTS = 5


async def commands(folder: Path, wrk: Wrk, *, seconds: float) -> list[Row]:
    """Measure the round trip of commands while ingest runs at full load, and without load."""
    rows = []
    goals = {"none": (None, None), SINGLE: (20, 10), BATCHES: (60, 25)}
    for load, (goal, later) in goals.items():
        async with floor() as (_, bare_url):
            database = f"sqlite:///{folder / f'commands-{load}.db'}"
            places = await furnish(database, bare_url, rooms=COMMAND_ROOMS)
            async with served(database, folder) as (_, url), aiohttp.ClientSession() as session:
                numbers = [await _opened(session, url, place) for place in places]
                running = None
                if load != "none":
                    running = asyncio.create_task(wrk.run(url, kind=load, key=places[0].key, seconds=seconds + 1))
                    await asyncio.sleep(0.5)
                taken = await _commands(session, url, list(zip(places, numbers, strict=True)), seconds)
                rate = (await running).rate if running else 0.0
        cuts = quantiles(taken, n=100)
        rows.append(
            Row(
                what=f"command p99, ingest: {load}",
                figures=f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, {len(taken)} commands, {rate:,.0f} alerts/s",
                value=cuts[98],
                goal=goal,
                later=later,
                less_is_better=True,
                unit="ms",
            )
        )
    return rows


async def _opened(session: aiohttp.ClientSession, url: str, place: Place) -> int:
    headers = {"Authorization": f"Bearer {place.key}"}
    async with session.post(f"{url}/api/v1/alerts", json={"summary": "a disk"}, headers=headers) as answer:
        assert 202 == answer.status
        number: int = (await answer.json())["results"][0]["alert"]
        return number


async def _commands(
    session: aiohttp.ClientSession, url: str, targets: Sequence[tuple[Place, int]], seconds: float
) -> list[float]:
    taken = []
    ends = time.perf_counter() + seconds
    turn = 0
    while time.perf_counter() < ends:
        place, number = targets[turn % len(targets)]
        verb = ("ack {} 2h on it", "note {} still looking", "show {}", "unack {}")[turn // len(targets) % 4]
        body, headers = place.command("/alert " + verb.format(number))
        begun = time.perf_counter()
        async with session.post(f"{url}/hipchat/webhook", data=body, headers=headers) as answer:
            said = await answer.read()
        taken.append(1e3 * (time.perf_counter() - begun))
        # A room that has had its answers for this minute is answered with nothing; the command is done all the same.
        assert answer.status in {200, 204}, said
        turn += 1
        await asyncio.sleep(PAUSE)
    return taken


async def drain(folder: Path, _wrk: Wrk, *, rounds: int) -> list[Row]:
    """Measure how fast a full outbox goes out, beside a client that only posts the same bodies."""
    ours, theirs = [], []
    for number in range(rounds):
        async with floor() as (_, bare_url), aiohttp.ClientSession() as session:
            database = f"sqlite:///{folder / f'drain-{number}.db'}"
            await furnish(database, bare_url, rooms=DRAIN_ROOMS)
            await _fill_outbox(database)
            theirs.append(await _bare_posts(session, bare_url))
            await session.delete(f"{bare_url}/taken")
            async with served(database, folder):
                said = await _taken(session, bare_url, DRAIN_ROOMS * DRAIN_EACH, within=60)
            ours.append((said["count"] - 1) / (said["last"] - said["first"]))
    return [
        Row(
            what="outbox drain, share of the bare client",
            figures=f"{shown(ours)} messages/s of {shown(theirs)}/s, {DRAIN_ROOMS} rooms with {DRAIN_EACH} each",
            value=ratio(ours, theirs),
            goal=0.50,
            later=0.75,
        )
    ]


async def _fill_outbox(database: str) -> None:
    now = system_clock()
    async with opened(database) as storage, storage.begin() as tx:
        deliveries = [
            Delivery(
                feed=feed,
                dialect="api",
                body=b"",
                items=[
                    Signal(dedup_key=f"{feed.id}-{n}", summary=f"Disk {n} is nearly full", sender="api", source="bench")
                    for n in range(DRAIN_EACH)
                ],
            )
            for feed in await feeds.feeds(tx, 1)
            if feed.room is not None
        ]
        await receive(tx, deliveries[-DRAIN_ROOMS:], now)


async def _bare_posts(session: aiohttp.ClientSession, url: str) -> float:
    body = json.dumps({"message": "x" * 300, "card": {"title": "y" * 300}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer invented"}
    left = DRAIN_ROOMS * DRAIN_EACH

    async def post() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            async with session.post(f"{url}/v2/room/1/notification", data=body, headers=headers) as answer:
                await answer.read()

    begun = time.perf_counter()
    await asyncio.gather(*(post() for _ in range(SIDE_BY_SIDE)))
    return DRAIN_ROOMS * DRAIN_EACH / (time.perf_counter() - begun)


async def _taken(
    session: aiohttp.ClientSession, url: str, count: int, *, within: float, whole: bool = False
) -> dict[str, Any]:
    ends = time.monotonic() + within
    while True:
        async with session.get(f"{url}/taken" + ("?whole=1" if whole else "")) as answer:
            said: dict[str, Any] = await answer.json()
        if said["count"] >= count or time.monotonic() > ends:
            return said
        await asyncio.sleep(0.1)


async def storm(folder: Path, _wrk: Wrk) -> list[Row]:
    """Post 10,000 alerts in 60 s into one room; count what the room hears a minute and which numbers it never hears."""
    async with floor() as (_, bare_url), aiohttp.ClientSession() as session:
        database = f"sqlite:///{folder / 'storm.db'}"
        place, *others = await furnish(database, bare_url, rooms=1 + COMMAND_ROOMS)
        async with served(database, folder) as (process, url):
            targets = [(other, await _opened(session, url, other)) for other in others]
            begun = time.time()
            typing = asyncio.create_task(_commands(session, url, targets, STORM_SECONDS))
            numbers = await _post_storm(session, url, place)
            taken = await typing
            told_after = None
            ends = time.time() + STORM_TOLD_WITHIN
            while True:
                said = await _taken(session, bare_url, 0, within=0, whole=True)
                said["messages"] = [each for each in said["messages"] if each["room"] == str(place.hipchat_id)]
                told = set().union(*(numbers_in(_text(each["body"])) for each in said["messages"]))
                if not numbers - told:
                    told_after = max(each["at"] for each in said["messages"]) - begun
                    break
                if time.time() > ends:
                    break
                await asyncio.sleep(1)
            high = memory(process)
    times = [each["at"] for each in said["messages"]]
    most = max(sum(at <= other < at + 60 for other in times) for at in times)
    digests = [each["at"] - begun for each in said["messages"] if "digest:" in _text(each["body"])]
    lost = len(numbers - told)
    ended = "never all told" if told_after is None else f"all told {told_after:.0f} s after the first"
    return [
        Row(
            what=f"{len(numbers):,} alerts in {STORM_SECONDS} s, messages a minute",
            figures=f"{lost} lost, {len(times)} messages, first digest after {min(digests, default=0):.0f} s, {ended}; "
            f"RSS {high:.0f} MiB",
            value=most if not lost else 1e9,
            goal=30,
            later=30,
            less_is_better=True,
            unit="/min",
        ),
        Row(
            what="  command p99 meanwhile",
            figures=f"p50 {median(taken):.1f} ms, {len(taken)} commands in {COMMAND_ROOMS} other rooms",
            value=quantiles(taken, n=100)[98],
            goal=250,
            later=250,
            less_is_better=True,
            unit="ms",
        ),
    ]


async def _post_storm(session: aiohttp.ClientSession, url: str, place: Place) -> set[int]:
    headers = {"Authorization": f"Bearer {place.key}"}
    numbers: set[int] = set()
    begun = time.monotonic()
    for start_at in range(0, STORM, STORM_BATCH):
        await asyncio.sleep(max(0.0, begun + STORM_SECONDS * start_at / STORM - time.monotonic()))
        body = [
            {
                "summary": f"Disk of host {n} is nearly full",
                "severity": ("info", "warning", "error", "critical")[n % 4],
                "dedup_key": f"storm-{n}",
                "labels": {"alertname": f"Disk{n % 12}"},
            }
            for n in range(start_at, start_at + STORM_BATCH)
        ]
        async with session.post(f"{url}/api/v1/alerts", json=body, headers=headers) as answer:
            assert 202 == answer.status
            numbers |= {result["alert"] for result in (await answer.json())["results"]}
    return numbers


def _text(body: dict[str, Any]) -> str:
    return card_to_plain(body["card"]) if "card" in body else html_to_plain(body["message"])


async def starts(folder: Path, _wrk: Wrk) -> list[Row]:
    """Measure from the start of the process to its first answer, on a database that is there."""
    database = f"sqlite:///{folder / 'starts.db'}"
    taken, resting = [], []
    async with floor() as (_, bare_url):
        await furnish(database, bare_url)
        for _ in range(STARTS):
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            environment = settings(port=port, database_url=database, base_url=url)
            begun = time.perf_counter()
            program = await start(
                "serve", [sys.executable, "-m", "bot", "serve"], environment=environment, folder=CHECKOUT
            )
            try:
                await first_answer(url)
                taken.append(time.perf_counter() - begun)
                resting.append(memory(program, "VmRSS"))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    await program.kill()
    return [
        Row(
            what="start to first answer",
            figures=f"{shown(taken, '.2f')} s, then {shown(resting)} MiB",
            value=sorted(taken)[len(taken) // 2],
            goal=0.8,
            later=0.3,
            less_is_better=True,
            unit="s",
        )
    ]
