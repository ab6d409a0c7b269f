"""What people do in PagerDuty reaches the room, once and signed; our own news does not come back, and nothing goes round in circles."""

import hashlib
import hmac
import json
import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import planning
from tests.channels.making import TOKEN
from tests.channels.sink import Sink, sink
from tests.stories.bot import Bot

SECRET = "pagerdutys-secret"
DISK = {"summary": "Disk full on db1", "severity": "critical", "dedup_key": "disk"}


@pytest.fixture
async def there() -> AsyncIterator[Sink]:
    """Run a service that takes every event."""
    async with sink() as kept:
        yield kept


@pytest.fixture
async def configured(stage: Stage, room: RoomDriver, there: Sink) -> None:
    """Send every change to PagerDuty, and take its webhooks."""
    parts = stage.parts
    plan = (
        f'[[channel]]\nname = "pager"\nkind = "pagerduty"\nurl = "{there.url}/v2/enqueue"\nrouting_key = "{TOKEN}"\n'
        f'[[route]]\nname = "all"\nchannels = ["pager"]\n'
        f'[[source]]\nname = "back"\nkind = "pagerduty-webhook"\nsecret = "{SECRET}"\n'
    )
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())


def event(kind: str, *, key: str | None, at: str, event_id: str = "", **data: Any) -> bytes:
    """Write an event about an incident as PagerDuty does."""
    return json.dumps(
        {
            "event": {
                "id": event_id or f"e-{kind}-{at}",
                "event_type": f"incident.{kind}",
                "resource_type": "incident",
                "occurred_at": at,
                "agent": {"id": "PU1", "type": "user_reference", "summary": "Anna Berg"},
                "client": None,
                "data": {
                    "id": "Q1",
                    "type": "incident",
                    "html_url": "https://acme.pagerduty.com/incidents/Q1",
                    "title": "Disk full on db1",
                    "urgency": "high",
                    "incident_key": key,
                    "created_at": at,
                    "service": {"id": "PS1", "summary": "Databases"},
                    "assignees": [{"id": "PU1", "summary": "Anna Berg"}],
                    **data,
                },
            }
        }
    ).encode()


async def post(bot: Bot, body: bytes, *, secret: str = SECRET) -> tuple[int, Any]:
    """Post an event, signed."""
    assert bot.backend is not None
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-PagerDuty-Signature": f"v1={signature}", "Content-Type": "application/json"}
    async with bot.backend.session.post(
        f"{bot.backend.url}/in/pagerduty-webhook", data=body, headers=headers
    ) as answer:
        status, said = answer.status, await answer.json()
    await bot.settle()
    return status, said


@pytest.mark.usefixtures("configured")
async def test_a_life_in_both(room: RoomDriver, bot: Bot, there: Sink, clock: MovableClock, stage: Stage) -> None:
    """Acked there, unacked, noted and resolved: the room hears of each once, and PagerDuty of none."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    key = there.all_seen()[0].json["dedup_key"]

    def now() -> str:
        clock.forward(minutes=2)
        return datetime.fromtimestamp(stage.clock.seconds(), UTC).isoformat().replace("+00:00", "Z")

    ours = await post(bot, event("triggered", key=key, at=now()))
    acked_at = now()
    acked = event("acknowledged", key=key, at=acked_at)
    first = await post(bot, acked)
    await room.sees("Anna Berg in PagerDuty")
    stands = await bot.stands(1)
    again = await post(bot, acked)
    await post(bot, event("annotated", key=None, at=now(), incident={"id": "Q1"}, id="N1", content="disk ordered"))
    await room.sees("disk ordered")
    await post(bot, event("unacknowledged", key=key, at=now()))
    await room.sees("Anna Berg in PagerDuty")
    opened = await bot.stands(1)
    late = await post(bot, event("acknowledged", key=key, at=acked_at, event_id="late"))
    still = await bot.stands(1)
    await post(bot, event("resolved", key=key, at=now()))
    await room.sees("Anna Berg in PagerDuty")
    history = await bot.history(1)

    assert [(200, {"alert": 1})] * 4 == [ours, first, again, late]
    assert ("acked", "open", "open", "closed") == (stands[0], opened[0], still[0], (await bot.stands(1))[0])
    assert [
        "opened by demo",
        "acked by Anna Berg in PagerDuty",
        "noted by Anna Berg in PagerDuty",
        "unacked by Anna Berg in PagerDuty",
        "closed by Anna Berg in PagerDuty",
    ] == history
    assert [] == there.seen


@pytest.mark.usefixtures("configured")
async def test_a_clock_that_is_behind_ours(room: RoomDriver, bot: Bot, there: Sink, stage: Stage) -> None:
    """Loses nobody's ack that is made right after the alert came."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    key = there.all_seen()[0].json["dedup_key"]
    behind = datetime.fromtimestamp(stage.clock.seconds() - 30, UTC).isoformat().replace("+00:00", "Z")
    await post(bot, event("acknowledged", key=key, at=behind))
    await room.sees("Anna Berg in PagerDuty")

    assert "acked" == (await bot.stands(1))[0]


