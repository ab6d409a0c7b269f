"""Whatever is posted is a harmless alert or a problem: never a 500, never a lost neighbour (on a real database)."""

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.sources.hostile import BODY, ITEM, encoded
from tests.web.conftest import Desk, bearer

JSON = {**bearer("every"), "Content-Type": "application/json"}
ANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HOSTILE: list[Any] = [
    {"summary": "\x00"},
    {"summary": "\ud800"},
    {"summary": "<script>alert(1)</script>", "source": "<b>", "description": "</td>"},
    {"summary": "\u202egnorw\u2066", "labels": {"\u202e": "\u200f"}},
    {"summary": "many", "labels": {f"l{number}": "v" for number in range(10_000)}},
    {"summary": "numbers", "labels": {"a": -1, "b": 10**400, "c": 1e308}, "starts_at": -(10**30)},
    {"summary": "long", "dedup_key": "k" * 10_000, "source": "s" * 10_000, "description": "d" * 100_000},
    {"summary": 5},
    [],
    None,
    {"summary": "x", "starts_at": "+999999-01-01T00:00:00Z"},
    {"summary": "x", "dedup_key": "\x00\ud800"},
    {"summary": "x", "links": [{"href": "https://\ud800.example/"}]},
]


async def listed(desk: Desk) -> list[Any]:
    """Return the newest alerts, having read them and their histories back."""
    alerts = await desk.alerts()
    for alert in alerts[:3]:
        await desk.get(f"/api/v1/alerts/{alert['alert']}/history")
    return alerts


@pytest.mark.parametrize("index", range(len(HOSTILE)))
async def test_listed_hostilities(desk: Desk, index: int) -> None:
    """Each known hostility is taken or refused by itself, and its neighbours are stored."""
    body = encoded([{"summary": "before"}, HOSTILE[index], {"summary": "after"}])
    async with desk.client.post("/api/v1/alerts", data=io.BytesIO(body), headers=JSON) as response:
        assert response.status == 202
        results = (await response.json())["results"]
    summaries = [alert["summary"] for alert in await listed(desk)]

    assert len(results) == 3
    assert {"before", "after"} <= set(summaries)
    assert len(summaries) == sum(result["alert"] is not None for result in results)


@ANY
@given(body=BODY)
async def test_any_body(desk: Desk, body: bytes) -> None:
    """Any body is answered in words, on each path that takes alerts, and what was stored can be read."""
    for path, fine in (("/api/v1/alerts", 202), ("/in/alertmanager", 200), ("/api/v2/alerts", 200)):
        async with desk.client.post(path, data=body, headers=JSON) as response:
            assert response.status in {fine, 400}
            said = await response.read()
            assert path == "/api/v2/alerts" or isinstance(json.loads(said), dict)
    await listed(desk)


@ANY
@given(item=ITEM)
async def test_neighbours(desk: Desk, item: Any) -> None:
    """An odd item never takes its neighbours with it."""
    body = encoded([{"summary": "before"}, item, {"summary": "after"}])
    async with desk.client.post("/api/v1/alerts", data=io.BytesIO(body), headers=JSON) as response:
        assert response.status == 202
        first, _, last = (await response.json())["results"]

    assert first["alert"] is not None
    assert last["alert"] is not None


@ANY
@given(item=ITEM)
async def test_any_action(desk: Desk, item: Any) -> None:
    """Any body of an action does it, or is a problem."""
    await desk.post("/api/v1/alerts", {"summary": "x"})
    for action in ("ack", "note", "assign", "unack"):
        async with desk.client.post(
            f"/api/v1/alerts/1/{action}", data=io.BytesIO(encoded(item)), headers=JSON
        ) as response:
            assert response.status in {200, 409, 422}
    await listed(desk)
