"""Every hot statement goes by its index (performance.md, "Partial indexes"): a table of a million rows is not read through."""

from typing import Any

import pytest

from bot.domain.alert import ACTIVE, State
from bot.domain.signal import Severity
from bot.storage import (
    Param,
    Storage,
    Tx,
    alerts,
    boards,
    calls,
    differences,
    feeds,
    history,
    inbox,
    memory,
    open_storage,
    outbox,
    parcels,
    people,
    plans,
    retention,
    search,
    silences,
    speakers,
    tenants,
    timers,
    whispers,
)

GROWING = (
    "alerts",
    "history",
    "outbox",
    "bodies",
    "resolves",
    "calls",
    "sent",
    "timers",
    "people",
    "keys",
    "silences",
    "silenced",
    "plans",
    "covers",
    "escalations",
    "whispers",
    "parcels",
    "counterparts",
)

HOT: dict[str, tuple[str, dict[str, Param]]] = {
    "newest alert of keys": (alerts.LATEST, {"feed": 1, "keys": ["a", "b"]}),
    "alerts by number": (alerts.BY_NUMBER, {"tenant": 1, "numbers": [1, 2]}),
    "save": (alerts.TOUCH, {"count": 1, "last_seen_at": 1, "senders": "{}", "tenant_id": 1, "number": 1}),
    "no longer the latest": (alerts.NO_LONGER_LATEST, {"tenant_id": 1, "number": 1}),
    "history": (history.PAGE, {"tenant": 1, "number": 1, "after": 0, "limit": 10}),
    "remembered resolves": (inbox.RESOLVED, {"feed": 1, "keys": ["a"], "since": 1}),
    "command done before": (calls.FIND, {"tenant": 1, "room": 1, "message": "m"}),
    "undo": (calls.LAST_UNDO, {"tenant": 1, "room": 1, "person": "1", "since": 1}),
    "question": (calls.ASKED, {"tenant": 1, "room": 1, "person": "1", "since": 1}),
    "key": (feeds.KEY_BY_HASH, {"hash": "h"}),
    "installation": (speakers.INSTALLATION, {"oauth_id": "o"}),
    "installations": (speakers.OF_TENANT, {"tenant": 1}),
    "callback path": (speakers.HOOK_BY_CALLBACK, {"hash": "h"}),
    "person": (people.BY_ID, {"tenant": 1, "id": "1"}),
    "room": (tenants.ROOM_BY_HIPCHAT, {"tenant": 1, "hipchat_id": 1}),
    "what waits": (outbox.WAITING, {"room": 1, "limit": 10}),
    "rooms that wait": (outbox.WAITING_ROOMS, {}),
    "claim": (outbox.CLAIM, {"until": 1, "now": 1, "far": 1, "limit": 8}),
    "told": (outbox.DONE, {"now": 1, "result": "r", "id": 1}),
    "a look at history": (history.PAST, {"tenant": 1, "number": 1, "newest": 5, "first": 5, "people": 5}),
    "news of an alert": (outbox.OF_ALERT, {"tenant": 1, "number": 1, "newest": 5, "first": 5}),
    "sent lately": (outbox.SENT_SINCE, {"room": 1, "since": 1, "until": 2}),
    "a silence": (silences.FIND, {"tenant": 1, "number": 1}),
    "live silences": (silences.LIVE, {"tenant": 1}),
    "what a silence keeps": (silences.WAITING, {"tenant": 1, "silence": 1, "room": 1}),
    "how much silences hid": (silences.HOW_MANY, {"tenant": 1, "silences": [1, 2]}),
    "mirror of the week": (silences.LOOK, {"tenant": 1, "before": 9, "limit": 10}),
    "mirror of the active": (silences.LOOK_ACTIVE, {"tenant": 1, "room": 1, "limit": 10}),
    "plan": (plans.LOAD, {"tenant": 1}),
    "who covers": (plans.COVERS, {"tenant": 1, "now": 1}),
    "escalations": (plans.ESCALATIONS, {"tenant": 1, "numbers": [1, 2]}),
    "private messages": (whispers.CLAIM, {"until": 2, "now": 1, "limit": 10}),
    "next private message": (whispers.NEXT, {}),
    "parcels": (parcels.CLAIM, {"tenant": 1, "channel": "c", "until": 2, "now": 1, "far": 3, "limit": 10}),
    "lanes": (parcels.LANES, {"others": ["1:c"]}),
    "what differs": (differences.SEEN, {"tenant": 1, "channel": "c"}),
    "active alerts to compare": (differences.ACTIVE, {"tenant": 1, "limit": 10}),
    "messages that came": (inbox.CAME, {"feed": 1, "ids": ["a", "b"], "since": 1}),
    "parcels of an alert": (parcels.OF_ALERT, {"tenant": 1, "number": 1, "newest": 5, "first": 5}),
    "who heard of alerts": (parcels.CHANNELS_OF, {"tenant": 1, "numbers": [1, 2]}),
    "last parcel": (parcels.LAST_RESULT, {"tenant": 1, "channel": "c"}),
    "held elsewhere": (parcels.HELD, {"tenant": 1, "channels": ["a", "b"], "before": 1, "limit": 10}),
    "counterpart": (parcels.REFERENCE, {"tenant": 1, "number": 1, "channel": "c"}),
    "rooms that are stuck": (outbox.STUCK_TENANTS, {}),
    "what is stuck": (outbox.STUCK, {"tenant": 1, "lane": 1, "before": 1, "limit": 10}),
    "room's alerts, newest first": (memory.OPENED, {"tenant": 1, "room": 1, "below": 9, "limit": 10}),
    "not remembered yet": (memory.UNINDEXED, {"tenant": 1, "room": 1, "after": 1, "below": 9, "limit": 10}),
    "to be remembered": (memory.NEXT, {"tenant": 1, "after": 1, "limit": 10}),
    "who acked": (memory.ACKS, {"tenant": 1, "numbers": [1, 2], "actions": ["acked", "owned"]}),
    "timers of an alert": (timers.OF_ALERT, {"tenant": 1, "number": 1, "kinds": ["a", "b"]}),
    "next timer": (timers.NEXT, {"kinds": ["a", "b"]}),
    "tenants with timers": (timers.TENANTS_DUE, {"kinds": ["a", "b"], "now": 1}),
    "old alerts": (retention.CLOSED, {"tenant": 1, "before": 1, "limit": 10}),
    "old bodies": (retention.BODIES, {"before": 1, "limit": 10}),
    "old news": (retention.TOLD, {"before": 1, "limit": 10}),
    "old parcels": (retention.PARCELS, {"before": 1, "limit": 10}),
    "old commands": (retention.CALLS, {"before": 1, "limit": 10}),
}

