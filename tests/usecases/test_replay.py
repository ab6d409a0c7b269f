"""What was odd is read again when it is understood; what was understood is left alone."""

from collections.abc import Sequence

from bot.domain.alert import State
from bot.domain.signal import Signal
from bot.domain.source import Source
from bot.sources.values import odd
from bot.usecases.ingest import Delivery, Item
from bot.usecases.replay import again
from tests.usecases.conftest import Clock, World, signal

BODY = b"a message of tomorrow"


def nothing(_dialect: str, body: bytes, _source: Source | None) -> Sequence[Item]:
    """Read as before: everything is odd."""
    return [odd(body, "grafana")]


def mended(dialect: str, body: bytes, _source: Source | None) -> Sequence[Item]:
    """Read as a mended parser does."""
    assert "grafana" == dialect
    return [signal("tomorrow")] if body == BODY else [odd(body, "grafana")]


def key_of(body: bytes) -> str:
    """Return the key of an odd message."""
    return odd(body, "").dedup_key


async def came(world: World, body: bytes, *items: Signal) -> None:
    """Receive a message with its body."""
    await world.intake.receive(
        Delivery(feed=world.feed, dialect="grafana", body=body, items=items or [odd(body, "grafana")])
    )


async def test_a_message_is_read_anew(world: World, clock: Clock) -> None:
    """Its alert is there, its odd one is closed with the reason; a second run finds nothing more to do."""
    await came(world, BODY)
    await came(world, b"still odd")
    await came(world, b"understood", signal("good"))
    group = str(world.tenant.group_id)
    said = await again(world.storage, group, mended, key_of, now=clock(), only_say=True)
    before = [alert.state for alert in await world.alerts()]
    done = await again(world.storage, group, mended, key_of, now=clock(), only_say=False)
    twice = await again(world.storage, group, mended, key_of, now=clock(), only_say=False)
    alerts = {alert.summary: alert for alert in await world.alerts()}

    assert [State.OPEN] * 3 == before
    assert [(1, ["tomorrow is broken"])] == [(each.odd, [one.summary for one in each.says]) for each in said]
    assert said == done
    assert [] == twice
    assert State.OPEN is alerts["tomorrow is broken"].state
    assert "its message was read anew" in [event.note for event in await world.history(1)]
    assert State.CLOSED is (await world.alerts())[0].state
    assert 4 == len(await world.alerts())


async def test_what_is_closed_stays_closed(world: World, clock: Clock) -> None:
    """An odd alert that is over is not read again; nor is anything while nobody understands more."""
    await came(world, BODY)
    unread = await again(world.storage, str(world.tenant.group_id), nothing, key_of, now=clock(), only_say=False)
    await world.post(
        Signal(dedup_key=key_of(BODY), summary="x", sender="grafana", kind=signal().kind.__class__.RESOLVED)
    )
    closed = await again(world.storage, str(world.tenant.group_id), mended, key_of, now=clock(), only_say=False)

    assert ([], []) == (unread, closed)
