"""What a service and we say differently: which of it counts, how long it has to last, and how it is told."""

from typing import Any

import pytest

from bot.domain.actor import Who
from bot.domain.alert import State
from bot.domain.difference import FRESH, LASTS, Difference, Seen, Standing, Survey, What, differences, told
from tests.domain.making import NOW, alert

LATER = NOW + FRESH


@pytest.mark.parametrize(
    ("given", "standing", "what"),
    [
        ({"state": State.OPEN}, Standing.FIRING, None),
        ({"state": State.OPEN}, Standing.ACKED, What.ACKED),
        ({"state": State.OPEN}, Standing.GONE, What.OVER),
        ({"state": State.ACKED, "state_who": Who.PERSON}, Standing.FIRING, What.NOT_ACKED),
        ({"state": State.SNOOZED, "state_who": Who.PERSON}, Standing.FIRING, What.NOT_ACKED),
        ({"state": State.ACKED, "state_who": Who.SOURCE}, Standing.FIRING, What.LAPSED),
        ({"state": State.ACKED}, Standing.ACKED, None),
        ({"state": State.SNOOZED}, Standing.GONE, What.OVER),
        ({"state": State.CLOSED}, Standing.FIRING, None),
        ({"state": State.CLOSED}, Standing.GONE, None),
    ],
)
def test_each_pair_of_states(given: dict[str, Any], standing: Standing, what: What | None) -> None:
    """Agrees, or differs in one way."""
    found = differences([alert(**given)], Survey(standings={1: standing}), known=frozenset(), now=LATER)

    assert ([Difference(what=what, number=1)] if what else []) == found


def test_what_is_fresh_or_not_known_there_counts_for_nothing() -> None:
    """It may be on its way; and a service says nothing of what it cannot know."""
    gone = Survey(standings={1: Standing.GONE})

    assert [] == differences([alert()], gone, known=frozenset(), now=LATER - 1)
    assert [] == differences([alert(number=2)], gone, known=frozenset(), now=LATER)


def test_strays() -> None:
    """Are what fires there and is no news here in any way."""
    survey = Survey(strays={"a": "Disk full", "b": "Load high"})

    assert [Difference(what=What.UNKNOWN, key="b")] == differences([], survey, known=frozenset({"a"}), now=LATER)


@pytest.mark.parametrize(
    ("seen", "now", "tells"),
    [
        (Seen(since=NOW, told=False), NOW + LASTS, True),
        (Seen(since=NOW, told=False), NOW + LASTS - 1, False),
        (Seen(since=NOW, told=True), NOW + 9 * LASTS, False),
    ],
)
def test_only_what_lasts_is_told_and_once(seen: Seen, now: int, tells: bool) -> None:
    """One look alone may have met a change on its way."""
    assert tells is seen.to_tell(now)


def test_words() -> None:
    """Name every number with what to type, and the first of many strays."""
    strays = [Difference(what=What.UNKNOWN, key=str(n), words=f"Stray {n}") for n in range(7)]
    found = [
        Difference(what=What.OVER, number=2),
        Difference(what=What.OVER, number=3),
        Difference(what=What.NOT_ACKED, number=4),
        Difference(what=What.LAPSED, number=5),
        Difference(what=What.ACKED, number=6),
        *strays,
    ]

    assert (
        "Compared with am: "
        "#2 #3 are over there and still active here; if that is right: /alert close 2,3 · "
        "#4 is taken here and not there; it is sent there again · "
        "#5 is taken here because somebody took it there, and nobody has it there now; if that is right: /alert unack 5 · "
        "#6 is taken there and open here; to say so here: /alert ack 6 · "
        "there and unknown here: Stray 0; Stray 1; Stray 2; Stray 3; Stray 4 and 2 more"
    ) == told("am", found)
