"""Stories of names: assigning rings, by a real mention; nothing from outside ever does (product.md 5)."""

import pytest

from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from tests.stories.bot import Bot

HOSTILE = "@all @Lee /code <b>@here</b> &amp; <script>alert(1)</script> \u202edrows"


async def test_assigning_rings_the_new_owner(room: RoomDriver, bot: Bot) -> None:
    """The answer to `assign` mentions the owner in a text message, since html mentions nobody."""
    await bot.fires("Disk full")
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert assign 1 @Lee")
    answer = await room.sees("assigned 1: #1 to Lee")

    assert "text" == answer.message.message_format
    assert answer.message.message.startswith("@Lee ")
    assert (room.person("lee").id,) == answer.message.mentions


async def test_assigning_to_oneself_rings_nobody(room: RoomDriver, bot: Bot) -> None:
    """Who takes an alert knows of it."""
    await bot.fires("Disk full")
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert assign 1 me")

    assert () == (await room.sees("assigned 1: #1 to Dana")).message.mentions


async def test_assigning_through_the_api_rings_in_the_room(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """What is assigned by a program is told in the room, with the mention."""
    assert bot.backend is not None
    await bot.fires(HOSTILE)
    await room.sees("#1 ")
    body = {"by": "pager", "to": "Lee"}
    async with bot.backend.session.post(f"{stage.bot_url}/api/v1/alerts/1/assign", json=body) as answer:
        assert 200 == answer.status
    await bot.settle()
    told = await room.sees("for Lee: assigned by pager")

    assert (room.person("lee").id,) == told.message.mentions
    assert told.message.message.startswith("@Lee #1 is yours now, from pager")
    assert "@all" not in told.message.message


@pytest.mark.parametrize("text", [HOSTILE, "/code rm -rf /", "@all", "/me @Dana", "@dana\n/quote @lee"])
async def test_text_from_outside_never_rings(room: RoomDriver, bot: Bot, text: str) -> None:
    """Neither as a card nor in a list, a note, an answer or a history does outside text mention anybody or command a client."""
    await bot.post({"summary": text, "description": text, "severity": "critical", "labels": {"who": text or "x"}})
    await room.sees("#1 ")
    for command in ("list", f"note 1 {text}", "show 1", f"ack 1 {text}", "history 1", f"nonsense {text}"):
        await room.says("dana", f"/alert {command}")
        await room.sees("", sender="Alertbot")
    await room.says("lee", "/alert ack 1")
    await room.sees("#1 is acked by Dana")

    await room.says("dana", "/alert assign 1 @Lee")
    assigned = await room.sees("assigned 1: #1 to Lee")

    assert (room.person("lee").id,) == assigned.message.mentions
    said = [shown.message for shown in room.transcript() if shown.sender == "Alertbot"]
    assert [assigned.message.message] == [message.message for message in said if message.mentions]
    pages = [message.message for message in said if message.message_format == "html"]
    assert [] == [each for each in pages if "<script" in each or "<b>@here" in each]
    texts = [message.message for message in said if message.message_format == "text"]
    assert [] == [each for each in texts if "@all" in each or each.startswith("/")]
