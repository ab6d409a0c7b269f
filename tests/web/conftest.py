"""The application on a real database, with keys of two feeds, and a clock that goes on only when told."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from bot.domain.tenant import Scope
from bot.parts import Parts
from bot.settings import from_environment
from bot.storage import feeds, tenants
from bot.web.server import create_app
from bot.wiring import running

BEGIN = 1_767_323_045_000
"""2026-01-02T03:04:05Z."""
ALL = frozenset(Scope)
SECRETS = {
    "every": "E" * 32,
    "ingest": "I" * 32,
    "read": "R" * 32,
    "act": "A" * 32,
    "other feed": "F" * 32,
    "other tenant": "T" * 32,
}


class Clock:
    """Epoch milliseconds that go on only when told."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> int:
        """Return the time."""
        return self.now


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What these tests talk to. `keys` holds each key's id by its name in SECRETS."""

    client: TestClient[Any, Any]
    parts: Parts
    clock: Clock
    keys: Mapping[str, int]
    headers: Mapping[str, str] = field(default_factory=lambda: bearer("every"))

    async def post(self, path: str, json: object, *, key: str = "every") -> Any:
        """Post JSON and return the answer's, which must be a success."""
        async with self.client.post(path, json=json, headers=bearer(key)) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def get(self, path: str, *, key: str = "every") -> Any:
        """Get an answer's JSON, which must be a success."""
        async with self.client.get(path, headers=bearer(key)) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def alerts(self) -> list[Any]:
        """Return every alert of the feed, newest first."""
        found: list[Any] = (await self.get("/api/v1/alerts?state=all&limit=200"))["alerts"]
        return found


def bearer(key: str) -> dict[str, str]:
    """Return the header that carries a key of SECRETS."""
    return {"Authorization": f"Bearer {SECRETS[key]}"}


async def problem(response: ClientResponse) -> Any:
    """Return a problem document, having checked its shape (RFC 9457)."""
    body = await response.json(content_type=None)

    assert response.content_type == "application/problem+json"
    assert response.status == body["status"]
    assert {"type", "title", "detail"} <= body.keys()
    return body


@pytest.fixture
async def desk(storage_url: str) -> AsyncIterator[Desk]:
    """Serve the application on each database."""
    clock = Clock()
    settings = from_environment(
        {"DATABASE_URL": storage_url, "BASE_URL": "https://bot.example.com", "SECRET_KEY": "s" * 43}
    )
    async with running(settings, clock=clock, migrate=False) as parts:
        keys = await _keys(parts)
        async with TestClient(TestServer(create_app(parts))) as client:
            yield Desk(client=client, parts=parts, clock=clock, keys=keys)


async def _keys(parts: Parts) -> dict[str, int]:
    async with parts.storage.begin() as tx:
        made: dict[str, int] = {}
        for host in ("one", "two"):
            tenant = await tenants.add_tenant(tx, host=host, group_id=1, name=host, now=BEGIN)
            room = await tenants.add_room(tx, tenant=tenant.id, hipchat_id=5, name="Ops", now=BEGIN)
            feed = await feeds.add_feed(tx, tenant=tenant.id, name="ops", room=room.id, now=BEGIN)
            other = await feeds.add_feed(tx, tenant=tenant.id, name="other", room=room.id, now=BEGIN)
            wanted = (
                {"other tenant": (feed, ALL)}
                if host == "two"
                else {
                    "every": (feed, ALL),
                    "ingest": (feed, frozenset({Scope.INGEST})),
                    "read": (feed, frozenset({Scope.READ})),
                    "act": (feed, frozenset({Scope.ACT})),
                    "other feed": (other, ALL),
                }
            )
            for name, (owner, scopes) in wanted.items():
                made[name] = await feeds.add_key(
                    tx, feed=owner.id, name=name, secret=SECRETS[name], scopes=scopes, now=BEGIN
                )
        return made
