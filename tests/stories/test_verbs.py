"""Stories of the verbs: what each does and answers, with every number accounted for (product.md 5)."""

import pytest

from bot.demo.clock import MovableClock
from bot.domain.verbs import VERBS
from bot.standin.driver import RoomDriver
from tests.stories.bot import Bot


@pytest.fixture
async def three(room: RoomDriver, bot: Bot) -> RoomDriver:
    """Give a room with three open alerts: #1 critical, #2 error, #3 warning."""
    await bot.post(
        {"summary": "Database is down", "severity": "critical", "labels": {"service": "db"}},
        {"summary": "Checkout is slow", "severity": "error", "labels": {"service": "shop"}},
        {"summary": "Certificate expires", "severity": "warning", "labels": {"service": "shop"}},
    )
    await room.sees("#3 Certificate expires")
    return room


async def test_list(three: RoomDriver) -> None:
    """`/alert` alone and `list` begin with counts and show the worst first; filters choose."""
    await three.says("dana", "/alert")
    shown = await three.sees("3 open · 0 acked")
    await three.says("dana", "/ALERTS list service=shop severity>=error")
    chosen = await three.sees("1 open · 0 acked")
    await three.says("dana", "/alert ls closed")
    none = await three.sees("No alert fits.")

    assert ["#1", "#2", "#3"] == [line.split()[0] for line in shown.text.split("\n")[1:]]
    assert "gray" == shown.message.color
    assert "#2 error open" in chosen.text
    assert "#1" not in chosen.text
    assert "0 open · 0 acked" in none.text


async def test_show(three: RoomDriver) -> None:
    """`show` tells all that is known of an alert; a number alone does too."""
    await three.says("dana", "/alert show 2")
    text = (await three.sees("#2 error open")).text
    await three.says("dana", "/alert #3")
    await three.sees("#3 warning open")

    assert "Checkout is slow" in text
    assert "service=shop" in text
    assert "owner: unassigned" in text


async def test_ack_and_unack(three: RoomDriver, bot: Bot) -> None:
    """`ack` takes an alert on, `unack` gives it back, owner and all."""
    await three.says("dana", "/alert ack 1 looking")
    await three.sees("acked 1: #1")
    assert ("acked", "Dana") == await bot.stands(1)
    await three.says("dana", "/alert unack 1")
    await three.sees("unacked 1: #1")

    assert ("open", None) == await bot.stands(1)


async def test_the_only_unacked_alert_needs_no_number(three: RoomDriver, bot: Bot) -> None:
    """Without a target the only unacked alert is meant; when there are more, the bot asks which."""
    await three.says("dana", "/alert ack")
    await three.sees("Which alert? Unacked in this room: #3 Certificate expires · #2 Checkout is slow · #1")
    await three.says("dana", "/alert ack 1-2")
    await three.sees("acked 2: #1 Database is down · #2 Checkout is slow")
    await three.says("dana", "/alert ack")
    await three.sees("acked 1: #3")

    assert ("acked", "Dana") == await bot.stands(3)


