from typing import Any

import pytest

from tests.web.conftest import Desk, bearer

DB = {"labels": {"alertname": "DiskFull", "service": "db"}, "annotations": {"summary": "Disk full"}}
WEB = {
    "labels": {"alertname": "Slow", "service": "web"},
    "startsAt": "2026-01-02T03:00:00Z",
    "generatorURL": "http://p/",
}


async def prepared(desk: Desk) -> None:
    """Post two alerts."""
    async with desk.client.post("/api/v2/alerts", json=[DB, WEB], headers=bearer("ingest")) as response:
        assert response.status == 200


async def test_alerts(desk: Desk) -> None:
    """Active alerts are shown as Alertmanager shows them."""
    await prepared(desk)
    slow, disk = await desk.get("/api/v2/alerts", key="read")

    assert slow == {
        "labels": WEB["labels"],
        "annotations": {"summary": "Slow"},
        "startsAt": "2026-01-02T03:00:00.000Z",
        "endsAt": "2026-01-02T03:09:05.000Z",
        "updatedAt": "2026-01-02T03:04:05.000Z",
        "generatorURL": "http://p/",
        "fingerprint": slow["fingerprint"],
        "receivers": [{"name": "ops"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []},
    }
    assert len(slow["fingerprint"]) == 16
    assert disk["annotations"] == {"summary": "Disk full"}
    rest = {"routeLabels": {}, "receiver": {"name": "ops"}}
    assert [
        {"labels": {"alertname": "DiskFull"}, **rest, "alerts": [disk]},
        {"labels": {"alertname": "Slow"}, **rest, "alerts": [slow]},
    ] == await desk.get("/api/v2/alerts/groups")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("active=true", ["Slow", "DiskFull"]),
        ("active=false", []),
        ("filter=service%3D%22db%22", ["DiskFull"]),
        ("filter=service%3Ddb", ["DiskFull"]),
        ("filter=service!%3D%22db%22", ["Slow"]),
        ("filter=service%3D~%22d.%7Cx%22", ["DiskFull"]),
        ("filter=service!~%22d.%22&filter=alertname%3DSlow", ["Slow"]),
        ("filter=absent%3D%22%22", ["Slow", "DiskFull"]),
        ("receiver=o.*", ["Slow", "DiskFull"]),
        ("receiver=nobody", []),
    ],
)
async def test_filters(desk: Desk, query: str, names: list[str]) -> None:
    """Filters mean what they mean to Alertmanager."""
    await prepared(desk)

    assert names == [alert["labels"]["alertname"] for alert in await desk.get(f"/api/v2/alerts?{query}")]


@pytest.mark.parametrize("text", ["nonsense", "a=~%22(%22", "=x", ""])
async def test_bad_filters(desk: Desk, text: str) -> None:
    """A filter that nobody can read is 400 with a JSON string."""
    async with desk.client.get(f"/api/v2/alerts?filter={text}", headers=bearer("every")) as response:
        assert response.status == 400
        assert isinstance(await response.json(), str)


async def test_what_clients_ask_first(desk: Desk) -> None:
    """Status, receivers, silences and health are there for amtool and dashboards."""
    status: Any = await desk.get("/api/v2/status")

    assert {"cluster", "versionInfo", "config", "uptime"} <= status.keys()
    assert status["cluster"]["status"] == "disabled"
    assert status["uptime"] == "2026-01-02T03:04:05.000Z"
    assert {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"} == status["versionInfo"].keys()
    assert [{"name": "ops"}] == await desk.get("/api/v2/receivers")
    assert [] == await desk.get("/api/v2/silences")
    for path in ("/-/healthy", "/-/ready", "/am/x/-/healthy"):
        async with desk.client.get(path) as response:
            assert response.status == 200


@pytest.mark.parametrize(("path", "status"), [("/api/v2/alerts", 401), ("/api/v2/nothing", 404)])
async def test_errors_are_strings(desk: Desk, path: str, status: int) -> None:
    """Errors under /api/v2 are JSON strings, as Alertmanager's are."""
    async with desk.client.get(path) as response:
        assert status == response.status
        assert response.content_type == "application/json"
        assert isinstance(await response.json(), str)
