"""What follows the verbs that need a time: `snooze 12 30m`, `snooze 12 until tomorrow`."""

from bot.domain.line import Command, Line
from bot.domain.readers import read_timed
from bot.domain.words import Misread

NO_TIME = 'Until when? Write for example "{0} 12 30m" or "{0} 12 until 09:00".'


def read_snooze(line: Line) -> Command:
    """Read targets and a time in either order, then a note; raises `Misread` without a time."""
    command = read_timed(line, needed=True)
    if command.duration is not None or command.until is not None:
        return command
    raise Misread(NO_TIME.format(line.verb))
