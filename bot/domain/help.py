"""Help on `/alert`, printed from the table of verbs: about ten lines on all of them, or more on one."""

from bot.domain.readers import read_alone, read_timed
from bot.domain.readers_time import read_snooze
from bot.domain.verbs import PHRASES, VERBS, Verb

TITLE = "Type /alert VERB [alerts] [arguments] [note], as in: /alert ack 12 2h replacing the disk"
TARGETS = (
    "Alerts: 12 · 12,14 · 14-17 · last · mine · all · service=db · severity<=info · a word of the title. "
    "None given: the only unacked one of this room."
)
TIMES = "Times: 30m · 2h · 1h30m · 2d · half an hour · until 09:00 · until tomorrow · until monday 8am."
NOTES = 'Notes: the rest of the line. Put one that begins with a number into quotes or after "--".'
MORE = "More: /alert help ack, or any other verb."
GROUP = "{}: {}"


def help_text(topic: str = "") -> str:
    """Help as plain text that fits one message: on all verbs, or on one (by any of its names)."""
    spoken = PHRASES.get((topic.strip().lower(),))
    if spoken is None:
        groups = dict.fromkeys(verb.group for verb in VERBS)
        lines = [GROUP.format(group, " · ".join(map(_named, _of(group)))) for group in groups]
        return "\n".join((TITLE, *lines, TARGETS, TIMES, NOTES, MORE))
    verb = spoken.verb
    names = f"{verb.name} (also {', '.join(verb.aliases)})" if verb.aliases else verb.name
    forms = [f"/alert {form}" for form in verb.usage]
    hints = [TARGETS, TIMES, NOTES] if verb.reader in {read_timed, read_snooze} else []
    hints = hints or ([TARGETS, NOTES] if verb.changes and verb.reader is not read_alone else [])
    return "\n".join((f"{names}: {verb.summary}", *forms, f"For example: /alert {verb.example}", *hints))


def _of(group: str) -> list[Verb]:
    return [verb for verb in VERBS if verb.group == group]


def _named(verb: Verb) -> str:
    return f"{verb.name} ({', '.join(verb.aliases)})" if verb.aliases else verb.name
