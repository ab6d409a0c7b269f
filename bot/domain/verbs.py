"""The one table of `/alert` verbs and of the words that people use for them (product.md 5); help.py prints it.

A new verb is a row of VERBS, and a reader in readers.py unless one of those fits. A new word for a verb is a word in its row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bot.domain.command_words import POLITE
from bot.domain.line import Command, Line
from bot.domain.readers import (
    read_alone,
    read_assign,
    read_change,
    read_close,
    read_list,
    read_one,
    read_refusal,
    read_severity,
    read_show,
    read_text,
    read_timed,
)
from bot.domain.readers_memory import read_create, read_handover, read_stats
from bot.domain.readers_shift import read_cover, read_page, read_schedule, read_uncover
from bot.domain.readers_silence import read_silence, read_unsilence
from bot.domain.readers_time import read_snooze
from bot.domain.spelling import nearest
from bot.domain.words import Misread, shown

LIST_USAGE = (
    'list [open|acked|snoozed|closed|all] [mine|unassigned|@name] [severity>=error] [label=value] ["text"] [page 2]'
)
NO_TOPIC = 'There is no help on "{}".'

NOW, LATER, PEOPLE, BACK, MORE = "Now", "Later", "People", "Look back", "Also"
"""What verbs are for; help is grouped by it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verb:
    """A verb of `/alert`: what it is called, how it is written, what it does in a few words, and who reads it.

    `aliases` are shown beside the name. `also` is what else people say for it, `regular` are verbs that are understood in
    all their forms (`acked`, `acking`). In `usage`, brackets hold what may be left out and `|` parts alternatives.
    `changes` tells verbs that change alerts.
    """

    name: str
    group: str
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    regular: tuple[str, ...] = ()
    usage: tuple[str, ...]
    summary: str
    example: str
    reader: Callable[[Line], Command]
    changes: bool = True


def read_help(line: Line) -> Command:
    """Read a verb to explain, by any of its names; raises `Misread` for another word."""
    word = line.words.peek()
    if word is None or line.words.low() in POLITE:
        return Command(verb="help")
    low = line.words.low().strip("/")
    spoken = PHRASES.get((low,))
    if spoken is None:
        meant = nearest(low, NAMES)
        suggestion = f"help {meant}" if meant else None
        raise Misread(NO_TOPIC.format(shown(word.text, 40)), suggestion=suggestion)
    return Command(verb="help", topic=spoken.verb.name)


