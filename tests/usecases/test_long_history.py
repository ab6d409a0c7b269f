"""An alert that comes again and again for months is looked at as quickly as any other."""

import time

import pytest

from bot.domain.actor import Actor, Via, Who
from bot.domain.alert import Event
from bot.domain.notice import Lane, News
from bot.domain.tenant import Key, Scope
from bot.storage import Tx, history, outbox
from bot.usecases import remembering, views
from tests.usecases.conftest import START, World, signal
from tests.usecases.test_command import Chat, chat  # noqa: F401 - a fixture

MANY = 20_000
QUICK = 0.15
"""Seconds of processor time, on a machine that has other things to do."""


@pytest.fixture
async def worn(world: World) -> World:
    """Give an alert that was resolved and came back very often, was told of each time, and of which people said something."""
    await world.post(signal("a"))
    async with world.storage.begin() as tx:
        await wear(tx, world)
    return world


async def wear(tx: Tx, world: World) -> None:
    """Write a long history and as many told notices."""
    source = Actor(kind=Who.SOURCE, name="api", via=Via.SOURCE)
    rows = [Event(action="reopened", at=START + n, by=source, note=f"no. {n}") for n in range(MANY)]
    rows[MANY // 2] = Event(action="acked", at=START + MANY // 2, by=world.caller().actor, note="in the middle")
    await history.add(tx, world.tenant.id, ((1, row) for row in rows))
    news = [
        outbox.Post(tenant=world.tenant.id, room=world.room.id, news=News.REOPENED, lane=Lane.NEWS, at=START, number=1)
        for _ in range(MANY)
    ]
    await outbox.add(tx, news)
    await tx.run("UPDATE outbox SET done_at = :now, result = 'sent (204)'", now=START)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("history 1", f"({MANY + 1 - 25} earlier ones left out)"),
        ("why 1", f"({MANY + 1 - 12} earlier ones left out)"),
        ("story 1", "rows from the middle are left out here"),
    ],
)
async def test_a_look_is_quick(worn: World, chat: Chat, text: str, said: str) -> None:  # noqa: F811
    """It shows how it began, what is newest and what people did, and counts the rest."""
    began = time.process_time()
    done = await chat(text)
    took = time.process_time() - began

    assert said in done.body
    assert took < QUICK


async def test_the_api_gives_it_page_by_page(worn: World) -> None:
    """Each row once, oldest first."""
    key = Key(id=1, feed=worn.feed, name="k", scopes=frozenset(Scope), created_at=START)
    found: list[Event] = []
    after: int | None = 0
    while after is not None:
        events, after = await views.history_of(worn.storage, key, 1, after=after, limit=6000)
        found += events

    assert MANY + 1 == len(found)
    assert ["opened", "no. 0", f"no. {MANY - 1}"] == [found[0].action, found[1].note, found[-1].note]


async def test_what_is_left_out_is_counted(worn: World) -> None:
    """What is shown and what is left out is everything."""
    async with worn.storage.read() as tx:
        known = await remembering.known_of(tx, (await worn.alerts())[0], START + MANY)

    assert MANY + 1 == len(known.events) + known.left_out
    assert MANY + 1 == len(known.tellings) + known.untold
    assert "in the middle" in {event.note for event in known.events}
