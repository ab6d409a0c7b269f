import asyncio
import gzip
import io
import json
import zlib
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.storage.engine import Busy, Full
from bot.usecases.ingest import Delivery, Intake
from bot.web import errors, ingest
from tests.web.conftest import Desk, bearer, problem

ALERT = {"summary": "Disk full", "dedup_key": "disk", "severity": "error"}
JSON = {**bearer("every"), "Content-Type": "application/json"}


async def test_outcomes(desk: Desk) -> None:
    """Each item's outcome is the one of product.md 4."""
    outcomes = []
    for said in ({}, {}, {"severity": "critical"}, {"status": "resolved"}, {"status": "resolved"}, {}):
        answer = await desk.post("/api/v1/alerts", {**ALERT, **said})
        outcomes.append(answer["results"][0]["outcome"])

    assert ["opened", "repeated", "worse", "resolved", "ignored", "reopened"] == outcomes


async def test_answer(desk: Desk) -> None:
    """The answer is 202 with a result per item, in their order; a bad one says why and where, and stops no other."""
    body = [{"summary": "a", "dedup_key": "a"}, {"summary": 5, "dedup_key": "b"}, {"summary": "c", "dedup_key": "c"}]
    async with desk.client.post("/api/v1/alerts", json=body, headers=bearer("every")) as response:
        assert response.status == 202
        assert response.content_type == "application/json"
        assert await response.json() == {
            "results": [
                {"alert": 1, "outcome": "opened", "dedup_key": "a"},
                {
                    "alert": None,
                    "outcome": "rejected",
                    "dedup_key": "b",
                    "error": "summary must be a string",
                    "path": "/1/summary",
                },
                {"alert": 2, "outcome": "opened", "dedup_key": "c"},
            ]
        }
    assert ["c", "a"] == [alert["summary"] for alert in await desk.alerts()]


async def test_dropped_time(desk: Desk) -> None:
    """A time that is dropped is said so in the result, and shown by the alert."""
    answer = await desk.post("/api/v1/alerts", {"summary": "x", "starts_at": "yesterday"})

    assert "starts_at" in answer["results"][0]["note"]
    assert [{"starts_at_raw": "yesterday"}] == [alert["labels"] for alert in await desk.alerts()]


@pytest.mark.parametrize(
    ("body", "path", "results"),
    [
        (b"nope", "", 1),
        (b"", "", 1),
        (b"[]", "", 1),
        (b"42", "", 1),
        (b'{"summary": ""}', "/summary", 1),
        (b'[{"summary": 1}, {}]', "/0/summary", 2),
        (b'{"summary": "x", "status": "resolved", "labels": {"host": "a', "", 1),
        (b"[" * 500_000, "", 1),
    ],
)
async def test_none_good(desk: Desk, body: bytes, path: str, results: int) -> None:
    """When nothing was good the answer is a problem document with the path of the first fault, and every error."""
    async with desk.client.post("/api/v1/alerts", data=body, headers=JSON) as response:
        said = await problem(response)

        assert response.status == 400
    assert path == said["path"]
    assert results == len(said["results"])
    assert all(each["outcome"] == "rejected" and each["error"] for each in said["results"])
    assert [] == await desk.alerts()


async def test_too_many_items(desk: Desk) -> None:
    """A thousand alerts are taken at once, one more is not."""
    many = [{"summary": str(number)} for number in range(ingest.ITEMS_LIMIT + 1)]
    answer = await desk.post("/api/v1/alerts", many[1:])
    async with desk.client.post("/api/v1/alerts", json=many, headers=bearer("every")) as response:
        assert response.status == 413
        await problem(response)
    assert list(range(1, 1001)) == [result["alert"] for result in answer["results"]]


def padded(size: int) -> bytes:
    """Return a good body of this many bytes."""
    body = json.dumps({"summary": "x"}).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize(("size", "status"), [(1024 * 1024, 202), (1024 * 1024 + 1, 413), (2 * 1024 * 1024, 413)])
@pytest.mark.parametrize("form", ["plain", "gzip", "deflate", "chunked"])
async def test_too_large(desk: Desk, form: str, size: int, status: int) -> None:
    """A body of 1 MiB is taken, a larger one is not, however it is sent; the connection serves the next request."""
    body: Any = padded(size)
    headers = dict(JSON)
    if form == "gzip":
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    if form == "deflate":
        body, headers["Content-Encoding"] = zlib.compress(body), "deflate"
    body = chunks(body) if form == "chunked" else io.BytesIO(body)
    async with desk.client.post("/api/v1/alerts", data=body, headers=headers) as response:
        assert status == response.status
    assert await desk.post("/api/v1/alerts", ALERT)


