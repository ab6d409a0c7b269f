"""Stories of what people type: each line does what it says to the alert that it names, and to no other."""

import re
from typing import NamedTuple

import pytest

from bot.domain.alert import State
from bot.standin.driver import RoomDriver, Shown
from bot.storage.search import Query, find
from tests.stories.bot import Bot

SUMMARIES = (
    "Database is down",
    "Checkout is slow",
    "Certificate expires",
    "Queue grows",
    "Disk 97% full on db1",
    "Load is high",
    "Mail is late",
    "Backup failed on db2",
    "Search is slow",
)


class Stands(NamedTuple):
    """How an alert stands."""

    state: str
    owner: str
    severity: str
    until: int | None


async def now(bot: Bot) -> dict[int, Stands]:
    """Return how every alert stands."""
    async with bot.stage.parts.storage.read() as tx:
        found = await find(tx, Query(tenant=1, states=frozenset(State)), limit=100)
    return {
        alert.number: Stands(
            alert.state.value, alert.owner.name if alert.owner else "", alert.severity.word, alert.until
        )
        for alert in found
    }


async def says(room: RoomDriver, bot: Bot, line: str, who: str = "dana") -> str:
    """Type a line as it is, and return what the bot answers: there is always an answer, and one only."""
    bot.stage.clock.forward(seconds=5)  # a room takes so many messages in a minute
    room.look()
    await room.says(who, line)
    await bot.settle()
    answers = [shown for shown in room.unseen() if by_bot(shown)]
    room.look()

    assert 1 == len(answers), line
    assert answers[0].text.strip(), line
    return answers[0].text


def by_bot(shown: Shown) -> bool:
    """Whether the bot said it."""
    return shown.message.type == "notification"


async def changed(room: RoomDriver, bot: Bot, line: str) -> tuple[dict[int, Stands], str]:
    """Type a line, return what it changed and what was answered, and take it back."""
    before = await now(bot)
    answer = await says(room, bot, line)
    after = await now(bot)
    found = {number: stands for number, stands in after.items() if stands != before[number]}
    if found:
        await says(room, bot, "/alert undo")
        assert before == await now(bot), line
    return found, answer


@pytest.fixture
async def nine(room: RoomDriver, bot: Bot) -> RoomDriver:
    """Give a room with nine open alerts, of which #5 has a label."""
    posted = [{"summary": summary, "severity": "error"} for summary in SUMMARIES]
    await bot.post(*(each | ({"labels": {"service": "db"}} if "db1" in each["summary"] else {}) for each in posted))
    room.look()
    return room


@pytest.fixture
async def lonely(nine: RoomDriver, bot: Bot) -> RoomDriver:
    """Give that room with #9 as the only open alert: all others are acked by somebody else."""
    await says(nine, bot, "/alert ack 1-5", who="lee")
    await says(nine, bot, "/alert ack 6-8", who="lee")
    return nine


# --- wrong actions: one alert is open, another is named -------------------------------------------------------------


NAMED = (
    "alert 5",
    "alert #5",
    "no. 5",
    "no 5",
    "nr5",
    "nr. 5",
    "number 5",
    "\u21165",
    "\u2116 5",
    "the alert number 5",
    "incident 5",
    "(5)",
    '"5"',
    "\u201c5\u201d",
    "\uff15",
    "\u0665 now",
    "# 5",
    "#5.",
    "5\u2014it is over",
    "5--it is over",
    "alert 5 fixed",
    "db1",
    "service:db",
    "disk",
    "full",
)
UNNAMED = (
    "what was said of 5",
    "same as #5",
    "\uff03 five",
    "five",
    "number five",
    "-- 5 disks",
    '"5 disks"',
    "db2x",
    "them",
    "it, same as 5",
    "it -- 5",
    "this one is like #5",
    "those two",
    "https://bot.example.com/alerts/5",
    "it is the disk",
    "disk replaced",
    "slow",
    "is it \u2464?",
    "\u2164",
    "last week's disk",
    "disk 5",
    "dupe 5",
    "nothing dupe 5",
)


@pytest.mark.parametrize("lines", [NAMED[:12], NAMED[12:]], ids=["signs", "dress"])
async def test_what_is_named_is_meant(lonely: RoomDriver, bot: Bot, lines: tuple[str, ...]) -> None:
    """However a number is dressed, its alert is closed, and not the only open one."""
    for line in lines:
        found, _ = await changed(lonely, bot, f"/alert close {line}")

        assert {5: "closed"} == {number: stands.state for number, stands in found.items()}, line


