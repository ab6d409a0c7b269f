"""Candidates: which alert of a room a text names, and the only one that a command without a name may mean."""

from dataclasses import dataclass

from bot.domain import naming, reply
from bot.domain.alert import Alert, State
from bot.domain.command_words import NOT_IN_SEARCH
from bot.storage import search
from bot.storage.engine import Tx

MOST = 200
"""So many alerts are looked at: the newest, and of those that hold a word the newest."""
SHOWN = 10


class Unnamed(Exception):
    """Nobody can tell which alert a text means; `candidates` are those that it may mean, or all that are open."""

    def __init__(self, candidates: list[Alert], *, matching: bool = False) -> None:
        self.candidates = candidates
        self.matching = matching
        super().__init__(reply.WHICH)


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What the text is about: the active alerts of a room, and all that were in it lately."""

    active: search.Query
    everything: search.Query
    closed_since: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The alert that a text means. `matched`: by its words. `alone`: it is the only open one, which needs no name."""

    alert: Alert
    matched: bool
    alone: bool


async def named(tx: Tx, room: Room, name: str, note: str, *, searched: bool) -> Chosen:
    """Return the one active alert whose words a name or a note gives; else the only open one, of which it is a note.

    Raises Unnamed where that may be another alert than the one that was meant. `searched`: the name stands in quotation
    marks, and is no note.
    """
    text = name or note
    opened = await unacked(tx, room.active)
    only = opened[0] if len(opened) == 1 else None
    words = naming.words_of(text)
    matching = await _matching(tx, room.active, words)
    if len(matching) == 1 and not naming.counts(text):
        return Chosen(alert=matching[0], matched=True, alone=only is not None and matching[0].number == only.number)
    whole = f"{name} {note}"
    if only is None or searched or matching or naming.holds_number(whole) or naming.is_vague(text):
        raise Unnamed(matching or opened, matching=bool(matching))
    others = await _others(tx, room, whole.strip(), only)
    if others:
        raise Unnamed([only, *others], matching=True)
    return Chosen(alert=only, matched=False, alone=True)


def _is_sentence(words: tuple[str, ...]) -> bool:
    """Whether all words are those of every sentence."""
    return all(word in NOT_IN_SEARCH for word in words)


async def only_open(tx: Tx, active: search.Query) -> Alert:
    """Return the only unacked alert of a room. Raises Unnamed when there is none or more than one."""
    found = await unacked(tx, active)
    if len(found) == 1:
        return found[0]
    raise Unnamed(found)


async def unacked(tx: Tx, active: search.Query) -> list[Alert]:
    """Return the unacked alerts of a room, the newest few."""
    return await search.find(tx, search.in_states(active, State.OPEN), limit=SHOWN)


async def _matching(tx: Tx, active: search.Query, words: tuple[str, ...]) -> list[Alert]:
    """Return the active alerts of which every word says something, a few of them."""
    if not words or _is_sentence(words):
        return []
    # A label is stored as `service=db` and may be said as `service:db`.
    found = await search.find(tx, search.with_words(active, [word.replace(":", "=") for word in words]), limit=MOST)
    if any(":" in word for word in words):
        found += await search.find(tx, search.with_words(active, words), limit=MOST)
    fitting = {alert.number: alert for alert in found if naming.fits(alert, words)}
    return list(fitting.values())[:SHOWN]


async def _others(tx: Tx, room: Room, text: str, only: Alert) -> list[Alert]:
    """Return the alerts that a text rather names than the only open one, newly closed ones among them."""
    seen = {alert.number: alert for alert in await search.find(tx, room.everything, limit=MOST)}
    newest = max(seen, default=only.number)
    if naming.means_last(text) and newest != only.number:
        return [seen[newest]]
    for word in naming.telling(text):
        found = await search.find(tx, search.with_words(room.active, [word]), limit=MOST)
        seen |= {alert.number: alert for alert in found}
    lately = [alert for alert in seen.values() if alert.active or alert.state_at >= room.closed_since]
    return naming.better(only, lately, text)[: SHOWN - 1]
