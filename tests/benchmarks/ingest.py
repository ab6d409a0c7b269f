"""Ingest beside its floors: single alerts, repeats, batches, with many alerts stored, and on PostgreSQL with two processes."""

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from bot.storage.engine import Storage
from tests import postgres
from tests.benchmarks.house import cpu_seconds, floor, furnish, memory, opened, served
from tests.benchmarks.load import BATCHES, CONNECTIONS, REPEAT, SINGLE, Load, Wrk
from tests.benchmarks.table import Row, ratio, shown

RAW_GROUP = 1000
DURABLE = ("max_connections=200",)
"""PostgreSQL as it is installed: a commit is on the disk before it is answered."""


async def singles(folder: Path, wrk: Wrk, *, rounds: int, seconds: float) -> list[Row]:
    """Measure single alerts and repeats beside the bare handler, and the processor time and memory that they take."""
    rows = []
    async with floor() as (bare, bare_url):
        for kind, what, goal, later in (
            (SINGLE, "single alerts, share of the floor", 0.40, 0.60),
            (REPEAT, "repeats of 1,000 keys, share of the floor", 0.50, 0.75),
        ):
            database = f"sqlite:///{folder / kind}.db"
            (place,) = await furnish(database, bare_url)
            async with served(database, folder) as (process, url):
                if kind == REPEAT:
                    await wrk.run(url, kind=kind, key=place.key, seconds=1)
                ours, theirs, cpu, bare_cpu = [], [], [], []
                for _ in range(rounds):
                    before = cpu_seconds(bare)
                    theirs.append(await wrk.run(bare_url, kind=kind, key=place.key, seconds=seconds))
                    bare_cpu.append(1e6 * (cpu_seconds(bare) - before) / theirs[-1].alerts)
                    before = cpu_seconds(process)
                    ours.append(await wrk.run(url, kind=kind, key=place.key, seconds=seconds))
                    cpu.append(1e6 * (cpu_seconds(process) - before) / ours[-1].alerts)
                high = memory(process)
            rows.append(_row(what, ours, theirs, goal, later))
            rows.append(Row(what="  processor time an alert", figures=f"{shown(cpu)} us, floor {shown(bare_cpu)} us"))
            if kind == SINGLE:
                rows.append(
                    Row(
                        what="memory under load (RSS, highest)",
                        figures=f"after {sum(load.alerts for load in ours):,} alerts",
                        value=high,
                        goal=90,
                        later=60,
                        less_is_better=True,
                        unit="MiB",
                    )
                )
    return rows


async def batches(folder: Path, wrk: Wrk, *, rounds: int, seconds: float) -> list[Row]:
    """Measure batches of 100 beside raw sqlite3 in groups of 1000."""
    ours, raw, theirs, cpu = [], [], [], []
    async with floor() as (_, bare_url):
        database = f"sqlite:///{folder / 'batch.db'}"
        (place,) = await furnish(database, bare_url)
        async with served(database, folder) as (process, url):
            for number in range(rounds):
                raw.append(await asyncio.to_thread(raw_rate, folder / f"raw-{number}.db", seconds))
                theirs.append(await wrk.run(bare_url, kind=BATCHES, key=place.key, seconds=seconds))
                before = cpu_seconds(process)
                ours.append(await wrk.run(url, kind=BATCHES, key=place.key, seconds=seconds))
                cpu.append(1e6 * (cpu_seconds(process) - before) / ours[-1].alerts)
            high = memory(process)
    rates = [load.rate for load in ours]
    return [
        Row(
            what="batches of 100, share of raw sqlite3",
            figures=f"{shown(rates)}/s, raw {shown(raw)}/s, floor (decode only) {shown([x.rate for x in theirs])}/s; "
            f"p50 {shown([x.p50 for x in ours], '.0f')} ms, p99 {shown([x.p99 for x in ours], '.0f')} ms",
            value=ratio(rates, raw),
            goal=0.20,
            later=0.50,
        ),
        Row(what="  processor time an alert", figures=f"{shown(cpu, '.0f')} us; RSS at its highest {high:.0f} MiB"),
    ]


