"""Our channel by NRDP against our own server of it: results and commands arrive as what they are, and nothing comes back for ever."""

import tomllib

from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.usecases import planning
from tests.stories.bot import Bot

DISK = {"summary": "Disk; 97% full\n[1] x", "severity": "critical", "dedup_key": "disk", "labels": {"host": "db1"}}


async def configured(stage: Stage, token: str) -> None:
    """Have all news go to ourselves."""
    plan = (
        f'[[channel]]\nname = "nrdp"\nkind = "nrdp"\nurl = "{stage.bot_url}/nrdp/"\ntoken = "{token}"\n'
        '[[route]]\nname = "all"\nchannels = ["nrdp"]'
    )
    parts = stage.parts
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())


async def test_an_alert_and_its_image(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """What happens to the alert happens to what its results made; what happens to that is not told to whoever told us."""
    await configured(stage, await stage.key())
    await bot.post(DISK)
    await room.sees("#2 Disk, 97% full [1] x on db1 is CRITICAL: Disk; 97% full [1] x (alert 1)")
    await room.says("dana", "/alert ack 1 on it")
    await room.sees("acked 1: #1")
    await bot.settle()
    acked = await bot.stands(2)
    await room.says("dana", "/alert unack 1")
    await room.sees("unacked 1: #1")
    await bot.settle()
    unacked = await bot.stands(2)
    await room.says("dana", "/alert ack 2 me too")
    await room.sees("acked 1: #2")
    await bot.settle()
    await room.says("dana", "/alert close 1")
    await room.sees("closed 1: #1")
    await bot.settle()
    room.look()

    assert ("acked", "open") == (acked[0], unacked[0])
    assert ["opened by db1", "acked by Dana", "unacked by nrdp", "acked by Dana", "resolved by db1"] == (
        await bot.history(2)
    )
    assert ["opened by demo", "acked by Dana", "unacked by Dana", "closed by Dana"] == await bot.history(1)


async def test_a_token_that_is_refused(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Is said in the room, with NRDP's own words and without the token."""
    await configured(stage, "T" * 32)
    await bot.post(DISK)
    await room.sees("#1 Disk; 97% full")
    said = await room.sees("The channel nrdp did not take the news of #1 (opened): NRDP refused it: BAD TOKEN")

    assert "TTTT" not in said.text