@pytest.mark.parametrize("verb", ["close", "own"])
async def test_what_may_name_another_is_asked_about(lonely: RoomDriver, bot: Bot, verb: str) -> None:
    """A digit, a sign, a link or a word of another alert never stands for the only open one."""
    for line in UNNAMED:
        found, answer = await changed(lonely, bot, f"/alert {verb} {line}")

        assert {} == found, (line, answer)


async def test_a_note_is_still_a_note(lonely: RoomDriver, bot: Bot) -> None:
    """A text that names nothing is a note for the only open alert."""
    for line in (
        "ack looking at it",
        "ack on my way",
        "ack -- later",
        "close not our fault",
        "ack",
        "own",
        "close fixed",
        "close done here",
    ):
        found, answer = await changed(lonely, bot, f"/alert {line}")

        assert [9] == list(found), (line, answer)


async def test_a_pasted_link(lonely: RoomDriver, bot: Bot) -> None:
    """The link of the bot's own card names its alert; another's link, and one that was changed, name none."""
    cards = [message.card or {} for message in lonely.room.messages]
    link = next(card["url"] for card in cards if str(card.get("title", "")).startswith("#5 "))
    for line in (f"close {link}", f"close <{link}>", f"{link} close", f"close alert {link} it is over"):
        found, answer = await changed(lonely, bot, f"/alert {line}")

        assert [5] == list(found), (line, answer)
    for line in (f"close see {link}", f"close {link[:-1]}", f"close {link.replace('-5-', '-6-')}", f"close 4 {link}"):
        found, answer = await changed(lonely, bot, f"/alert {line}")

        assert {} == found, (line, answer)


async def test_guesses_never_turn_a_meaning_round(nine: RoomDriver, bot: Bot) -> None:
    """Between a word and its opposite there is no "Did you mean"."""
    await says(nine, bot, "/alert ack 3")
    for line, meant in (
        ("list unacked", "8 open"),
        ("list unacknowledged", "8 open"),
        ("list not acked", "8 open"),
        ("list unresolved", "8 open · 1 acked"),
        ("unsnooze 3", "#3 is acked"),
        ("unresolve 3", "reopened 1: #3"),
        ("unclose 3", "#3 is open already"),
    ):
        answer = await says(nine, bot, f"/alert {line}")

        assert meant in answer, (line, answer)
        assert "Did you mean" not in answer, line
    for word in ("unlist", "unown", "unnote", "reack", "nack", "unclosed", "unfix", "dissnooze", "unassign", "nonack"):
        before = await now(bot)
        answer = await says(nine, bot, f"/alert {word} 4")

        assert not re.search(rf'Did you mean "{word.removeprefix("un").removeprefix("re").removeprefix("n")} ', answer)
        assert before == await now(bot), word


@pytest.mark.parametrize("ack", ["1-99", "1 2 3 4 5 6", "1,2,3,4,5,6", "1-3 and 4-6", "all"])
async def test_more_than_five_are_asked_about(nine: RoomDriver, bot: Bot, ack: str) -> None:
    """However they are named."""
    found, answer = await changed(nine, bot, f"/alert ack {ack}")

    assert {} == found
    assert "/alert yes" in answer


TWO = (
    "ack 5; close 6",
    "ack 5\nclose 6",
    "ack 5\n/alert close 6",
    "ack 5 and close 6",
    "ack 5, close 6",
    "ack 5 then close 6",
    "ack 5. close 6",
    "ack 5 & close 6",
    "ack 5 && close 6",
    "ack 5 close 6",
    "ack 5; 6 close",
    "ack 5 looking; close #6 fixed",
    "ack 5 looking and then close alert 6",
    "ack 5; assign @Lee 6",
    "note 5 rebooted it\nclose 6",
    "ack 5; undo",
    "ack 5; show 6",
    "close 5; resolved 6",
    "own 5, snooze 6 2h",
)
NO_SECOND = (
    "ack 5 first; then the others",
    "note 5 one\ntwo\nthree",
    "ack 5 rebooted; list of hosts is in the wiki",
    "close 5 fixed and done",
    "ack 5 will close it later",
    'ack 5 "then close 6"',
    "close 5 done 2 hours ago",
    "ack 5 see #6",
    "note 5 see https://wiki.example.com/alerts for more",
)