def raw_rate(path: Path, seconds: float) -> float:
    """Return how many alerts a second sqlite3 takes by itself: upsert, history row and outbox row, in groups of 1000."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=400"):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript("""
        CREATE TABLE alerts (number INTEGER PRIMARY KEY, dedup_key TEXT, state TEXT, summary TEXT, labels TEXT, count INT);
        CREATE UNIQUE INDEX active ON alerts (dedup_key) WHERE state <> 'closed';
        CREATE TABLE history (id INTEGER PRIMARY KEY, number INT, at INT, action TEXT);
        CREATE TABLE outbox (id INTEGER PRIMARY KEY, number INT, news TEXT, done_at INT);
        CREATE INDEX waiting ON outbox (id) WHERE done_at IS NULL;
    """)
    labels = json.dumps({"alertname": "DiskFull", "host": "db1", "team": "storage"})
    stored, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        numbers = range(stored + 1, stored + RAW_GROUP + 1)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO alerts VALUES (?, ?, 'open', ?, ?, 1) ON CONFLICT (dedup_key) WHERE state <> 'closed' "
            "DO UPDATE SET count = count + 1",
            [(n, f"run-0-{n}", f"Disk of run-0-{n} is nearly full", labels) for n in numbers],
        )
        connection.executemany(
            "INSERT INTO history (number, at, action) VALUES (?, ?, 'opened')", [(n, stored) for n in numbers]
        )
        connection.executemany("INSERT INTO outbox (number, news) VALUES (?, 'opened')", [(n,) for n in numbers])
        connection.execute("COMMIT")
        stored += RAW_GROUP
    rate = stored / (time.perf_counter() - begun)
    connection.close()
    return rate


async def with_many_stored(folder: Path, wrk: Wrk, *, rounds: int, seconds: float, stored: int) -> list[Row]:
    """Measure single alerts with many alerts stored beside an empty database."""
    async with contextlib.AsyncExitStack() as stack:
        _, bare_url = await stack.enter_async_context(floor())
        urls = []
        for name, many in (("empty", 0), ("full", stored)):
            database = f"sqlite:///{folder / name}.db"
            (place,) = await furnish(database, bare_url)
            if many:
                async with opened(database) as storage:
                    await fill(storage, many)
            _, url = await stack.enter_async_context(served(database, folder))
            urls.append((url, place.key))
        empty: list[Load] = []
        full: list[Load] = []
        for _ in range(rounds):
            for (url, key), into in zip(urls, (empty, full), strict=True):
                into.append(await wrk.run(url, kind=SINGLE, key=key, seconds=seconds))
    return [_row(f"single alerts with {stored:,} stored, share of empty", full, empty, 0.90, 0.98)]


FILL = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :many)
INSERT INTO alerts (
 tenant_id, number, feed_id, room_id, dedup_key, state, severity, reported, summary, description, source,
 labels, links, starts_at, opened_at, last_seen_at, told_at, count, owner_id, owner_name, state_at, state_by,
 state_by_id, state_who, state_note, until, resolved_at, senders, predecessor, flaps, flap_told_at, latest,
 words
)
SELECT 1, n, 1, 1, 'old-' || n, CASE WHEN n % 20 = 0 THEN 'open' ELSE 'closed' END, n % 4, n % 4,
 'Disk of old-' || n || ' is nearly full', '', 'api', '{"alertname":"DiskFull","host":"old"}', '[]', 1, n, n, n, 1,
 NULL, NULL, n, 'api', '', 'source', '', NULL, NULL, '{"api":null}', NULL, 0, NULL, TRUE, 'disk of old-' || n
FROM numbers
"""
FILL_HISTORY = """
INSERT INTO history (tenant_id, number, at, action, who, name, person_id, via, note)
SELECT 1, number, number, 'opened', 'source', 'api', '', 'source', '' FROM alerts
"""
FILL_OUTBOX = """
INSERT INTO outbox (tenant_id, room_id, number, news, lane, detail, at, attempts, result, done_at)
SELECT 1, 1, number, 'opened', 2, '{}', number, 1, 'sent (204)', number FROM alerts
"""


async def fill(storage: Storage, many: int) -> None:
    """Store alerts that were told long ago: one in twenty is open, the others are closed."""
    async with storage.begin() as tx:
        await tx.run(FILL, many=many)
        await tx.run(FILL_HISTORY)
        await tx.run(FILL_OUTBOX)
        await tx.run("UPDATE tenants SET last_number = :many", many=many)


async def on_postgresql(folder: Path, wrk: Wrk, *, rounds: int, seconds: float) -> list[Row]:
    """Measure single alerts with two `web` processes on one PostgreSQL beside one `serve` on SQLite."""
    async with contextlib.AsyncExitStack() as stack:
        _, bare_url = await stack.enter_async_context(floor())
        sqlite = f"sqlite:///{folder / 'one.db'}"
        (one,) = await furnish(sqlite, bare_url)
        _, sqlite_url = await stack.enter_async_context(served(sqlite, folder))
        server = stack.enter_context(postgres.server(settings=DURABLE))
        database = await stack.enter_async_context(server.database(migrated=False))
        (two,) = await furnish(database, bare_url)
        webs = [(await stack.enter_async_context(served(database, folder, command="web")))[1] for _ in range(2)]
        on_sqlite: list[Load] = []
        on_both: list[list[Load]] = []
        for _ in range(rounds):
            on_sqlite.append(await wrk.run(sqlite_url, kind=SINGLE, key=one.key, seconds=seconds))
            shares = [
                wrk.run(url, kind=SINGLE, key=two.key, seconds=seconds, connections=CONNECTIONS // 2) for url in webs
            ]
            on_both.append(await asyncio.gather(*shares))
    rates = [sum(load.rate for load in both) for both in on_both]
    slowest = [max(load.p99 for load in both) for both in on_both]
    return [
        Row(
            what="PostgreSQL, two web processes, share of SQLite",
            figures=f"{shown(rates)}/s, SQLite {shown([load.rate for load in on_sqlite])}/s; "
            f"p99 {shown(slowest, '.1f')} ms",
            value=ratio(rates, [load.rate for load in on_sqlite]),
            goal=0.4,
            later=0.7,
        )
    ]


def _row(what: str, ours: Sequence[Load], theirs: Sequence[Load], goal: float, later: float) -> Row:
    rates, others = [load.rate for load in ours], [load.rate for load in theirs]
    return Row(
        what=what,
        figures=f"{shown(rates)}/s of {shown(others)}/s; p50 {shown([load.p50 for load in ours], '.1f')} ms, "
        f"p99 {shown([load.p99 for load in ours], '.1f')} ms",
        value=ratio(rates, others),
        goal=goal,
        later=later,
    )
