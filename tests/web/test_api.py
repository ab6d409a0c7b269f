from typing import Any
from urllib.parse import quote

import pytest

from bot.web.api import LIMIT_DEFAULT
from tests.web.conftest import BEGIN, Desk, bearer, problem

DISK = {
    "summary": "Disk 97 % full on db1",
    "severity": "critical",
    "dedup_key": "disk:db1",
    "source": "cron",
    "description": "the log partition",
    "labels": {"service": "db", "note": 'say "hi"'},
    "links": [{"text": "Runbook", "href": "https://wiki.example/disk"}],
    "starts_at": "2026-01-02T03:00:00Z",
}


async def act(desk: Desk, number: int, action: str, **said: object) -> Any:
    """Do something to an alert and return it as it is then."""
    return await desk.post(f"/api/v1/alerts/{number}/{action}", said)


async def numbers(desk: Desk, query: str) -> list[int]:
    """Return the numbers that a search finds."""
    return [alert["alert"] for alert in (await desk.get(f"/api/v1/alerts?{query}"))["alerts"]]


async def test_an_alert(desk: Desk) -> None:
    """An alert is shown with every field; times are RFC 3339 in UTC with milliseconds."""
    await desk.post("/api/v1/alerts", DISK)

    expected = {
        "alert": 1,
        "state": "open",
        "severity": "critical",
        "summary": "Disk 97 % full on db1",
        "description": "the log partition",
        "dedup_key": "disk:db1",
        "source": "cron",
        "labels": {"service": "db", "note": 'say "hi"'},
        "links": [{"text": "Runbook", "href": "https://wiki.example/disk"}],
        "count": 1,
        "owner": None,
        "room": {"id": 5, "name": "Ops"},
        "predecessor": None,
        "starts_at": "2026-01-02T03:00:00.000Z",
        "opened_at": "2026-01-02T03:04:05.000Z",
        "last_seen_at": "2026-01-02T03:04:05.000Z",
        "changed_at": "2026-01-02T03:04:05.000Z",
        "changed_by": "cron",
        "until": None,
        "acked_by": None,
        "closed_at": None,
    }
    assert expected == await desk.get("/api/v1/alerts/1")
    assert {"alerts": [expected], "next": None} == await desk.get("/api/v1/alerts")


async def test_search(desk: Desk) -> None:
    """Each parameter narrows the search, and all of them together do."""
    await desk.post("/api/v1/alerts", [DISK, {"summary": "Ofen heiß", "severity": "info"}, {"summary": "100% CPU_x"}])
    await act(desk, 2, "ack")
    await act(desk, 3, "close")
    found = {
        query: await numbers(desk, query)
        for query in (
            "",
            "state=active",
            "state=open",
            "state=acked",
            "state=closed",
            "state=snoozed",
            "state=all",
            "severity=critical",
            "severity=critical,info",
            "severity=Info",
            "label.service=db",
            "label.service=other",
            "label.service=db&label.note=" + quote('say "hi"'),
            "label.servic=db",
            "q=DISK+db1",
            "q=db1+nothing",
            "q=log+partition",
            "q=service%3Ddb",
            "q=HEISS",
            "q=%25&state=all",
            "q=_x&state=all",
            "q=",
            "q=%00",
            "state=all&severity=warning&q=cpu",
        )
    }

    assert found == {
        "": [2, 1],
        "state=active": [2, 1],
        "state=open": [1],
        "state=acked": [2],
        "state=closed": [3],
        "state=snoozed": [],
        "state=all": [3, 2, 1],
        "severity=critical": [1],
        "severity=critical,info": [2, 1],
        "severity=Info": [2],
        "label.service=db": [1],
        "label.service=other": [],
        "label.service=db&label.note=" + quote('say "hi"'): [1],
        "label.servic=db": [],
        "q=DISK+db1": [1],
        "q=db1+nothing": [],
        "q=log+partition": [1],
        "q=service%3Ddb": [1],
        "q=HEISS": [2],
        "q=%25&state=all": [3, 1],
        "q=_x&state=all": [3],
        "q=": [2, 1],
        "q=%00": [],
        "state=all&severity=warning&q=cpu": [3],
    }


async def test_pages(desk: Desk) -> None:
    """The cursor leads through every alert once, newest first, though new ones come meanwhile."""
    await desk.post("/api/v1/alerts", [{"summary": str(number)} for number in range(120)])
    seen: list[int] = []
    cursor = ""
    pages = 0
    while True:
        page = await desk.get(f"/api/v1/alerts?limit=50{cursor}")
        seen += [alert["alert"] for alert in page["alerts"]]
        pages += 1
        await desk.post("/api/v1/alerts", {"summary": f"meanwhile {pages}"})
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert list(range(120, 0, -1)) == seen
    assert pages == 3
    assert LIMIT_DEFAULT == len((await desk.get("/api/v1/alerts"))["alerts"])


