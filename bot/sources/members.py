"""Members: an object from outside, with the objects that wrap its alert, by what its members are read for (member_names.py).

What is not at the top is looked for in the objects that tools wrap alerts in; an end only there, so that `host.state: up` ends
nothing.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from bot.domain.headline import Headline, read_title
from bot.domain.signal import Kind, Link
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources.member_names import (
    FREE_TEXTS,
    ORIGINS,
    SEVERITIES,
    Slot,
    folded,
    says,
    slots_of,
)
from bot.sources.member_values import called, everything, plain
from bot.sources.payload import Fields, text_of
from bot.sources.values import link_to

TRUE = frozenset({"true", "1", "yes"})
FALSE = frozenset({"false", "0", "no"})
FLAGS = TRUE | FALSE
MOST_MEMBERS = 1000
_SAYS = re.compile(r"[^\W\d_]{2}")
CODED = 8
"""So many of the states may be a number."""
RUNBOOK_TEXT = "Runbook"
CODES = {"0": Kind.RESOLVED}
"""A state in numbers, as exit statuses have it."""
TYPES = frozenset(
    {"alert", "alarm", "problem", "error", "warning", "critical", "create", "created", "new", "start", "started"}
)
"""What a message may be, as its type: a state beside it says more."""
CONDITIONS = frozenset(
    {
        *("up", "down", "online", "offline", "healthy", "unhealthy", "available", "unavailable", "reachable"),
        *("unreachable", "passing", "failing"),
    }
)
"""States of a check on something: with them it, and not what is said of it each time, is what the problem is known by."""
RANKED_CONDITIONS = CONDITIONS | {"ok", "crit", "critical", "warn", "warning", "unknown", "degraded"}
"""States of a service on a host."""
HOSTS = frozenset({"host", "hostname", "node", "instance", "device", "server", "machine"})
SUBJECTS = frozenset({"service", "servicename", "sensor", "component", "resource", "resourcename", "probe", "metric"})
"""Folded names of what is checked."""
NAMED = frozenset({"name", "displayname", "label"})
NUMBERED = frozenset({"incident", "problem", "issue", "fault"})
"""Folded names of objects whose id is the problem's, and not the message's."""
CHATTY = frozenset({"text", "Text"})
"""Names beside which an alias is what somebody is called in a chat."""
NORMAL = frozenset({"normal"})
"""A priority that every ticket has, and no end."""
LEVEL = 1000
"""How much worse a member is for each object that it is wrapped in."""
DEEPEST = 3 * LEVEL
_RANK = itemgetter(0)


class Members:
    """An object from outside: its members by what they are read for, the best first."""

    __slots__ = ("_found", "_free", "_headline", "_place", "_severities", "anywhere", "body", "given", "title")

    def __init__(self, given: Fields) -> None:
        self._found: dict[Slot, list[tuple[int, str, Any]]] = {}
        self._headline: Headline | None = None
        self._free = False
        self._place = ""
        self.given = given.values
        self.anywhere = ""
        self._severities: list[str] | None = None
        self._scan(given.values, 0)
        for entries in self._found.values():
            if len(entries) > 1:
                entries.sort(key=_RANK)
        self.body = self._body()
        self.title = self._title()

    @property
    def headline(self) -> Headline:
        """What the title says; a free text is known by the rule, or by what is checked, that it is about."""
        if self._headline is None:
            self._headline = read_title(self.title or self.body)
            free = self._free or not self.title
            rule = self._rule() if self._free else ""
            checked = self._checked() if free and not rule else None
            name = rule or (self._place if checked is None else checked)
            if name or checked is not None:
                self._headline = replace(self._headline, name=name.lower())
        return self._headline

    def _checked(self) -> str | None:
        """Return the name of a check that has a condition, "" where its place tells it; None where there is none."""
        states = {plain(value).lower() for value in self.values(Slot.STATE)}
        where = {folded(name) for _, name, _ in self._found.get(Slot.WHERE, ())}
        if not SUBJECTS.isdisjoint(where) and not HOSTS.isdisjoint(where) and not RANKED_CONDITIONS.isdisjoint(states):
            return ""
        if CONDITIONS.isdisjoint(states):
            return None
        names = (plain(value) for _, name, value in self._found.get(Slot.WEAK_TITLE, ()) if folded(name) in NAMED)
        return next(filter(None, names), None if SUBJECTS.isdisjoint(where) else "")

    def _rule(self) -> str:
        texts = map(plain, self.values(Slot.RULE))
        return next((text for text in texts if text and kind_of(text) is None and text.lower() not in FLAGS), "")

    def _scan(self, values: Mapping[str, Any], depth: int, inside: str = "") -> None:
        found = self._found
        if inside and folded(inside) in NUMBERED and plain(values.get("id")):
            found.setdefault(Slot.KEY, []).append((depth + LEVEL // 2, "id", values["id"]))
        for name, value in values.items():
            if value is None or value == "":
                continue
            for slot, rank in slots_of(name):
                entry = (depth + rank, name, value)
                if slot in found:
                    found[slot].append(entry)
                else:
                    found[slot] = [entry]
        if depth < DEEPEST and Slot.WRAPPER in found:
            inner = [each for each in found[Slot.WRAPPER] if each[0] >= depth and isinstance(each[2], dict)]
            for _, name, value in sorted(inner, key=_RANK):
                self._scan(value, depth + LEVEL, name)

    def values(self, slot: Slot) -> list[Any]:
        """Return what was found, the top before what is wrapped, the best names first."""
        found = self._found.get(slot)
        return [value for _, _, value in found] if found else []

    def entries(self, slot: Slot) -> Sequence[tuple[int, str, Any]]:
        """Return what was found, with how good it is (0 is best) and its name."""
        return self._found.get(slot, ())

    def text(self, slot: Slot) -> str:
        """Return the first that is not empty, as text."""
        for _, _, value in self._found.get(slot, ()):
            text = called(value)
            if text:
                return text
        return ""

    def key(self) -> str:
        """Return the key that the sender gives the problem; "" for none."""
        for _, name, value in self._found.get(Slot.KEY, ()):
            text = called(value)
            if text and not (name.lower() == "alias" and self._chats()):
                return text
        return ""

    def _chats(self) -> bool:
        for slot in (Slot.WEAK_TITLE, Slot.BODY):
            for _, name, _ in self._found.get(slot, ()):
                if name in CHATTY:
                    return True
        return False

    def origin(self) -> str:
        """Return where the alert comes from."""
        for rank, _, value in self._found.get(Slot.WHERE, ()):
            text = called(value) if rank % LEVEL < ORIGINS else ""
            if text:
                return text
        return ""

    def _body(self) -> str:
        for _, _, value in self._found.get(Slot.BODY, ()):
            if isinstance(value, str) and (text := value.strip()):
                return text
        return ""

    def _title(self) -> str:
        title = self.text(Slot.TITLE)
        if title:
            return title
        for rank, _, value in self._found.get(Slot.WEAK_TITLE, ()):
            text = plain(value)
            free = rank % LEVEL < FREE_TEXTS
            if text and (free or not (text.lower() in FLAGS or (" " not in text and kind_of(text) is not None))):
                self._free = free
                return text
        return "" if self.body or Slot.LIST in self._found else self._deep_title() or self._placed()

    def _deep_title(self) -> str:
        """Return the first text that stands anywhere where a title might, for a message that has none where one is looked for."""
        texts = (
            text
            for names, value in itertools.islice(everything(self.given), MOST_MEMBERS)
            if names and says(names[-1]) and _SAYS.search(text := plain(value)) and kind_of(text) is None
        )
        self.anywhere = next(texts, "")
        return self.anywhere

    def _placed(self) -> str:
        """Return where something is, and how, for a message that says no more than that."""
        state = next((word for value in self.values(Slot.STATE) if kind_of(word := plain(value)) is not None), "")
        place = self.text(Slot.WHERE) if state else ""
        self._place, self._free = place, bool(place)
        return f"{place}: {state}" if place else ""

    def kind(self) -> Kind:
        """Return what became of the problem: by its state, else by a flag, by a severity that is an end, by its title."""
        for rank, _, value in self._found.get(Slot.STATE, ()):
            stated = rank % LEVEL < CODED
            word = called(value) if stated else plain(value)
            found = kind_of(word) or (CODES.get(word) if stated else None)
            if found is not None and (stated or word.lower() not in TYPES):
                return found
        for slot, end in ((Slot.OVER, TRUE), (Slot.THERE, FALSE)):
            if slot in self._found and any(plain(value).lower() in end for value in self.values(slot)):
                return Kind.RESOLVED
        if any(word.lower() not in NORMAL and _ends(word) for word in self.severities()):
            return Kind.RESOLVED
        return self.headline.kind or Kind.FIRING

    def severity(self) -> str:
        """Return the first word that is a severity, else the title's or the state's, else what stands where one should."""
        words = self.severities()
        for word in words:
            if severity_of(word) is not None:
                return word
        if self.headline.severity is not None:
            return self.headline.severity.word
        for value in self.values(Slot.STATE):
            word = plain(value)
            if severity_of(word) is not None:
                return word
        return next((word for word in words if kind_of(word) is None), "")

    def severities(self) -> list[str]:
        """Return the words that stand where a severity should."""
        if self._severities is not None:
            return self._severities
        words = [word for value in self.values(Slot.SEVERITY) if (word := called(value))]
        if self.anywhere and not words:
            words = [
                plain(value)
                for names, value in itertools.islice(everything(self.given), MOST_MEMBERS)
                if names and any(slot is Slot.SEVERITY for slot, _ in slots_of(names[-1]))
            ]
        if not words and Slot.RANKED in self._found:
            for inside in self.values(Slot.RANKED):
                if isinstance(inside, dict):
                    words += [called(value) for name, value in inside.items() if folded(name) in SEVERITIES[:3]]
        self._severities = list(filter(None, words))
        return self._severities

    def labels(self) -> dict[str, str]:
        """Return labels, tags and details."""
        found: dict[str, str] = {}
        for _, _, value in self._found.get(Slot.LABELS, ()):
            if isinstance(value, list):
                found.update({text: text for tag in value if (text := plain(tag))})
            elif isinstance(value, dict):
                found.update({name: text for name, of in value.items() if name and (text := called(of))})
        return found

    def links(self) -> list[Link | None]:
        """Return what may be opened."""
        given = self._found
        found: list[Link | None] = []
        for _, _, value in given.get(Slot.LINKS, ()):
            found += map(_link, value) if isinstance(value, list) else ()
        for slot, text in ((Slot.LINK, ""), (Slot.RUNBOOK, RUNBOOK_TEXT)):
            if slot in given:
                found += [link_to(value, text) for _, _, value in given[slot] if isinstance(value, str)]
        return found


def _ends(word: str) -> bool:
    return severity_of(word) is None and kind_of(word) is Kind.RESOLVED


def _link(value: object) -> Link | None:
    link = Fields(value if isinstance(value, dict) else {"href": text_of(value)})
    return link_to(link.text("href", "url"), link.text("text", "title"))
