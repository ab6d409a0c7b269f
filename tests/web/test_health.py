from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.parts import Parts
from bot.storage.engine import Busy
from bot.web import health
from bot.web.server import create_app
from tests.web.conftest import Desk


async def test_health(desk: Desk) -> None:
    """The process says that it lives, and that it can work, to everybody."""
    async with desk.client.get("/healthz") as response:
        assert (200, "ok") == (response.status, await response.text())
    async with desk.client.get("/readyz") as response:
        assert (200, {"database": "ok"}) == (response.status, await response.json())


async def test_not_ready(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its database the process lives, but is not ready, and names what is missing."""

    async def refuse(_parts: Parts) -> None:
        raise Busy("out of reach")

    monkeypatch.setattr(health, "PINGS", {"database": refuse})
    async with desk.client.get("/readyz") as response:
        assert (503, {"database": "out of reach"}) == (response.status, await response.json())
    async with desk.client.get("/healthz") as response:
        assert response.status == 200


async def test_metrics(desk: Desk) -> None:
    """Signals and refusals are counted, as Prometheus reads them."""
    await desk.post("/api/v1/alerts", [{"summary": "x"}, {"summary": "x"}, {}])
    async with desk.client.get("/api/v1/alerts") as response:
        assert response.status == 401
    async with desk.client.get("/metrics") as response:
        text = await response.text()

        assert response.content_type == "text/plain"
    assert 'alertbot_signals_total{outcome="opened"} 1.0' in text
    assert 'alertbot_signals_total{outcome="repeated"} 1.0' in text
    assert 'alertbot_signals_total{outcome="rejected"} 1.0' in text
    assert 'alertbot_requests_refused_total{status="401"} 1.0' in text


async def test_metrics_may_need_a_token(desk: Desk) -> None:
    """With METRICS_TOKEN nobody else reads them."""
    token = "m" * 43
    settings = replace(desk.parts.settings, metrics_token=token)
    async with TestClient(TestServer(create_app(replace(desk.parts, settings=settings)))) as client:
        statuses = [
            (await client.get("/metrics", headers=headers)).status
            for headers in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Authorization": f"Basic {token}"},
                {"Authorization": "Bearer \xff"},
                {"Authorization": f"Bearer {token}"},
            )
        ]

    assert [401, 401, 401, 401, 200] == statuses


@pytest.mark.parametrize(
    "path", ["/healthz", "/api/v1/openapi.json", "/hipchat/static/session.js", "/nothing", "/metrics"]
)
async def test_headers_of_every_answer(desk: Desk, path: str) -> None:
    """No browser guesses what an answer is, and no version is told."""
    async with desk.client.get(path) as response:
        assert ("nosniff", "alertbot") == (response.headers["X-Content-Type-Options"], response.headers["Server"])


async def test_readiness_writes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that answers and takes nothing is not ready; it is asked once a second at the most."""
    asked: list[Parts] = []

    async def full(parts: Parts) -> None:
        asked.append(parts)
        async with parts.storage.read() as tx:
            await tx.run("DELETE FROM canary")

    monkeypatch.setattr(health, "GOOD_FOR", 0.0)
    async with desk.client.get("/readyz") as response:
        assert response.status == 200
    async with desk.parts.storage.read() as tx:
        written = await tx.one("SELECT made_at FROM canary WHERE id = 2")
    monkeypatch.setattr(health, "PINGS", {"database": full})
    for _ in range(3):
        async with desk.client.get("/readyz") as response:
            assert (503, {"database": "the database can only be read"}) == (response.status, await response.json())
        monkeypatch.setattr(health, "GOOD_FOR", 60.0)

    assert written is not None
    assert desk.clock.now == written["made_at"]
    assert 1 == len(asked)