VERBS: tuple[Verb, ...] = (
    Verb(
        name="list",
        group=NOW,
        aliases=("ls",),
        also=(
            "status",
            "count",
            "counts",
            "find",
            "search",
            "overview",
            "how many",
            "what are",
            "which are",
            "which",
            "tell me",
        ),
        regular=("list",),
        usage=(LIST_USAGE,),
        summary="the alerts of this room, the active ones unless you say otherwise",
        example='list open severity>=error service=db "disk full"',
        reader=read_list,
        changes=False,
    ),
    Verb(
        name="show",
        group=NOW,
        also=(
            "details",
            "detail",
            "info",
            "look",
            "look at",
            "see",
            "view",
            "display",
            "what is",
            "what's",
            "whats",
            "what about",
            "tell me about",
        ),
        regular=("show", "describe"),
        usage=("show 12", "show last"),
        summary="one alert with all that is known about it",
        example="show 12",
        reader=read_show,
        changes=False,
    ),
    Verb(
        name="ack",
        group=NOW,
        aliases=("a", "ok"),
        also=("ack'd",),
        regular=("ack", "acknowledge"),
        usage=("ack 12 14-17 [2h] [note]", "ack 12 [until 09:00] [note]", "ack [last|mine|all|service=db]"),
        summary="I work on it; until then, if you give a time",
        example="ack 12 14-17 2h replacing the disk",
        reader=read_timed,
    ),
    Verb(
        name="unack",
        group=NOW,
        also=("nack", "deack", "un-ack"),
        regular=("unack", "unacknowledge"),
        usage=("unack 12 [note]",),
        summary="nobody works on it any more: open again",
        example="unack 12",
        reader=read_change,
    ),
    Verb(
        name="close",
        group=NOW,
        aliases=("c", "resolve", "done"),
        also=("fixed", "solved"),
        regular=("close", "resolve"),
        usage=("close 12 [fixed|noise|dupe 9] [text]",),
        summary="it is over, and why",
        example="close 12 fixed new disk is in",
        reader=read_close,
    ),
    Verb(
        name="reopen",
        group=NOW,
        also=("re-open", "unclose", "unresolve", "unfix"),
        regular=("reopen",),
        usage=("reopen 12 [note]",),
        summary="it was closed and is not over",
        example="reopen 12 still failing",
        reader=read_change,
    ),
    Verb(
        name="assign",
        group=PEOPLE,
        aliases=("give",),
        also=("reassign", "re-assign", "gave", "given"),
        regular=("assign", "delegate"),
        usage=("assign 12 @name [note]", "assign @name 12 14", "assign 12 me"),
        summary="make somebody its owner and tell them",
        example="assign 12 @dana you know that machine",
        reader=read_assign,
    ),
    Verb(
        name="own",
        group=NOW,
        aliases=("mine", "take"),
        also=("got", "takes", "taking", "taken", "took", "on", "grab", "working on"),
        regular=("own", "claim"),
        usage=("own 12 [2h] [note]",),
        summary="assign it to me and ack it",
        example="own 12",
        reader=read_timed,
    ),
    Verb(
        name="unassign",
        group=PEOPLE,
        also=("unown", "disown", "deassign", "unclaim", "release"),
        regular=("unassign",),
        usage=("unassign 12 [note]",),
        summary="take its owner away",
        example="unassign 12",
        reader=read_change,
    ),
    Verb(
        name="snooze",
        group=LATER,
        aliases=("later",),
        regular=("snooze", "postpone", "defer", "delay"),
        usage=("snooze 12 30m [note]", "snooze 12 14-17 until 09:00 [note]", "snooze 12 until tomorrow [note]"),
        summary="leave it alone until then; it comes back earlier when it gets worse",
        example="snooze 12 until tomorrow waiting for the new disk",
        reader=read_snooze,
    ),
    Verb(
        name="wake",
        group=LATER,
        also=("unsnooze", "awake", "woke", "woken", "wake up"),
        usage=("wake 12 [note]",),
        summary="its snooze is over: open again",
        example="wake 12",
        reader=read_change,
    ),
    Verb(
        name="note",
        group=NOW,
        aliases=("n",),
        also=("add note", "add a note", "add comment", "add a comment", "comment on"),
        regular=("note", "comment", "annotate"),
        usage=("note 12 text to the end of the line",),
        summary="write something into its history",
        example="note 12 only 2 of 5 disks are affected",
        reader=read_text,
    ),
    Verb(
        name="severity",
        group=NOW,
        also=("priority", "prio", "sev", "set severity", "set priority", "set severity of", "set priority of"),
        usage=("severity 12 critical|error|warning|info", "severity critical 12"),
        summary="make it more or less severe",
        example="severity 12 critical",
        reader=read_severity,
    ),
    Verb(
        name="silence",
        group=LATER,
        aliases=("mute", "maintenance"),
        usage=(
            "silence service=db severity<=warning 2h [text]",
            "silence web 2h [text]",
            'silence host=~"web.*" until 09:00 [text]',
            "silence all 30m",
            "silence S3 2h",
        ),
        summary="hear nothing of such alerts for a while; first it says what that hides",
        example="silence service=db severity<=warning 2h moving the database",
        reader=read_silence,
    ),
    Verb(
        name="silences",
        group=LATER,
        usage=("silences",),
        summary="the silences of this room, and how much each has hidden",
        example="silences",
        reader=read_alone,
        changes=False,
    ),
    Verb(
        name="unsilence",
        group=LATER,
        aliases=("unmute",),
        usage=("unsilence S3 [text]", "unsilence all"),
        summary="end a silence, and hear what waited",
        example="unsilence S3",
        reader=read_unsilence,
    ),
    Verb(
        name="history",
        group=BACK,
        also=("log", "timeline"),
        usage=("history 12",),
        summary="who did what with it, and when",
        example="history 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="oncall",
        group=PEOPLE,
        aliases=("whoisoncall",),
        usage=("oncall", "oncall ops", "oncall ops next week"),
        summary="who is on call, until when, and who is next",
        example="oncall",
        reader=read_schedule,
        changes=False,
    ),
    Verb(
        name="cover",
        group=PEOPLE,
        aliases=("override",),
        usage=("cover ops 60m", "cover ops until 09:00"),
        summary="I am on call from now until then",
        example="cover ops 60m",
        reader=read_cover,
    ),
    Verb(
        name="uncover",
        group=PEOPLE,
        usage=("uncover", "uncover ops"),
        summary="end my cover",
        example="uncover ops",
        reader=read_uncover,
    ),
    Verb(
        name="page",
        group=PEOPLE,
        usage=("page @name text", "page ops text", "page on-call text"),
        summary="ring somebody, or whoever is on call",
        example="page @dana the site is down",
        reader=read_page,
    ),
    Verb(
        name="create",
        group=NOW,
        usage=('create critical "text"', "create text"),
        summary="an alert of your own",
        example='create critical "mail is down"',
        reader=read_create,
    ),
    Verb(
        name="why",
        group=BACK,
        usage=("why 12",),
        summary="what led to it: its route, its key, its silences, every message about it",
        example="why 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="like",
        group=BACK,
        also=("similar", "similar to"),
        usage=("like 12",),
        summary="earlier ones like it, who closed them and how",
        example="like 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="stats",
        group=BACK,
        also=("statistics",),
        usage=("stats", "stats 7d"),
        summary="how many there were, how fast they were acked and closed, what was loudest",
        example="stats 7d",
        reader=read_stats,
        changes=False,
    ),
    Verb(
        name="handover",
        group=PEOPLE,
        also=("hand over", "handoff"),
        usage=("handover", "handover @name"),
        summary="the open work for the next person; with a name, what is mine becomes theirs",
        example="handover @dana",
        reader=read_handover,
    ),
    Verb(
        name="story",
        group=BACK,
        also=("postmortem", "post-mortem", "post mortem"),
        usage=("story 12",),
        summary="its post-mortem, in Markdown",
        example="story 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="undo",
        group=BACK,
        also=("revert", "take back"),
        usage=("undo",),
        summary="take back my last change in this room, within 5 minutes",
        example="undo",
        reader=read_alone,
    ),
    Verb(
        name="yes",
        group=NOW,
        also=("y", "yep", "yeah", "do it", "go ahead"),
        usage=("yes",),
        summary="do what you asked me about",
        example="yes",
        reader=read_alone,
    ),
    Verb(
        name="no",
        group=NOW,
        also=("nope", "cancel", "never mind", "nevermind"),
        usage=("no",),
        summary="leave it",
        example="no",
        reader=read_refusal,
        changes=False,
    ),
    Verb(
        name="test",
        group=MORE,
        usage=("test",),
        summary="send a test alert through the whole path",
        example="test",
        reader=read_alone,
    ),
    Verb(
        name="help",
        group=MORE,
        also=("?", "-h", "--help", "-help", "h", "man", "commands", "usage", "help me", "help with", "help on", "how"),
        usage=("help", "help ack"),
        summary="this text, or more about one verb",
        example="help ack",
        reader=read_help,
        changes=False,
    ),
)

