"""Whatever comes in whatever order: what always holds of alerts (product.md 3)."""

import asyncio
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain import action
from bot.domain.action import Wish
from bot.domain.alert import Action, Alert, Outcome, Refused, State
from bot.domain.errors import Invalid
from bot.domain.signal import Kind, Severity
from bot.storage import Storage, alerts, tenants
from bot.usecases import escalate
from bot.usecases.change import Decided, Ledger
from bot.usecases.ingest import Intake
from tests.usecases.conftest import Clock, World, running, settle, signal

KEYS = ("a", "b")
SPANS = (0, 1, 30, 60, 601, 3_601, 14_401)
"""Seconds between steps: within and beyond each of the lifecycle's spans."""


@dataclass(frozen=True)
class Said:
    """A signal: `began` in seconds before now, None when the sender does not say; `lasts` seconds of a promise."""

    key: str
    kind: Kind
    severity: Severity
    sender: str
    began: int | None
    lasts: int | None


@dataclass(frozen=True)
class Did:
    """What somebody did to the newest alert of a key."""

    key: str
    what: Action
    who: str


SAID = st.builds(
    Said,
    st.sampled_from(KEYS),
    st.sampled_from([Kind.FIRING, Kind.FIRING, Kind.FIRING, Kind.RESOLVED, Kind.RESOLVED, *Kind]),
    st.sampled_from(Severity),
    st.sampled_from(["alertmanager", "prometheus"]),
    st.one_of(st.none(), st.sampled_from([-5, 0, 5, 61, 4000])),
    st.one_of(st.none(), st.none(), st.just(240)),
)
DID = st.builds(
    Did,
    st.sampled_from(KEYS),
    st.sampled_from(
        [
            Action.ACK,
            Action.UNACK,
            Action.CLOSE,
            Action.REOPEN,
            Action.ASSIGN,
            Action.UNASSIGN,
            Action.OWN,
            Action.NOTE,
            Action.SEVERITY,
        ]
    ),
    st.sampled_from(["dana", "lee"]),
)
STEP = st.tuples(st.sampled_from(SPANS), st.one_of(st.lists(SAID, min_size=1, max_size=4), DID))


@given(steps=st.lists(STEP, max_size=14))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_what_always_holds(storage: Storage, steps: list[tuple[int, Any]]) -> None:
    """One active alert per key, which is the latest; numbers without gaps; counts that grow; history in order.

    A closed alert is opened only with a history row that says so, and nothing raises but a refusal.
    """
    clock = Clock()
    intake = Intake(storage, clock=clock)
    async with running(intake):
        world = await settle(storage, clock, intake)
        before: dict[int, Alert] = {}
        for seconds, step in steps:
            clock.forward(seconds=seconds)
            await escalate.run_due(storage, now=clock.now, started_at=0)
            if isinstance(step, Did):
                await do(world, step)
            else:
                await say(world, step)
            before = await check(world, before)


async def say(world: World, step: list[Said]) -> None:
    """Post one request."""
    now = world.clock.now
    results = await world.post(
        *(
            signal(
                each.key,
                kind=each.kind,
                severity=each.severity,
                sender=each.sender,
                starts_at=None if each.began is None else now - each.began * 1000,
                ends_at=None if each.lasts is None else now + each.lasts * 1000,
            )
            for each in step
        )
    )

    assert [each.key for each in step] == [result.dedup_key for result in results]
    for each, result in zip(step, results, strict=True):
        if each.kind is Kind.FIRING:
            assert result.alert is not None
        if result.outcome in {Outcome.OPENED, Outcome.REOPENED, Outcome.WORSE}:
            assert each.kind is Kind.FIRING


async def do(world: World, step: Did) -> None:
    """Do something by hand, as far as the table allows."""
    actor = world.caller(step.who).actor
    async with world.storage.begin(urgent=True) as tx:
        await tenants.lock(tx, world.tenant.id)
        alert = (await alerts.latest_of(tx, world.feed.id, [step.key])).get(step.key)
        if alert is None:
            return
        wish = Wish(action=step.what, by=actor, note="n", to=actor.person, severity=Severity.ERROR)
        try:
            change = action.act(alert, wish, world.clock.now)
        except (Refused, Invalid):
            return
        ledger = Ledger(tenant=world.tenant.id, now=world.clock.now)
        ledger.add(Decided(before=alert, change=change))
        await ledger.write(tx)


async def check(world: World, before: dict[int, Alert]) -> dict[int, Alert]:
    """Look at everything that is stored."""
    found = await world.alerts()
    after = {alert.number: alert for alert in found}

    assert list(range(1, len(found) + 1)) == [alert.number for alert in found]
    for key in KEYS:
        mine = [alert for alert in found if alert.dedup_key == key]
        assert [alert.number for alert in mine[-1:]] == [alert.number for alert in mine if alert.latest]
        assert {alert.number for alert in mine if alert.active} <= {alert.number for alert in mine[-1:]}
        assert [alert.predecessor for alert in mine] == [None, *(alert.number for alert in mine)][: len(mine)]
    for number, alert in after.items():
        events = await world.history(number)
        assert sorted(event.at for event in events) == [event.at for event in events]
        assert "opened" == events[0].action
        if alert.state is State.CLOSED and alert.resolved_at is not None:
            assert {} == alert.senders
        was = before.get(number)
        if was is not None:
            assert alert.count >= was.count
            assert alert.flaps >= was.flaps
            if was.state is State.CLOSED and not was.latest:
                assert (State.CLOSED, was.count) == (alert.state, alert.count)
            if was.state is State.CLOSED and alert.active:
                opened = [event for event in events if event.action in {"reopened", "resolved", "worse", "opened"}]
                assert "reopened" in {event.action for event in opened}
    return after


async def test_a_hundred_senders_of_one_problem(world: World) -> None:
    """At once, they make one alert, counted a hundred times, with one notice."""
    await asyncio.gather(*(world.post(signal("a")) for _ in range(100)))

    assert [100] == [alert.count for alert in await world.alerts()]
    assert 1 == len(await world.waiting())
