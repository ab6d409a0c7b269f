"""Ingest: signals of backends become alerts; requests that wait share a commit (performance.md, "Group commit")."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.domain import episode
from bot.domain.alert import RULES, Alert, Change, Outcome, Rules
from bot.domain.routing import NO_PLAN, held, holds, room_for, route_for
from bot.domain.signal import Kind, Rejected, Signal
from bot.domain.tenant import Feed
from bot.storage import alerts, inbox, plans, tenants
from bot.storage.engine import BadValue, Busy, Conflict, Storage, StorageError, Tx, uninterrupted
from bot.usecases.change import Decided, Ledger

GROUP = 200
"""The most signals that share a commit: a command waits for one group at the most."""
ATTEMPTS = 3
AT_ONCE = 0.2
"""Seconds within which a refusal is no sign of a lock that was waited for: it is worth another attempt."""
REMEMBERED = 3_600_000
"""Milliseconds for which a message that comes again under its sender's own name for it says nothing new: SNS tries for so long."""
STOPPING = "the server is stopping"

log = structlog.get_logger()

Item = Signal | Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One request of a backend: the raw body and what a source read in it."""

    feed: Feed
    dialect: str
    body: bytes
    items: Sequence[Item]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one item, in the order of the request."""

    alert: int | None
    outcome: Outcome
    dedup_key: str
    error: str = ""
    path: str = ""


@dataclass(slots=True)
class _Waiting:
    delivery: Delivery
    answer: asyncio.Future[list[Result]]


@dataclass(slots=True)
class _Problems:
    """The newest alerts of one feed's dedup keys, kept up to date while a group is folded."""

    feed: Feed
    newest: dict[str, Alert]
    resolved: dict[str, int]
    came: set[str] = field(default_factory=set)
    unheard: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)


