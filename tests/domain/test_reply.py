from dataclasses import replace

import pytest

from bot.domain import reply
from bot.domain.action import Wish, act
from bot.domain.actor import CLOCK, Actor, Person, Via, Who
from bot.domain.alert import TRANSITIONS, Action, Alert, Refused, State
from bot.domain.commands import Misread, parse
from bot.domain.refusal import REASONS, refusal, why_not
from bot.domain.reply import Here, Outcome
from bot.domain.signal import Severity

NOW = 1_795_521_720_000
"""Tuesday 2026-11-24 12:02 UTC."""
BERLIN = "Europe/Berlin"
MINUTE = 60_000
DANA = Actor(kind=Who.PERSON, name="Dana", id="7", via=Via.ROOM)
LEE = Actor(kind=Who.PERSON, name="Lee", id="8", via=Via.ROOM)
HERE = Here(last=17, open=(12, 14))
BY_PEOPLE = (
    Action.ACK,
    Action.UNACK,
    Action.CLOSE,
    Action.REOPEN,
    Action.SNOOZE,
    Action.WAKE,
    Action.ASSIGN,
    Action.UNASSIGN,
    Action.OWN,
    Action.NOTE,
    Action.SEVERITY,
)  # fmt: skip


def an_alert(number: int = 12, state: State = State.OPEN, **changes: object) -> Alert:
    """Make an alert; one that is not open is so since three minutes, by Dana."""
    made = Alert(
        tenant=1,
        number=number,
        feed=1,
        room=1,
        dedup_key=f"key {number}",
        state=state,
        severity=Severity.CRITICAL,
        reported=Severity.CRITICAL,
        summary="Disk full on db1",
        opened_at=NOW - 14 * MINUTE,
        last_seen_at=NOW,
        told_at=NOW,
        state_at=NOW - 3 * MINUTE,
        state_by="Dana",
        state_by_id="7",
        state_who=Who.PERSON,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def refuse(alert: Alert, action: Action, by: Actor = LEE) -> Refused:
    """Give the refusal that the domain makes of this wish."""
    with pytest.raises(Refused) as caught:
        act(alert, Wish(action=action, by=by, to=Person(id="8", name="Lee"), note="x", severity=Severity.INFO), NOW)
    return caught.value


def alerts(*numbers: int) -> list[Alert]:
    """Make open alerts of these numbers."""
    return [an_alert(number) for number in numbers]


def answer(done: list[int], refusals: list[Refused], unknown: list[int]) -> reply.Reply:
    """Give the reply to an ack, as somebody in Berlin reads it."""
    return reply.changed(
        "acked", alerts(*done), refusals, unknown, here=HERE, now=NOW, zone_name=BERLIN, mentions=("Lee",)
    )


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([], ""),
        ([1, 2, 3, 5], "#1-#3 #5"),
        ([5, 1, 2], "#1 #2 #5"),
        ([7, 7], "#7"),
        ([3, 1, 2, 9, 10, 11, 12], "#1-#3 #9-#12"),
    ],
)
def test_ranges(numbers: list[int], text: str) -> None:
    """Three and more in a row are drawn together, whatever their order."""
    assert text == reply.ranges(numbers)


def test_summary_line_is_the_contracts() -> None:
    """A few numbers are listed one by one, skipped ones with the reason."""
    text = "acked 4: #12 #14 #15 #16 · skipped #17 (closed 3 min ago by Prometheus)"

    assert text == reply.summary_line("acked", alerts(16, 12, 14, 15), [(17, "closed 3 min ago by Prometheus")])


def test_summary_line_groups_equal_reasons() -> None:
    """Numbers skipped for one reason stand together, in the order of their first."""
    text = "nothing acked · skipped #3 #9 (closed), #5 (not in this room)"

    assert text == reply.summary_line("acked", [], [(9, "closed"), (5, "not in this room"), (3, "closed")])


def test_summary_line_of_very_many_is_bounded() -> None:
    """A thousand numbers with a thousand reasons still fit one message, and each is accounted for."""
    text = reply.summary_line(
        "acked", alerts(*range(1, 501)), [(number, f"why {number}") for number in range(501, 1001)]
    )

    assert text == f"acked 500: #1-#500 · skipped #501-#1000 ({reply.FOR_REASONS})"


def test_scattered_numbers_are_counted_where_they_do_not_fit() -> None:
    """However far apart a thousand numbers lie, the reply fits one message, and none is left out of the count."""
    numbers = range(10**9 - 3998, 10**9 + 1, 4)
    shown, _, more = reply.named(numbers).partition(" … and ")
    both = reply.summary_line("acked", alerts(*numbers), [(number + 1, "closed") for number in numbers])

    assert len(numbers) == shown.count("#") + int(more.removesuffix(" more"))
    assert shown.startswith(f"#{numbers[0]} #{numbers[1]} ")
    assert len(both) < 9000
    assert len(reply.unknown_text(numbers, HERE)) < 9000