async def chunks(body: bytes) -> Any:
    """Send a body without saying its length."""
    for begin in range(0, len(body), 65_536):
        yield body[begin : begin + 65_536]
        await asyncio.sleep(0)


async def test_bomb(desk: Desk) -> None:
    """A small body that unpacks to far more than the limit is refused; the server is there for the next one."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1024 * 1024) for _ in range(256)) + packer.flush()
    async with desk.client.post(
        "/in/alertmanager", data=io.BytesIO(bomb), headers={**JSON, "Content-Encoding": "gzip"}
    ) as response:
        assert response.status == 413
    assert await desk.post("/api/v1/alerts", ALERT)


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 400), ("deflate", 400), ("zip", 415), ("gzip, gzip", 415), ("identity", 202)]
)
async def test_encodings(desk: Desk, encoding: str, status: int) -> None:
    """What says that it is compressed and is not, or in a way that nobody knows, is refused, without an error here."""
    headers = {**JSON, "Content-Encoding": encoding}
    with capture_logs() as logs:
        async with desk.client.post("/api/v1/alerts", data=b'{"summary": "x"}', headers=headers) as response:
            assert status == response.status
    assert [] == [line for line in logs if line["log_level"] == "error"]
    assert await desk.post("/api/v1/alerts", ALERT)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json; charset=utf-8", b'{"summary": "x"}', 202),
        ("application/vnd.alert+json", b'{"summary": "x"}', 202),
        ("application/x-www-form-urlencoded", b' {"summary": "x"}', 202),
        ("application/x-www-form-urlencoded", b"summary=x", 415),
        ("application/octet-stream", b'[{"summary": "x"}]', 202),
        ("text/plain", b'{"summary": "x"}', 415),
        ("text/xml", b"<alert/>", 415),
        ("multipart/form-data; boundary=x", b'{"summary": "x"}', 415),
        ("nonsense", b'{"summary": "x"}', 202),
    ],
)
async def test_content_types(desk: Desk, kind: str, body: bytes, status: int) -> None:
    """A type that is not JSON is refused; what tools claim when nobody told them is not."""
    headers = {**bearer("every"), "Content-Type": kind}
    async with desk.client.post("/api/v1/alerts", data=body, headers=headers) as response:
        assert status == response.status


async def test_no_content_type(desk: Desk) -> None:
    """A body without a type may be JSON."""
    async with desk.client.post(
        "/api/v1/alerts", data=b'{"summary": "x"}', headers=bearer("every"), skip_auto_headers=["Content-Type"]
    ) as response:
        assert response.status == 202


async def test_source_is_the_keys_name(desk: Desk) -> None:
    """An alert that names no source comes from the key."""
    await desk.post("/api/v1/alerts", {"summary": "x"}, key="ingest")

    assert ["ingest"] == [alert["source"] for alert in await desk.alerts()]


async def test_alertmanager(desk: Desk) -> None:
    """A notification is taken through a header or through the path, and is the same alert as from Prometheus."""
    labels = {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"}
    given = {"status": "firing", "labels": labels, "startsAt": "2026-01-02T03:04:05Z"}
    await desk.post("/in/alertmanager", {"version": "4", "alerts": [given]})
    await desk.post(f"/in/alertmanager/{'I' * 32}", {"version": "4", "alerts": [given]})
    async with desk.client.post("/api/v2/alerts", json=[given], headers=bearer("every")) as response:
        assert (200, b"") == (response.status, await response.read())
    (alert,) = await desk.alerts()

    assert ("efb0c6c488e007da", 3, "open") == (alert["dedup_key"], alert["count"], alert["state"])


async def test_closes_with_the_last_sender(desk: Desk) -> None:
    """A problem that Alertmanager and Prometheus both report closes when the second of them resolves it."""
    states = []
    given = {"labels": {"alertname": "A"}, "startsAt": "2026-01-02T03:00:00Z"}
    over = {**given, "endsAt": "2026-01-02T03:04:00Z"}
    await desk.post("/in/alertmanager", {"alerts": [{"status": "firing", **given}]})
    for alert in (given, over):
        async with desk.client.post("/api/v2/alerts", json=[alert], headers=bearer("every")) as response:
            assert response.status == 200
        states.append((await desk.alerts())[0]["state"])
    await desk.post("/in/alertmanager", {"alerts": [{"status": "resolved", **over}]})
    states.append((await desk.alerts())[0]["state"])

    assert ["open", "open", "closed"] == states


@pytest.mark.parametrize("body", [b"", b"hello <script>", b"\x00\xff", b"[" * 3_000_000, b'{"alerts": 1}'])
async def test_what_nobody_understands(desk: Desk, body: bytes) -> None:
    """An authenticated body that nobody understands is stored as it came and becomes one odd-looking alert."""
    for _ in range(2):
        async with desk.client.post("/in/alertmanager", data=io.BytesIO(body), headers=bearer("every")) as response:
            assert response.status == 200
    (alert,) = await desk.alerts()
    async with desk.parts.storage.read() as tx:
        kept = [bytes(row["body"]) for row in await tx.all("SELECT body FROM bodies ORDER BY id")]

    assert alert["count"] == 2
    assert "alertmanager" in alert["summary"]
    assert ([body, body] if body else []) == kept


@pytest.mark.parametrize(
    ("name", "source"),
    [("nothing", "auto"), ("Uptime_Kuma", "uptime-kuma"), ("GRAFANA", "grafana"), ("icinga2", "nagios")],
)
async def test_no_such_source(desk: Desk, name: str, source: str) -> None:
    """A name that nobody knows loses no alert: it is read by its shape, or as the source that is meant, and the answer says so."""
    async with desk.client.post(f"/in/{name}", json={"title": "Disk"}, headers=bearer("every")) as response:
        told = await response.json()
        assert (200, f"there is no source {name}: this was read as {source}") == (response.status, told["note"])
    async with desk.client.post(f"/in/{name}", data=b"") as response:
        assert response.status == 401
    assert 1 == len(await desk.alerts())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("utf-8", b'{"title": "Disk"}'),
        ("x-gzip", gzip.compress(b'{"title": "Disk"}')),
        ("", gzip.compress(b'{"title": "Disk"}')),
    ],
)
async def test_encodings_of_a_source(desk: Desk, encoding: str, body: bytes) -> None:
    """A source's sender is not refused for what it calls its encoding, and what gzip wrote is unpacked whatever it says."""
    headers = {**JSON, **({"Content-Encoding": encoding} if encoding else {})}
    async with desk.client.put("/in/generic", data=body, headers=headers) as response:
        assert response.status == 200

    assert ["Disk"] == [alert["summary"] for alert in await desk.alerts()]


