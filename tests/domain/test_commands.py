import re

import pytest

from bot.domain.commands import (
    NOT_UNDERSTOOD,
    VERBS,
    Command,
    Filter,
    Misread,
    Targets,
    Verb,
    help_text,
    is_command,
    parse,
)

HOUR = 3_600_000


def numbers(*ranges: int | tuple[int, int]) -> Targets:
    """Make the targets of single numbers and of ranges."""
    return Targets(ranges=tuple(each if isinstance(each, tuple) else (each, each) for each in ranges))


def where(**conditions: object) -> Targets:
    """Make the targets of a filter."""
    return Targets(filter=Filter(**conditions))  # type: ignore[arg-type]


TWELVE = numbers(12)
SERVICE = (("service", "=", "db"),)

READ = (
    # nothing, a number, a condition
    ("", Command(verb="list")),
    ("   ", Command(verb="list")),
    ("12", Command(verb="show", targets=TWELVE)),
    ("#12, 14", Command(verb="show", targets=numbers(12, 14))),
    ("last", Command(verb="show", targets=Targets(word="last"))),
    ("closed", Command(verb="list", targets=where(states=frozenset({"closed"})))),
    ("service=db", Command(verb="list", targets=where(labels=SERVICE))),
    ("@dana", Command(verb="list", targets=where(owner="dana"))),
    ("severity >= error", Command(verb="list", targets=where(severity=(">=", "error")))),
    # numbers
    ("ack 12", Command(verb="ack", targets=TWELVE)),
    ("ACK #12", Command(verb="ack", targets=TWELVE)),
    ("ack 0012", Command(verb="ack", targets=TWELVE)),
    ("ack 12.", Command(verb="ack", targets=TWELVE)),
    ("ack 12,14", Command(verb="ack", targets=numbers(12, 14))),
    ("ack 12, 14", Command(verb="ack", targets=numbers(12, 14))),
    ("ack 12 , 14", Command(verb="ack", targets=numbers(12, 14))),
    ("ack 12; #14", Command(verb="ack", targets=numbers(12, 14))),
    ("ack 12 and 14", Command(verb="ack", targets=numbers(12, 14))),
    ("ack 12 & 14", Command(verb="ack", targets=numbers(12, 14))),
    ("ack 14-17", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack #14-#17", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack #14-17", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack 14..17", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack 14 - 17", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack 14 to 17", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack 17-14", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack 12 14-17", Command(verb="ack", targets=numbers(12, (14, 17)))),
    ("ack 17 12 12 16", Command(verb="ack", targets=numbers(12, (16, 17)))),
    ("ack 1-1000", Command(verb="ack", targets=numbers((1, 1000)))),
    ("ack 1000000000", Command(verb="ack", targets=numbers(10**9))),
    ("12 ack", Command(verb="ack", targets=TWELVE)),
    ("12 14-17 ack 2h", Command(verb="ack", targets=numbers(12, (14, 17)), duration=2 * HOUR)),
    # what phones and word processors make of it
    ("ack \uff0312", Command(verb="ack", targets=TWELVE)),
    ("ack \uff11\uff12", Command(verb="ack", targets=TWELVE)),
    ("ack\u00a012", Command(verb="ack", targets=TWELVE)),
    ("ack\u300012", Command(verb="ack", targets=TWELVE)),
    ("ack \u200b12\u2060", Command(verb="ack", targets=TWELVE)),
    ("ack 14\u201317", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack 14\u201417", Command(verb="ack", targets=numbers((14, 17)))),
    ("ack 12 \u2014 5 disks", Command(verb="ack", targets=TWELVE, note="5 disks")),
    ("ack 12 \u201c5 disks\u201d", Command(verb="ack", targets=TWELVE, note="5 disks")),
    ("list \u201edisk full\u201c", Command(verb="list", targets=where(text="disk full"))),
    ("list severity\u2265error", Command(verb="list", targets=where(severity=(">=", "error")))),
    ("assign 12 @\u2060dana", Command(verb="assign", targets=TWELVE, person="dana")),
    # words and filters
    ("ack last", Command(verb="ack", targets=Targets(word="last"))),
    ("ack mine", Command(verb="ack", targets=Targets(word="mine"))),
    ("ack All", Command(verb="ack", targets=Targets(word="all"))),
    ("last ack", Command(verb="ack", targets=Targets(word="last"))),
    ("ack last on it", Command(verb="ack", targets=Targets(word="last"), note="on it")),
    ("ack all: on it", Command(verb="ack", targets=Targets(word="all"), note="on it")),
    ("ack all -- on it", Command(verb="ack", targets=Targets(word="all"), note="on it")),
    ("ack all service=db", Command(verb="ack", targets=Targets(word="all", filter=Filter(labels=SERVICE)))),
    ("ack service=db all", Command(verb="ack", targets=Targets(word="all", filter=Filter(labels=SERVICE)))),
    ("ack service=db 2h", Command(verb="ack", targets=where(labels=SERVICE), duration=2 * HOUR)),
    ("ack service=db on it", Command(verb="ack", targets=where(labels=SERVICE), note="on it")),
    ("close severity<=info", Command(verb="close", targets=where(severity=("<=", "info")))),
    ("close severity <= info", Command(verb="close", targets=where(severity=("<=", "info")))),
    ("ack owner=@Dana", Command(verb="ack", targets=where(owner="Dana"))),
    ("ack owner=nobody", Command(verb="ack", targets=where(owner="none"))),
    ('ack text="disk full"', Command(verb="ack", targets=where(text="disk full"))),
    ('ack host="db 1" now', Command(verb="ack", targets=where(labels=(("host", "=", "db 1"),)), note="now")),
    ("ack label.owner=db", Command(verb="ack", targets=where(labels=(("owner", "=", "db"),)))),
    ("close state=acked,open", Command(verb="close", targets=where(states=frozenset({"acked", "open"})))),
    # times
    ("ack 12 2h", Command(verb="ack", targets=TWELVE, duration=2 * HOUR)),
    ("ack 12 90m", Command(verb="ack", targets=TWELVE, duration=HOUR * 3 // 2)),
    ("ack 12 1h30m", Command(verb="ack", targets=TWELVE, duration=HOUR * 3 // 2)),
    ("ack 12 1h30", Command(verb="ack", targets=TWELVE, duration=HOUR * 3 // 2)),
    ("ack 12 1.5h", Command(verb="ack", targets=TWELVE, duration=HOUR * 3 // 2)),
    ("ack 12 1 hour 30 min", Command(verb="ack", targets=TWELVE, duration=HOUR * 3 // 2)),
    ("ack 12 2d", Command(verb="ack", targets=TWELVE, duration=48 * HOUR)),
    ("ack 12 30 min", Command(verb="ack", targets=TWELVE, duration=HOUR // 2)),
    ("ack 12 14 30 min", Command(verb="ack", targets=numbers(12, 14), duration=HOUR // 2)),
    ("ack 12 for 2h then lunch", Command(verb="ack", targets=TWELVE, duration=2 * HOUR, note="then lunch")),
    ("ack 12 for now", Command(verb="ack", targets=TWELVE, note="for now")),
    ("ack 2h", Command(verb="ack", duration=2 * HOUR)),
    ("ack 2h 12", Command(verb="ack", targets=TWELVE, duration=2 * HOUR)),
    ("ack 12 2H On it", Command(verb="ack", targets=TWELVE, duration=2 * HOUR, note="On it")),
    ("ack 12 until 09:00", Command(verb="ack", targets=TWELVE, until="09:00")),
    ("ack 12 until Tomorrow", Command(verb="ack", targets=TWELVE, until="tomorrow")),
    ("ack 12 till 9pm tomorrow x", Command(verb="ack", targets=TWELVE, until="tomorrow 21:00", note="x")),
    ("ack 12 until mon at 8.30", Command(verb="ack", targets=TWELVE, until="monday 08:30")),
    ("ack 12 until 5 disks are there", Command(verb="ack", targets=TWELVE, note="until 5 disks are there")),
    ("ack 12 until 9", Command(verb="ack", targets=TWELVE, until="09:00")),
    ("ack 12 until 9 pm", Command(verb="ack", targets=TWELVE, until="21:00")),
    ("ack until 9 pm", Command(verb="ack", until="21:00")),
    ("ack until 9:00", Command(verb="ack", until="09:00")),
    ("ack 12 until 21h", Command(verb="ack", targets=TWELVE, until="21:00")),
    ("ack 12 until 0930", Command(verb="ack", targets=TWELVE, until="09:30")),
    ("ack 12 until next monday", Command(verb="ack", targets=TWELVE, until="monday")),
    ("ack 12 until next week", Command(verb="ack", targets=TWELVE, until="monday")),
    ("ack 12 until tonight", Command(verb="ack", targets=TWELVE, until="tonight")),
    ("ack 12 until noon", Command(verb="ack", targets=TWELVE, until="12:00")),
    ("ack 12 until 2026-12-24", Command(verb="ack", targets=TWELVE, until="2026-12-24")),
    ("ack 12 tomorrow", Command(verb="ack", targets=TWELVE, until="tomorrow")),
    ("ack 12 tomorrow I look", Command(verb="ack", targets=TWELVE, note="tomorrow I look")),
    ("snooze 12 tomorrow 9am", Command(verb="snooze", targets=TWELVE, until="tomorrow 09:00")),
    ("snooze 12 9am", Command(verb="snooze", targets=TWELVE, until="09:00")),
    ("snooze 12 tomorrow morning", Command(verb="snooze", targets=TWELVE, until="tomorrow 09:00")),
    ("snooze 12 tomorrow 9", Command(verb="snooze", targets=TWELVE, until="tomorrow 09:00")),
    ("snooze 12 friday at 18:00 disk", Command(verb="snooze", targets=TWELVE, until="friday 18:00", note="disk")),
    ("snooze 12 an hour", Command(verb="snooze", targets=TWELVE, duration=HOUR)),
    ("snooze 12 for half an hour", Command(verb="snooze", targets=TWELVE, duration=HOUR // 2)),
    ("snooze 12 half hour", Command(verb="snooze", targets=TWELVE, duration=HOUR // 2)),
    ("snooze 12 1/2h", Command(verb="snooze", targets=TWELVE, duration=HOUR // 2)),
    ("snooze 12 1/2 hour", Command(verb="snooze", targets=TWELVE, duration=HOUR // 2)),
    ("snooze 12 \u00bdh", Command(verb="snooze", targets=TWELVE, duration=HOUR // 2)),
    ("snooze 12 1.5 hours", Command(verb="snooze", targets=TWELVE, duration=HOUR * 3 // 2)),
    ("snooze 12 an hour and a half", Command(verb="snooze", targets=TWELVE, duration=HOUR * 3 // 2)),
    ("snooze 12 two hours", Command(verb="snooze", targets=TWELVE, duration=2 * HOUR)),
    ("snooze 12 a day", Command(verb="snooze", targets=TWELVE, duration=24 * HOUR)),
    ("ack 12 2h ago it began", Command(verb="ack", targets=TWELVE, note="2h ago it began")),
    ("own 12 2h", Command(verb="own", targets=TWELVE, duration=2 * HOUR)),
    ("note 12 30m of downtime", Command(verb="note", targets=TWELVE, note="30m of downtime")),
    ("close 12 2h outage", Command(verb="close", targets=TWELVE, note="2h outage")),
    # notes
    ("ack 12 only 2 of 5 disks", Command(verb="ack", targets=TWELVE, note="only 2 of 5 disks")),
    ("ack on it", Command(verb="ack", note="on it")),
    ("ack 12,5 disks", Command(verb="ack", targets=numbers(5, 12), note="disks")),
    ("ack 12 #5 disks", Command(verb="ack", targets=numbers(5, 12), note="disks")),
    ("ack 12 14-17 on it", Command(verb="ack", targets=numbers(12, (14, 17)), note="on it")),
    ("ack 12 14: on it", Command(verb="ack", targets=numbers(12, 14), note="on it")),
    ("ack 12 14 -- on it", Command(verb="ack", targets=numbers(12, 14), note="on it")),
    ('ack 12 14 "on it"', Command(verb="ack", targets=numbers(12, 14), note="on it")),
    ("ack 12 -- 5 disks", Command(verb="ack", targets=TWELVE, note="5 disks")),
    ("ack 12 -- 2h", Command(verb="ack", targets=TWELVE, note="2h")),
    ("ack -- 5 disks", Command(verb="ack", note="5 disks")),
    ('ack 12 "2h"', Command(verb="ack", targets=TWELVE, note="2h")),
    ('ack 12 "a" and "b"', Command(verb="ack", targets=TWELVE, note='"a" and "b"')),
    ("note 12 Two  Spaces\n\n and a line ", Command(verb="note", targets=TWELVE, note="Two  Spaces\n\n and a line")),
    ("note 12 retries=3 did not help", Command(verb="note", targets=TWELVE, note="retries=3 did not help")),
    ("12 note text", Command(verb="note", targets=TWELVE, note="text")),
    ("note it is the disk", Command(verb="note", note="it is the disk")),
    ("n 12 @dana knows", Command(verb="note", targets=TWELVE, note="@dana knows")),
    ("unack 12 lunch", Command(verb="unack", targets=TWELVE, note="lunch")),
    ("reopen #12", Command(verb="reopen", targets=TWELVE)),
    ("unassign 12", Command(verb="unassign", targets=TWELVE)),
    # close
    ("close 12", Command(verb="close", targets=TWELVE)),
    ("done 12", Command(verb="close", targets=TWELVE)),
    ("close 12 fixed New disk", Command(verb="close", targets=TWELVE, reason="fixed", note="New disk")),
    ("close 12 14 fixed", Command(verb="close", targets=numbers(12, 14), reason="fixed")),
    ("close 12 as noise", Command(verb="close", targets=TWELVE, reason="noise")),
    ("close fixed 12", Command(verb="close", targets=TWELVE, reason="fixed")),
    ("close fixed", Command(verb="close", reason="fixed")),
    ("close 12 fix comes", Command(verb="close", targets=TWELVE, note="fix comes")),
    ("close 12 -- fixed", Command(verb="close", targets=TWELVE, note="fixed")),
    ("close 12 dupe 9", Command(verb="close", targets=TWELVE, reason="dupe", duplicate_of=9)),
    ("close 12 dup #9 same", Command(verb="close", targets=TWELVE, reason="dupe", duplicate_of=9, note="same")),
    ("close 12 as duplicate of 9", Command(verb="close", targets=TWELVE, reason="dupe", duplicate_of=9)),
    # people
    ("assign 12 @Dana", Command(verb="assign", targets=TWELVE, person="Dana")),
    ("assign @dana 12 14", Command(verb="assign", targets=numbers(12, 14), person="dana")),
    ("assign 12 14 @dana", Command(verb="assign", targets=numbers(12, 14), person="dana")),
    ("@dana assign 12", Command(verb="assign", targets=TWELVE, person="dana")),
    ("12 assign @dana", Command(verb="assign", targets=TWELVE, person="dana")),
    ("assign 12 me", Command(verb="assign", targets=TWELVE, person="me")),
    ("assign 12 @ME", Command(verb="assign", targets=TWELVE, person="me")),
    ("assign me 12", Command(verb="assign", targets=TWELVE, person="me")),
    ("assign 12 dana", Command(verb="assign", targets=TWELVE, person="dana")),
    ("assign dana 12", Command(verb="assign", targets=TWELVE, person="dana")),
    ("give 12 to dana please look", Command(verb="assign", targets=TWELVE, person="dana", note="please look")),
    ("assign 12 @dana, please look", Command(verb="assign", targets=TWELVE, person="dana", note="please look")),
    ("assign all service=db @dana", Command(verb="assign", person="dana", targets=Targets(word="all", filter=Filter(labels=SERVICE)))),
    ("assign @dana", Command(verb="assign", person="dana")),
    ("mine 12", Command(verb="own", targets=TWELVE)),
    # severity
    ("severity 12 critical", Command(verb="severity", targets=TWELVE, severity="critical")),
    ("severity critical 12", Command(verb="severity", targets=TWELVE, severity="critical")),
    ("severity 12 14 Crit", Command(verb="severity", targets=numbers(12, 14), severity="critical")),
    ("severity 12 warn it grows", Command(verb="severity", targets=TWELVE, severity="warning", note="it grows")),
    # list
    ("ls", Command(verb="list")),
    ("list active", Command(verb="list")),
    ("list all", Command(verb="list", targets=where(states=frozenset({"open", "acked", "snoozed", "closed"})))),
    ("list open, acked", Command(verb="list", targets=where(states=frozenset({"open", "acked"})))),
    ("list mine", Command(verb="list", targets=where(owner="me"))),
    ("list unassigned", Command(verb="list", targets=where(owner="none"))),
    ("list critical", Command(verb="list", targets=where(severity=("=", "critical")))),
    ("list a=1 b!=2", Command(verb="list", targets=where(labels=(("a", "=", "1"), ("b", "!=", "2"))))),
    ('list a = "b c"', Command(verb="list", targets=where(labels=(("a", "=", "b c"),)))),
    ('list a=""', Command(verb="list", targets=where(labels=(("a", "=", ""),)))),
    ("list page 2", Command(verb="list", page=2)),
    (
        'list open severity>=error service=db "disk full" page 2',
        Command(
            verb="list",
            page=2,
            targets=where(states=frozenset({"open"}), severity=(">=", "error"), labels=SERVICE, text="disk full"),
        ),
    ),
    # the rest
    ("history 12", Command(verb="history", targets=TWELVE)),
    ("show 12 please", Command(verb="show", targets=TWELVE)),
    ("please ack 12", Command(verb="ack", targets=TWELVE)),
    ("undo", Command(verb="undo")),
    ("Yes!", Command(verb="yes")),
    ("yes please", Command(verb="yes")),
    ("no not those", Command(verb="no", note="not those")),
    ("test", Command(verb="test")),
    ("help", Command(verb="help")),
    ("help a", Command(verb="help", topic="ack")),
    ("ack help", Command(verb="help", topic="ack")),
    ("close --help", Command(verb="help", topic="close")),
)  # fmt: skip

MISREAD = (
    # words that may be targets or the note
    ("ack 12 5 disks are broken", 'Is "5" a target or a word of the note?', None),
    ("ack 12, 5 disks are broken", 'Is "5" a target or a word of the note?', None),
    ("ack 12 2 of 5 disks", 'Is "2" a target or a word of the note?', None),
    ("ack 12 - 5 disks", 'Is "5" a target or a word of the note?', None),
    ("ack 2h 12 disks", 'Is "12" a target or a word of the note?', None),
    ("close fixed 12 disks", 'Is "12" a target or a word of the note?', None),
    ("assign @dana 12 disks", 'Is "12" a target or a word of the note?', None),
    ("severity critical 12 disks", 'Is "12" a target or a word of the note?', None),
    ("ack all good", 'Is "all" a target or a word of the note?', None),
    ("close mine is done", 'Is "mine" a target or a word of the note?', None),
    ("note 12 30 min outage", 'Is "30" a target or a word of the note?', None),
    ("12 ack 14", "Put all numbers on one side", None),
    ("ack 30 min", "Is 30 an alert or a time?", None),
    ("ack until 9", "Is 9 an alert or a time?", None),
    ("snooze tomorrow 9", "Is 9 an alert or a time?", None),
    ("own until 9 tomorrow", "Is 9 an alert or a time?", None),
    ("ack 10-20 severity<=info", "Give numbers or conditions, not both.", None),
    # times that nobody can tell
    ("ack 12 until 25:00", 'I cannot read "25:00" as a time', None),
    ("ack 12 until 25", 'I cannot read "25" as a time', None),
    ("snooze 12 tomorrow 25:00", 'I cannot read "25:00" as a time', None),
    ("snooze 12 a while", "Until when?", None),
    ("snooze 12 15", "Until when?", None),
    ("ack @dana", '"@dana" is a person, not an alert.', None),
    ("ack critical", "I need numbers or a condition", "ack severity=critical"),
    ("close acked", "I need numbers or a condition", "close state=acked"),
    ("ack last 3", '"last" is one alert', None),
    # numbers that cannot be
    ("ack 0", "Alert numbers begin at 1", None),
    ("ack -5", "Alert numbers begin at 1", None),
    ("ack 12 -5", "Alert numbers begin at 1", None),
    ("ack 1000000001", "1000000001 is larger than any alert number.", None),
    ("ack " + "9" * 5000, "is larger than any alert number.", None),
    ("ack 1-1001", "more than 1000 alerts", None),
    ("ack 1-600 2000-2600", "more than 1000 alerts", None),
    ("ack " + "1 " * 1001, "more than 1000 alerts", None),
    ("ack " + "1," * 1001, "more than 1000 alerts", None),
    ("ack 12.5", 'I cannot read "12.5"', None),
    ("ack #disk", 'I cannot read "#disk"', None),
    ("note 2h of downtime", 'I cannot read "2h"', None),
    # times that cannot be
    ("ack 12 0m", "A time must be longer than zero.", None),
    ("ack 12 400d", "The longest time is a year.", None),
    # a verb's own words
    ("close 12 dupe", "A duplicate of which alert?", None),
    ("close 12 duplicate entry", "A duplicate of which alert?", None),
    ("close 12 dupe 12", "cannot be a duplicate of itself", None),
    ("close 10-14 dupe 12", "cannot be a duplicate of itself", None),
    ("close 12 dupe 9 10", "A duplicate of which alert?", None),
    ("close dupe 12 9", "A duplicate of which alert?", None),
    ("assign 12", "To whom?", None),
    ("assign 12 bring coffee", "To whom?", None),
    ("assign 12 @all", "one person", None),
    ("assign 12 @dana @lee", "one owner", None),
    ("assign 12 nobody", "use unassign", None),
    ("severity 12", "Which severity?", None),
    ("severity 12 hot", 'There is no severity "hot"', None),
    ("severity", "Which severity?", None),
    ("note 12", "What should the note say?", None),
    ("show 12 disks", '"show" takes numbers', None),
    ("history mine", '"history" takes numbers', "list mine"),
    ("yes 12", '"yes" stands alone', None),
    ("12 yes", '"yes" stands alone', None),
    ("undo 12", '"undo" stands alone', None),
    # conditions without sense
    ("list severity>=hot", 'There is no severity "hot"', None),
    ("list severity>=", "What should severity be?", None),
    ("list service>5", "Only the severity has an order", None),
    ("list owner!=me", "owner can only be", None),
    ("list state=melted", 'There is no state "melted"', None),
    ("list mine @dana", "one condition on the owner", None),
    ("list severity>info severity<error", "one condition on the severity", None),
    ('list "disk', "closing quotation mark", None),
    ('list "disk"full', "closing quotation mark", None),
    ("list page 0", "Which page?", None),
    ("list page", "Which page?", None),
    ("list " + "a=1 " * 60, "more than 50 conditions", None),
    # slips
    ("akc 12", 'I do not know "akc".', "ack 12"),
    ("12 akc", 'I do not know "akc".', "ack 12"),
    ("AKC #12 On It", 'I do not know "AKC".', "ack #12 On It"),
    ("ack12", 'I do not know "ack12".', "ack 12"),
    ("resovle 12", 'I do not know "resovle".', "resolve 12"),
    ("lsit mine", 'I do not know "lsit".', "list mine"),
    ("histroy 12", 'I do not know "histroy".', "history 12"),
    ("asign 12 @dana", 'I do not know "asign".', "assign 12 @dana"),
    ("fix 12", 'I do not know "fix".', "close 12"),
    ("akc 12 5 disks", 'I do not know "akc". Is "5" a target', None),
    ("list opne", 'I do not know "opne" here.', "list open"),
    ("list open 12", "see alerts by number", "show 12"),
    ("help akc", 'There is no help on "akc".', "help ack"),
    ("help xyzzy", 'There is no help on "xyzzy".', None),
    # nothing of ours
    ("frobnicate 12", "not understood", None),
    ("12 frobnicate", "What should I do with 12?", None),
    ("\u6f22\u5b57", "not understood", None),
    ("x", "not understood", None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "command"), READ, ids=[repr(text)[:50] for text, _ in READ])
def test_read(text: str, command: Command) -> None:
    """A line gives exactly this command."""
    assert command == parse(f"/alert {text}")


@pytest.mark.parametrize(("text", "reason", "suggestion"), MISREAD, ids=[repr(text)[:50] for text, *_ in MISREAD])
def test_misread(text: str, reason: str, suggestion: str | None) -> None:
    """A line that may be misunderstood is refused with a reason and, where one can be told, the line that was meant."""
    with pytest.raises(Misread) as caught:
        parse(f"/alert {text}")

    assert reason in caught.value.reason
    assert suggestion == caught.value.suggestion
    assert len(caught.value.reason) < 400


def test_both_readings_work() -> None:
    """The two lines that an ambiguous one is answered with are the two things it may have meant."""
    with pytest.raises(Misread) as caught:
        parse("/alert ack 12 5 disks are broken")
    target, note = re.findall(r'"(ack[^"]*)"', caught.value.reason)

    assert Command(verb="ack", targets=numbers(5, 12), note="disks are broken") == parse(f"/alert {target}")
    assert Command(verb="ack", targets=TWELVE, note="5 disks are broken") == parse(f"/alert {note}")


def test_misread_names_verb_and_usage() -> None:
    """A refusal of a known verb carries that verb's forms."""
    verb = "severity"

    with pytest.raises(Misread) as caught:
        parse(f"/alert {verb} 12")

    assert verb == caught.value.verb
    assert "severity 12 critical" in str(caught.value.usage)


DRESSED = (
    " /alert list",
    "\u00a0/alert list",
    "\u200b/alert list",
    "\ufeff\t/alert list",
    "/alertlist",
    "/alertslist",
    "/alert, list",
    "/alert:list",
    "/alert-list",
    "/alert12",
    "/alert#12",
    "\uff0falert list",
    "/ alert list",
    "@Alertbot list",
    "@\u2060alertbot: list",
    "alertbot: list",
    "Alertbot, list",
    "alertbot show 12",
    "@alertbot",
)


@pytest.mark.parametrize("text", ["/alert", "/ALERTS", "/Alert list", "/alerts\n12", "/alert\u00a012", *DRESSED])
def test_is_command(text: str) -> None:
    """The slash word is ours in either number and any case."""
    assert is_command(text)
    assert parse(text).verb in {"list", "show"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alert",
        "/alertx",
        "/alertmanager is down",
        "/alerting",
        "/aler",
        "say /alert",
        "//alert",
        "alertbots",
        "my alertbot",
    ],
)
def test_is_no_command(text: str) -> None:
    """Whatever the webhook's pattern does not take is not for us."""
    assert not is_command(text)


@pytest.mark.parametrize("text", ["", "ack 12", "/alertx ack 12"])
def test_no_slash_word(text: str) -> None:
    """A text without our slash word is refused, not obeyed."""
    with pytest.raises(Misread, match="not understood"):
        parse(text)


def spelled_out(form: str) -> set[str]:
    """Give every line that a usage form stands for: each optional part left out and taken, each alternative chosen."""
    optional = re.search(r"\s*\[([^\]]*)\]", form)
    if optional:
        before, after = form[: optional.start()], form[optional.end() :]
        choices = ["", *(f" {choice}" for choice in optional[1].split("|"))]
        return set().union(*(spelled_out(f"{before}{choice}{after}") for choice in choices))
    choice = re.search(r"\S+\|\S+", form)
    if choice:
        return set().union(
            *(spelled_out(f"{form[: choice.start()]}{word}{form[choice.end() :]}") for word in choice[0].split("|"))
        )
    return {form}


@pytest.mark.parametrize("verb", VERBS, ids=[verb.name for verb in VERBS])
def test_table_is_true(verb: Verb) -> None:
    """Every form and example that help prints parses to its verb, under each of its names."""
    lines = {line for form in (*verb.usage, verb.example) for line in spelled_out(form)}

    for line in lines:
        for name in (verb.name, *verb.aliases):
            said = line.replace(verb.name, name, 1)

            assert verb.name == parse(f"/alert {said}").verb, said


def test_names_are_unique() -> None:
    """No two verbs share a name or an alias."""
    names = [name for verb in VERBS for name in (verb.name, *verb.aliases)]

    assert len(set(names)) == len(names)


def test_help_names_every_verb() -> None:
    """Help is about ten lines and names every verb and alias; the help on a verb shows its forms and its example."""
    general = help_text()
    named = {
        name
        for group in re.findall(r"^[A-Z][a-z ]+: (.*)$", general, re.MULTILINE)[:5]
        for name in re.findall(r"\w+", group)
    }

    assert 11 > general.count("\n")
    assert general == help_text("nonsense")
    assert {name for verb in VERBS for name in (verb.name, *verb.aliases)} == named
    for verb in VERBS:
        for name in (verb.name, *verb.aliases):
            text = help_text(name.upper())

            assert all(f"/alert {form}" in text for form in (*verb.usage, verb.example))


@pytest.mark.parametrize("text", ["please make it stop", "akc the thing", "the disk is full"])
def test_a_sentence_is_not_corrected(text: str) -> None:
    """What is no command but a sentence gets examples, not a guess at one of its words."""
    with pytest.raises(Misread) as caught:
        parse(f"/alert {text}")

    assert (NOT_UNDERSTOOD, None) == (caught.value.reason, caught.value.suggestion)