def test_all_done() -> None:
    """When all went well the reply says so and rings whom it should."""
    text = "acked 2: #12 Disk full on db1 · #14 Disk full on db1"

    assert answer([12, 14], [], []) == reply.Reply(text=text, outcome=Outcome.DONE, mentions=("Lee",))


def test_a_few_are_named_with_their_titles() -> None:
    """Up to three alerts show what they are, so that a slip is seen; more are numbers."""
    one = reply.summary_line("acked", [an_alert(12, summary="Disk 97% full on db1")], [])
    three = reply.summary_line("closed", alerts(3, 1, 2), [(4, "closed just now by Dana")])
    four = reply.summary_line("closed", alerts(3, 1, 2, 4), [])

    assert "acked 1: #12 Disk 97% full on db1" == one
    assert (
        "closed 3: #1 Disk full on db1 · #2 Disk full on db1 · #3 Disk full on db1 · skipped #4 (closed just now by Dana)"
        == three
    )
    assert "closed 4: #1 #2 #3 #4" == four


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ("db1 · skipped #13 (closed)", "db1 - skipped #13 (closed)"),
        ("two\nlines\u2028and a third", "two lines and a third"),
        ("x" * 500, "x" * 79 + "…"),
    ],
)
def test_a_title_is_only_a_title(summary: str, shown: str) -> None:
    """Whatever a source calls its alert, it stays one short line that cannot be read as a part of the answer."""
    assert f"acked 1: #12 {shown}" == reply.summary_line("acked", [an_alert(12, summary=summary)], [])


def test_detail_follows_the_numbers() -> None:
    """A time or a person stands before the titles, and after bare numbers."""
    found = reply.changed("assigned", alerts(12), here=HERE, now=NOW, zone_name=BERLIN, detail="to Lee")
    two = reply.summary_line("assigned", alerts(12, 14), [], detail="to Lee")

    assert found.text == "assigned 1: #12 to Lee: Disk full on db1"
    assert two == "assigned 2 to Lee: #12 Disk full on db1 · #14 Disk full on db1"
    assert "assigned 4: #1 #2 #3 #4 to Lee" == reply.summary_line("assigned", alerts(1, 2, 3, 4), [], detail="to Lee")


def test_partly_done() -> None:
    """Every number is accounted for: done, refused, and not of this room."""
    closed = refuse(an_alert(17, State.CLOSED, state_by="Prometheus", state_who=Who.SOURCE), Action.ACK)
    found = answer([12], [closed], [99])

    assert found.outcome is Outcome.PARTLY
    assert found.text == (
        "acked 1: #12 Disk full on db1 · skipped #17 (closed 3 min ago by Prometheus), #99 (not in this room)"
    )


def test_held_among_others() -> None:
    """One that somebody else holds is skipped with the holder, the note, and the way to take it over."""
    held = refuse(an_alert(14, State.ACKED, state_note="new disk"), Action.ACK)
    found = answer([12], [held], [])

    assert found.text == (
        "acked 1: #12 Disk full on db1 · skipped #14 (acked 3 min ago by Dana: “new disk”) · to take over: /alert own 14"
    )


def test_held_alone() -> None:
    """A single one that somebody else holds: who, since when, until when, the note, and how to take it over."""
    held = refuse(an_alert(12, State.ACKED, state_note="new disk", until=NOW + 60 * MINUTE), Action.ACK)
    found = answer([], [held], [])

    assert found.outcome is Outcome.REFUSED
    assert found.mentions == ()
    assert found.text == (
        "#12 is acked by Dana since 12:59 CET (3 min ago), until 14:02 CET: “new disk”. To take it over: /alert own 12"
    )


def test_unknown() -> None:
    """An unknown number is answered with the last one and the open ones; a room without alerts with how to get one."""
    assert answer([], [], [99]) == reply.refused(
        "There is no #99 in this room: the last alert here is #17. Open: #12 #14."
    )
    assert "None is open." in reply.unknown_text([99], Here(last=17))
    assert reply.unknown_text([99], Here(last=None)) == reply.NO_ALERTS


def test_every_refusal_of_the_table_has_a_reason() -> None:
    """Each pair of a state and a person's action that the lifecycle refuses has its own text."""
    missing = {(state, action) for state in State for action in BY_PEOPLE} - TRANSITIONS.keys()

    assert missing | {(State.ACKED, Action.ACK)} == REASONS.keys()


