"""Sources: processor time per alert of each dialect: read alone, and read, folded and committed in groups, without the web layer."""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from bot.domain.signal import Kind, Signal
from bot.domain.tenant import Feed
from bot.sources import SOURCES, generic, nrdp, opsgenie, pagerduty, prometheus
from bot.sources.values import ODD_KEY, Item
from bot.storage import feeds, open_storage, tenants
from bot.usecases.ingest import Delivery, Intake
from bot.wiring import system_clock
from tests.benchmarks.table import Row, shown
from tests.sources.recorded import payload_of, recordings

READ = 2_000
TOGETHER = 64
"""So many requests wait for a commit together, as with 64 connections."""
TURNS = 30
GOAL = 100.0
"""Microseconds."""

Read = Callable[[], Sequence[Item]]

ALERT = {
    "summary": "Disk 97% full on db1",
    "severity": "critical",
    "dedup_key": "db1/disk",
    "labels": {"service": "db"},
}
LABELLED = {
    "labels": {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"},
    "annotations": {"summary": "Disk"},
}
EVENT = {
    "routing_key": "k" * 32,
    "event_action": "trigger",
    "dedup_key": "db1/disk",
    "payload": {
        "summary": "Disk 97 % full",
        "source": "db1",
        "severity": "critical",
        "custom_details": {"used": "97 %"},
    },
}
CREATE = {
    "message": "Disk 97 % full",
    "alias": "db1/disk",
    "priority": "P1",
    "tags": ["db"],
    "details": {"used": "97 %"},
}
RESULTS = {
    "checkresults": [
        {
            "checkresult": {"type": "service"},
            "hostname": "db1",
            "servicename": "Disk",
            "state": "2",
            "output": "CRITICAL",
        }
    ]
}


def readers() -> dict[str, Read]:
    """Return, for each dialect, what reads its first recorded request that is about an alert."""
    found: dict[str, Read] = {
        "api": _reader(generic.parse, json.dumps(ALERT).encode()),
        "prometheus": _reader(lambda body: prometheus.parse(body, now=system_clock()), json.dumps([LABELLED]).encode()),
        "pagerduty": _reader(lambda body: [pagerduty.read(body).signal], json.dumps(EVENT).encode()),
        "opsgenie": _reader(
            lambda body: [opsgenie.create(opsgenie.fields_of(body)).signal], json.dumps(CREATE).encode()
        ),
        "nrdp": _reader(lambda body: nrdp.results(body.decode(), xml=False), json.dumps(RESULTS).encode()),
    }
    for name, path in recordings():
        payload = payload_of(path)
        if name not in found and _fires(SOURCES[name](payload)):
            found[name] = lambda parse=SOURCES[name], payload=payload: parse(payload)  # type: ignore[misc]
    return found


def _fires(items: Sequence[Item]) -> bool:
    return any(
        isinstance(item, Signal) and item.kind is Kind.FIRING and not item.dedup_key.startswith(ODD_KEY)
        for item in items
    )


def _reader(parse: Callable[[bytes], Sequence[Item]], body: bytes) -> Read:
    return lambda: parse(body)


async def sources(folder: Path, *, rounds: int) -> list[Row]:
    """Measure every dialect in turn."""
    rows = []
    async with contextlib.AsyncExitStack() as stack:
        storage = await open_storage(f"sqlite:///{folder / 'sources.db'}", migrate=True)
        stack.push_async_callback(storage.close)
        async with storage.begin() as tx:
            tenant = await tenants.add_tenant(tx, host="b", group_id=1, name="b", now=1)
            room = await tenants.add_room(tx, tenant=tenant.id, hipchat_id=1, name="Ops", now=1)
            known = {
                name: await feeds.add_feed(tx, tenant=tenant.id, name=name, room=room.id, now=1) for name in readers()
            }
        intake = Intake(storage, clock=system_clock)
        task = asyncio.create_task(intake.run())
        for name, read in readers().items():
            alone = [_alone(read) for _ in range(rounds)]
            again = [await _whole(intake, known[name], name, read) for _ in range(rounds)]
            new = [await _whole(intake, known[name], name, _renamed(read)) for _ in range(rounds)]
            rows.append(
                Row(
                    what=f"processor time an alert: {name}",
                    figures=f"read alone {shown(alone, '.1f')} us; with folding and commit: repeats {shown(again)}, new alerts {shown(new)} us",
                    value=median(again),
                    goal=GOAL,
                    less_is_better=True,
                    unit="us",
                )
            )
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return rows


def _renamed(read: Read) -> Read:
    """Return what reads the same alerts under new keys each time."""
    number = itertools.count()

    def renamed() -> Sequence[Item]:
        return [
            replace(item, dedup_key=f"{next(number)}:{id(number)}", delivery_id="")
            for item in read()
            if isinstance(item, Signal)
        ]

    return renamed


def _alone(read: Read) -> float:
    alerts = len(read())
    begun = time.process_time()
    for _ in range(READ):
        read()
    return 1e6 * (time.process_time() - begun) / READ / alerts


async def _whole(intake: Intake, feed: Feed, name: str, read: Read) -> float:
    alerts = TURNS * TOGETHER * len(read())
    begun = time.process_time()
    for _ in range(TURNS):
        deliveries = (Delivery(feed=feed, dialect=name, body=b"x" * 500, items=read()) for _ in range(TOGETHER))
        await asyncio.gather(*map(intake.receive, deliveries))
    return 1e6 * (time.process_time() - begun) / alerts
