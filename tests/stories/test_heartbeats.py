"""A backend that falls silent is an alert, and is over when it is heard again."""

from typing import Any

import pytest
from aiohttp import encode_basic_auth
from yarl import URL

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import escalate
from tests.stories.bot import Bot


async def beat(stage: Stage, bot: Bot, key: str, query: str, method: str = "GET", json: Any = None) -> Any:  # noqa: PLR0917 - a request's parts
    """Call the heartbeat's address, and return status and answer."""
    assert bot.backend is not None
    url = f"{stage.bot_url}/in/heartbeat/{key}?{query}"
    async with bot.backend.session.request(method, url, headers={"Authorization": ""}, json=json) as answer:
        return answer.status, await answer.json(content_type=None)


async def opsgenie(stage: Stage, bot: Bot, key: str, method: str, path: str, json: Any = None) -> tuple[int, Any]:  # noqa: PLR0917 - a request's parts
    """Call Opsgenie's Heartbeat API, and return status and answer."""
    assert bot.backend is not None
    headers = {"Authorization": encode_basic_auth("", key) if method == "GET" else f"GenieKey {key}"}
    url = URL(f"{stage.bot_url}/v2/heartbeats{path}", encoded=True)
    async with bot.backend.session.request(method, url, headers=headers, json=json) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.fixture
async def key(stage: Stage, room: RoomDriver) -> str:
    """Give a key."""
    assert room is not None
    return await stage.key()


