"""Stories of what people type about being on call, pages, covers and silences: each line is understood, and nothing wrong is done."""

from typing import Any

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.standin.driver import RoomDriver
from bot.storage import plans, silences
from tests.stories.bot import Bot
from tests.stories.test_oncall import OPS, configured

WEB = """
[[schedule]]
name = "web"
zone = "UTC"
[[schedule.layer]]
people = ["Alex"]
first = 2018-06-18T09:00:00
every = "1w"
"""
NIGHTS = """
[[schedule]]
name = "nights"
zone = "UTC"
[[schedule.layer]]
people = ["Lee"]
first = 2018-06-18T00:00:00
every = "1w"
from = "22:00"
to = "06:00"
"""


async def covers(stage: Stage) -> list[str]:
    """Return who covers what, now or later."""
    async with stage.parts.storage.read() as tx:
        return [f"{each.schedule} {each.person.name}" for each in await plans.covers(tx, 1, stage.clock.milliseconds())]


async def silent(stage: Stage) -> int:
    """Return how many silences there are."""
    async with stage.parts.storage.read() as tx:
        return len(await silences.live(tx, 1))


def alert(number: int, **labels: str) -> dict[str, Any]:
    """Return an alert with labels."""
    return {"summary": f"problem {number}", "severity": "warning", "dedup_key": f"p{number}", "labels": labels}


# --- who is on call -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "who is on call",
        "who's on call?",
        "who\u2019s on call?",
        "Who is on-call now?",
        "whos oncall",
        "who is the on-call person right now",
        "whoisoncall",
        "whoisoncall ops",
        "who is on call for ops",
        "who is on call for ops?",
        "who covers ops",
        "is anybody on call",
        "on call",
        "on-call",
        "on call ops",
        "oncall",
        "oncall this week",
        "please oncall ops",
    ],
)
async def test_who_is_on_call(stage: Stage, room: RoomDriver, bot: Bot, typed: str) -> None:
    """However it is asked, the answer says who it is, until when, and who is next."""
    await configured(stage)
    await room.says("dana", f"/alert {typed}")
    told = await room.sees("ops: Dana until Mon 09:00 CET, then Lee")

    assert "gray" == told.message.color
    assert 1 == len(told.text.splitlines())


