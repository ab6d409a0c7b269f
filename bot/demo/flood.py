"""The script of `alertbot demo --script --storm`: 10,000 alerts in a minute into one room."""

import asyncio

from bot.demo.accounting import most_in_a_minute, told_of
from bot.demo.backend import Posted
from bot.demo.play import Play, differs
from bot.demo.stage import ADDON
from bot.standin.events import MessagePosted

ALERTS = 10_000
BATCH = 1_000
MINUTE = 60.0
MESSAGES = 30
STEP = 5.0
"""Seconds of the moved clock between two looks."""
LONGEST = 600.0
"""Seconds of the moved clock within which everything has to be told."""
PAUSE = 0.4
"""Real seconds without a message after which the clock is moved on."""
SERVICES = ("db", "web", "mail", "cache")
HOSTS = 40


def alerts_of(start: int) -> list[Posted]:
    """Make a batch of a storm: four services on forty hosts, one alert in a hundred critical."""
    return [
        {
            "summary": f"{SERVICES[index % 4]} on host{index % HOSTS} answers slowly",
            "severity": "critical" if index % 100 == 50 else "warning",
            "dedup_key": f"demo:flood:{index}",
            "source": "Prometheus",
            "labels": {"service": SERVICES[index % 4], "host": f"host{index % HOSTS}", "alertname": f"Slow{index % 8}"},
        }
        for index in range(start, start + BATCH)
    ]


async def flood(play: Play) -> None:
    """Post 10,000 alerts in a minute: at most 30 messages in any minute, and every number told."""
    await play.stage.room.sees("Alertbot is here", sender=ADDON)
    numbers: set[int] = set()
    for start in range(0, ALERTS, BATCH):
        numbers |= set(await play.post(*alerts_of(start)))
        play.stage.forward(seconds=MINUTE * BATCH / ALERTS)
    differs(len(numbers) == ALERTS, "a number for each alert", len(numbers))
    await _all_told(play, numbers)
    missing = sorted(numbers - told_of(play.spoken()))
    differs(not missing, "every number in a card or a digest", f"no word of {len(missing)}, such as {missing[:5]}")
    most = most_in_a_minute(play.spoken())
    differs(most <= MESSAGES, f"at most {MESSAGES} messages in any minute", most)
    play.stage.room.look()


async def _all_told(play: Play, numbers: set[int]) -> None:
    moved = 0.0
    with play.stage.server.hipchat.watch() as events:
        while moved < LONGEST and not numbers <= told_of(play.spoken()):
            try:
                async with asyncio.timeout(PAUSE):
                    while not isinstance(await events.get(), MessagePosted):
                        continue
            except TimeoutError:
                play.stage.forward(seconds=STEP)
                moved += STEP


async def worst_first(play: Play) -> None:
    """Find the worst in it, and take up everything of one service at once."""
    play.stage.forward(minutes=2)
    await play.ask("dana", "/alert list severity>=critical", f"{ALERTS // 100} open", "critical open")
    await play.ask("dana", "/alert ack all service=db", f"This would ack {ALERTS // 4} alerts", "/alert yes")
    await play.ask("dana", "/alert yes", f"acked {ALERTS // 4}: #1")
    await play.ask("lee", "/alert list service=db open", "0 open")


async def over(play: Play) -> None:
    """Close the rest of it."""
    await play.ask("lee", "/alert close all noise a switch was replaced", f"This would close {ALERTS} alerts")
    await play.ask("lee", "/alert yes", f"closed {ALERTS}: #1-#{ALERTS}")


SCENES = (flood, worst_first, over)
