"""First words: what somebody writes or does at the source about a problem that nobody told of is heard in the room."""

from typing import Any

import pytest

from bot.standin.driver import RoomDriver
from tests.stories.bot import Bot


async def post(bot: Bot, source: str, body: dict[str, Any]) -> list[str]:
    """Post a body for a source, let the bot work, and return the outcomes."""
    assert bot.backend is not None
    async with bot.backend.session.post(f"{bot.backend.url}/in/{source}", json=body) as answer:
        results = (await answer.json())["results"]
    await bot.settle()
    return [result["outcome"] for result in results]


CUSTOM = {"type": "CUSTOM", "host": "web1", "service": "disk", "author": "eve", "comment": "please look"}


@pytest.mark.parametrize("state", ["WARNING", "OK"])
async def test_a_custom_notification(room: RoomDriver, bot: Bot, state: str) -> None:
    """A person's words are seen, whether the service is bad or not; its next problem is the same alert's."""
    first = await post(bot, "nagios", {**CUSTOM, "state": state})
    await room.sees("noted by eve: please look")
    second = await post(bot, "nagios", {**CUSTOM, "type": "PROBLEM", "state": "CRITICAL", "comment": ""})
    third = await post(bot, "nagios", {**CUSTOM, "type": "RECOVERY", "state": "OK", "comment": ""})
    await room.sees("#1 resolved")

    assert [["opened"], ["worse"], ["resolved"]] == [first, second, third]
    assert ("closed", None) == await bot.stands(1)


async def test_an_acknowledgement(room: RoomDriver, bot: Bot) -> None:
    """It opens an acked alert: somebody has it."""
    outcome = await post(bot, "nagios", {**CUSTOM, "type": "ACKNOWLEDGEMENT", "state": "CRITICAL", "comment": "on it"})
    await room.sees("acked by eve: on it")

    assert ["opened"] == outcome
    assert "acked" == (await bot.stands(1))[0]


async def test_a_cancelled_escalation(room: RoomDriver, bot: Bot) -> None:
    """That no end will come is said in the room and in the history."""
    event = {"event_id": "7", "event_value": "1", "update": "0", "severity": "4", "name": "Agent is down", "host": "w"}
    await post(bot, "zabbix", event)
    await room.sees("#1 Agent is down")
    await post(bot, "zabbix", {**event, "message": 'NOTE: Escalation cancelled: host "w" disabled.'})
    await room.sees("Escalation cancelled")

    assert ["opened by zabbix", "noted by zabbix"] == await bot.history(1)


async def test_an_activity_in_sentry(room: RoomDriver, bot: Bot) -> None:
    """It is seen with an issue that is known, and with one that is not."""
    issue = {"id": "8", "title": "TypeError", "level": "error"}
    activity = {
        "action": "triggered",
        "data": {
            "issue": issue,
            "activity": {"type": "seer_root_cause_completed", "details": {"summary": "cart is undefined"}},
        },
    }
    await post(bot, "sentry", activity)
    await room.sees("cart is undefined")
    again = await post(bot, "sentry", {"action": "assigned", "data": {"issue": issue}})
    await room.sees("noted by sentry: assigned")

    assert ["repeated"] == again
    assert "open" == (await bot.stands(1))[0]
