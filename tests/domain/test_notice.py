"""What goes out first, and what is folded (product.md 6)."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.notice import Lane, News, Notice, bundle, in_order, lane_of
from bot.domain.signal import Severity


def told(number: int, alert: int | None = None, lane: Lane = Lane.NEWS) -> Notice:
    """Make a notice."""
    return Notice(id=number, news=News.OPENED, lane=lane, at=number, number=alert)


NOTICES = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(1, 6)), st.sampled_from([Lane.CRITICAL, Lane.NEWS])), max_size=40
).map(lambda rows: [told(index, alert, lane) for index, (alert, lane) in enumerate(rows)])


def test_lanes() -> None:
    """Answers, then what is critical, then the rest; that something critical is over can wait."""
    assert Lane.COMMAND is lane_of(News.REPLY, Severity.INFO)
    assert Lane.CRITICAL is lane_of(News.OPENED, Severity.CRITICAL)
    assert Lane.NEWS is lane_of(News.OPENED, Severity.ERROR)
    assert Lane.NEWS is lane_of(News.RESOLVED, Severity.CRITICAL)


@given(waiting=NOTICES, room_for=st.integers(0, 45))
def test_nothing_is_dropped_and_each_alert_keeps_its_order(waiting: list[Notice], room_for: int) -> None:
    """Every notice goes out once or waits for room; what goes out alone fits; no alert is both alone and folded."""
    chosen = bundle(waiting, room_for)
    ids = [notice.id for notice in (*chosen.single, *chosen.folded)]

    assert len(ids) == len(set(ids))
    assert len(chosen.single) <= room_for
    assert set(ids) == (set() if room_for <= 0 < len(waiting) else {notice.id for notice in waiting})
    for pile in (chosen.single, chosen.folded):
        for alert in range(1, 7):
            mine = [notice.id for notice in pile if notice.number == alert]
            assert sorted(mine) == mine
    assert not {n.number for n in chosen.single if n.number} & {n.number for n in chosen.folded if n.number}


@given(waiting=NOTICES)
def test_order_puts_critical_stories_first(waiting: list[Notice]) -> None:
    """A story goes by its worst lane, then by age."""
    ordered = in_order(waiting)
    stories: dict[object, Lane] = {}
    for notice in waiting:
        key = notice.number if notice.number is not None else (notice.id,)
        stories[key] = min(stories.get(key, Lane.NEWS), notice.lane)
    lanes = [stories[notice.number if notice.number is not None else (notice.id,)] for notice in ordered]

    assert sorted(lanes) == lanes


def test_a_digest_leaves_room_for_what_is_critical() -> None:
    """Critical alerts go alone, up to half of the room; also one that only became critical."""
    waiting = [told(n, n) for n in range(1, 50)] + [told(60, 3, Lane.CRITICAL)]
    chosen = bundle(waiting, 20)

    assert [3, 60] == [notice.id for notice in chosen.single]
    assert 48 == len(chosen.folded)
