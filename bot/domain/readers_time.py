"""What follows the verbs that need a time: `snooze 12 30m`, `snooze 12 until tomorrow`."""

from bot.domain import spans
from bot.domain.line import Command, Line
from bot.domain.readers import read_timed
from bot.domain.words import Misread, shown

NO_TIME = 'Until when? Write for example "{0} 12 30m" or "{0} 12 until 09:00".'


def read_snooze(line: Line) -> Command:
    """Read targets and a time in either order, then a note; raises `Misread` without a time."""
    command = read_timed(line)
    if command.duration is not None or command.until is not None:
        return command
    raise Misread(NO_TIME.format(line.verb), suggestion=_with_until(line, command.note))


def _with_until(line: Line, note: str) -> str | None:
    """Give the line with `until` put in, where the note begins with a moment: `snooze 12 tomorrow`."""
    before, found, _ = line.words.line.rpartition(note) if note else ("", "", "")
    first = note.split(maxsplit=1)[0].lower() if found else ""
    if not (first in spans.DAYS or spans.at_clock(first)):
        return None
    return shown(f"{before.strip()} until {note}")
