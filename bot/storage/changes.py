"""Changes: what a feed's senders said that they changed."""

from dataclasses import dataclass

from bot.domain.tenant import Feed
from bot.storage.engine import Tx

ADD = """
INSERT INTO changes (tenant_id, feed_id, at, summary, source, link)
VALUES (:tenant, :feed, :at, :summary, :source, :link)
"""
BETWEEN = """
SELECT * FROM changes WHERE feed_id = :feed AND at >= :since AND at <= :until ORDER BY at DESC LIMIT :limit
"""
FORGET = "DELETE FROM changes WHERE feed_id = :feed AND at < :before"


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """Something that was changed at a moment (epoch ms)."""

    at: int
    summary: str
    source: str
    link: str


async def add(tx: Tx, feed: Feed, changed: Changed) -> None:
    """Keep a change."""
    await tx.run(
        ADD,
        tenant=feed.tenant,
        feed=feed.id,
        at=changed.at,
        summary=changed.summary,
        source=changed.source,
        link=changed.link,
    )


async def between(tx: Tx, feed: int, since: int, until: int, limit: int) -> list[Changed]:
    """Return what was changed in a span, the newest first."""
    return [
        Changed(at=row["at"], summary=row["summary"], source=row["source"], link=row["link"])
        for row in await tx.all(BETWEEN, feed=feed, since=since, until=until, limit=limit)
    ]


async def forget(tx: Tx, feed: int, before: int) -> None:
    """Drop what was changed before a moment."""
    await tx.run(FORGET, feed=feed, before=before)