@pytest.mark.usefixtures("configured")
async def test_our_own_ack_comes_back_and_changes_nothing(room: RoomDriver, bot: Bot, there: Sink) -> None:
    """PagerDuty tells of what we told it; Dana keeps what she has."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 on it")
    await room.sees("acked 1: #1")
    await bot.settle()
    key = there.all_seen()[0].json["dedup_key"]
    await post(bot, event("acknowledged", key=key, at="2099-01-01T00:00:00Z"))

    assert ["opened by demo", "acked by Dana"] == [row.replace("dana", "Dana") for row in await bot.history(1)]
    assert [] == there.seen


@pytest.mark.usefixtures("configured")
async def test_an_incident_of_pagerdutys_own(room: RoomDriver, bot: Bot, there: Sink) -> None:
    """Is an alert of the feed, whose state follows."""
    created = "2026-01-02T03:04:05Z"
    opened = await post(bot, event("triggered", key="something else", at=created))
    await room.sees("#1 Disk full on db1")
    await post(bot, event("acknowledged", key="something else", at=created))
    await room.sees("Anna Berg in PagerDuty")
    acked = await bot.stands(1)
    await post(bot, event("resolved", key=None, at=created))
    await room.sees("#1 resolved")

    assert (200, "opened") == (opened[0], opened[1]["results"][0]["outcome"])
    assert "acked" == acked[0]
    assert [] == there.seen


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "given",
    [
        (event("acknowledged", key="hipchat-bot/1/1", at="2099-01-01T00:00:00Z"), "another", 401),
        (event("acknowledged", key="hipchat-bot/2/1", at="2099-01-01T00:00:00Z"), SECRET, 200),
        (event("acknowledged", key="hipchat-bot/1/99", at="2099-01-01T00:00:00Z"), SECRET, 200),
        (b'{"event": {"event_type": "pagey.ping", "data": {"message": "hello"}}}', SECRET, 200),
        (b"[]", SECRET, 200),
        (b"\x00", SECRET, 200),
        (b'{"event": {"event_type": "incident.acknowledged", "data": []}}', SECRET, 200),
        (b'{"event": {"event_type": "incident.acknowledged", "data": {"incident": "x", "id": {}}}}', SECRET, 200),
    ],
)
async def test_what_changes_nothing(room: RoomDriver, bot: Bot, there: Sink, given: tuple[bytes, str, int]) -> None:
    """Not signed, of another tenant, of no alert, or about no incident."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    there.all_seen()
    body, secret, status = given
    answered, _ = await post(bot, body, secret=secret)

    assert status == answered
    assert ["opened by demo"] == await bot.history(1)
    assert [] == there.seen


async def test_without_a_secret_nothing_is_taken(room: RoomDriver, bot: Bot) -> None:
    """The key alone may not act, and the answer says what is missing."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    status, said = await post(bot, event("acknowledged", key="hipchat-bot/1/1", at="2099-01-01T00:00:00Z"))

    assert 401 == status
    assert "[[source]]" in said["detail"]
    assert ["opened by demo"] == await bot.history(1)
