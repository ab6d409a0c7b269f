"""Stories of looking back: why, like, stats, handover, story, the week's noise; and of alerts made by hand."""

from typing import Any

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from bot.storage import memory
from bot.usecases import noise_report
from tests.stories.bot import Bot
from tests.stories.test_delivery import NOTIFICATION

DISK: dict[str, Any] = {
    "summary": "Disk full on db1",
    "severity": "error",
    "labels": {"service": "db"},
    "dedup_key": "disk",
}


async def closed_once(room: RoomDriver, bot: Bot, clock: MovableClock, **fields: Any) -> None:
    """Let a problem come, be noted on and be closed, and a day pass."""
    await bot.post({**DISK, **fields})
    room.look()
    await room.says("lee", "/alert note 1 the backup was still there")
    await room.sees("noted 1: #1")
    await room.says("lee", "/alert close 1 fixed removed the old backup")
    await room.sees("closed 1: #1")
    clock.forward(hours=24)
    await bot.settle()
    room.look()


# --- why --------------------------------------------------------------------------------------------------------------


async def test_why(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Route, key, reports, what is due, and every message with its time and Hipchat's answer."""
    await bot.post(DISK)
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 2h")
    await room.sees("acked 1: #1")
    await room.says("dana", "/alert why 1")

    text = (await room.sees("#1 Disk full on db1\nroute: feed ops leads to the room Ops")).text
    assert "dedup key: disk (given by its sender)" in text
    assert "under this key: 2 reports are one alert" in text
    assert "reported by api" in text
    assert "13:02 CET opened: sent (204) 13:02 CET in the room Ops" in text
    assert "due: the ack ends 15:02 CET" in text


async def test_why_it_was_not_told(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """While Hipchat refuses, `why` says since when it waits, how often it was tried and what Hipchat said."""
    bot.spoil(Fault(path=NOTIFICATION, status=503))
    await bot.post(DISK)
    await room.says("lee", "/alert why 1")
    text = (await room.sees("#1 Disk full")).text
    bot.mend()
    clock.forward(minutes=10)
    await bot.settle()
    await room.sees("#1")

    assert "opened: waiting since 12:02 UTC, tried once: " in text


async def test_why_it_is_silent(room: RoomDriver, bot: Bot) -> None:
    """A silence that hides it is named."""
    await room.says("dana", "/alert silence service=db 2h")
    await room.sees("S1 hides")
    await bot.post(DISK)
    await room.says("dana", "/alert why 1")

    text = (await room.sees("#1 Disk full on db1\nroute")).text
    assert "silences: S1 (service=db)" in text
    assert "told: nothing to any room" in text


async def test_only_the_rooms_own(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Another room's alert is not explained, remembered or told as a story here."""
    await stage.install("Lobby")
    lobby = bot.room("Lobby")
    await bot.settle()
    lobby.look()
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    for verb in ("why", "like", "story"):
        await lobby.says("lee", f"/alert {verb} 1")
        assert "#1 is in Ops." == (await lobby.sees("#1")).text
    await lobby.says("lee", "/alert stats")

    await lobby.sees("No alert came into this room")


# --- like -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indexed", [True, False])
async def test_like(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock, indexed: bool) -> None:
    """The same problem of yesterday, who closed it and how, whether the index has it yet or not."""
    await closed_once(room, bot, clock)
    await bot.post({"summary": "Mail queue is long"})
    if indexed:
        assert await stage.parts.storage.write(memory.remember_some)
        assert not await stage.parts.storage.write(memory.remember_some)
    await bot.post(DISK)
    room.look()
    await room.says("dana", "/alert like 3")

    text = (await room.sees("Earlier ones like #3 Disk full on db1:")).text
    assert "#1 error Tue 13:02 CET  Disk full on db1 (the same problem)" in text
    assert "by Lee after" in text
    assert "fixed: removed the old backup" in text
    assert "Lee: the backup was still there" in text
    assert "#2" not in text


async def test_like_by_its_words(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Another host's alert of the same words is like it; one of other words is not."""
    await closed_once(room, bot, clock)
    await stage.parts.storage.write(memory.remember_some)
    await bot.post({"summary": "Disk full on db7", "dedup_key": "other"}, {"summary": "Mail queue is long"})
    room.look()
    await room.says("dana", "/alert like 2")
    assert "#1 error" in (await room.sees("Earlier ones like #2")).text
    await room.says("dana", "/alert like 3")

    await room.sees("Nothing like #3 was in this room before.")


# --- stats and handover -----------------------------------------------------------------------------------------------


async def test_stats(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Counts, times and who did what; older alerts do not count."""
    await closed_once(room, bot, clock)
    clock.forward(hours=24 * 8)
    await bot.post(DISK, {"summary": "Slow", "severity": "info"}, {"summary": "Slow", "severity": "info"})
    room.look()
    clock.forward(minutes=10)
    await room.says("dana", "/alert ack 2")
    await room.sees("acked 1: #2")
    await room.says("dana", "/alert stats")

    text = (await room.sees(": 2 alerts")).text
    assert "1 error · 1 info" in text
    assert "time to ack: median 10 min, 90% within 10 min (1 acked)" in text
    assert "time to close: none was closed" in text
    assert "acked by: Dana 1" in text
    assert "Slow (1 alert, 2 reports)" in text


async def test_handover(room: RoomDriver, bot: Bot) -> None:
    """Open work by owner; with a name the caller's alerts change hands after yes, the others stay."""
    await bot.fires("Disk", "Mail", "Web", severity="error")
    room.look()
    await room.says("dana", "/alert own 1 2")
    await room.sees("owned 2: #1 Disk · #2 Mail")
    await room.says("dana", "/alert handover")
    text = (await room.sees("Handover")).text
    assert "3 alerts to hand over\nNobody has:\n#3" in text
    assert "Dana has:" in text
    await room.says("dana", "/alert handover @Lee")
    await room.sees("This would make Lee the owner of 2 alerts: #1 #2.")
    await room.says("lee", "/alert close 2")
    await room.sees("closed 1: #2")
    await room.says("dana", "/alert yes")
    given = (await room.sees("@Lee")).text

    assert "assigned 1: #1 to Lee" in given
    assert "skipped #2 (no longer yours)" in given
    assert ("acked", "Lee") == await bot.stands(1)
    assert ("open", None) == await bot.stands(3)


async def test_handover_of_nothing(room: RoomDriver) -> None:
    """Who has nothing is told so, and nobody hands over to themselves."""
    await room.says("dana", "/alert handover")
    await room.sees("nothing is open in this room")
    await room.says("dana", "/alert handover @Lee")
    await room.sees("You have nothing to hand over in this room.")
    await room.says("dana", "/alert handover @Dana")

    await room.sees("They are yours already.")


# --- story ------------------------------------------------------------------------------------------------------------


async def test_story(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A post-mortem in Markdown, in which other people's text is no markup."""
    await closed_once(room, bot, clock, summary="Disk <b>full</b> on @db1 [x](http://evil.example)")
    await room.says("dana", "/alert story 1")

    text = (await room.sees("# Alert #1: Disk &lt;b>full")).text
    assert "](http" not in text
    for part in (
        "## Timeline",
        "**opened** by",
        "**closed** by Lee",
        "## Durations",
        "## People",
        "- Lee: noted, closed",
    ):
        assert part in text
    assert "the backup was still there" in text


async def test_a_story_reads_as_it_was_written(room: RoomDriver, bot: Bot) -> None:
    """Ordinary text has no stray backslash in it, and the links of the alert can be clicked."""
    await bot.post(
        {
            "summary": "Checkout answers in 2.4 s (p99) on web_1",
            "labels": {"path": r"C:\temp"},
            "links": [{"text": "Dashboard (p99)", "href": "https://grafana.example.com/d/a_b?x=1&y=2"}],
        }
    )
    room.look()
    await room.says("dana", "/alert note 1 rolled back, see https://wiki.example.com/x.")
    await room.sees("noted 1: #1 Checkout answers in 2.4 s (p99) on web_1")
    await room.says("dana", "/alert story 1")
    shown = await room.sees("# Alert #1: Checkout answers in 2.4 s (p99) on web_1")

    assert ["- **Label:** path = C:\\temp"] == [line for line in shown.text.splitlines() if "\\" in line]
    assert '- Dashboard (p99): <a href="https://grafana.example.com/d/a_b?x=1&amp;y=2">' in shown.message.message
    assert '<a href="https://wiki.example.com/x">' in shown.message.message


# --- the week's noise -------------------------------------------------------------------------------------------------


async def test_noise_is_told_on_monday(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """What came often and nobody took up is named once a week, with a line to paste that the bot understands."""
    await noise_report.arm(stage.parts.storage, clock.milliseconds())
    for number in range(12):
        await bot.post({"summary": "Probe failed", "dedup_key": f"p{number}", "labels": {"alertname": "ProbeFailed"}})
    clock.forward(hours=5 * 24 + 20)
    await bot.settle()
    room.look()
    clock.forward(hours=1)
    await noise_report.arm(stage.parts.storage, clock.milliseconds())
    await bot.settle()
    text = (await room.sees("Last week's noise in this room: 12 alerts")).text
    line = next(line.strip() for line in text.splitlines() if line.strip().startswith("/alert silence"))
    await room.says("dana", line)
    await room.sees("hide")
    await room.says("dana", "/alert no")
    room.look()
    clock.forward(hours=7 * 24)
    await bot.settle()

    assert [] == room.unseen()


# --- create -----------------------------------------------------------------------------------------------------------


async def test_create(room: RoomDriver, bot: Bot) -> None:
    """An alert made by hand has a number, a severity and a history like any other."""
    await room.says("dana", '/alert create critical "mail is down"')
    await room.sees("created #1 critical: mail is down")
    await room.says("lee", "/alert create the door is open")
    await room.sees("created #2 warning: the door is open")
    await room.says("lee", "/alert ack 1")
    await room.sees("acked 1: #1")
    await room.says("lee", "/alert create")
    await room.sees("What is wrong?")

    assert ["opened by Dana", "acked by Lee"] == await bot.history(1)
    assert [3] == await bot.fires("Disk")
    await room.sees("#3 Disk")


async def test_why_names_what_was_changed_before(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A deployment within the hour before an alert stands beside it; one of yesterday does not."""
    key = await stage.key()
    assert bot.backend is not None
    for summary in ("Deployed shop 1.1", "Deployed shop 1.2"):
        body = {"routing_key": key, "payload": {"summary": summary, "source": "ci"}}
        async with bot.backend.session.post(f"{stage.bot_url}/v2/change/enqueue", json=body) as answer:
            assert 202 == answer.status
        clock.forward(hours=20 if summary.endswith("1") else 0.5)
    await bot.fires("Checkout is slow")
    await room.sees("#1 Checkout is slow")
    await room.says("dana", "/alert why 1")
    text = (await room.sees("changed shortly before:")).text

    assert "Deployed shop 1.2 · ci" in text
    assert "Deployed shop 1.1" not in text
