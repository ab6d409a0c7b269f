"""The one table of `/alert` verbs (product.md 5); help is printed from it.

A new verb is a row of VERBS, and a reader in readers.py unless one of those fits.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.line import Command, Line
from bot.domain.readers import (
    POLITE,
    read_alone,
    read_assign,
    read_change,
    read_close,
    read_list,
    read_one,
    read_refusal,
    read_severity,
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

HELP_TITLE = "Type /alert VERB [alerts] [arguments] [note]"
HELP_TARGETS = (
    "Alerts: 12 · 12,14 · 14-17 · last · mine · all · service=db · severity<=info. "
    "None given: the only unacked one of this room."
)
HELP_TIMES = "Times: 30m · 2h · 1h30m · 2d · until 09:00 · until tomorrow."
HELP_NOTES = 'Notes: the rest of the line. Put one that begins with a number into quotes or after "--".'
HELP_MORE = "More: /alert help ack, or any other verb."


@dataclass(frozen=True, kw_only=True, slots=True)
class Verb:
    """A verb of `/alert`: what it is called, how it is written, what it does in a few words, and who reads it.

    In `usage`, brackets hold what may be left out and `|` parts alternatives. `changes` tells verbs that change alerts.
    """

    name: str
    aliases: tuple[str, ...] = ()
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
    verb = NAMES.get(line.words.low())
    if verb is None:
        meant = nearest(line.words.low(), NAMES)
        suggestion = f"help {meant}" if meant else None
        raise Misread(NO_TOPIC.format(shown(word.text, 40)), suggestion=suggestion)
    return Command(verb="help", topic=verb.name)


VERBS: tuple[Verb, ...] = (
    Verb(
        name="list",
        aliases=("ls",),
        usage=(LIST_USAGE,),
        summary="the alerts of this room, the active ones unless you say otherwise",
        example='list open severity>=error service=db "disk full"',
        reader=read_list,
        changes=False,
    ),
    Verb(
        name="show",
        usage=("show 12", "show last"),
        summary="one alert with all that is known about it",
        example="show 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="ack",
        aliases=("a", "ok"),
        usage=("ack 12 14-17 [2h] [note]", "ack 12 [until 09:00] [note]", "ack [last|mine|all|service=db]"),
        summary="I work on it; until then, if you give a time",
        example="ack 12 14-17 2h replacing the disk",
        reader=read_timed,
    ),
    Verb(
        name="unack",
        usage=("unack 12 [note]",),
        summary="nobody works on it any more: open again",
        example="unack 12",
        reader=read_change,
    ),
    Verb(
        name="close",
        aliases=("c", "resolve", "done"),
        usage=("close 12 [fixed|noise|dupe 9] [text]",),
        summary="it is over, and why",
        example="close 12 fixed new disk is in",
        reader=read_close,
    ),
    Verb(
        name="reopen",
        usage=("reopen 12 [note]",),
        summary="it was closed and is not over",
        example="reopen 12 still failing",
        reader=read_change,
    ),
    Verb(
        name="assign",
        aliases=("give",),
        usage=("assign 12 @name [note]", "assign @name 12 14", "assign 12 me"),
        summary="make somebody its owner and tell them",
        example="assign 12 @dana you know that machine",
        reader=read_assign,
    ),
    Verb(
        name="own",
        aliases=("mine", "take"),
        usage=("own 12 [2h] [note]",),
        summary="assign it to me and ack it",
        example="own 12",
        reader=read_timed,
    ),
    Verb(
        name="unassign",
        usage=("unassign 12 [note]",),
        summary="take its owner away",
        example="unassign 12",
        reader=read_change,
    ),
    Verb(
        name="snooze",
        aliases=("later",),
        usage=("snooze 12 30m [note]", "snooze 12 14-17 until 09:00 [note]", "snooze 12 until tomorrow [note]"),
        summary="leave it alone until then; it comes back earlier when it gets worse",
        example="snooze 12 until tomorrow waiting for the new disk",
        reader=read_snooze,
    ),
    Verb(
        name="wake",
        usage=("wake 12 [note]",),
        summary="its snooze is over: open again",
        example="wake 12",
        reader=read_change,
    ),
    Verb(
        name="note",
        aliases=("n",),
        usage=("note 12 text to the end of the line",),
        summary="write something into its history",
        example="note 12 only 2 of 5 disks are affected",
        reader=read_text,
    ),
    Verb(
        name="severity",
        usage=("severity 12 critical|error|warning|info", "severity critical 12"),
        summary="make it more or less severe",
        example="severity 12 critical",
        reader=read_severity,
    ),
    Verb(
        name="silence",
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
        usage=("silences",),
        summary="the silences of this room, and how much each has hidden",
        example="silences",
        reader=read_alone,
        changes=False,
    ),
    Verb(
        name="unsilence",
        aliases=("unmute",),
        usage=("unsilence S3 [text]", "unsilence all"),
        summary="end a silence, and hear what waited",
        example="unsilence S3",
        reader=read_unsilence,
    ),
    Verb(
        name="history",
        usage=("history 12",),
        summary="who did what with it, and when",
        example="history 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="oncall",
        aliases=("whoisoncall",),
        usage=("oncall", "oncall ops", "oncall ops next week"),
        summary="who is on call, until when, and who is next",
        example="oncall",
        reader=read_schedule,
        changes=False,
    ),
    Verb(
        name="cover",
        aliases=("override",),
        usage=("cover ops 60m", "cover ops until 09:00"),
        summary="I am on call from now until then",
        example="cover ops 60m",
        reader=read_cover,
    ),
    Verb(
        name="uncover",
        usage=("uncover", "uncover ops"),
        summary="end my cover",
        example="uncover ops",
        reader=read_uncover,
    ),
    Verb(
        name="page",
        usage=("page @name text", "page ops text", "page on-call text"),
        summary="ring somebody, or whoever is on call",
        example="page @dana the site is down",
        reader=read_page,
    ),
    Verb(
        name="create",
        usage=('create critical "text"', "create text"),
        summary="an alert of your own",
        example='create critical "mail is down"',
        reader=read_create,
    ),
    Verb(
        name="why",
        usage=("why 12",),
        summary="what led to it: its route, its key, its silences, every message about it",
        example="why 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="like",
        usage=("like 12",),
        summary="earlier ones like it, who closed them and how",
        example="like 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="stats",
        usage=("stats", "stats 7d"),
        summary="how many there were, how fast they were acked and closed, what was loudest",
        example="stats 7d",
        reader=read_stats,
        changes=False,
    ),
    Verb(
        name="handover",
        usage=("handover", "handover @name"),
        summary="the open work for the next person; with a name, what is mine becomes theirs",
        example="handover @dana",
        reader=read_handover,
    ),
    Verb(
        name="story",
        usage=("story 12",),
        summary="its post-mortem, in Markdown",
        example="story 12",
        reader=read_one,
        changes=False,
    ),
    Verb(
        name="undo",
        usage=("undo",),
        summary="take back my last change in this room, within 5 minutes",
        example="undo",
        reader=read_alone,
    ),
    Verb(
        name="yes",
        usage=("yes",),
        summary="do what you asked me about",
        example="yes",
        reader=read_alone,
    ),
    Verb(
        name="no",
        usage=("no",),
        summary="leave it",
        example="no",
        reader=read_refusal,
        changes=False,
    ),
    Verb(
        name="test",
        usage=("test",),
        summary="send a test alert through the whole path",
        example="test",
        reader=read_alone,
    ),
    Verb(
        name="help",
        usage=("help", "help ack"),
        summary="this text, or more about one verb",
        example="help ack",
        reader=read_help,
        changes=False,
    ),
)

NAMES: dict[str, Verb] = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}
"""Each verb under its name and its aliases."""


def help_text(topic: str = "") -> str:
    """Help as plain text that fits one message: on all verbs, or on one (by any of its names)."""
    verb = NAMES.get(topic.strip().lower())
    if verb is None:
        lines = [f"{', '.join((each.name, *each.aliases))}: {each.summary}" for each in VERBS]
        return "\n".join((HELP_TITLE, *lines, HELP_TARGETS, HELP_TIMES, HELP_NOTES, HELP_MORE))
    names = f"{verb.name} (also {', '.join(verb.aliases)})" if verb.aliases else verb.name
    forms = [f"/alert {form}" for form in verb.usage]
    hints = [HELP_TARGETS, HELP_TIMES, HELP_NOTES] if verb.reader in {read_timed, read_snooze} else []
    hints = hints or ([HELP_TARGETS, HELP_NOTES] if verb.changes and verb.reader is not read_alone else [])
    return "\n".join((f"{names}: {verb.summary}", *forms, f"For example: /alert {verb.example}", *hints))