async def test_a_held_alert(three: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """Who acks what another holds is told who, since when, with what note, and how to take it over; `own` does."""
    await three.says("dana", "/alert ack 1 replacing the disk")
    await three.sees("acked 1: #1")
    clock.forward(minutes=20)
    await three.says("lee", "/alert ack 1")
    told = await three.sees("#1 is acked by Dana since 12:02 UTC (20 min ago): “replacing the disk”")
    assert ("acked", "Dana") == await bot.stands(1)
    await three.says("lee", "/alert own 1")
    await three.sees("owned 1: #1")

    assert "/alert own 1" in told.text
    assert "gray" == told.message.color
    assert ("acked", "Lee") == await bot.stands(1)


async def test_the_same_person_extends_an_ack(three: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """A second ack by the same person moves its end."""
    await three.says("dana", "/alert ack 1 1h")
    await three.sees("until 14:02 CET")
    clock.forward(minutes=30)
    await three.says("dana", "/alert ack 1 3h")
    await three.sees("until 16:32 CET")
    clock.forward(hours=1)
    await bot.settle()

    assert ("acked", "Dana") == await bot.stands(1)


async def test_close_and_reopen(three: RoomDriver, bot: Bot) -> None:
    """`close` says what it was; closing again tells who was first; `reopen` opens."""
    await three.says("dana", "/alert close 2 dupe 1 same cause")
    await three.sees("closed 1: #2")
    await three.says("lee", "/alert done 2")
    again = await three.sees("#2 is closed already: just now by Dana")
    await three.says("lee", "/alert ack 2")
    refused = await three.sees("#2 was closed just now by Dana")
    assert ("closed", None) == await bot.stands(2)
    await three.says("lee", "/alert reopen 2 it is not")
    await three.sees("reopened 1: #2")
    await three.says("lee", "/alert reopen 2")
    await three.sees("#2 is open already.")

    assert "duplicate of #1: same cause" in again.text
    assert "/alert reopen 2" in refused.text
    assert ("open", None) == await bot.stands(2)


async def test_assign_and_unassign(three: RoomDriver, bot: Bot) -> None:
    """`assign` sets the owner without an ack, in either order of words; `unassign` takes it away."""
    await three.says("dana", "/alert assign @Lee 2 3")
    answer = await three.sees("assigned 2 to Lee: #2 Checkout is slow · #3 Certificate expires")
    assert ("open", "Lee") == await bot.stands(2)
    await three.says("dana", "/alert give 1 me")
    await three.sees("assigned 1: #1 to Dana")
    await three.says("dana", "/alert unassign 2")
    await three.sees("unassigned 1: #2")
    await three.says("dana", "/alert unassign 2")
    await three.sees("#2 has no owner.")
    await three.says("dana", "/alert assign 1 @Zoe")
    await three.sees("I know nobody called Zoe.")

    assert (three.person("lee").id,) == answer.message.mentions
    assert ("open", None) == await bot.stands(2)
    assert ("open", "Lee") == await bot.stands(3)


async def test_note_severity_and_history(three: RoomDriver, bot: Bot) -> None:
    """`note` and `severity` are changes like others; `history` tells them all, who and when, in the asker's zone."""
    await three.says("dana", "/alert note 1 only 2 of 5 disks are affected")
    await three.sees("noted 1: #1")
    await three.says("lee", "/alert severity 1 warning")
    await three.sees("severity 1: #1 is now warning")
    await three.says("lee", "/alert severity 1 warning")
    await three.sees("#1 is warning already.")
    await three.says("dana", "/alert history 1")
    text = (await three.sees("#1 Database is down")).text

    assert ["opened by demo", "noted by Dana", "severity by Lee"] == await bot.history(1)
    assert "13:02 CET noted by Dana (room): only 2 of 5 disks are affected" in text
    assert "severity by Lee (room): critical became warning" in text


async def test_an_unknown_number(three: RoomDriver) -> None:
    """An unknown number: the bot says which is the last here and which are open."""
    await three.says("dana", "/alert ack 12")
    told = await three.sees("There is no #12 in this room: the last alert here is #3.")
    await three.says("dana", "/alert show 99 100")
    await three.sees("There is no #99 #100 in this room")

    assert "Open: #1 #2 #3." in told.text


async def test_a_range_with_one_closed_and_one_unknown(three: RoomDriver, bot: Bot) -> None:
    """Every number that was named is accounted for."""
    await three.says("dana", "/alert close 2 noise")
    await three.sees("closed 1: #2")
    await three.says("lee", "/alert ack 1-4 on it")
    answer = await three.sees(
        "acked 2: #1 Database is down · #3 Certificate expires · skipped #2 (closed just now by Dana), #4 (not in this room)"
    )

    assert "yellow" == answer.message.color
    assert ("acked", "Lee") == await bot.stands(3)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/alert akc 1", 'Did you mean "ack 1"?'),
        ("/alert ack1", 'Did you mean "ack 1"?'),
        ("/alert hlep", 'Did you mean "help"?'),
    ],
)
async def test_a_typo(three: RoomDriver, bot: Bot, typed: str, meant: str) -> None:
    """A typo is answered with what was meant, and nothing is done."""
    await three.says("dana", typed)
    await three.sees(meant)

    assert ("open", None) == await bot.stands(1)


async def test_what_nobody_understands(three: RoomDriver) -> None:
    """What is no command is answered with three examples that have this room's real numbers."""
    await three.says("dana", "/alert everything is on fire")
    text = (await three.sees("I did not understand that.")).text

    assert "/alert ack 3" in text
    assert "/alert help" in text


async def test_help_names_every_verb(three: RoomDriver) -> None:
    """`help` is printed from the table of verbs; `help ack` tells more of one."""
    await three.says("dana", "/alert help")
    every = (await three.sees("Type /alert VERB")).text
    await three.says("dana", "/alert ack help")
    one = (await three.sees("ack (also a, ok)")).text

    assert [] == [verb.name for verb in VERBS if f"{verb.name}" not in every]
    assert "/alert ack 12 14-17 [2h] [note]" in one