class Intake:
    """The queue in front of storage: what waits while one group commits is the next group."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Callable[[], int],
        committed: Callable[[list[Result]], None] = lambda _results: None,
        rules: Rules = RULES,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._committed = committed
        self._rules = rules
        self._queue: deque[_Waiting] = deque()
        self._more = asyncio.Event()
        self._stopped = False

    async def receive(self, delivery: Delivery) -> list[Result]:
        """Fold a request's items into alerts and return what became of each, after the commit.

        Raises StorageError when nothing was stored, also when `run` has ended. A long request goes in in several groups, so
        that others get their turn.
        """
        results: list[Result] = []
        for part in _parts(delivery):
            if self._stopped:
                raise Busy(STOPPING)
            answer: asyncio.Future[list[Result]] = asyncio.get_running_loop().create_future()
            self._queue.append(_Waiting(delivery=part, answer=answer))
            self._more.set()
            results += await answer
        return results

    async def run(self) -> None:
        """Commit groups until cancelled; what still waits then is committed before this returns."""
        try:
            while True:
                await self._more.wait()
                # A group on its way is not given up half-way: those who wait for it would not know what became of it.
                await uninterrupted(self._drain())
        finally:
            self._stopped = True
            await uninterrupted(self._drain())

    async def _drain(self) -> None:
        while self._queue:
            await self._commit(self._next_group())
        self._more.clear()

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._queue and (not group or size + len(self._queue[0].delivery.items) <= GROUP):
            waiting = self._queue.popleft()
            group.append(waiting)
            size += len(waiting.delivery.items)
        return group

    async def _commit(self, group: list[_Waiting]) -> None:
        try:
            answers = await self._attempt([waiting.delivery for waiting in group])
        except (Conflict, BadValue) as error:
            if len(group) == 1:
                _refuse(group, error)
                return
            # One request that the database cannot take must not cost its neighbours.
            for waiting in group:
                await self._commit([waiting])
            return
        except StorageError as error:
            _refuse(group, error)
            if isinstance(error, Busy):
                # Who waits behind a lock has waited as long as the one in front.
                _refuse(self._queue, error)
                self._queue.clear()
            return
        except Exception as error:
            # A fault of ours in one request must cost neither its neighbours nor those who come after it.
            if len(group) > 1:
                for waiting in group:
                    await self._commit([waiting])
                return
            log.exception("signals_not_folded", feed=group[0].delivery.feed.id, dialect=group[0].delivery.dialect)
            _refuse(group, error)
            return
        except BaseException:
            _refuse(group, Busy(STOPPING))
            raise
        for waiting, answer in zip(group, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)

    async def _attempt(self, deliveries: Sequence[Delivery]) -> list[list[Result]]:
        async def work(tx: Tx) -> list[list[Result]]:
            return await receive(tx, deliveries, self._clock(), self._rules)

        for attempt in range(1, ATTEMPTS + 1):
            began = time.monotonic()
            try:
                answers = await self._storage.write(work)
            except Busy:
                if attempt == ATTEMPTS or time.monotonic() - began > AT_ONCE:
                    raise
            else:
                self._committed([result for answer in answers for result in answer])
                return answers
        raise AssertionError  # the loop returns or raises


def _refuse(group: Iterable[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


def _parts(delivery: Delivery) -> Iterator[Delivery]:
    if len(delivery.items) <= GROUP:
        yield delivery
        return
    for start in range(0, len(delivery.items), GROUP):
        yield Delivery(
            feed=delivery.feed,
            dialect=delivery.dialect,
            body=b"" if start else delivery.body,
            items=delivery.items[start : start + GROUP],
        )


async def receive(tx: Tx, deliveries: Sequence[Delivery], now: int, rules: Rules = RULES) -> list[list[Result]]:
    """Fold the items of one or many requests, in order, and write what they come to. One request or a hundred alike."""
    feeds = {delivery.feed.id: delivery.feed for delivery in deliveries}
    locked = await tenants.lock(tx, *(feed.tenant for feed in feeds.values()))
    given = {tenant: row.last_number for tenant, row in locked.items()}
    problems = {feed.id: await _problems(tx, feed, deliveries, now, rules) for feed in feeds.values()}
    ledgers = {
        tenant: Ledger(
            tenant=tenant,
            now=now,
            rules=rules,
            silenced=row.silences > 0,
            plan=await plans.load(tx, tenant) if row.plan_version else NO_PLAN,
        )
        for tenant, row in locked.items()
    }
    answers = []
    for delivery in deliveries:
        of_feed = problems[delivery.feed.id]
        ledger = ledgers[delivery.feed.tenant]
        answers.append([_take(item, of_feed, ledger, given, rules) for item in delivery.items])
    for ledger in ledgers.values():
        await ledger.write(tx)
    for tenant, number in given.items():
        if number != locked[tenant].last_number:
            await tenants.numbered(tx, tenant, number)
    for each in problems.values():
        await inbox.remember_resolves(tx, each.feed.id, each.unheard, now)
        await inbox.remember_came(tx, each.feed.id, each.new, now)
    bodies = [
        inbox.Body(feed=delivery.feed.id, dialect=delivery.dialect, body=delivery.body)
        for delivery in deliveries
        if delivery.body
    ]
    await inbox.keep(tx, bodies, now)
    return answers


async def _problems(tx: Tx, feed: Feed, deliveries: Sequence[Delivery], now: int, rules: Rules) -> _Problems:
    signals = [
        item
        for delivery in deliveries
        if delivery.feed.id == feed.id
        for item in delivery.items
        if isinstance(item, Signal)
    ]
    keys = list(dict.fromkeys(signal.dedup_key for signal in signals))
    ids = list(dict.fromkeys(signal.delivery_id for signal in signals if signal.delivery_id))
    came = await inbox.came(tx, feed.id, ids, now - REMEMBERED) if ids else set()
    newest = await alerts.latest_of(tx, feed.id, keys)
    unknown = [key for key in keys if key not in newest]
    resolved = await inbox.resolved_before(tx, feed.id, unknown, now - rules.remember_resolve) if unknown else {}
    return _Problems(feed=feed, newest=newest, resolved=resolved, came=came)


def _take(item: Item, of_feed: _Problems, ledger: Ledger, given: dict[int, int], rules: Rules) -> Result:
    if isinstance(item, Rejected):
        return Result(alert=None, outcome=Outcome.REJECTED, dedup_key=item.dedup_key, error=item.reason, path=item.path)
    feed = of_feed.feed
    current = of_feed.newest.get(item.dedup_key)
    if item.delivery_id:
        if item.delivery_id in of_feed.came:
            number = current.number if current else None
            return Result(alert=number, outcome=Outcome.IGNORED, dedup_key=item.dedup_key)
        of_feed.came.add(item.delivery_id)
        of_feed.new.add(item.delivery_id)
    plan = ledger.plan or NO_PLAN
    route = route_for(plan.routes, feed.id, item) if plan.routes else None
    if route is not None and route.again_after is not None:
        rules = replace(rules, again_after=route.again_after)

    def fresh() -> Alert:
        number = given[feed.tenant] + 1
        room = room_for(feed, route)
        return episode.opened(item, ledger.now, tenant=feed.tenant, number=number, feed=feed.id, room=room)

    change = episode.fold(
        current,
        item,
        ledger.now,
        fresh=fresh,
        resolved_before=of_feed.resolved.get(item.dedup_key),
        rules=rules,
    )
    if route is not None and holds(change, current, route):
        change = held(change)
        ledger.hold(change, route.hold)
    _note(item, change, of_feed, given)
    if current is None and item.kind is Kind.RESOLVED:
        of_feed.unheard.add(item.dedup_key)
        of_feed.resolved[item.dedup_key] = ledger.now
    ledger.add(Decided(before=current, change=change))
    subject = change.alert or current
    return Result(alert=subject.number if subject else None, outcome=change.outcome, dedup_key=item.dedup_key)


def _note(item: Signal, change: Change, of_feed: _Problems, given: dict[int, int]) -> None:
    after = change.alert
    if after is None:
        return
    of_feed.newest[item.dedup_key] = after
    given[after.tenant] = max(given[after.tenant], after.number)
