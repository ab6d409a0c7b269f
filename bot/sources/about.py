"""What a problem is about, so that problems of one name are told apart where their sender gives no key."""

import itertools
import re

from bot.sources.member_names import TITLES, WHERE, Slot, folded, is_other, numbers, places
from bot.sources.member_values import called, everything, plain
from bot.sources.members import MOST_MEMBERS, Members

PHRASES = frozenset(TITLES[:4])
"""Titles that may change while the problem lasts."""
_HOST = re.compile(r"[a-z]{2,10}://(?:[^/?#@\s]*@)?([^/?#\s]+)", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?")


def about(members: Members) -> dict[str, str]:
    """Return what the problem is about, wherever in the message it stands, by folded names."""
    found: dict[str, str] = {}
    for names, value in itertools.islice(everything(members.given), MOST_MEMBERS):
        if names and places(names[-1]) and not any(map(is_other, names)):
            _add(found, names[-1], plain(value))
    for _, name, value in reversed(members.entries(Slot.WHERE)):
        if places(name) and (text := called(value)):
            _add(found, name, text, instead=True)
    for _, name, value in members.entries(Slot.TITLE):
        if folded(name) not in PHRASES and (text := plain(value)) and text != members.title:
            _add(found, name, text)
    return found or _told_apart(members)


def _add(found: dict[str, str], name: str, text: str, *, instead: bool = False) -> None:
    if not text or (_NUMBER.fullmatch(text) and not (numbers(name) or folded(name) in WHERE)):
        return
    known = folded(name)
    found[known] = text if instead or known not in found else f"{found[known]}, {text}"


def _told_apart(members: Members) -> dict[str, str]:
    """Return what tells a problem from another where no place does: an address's host, and what is said, if no end can come."""
    if hosts := sorted({host for value in members.values(Slot.LINK) if (host := _host(plain(value)))}):
        return {"site": hosts[0]}
    stated = any(members.entries(slot) for slot in (Slot.STATE, Slot.OVER, Slot.THERE, Slot.LABELS))
    said = members.body if not stated and members.headline.kind is None and members.body != members.title else ""
    return {"said": said} if said else {}


def _host(address: str) -> str:
    """Return the host of an address."""
    found = _HOST.match(address)
    return found[1].lower() if found else ""