@pytest.mark.parametrize("pair", REASONS, ids=str)
def test_refusals_read_well(pair: tuple[State, Action]) -> None:
    """Each refusal names its number, leaves no placeholder, and its short form has no number."""
    state, action = pair
    refused = refuse(an_alert(12, state), action)

    for text in (refusal(refused, now=NOW, zone_name=BERLIN), f"#12 ({why_not(refused, now=NOW, zone_name=BERLIN)})"):
        assert text.count("#12") == 1
        assert "{" not in text


@pytest.mark.parametrize(
    ("alert", "action", "short"),
    [
        (an_alert(owner=Person(id="8", name="Lee")), Action.ASSIGN, "Lee's already"),
        (an_alert(), Action.UNASSIGN, "has no owner"),
        (an_alert(severity=Severity.INFO), Action.SEVERITY, "info already"),
        (an_alert(state=State.OPEN), Action.REOPEN, "open already"),
    ],
)
def test_refusals_of_the_moment(alert: Alert, action: Action, short: str) -> None:
    """What is refused because it is so already says just that."""
    assert short == why_not(refuse(alert, action), now=NOW, zone_name=BERLIN)


def test_closed_says_how_to_reopen() -> None:
    """A closed alert is never acked; its refusal says who closed it and how to open it again."""
    refused = refuse(an_alert(12, State.CLOSED, state_by=CLOCK.name, state_who=Who.TIMER), Action.ACK)
    text = "#12 was closed 3 min ago by the timer. To open it again: /alert reopen 12"

    assert text == refusal(refused, now=NOW, zone_name=BERLIN)


def said(text: str) -> str:
    """Give the answer to a line that is misread, in a room with alerts 14 and 12."""
    with pytest.raises(Misread) as caught:
        parse(f"/alert {text}")
    found = reply.misread(caught.value, [14, 12])

    assert found.outcome is Outcome.UNCLEAR
    return found.text


def test_misread() -> None:
    """A slip is answered with the line that was meant, a known verb with its forms, anything else with three examples."""
    assert said("akc 12") == 'I do not know "akc". Did you mean "ack 12"?'
    assert said("severity 12").startswith("Which severity? ")
    assert said("severity 12").endswith("Usage: severity 12 critical|error|warning|info · severity critical 12")
    assert said("12 frobnicate") == 'What should I do with 12? Write for example "ack 12" or "note 12 text".'
    assert said("frobnicate").startswith("I did not understand that. For example: /alert ack 14 · ")


@pytest.mark.parametrize("numbers", [[], [14], [14, 12], [5, 4, 3, 2, 1]])
def test_examples_work(numbers: list[int]) -> None:
    """There are always three examples, each a command, with this room's own numbers."""
    examples = reply.examples(numbers)

    assert len(examples) == 3
    for example in examples:
        assert set(parse(example).targets.numbers) <= set(numbers)


def test_which() -> None:
    """Without targets and with several unacked alerts the bot asks, and names them."""
    text = "Which alert? Unacked in this room: #12 Disk full on db1 · #14 Disk full on db1. For example: /alert ack 12"

    assert text == reply.which("ack", [an_alert(12), an_alert(14)]).text
    assert "#6 #7" in reply.which("ack", [an_alert(number) for number in range(1, 8)]).text
    assert "/alert ack NUMBER" in reply.which("ack", []).text


def test_would() -> None:
    """Before many are changed the bot says in one line how many, how bad, and which."""
    found = [
        an_alert(
            number, severity=Severity.CRITICAL if number < 4 else Severity.ERROR if number < 24 else Severity.WARNING
        )
        for number in range(1, 138)
    ]
    text = (
        "This would close 137 alerts: 3 critical · 20 error · 114 warning (#1-#137). "
        "Answer /alert yes within 2 minutes, or /alert no."
    )

    assert text == reply.would("close", found).text
    assert "7 alerts: 7 critical (#1-#7)." in reply.would("ack", alerts(*range(1, 8))).text
    assert "6 alerts: 6 critical (#1 #3 #5 #7 #9 #11)." in reply.would("ack", alerts(*range(1, 12, 2))).text


def test_only_rights_are_red() -> None:
    """What a person may not do is apart from what cannot be done as things stand, which is information."""
    closed = refuse(an_alert(12, State.CLOSED), Action.CLOSE)

    assert Outcome.REFUSED is answer([], [closed], []).outcome
    assert Outcome.REFUSED is answer([], [], [99]).outcome
    assert Outcome.FORBIDDEN is reply.forbidden(reply.GUESTS_READ_ONLY).outcome
