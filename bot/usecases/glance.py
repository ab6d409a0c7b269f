"""Glance: rooms whose board has changed show it in their sidebar, at most every few seconds, and never before messages."""

from collections.abc import Callable
from typing import Protocol

import structlog

from bot.domain.board import Board
from bot.domain.tenant import Installation, speaker_of
from bot.ports import Dead, Later, Never
from bot.storage import boards, speakers
from bot.storage.boards import Shown
from bot.storage.engine import Storage, Tx, Work

PAUSE = 10_000
"""Milliseconds between two changes of a room's glance."""
KEPT_FOR_MESSAGES = 200
"""So many of an installation's calls in five minutes are left to messages and look-ups."""

log = structlog.get_logger()


class Sidebar(Protocol):
    """Whoever shows boards in rooms, and knows how they look."""

    def written(self, board: Board) -> str:
        """Return a board as it is shown."""
        ...

    def calls_left(self, installation: Installation) -> int:
        """Return how many calls an installation has left for now."""
        ...

    async def show(self, written: str, installation: Installation, room: int) -> None:
        """Show a board in a room, by Hipchat's id. Raises Later, Never, or Dead."""
        ...


async def push_due(storage: Storage, sidebar: Sidebar, clock: Callable[[], int]) -> int:
    """Show the boards that have changed, where that is due; return how many were shown."""
    pushed = 0
    for known, board, installation in await storage.look(_changed(clock(), sidebar)):
        if sidebar.calls_left(installation) <= KEPT_FOR_MESSAGES:
            continue
        now, written = clock(), sidebar.written(board)
        put = _put(known, written, now)
        if not await storage.write(put):
            continue
        try:
            await sidebar.show(written, installation, known.hipchat_id)
        except (Later, Never, Dead) as trouble:
            log.info("glance_not_shown", room=known.room, reason=str(trouble))
            await storage.write(_take_back(known.room, written, trouble, installation))
        else:
            pushed += 1
    return pushed


def _changed(now: int, sidebar: Sidebar) -> Work[list[tuple[Shown, Board, Installation]]]:
    async def work(tx: Tx) -> list[tuple[Shown, Board, Installation]]:
        found = []
        installed: dict[int, list[Installation]] = {}
        for known in await boards.shown(tx):
            if now - PAUSE < known.at <= now:
                continue
            if known.tenant not in installed:
                installed[known.tenant] = await speakers.installations(tx, known.tenant)
            speaker = speaker_of(known.room, installed[known.tenant], [])
            if not isinstance(speaker, Installation) or speaker.no_glance:
                continue
            board = await boards.of_room(tx, known.tenant, known.room)
            if sidebar.written(board) != known.glance:
                found.append((known, board, speaker))
        return found

    return work


def _put(known: Shown, written: str, now: int) -> Work[bool]:
    async def work(tx: Tx) -> bool:
        return await boards.put(tx, known, written, now=now, pause=PAUSE)

    return work


def _take_back(room: int, written: str, trouble: Exception, installation: Installation) -> Work[None]:
    async def work(tx: Tx) -> None:
        await boards.take_back(tx, room, written)
        if isinstance(trouble, Never) and trouble.status == 404:
            # It was installed before the bot had a glance: until it is updated there is none to change.
            await speakers.without_glance(tx, installation.oauth_id)

    return work
