"""The send budget of rooms and tokens (product.md 6, hipchat-api.md 5). Pure: times come in, numbers and times come out.

Two counters hold at once. Per token and room: 30 messages a minute, of which news leaves 10 to answers of commands. Per
token: 500 calls in 5 minutes, 100 for a pasted token. Both are counted here over a sliding window, which is stricter than
any fixed one, and corrected by what Hipchat's answers say is left: others may use the same token.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

MESSAGES = 30
KEPT_FOR_ANSWERS = 10
MINUTE = 60_000
ADDON_CALLS = 500
PASTED_CALLS = 100
FIVE_MINUTES = 300_000
SLACK = 1_000
"""Milliseconds by which a message may be counted later at Hipchat than here: it travels."""

_WHOLE = 10**12


@dataclass(frozen=True, kw_only=True, slots=True)
class Counter:
    """What an answer's headers said of one limit: `remaining` of `limit` until `reset_at`, as of `seen_at` (epoch ms)."""

    limit: int
    remaining: int
    reset_at: int
    seen_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """The counters of an answer: calls of the token, and messages of it to the one recipient (flood control)."""

    calls: Counter | None = None
    flood: Counter | None = None

    def exhausted_until(self, now: int) -> int | None:
        """Return when all counters that are at 0 start anew (epoch ms), None when none is."""
        ends = [counter.reset_at for counter in (self.calls, self.flood) if counter and counter.remaining <= 0]
        return max((end for end in ends if end > now), default=None)


def read_rates(headers: Mapping[str, str], now: int) -> Rates:
    """Read the rate headers of an answer, in whatever case they come; odd ones count as missing."""
    lower = {name.lower(): value for name, value in headers.items()}
    return Rates(
        calls=_counter(lower, "x-ratelimit-", FIVE_MINUTES, now),
        flood=_counter(lower, "x-floodcontrol-", MINUTE, now),
    )


def news_allowed(news: Sequence[int], answers: Sequence[int], flood: Counter | None, now: int) -> int:
    """Return how many messages of news a room takes now.

    `news` and `answers` are the times (epoch ms, any order) at which messages of either sort went to the room through
    this token; older ones than a minute may be among them. `flood` is the latest counter of an answer, if any.
    """
    told, answered = _recent(news, now), _recent(answers, now)
    kept = max(0, KEPT_FOR_ANSWERS - answered)
    free = min(MESSAGES - told - answered, _left(flood, [*news, *answers], now)) - kept
    return max(0, min(MESSAGES - KEPT_FOR_ANSWERS - told, free))


def answer_fits(news: Sequence[int], answers: Sequence[int], flood: Counter | None, now: int) -> bool:
    """Say whether a room takes one more answer now; the arguments are those of `news_allowed`."""
    sent = [*news, *answers]
    return min(MESSAGES - _recent(sent, now), _left(flood, sent, now)) > 0


def next_slot(news: Sequence[int], answers: Sequence[int], flood: Counter | None, now: int) -> int:
    """Return the first time (epoch ms, `now` or later) at which a room takes a message of news."""
    return _first(lambda at: news_allowed(news, answers, flood, at) > 0, [*news, *answers], MINUTE, flood, now)


def next_answer_slot(news: Sequence[int], answers: Sequence[int], flood: Counter | None, now: int) -> int:
    """Return the first time (epoch ms, `now` or later) at which a room takes an answer."""
    return _first(lambda at: answer_fits(news, answers, flood, at), [*news, *answers], MINUTE, flood, now)


def calls_left(calls: Sequence[int], counter: Counter | None, now: int, *, limit: int = ADDON_CALLS) -> int:
    """Return how many calls a token has left; `calls` are the times (epoch ms) of those it made."""
    return max(0, min(limit - _recent(calls, now, FIVE_MINUTES), _left(counter, calls, now)))


def next_call(calls: Sequence[int], counter: Counter | None, now: int, *, limit: int = ADDON_CALLS) -> int:
    """Return the first time (epoch ms, `now` or later) at which a token has a call left."""
    return _first(lambda at: calls_left(calls, counter, at, limit=limit) > 0, calls, FIVE_MINUTES, counter, now)


def _recent(times: Iterable[int], now: int, window: int = MINUTE) -> int:
    return sum(1 for at in times if at + window + SLACK > now)


def _left(counter: Counter | None, sent: Iterable[int], now: int) -> int:
    """Return what Hipchat said is left, less what was sent since it said so; its word ends with its window."""
    if counter is None or now >= counter.reset_at:
        return _WHOLE
    return counter.remaining - sum(1 for at in sent if at > counter.seen_at)


def _first(fits: Callable[[int], bool], sent: Iterable[int], window: int, counter: Counter | None, now: int) -> int:
    """Return the first time at which something fits: now, when a message leaves the window, or at Hipchat's reset."""
    changes = {at + window + SLACK for at in sent} | ({counter.reset_at} if counter else set())
    times = [now, *sorted(at for at in changes if at > now)]
    return next((at for at in times if fits(at)), times[-1])


def _counter(headers: Mapping[str, str], prefix: str, window: int, now: int) -> Counter | None:
    try:
        limit, remaining, reset = (int(headers[prefix + name]) for name in ("limit", "remaining", "reset"))
    except (KeyError, ValueError):
        return None
    # No window is longer than its limit's own: a reset further off is a clock that differs from ours.
    return Counter(limit=limit, remaining=remaining, reset_at=min(reset * 1000, now + window + SLACK), seen_at=now)
