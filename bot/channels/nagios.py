"""Nagios by its command file: lines into a named pipe (alert-sources.md 2.2). Nagios gives no answer."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence

from bot.channels.external import told
from bot.domain.channel import Channel, Parcel
from bot.ports import Later, Never, Receipt

WHOLE = 4096
"""Bytes that a pipe takes as one (PIPE_BUF of Linux), so that lines of others do not get between."""

NOT_ALLOWED = "the file {path} is not one of NAGIOS_COMMAND_FILES"
NO_PIPE = "{path} is no named pipe"
NOT_THERE = "{path} is not there: Nagios does not run, or takes no external commands"
NO_READER = "nobody reads {path}: Nagios does not run"
FULL = "{path} is full: Nagios does not read it"
NO_WAY = "{path} cannot be written to ({reason})"


class Nagios:
    """Writes commands and results. Only these files are ever opened: a room's admin names one of them, no other."""

    def __init__(self, command_files: Sequence[str]) -> None:
        self._command_files = frozenset(command_files)

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Write what a change means, in one piece."""
        path = to.settings["command_file"]
        if path not in self._command_files:
            raise Never(NOT_ALLOWED.format(path=path))
        said = told(parcel, to)
        lines = [*said.commands, *([said.result.command] if said.result else [])]
        if lines:
            write(path, "".join(f"[{parcel.at // 1000}] {each}\n" for each in lines).encode("utf-8", "replace"))
        return Receipt(status=202 if lines else 204, detail=said.reference)


def write(path: str, lines: bytes) -> None:
    """Write lines into a pipe without ever waiting: all of them, or none. Raises Later or Never."""
    assert len(lines) <= WHOLE
    try:
        with _opened(path) as pipe:
            if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
                raise Never(NO_PIPE.format(path=path))
            os.write(pipe, lines)
    except FileNotFoundError:
        raise Later(NOT_THERE.format(path=path)) from None
    except BlockingIOError:
        raise Later(FULL.format(path=path)) from None
    except BrokenPipeError:
        raise Later(NO_READER.format(path=path)) from None
    except OSError as error:
        words = NO_READER if error.errno == errno.ENXIO else NO_WAY
        raise Later(words.format(path=path, reason=error.strerror)) from None


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    try:
        yield pipe
    finally:
        os.close(pipe)