@pytest.mark.parametrize(
    ("query", "status", "path"),
    [
        ("limit=0", 422, "limit"),
        ("limit=201", 422, "limit"),
        ("limit=-1", 422, "limit"),
        ("limit=ten", 422, "limit"),
        ("limit=%D9%A1", 422, "limit"),
        ("limit=" + "9" * 1000, 422, "limit"),
        ("state=sleeping", 422, "state"),
        ("severity=bad", 422, "severity"),
        ("severity=", 422, "severity"),
        ("cursor=%00", 422, "cursor"),
        ("cursor=zzzz", 422, "cursor"),
        ("cursor=" + "OTk5" * 20, 422, "cursor"),
        ("label.=x", 422, "label."),
        ("q=a&q=b", 422, "q"),
        ("q=" + "+".join("a" * 40), 422, "q"),
        ("q=" + "a" * 5000, 422, "q"),
        ("colour=red", 400, "colour"),
        ("labels.service=db", 400, "labels.service"),
        ("severty=critical", 400, "severty"),
        ("State=open", 400, "State"),
        ("label=db", 400, "label"),
        ("state=open,acked", 422, "state"),
        ("state=", 422, "state"),
        ("severity=critical,bad", 422, "severity"),
        ("limit=", 422, "limit"),
        ("cursor=", 422, "cursor"),
        ("label.a=1&label.a=2", 422, "label.a"),
        ("%ED%A0%80=x", 400, None),
    ],
)
async def test_bad_parameters(desk: Desk, query: str, status: int, path: str | None) -> None:
    """A value that cannot be used, and a parameter that is not there, is a problem with the parameter's name."""
    async with desk.client.get(f"/api/v1/alerts?{query}", headers=bearer("every")) as response:
        said = await problem(response)

    assert status == said["status"]
    assert path is None or path == said["path"]


@pytest.mark.parametrize("key", ["other feed", "other tenant"])
async def test_nobody_elses_alerts(desk: Desk, key: str) -> None:
    """A key sees and changes the alerts of its own feed only; the others are not there for it."""
    await desk.post("/api/v1/alerts", DISK)
    answers = []
    for method, path in (
        ("GET", "/api/v1/alerts/1"),
        ("GET", "/api/v1/alerts/1/history"),
        ("POST", "/api/v1/alerts/1/ack"),
        ("POST", "/api/v1/alerts/1/close"),
    ):
        async with desk.client.request(method, path, headers=bearer(key)) as response:
            answers.append((await problem(response))["status"])

    assert [404] * 4 == answers
    assert {"alerts": [], "next": None} == await desk.get("/api/v1/alerts?state=all", key=key)
    assert [] == await desk.get("/api/v2/alerts", key=key)
    assert (await desk.get("/api/v1/alerts/1"))["state"] == "open"


async def test_actions(desk: Desk) -> None:
    """Each action does what it says and answers the alert as it is then; history names who, and the key."""
    await desk.post("/api/v1/alerts", DISK)
    desk.clock.now += 60_000
    acked = await act(desk, 1, "ack", by="dana", note="looking", until="2026-01-02T05:00:00+01:00")
    assigned = await act(desk, 1, "assign", by="dana", to="@lee")
    noted = await act(desk, 1, "note", by="dana", note="it is the logs")
    unacked = await act(desk, 1, "unack", by="dana")
    closed = await act(desk, 1, "close", by="lee", note="fixed")
    reopened = await act(desk, 1, "reopen", by=" le\ne ")
    history = await desk.get("/api/v1/alerts/1/history")

    assert ("acked", "dana", "dana", "2026-01-02T04:00:00.000Z") == (
        acked["state"],
        acked["owner"],
        acked["acked_by"],
        acked["until"],
    )
    assert ("acked", "lee") == (assigned["state"], assigned["owner"])
    assert noted["state"] == "acked"
    assert unacked["state"] == "open"
    assert ("closed", "2026-01-02T03:05:05.000Z") == (closed["state"], closed["closed_at"])
    assert reopened["state"] == "open"
    assert history["alert"] == 1
    assert [
        ("opened", "cron", "source"),
        ("acked", "dana (via key every)", "api"),
        ("assigned", "dana (via key every)", "api"),
        ("noted", "dana (via key every)", "api"),
        ("unacked", "dana (via key every)", "api"),
        ("closed", "lee (via key every)", "api"),
        ("reopened", "le e (via key every)", "api"),
    ] == [(event["action"], event["who"], event["via"]) for event in history["history"]]
    assert "looking" in history["history"][1]["note"]
    assert history["history"][1]["at"] == "2026-01-02T03:05:05.000Z"


