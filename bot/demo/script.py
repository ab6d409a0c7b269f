"""The script of `alertbot demo --script`: a conversation in scenes, each with what the room must show.

A scene's docstring says what it is about; a scene that goes otherwise is reported by it, and the next one is played.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.demo.accounting import most_in_a_minute, told_of
from bot.demo.backend import NotTaken, Posted
from bot.demo.play import Differs, Play, differs
from bot.demo.samples import SAMPLES
from bot.demo.stage import ADDON
from bot.standin.driver import NotSeen
from bot.standin.events import MessagePosted

LIMIT = 50.0
"""Real seconds that the whole script may take."""
MESSAGES = 30
STORM = 500
BATCH = 100
STEP = 5.0
"""Seconds of the moved clock between two looks at a storm."""
STORM_LIMIT = 600.0
QUIET = 0.25
"""Real seconds without a message after which the clock is moved on."""

Scene = Callable[[Play], Awaitable[None]]

DISK, LATENCY, CERTIFICATE = SAMPLES
QUEUE: Posted = {"summary": "Queue mail grows: 12,000 waiting", "severity": "warning", "dedup_key": "demo:queue:mail"}


async def greeting(play: Play) -> None:
    """See the greeting in the room that the bot was installed in."""
    await play.stage.room.sees("Alertbot is here", sender=ADDON)


async def card(play: Play) -> None:
    """See a posted alert as a card in the room."""
    numbers = await play.post(DISK)
    differs(numbers == [1], "the first alert to be #1", numbers)
    shown = await play.sees("#1 Disk 97% full on db1", color="red")
    differs("service: db" in shown.text, "the label on the card", shown.text)


async def listing(play: Play) -> None:
    """List: counts come first."""
    answer = await play.ask("dana", "/alert list", "#1 critical open", "Disk 97% full on db1")
    differs(answer.text.startswith("1 open · 0 acked"), "counts first", answer.text)


async def ack(play: Play) -> None:
    """Ack, with a note."""
    await play.ask("dana", "/alert ack 1 moving the dumps away", "acked 1: #1 Disk 97% full on db1")
    await play.stands(1, state="acked", acked_by="Dana")


async def held(play: Play) -> None:
    """Ack as a second person, who is told who has it."""
    await play.ask("lee", "/alert ack 1", "#1 is acked by Dana since", "“moving the dumps away”", "/alert own 1")
    await play.stands(1, state="acked", acked_by="Dana")


async def assignment(play: Play) -> None:
    """Assign, which rings the new owner with a real mention."""
    answer = await play.ask("dana", "/alert assign 1 @Lee you know db1", "@Lee", "assigned 1: #1 to Lee")
    lee = play.stage.room.person("lee").id
    differs(answer.message.mentions == (lee,), "Lee to be rung", answer.message.mentions)
    await play.stands(1, state="acked", owner="Lee")


async def closing(play: Play) -> None:
    """Close, with what it was."""
    await play.ask("lee", "/alert close 1 fixed old dumps deleted", "closed 1: #1")
    await play.stands(1, state="closed", changed_by="Lee")


async def unknown(play: Play) -> None:
    """Ask for an unknown number: the last one is named."""
    await play.ask("dana", "/alert ack 99", "There is no #99 in this room: the last alert here is #1.")


async def typo(play: Play) -> None:
    """Mistype: the bot offers what was meant, and does nothing."""
    await play.ask("dana", "/alert reopne 1", 'Did you mean "reopen 1"?')
    await play.stands(1, state="closed")


async def ranged(play: Play) -> None:
    """Ack a range with one already closed: every number is accounted for."""
    numbers = await play.post(LATENCY, CERTIFICATE, QUEUE)
    differs(numbers == [2, 3, 4], "the next alerts to be #2 to #4", numbers)
    await play.sees("#2 Checkout answers in 2.4 s (p99)", color="red")
    await play.sees("#3 Certificate of shop.example.com expires in 6 days", color="yellow")
    await play.sees("#4 Queue mail grows", color="yellow")
    await play.ask("dana", "/alert close 3 noise renewed yesterday", "closed 1: #3")
    answer = await play.ask(
        "lee", "/alert ack 2-4 on it", "acked 2: #2 Checkout answers in 2.4 s (p99) · #4 Queue mail grows"
    )
    differs(answer.text.endswith(" · skipped #3 (closed just now by Dana)"), "#3 to be skipped, and why", answer.text)


async def resolve(play: Play) -> None:
    """Resolve by the source: the room hears of it, in green."""
    results = await play.backend.post({**QUEUE, "status": "resolved"})
    differs(results[0]["outcome"] == "resolved", "the outcome resolved", dict(results[0]))
    shown = await play.sees("resolved by", color="green")
    differs("#4" in shown.text, "#4 to be the one", shown.text)
    await play.stands(4, state="closed")


def storm_alerts() -> list[Posted]:
    """Make the alerts of a storm: a hundred of each kind in a row, and among them nodes that went down."""
    kinds = (
        ("SlowDisk", "warning", "disk {} answers slowly"),
        ("HighErrorRate", "error", "5% of requests to shard {} fail"),
        ("LogErrors", "info", "{} new kinds of errors in the log"),
    )
    alerts: list[Posted] = []
    for index in range(STORM):
        name, severity, words = kinds[index // 100 % len(kinds)]
        if index % 25 == 20:
            name, severity, words = "NodeDown", "critical", "node{} does not answer"
        alerts.append(
            {
                "summary": words.format(index),
                "severity": severity,
                "dedup_key": f"demo:storm:{index}",
                "source": "Prometheus",
                "labels": {"alertname": name, "rack": f"r{index % 12}"},
            }
        )
    return alerts


async def storm(play: Play) -> None:
    """Post a storm of 500 alerts: at most 30 messages in any minute, and no number missing."""
    play.stage.forward(minutes=2)
    alerts = storm_alerts()
    posted = [play.post(*alerts[start : start + BATCH]) for start in range(0, STORM, BATCH)]
    numbers = {number for batch in await asyncio.gather(*posted) for number in batch}
    differs(len(numbers) == STORM, "a number for each alert", len(numbers))
    await play.ask("dana", "/alert list severity>=critical", "20 open · 0 acked", "critical open")
    moved = 0.0
    with play.stage.server.hipchat.watch() as events:
        while moved < STORM_LIMIT and not numbers <= told_of(play.spoken()):
            try:
                async with asyncio.timeout(QUIET):
                    while not isinstance(await events.get(), MessagePosted):
                        continue
            except TimeoutError:
                play.stage.forward(seconds=STEP)
                moved += STEP
    missing = sorted(numbers - told_of(play.spoken()))
    differs(not missing, "every number in a card or a digest", f"no word of {missing}")
    most = most_in_a_minute(play.spoken())
    differs(most <= MESSAGES, f"at most {MESSAGES} messages in any minute", most)
    play.stage.room.look()


async def many(play: Play) -> None:
    """Close many alerts: the command waits for `yes`."""
    play.stage.forward(minutes=2)
    await play.ask(
        "dana", "/alert close all noise a rack was moved", f"This would close {STORM + 1} alerts", "/alert yes"
    )
    await play.stands(2, state="acked")
    await play.ask("dana", "/alert yes", f"closed {STORM + 1}: #2")
    answer = await play.ask("lee", "/alert", "0 open · 0 acked")
    differs("#" not in answer.text, "an empty list", answer.text)


async def nothing_left(play: Play) -> None:
    """Look for anything else: nobody was told more, and the room had its budget all the way."""
    left = [str(shown) for shown in play.stage.room.unseen()]
    differs(not left, "no further message", left)
    most = most_in_a_minute(play.spoken())
    differs(most <= MESSAGES, f"at most {MESSAGES} messages in any minute", most)


SCENES: tuple[Scene, ...] = (
    greeting,
    card,
    listing,
    ack,
    held,
    assignment,
    closing,
    unknown,
    typo,
    ranged,
    resolve,
    storm,
    many,
    nothing_left,
)


async def perform(play: Play, scenes: Sequence[Scene], *, limit: float = LIMIT) -> list[str]:
    """Play scenes; return what differed, a line each, nothing when all was as it should be. `limit` is in real seconds."""
    differences: list[str] = []
    try:
        async with asyncio.timeout(limit):
            for scene in scenes:
                try:
                    await scene(play)
                except (Differs, NotSeen, NotTaken) as difference:
                    differences.append(f"{scene.__doc__}\n  {difference}")
    except TimeoutError:
        differences.append(f"The script did not end within {limit:.0f} s.")
    return differences
