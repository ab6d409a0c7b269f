"""Errand: what the first line of a reply asks for: a verb of the room's grammar about the one alert of the mail, else a note."""

from dataclasses import dataclass, replace

from bot.domain.alert import Action
from bot.domain.commands import Command, is_command, parse
from bot.domain.targets import Targets
from bot.domain.verbs import NAMES
from bot.domain.words import Misread, Words, shown

NOTE_LIMIT = 4000
OTHER = "kept as a note, since this mail is about #{number} only"
KEPT = 'kept as a note, since "{line}" is not understood: {reason}'
VERBS = frozenset(action.value for action in Action) & NAMES.keys()


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What to do. `why` tells why a line that begins like a command is a note."""

    command: Command
    why: str = ""


def read(text: str, number: int) -> Errand | None:
    """Read what somebody wrote above the quote; None when there is nothing.

    What is no command about this alert is a note: with all its lines, since people write in sentences.
    """
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    if not first:
        return None
    about = Targets(ranges=((number, number),))
    note = Command(verb=Action.NOTE.value, targets=about, note=text.strip()[:NOTE_LIMIT])
    line = first.split(maxsplit=1)[1] if is_command(first) and " " in first else first
    word = Words(line).low()
    if word not in NAMES or NAMES[word].name not in VERBS:
        return Errand(command=note)
    try:
        command = parse(f"/alert {line}")
    except Misread as misread:
        sentence = len(word) == 1 and misread.verb is not None and not Words(line).low(1)[:1].isdigit()
        return Errand(command=note, why="" if sentence else KEPT.format(line=shown(line, 60), reason=misread.reason))
    if command.targets.text:
        # `close disk replaced`: there is one alert only, so that a word of its is a word of the note.
        said = " ".join(filter(None, (command.targets.text, command.note)))
        command = replace(command, targets=Targets(), note=said)
    if command.targets.given and command.targets != about:
        return Errand(command=note, why=OTHER.format(number=number))
    # "A disk is broken" is a sentence, "a 2h" is not.
    prose = len(word) == 1 and command.note and command.verb != note.verb
    if prose or command.verb not in VERBS:
        return Errand(command=note)
    if command.verb == note.verb:
        more = text.strip()[len(first) :]
        command = replace(command, targets=about, note=f"{command.note}{more}"[:NOTE_LIMIT])
    return Errand(command=command)
