"""The real Prometheus and Alertmanager: a rule fires, is told once, is acked, and closes when it stops firing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.domain.tenant import Scope
from bot.standin.driver import RoomDriver
from bot.standin.server import running as standin
from bot.storage import open_storage
from bot.usecases.configure import create_key
from bot.wiring import system_clock
from tests.needs import needs
from tests.postgres import free_port
from tests.processes.programs import Program, bot, settings, start

READY = "Server is ready to receive web requests."
ALERTMANAGER_READY = "Listening on"
TOLD_WITHIN = 30.0
"""Seconds; scraping, evaluating and grouping take about a second each."""
SEVERAL = 5
"""Scrapes, a second each, in which both repeat themselves."""

PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: disks
    static_configs: [{{targets: ["127.0.0.1:{metrics}"]}}]
alerting:
  alertmanagers:
    - {alertmanager}
"""
RULES = """
groups:
  - name: disks
    rules:
      - alert: DiskFull
        expr: disk_used_ratio > 0.9
        labels: {severity: critical}
        annotations: {summary: "Disk of {{ $labels.host }} is nearly full"}
"""
ALERTMANAGER = """
route: {{receiver: hipchat, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 2s}}
receivers:
  - name: hipchat
    webhook_configs:
      - url: {url}/in/alertmanager
        send_resolved: true
        http_config: {{authorization: {{credentials: {key}}}}}
"""
THROUGH_ALERTMANAGER = """{{static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}"""
STRAIGHT_WITH_HEADER = """{{static_configs: [{{targets: ["{host}"]}}], authorization: {{credentials: {key}}}}}"""
STRAIGHT_BY_PATH = """{{static_configs: [{{targets: ["{host}"]}}], path_prefix: /am/{key}}}"""

SUMMARY = "Disk of db1 is nearly full"


@dataclass(eq=False)
class Disk:
    """What the exporter says of one disk."""

    used: float = 0.5
    scrapes: int = 0
    _scraped: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def scraped(self, times: int) -> None:
        """Wait until Prometheus has asked so many times more."""
        async with asyncio.timeout(TOLD_WITHIN), self._scraped:
            goal = self.scrapes + times
            await self._scraped.wait_for(lambda: self.scrapes >= goal)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Answer in the text format."""
        async with self._scraped:
            self.scrapes += 1
            self._scraped.notify_all()
        return web.Response(text=f'# TYPE disk_used_ratio gauge\ndisk_used_ratio{{host="db1"}} {self.used}\n')


@contextlib.asynccontextmanager
async def exporter() -> AsyncIterator[tuple[Disk, int]]:
    """Run an exporter whose one figure the test sets; also give its port."""
    disk = Disk()
    app = web.Application()
    app.router.add_get("/metrics", disk.metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield disk, runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def monitoring(folder: Path, alertmanager: str, metrics_port: int) -> AsyncIterator[Program]:
    """Run Prometheus on the rule; `alertmanager` says where its alerts go."""
    binary = needs("prometheus", "prometheus")
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(metrics=metrics_port, alertmanager=alertmanager))
    (folder / "rules.yml").write_text(RULES)
    arguments = [
        binary,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'series'}",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        "--rules.alert.resend-delay=2s",
    ]
    program = await start("prometheus", arguments, environment={}, folder=folder)
    try:
        await program.wrote(READY)
        yield program
    finally:
        await program.kill()


@contextlib.asynccontextmanager
async def grouping(folder: Path, url: str, key: str) -> AsyncIterator[int]:
    """Run an Alertmanager that calls our webhook; give its port."""
    binary = needs("prometheus-alertmanager", "prometheus-alertmanager")
    (folder / "alertmanager.yml").write_text(ALERTMANAGER.format(url=url, key=key))
    port = free_port()
    arguments = [
        binary,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    program = await start("alertmanager", arguments, environment={}, folder=folder)
    try:
        await program.wrote(ALERTMANAGER_READY)
        yield port
    finally:
        await program.kill()


@pytest.mark.parametrize("way", ["alertmanager", "header", "path"])
async def test_a_rule_fires_is_acked_and_closes(way: str, tmp_path: Path) -> None:
    """Told once however often it is repeated, acked by a command, closed in the room when the rule stops firing."""
    needs("prometheus", "prometheus")
    port = free_port()
    url, database = f"http://127.0.0.1:{port}", f"sqlite:///{tmp_path / 'alertbot.db'}"
    environment = settings(port=port, database_url=database, base_url=url)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(standin())
        process = await stack.enter_async_context(bot("serve", environment, tmp_path))
        await server.install(f"{url}/hipchat/descriptor", room="Ops")
        key = await key_of(database)
        disk, metrics_port = await stack.enter_async_context(exporter())
        if way == "alertmanager":
            grouper = await stack.enter_async_context(grouping(tmp_path, url, key))
            target = THROUGH_ALERTMANAGER.format(port=grouper)
        elif way == "header":
            target = STRAIGHT_WITH_HEADER.format(host=f"127.0.0.1:{port}", key=key)
        else:
            target = STRAIGHT_BY_PATH.format(host=f"127.0.0.1:{port}", key=key)
        await stack.enter_async_context(monitoring(tmp_path, target, metrics_port))
        room = server.room("Ops")
        disk.used = 0.97
        opened = await room.sees(SUMMARY, timeout=TOLD_WITHIN)
        await disk.scraped(SEVERAL)
        await room.says("dana", "/alert ack 1 on it")
        acked = await room.sees("acked 1", timeout=TOLD_WITHIN)
        disk.used = 0.5
        closed = await room.sees("resolved by", timeout=TOLD_WITHIN)
        alerts = (await answer_of(f"{url}/api/v1/alerts?state=all", key))["alerts"]
        history = (await answer_of(f"{url}/api/v1/alerts/1/history", key))["history"]

        assert "#1" in opened.text
        assert "#1" in acked.text
        assert "#1" in closed.text
        assert 1 == told(room, "critical, from")
        assert [("closed", SUMMARY, "critical")] == [
            (alert["state"], alert["summary"], alert["severity"]) for alert in alerts
        ]
        assert alerts[0]["count"] > 1
        assert {"alertname": "DiskFull", "host": "db1"}.items() <= alerts[0]["labels"].items()
        assert ["opened", "acked", "resolved"] == [event["action"] for event in history]
        assert [] == process.errors()


def told(room: RoomDriver, text: str) -> int:
    """Return how many messages of a room contain a text."""
    return sum(text in shown.text for shown in room.transcript())


async def key_of(database: str) -> str:
    """Make a key that may post and read."""
    storage = await open_storage(database, migrate=False)
    try:
        made = await create_key(storage, scopes=frozenset(Scope), now=system_clock())
    finally:
        await storage.close()
    return made.secret


async def answer_of(url: str, key: str) -> dict[str, Any]:
    """Ask our API something."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session, session.get(url) as answer:
        assert 200 == answer.status
        body: dict[str, Any] = json.loads(await answer.read())
        return body
