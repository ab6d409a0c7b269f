"""Since when senders can have reached us."""

from bot.workers.listening import JUMP, Listening


class Times:
    """A clock on the wall, and the time that passes; a machine that sleeps moves only the first."""

    def __init__(self) -> None:
        self.wall = 1_000_000_000
        self.passed = 5_000

    def go_on(self, milliseconds: int) -> None:
        """Let time pass for both."""
        self.wall += milliseconds
        self.passed += milliseconds


def test_since_the_start() -> None:
    """As long as the clock goes as time does; small corrections of it are no jump."""
    times = Times()
    listening = Listening(lambda: times.wall, lambda: times.wall, lambda: times.passed)
    began = times.wall
    times.go_on(7 * 24 * 3_600_000)
    times.wall += JUMP // 2

    assert began == listening.since()


def test_since_a_jump() -> None:
    """A clock that is set, and a machine that slept, begin to listen anew, once for each."""
    times = Times()
    listening = Listening(lambda: times.wall, lambda: times.wall, lambda: times.passed)
    for jump in (24 * 3_600_000, -3_600_000, 10 * 60_000):
        times.go_on(60_000)
        times.wall += jump
        jumped = times.wall
        assert jumped == listening.since()
        times.go_on(60_000)
        assert jumped == listening.since()
