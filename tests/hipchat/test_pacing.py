"""The send budget of a room and of a token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hipchat.pacing import (
    FIVE_MINUTES,
    MINUTE,
    SLACK,
    Counter,
    Rates,
    answer_fits,
    calls_left,
    news_allowed,
    next_answer_slot,
    next_call,
    next_slot,
    read_rates,
)

NOW = 1_800_000_000_000
TIMES = st.lists(st.integers(NOW - 2 * MINUTE, NOW), max_size=40)
COUNTERS = st.none() | st.builds(
    Counter,
    limit=st.just(30),
    remaining=st.integers(0, 30),
    reset_at=st.integers(NOW - MINUTE, NOW + MINUTE),
    seen_at=st.integers(NOW - MINUTE, NOW),
)


def counter(remaining: int, *, reset_in: int = MINUTE // 2, seen: int = NOW) -> Counter:
    """Return what an answer's headers said."""
    return Counter(limit=30, remaining=remaining, reset_at=NOW + reset_in, seen_at=seen)


@pytest.mark.parametrize(
    ("news", "answers", "flood", "allowed"),
    [
        (0, 0, None, 20),
        (5, 0, None, 15),
        (20, 0, None, 0),
        (25, 0, None, 0),
        (0, 10, None, 20),
        (0, 15, None, 15),
        (0, 30, None, 0),
        (15, 10, None, 5),
        (0, 0, counter(30), 20),
        (0, 0, counter(15), 5),
        (0, 0, counter(10), 0),
        (0, 0, counter(0), 0),
        (0, 10, counter(5), 5),
        (0, 0, counter(0, reset_in=0), 20),
    ],
)
def test_news_leaves_ten_for_answers(news: int, answers: int, flood: Counter | None, allowed: int) -> None:
    """20 of 30 for news, less when answers took more than their ten, or when Hipchat says that less is left."""
    assert allowed == news_allowed([NOW] * news, [NOW] * answers, flood, NOW)


def test_messages_leave_the_count_after_a_minute() -> None:
    """A minute and the time a message may travel, to the millisecond."""
    assert news_allowed([NOW - MINUTE - SLACK + 1] * 20, [], None, NOW) == 0
    assert news_allowed([NOW - MINUTE - SLACK] * 20, [], None, NOW) == 20


@pytest.mark.parametrize(
    ("news", "answers", "flood", "fits"),
    [
        (20, 9, None, True),
        (20, 10, None, False),
        (0, 29, None, True),
        (0, 30, None, False),
        (0, 0, counter(1), True),
        (0, 0, counter(0), False),
    ],
)
def test_an_answer_takes_what_is_left(news: int, answers: int, flood: Counter | None, fits: bool) -> None:
    """Answers may use all of the 30."""
    assert fits is answer_fits([NOW] * news, [NOW] * answers, flood, NOW)


def test_what_was_sent_since_the_counter_was_seen() -> None:
    """Hipchat's number is as old as its answer: later messages are taken off it."""
    assert answer_fits([], [NOW - 5], counter(1, seen=NOW - 5), NOW)
    assert not answer_fits([], [NOW - 4], counter(1, seen=NOW - 5), NOW)


@given(TIMES, TIMES, COUNTERS)
def test_the_next_slot_is_the_first(news: list[int], answers: list[int], flood: Counter | None) -> None:
    """News is taken at the slot, and not a millisecond before it unless that is now."""
    at = next_slot(news, answers, flood, NOW)

    assert news_allowed(news, answers, flood, at) > 0
    if at > NOW:
        assert news_allowed(news, answers, flood, NOW) == 0
        assert news_allowed(news, answers, flood, at - 1) == 0


@given(TIMES, TIMES, COUNTERS)
def test_the_next_slot_of_an_answer(news: list[int], answers: list[int], flood: Counter | None) -> None:
    """As for news."""
    at = next_answer_slot(news, answers, flood, NOW)

    assert answer_fits(news, answers, flood, at)
    assert at == NOW or not answer_fits(news, answers, flood, at - 1)


@given(st.lists(st.booleans(), min_size=1, max_size=400), st.integers(1, 3000))
def test_no_minute_ever_has_more_than_thirty(kinds: list[bool], step: int) -> None:
    """Whoever asks before each message never sends a 31st within a minute, and keeps ten for answers."""
    now, news, answers = NOW, list[int](), list[int]()
    for is_news in kinds:
        now += step
        if is_news and news_allowed(news, answers, None, now):
            news.append(now)
        elif not is_news and answer_fits(news, answers, None, now):
            answers.append(now)
    sent = sorted(news + answers)

    assert all(later - earlier > MINUTE for earlier, later in zip(sent, sent[30:], strict=False))
    assert all(later - earlier > MINUTE for earlier, later in zip(news, news[20:], strict=False))


def test_calls_of_a_token() -> None:
    """500 in five minutes, 100 for a pasted token, corrected by what Hipchat says."""
    calls = [NOW - 1000] * 90

    assert calls_left(calls, None, NOW) == 410
    assert calls_left(calls, None, NOW, limit=100) == 10
    assert calls_left(calls, counter(3), NOW, limit=100) == 3
    assert calls_left(calls, None, NOW + FIVE_MINUTES, limit=100) == 100
    assert next_call(calls, None, NOW, limit=100) == NOW
    assert next_call(calls, None, NOW, limit=90) == NOW - 1000 + FIVE_MINUTES + SLACK
    assert next_call([], counter(0), NOW) == NOW + MINUTE // 2


def test_the_headers_of_an_answer() -> None:
    """Three numbers each, whatever the case of their names; the reset is in seconds."""
    rates = read_rates(
        {
            "X-Ratelimit-Limit": "500",
            "X-Ratelimit-Remaining": "499",
            "X-Ratelimit-Reset": str(NOW // 1000 + 200),
            "x-floodcontrol-limit": "30",
            "X-Floodcontrol-Remaining": "0",
            "X-FLOODCONTROL-RESET": str(NOW // 1000 + 20),
        },
        NOW,
    )

    assert rates.calls == Counter(limit=500, remaining=499, reset_at=NOW + 200_000, seen_at=NOW)
    assert rates.flood == Counter(limit=30, remaining=0, reset_at=NOW + 20_000, seen_at=NOW)
    assert rates.exhausted_until(NOW) == NOW + 20_000


@pytest.mark.parametrize("odd", ["", "many", "1.5", "0x1", "9" * 5000])
def test_odd_headers_count_as_missing(odd: str) -> None:
    """A proxy's nonsense steers nothing."""
    headers = {"X-Ratelimit-Limit": "500", "X-Ratelimit-Remaining": odd, "X-Ratelimit-Reset": "5"}

    assert Rates() == read_rates(headers, NOW)


def test_a_clock_that_differs_does_not_stop_us_for_long() -> None:
    """A reset in the far future is cut to the length of the window; one in the past is over."""
    headers = {"X-Ratelimit-Limit": "500", "X-Ratelimit-Remaining": "0"}
    far = read_rates({**headers, "X-Ratelimit-Reset": str(NOW)}, NOW)
    past = read_rates({**headers, "X-Ratelimit-Reset": "1"}, NOW)

    assert far.exhausted_until(NOW) == NOW + FIVE_MINUTES + SLACK
    assert past.exhausted_until(NOW) is None