async def test_two_commands_in_one_message(nine: RoomDriver, bot: Bot) -> None:
    """Neither is done, and neither is the other's note; a note that is no command stays one."""
    for line in TWO:
        found, answer = await changed(nine, bot, f"/alert {line}")

        assert {} == found, line
        assert "two commands" in answer, (line, answer)
    for line in NO_SECOND:
        answer = await says(nine, bot, f"/alert {line}")

        assert "1: #5" in answer, (line, answer)
        await says(nine, bot, "/alert reopen 5")


async def test_an_ack_said_again_keeps_its_time(nine: RoomDriver, bot: Bot) -> None:
    """And says so."""
    await says(nine, bot, "/alert ack 5 2h")
    before = await now(bot)
    answer = await says(nine, bot, "/alert ack 5")

    assert before == await now(bot)
    assert "still until 15:02 CET" in answer


# --- words that people use ------------------------------------------------------------------------------------------


DONE = (
    # forms of a verb
    ("acknowledge #4", 4, "acked"),
    ("acknowledged 4", 4, "acked"),
    ("acked 4", 4, "acked"),
    ("acks 4", 4, "acked"),
    ("acking 4", 4, "acked"),
    ("acknowledging 4", 4, "acked"),
    ("ack'd 4", 4, "acked"),
    ("resolved 4", 4, "closed"),
    ("resolves 4", 4, "closed"),
    ("closed 4", 4, "closed"),
    ("closing 4", 4, "closed"),
    ("fixed 4", 4, "closed"),
    ("done 4", 4, "closed"),
    ("claim 4", 4, "acked"),
    ("claimed 4", 4, "acked"),
    ("reassign 4 @Lee", 4, "open"),
    ("postpone 4 2h", 4, "snoozed"),
    ("can you ack 4?", 4, "acked"),
    ("please ack 4, thanks", 4, "acked"),
    ("alert 4 ack", 4, "acked"),
    # at night
    ("ack it", 9, "acked"),
    ("ack this", 9, "acked"),
    ("ack that one", 9, "acked"),
    ("ack the last one", 9, "acked"),
    ("ack latest", 9, "acked"),
    ("on it", 9, "acked"),
    ("got it", 9, "acked"),
    ("i'm on it", 9, "acked"),
    ("I\u2019ll take it", 9, "acked"),
    ("i got 7", 7, "acked"),
    ("i'll take 7", 7, "acked"),
    ("mine 7", 7, "acked"),
    ("ack db1", 5, "acked"),
    ("ack db1 2h rebooting", 5, "acked"),
    ("ack service:db", 5, "acked"),
    ("ack service=db", 5, "acked"),
    ("ack checkout", 2, "acked"),
    ("ack the checkout alert", 2, "acked"),
    ('ack "Checkout is"', 2, "acked"),
    ("snooze db1 1h", 5, "snoozed"),
    ("snooze checkout tomorrow 9am", 2, "snoozed"),
    ("assign checkout @Lee", 2, "open"),
    # times
    ("snooze 4 tomorrow 9am", 4, "snoozed"),
    ("snooze 4 until 9", 4, "snoozed"),
    ("snooze 4 an hour", 4, "snoozed"),
    ("snooze 4 half an hour", 4, "snoozed"),
    ("snooze 4 1/2h", 4, "snoozed"),
    ("snooze 4 a day", 4, "snoozed"),
    ("snooze 4 tonight", 4, "snoozed"),
    ("snooze 4 next week", 4, "snoozed"),
    ("snooze 4 next monday", 4, "snoozed"),
    # severities
    ("severity 4 P1", 4, "open"),
    ("priority 4 P1", 4, "open"),
    ("prio 4 to critical", 4, "open"),
    ("severity 4 is P3", 4, "open"),
    # numbers
    ("ack no. 4", 4, "acked"),
    ("ack number 4", 4, "acked"),
    ("ack \u21164", 4, "acked"),
    ("ack (4)", 4, "acked"),
    ('ack "4"', 4, "acked"),
    ("ack alert 4", 4, "acked"),
    ("ack 4\u2014looking", 4, "acked"),
)


@pytest.mark.parametrize("part", range(4))
async def test_words_that_people_use(nine: RoomDriver, bot: Bot, part: int) -> None:
    """Each does what it says, to one alert."""
    for line, number, state in DONE[part::4]:
        found, answer = await changed(nine, bot, f"/alert {line}")

        assert {number: state} == {number: stands.state for number, stands in found.items()}, (line, answer)