async def test_a_silent_backend(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """One alert when its time and its grace are over, told once, closed by the next beat."""
    status, answered = await beat(stage, bot, key, "name=backup&every=1h&grace=10m")
    for _ in range(3):
        clock.forward(minutes=65)
        await bot.settle()
        await beat(stage, bot, key, "name=backup&every=1h&grace=10m", "POST")
    assert [] == room.unseen()
    clock.forward(minutes=71)
    await bot.settle()
    await room.sees("#1 heartbeat backup missed: nothing was heard for 1 h, it is expected every 1 h")
    clock.forward(hours=3)
    await bot.settle()
    await beat(stage, bot, key, "name=backup")
    await bot.settle()
    await room.sees("#1 resolved by heartbeat")
    clock.forward(minutes=71)
    await bot.settle()

    assert (200, "backup", "2026-11-24T13:12:00.000Z") == (status, answered["name"], answered["expected_by"])
    await room.sees("heartbeat backup missed")


async def test_it_is_stopped(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """What is expected no more is no alert, and an alert of it is over."""
    await beat(stage, bot, key, "name=a&every=5m")
    await beat(stage, bot, key, "name=b&every=5m")
    await beat(stage, bot, key, "name=a&stop=1")
    clock.forward(minutes=7)
    await bot.settle()
    await room.sees("#1 heartbeat b missed")
    answered = await beat(stage, bot, key, "name=b&stop=1")
    await bot.settle()
    await room.sees("#1 resolved by heartbeat")

    assert (200, {"name": "b", "expected_by": None}) == answered
    assert [] == room.unseen()


async def test_after_a_start(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """Who could not reach us while we were down has its time once more."""
    await beat(stage, bot, key, "name=backup&every=10m&grace=0m")
    clock.forward(hours=2)
    started = clock.milliseconds()
    bot.started_at = started
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=9)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=2)
    await bot.settle()

    await room.sees("heartbeat backup missed")


async def test_two_replicas_miss_it_once(
    stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str
) -> None:
    """One alert with one report."""
    await beat(stage, bot, key, "name=backup&every=5m")
    clock.forward(minutes=10)
    now = clock.milliseconds()
    for _ in range(2):
        await escalate.run_due(stage.parts.storage, now=now, started_at=bot.started_at)
    await bot.settle()
    await room.sees("#1 heartbeat backup missed")

    assert ["opened by heartbeat"] == await bot.history(1)


@pytest.mark.parametrize("query", ["every=soon", "every=1s", "every=-5m", "grace=2y", "every=9999999999d", "every="])
async def test_bad_spans(stage: Stage, room: RoomDriver, bot: Bot, key: str, query: str) -> None:
    """Are refused with the reason; nothing is expected then."""
    status, answered = await beat(stage, bot, key, query)
    await bot.settle()

    assert 422 == status
    assert "is a span such as 5m" in answered["detail"]
    assert [] == room.unseen()


async def test_a_wrong_key(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Nobody else makes a backend look alive."""
    assert room is not None
    assert 401 == (await beat(stage, bot, "x" * 32, "name=backup"))[0]


RESOLVED = {
    "version": "4",
    "status": "resolved",
    "alerts": [{"status": "resolved", "labels": {"alertname": "Watchdog"}}],
}


async def test_an_end_is_no_beat(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """When the rule that always fires has ended, its Prometheus is gone; the heartbeat is missed in its time."""
    firing = {"version": "4", "status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": "Watchdog"}}]}
    _, first = await beat(stage, bot, key, "name=wd&every=5m&grace=0m", "POST", firing)
    clock.forward(minutes=4)
    status, ended = await beat(stage, bot, key, "name=wd&every=5m&grace=0m", "POST", RESOLVED)
    _, other = await beat(stage, bot, key, "name=never", "POST", RESOLVED)
    clock.forward(minutes=2)
    await bot.settle()

    await room.sees("#1 heartbeat wd missed")
    assert (200, first["expected_by"]) == (status, ended["expected_by"])
    assert "is no beat" in ended["note"]
    assert None is other["expected_by"]
    await beat(stage, bot, key, "name=wd", "POST", RESOLVED)
    await bot.settle()
    assert ["opened by heartbeat"] == await bot.history(1)


@pytest.mark.parametrize("query", ["stop=maybe", "name=" + "x" * 201])
async def test_what_is_refused(stage: Stage, room: RoomDriver, bot: Bot, key: str, query: str) -> None:
    """A stop that is none, and a name that would be cut into another's."""
    status, _ = await beat(stage, bot, key, query)

    assert 422 == status
    assert [] == room.unseen()


async def test_pings_of_opsgenie(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, key: str) -> None:
    """Are beats, by every method; one that was not known is expected every ten minutes, others as they were."""
    await beat(stage, bot, key, "name=slow&every=1h")
    answers = [
        await opsgenie(stage, bot, key, method, f"/{name}/ping")
        for method, name in [("GET", "new"), ("POST", "new"), ("PUT", "new"), ("PATCH", "a%20b"), ("GET", "slow")]
    ]
    _, ended = await opsgenie(stage, bot, key, "POST", "/new/ping", RESOLVED)
    clock.forward(minutes=12)
    await bot.settle()
    await room.sees("heartbeat new missed: nothing was heard for 12 min, it is expected every 10 min")
    await room.sees("heartbeat a b missed")
    await opsgenie(stage, bot, key, "GET", "/new/ping")
    await bot.settle()

    await room.sees("resolved by heartbeat")
    assert [(202, "PONG - Heartbeat received")] * 5 == [(status, body["result"]) for status, body in answers]
    assert "Not counted: the alert has ended" == ended["result"]


async def test_heartbeats_of_opsgenie(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Are created, shown, listed and deleted; what is not understood is refused."""
    key = await stage.key()
    made = {"name": "backup", "interval": 2, "intervalUnit": "hours", "enabled": True}
    status, created = await opsgenie(stage, bot, key, "POST", "", made)
    clock.forward(minutes=30)
    await opsgenie(stage, bot, key, "GET", "/backup/ping")
    _, shown = await opsgenie(stage, bot, key, "GET", "/backup")
    _, listed = await opsgenie(stage, bot, key, "GET", "")
    deleted = await opsgenie(stage, bot, key, "DELETE", "/backup")
    absent = [await opsgenie(stage, bot, key, method, "/backup") for method in ("GET", "DELETE")]
    changes: list[dict[str, Any]] = [
        {"name": " "},
        {"interval": 0},
        {"interval": "many"},
        {"intervalUnit": "weeks"},
        {"enabled": False},
    ]
    bad = [await opsgenie(stage, bot, key, "POST", "", {**made, **change}) for change in changes]

    assert 201 == status
    assert ("backup", 2, "hours", False) == tuple(
        created["data"][name] for name in ("name", "interval", "intervalUnit", "expired")
    )
    assert "2026-11-24T12:32:00.000Z" == shown["data"]["lastPingTime"]
    assert [shown["data"]] == listed["data"]["heartbeats"]
    assert (200, "Deleted") == (deleted[0], deleted[1]["result"])
    assert [(404, "Heartbeat with name [backup] does not exist")] * 2 == [
        (code, body["message"]) for code, body in absent
    ]
    assert ["name", "interval", "interval", "interval", "enabled"] == [next(iter(body["errors"])) for _, body in bad]
    assert {422} == {code for code, _ in bad}
    assert [] == room.unseen()
