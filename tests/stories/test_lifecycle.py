"""Stories of one problem: it fires, is worked on, resolves, comes back; and who is told what of it (product.md 3)."""

from typing import Any

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.standin.shapes import second_stamp
from tests.stories.bot import Bot

DISK: dict[str, Any] = {"summary": "Disk full on db1", "severity": "error", "dedup_key": "disk:db1", "source": "cron"}
RESOLVED: dict[str, Any] = {**DISK, "status": "resolved"}


def stamp(clock: MovableClock, *, minutes: float = 0) -> str:
    """Write a moment, so many minutes from the story's now."""
    written = second_stamp(clock.seconds() + 60 * minutes)
    assert written is not None
    return written


async def test_fired_acked_resolved(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A new alert is a card; an ack is answered and stands; its source's resolve is told in green, with how long it took."""
    assert [(1, "opened")] == await bot.post(DISK)
    card = await room.sees("#1 Disk full on db1")
    await room.says("dana", "/alert ack 1 cleaning up")
    answer = await room.sees("acked 1: #1")
    clock.forward(minutes=15)
    assert [(1, "resolved")] == await bot.post(RESOLVED)
    over = await room.sees("#1 resolved by cron after 15 min")

    assert card.message.card is not None
    assert ("red", True) == (card.message.color, card.message.notify)
    assert ("green", False) == (answer.message.color, answer.message.notify)
    assert ("green", False) == (over.message.color, over.message.notify)
    assert ("closed", "Dana") == await bot.stands(1)
    assert ["opened by cron", "acked by Dana", "resolved by cron"] == await bot.history(1)


async def test_repeats_are_counted_and_not_told(room: RoomDriver, bot: Bot) -> None:
    """The same problem seen again is the same alert, and the room hears nothing."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    assert [(1, "repeated")] == await bot.post(DISK)
    assert [(1, "repeated"), (1, "repeated")] == await bot.post(DISK, DISK)
    await room.says("dana", "/alert show 1")

    assert "reported 4 times" in (await room.sees("#1 error open")).text


async def test_an_open_alert_is_told_again_after_four_hours(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A repeat of an open alert more than 4 h after the room last heard of it says so, once."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(hours=4)
    await bot.post(DISK)
    assert [] == room.unseen()
    clock.forward(minutes=1)
    await bot.post(DISK)
    await bot.post(DISK)

    assert "again, 3rd time since 12:02 UTC" in (await room.sees("#1 again")).text


async def test_worse_opens_an_acked_alert(room: RoomDriver, bot: Bot) -> None:
    """A worse severity says so at once and opens what was acked; a better one is only shown."""
    await bot.post({**DISK, "severity": "warning"})
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    assert [(1, "worse")] == await bot.post({**DISK, "severity": "critical"})
    worse = await room.sees("worse: warning became critical; it was acked by Dana")
    assert [(1, "repeated")] == await bot.post({**DISK, "severity": "info"})

    assert ("red", True) == (worse.message.color, worse.message.notify)
    assert ("open", "Dana") == await bot.stands(1)


async def test_an_ack_with_a_time_ends(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """An ack may carry a time; its owner is reminded before, then the alert is open again and the owner stays."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 2h")
    await room.sees("acked 1: #1 until 15:02 CET")
    clock.forward(minutes=119)
    await bot.settle()
    await room.sees("Dana's ack of #1 Disk full on db1 ends at 15:02 CET")
    assert ("acked", "Dana") == await bot.stands(1)
    clock.forward(minutes=1)
    await bot.settle()

    assert "the time of Dana's ack is over" in (await room.sees("#1 Disk full")).text
    assert ("open", "Dana") == await bot.stands(1)


