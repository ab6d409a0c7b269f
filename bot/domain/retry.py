"""Retry: when something that failed is tried again."""

FIRST = 1_000
LONGEST = 5 * 60_000


def retry_at(attempt: int, now: int, jitter: float) -> int:
    """Return when to try again after the `attempt`th failure in a row: doubling waits, up to five minutes.

    `jitter` (0 to 1) spreads the wait over its upper half, so that many senders do not return at the same instant.
    """
    wait = min(LONGEST, FIRST * 2 ** min(attempt - 1, 20))
    return now + int(wait * (0.5 + 0.5 * jitter))