PAGES: dict[str, search.Query] = {
    "active of a room": search.Query(tenant=1, room=1),
    "open of a room": search.Query(tenant=1, room=1, states=frozenset({State.OPEN})),
    "worst of a room": search.Query(tenant=1, room=1, worst_first=True),
    "severe of a room": search.Query(tenant=1, room=1, severities=frozenset({Severity.CRITICAL})),
    "newest of a room": search.Query(tenant=1, room=1, states=frozenset(State)),
    "active of a feed": search.Query(tenant=1, feed=1, states=ACTIVE),
    "all of a feed": search.Query(tenant=1, feed=1, states=frozenset(State), before=100),
}


class Explaining:
    """A transaction that tells how a statement would be run."""

    def __init__(self, tx: Tx, dialect: str) -> None:
        self._tx = tx
        self._explain = "EXPLAIN QUERY PLAN " if dialect == "sqlite" else "EXPLAIN "
        self.plan: list[str] = []

    async def all(self, sql: str, **params: Param) -> list[Any]:
        """Explain instead of running."""
        rows = await self._tx.all(self._explain + sql, **params)
        self.plan = [str(row[list(row.keys())[-1]]) for row in rows]
        return []


async def plan_of(storage: Storage, sql: str, params: dict[str, Param]) -> list[str]:
    """Return the lines of a statement's plan."""
    async with storage.begin() as tx:
        if storage.dialect == "postgresql":
            await tx.run("SET LOCAL enable_seqscan = off")
        explaining = Explaining(tx, storage.dialect)
        await explaining.all(sql, **params)
    return explaining.plan


def check(plan: list[str]) -> None:
    """Fail for a table that grows and is read through."""
    text = "\n".join(plan)

    assert plan
    for line in plan:
        words = line.replace("->", " ").split()
        reads_through = (words[:1] == ["SCAN"] and "INDEX" not in words) or "Seq" in words
        assert not (reads_through and any(table in words for table in GROWING)), text


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_statement_goes_by_an_index(storage: Storage, name: str) -> None:
    """Reads of what grows are searches, also in an update and in what is cleared away."""
    sql, params = HOT[name]

    check(await plan_of(storage, sql, params))


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_of_alerts_goes_by_an_index(storage: Storage, name: str) -> None:
    """Also of those in a room or feed of a tenant that has many."""
    async with storage.begin() as tx:
        if storage.dialect == "postgresql":
            await tx.run("SET LOCAL enable_seqscan = off")
        explaining = Explaining(tx, storage.dialect)
        await search.find(explaining, PAGES[name], limit=10)  # type: ignore[arg-type]  # reads with `all` only

    check(explaining.plan)


async def test_the_newest_of_a_room_need_no_sorting() -> None:
    """The first page of a room's alerts is read in order, however many the room or the tenant has."""
    # PostgreSQL chooses by its statistics, of which an empty table has none.
    storage = await open_storage("sqlite:///:memory:", migrate=True)
    async with storage.read() as tx:
        explaining = Explaining(tx, storage.dialect)
        query = search.Query(tenant=1, room=1, states=frozenset(State))
        await search.find(explaining, query, limit=1)  # type: ignore[arg-type]  # reads with `all` only
    await storage.close()

    assert ["SEARCH alerts USING INDEX alerts_of_room (tenant_id=? AND room_id=?)"] == explaining.plan


async def test_what_is_active_is_counted_without_what_is_closed() -> None:
    """A room's board and the counts of a list read the index of what is active, however much is closed there."""
    storage = await open_storage("sqlite:///:memory:", migrate=True)
    async with storage.read() as tx:
        board = Explaining(tx, storage.dialect)
        await boards.of_room(board, 1, 1)  # type: ignore[arg-type]  # reads with `all` only
        counts = Explaining(tx, storage.dialect)
        await search.counts(counts, search.Query(tenant=1, room=1))  # type: ignore[arg-type]
    await storage.close()

    assert board.plan[0].startswith("SEARCH alerts USING COVERING INDEX alerts_active")
    assert counts.plan[0].startswith("SEARCH alerts USING COVERING INDEX alerts_active")
