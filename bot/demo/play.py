"""A play on the stage: people speak, a backend posts, and what the room should show then is looked for."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.demo.backend import Backend, Posted
from bot.demo.stage import ADDON, Stage
from bot.standin.driver import Shown
from bot.storage import outbox

PATIENCE = 5.0
"""Real seconds that a message may take."""
LOOK = 0.01
LOOKS = 500


class Differs(Exception):
    """What was shown is not what should be; the text says both."""


@dataclass(frozen=True, kw_only=True)
class Play:
    """What a scene has at hand."""

    stage: Stage
    backend: Backend

    async def post(self, *alerts: Posted) -> list[int]:
        """Post alerts that are new, and return their numbers. Raises Differs when one is not."""
        results = await self.backend.post(*alerts)
        for result in results:
            differs(result["outcome"] == "opened", "each is opened", dict(result))
        return [result["alert"] for result in results]

    async def ask(self, who: str, text: str, *expected: str) -> Shown:
        """Let somebody type a command, and wait for an answer with every expected text. Raises Differs or NotSeen."""
        room = self.stage.room
        await room.says(who, text)
        answer = await room.sees(expected[0], sender=ADDON, timeout=PATIENCE)
        for part in expected:
            differs(part in answer.text, f"{part!r} after {text!r}", answer.text)
        differs(not answer.message.notify, "an answer that does not ring the room", "notify is true")
        return answer

    async def sees(self, text: str, *, color: str) -> Shown:
        """Wait for a card of the bot with this text and colour. Raises Differs or NotSeen."""
        shown = await self.stage.room.sees(text, sender=ADDON, timeout=PATIENCE)
        card = shown.message.card
        differs(card is not None and card["style"] == "application", f"a card for {text!r}", shown.text)
        differs(shown.message.color == color, f"{text!r} in {color}", shown.message.color)
        return shown

    async def stands(self, number: int, **expected: object) -> Mapping[str, Any]:
        """Check how an alert stands by the bot's API. Raises Differs."""
        alert = await self.backend.alert(number)
        found = {name: alert.get(name) for name in expected}
        differs(found == expected, f"#{number} is {expected} by the API", found)
        return alert

    async def forward(self, *, minutes: float) -> None:
        """Let time pass once all that is to be told now is told. Raises Differs when that takes too long."""
        for _ in range(LOOKS):
            many, _ = await self.stage.parts.storage.look(outbox.backlog)
            if not many:
                self.stage.forward(minutes=minutes)
                return
            await asyncio.sleep(LOOK)
        raise Differs("expected the room to be told everything soon, but there is news that waits")

    def spoken(self) -> Sequence[Shown]:
        """Return everything that the bot said in the room, oldest first."""
        return [shown for shown in self.stage.room.transcript() if shown.sender == ADDON]


def differs(good: bool, expected: str, shown: object) -> None:
    """Raise Differs unless it is good."""
    if not good:
        raise Differs(f"expected {expected}, but there is: {shown}")
