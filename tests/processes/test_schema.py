"""Our OpenAPI document and the server agree: a public tester reads the one and tries the other, within bounds and always alike."""

import asyncio
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection

from bot.domain.tenant import Scope
from bot.parts import Parts
from bot.settings import from_environment
from bot.storage import feeds, tenants
from bot.web.openapi import document
from bot.web.protocol import taking_requests
from bot.web.server import create_app
from bot.wiring import running

EXAMPLES = 40
ALERTS = 20
KEY = "Ab3dEf6hIj9lMn2pQr5tUv8xYz1CdE4g"
SOON = ["2026-01-03T03:04:05Z", "2026-01-03T03:04:05.678+02:00", "2026-06-02T23:59:59-11:00"]
"""Times in the future, as `until` wants them: no schema can say so."""
NOW = 1_767_323_045_000
"""2026-01-02T03:04:05Z."""

schemathesis.openapi.format("date-time", st.sampled_from(SOON))
schema = schemathesis.openapi.from_dict(document())
schema.config.generation.update(with_security_parameters=False)


class Served:
    """The application on a database in a folder, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: Future[str] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> str:
        """Serve; return where."""
        self._thread.start()
        return self._ready.result(timeout=30)

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=30)
        self._loop.close()

    async def _run(self) -> None:
        try:
            given = {"DATABASE_URL": f"sqlite:///{self._folder}/bot.db", "BASE_URL": "https://bot.example.com", "SECRET_KEY": "s" * 43}  # fmt: skip
            async with running(from_environment(given), clock=lambda: NOW) as parts:
                await _furnish(parts)
                runner = web.AppRunner(create_app(parts), access_log=None)
                await runner.setup()
                with socket.create_server(("127.0.0.1", 0)) as sock:
                    async with taking_requests(runner, sock, parts):
                        self._ready.set_result(f"http://127.0.0.1:{sock.getsockname()[1]}")
                        await self._stop.wait()
                await runner.cleanup()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise


async def _furnish(parts: Parts) -> None:
    async with parts.storage.begin() as tx:
        tenant = await tenants.add_tenant(tx, host="one", group_id=1, name="one", now=NOW)
        room = await tenants.add_room(tx, tenant=tenant.id, hipchat_id=5, name="Ops", now=NOW)
        feed = await feeds.add_feed(tx, tenant=tenant.id, name="ops", room=room.id, now=NOW)
        await feeds.add_key(tx, feed=feed.id, name="k", secret=KEY, scopes=frozenset(Scope), now=NOW)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the application, with some alerts."""
    with Served(tmp_path_factory.mktemp("served")) as url:
        body = json.dumps([{"summary": f"alert {number}"} for number in range(ALERTS)]).encode()
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}/api/v1/alerts", body, headers)  # noqa: S310 - our own
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            assert 202 == answer.status
        yield url


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_document_and_the_server_agree(case: schemathesis.Case[Any], served: str) -> None:
    """Good requests are taken, bad ones refused, and each answer is as it is described: never a fault of ours."""
    number = case.path_parameters.get("n")
    if isinstance(number, int) and number > 0:
        case.path_parameters["n"] = number % ALERTS + 1
    # Alerts are read leniently, and mended rather than refused (product.md 4).
    lenient: list[Any] = (
        [negative_data_rejection] if case.operation.definition.raw["operationId"] == "postAlerts" else []
    )
    case.call_and_validate(base_url=served, headers={"Authorization": f"Bearer {KEY}"}, excluded_checks=lenient)