async def test_who_is_on_call_later(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """A day or a time to come is answered for that moment."""
    await configured(stage)
    for typed, at in (
        ("oncall next week", "Mon 09:00 CET:"),
        ("who is on call for ops next week?", "Mon 09:00 CET:"),
        ("oncall ops monday", "Mon 09:00 CET:"),
        ("who is on call on monday at 10:00", "Mon 10:00 CET:"),
    ):
        await room.says("dana", f"/alert {typed}")

        assert [at, "ops: Lee until 2026-12-07 09:00 CET, then Dana"] == (await room.sees(at)).text.splitlines(), typed
    await room.says("dana", "/alert oncall tomorrow")
    assert "ops: Dana until Mon 09:00 CET, then Lee" in (await room.sees("Wed 09:00 CET:")).text
    await room.says("dana", "/alert oncall tonight")

    await room.sees("23:00 CET:\nops: Dana until")


async def test_am_i_on_call(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Whoever asks for themselves is told yes or no, and how it is."""
    await configured(stage, OPS + WEB)
    await room.says("dana", "/alert am I on call")
    assert "ops: Dana until" in (await room.sees("You are on call for ops.")).text
    await room.says("lee", "/alert am i on call?")
    assert "web: Alex" in (await room.sees("You are not on call.")).text
    await room.says("lee", "/alert am I on call next week?")
    assert "You are on call for ops." in (await room.sees("Mon 09:00")).text
    await room.says("lee", "/alert am I on-call for web")

    assert ["You are not on call.", "web: Alex"] == (await room.sees("You are not")).text.splitlines()


@pytest.mark.parametrize(
    "typed", ["who is on call", "am I on call", "oncall next week", "page on-call the site is down"]
)
async def test_without_schedules(room: RoomDriver, bot: Bot, typed: str) -> None:
    """It is said that there are none."""
    await room.says("dana", f"/alert {typed}")

    assert "gray" == (await room.sees("There are no schedules yet")).message.color


# --- pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "page ops the site is down",
        "page @ops the site is down",
        "page OPS: the site is down",
        "page on-call the site is down",
        "page oncall the site is down",
        "page @on-call the site is down",
        "page on call for ops the site is down",
        "page whoever is on call the site is down",
        "page the on-call person: the site is down",
    ],
)
async def test_whoever_is_on_call_is_paged(stage: Stage, room: RoomDriver, bot: Bot, typed: str) -> None:
    """It rings who is on call for the schedule, by a real mention, and says for what."""
    await configured(stage)
    await room.says("lee", f"/alert {typed}")
    paged = await room.sees("Lee pages you (on call for ops): the site is down")

    assert paged.message.message.startswith("@Dana ")
    assert (room.person("dana").id,) == paged.message.mentions


async def test_whoever_covers_is_paged(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """A cover counts."""
    await configured(stage)
    await room.says("alex", "/alert override ops 2h")
    await room.sees("ops: Alex is on call from now until")
    await room.says("lee", "/alert page ops the site is down")

    assert (room.person("alex").id,) == (await room.sees("Lee pages you")).message.mentions


async def test_which_schedule_is_paged(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """With several schedules the one that is named is meant, else the bot asks; a person is a person."""
    await configured(stage, OPS + WEB)
    await room.says("lee", "/alert page on-call the site is down")
    assert "/alert page ops the site is down" in (await room.sees("Whom? There are the schedules ops, web.")).text
    await room.says("lee", "/alert page on-call web the site is down")
    assert (room.person("alex").id,) == (await room.sees("(on call for web): the site is down")).message.mentions
    await room.says("lee", "/alert page @Dana the site is down")
    assert (room.person("dana").id,) == (await room.sees("Lee pages you: the site is down")).message.mentions
    await room.says("lee", "/alert page sales the site is down")
    assert () == (await room.sees("I know nobody called sales, and no schedule of that name.")).message.mentions
    await room.says("lee", "/alert page ops")

    await room.sees("What shall I tell them?")


async def test_nobody_is_on_call(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """It is said plainly that nobody was rung, and what to do instead."""
    await configured(stage, NIGHTS)
    await room.says("dana", "/alert page nights the site is down")
    told = await room.sees("Nobody is on call for nights now, so nobody was rung.")

    assert () == told.message.mentions
    assert "/alert page @name the site is down" in told.text


# --- covers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["override ops 2h", "cover ops 2h", "cover 2h", "cover ops for me 2h", "cover ops @Alex 2h"]
)
async def test_a_cover_of_ones_own(stage: Stage, room: RoomDriver, bot: Bot, typed: str) -> None:
    """Whoever types it is on call from now on."""
    await configured(stage)
    await room.says("alex", f"/alert {typed}")
    await room.sees("ops: Alex is on call from now until 09:02 EST (instead of Dana), then Dana")

    assert ["ops Alex"] == await covers(stage)


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ("cover ops @Lee 2h", "Ask Lee to write: /alert cover ops 2h"),
        ("override ops 2h @Lee", "Ask Lee to write: /alert cover ops 2h"),
        ("cover ops for @Lee until 18:00", "Ask Lee to write: /alert cover ops until 18:00"),
        (
            "cover ops from friday 18:00 until monday 09:00",
            "When it begins, write: /alert cover ops until monday 09:00",
        ),
        ("cover ops tonight", "When it begins, write: /alert cover ops until 09:00"),
        ("cover ops tomorrow 4h", "When it begins, write: /alert cover ops 4h"),
        ("cover ops 2h tomorrow", "When it begins, write: /alert cover ops 2h"),
        ("cover ops next week", "When it begins, write: /alert cover ops until 09:00"),
        ("cover ops @Lee from saturday until monday", "When it begins, write: /alert cover ops until monday"),
        ("cover ops every friday 8h", "When it begins, write: /alert cover ops 8h"),
    ],
)
async def test_covers_of_a_later_release(stage: Stage, room: RoomDriver, bot: Bot, typed: str, instead: str) -> None:
    """What cannot be kept yet is understood, nothing is stored, and the answer says what to do instead."""
    await configured(stage)
    await room.says("dana", f"/alert {typed}")
    told = await room.sees("comes with a later release")

    assert told.text.endswith(instead)
    assert "gray" == told.message.color
    assert [] == await covers(stage)


async def test_a_cover_is_taken_back(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """`uncover` ends one's own cover, and says who is on call now; somebody else's stays."""
    await configured(stage)
    await room.says("alex", "/alert cover ops 2h")
    await room.sees("ops: Alex is on call")
    await room.says("lee", "/alert uncover ops")
    refused = await room.sees("You do not cover ops now. ops: Alex (instead of Dana) until")
    assert ["ops Alex"] == await covers(stage)
    await room.says("alex", "/alert uncover ops")
    await room.sees("ops: the cover of Alex is taken back; ops: Dana until")
    assert [] == await covers(stage)
    await room.says("alex", "/alert uncover")
    await room.sees("You do not cover anything now.")
    await room.says("alex", "/alert uncover sales")
    await room.sees("There is no schedule sales; there are: ops.")

    assert "gray" == refused.message.color


async def test_undo_takes_back_a_cover(stage: Stage, room: RoomDriver, bot: Bot, clock: MovableClock) -> None:
    """`undo` takes the last cover back, not an earlier one, once, and within five minutes."""
    await configured(stage)
    await room.says("alex", "/alert cover ops 1h")
    await room.sees("ops: Alex is on call")
    clock.forward(minutes=6)
    await room.says("alex", "/alert cover ops 4h")
    await room.sees("ops: Alex is on call")
    await room.says("lee", "/alert undo")
    await room.sees("You have changed nothing in this room")
    await room.says("alex", "/alert undo")
    await room.sees("ops: the cover of Alex is taken back; ops: Alex (instead of Dana) until 08:02 EST, then Dana")
    await room.says("alex", "/alert undo")
    await room.sees("You have changed nothing in this room")

    assert ["ops Alex"] == await covers(stage)


# --- muting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["mute 2 2h", "mute #2 2h", "2 mute 2h", "silence 2 2h", "mute 2h 2", "mute 2 until 15:02"]
)
async def test_one_alert_is_muted(stage: Stage, room: RoomDriver, bot: Bot, typed: str) -> None:
    """With a number it is a snooze of that alert, and no silence."""
    await bot.post(alert(1), alert(2))
    room.look()
    await room.says("dana", f"/alert {typed}")
    await room.sees("snoozed 1: #2 until 15:02 CET: problem 2")
    await room.says("dana", "/alert unmute 2")
    await room.sees("the alert #2 is snoozed. To end that: /alert wake 2")

    assert ("snoozed", None) == await bot.stands(2)
    assert 0 == await silent(stage)


@pytest.mark.parametrize(
    "typed", ["silence web 2h deploy", "maintenance web 2h", "mute web until 15:02", "mute WEB 2h"]
)
async def test_labels_are_guessed_and_asked(stage: Stage, room: RoomDriver, bot: Bot, typed: str) -> None:
    """A bare word is a label of the room's alerts: the answer says which and what it hides, and waits."""
    await bot.post(alert(1, service="web"), alert(2, service="db"))
    room.look()
    await room.says("dana", f"/alert {typed}")
    asked = await room.sees("This would hide service=web in this room until 15:02 CET. Open now: 1 (#1).")
    assert 0 == await silent(stage)
    await room.says("lee", "/alert yes")
    await room.sees("I have not asked you anything")
    await room.says("dana", "/alert yes")
    await room.sees("S1 hides service=web in this room until 15:02 CET.")
    await bot.post(alert(3, service="web"))

    assert "Answer /alert yes" in asked.text
    assert 1 == await silent(stage)
    assert [] == room.unseen()


async def test_what_a_word_may_mean(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Several labels are asked about, one that means the same alerts is not; names of labels, sources and severities count."""
    await bot.post(
        alert(1, service="web", app="web"),
        alert(2, service="web", app="web"),
        alert(3, team="red", rack="r1"),
        alert(4, team="blue", host="red"),
        {**alert(5), "source": "Backup Job", "severity": "info"},
    )
    room.look()
    for typed, answered in (
        ("silence web 2h", "This would hide service=web in this room"),
        ("silence red 2h", '"red" may mean several labels.'),
        ("silence rack 2h", 'This would hide rack=~".+" in this room'),
        ('silence "backup job" 2h', 'This would hide source="Backup Job" in this room'),
        ("silence info 2h", "This would hide severity=info in this room"),
        ("silence mail 2h", 'has "mail" as a label. Write the label as /alert show NUMBER says it'),
        ("silence mail", 'For how long? Did you mean "silence mail 2h"?'),
        ("mute mail", 'For how long? Did you mean "silence mail 2h"?'),
    ):
        await room.says("dana", f"/alert {typed}")

        told = (await room.sees(answered)).text
        assert "red" not in typed or ("/alert silence host=red 2h (1 alert)" in told and "team=red 2h" in told)
        assert "mail 2h" != typed or "/alert silence service=mail 2h" in told
    await room.says("dana", "/alert yes")
    await room.sees("S1 hides severity=info")

    assert 1 == await silent(stage)


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ("silence service=db every sat 22:00 4h", "/alert silence service=db 4h"),
        ("silence service=db 4h every sat 22:00", "/alert silence service=db 4h"),
        ("silence service=db 4h deploy, every saturday", "/alert silence service=db 4h"),
        ("silence service=db from 22:00 until 02:00", "/alert silence service=db until 02:00"),
        ("silence service=db 22:00-02:00", "/alert silence service=db 2h"),
        ("silence service=db until 02:00 from 22:00", "/alert silence service=db until 02:00"),
        ("silence service=db tonight 2h", "/alert silence service=db 2h"),
        ("silence service=db 2h tomorrow", "/alert silence service=db 2h"),
        ("silence service=db 2h at 14:00", "/alert silence service=db 2h"),
        ("silence service=db in 2h for 1h", "/alert silence service=db 1h"),
        ("silence service=db on saturdays 4h", "/alert silence service=db 4h"),
        ("silence service=db next week", "/alert silence service=db 2h"),
        ("silence all every night 2h", "/alert silence all 2h"),
        ("maintenance web daily 1h30m", "/alert silence web 1h30m"),
    ],
)
async def test_silences_of_a_later_release(stage: Stage, room: RoomDriver, bot: Bot, typed: str, instead: str) -> None:
    """What begins later or repeats is understood, nothing is silenced, and the answer says what to do instead."""
    await room.says("dana", f"/alert {typed}")
    told = await room.sees("comes with a later release, so nothing is silenced.")
    await bot.post(alert(1, service="db"))
    await room.sees("#1 problem 1")

    assert told.text.endswith(f"When it begins, write: {instead}")
    assert "gray" == told.message.color
    assert 0 == await silent(stage)


@pytest.mark.parametrize(
    "comment", ["from the deploy team", "on request", '"every sat we deploy"', "daily backups are noisy"]
)
async def test_a_comment_is_a_comment(stage: Stage, room: RoomDriver, bot: Bot, comment: str) -> None:
    """Words that begin nothing are the comment of a silence that begins now."""
    await room.says("dana", f"/alert silence service=db 2h {comment}")
    await room.sees("S1 hides service=db in this room until 15:02 CET.")
    await room.says("dana", "/alert silences")

    assert f"by Dana: {comment.strip(chr(34))}" in (await room.sees("1 silence in this room")).text
