"""Silences as Alertmanager's API has them: the real amtool adds, finds, changes and ends ours, and the room's are seen there."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.needs import needs
from tests.web.conftest import BEGIN, SECRETS, Desk, bearer

HOUR = 3_600_000
MATCHERS = [{"name": "service", "value": "db", "isRegex": False, "isEqual": True}]
GOOD = {
    "matchers": MATCHERS,
    "startsAt": "2026-01-02T03:04:05Z",
    "endsAt": "2026-01-02T05:04:05Z",
    "createdBy": "anna",
    "comment": "disks",
}


async def call(desk: Desk, method: str, path: str, body: Any = None, *, key: str = "every") -> tuple[int, Any]:
    """Ask with a key, and return status and answer."""
    async with desk.client.request(method, path, json=body, headers=bearer(key)) as response:
        text = await response.text()
        return response.status, json.loads(text) if text else None


async def test_a_silence_is_made_and_ended(desk: Desk) -> None:
    """What it covers is suppressed and names it, until it is ended; the room is told of both."""
    await desk.post(
        "/api/v1/alerts",
        [{"summary": "a", "labels": {"service": "db"}}, {"summary": "b", "labels": {"service": "web"}}],
    )
    status, made = await call(desk, "POST", "/api/v2/silences", GOOD)
    _, (listed,) = await call(desk, "GET", "/api/v2/silences")
    alerts = {each["labels"]["service"]: each["status"] for each in (await call(desk, "GET", "/api/v2/alerts"))[1]}
    ended = await call(desk, "DELETE", f"/api/v2/silence/{made['silenceID']}")
    again = await call(desk, "DELETE", f"/api/v2/silence/{made['silenceID']}")
    _, one = await call(desk, "GET", f"/api/v2/silence/{made['silenceID']}")
    async with desk.parts.storage.read() as tx:
        told = [
            json.loads(row["detail"])["why"]
            for row in await tx.all("SELECT detail FROM outbox WHERE number IS NULL ORDER BY id")
        ]

    assert 200 == status
    assert (made["silenceID"], MATCHERS, "anna", "disks", {"state": "active"}) == tuple(
        listed[name] for name in ("id", "matchers", "createdBy", "comment", "status")
    )
    assert ("suppressed", [made["silenceID"]]) == (alerts["db"]["state"], alerts["db"]["silencedBy"])
    assert ("active", []) == (alerts["web"]["state"], alerts["web"]["silencedBy"])
    assert [200, 200] == [ended[0], again[0]]
    assert {"state": "expired"} == one["status"]
    assert [] == (await call(desk, "GET", "/api/v2/silences"))[1]
    assert ["anna (via key every): S1 hides service=db", "every (via key every): S1 (service=db) is ended"] == [
        text[: len(expected)]
        for text, expected in zip(
            told,
            ["anna (via key every): S1 hides service=db", "every (via key every): S1 (service=db) is ended"],
            strict=True,
        )
    ]


async def test_a_silence_is_changed(desk: Desk) -> None:
    """Another end keeps it; other matchers make a new one and end the old."""
    _, made = await call(desk, "POST", "/api/v2/silences", GOOD)
    longer = {**GOOD, "id": made["silenceID"], "endsAt": "2026-01-02T06:04:05Z"}
    _, same = await call(desk, "POST", "/api/v2/silences", longer)
    other = {**longer, "matchers": [{"name": "service", "value": "d.*", "isRegex": True}]}
    _, new = await call(desk, "POST", "/api/v2/silences", other)
    _, (listed,) = await call(desk, "GET", "/api/v2/silences")

    assert made == same != new
    assert (new["silenceID"], True) == (listed["id"], listed["matchers"][0]["isRegex"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"matchers": []}, "at least one matcher"),
        ({"matchers": None}, "at least one matcher"),
        ({"matchers": [5]}, "no name"),
        ({"matchers": [{"name": "a", "value": ".*", "isRegex": True}]}, "at least one matcher must name something"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, "silence invalid"),
        ({"endsAt": "2020-01-01T00:00:00Z"}, "endsAt"),
        ({"endsAt": "soon"}, "endsAt"),
        ({"endsAt": "2999-01-01T00:00:00Z"}, "endsAt"),
        ({"startsAt": "soon"}, "startsAt is no time"),
        ({"startsAt": ""}, "startsAt is no time"),
        ({"startsAt": "0001-01-01T00:00:00Z"}, "startsAt is no time"),
        ({"startsAt": "2026-01-02T05:04:05Z"}, "endsAt is not after startsAt"),
        ({"matchers": [{"name": "a", "value": "b", "isEqual": "false"}]}, "isEqual"),
        ({"matchers": [{"name": "a", "value": "b", "isRegex": "true"}]}, "isRegex"),
        ({"matchers": [{"name": "a"}]}, "no value"),
    ],
)
async def test_bad_silences(desk: Desk, change: Any, words: str) -> None:
    """400 as a JSON string, and nothing is silenced."""
    status, text = await call(desk, "POST", "/api/v2/silences", {**GOOD, **change})

    assert 400 == status
    assert words in text
    assert [] == (await call(desk, "GET", "/api/v2/silences"))[1]


async def test_whose_silences(desk: Desk) -> None:
    """A key without the scope makes none; one of another tenant sees and ends none."""
    _, made = await call(desk, "POST", "/api/v2/silences", GOOD)

    assert 403 == (await call(desk, "POST", "/api/v2/silences", GOOD, key="ingest"))[0]
    assert 403 == (await call(desk, "GET", "/api/v2/silences", key="ingest"))[0]
    assert [] == (await call(desk, "GET", "/api/v2/silences", key="other tenant"))[1]
    for name in (made["silenceID"], "nope", "5117e7ce-0000-4000-8000-zz", "0" * 36):
        assert 404 == (await call(desk, "DELETE", f"/api/v2/silence/{name}", key="other tenant"))[0]
    assert 404 == (await call(desk, "POST", "/api/v2/silences", {**GOOD, "id": "nope"}))[0]


async def test_groups(desk: Desk) -> None:
    """Alerts of one name stand together."""
    for name, host in (("Disk", "a"), ("Disk", "b"), ("Load", "a")):
        await desk.post("/api/v1/alerts", {"summary": f"{name} {host}", "labels": {"alertname": name, "host": host}})
    groups = await desk.get("/api/v2/alerts/groups")

    assert [("Disk", 2), ("Load", 1)] == [(each["labels"]["alertname"], len(each["alerts"])) for each in groups]


async def test_the_real_amtool(desk: Desk, tmp_path: Path) -> None:
    """Alertmanager's own command line adds, queries and expires silences, and lists alerts, as with its own server."""
    amtool = needs("amtool", "prometheus-alertmanager")
    desk.clock.now = time.time_ns() // 1_000_000
    await desk.post("/api/v1/alerts", {"summary": "Disk full", "labels": {"alertname": "DiskFull", "service": "db"}})
    config = tmp_path / "http.yml"
    config.write_text(f"authorization: {{credentials: {SECRETS['every']}}}\n")
    url = str(desk.client.make_url("")).rstrip("/")

    async def run(*arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            amtool, f"--alertmanager.url={url}", f"--http.config.file={config}", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        assert 0 == process.returncode, f"{arguments}: {errors.decode()}"
        return output.decode()

    made = (await run("silence", "add", "service=db", "--author=anna", "--comment=disks", "--duration=2h")).strip()
    silences = await run("silence", "query", "service=db")
    alerts = await run("alert", "query", "--silenced", "service=db")
    await run("silence", "expire", made)
    after = await run("silence", "query")

    assert "anna" in silences
    assert made in silences
    assert "DiskFull" in alerts
    assert made not in after
    assert BEGIN < desk.clock.now