ANSWERED = (
    # lists
    ("my alerts", "0 open · 1 acked"),
    ("list my alerts", "0 open · 1 acked"),
    ("show my alerts", "0 open · 1 acked"),
    ("show me my alerts", "0 open · 1 acked"),
    ("mine?", "Which alert?"),
    ("list alerts", "8 open · 1 acked"),
    ("alerts", "8 open · 1 acked"),
    ("show all", "8 open · 1 acked"),
    ("list unacked", "8 open · 0 acked"),
    ("list acknowledged", "0 open · 1 acked"),
    ("acked", "0 open · 1 acked"),
    ("list resolved", "0 open · 0 acked"),
    ("list disk", "1 open · 0 acked"),
    ("find disk", "1 open · 0 acked"),
    ("search checkout slow", "1 open · 0 acked"),
    ("list errors", "8 open · 1 acked"),
    ("list severity>=P2", "8 open · 1 acked"),
    ("list p1", "0 open · 0 acked"),
    ("what is open", "8 open · 0 acked"),
    ("what's open?", "8 open · 0 acked"),
    ("which alerts are open", "8 open · 0 acked"),
    ("status", "8 open · 1 acked"),
    ("count", "8 open · 1 acked"),
    ("how many", "8 open · 1 acked"),
    ("how many are acked?", "0 open · 1 acked"),
    # one alert
    ("details 5", "#5 error"),
    ("what is 5", "#5 error"),
    ("info 5", "#5 error"),
    ("describe 5", "#5 error"),
    ("look at 5", "#5 error"),
    ("show it", "#9 error"),
    ("list 5", "#5 error"),
    # what is done in another way
    ("escalate 7", "assign 7 @name"),
    ("escalating 7", "assign 7 @name"),
    # help
    ("?", "Type /alert VERB"),
    ("-h", "Type /alert VERB"),
    ("--help", "Type /alert VERB"),
    ("commands", "Type /alert VERB"),
    ("help me", "Type /alert VERB"),
    ("usage", "Type /alert VERB"),
    ("help acknowledge", "ack (also a, ok)"),
    # what is no time
    ("snooze 4 until 25:00", "25:00"),
    ("snooze 4 soon", "Until when?"),
    # what may be anything
    ("ack them", "Which alert?"),
    ("ack both", "Which alert?"),
    ("fixed the valve", "Which alerts?"),
    ("closed the valve", "No alert fits."),
    ("a disk is broken", "Which alerts?"),
    ("ack slow", "#2 Checkout is slow"),
)


@pytest.mark.parametrize("part", range(2))
async def test_answers(nine: RoomDriver, bot: Bot, part: int) -> None:
    """What is asked is answered, and nothing is changed by it."""
    await says(nine, bot, "/alert ack 3")
    for line, told in ANSWERED[part::2]:
        found, answer = await changed(nine, bot, f"/alert {line}")

        assert {} == found, (line, answer)
        assert told in answer, (line, answer)


SEEN = (
    " /alert ack 2",
    "\u00a0/alert ack 2",
    "\u200b/alert ack 2",
    "\ufeff/alert ack 2",
    "\t/alert ack 2",
    "/alertack 2",
    "/alertsack 2",
    "/alert, ack 2",
    "/alert:ack 2",
    "/alert-ack 2",
    "/Alerts ack 2",
    "\uff0falert ack 2",
    "@Alertbot ack 2",
    "@alertbot: ack 2",
    "alertbot: ack 2",
    "Alertbot ack 2",
    "Alertbot, please ack 2",
)
ADDRESSED = (
    ("@Alertbot", "9 open"),
    ("alertbot?", "Type /alert VERB"),
    ("alertbot is great", "I did not understand"),
    ("alertbot closed 5 minutes ago", "Did that happen"),
    ("@alertbot acked 5 for me", "Did that happen"),
    ("/alert-manager is down", "I did not understand"),
    ("/alertakc 2", 'Did you mean "ack 2"?'),
    ("/alertack2", 'Did you mean "ack 2"?'),
    ("/alert2", "#2 error"),
)


async def test_what_is_said_to_the_bot_is_answered(nine: RoomDriver, bot: Bot) -> None:
    """However a keyboard dressed the command, and by the bot's name too."""
    for line in SEEN:
        found, answer = await changed(nine, bot, line)

        assert [2] == list(found), (line, answer)
    for line, told in ADDRESSED:
        found, answer = await changed(nine, bot, line)

        assert {} == found, (line, answer)
        assert told in answer, (line, answer)
