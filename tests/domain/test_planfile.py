"""A plan's file is read whole, every problem of it is found at once, and it is written as it is read."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import planfile
from bot.domain.planfile import Problems, read, span_text, tables
from bot.domain.routing import Plan

WHOLE = """
[[route]]
name = "databases"
match = ["service=db", 'host=~"db.*"', "severity>=error"]
feed = "ops"
room = "DBA"
hold = "1m30s"
again_after = "8h"
policy = "call"

[[route]]
name = "rest"

[[policy]]
name = "call"
repeat = 2
[[policy.step]]
wait = "10m"
tell = ["room", "@dana", "on-call dba"]
private = true
[[policy.step]]
wait = "0s"
tell = ["next dba"]

[[schedule]]
name = "dba"
zone = "Europe/Berlin"
[[schedule.layer]]
people = ["dana", "lee"]
first = 2026-11-02T09:00:00
every = "1w"
days = ["mon", "fri"]
from = "09:00"
to = "17:30"
"""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["route", "policy", "schedule", "step", "layer", "name", "match", "wait", "tell", "people"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def plan_of(text: str) -> Plan:
    """Read a file; rooms and feeds are known by these names."""
    return read(tomllib.loads(text), room={"DBA": 7}.__getitem__, feed={"ops": 3}.__getitem__)


def problems_of(text: str) -> list[str]:
    """Return what is wrong with a file."""
    with pytest.raises(Problems) as caught:
        plan_of(text)
    return [str(each) for each in caught.value.found]


def test_what_is_written_is_what_was_read() -> None:
    """A plan as tables is the same plan."""
    plan = plan_of(WHOLE)
    written = tables(plan, room={7: "DBA"}.__getitem__, feed={3: "ops"}.__getitem__)

    assert plan == read(written, room={"DBA": 7}.__getitem__, feed={"ops": 3}.__getitem__)
    assert ["databases", "rest"] == [route.name for route in plan.routes]
    assert (7, 3, 90_000) == (plan.routes[0].room, plan.routes[0].feed, plan.routes[0].hold)


def test_every_problem_at_once_with_its_place() -> None:
    """Each wrong value is named by its pointer, with what it should be."""
    found = problems_of(
        WHOLE.replace('hold = "1m30s"', 'hold = "soon"')
        .replace('policy = "call"', 'policy = "cal"')
        .replace("next dba", "next dbas")
        .replace("Europe/Berlin", "Europe/Berlim")
        + "colour = 1"
    )

    assert [
        '/schedule/0/zone: is no time zone such as "Europe/Berlin"',
        "/schedule/0/layer/0/colour: there is no such setting here; there are: people, first, every, days, from, to",
        "/policy/0/step/1/tell/0: there is no schedule dbas",
        "/route/0/policy: there is no policy cal",
        '/route/0/hold: is no span such as "30s", "5m", "1h30m", "2d" or "1w"',
    ] == found


def test_differences_are_said() -> None:
    """What is new, changed, gone or in another order."""
    before = tomllib.loads(WHOLE)
    after = tomllib.loads(WHOLE.replace('hold = "1m30s"', 'hold = "2m"').replace('name = "rest"', 'name = "others"'))

    assert ["+ route others", "~ route databases", "- route rest"] == planfile.differences(before, after)
    assert [] == planfile.differences(before, before)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["route", "policy", "schedule", "other"]), JSON, max_size=3))
def test_any_tables_are_a_plan_or_problems(found: dict[str, Any]) -> None:
    """Whatever stands in a file, it is read, or refused with reasons."""
    try:
        answer: object = read(found, room=len, feed=len)
    except Problems as problems:
        answer = problems.found

    assert isinstance(answer, Plan) or answer


@pytest.mark.parametrize(("span", "text"), [(0, "0s"), (1_500, "1s"), (90_000, "1m30s"), (694_861_000, "1w1d1h1m1s")])
def test_spans_as_text(span: int, text: str) -> None:
    """Each unit once, the largest first."""
    assert text == span_text(span)
