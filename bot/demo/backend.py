"""An alerting backend: posts alerts to the bot's HTTP API with a key, and reads what became of them."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

Posted = Mapping[str, Any]


class NotTaken(Exception):
    """The bot refused a request; the text tells the status and the bot's words."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Speaks to the bot at `url` with a key; `session` carries the key."""

    url: str
    session: aiohttp.ClientSession

    async def post(self, *alerts: Posted) -> Sequence[Mapping[str, Any]]:
        """Post alerts (product.md 4) and return the results in their order. Raises NotTaken."""
        body = list(alerts) if len(alerts) != 1 else alerts[0]
        async with self.session.post(f"{self.url}/api/v1/alerts", json=body) as answer:
            if answer.status != 202:
                raise NotTaken(f"POST /api/v1/alerts answered {answer.status}: {await answer.text()}")
            results: Sequence[Mapping[str, Any]] = (await answer.json())["results"]
            return results

    async def alert(self, number: int) -> Mapping[str, Any]:
        """Return an alert as the API shows it. Raises NotTaken."""
        async with self.session.get(f"{self.url}/api/v1/alerts/{number}") as answer:
            if answer.status != 200:
                raise NotTaken(f"GET /api/v1/alerts/{number} answered {answer.status}: {await answer.text()}")
            shown: Mapping[str, Any] = await answer.json()
            return shown


@contextlib.asynccontextmanager
async def backend(url: str, key: str) -> AsyncIterator[Backend]:
    """Open a backend's session."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        yield Backend(url=url, session=session)
