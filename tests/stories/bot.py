"""The bot of a story: its loops' work is done when the story says so, until nothing is due."""

from dataclasses import dataclass, field
from typing import Any

from bot.demo.backend import Backend
from bot.demo.stage import ADDON, Stage
from bot.standin.driver import RoomDriver, Shown
from bot.standin.faults import Fault
from bot.storage import outbox
from bot.usecases import deliver, divert, escalate, install, lanes, renew, whisper

ROUNDS = 500
"""More rounds than this without coming to rest are a loop that turns without end."""


@dataclass(kw_only=True)
class Bot:
    """What a story does with the bot: let it work, post to it, spoil its Hipchat."""

    stage: Stage
    started_at: int
    backend: Backend | None = None
    drivers: list[RoomDriver] = field(default_factory=list)

    async def settle(self) -> None:
        """Work until nothing is due: webhooks are through, timers have run, the outbox is empty or waits for its time."""
        for _ in range(ROUNDS):
            await self.stage.server.hipchat.idle()
            if not await self.work():
                return
        raise AssertionError("the bot does not come to rest")

    async def work(self) -> bool:
        """Let each loop work once; say whether any had something to do."""
        parts, now = self.stage.parts, self.stage.clock.milliseconds()
        timers = await escalate.run_due(parts.storage, now=now, started_at=self.started_at, rules=parts.rules)
        resumed = await install.retry_suspended(parts.storage, parts.prover, unseal=parts.vault.open, now=now)
        for each in resumed:
            parts.channel.forget(each.oauth_id)
        whispered = await whisper.send_due(parts.storage, parts.channel, parts.clock)
        await divert.due(parts.storage, now)
        await renew.due(parts.storage, now)
        sent = await lanes.send_due(parts.storage, parts.services, parts.clock, unseal=parts.vault.open)
        return bool(timers or resumed or whispered or sent or await self.deliver())

    async def deliver(self) -> int:
        """Let the outbox's loop work once; return how many rooms it served."""
        parts = self.stage.parts
        return await deliver.send_due(parts.storage, parts.medium, parts.clock)

    async def waiting(self) -> int:
        """Return how many notices wait to be told."""
        async with self.stage.parts.storage.read() as tx:
            return (await outbox.backlog(tx))[0]

    async def post(self, *alerts: dict[str, Any]) -> list[tuple[int | None, str]]:
        """Post alerts, let the bot work, and return each one's number and outcome."""
        assert self.backend is not None
        results = await self.backend.post(*alerts)
        await self.settle()
        return [(result["alert"], result["outcome"]) for result in results]

    async def fires(self, *summaries: str, **fields: Any) -> list[int]:
        """Post new alerts with these summaries and return their numbers."""
        posted = await self.post(*({"summary": summary, **fields} for summary in summaries))
        assert {"opened"} == {outcome for _, outcome in posted}
        return [number for number, _ in posted if number is not None]

    async def stands(self, number: int) -> tuple[str, str | None]:
        """Return an alert's state and owner, by the API."""
        assert self.backend is not None
        alert = await self.backend.alert(number)
        return alert["state"], alert["owner"]

    async def history(self, number: int) -> list[str]:
        """Return what history says of an alert, by the API: `action by NAME` for each change."""
        assert self.backend is not None
        async with self.backend.session.get(f"{self.backend.url}/api/v1/alerts/{number}/history") as answer:
            assert 200 == answer.status
            return [f"{row['action']} by {row['who']}" for row in (await answer.json())["history"]]

    def spoil(self, fault: Fault) -> None:
        """Let Hipchat answer some calls wrongly."""
        self.stage.server.hipchat.faults.api.append(fault)

    def mend(self) -> None:
        """Let Hipchat answer rightly again."""
        self.stage.server.hipchat.faults.api.clear()

    def room(self, name: str) -> RoomDriver:
        """Return another room; what the bot says there is watched for leftovers too."""
        driver = self.stage.server.room(name)
        self.drivers.append(driver)
        return driver

    def left(self) -> list[str]:
        """Return what the bot said in the rooms and the story did not look at."""
        return [f"{driver.room.name}: {shown}" for driver in self.drivers for shown in driver.unseen() if by_bot(shown)]


def by_bot(shown: Shown) -> bool:
    """Whether a message is one of the bot's."""
    return shown.message.type == "notification" or shown.sender.startswith(ADDON)