async def test_flapping_keeps_the_number_and_is_said_once_per_window(
    room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """Within 10 minutes of its end a problem opens the same number; that it flaps is said once in a window."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await bot.post(RESOLVED)
    await room.sees("resolved by cron")
    clock.forward(minutes=5)
    assert [(1, "reopened")] == await bot.post(DISK)
    assert "flapping, 2nd time in 5 min" in (await room.sees("flapping")).text
    await bot.post(RESOLVED)
    await room.sees("resolved by cron")
    clock.forward(minutes=2)
    assert [(1, "reopened")] == await bot.post(DISK)
    assert [] == room.unseen()
    clock.forward(minutes=9)
    await bot.settle()

    # The room's last word was "resolved", so it hears that the alert is open after all.
    assert "flapping, 3rd time in 16 min" in (await room.sees("flapping")).text


async def test_a_later_episode_is_a_new_number_that_names_the_earlier(
    room: RoomDriver, bot: Bot, clock: MovableClock
) -> None:
    """More than 10 minutes after its end the problem is a new alert, which names its predecessor."""
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await bot.post(RESOLVED)
    await room.sees("resolved by cron")
    clock.forward(minutes=11)
    assert [(2, "opened")] == await bot.post(DISK)
    card = await room.sees("#2 Disk full")
    await room.says("dana", "/alert reopen 1")

    assert "earlier: #1" in card.text
    assert "newer number" in (await room.sees("#1 is")).text


async def test_a_late_duplicate_is_ignored(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A firing that began before its source closed it is the same episode, seconds late: nothing opens."""
    firing = {**DISK, "starts_at": stamp(clock)}
    clock.forward(minutes=1)
    await bot.post(firing)
    await room.sees("#1 Disk full")
    clock.forward(minutes=3)
    await bot.post({**firing, "status": "resolved"})
    await room.sees("resolved by cron")
    clock.forward(seconds=4)

    assert [(1, "ignored")] == await bot.post(firing)
    assert ("closed", None) == await bot.stands(1)


async def test_closed_by_a_person_stays_closed_for_the_hold(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What a person closed stays closed while its source repeats it, until 4 h have passed or it gets worse."""
    firing = {**DISK, "starts_at": stamp(clock)}
    await bot.post(firing)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert close 1 noise")
    await room.sees("closed 1: #1")
    clock.forward(hours=3)
    assert [(1, "repeated")] == await bot.post(firing)
    assert [] == room.unseen()
    clock.forward(hours=2)
    assert [(1, "reopened")] == await bot.post(firing)

    assert "closed by Dana 5 h ago, and still reported" in (await room.sees("open again")).text


async def test_a_resolve_before_its_firing(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A firing that comes after its own resolve is stored closed and not announced."""
    assert [(None, "ignored")] == await bot.post(RESOLVED)
    assert [(1, "resolved")] == await bot.post({**DISK, "starts_at": stamp(clock, minutes=-5)})
    assert ("closed", None) == await bot.stands(1)


# --- Prometheus and Alertmanager --------------------------------------------------------------------------------------


async def prometheus(bot: Bot, clock: MovableClock, *, minutes: float, started: float = -1) -> None:
    """Post an alert as Prometheus does, promised until so many minutes from now."""
    assert bot.backend is not None
    alert = {
        "labels": {"alertname": "HighLoad", "instance": "web1", "severity": "warning"},
        "annotations": {"summary": "Load is high on web1"},
        "startsAt": stamp(clock, minutes=started),
        "endsAt": stamp(clock, minutes=minutes),
    }
    async with bot.backend.session.post(f"{bot.backend.url}/api/v2/alerts", json=[alert]) as answer:
        assert 200 == answer.status
    await bot.settle()


async def alertmanager(bot: Bot, clock: MovableClock, status: str, *, started: float = -1) -> None:
    """Post the same alert as Alertmanager's webhook does."""
    assert bot.backend is not None
    alert = {
        "status": status,
        "labels": {"alertname": "HighLoad", "instance": "web1", "severity": "warning"},
        "annotations": {"summary": "Load is high on web1"},
        "startsAt": stamp(clock, minutes=started),
        "endsAt": stamp(clock) if status == "resolved" else "0001-01-01T00:00:00Z",
    }
    body = {"version": "4", "groupKey": "{}", "status": status, "receiver": "bot", "alerts": [alert]}
    async with bot.backend.session.post(f"{bot.backend.url}/in/alertmanager", json=body) as answer:
        assert 200 <= answer.status < 300
    await bot.settle()


async def test_a_broken_promise_is_no_resolve(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """When the promised end passes in silence the alert closes as "no longer reported"; a repeat opens the same number."""
    clock.forward(minutes=10)  # past the patience after a start
    started = -1 - (clock.moved / 60)
    await prometheus(bot, clock, minutes=4, started=started)
    await room.sees("#1 Load is high on web1")
    clock.forward(minutes=3)
    await prometheus(bot, clock, minutes=4, started=started - 3)
    clock.forward(minutes=3)
    await bot.settle()
    assert [] == room.unseen()
    clock.forward(minutes=2)
    await bot.settle()
    gone = await room.sees("no longer reported by")
    assert "resolved by" not in gone.text
    assert ("closed", None) == await bot.stands(1)
    await prometheus(bot, clock, minutes=4, started=started - 8)

    assert "reported again" in (await room.sees("open again")).text
    assert ("open", None) == await bot.stands(1)


async def test_a_restart_closes_nothing(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """After a start, promises that passed meanwhile wait for five minutes: the source could not reach us."""
    await prometheus(bot, clock, minutes=4)
    await room.sees("#1 Load is high on web1")
    clock.forward(minutes=30)
    bot.started_at = clock.milliseconds()
    await bot.settle()
    clock.forward(minutes=4)
    await bot.settle()
    assert ("open", None) == await bot.stands(1)
    clock.forward(minutes=1)
    await bot.settle()

    await room.sees("no longer reported by")


async def test_two_senders_of_one_problem(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Alertmanager and Prometheus report one alert; it closes when the last of them resolves it."""
    await alertmanager(bot, clock, "firing")
    await room.sees("#1 Load is high on web1")
    await prometheus(bot, clock, minutes=4)
    await alertmanager(bot, clock, "resolved")
    assert ("open", None) == await bot.stands(1)
    assert [] == room.unseen()
    await prometheus(bot, clock, minutes=-0.1)

    await room.sees("#1 resolved by")
    assert ("closed", None) == await bot.stands(1)