async def test_action_without_a_body(desk: Desk) -> None:
    """An action needs no body; the key's name stands for its holder then."""
    await desk.post("/api/v1/alerts", DISK)
    async with desk.client.post("/api/v1/alerts/1/ack", headers=bearer("every")) as response:
        assert response.status == 200
        assert (await response.json())["acked_by"] == "every"


async def test_refused_transition(desk: Desk) -> None:
    """What the state does not allow is 409, with the state, the owner and since when."""
    await desk.post("/api/v1/alerts", DISK)
    await act(desk, 1, "ack", by="dana")
    said = []
    for action, by in (("ack", "lee"), ("reopen", "lee"), ("reopen", "lee")):
        async with desk.client.post(f"/api/v1/alerts/1/{action}", json={"by": by}, headers=bearer("act")) as response:
            said.append((response.status, await response.json(content_type=None)))

    assert [409, 200, 409] == [status for status, _ in said]
    refused = said[0][1]
    assert ("acked", "dana", "dana", "2026-01-02T03:04:05.000Z") == (
        refused["state"],
        refused["owner"],
        refused["by"],
        refused["since"],
    )
    assert (await desk.get("/api/v1/alerts/1"))["state"] == "open"


@pytest.mark.parametrize(
    ("action", "body", "status", "path"),
    [
        ("ack", b"nope", 400, ""),
        ("ack", b"[]", 422, ""),
        ("ack", b"5", 422, ""),
        ("ack", b'{"by": 5}', 422, "/by"),
        ("ack", b'{"by": "' + b"x" * 300 + b'"}', 422, "/by"),
        ("ack", b'{"note": {}}', 422, "/note"),
        ("ack", b'{"until": "later"}', 422, "/until"),
        ("ack", b'{"until": ""}', 422, "/until"),
        ("snooze", b'{"until": " "}', 422, "/until"),
        ("snooze", b'{"until": "90"}', 422, "/until"),
        ("snooze", b'{"until": "2026-13-01T00:00:00Z"}', 422, "/until"),
        ("ack", b'{"until": "2020-01-01T00:00:00Z"}', 422, "/until"),
        ("close", b'{"until": "2036-01-01T00:00:00Z"}', 422, "/until"),
        ("assign", b"{}", 422, "/to"),
        ("assign", b'{"to": "@"}', 422, "/to"),
        ("note", b'{"note": " "}', 422, "/note"),
        ("ack", b" " * 100_000, 413, None),
    ],
)
async def test_bad_actions(desk: Desk, action: str, body: bytes, status: int, path: str | None) -> None:
    """A body that cannot be used is a problem with the path of the bad field, and changes nothing."""
    await desk.post("/api/v1/alerts", DISK)
    headers = {**bearer("every"), "Content-Type": "application/json"}
    async with desk.client.post(f"/api/v1/alerts/1/{action}", data=body, headers=headers) as response:
        said = await problem(response)

    assert (status, path) == (said["status"], said.get("path"))
    assert len((await desk.get("/api/v1/alerts/1/history"))["history"]) == 1


@pytest.mark.parametrize("number", ["0", "999", "9" * 15, "9" * 16, "-1", "x", "1.0", "%D9%A1", "1%00"])
async def test_numbers_that_are_not_there(desk: Desk, number: str) -> None:
    """A number without an alert, and what is no number, is 404."""
    await desk.post("/api/v1/alerts", DISK)
    for path in (f"/api/v1/alerts/{number}", f"/api/v1/alerts/{number}/history"):
        async with desk.client.get(path, headers=bearer("every")) as response:
            assert (await problem(response))["status"] == 404


async def test_hostile_texts(desk: Desk) -> None:
    """Names and notes that no database takes are mended, not refused."""
    await desk.post("/api/v1/alerts", DISK)
    body = b'{"by": "d\\u0000\\ud800", "note": "n\\u0000", "until": null}'
    headers = {**bearer("every"), "Content-Type": "application/json"}
    async with desk.client.post("/api/v1/alerts/1/ack", data=body, headers=headers) as response:
        assert response.status == 200
        assert (await response.json())["acked_by"] == "d\ufffd\ufffd"


async def test_visible_right_after(desk: Desk) -> None:
    """An alert can be found as soon as its post was answered."""
    for number in range(1, 20):
        await desk.post("/api/v1/alerts", {"summary": f"number{number}x"})

        assert [number] == await numbers(desk, f"q=number{number}x")


async def test_time_that_no_calendar_has(desk: Desk) -> None:
    """A moment far from now is shown in the words of the calendar."""
    await desk.post("/api/v1/alerts", {"summary": "x", "starts_at": "99999999999999"})

    assert (await desk.get("/api/v1/alerts/1"))["starts_at"].endswith("Z")
    assert BEGIN == desk.clock.now
