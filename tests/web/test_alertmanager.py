from typing import Any
from urllib.parse import urlencode

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


DOTTED = {"labels": {"alertname": "U", "host.name": "s1", "Größe": 'a "b"\n'}}


@pytest.mark.parametrize(
    "text",
    [
        '"host.name"="s1"',
        "host.name=s1",
        '"host.name" =~ "s."',
        '{"host.name"="s1",alertname="U"}',
        '{ "host.name" = "s1" , alertname = "U" , }',
        '"host.name"="s1", alertname="U"',
        '"Größe"="a \\"b\\"\\n"',
        'Größe=~"a.*\\n"',
        '"host\\u002ename"="\\x731"',
        '{alertname="U"}',
        "{alertname=U,alertname!=V}",
        'alertname=~"\\w"',
    ],
)
async def test_names_in_quotation_marks(desk: Desk, text: str) -> None:
    """Matchers with names in UTF-8, in braces, and several in one filter, for alerts and their groups."""
    await prepared(desk)
    async with desk.client.post("/api/v2/alerts", json=[DOTTED], headers=bearer("ingest")) as response:
        assert response.status == 200
    found = await desk.get(f"/api/v2/alerts?{urlencode({'filter': text})}")
    groups = await desk.get(f"/api/v2/alerts/groups?{urlencode({'filter': text})}")

    assert ["U"] == [alert["labels"]["alertname"] for alert in found]
    assert ["U"] == [group["labels"]["alertname"] for group in groups]


@pytest.mark.parametrize("path", ["alerts", "alerts/groups", "silences"])
@pytest.mark.parametrize(
    "text",
    [
        "'host.name'=\"s1\"",
        '"host.name"="s1',
        '"host.name"=',
        '"host.name"',
        '""="s1"',
        '{"host.name"="s1"',
        'alertname="U"}',
        '"host.name"="s1" alertname="U"',
        '"a"="b",,"c"="d"',
        '"a"="\\q"',
        '"a"="\\xff"',
        "{}",
        "{,}",
        'a.b=~"("',
    ],
)
async def test_matchers_that_cannot_be_read(desk: Desk, path: str, text: str) -> None:
    """400, and nothing is shown."""
    async with desk.client.get(f"/api/v2/{path}?{urlencode({'filter': text})}", headers=bearer("every")) as response:
        assert response.status == 400
        assert isinstance(await response.json(), str)


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("alerts", "active=maybe", "active"),
        ("alerts", "silenced=", "silenced"),
        ("alerts/groups", "inhibited=perhaps", "inhibited"),
        ("alerts", "filters=service%3Ddb", "filters"),
        ("alerts/groups", "matcher=service%3Ddb", "matcher"),
        ("alerts", "receiver=ops&receiver=other", "receiver"),
        ("alerts", "receiver=%28", "("),
        ("silences", "active=true", "active"),
        ("silences", "state=active", "state"),
    ],
)
async def test_parameters_that_are_not_understood(desk: Desk, path: str, query: str, named: str) -> None:
    """400 names them; a filter is never left out."""
    await prepared(desk)
    async with desk.client.get(f"/api/v2/{path}?{query}", headers=bearer("every")) as response:
        assert response.status == 400
        assert named in await response.json()


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
