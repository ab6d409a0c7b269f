"""Changes: what was changed is kept for a while, to be shown beside the alerts that came after it."""

from bot.domain.spans import DAY
from bot.domain.tenant import Feed
from bot.storage import changes
from bot.storage.changes import Changed
from bot.storage.engine import Storage, Tx

KEPT = 90 * DAY
"""Milliseconds for which a change is kept."""


async def keep(storage: Storage, feed: Feed, summary: str, source: str, link: str, *, at: int, now: int) -> None:
    """Keep a change of a feed; a moment in the future is now."""

    async def work(tx: Tx) -> None:
        await changes.forget(tx, feed.id, now - KEPT)
        await changes.add(tx, feed, Changed(at=min(at, now), summary=summary, source=source, link=link))

    await storage.write(work)
