"""Any text that somebody types is answered, and changes no alert but those that it names (product.md 5)."""

import asyncio
import contextlib
import json
import os
import random
import re
import unicodedata

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.domain import link
from bot.domain.alert import Alert
from bot.storage import open_storage
from bot.storage.engine import Storage
from bot.usecases.ingest import Intake
from tests.usecases.conftest import Clock, World, running, settle, signal
from tests.usecases.test_command import Chat

EXAMPLES = int(os.environ.get("ANY_TEXT_EXAMPLES", "300"))
LINES = 50
"""So many lines are typed on one database; `.ci/run` asks for 20,000 in all."""
ALERTS = 12
CHANGING = (
    *("ack", "a", "ok", "unack", "close", "c", "done", "resolve", "reopen", "own", "mine", "take", "note", "n"),
    *("snooze", "later", "wake", "unassign", "acked", "closed", "resolved", "fixed", "claim", "got", "on", "i got"),
    *("acknowledge", "comment", "postpone", "assign", "severity", "priority", "unresolve"),
)
PROSE = (
    *("looking", "at", "the", "disk", "same", "as", "is", "it", "and", "or", "with", "no", "not", "now", "broken", "fixed"),
    *("dupe", "of", "until", "tomorrow", "2h", "30", "min", "half an hour", "critical", "P1", "@lee", "me", "to", "please"),
    *("k1", "k2", "k3", "k12", "broken", "--", "-", ",", ";", ".", ":", "(", ")", "[", '"', "'", "\n", "\u2014", "\u2013", "&", "/", "?"),
    *("alert", "alerts", "number", "no.", "nr", "\u2116", "#", "incident", "ack", "close", "then", "see", "one", "five", "2 of"),
)  # fmt: skip


FORMS = (
    "{}",
    "#{}",
    "\uff03{}",
    "\u2116{}",
    "no. {}",
    "nr{}",
    "({})",
    '"{}"',
    "{}.",
    "{},",
    "{}:",
    "alert {}",
    "alert#{}",
)
ZEROS = (0x30, 0x30, 0x30, 0xFF10, 0x660)


def dressed(draw: random.Random) -> str:
    """Write the number of an alert, as it may stand in a text."""
    number, zero = draw.randint(1, ALERTS), draw.choice(ZEROS)
    if draw.random() < 0.1:
        return f"https://bot.example.com/a/{link.written(b'', tenant=1, number=number, now=10**12)}"
    return draw.choice(FORMS).format("".join(chr(zero + int(digit)) for digit in str(number)))


def line_of(draw: random.Random) -> str:
    """Write a command with a number somewhere in its text."""
    words = [draw.choice(CHANGING)] if draw.random() < 0.9 else []
    before, after = draw.choice((0, 0, 1, 2, 3)), draw.choice((0, 0, 1, 2, 3))
    words += [draw.choice(PROSE) if draw.random() < 0.9 else chr(draw.randint(1, 0x2FFF)) for _ in range(before)]
    words.append(dressed(draw))
    words += [draw.choice(PROSE) if draw.random() < 0.8 else dressed(draw) for _ in range(after)]
    return "".join(f"{word}{'' if draw.random() < 0.05 else ' '}" for word in words)


def named(line: str) -> set[int]:
    """Return every number that a line holds, in any script, those inside of ranges and of links among them."""
    plain = re.sub(
        r"https\S*?/a/1-(\d+)-\d+-\S{24}",
        r" \1 ",
        unicodedata.normalize("NFKC", line).replace("\u2014", "-").replace("\u2013", "-"),
    )
    plain = "".join(str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in plain)
    found = {int(digits[:12]) for digits in re.findall(r"\d+", plain)}
    for first, last in re.findall(r"(\d{1,2})\D{0,9}(?:-|to|\.\.)\D{0,9}(\d{1,2})", plain):
        found |= set(range(min(int(first), int(last)), max(int(first), int(last)) + 1))
    return found


async def world_of(storage: Storage, clock: Clock, intake: Intake, *, lonely: bool) -> tuple[World, Chat]:
    """Make twelve alerts; `lonely`: Lee has all but one."""
    world = await settle(storage, clock, intake)
    await world.post(*(signal(f"k{number}") for number in range(1, ALERTS + 1)))
    chat = Chat(world)
    if lonely:
        await chat("ack 1-5", "lee")
        await chat("ack 6-10", "lee")
        await chat("ack 12", "lee")
    return world, chat


def touched(before: list[Alert], after: list[Alert]) -> set[int]:
    """Return which of the alerts somebody has changed."""
    was = {alert.number: alert for alert in before}
    return {alert.number for alert in after if alert.number in was and alert != was[alert.number]}


async def type_all(typed: list[str], *, lonely: bool) -> None:
    """Type lines one after the other; each has an answer, and changes only what it names. Changes are taken back."""
    clock = Clock()
    async with contextlib.AsyncExitStack() as stack:
        storage = await open_storage("sqlite:///:memory:", migrate=True)
        stack.push_async_callback(storage.close)
        intake = Intake(storage, clock=clock)
        await stack.enter_async_context(running(intake))
        world, chat = await world_of(storage, clock, intake, lonely=lonely)
        before = await world.alerts()
        for line in typed:
            clock.forward(seconds=1)
            answer = await chat(line)
            after = await world.alerts()
            changed = touched(before, after)

            assert json.loads(answer.body)["text"].strip(), line
            assert changed <= named(line), (line, changed, answer.body)
            if changed:
                await chat("undo")
                before = await world.alerts()


# What fails names its line, so that nothing has to be made smaller.
@settings(
    max_examples=max(1, EXAMPLES // LINES),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(st.integers(0, 2**32), st.booleans())
def test_no_alert_but_the_named_ones_changes(seed: int, lonely: bool) -> None:
    """With twelve alerts open, and with one only."""
    draw = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    asyncio.run(type_all([line_of(draw) for _ in range(LINES)], lonely=lonely))
