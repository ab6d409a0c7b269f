"""Replay: messages that nobody could read when they came are read again, once a parser is mended; nothing else is touched.

What was read well is not read again: it has had its effect, and people have acted on it since.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.alert import RULES, Rules
from bot.domain.signal import Kind, Rejected, Signal
from bot.domain.source import Source
from bot.domain.tenant import Feed
from bot.storage import alerts, feeds, inbox, plans
from bot.storage.engine import Storage, Tx, Work
from bot.storage.inbox import Kept
from bot.usecases import configure
from bot.usecases.ingest import Delivery, Item, receive

PAGE = 100
READ_ANEW = "its message was read anew"

Parse = Callable[[str, bytes, Source | None], Sequence[Item]]
"""Reads a body of a dialect as today's parsers do, and as the feed's source is configured (None: it is not)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """A message that is understood now: its dialect, when it came (epoch ms), the odd alert of it, and what it says."""

    dialect: str
    at: int
    odd: int
    says: Sequence[Signal]


async def again(
    storage: Storage,
    tenant: str | None,
    parse: Parse,
    odd: Callable[[bytes], str],
    *,
    now: int,
    only_say: bool,
    rules: Rules = RULES,
) -> list[Again]:
    """Read again what was odd; `odd` gives the key that an odd message has. Raises Unknown or Invalid.

    Each message is a transaction of its own: what it says is folded in, and its odd alert is closed.
    """

    async def known(tx: Tx) -> list[Feed]:
        return await feeds.feeds(tx, (await configure.which_tenant(tx, tenant)).id)

    found: list[Again] = []
    for feed in await storage.look(known):
        after = 0
        while kept := await storage.look(_page(feed, after)):
            after = kept[-1].id
            for each in kept:
                read = await storage.write(
                    _reading(feed, each, parse, odd(each.body), now, only_say=only_say, rules=rules)
                )
                found += [read] if read else []
    return found


def _page(feed: Feed, after: int) -> Work[list[Kept]]:
    async def work(tx: Tx) -> list[Kept]:
        return await inbox.kept(tx, feed.id, after, PAGE)

    return work


def _reading(
    feed: Feed, kept: Kept, parse: Parse, key: str, now: int, *, only_say: bool, rules: Rules
) -> Work[Again | None]:
    async def work(tx: Tx) -> Again | None:
        alert = (await alerts.latest_of(tx, feed.id, [key])).get(key)
        if alert is None or not alert.active:
            return None
        plan = await plans.load(tx, feed.tenant)
        items = parse(kept.dialect, kept.body, plan.source_for(feed.id, kept.dialect))
        signals = [item for item in items if isinstance(item, Signal)]
        if not signals or any(signal.dedup_key == key for signal in signals):
            return None
        if not only_say:
            over = Signal(
                dedup_key=key,
                summary=alert.summary,
                sender=next(iter(alert.senders), kept.dialect),
                kind=Kind.RESOLVED,
                source=alert.source,
                note=READ_ANEW,
            )
            # Whoever else reported the same odd message has nothing more to say of it.
            overs = [replace(over, sender=sender) for sender in alert.senders or (kept.dialect,)]
            said: list[Signal | Rejected] = [*signals, *overs]
            await receive(tx, [Delivery(feed=feed, dialect=kept.dialect, body=b"", items=said)], now, rules)
        return Again(dialect=kept.dialect, at=kept.at, odd=alert.number, says=signals)

    return work