async def test_test_goes_the_whole_path(room: RoomDriver, bot: Bot) -> None:
    """`test` is answered at once, and its alert comes as a card like any other."""
    await room.says("dana", "/alert test")
    await room.sees("Test alert #1 is on its way")
    await bot.settle()

    assert (await room.sees("#1 Test alert by Dana")).message.card is not None


async def test_what_is_not_a_command_is_left_alone(three: RoomDriver) -> None:
    """Ordinary talk, words that only begin like the command, and the command inside a sentence are not answered."""
    for text in ("hello", "/alerting people", "/alertmanager is down", "say /alert list", "//alert"):
        await three.says("dana", text)

    assert [] == [shown for shown in three.unseen() if shown.sender == "Alertbot"]


# --- many at once, and back -----------------------------------------------------------------------------------------


async def test_all_with_more_than_five_waits_for_yes(room: RoomDriver, bot: Bot) -> None:
    """More than five at once: the bot says what it would do, and does it on `yes`, for exactly those numbers."""
    await bot.fires(*(f"problem {number}" for number in range(1, 7)))
    await room.sees("#6 problem 6")
    await room.says("dana", "/alert ack all")
    question = await room.sees("This would ack 6 alerts: 6 warning (#1-#6).")
    assert ("open", None) == await bot.stands(1)
    await bot.fires("problem 7")
    await room.sees("#7 problem 7")
    await room.says("lee", "/alert yes")
    await room.sees("I have not asked you anything")
    await room.says("dana", "/alert yes")
    await room.sees("acked 6: #1 #2 #3 #4 #5 #6")
    await room.says("dana", "/alert yes")
    await room.sees("I have not asked you anything")

    assert "/alert yes" in question.text
    assert ("open", None) == await bot.stands(7)
    assert ("acked", "Dana") == await bot.stands(6)


async def test_no_and_silence_leave_everything(room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """`no` forgets the question; so do two minutes."""
    await bot.fires(*(f"problem {number}" for number in range(1, 7)))
    await room.sees("#6 problem 6")
    await room.says("dana", "/alert close all")
    await room.sees("This would close 6 alerts")
    await room.says("dana", "/alert no")
    await room.sees("Left as it is.")
    await room.says("dana", "/alert close all")
    await room.sees("This would close 6 alerts")
    clock.forward(seconds=121)
    await room.says("dana", "/alert yes")
    await room.sees("I have not asked you anything in this room in the last 2 minutes.")

    assert ("open", None) == await bot.stands(1)


async def test_five_need_no_question(room: RoomDriver, bot: Bot) -> None:
    """Five at once are done at once."""
    await bot.fires(*(f"problem {number}" for number in range(1, 6)))
    await room.sees("#5 problem 5")
    await room.says("dana", "/alert ack all")

    await room.sees("acked 5: #1 #2 #3 #4 #5")


async def test_undo(three: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """`undo` takes back one's own last change, within five minutes, where nobody has changed the alert since."""
    await three.says("lee", "/alert assign 1 me")
    await three.sees("assigned 1: #1 to Lee")
    await three.says("dana", "/alert close 1-3 noise")
    await three.sees("closed 3: #1 Database is down · #2 Checkout is slow · #3 Certificate expires")
    await three.says("lee", "/alert reopen 2")
    await three.sees("reopened 1: #2")
    await three.says("dana", "/alert undo")
    await three.sees(
        "undone 2 (closed): #1 Database is down · #3 Certificate expires · skipped #2 (somebody changed it since)"
    )
    assert ("open", "Lee") == await bot.stands(1)
    await three.says("dana", "/alert ack 3")
    await three.sees("acked 1: #3")
    clock.forward(minutes=5, seconds=1)
    await three.says("dana", "/alert undo")
    await three.sees("You have changed nothing in this room in the last 5 minutes.")

    assert ("acked", "Dana") == await bot.stands(3)


async def test_rooms_are_apart(three: RoomDriver, bot: Bot) -> None:
    """A room sees and changes only the alerts that were routed to it."""
    await bot.stage.install("Lobby")
    lobby = bot.room("Lobby")
    await bot.settle()
    await lobby.sees("Alertbot is here")
    await lobby.says("dana", "/alert list all")
    await lobby.sees("0 open · 0 acked")
    await lobby.says("dana", "/alert ack 1")
    await lobby.sees("#1 is in Ops.")

    assert ("open", None) == await bot.stands(1)
