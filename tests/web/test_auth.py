import base64
from typing import Any

import pytest
from structlog.testing import capture_logs
from yarl import URL

from bot.web.auth import REMEMBERED
from tests.web.conftest import SECRETS, Desk, bearer, problem

ALERT = {"summary": "Disk full"}
KEY = SECRETS["every"]


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header of basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer  {KEY} "},
        {"Authorization": f"GenieKey {KEY}"},
        {"X-Api-Key": KEY},
        {"Authorization": KEY},
        {"Authorization": f"Token {KEY}"},
        {"Authorization": f'Token token="{KEY}"'},
        {"Authorization": f"Bearer: Bearer {KEY}"},
        {"X-Auth-Token": f" {KEY}"},
        basic("anybody", KEY),
        basic(KEY, ""),
        {"Authorization": "Bearer something else", "X-Api-Key": KEY},
    ],
)
async def test_every_spelling(desk: Desk, headers: dict[str, str]) -> None:
    """Every spelling of a key is accepted."""
    async with desk.client.post("/api/v1/alerts", json=ALERT, headers=headers) as response:
        assert response.status == 202


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {'x' * 32}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"{KEY}{KEY}"},
        {"Authorization": "Digest username"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()},
        {"X-Api-Key": "é" * 32},
        {"X-Api-Key": "' OR 1=1 --".ljust(32)},
        {"X-Api-Key": KEY.lower()},
    ],
)
async def test_no_key(desk: Desk, headers: dict[str, str]) -> None:
    """Without a known key nothing is stored, and the answer says how a key is sent."""
    async with desk.client.post("/api/v1/alerts", json=ALERT, headers=headers) as response:
        body = await problem(response)

        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert KEY not in str(body)
    assert [] == await desk.alerts()


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/v1/alerts", "ingest"),
        ("POST", "/in/alertmanager", "ingest"),
        ("POST", "/api/v2/alerts", "ingest"),
        ("GET", "/api/v1/alerts", "read"),
        ("GET", "/api/v1/alerts/1", "read"),
        ("GET", "/api/v1/alerts/1/history", "read"),
        ("GET", "/api/v2/alerts", "read"),
        ("GET", "/api/v2/alerts/groups", "read"),
        ("POST", "/api/v1/alerts/1/ack", "act"),
    ],
)
async def test_scopes(desk: Desk, method: str, path: str, scope: str) -> None:
    """Each path asks for one scope: a key with it is let in, the others are answered 403."""
    await desk.post("/api/v1/alerts", ALERT)
    body: Any = [] if "v2" in path else ALERT
    for name in ("ingest", "read", "act"):
        async with desk.client.request(method, path, json=body, headers=bearer(name)) as response:
            assert (response.status == 403) is (name != scope)
            assert response.status < 500


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/in/alertmanager/{key}", 200),
        ("POST", "/am/{key}/api/v2/alerts", 200),
        ("GET", "/am/{key}/api/v2/alerts", 403),
        ("GET", "/am/{key}/api/v2/alerts/groups", 403),
        ("GET", "/am/{key}/api/v2/status", 200),
    ],
)
async def test_key_in_the_path(desk: Desk, method: str, path: str, status: int) -> None:
    """A key in the path is good for ingest only, whatever scopes it has."""
    async with desk.client.request(method, path.format(key=KEY), json=[]) as response:
        assert status == response.status


@pytest.mark.parametrize(
    "address", ["/in/generic?key={}&title=a", "/in/generic?title=a&token={}", "/in/generic/{}%0A?title=a"]
)
async def test_key_in_the_address(desk: Desk, address: str) -> None:
    """A key in the query, or copied with a line break, is good for ingest, and is not kept with what was said."""
    async with desk.client.get(URL(address.format(KEY), encoded=True)) as response:
        assert response.status == 200
    async with desk.client.get(f"/api/v1/alerts?key={KEY}") as response:
        assert response.status == 403
    async with desk.parts.storage.read() as tx:
        kept = [bytes(row["body"]) for row in await tx.all("SELECT body FROM bodies")]

    assert [b"title=a"] == kept


@pytest.mark.parametrize("path", ["/in/alertmanager/{}", "/am/{}/api/v2/alerts"])
@pytest.mark.parametrize("secret", [SECRETS["read"], "x" * 32, "short", "%00%ff", "é" * 32])
async def test_bad_key_in_the_path(desk: Desk, path: str, secret: str) -> None:
    """A key in the path that is unknown, or lacks the scope, is refused."""
    async with desk.client.post(path.format(secret), json=[]) as response:
        assert response.status == (403 if secret == SECRETS["read"] else 401)


async def test_keys_stay_out_of_logs(desk: Desk) -> None:
    """No key is logged, neither a known one nor what was sent instead of one."""
    wrong = "W" * 32
    with capture_logs() as logs:
        for path in (f"/in/{KEY}", f"/in/alertmanager/{wrong}", f"/am/{KEY}/api/v2/nothing", f"/nothing/{KEY}"):
            async with desk.client.post(path, json=[]) as response:
                assert response.status in {401, 404}
        async with desk.client.get("/api/v1/alerts", headers={"X-Api-Key": wrong}) as response:
            assert response.status == 401

    assert len(logs) == 5
    assert KEY not in str(logs)
    assert wrong not in str(logs)


async def test_a_revoked_key_dies(desk: Desk) -> None:
    """A key is remembered for five seconds at most; after that its revocation counts."""
    await desk.post("/api/v1/alerts", ALERT)
    async with desk.parts.storage.begin() as tx:
        await tx.run("UPDATE keys SET revoked_at = 1 WHERE id = :id", id=desk.keys["every"])
    desk.clock.now += REMEMBERED
    async with desk.client.post("/api/v1/alerts", json=ALERT, headers=bearer("every")) as response:
        assert response.status == 401


async def test_a_remembered_key_costs_no_look_up(desk: Desk) -> None:
    """Within these seconds a key is not looked up again."""
    await desk.post("/api/v1/alerts", ALERT)
    async with desk.parts.storage.begin() as tx:
        await tx.run("UPDATE keys SET revoked_at = 1 WHERE id = :id", id=desk.keys["every"])
    desk.clock.now += REMEMBERED - 1

    assert await desk.post("/api/v1/alerts", ALERT)


async def test_a_clock_set_back(desk: Desk) -> None:
    """A clock that goes back does not keep a revoked key alive."""
    await desk.post("/api/v1/alerts", ALERT)
    async with desk.parts.storage.begin() as tx:
        await tx.run("UPDATE keys SET revoked_at = 1 WHERE id = :id", id=desk.keys["every"])
    desk.clock.now -= 3_600_000
    async with desk.client.post("/api/v1/alerts", json=ALERT, headers=bearer("every")) as response:
        assert response.status == 401