NAMES: dict[str, Verb] = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}
"""Each verb under its name and its aliases."""


class Spoken(NamedTuple):
    """A verb as it is said.

    `told`: a form such as `closed`, which also tells what somebody did. `loose`: no name of its own, so that a sentence may
    begin with it; what follows has to name an alert.
    """

    verb: Verb
    told: bool = False
    loose: bool = False


def forms(regular: str) -> tuple[str, ...]:
    """Give the forms of a regular verb: of `close` `closes`, `closed` and `closing`."""
    stem = regular.removesuffix("e")
    return f"{regular}s", f"{stem}ed", f"{stem}ing"


def _phrases() -> dict[tuple[str, ...], Spoken]:
    """Gather all that is said for a verb; its own names win over words and forms of others."""
    said: dict[tuple[str, ...], Spoken] = {(name,): Spoken(verb, loose=len(name) == 1) for name, verb in NAMES.items()}
    for verb in VERBS:
        for regular in verb.regular:
            said.setdefault((regular,), Spoken(verb))
        for phrase in verb.also:
            said.setdefault(tuple(phrase.split()), Spoken(verb, loose=True))
    for verb in VERBS:
        for form in (form for regular in verb.regular for form in forms(regular)):
            said.setdefault((form,), Spoken(verb, told=True, loose=True))
    return said


PHRASES = _phrases()
"""Everything that is said for a verb, as its words in lower case."""