async def test_a_bomb_that_says_nothing(desk: Desk) -> None:
    """A small body that unpacks to far more than the limit is refused also where it does not say that it is compressed."""
    async with desk.client.post("/in/generic", data=gzip.compress(b" " * 32 * 1024 * 1024), headers=JSON) as response:
        assert response.status == 413


async def test_bad_alerts_from_prometheus(desk: Desk) -> None:
    """The good alerts of a batch are stored, and the answer is 400 with a JSON string that names the bad ones."""
    batch = [{"labels": {"alertname": "a"}}, {"labels": {}}, 5]
    async with desk.client.post("/api/v2/alerts", json=batch, headers=bearer("every")) as response:
        said = await response.json()

        assert response.status == 400
    assert isinstance(said, str)
    assert "alert 1" in said
    assert "alert 2" in said
    assert ["a"] == [alert["summary"] for alert in await desk.alerts()]


@pytest.mark.parametrize("trouble", [Busy("locked"), Full("no space left")])
@pytest.mark.parametrize("path", ["/api/v1/alerts", "/in/alertmanager", "/api/v2/alerts"])
async def test_nothing_stored(desk: Desk, path: str, trouble: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing could be stored the answer is 503 with Retry-After, so that every sender comes again."""

    async def refuse(_intake: Intake, _delivery: Delivery) -> None:
        raise trouble

    monkeypatch.setattr(Intake, "receive", refuse)
    body: Any = [{"labels": {"a": "b"}}] if "v2" in path else ALERT
    async with desk.client.post(path, json=body, headers=bearer("every")) as response:
        said = await response.json(content_type=None)

        assert (503, errors.RETRY_AFTER) == (response.status, response.headers["Retry-After"])
    assert "locked" not in str(said)
    assert "space" not in str(said)


async def test_what_nobody_expected(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error is 500 without details, and logged once with all of them."""

    async def fail(_intake: Intake, _delivery: Delivery) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Intake, "receive", fail)
    with capture_logs() as logs:
        async with desk.client.post("/api/v1/alerts", json=ALERT, headers=bearer("every")) as response:
            said = await problem(response)

            assert response.status == 500
    assert "secret" not in str(said)
    assert ["request_failed"] == [line["event"] for line in logs]
    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/api/v1/alerts", 405),
        ("GET", "/in/alertmanager", 405),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/%00", 404),
    ],
)
async def test_wrong_paths(desk: Desk, method: str, path: str, status: int) -> None:
    """Paths and methods that are not there are problems too; 405 says what is."""
    async with desk.client.request(method, path, headers=bearer("every")) as response:
        await problem(response)

        assert status == response.status
        assert ("Allow" in response.headers) is (status == 405)
