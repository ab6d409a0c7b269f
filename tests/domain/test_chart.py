"""Charts count everything once, and their bars are within the picture."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import chart
from bot.domain.signal import Severity
from bot.domain.spans import DAY, HOUR
from bot.domain.tally import Tally

NOW = 1_795_521_720_000
SINCE = NOW - DAY


@given(st.lists(st.tuples(st.integers(SINCE, NOW), st.sampled_from(Severity)), max_size=50))
def test_every_alert_is_in_one_bar(opened: list[tuple[int, Severity]]) -> None:
    """Of its hour and its severity; hours without any are there too, and no bar is higher than the chart."""
    hours = chart.by_hour(Tally(opened=opened), since=SINCE, now=NOW, step=HOUR, zone_name="UTC")

    assert 25 == len(hours.bars)
    assert len(opened) == sum(bar.many for bar in hours.bars)
    assert hours.most == max(bar.many for bar in hours.bars)
    assert all(0 <= piece.low <= piece.high <= 1 for bar in hours.bars for piece in bar.pieces)
    for severity in Severity:
        wanted = sum(found is severity for _, found in opened)
        assert wanted == sum(piece.many for bar in hours.bars for piece in bar.pieces if piece.kind == severity.word)


@given(st.lists(st.integers(0, 10**12), max_size=30), st.lists(st.integers(0, 10**12), max_size=30))
def test_every_wait_is_in_one_bar(to_ack: list[int], to_close: list[int]) -> None:
    """Acks and closes beside each other."""
    waits = chart.waits(Tally(to_ack=to_ack, to_close=to_close))

    assert ["to ack", "to close"] == waits.kinds
    for place, spans in enumerate((to_ack, to_close)):
        assert len(spans) == sum(bar.pieces[place].many for bar in waits.bars)


def test_nothing_to_show() -> None:
    """A room without alerts has empty charts, not a fault."""
    empty = Tally()

    assert 0 == chart.by_hour(empty, since=SINCE, now=NOW, step=HOUR, zone_name="").most
    assert 0 == chart.waits(empty).most
    assert [] == list(chart.sources(empty).bars)
