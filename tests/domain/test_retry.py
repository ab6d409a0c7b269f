"""When something that failed is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.retry import FIRST, LONGEST, retry_at


@given(attempt=st.integers(1, 10**6), jitter=st.floats(0, 1))
def test_waits_double_and_are_bounded(attempt: int, jitter: float) -> None:
    """Between half and all of a wait that doubles up to five minutes, however often it failed."""
    wait = min(LONGEST, FIRST * 2 ** min(attempt - 1, 20))
    at = retry_at(attempt, 1000, jitter)

    assert wait // 2 <= at - 1000 <= wait <= LONGEST


def test_the_first_wait_is_short() -> None:
    """A blip costs a second at the most."""
    assert (500, 1000) == (retry_at(1, 0, 0), retry_at(1, 0, 1))
