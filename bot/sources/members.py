"""Members: an object from outside, with the objects that wrap its alert, by what its members are read for (member_names.py).

What is not at the top is looked for in the objects that tools wrap alerts in; an end only there, so that `host.state: up` ends
nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Any

from bot.domain.headline import Headline, read_title
from bot.domain.signal import Kind, Link
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources.member_names import FREE_TEXTS, NAMES, ORIGINS, SEVERITIES, Slot, folded, slots_of
from bot.sources.payload import Fields, text_of
from bot.sources.values import link_to

TRUE = frozenset({"true", "1", "yes"})
FALSE = frozenset({"false", "0", "no"})
FLAGS = TRUE | FALSE
CODED = 8
"""So many of the states may be a number."""
RUNBOOK_TEXT = "Runbook"
CODES = {"0": Kind.RESOLVED}
"""A state in numbers, as exit statuses have it."""
NORMAL = frozenset({"normal"})
"""A priority that every ticket has, and no end."""
LEVEL = 1000
"""How much worse a member is for each object that it is wrapped in."""
DEEPEST = 3 * LEVEL
_RANK = itemgetter(0)


class Members:
    """An object from outside: its members by what they are read for, the best first."""

    __slots__ = ("_found", "_free", "_headline", "_severities", "body", "title")

    def __init__(self, given: Fields) -> None:
        self._found: dict[Slot, list[tuple[int, str, Any]]] = {}
        self._headline: Headline | None = None
        self._free = False
        self._severities: list[str] | None = None
        self._scan(given.values, 0)
        for entries in self._found.values():
            if len(entries) > 1:
                entries.sort(key=_RANK)
        self.title = self._title()
        self.body = self._body()

    @property
    def headline(self) -> Headline:
        """What the title says; a free text is known by the rule that it is about."""
        if self._headline is None:
            self._headline = read_title(self.title or self.body)
            rule = self._rule() if self._free else ""
            if rule:
                self._headline = replace(self._headline, name=rule.lower())
        return self._headline

    def _rule(self) -> str:
        texts = map(_plain, self.values(Slot.RULE))
        return next((text for text in texts if text and kind_of(text) is None and text.lower() not in FLAGS), "")

    def _scan(self, values: Mapping[str, Any], depth: int) -> None:
        found = self._found
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
            inside = [each for each in found[Slot.WRAPPER] if each[0] >= depth and isinstance(each[2], dict)]
            for _, _, value in sorted(inside, key=_RANK):
                self._scan(value, depth + LEVEL)

    def values(self, slot: Slot) -> list[Any]:
        """Return what was found, the top before what is wrapped, the best names first."""
        found = self._found.get(slot)
        return [value for _, _, value in found] if found else []

    def text(self, slot: Slot) -> str:
        """Return the first that is not empty, as text."""
        for _, _, value in self._found.get(slot, ()):
            text = called(value)
            if text:
                return text
        return ""

    def where(self) -> dict[str, str]:
        """Return what the problem is about, by folded names."""
        found = {folded(name): called(value) for _, name, value in reversed(self._found.get(Slot.WHERE, ()))}
        return {name: text for name, text in found.items() if text}

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
            text = _plain(value)
            free = rank % LEVEL < FREE_TEXTS
            if text and (free or (kind_of(text) is None and text.lower() not in FLAGS)):
                self._free = free
                return text
        return ""

    def kind(self) -> Kind:
        """Return what became of the problem: by its state, else by a flag, by a severity that is an end, by its title."""
        for rank, _, value in self._found.get(Slot.STATE, ()):
            word = _plain(value)
            found = kind_of(word) or (CODES.get(word) if rank % LEVEL < CODED else None)
            if found is not None:
                return found
        for slot, end in ((Slot.OVER, TRUE), (Slot.THERE, FALSE)):
            if slot in self._found and any(_plain(value).lower() in end for value in self.values(slot)):
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
            word = _plain(value)
            if severity_of(word) is not None:
                return word
        return next((word for word in words if kind_of(word) is None), "")

    def severities(self) -> list[str]:
        """Return the words that stand where a severity should."""
        if self._severities is not None:
            return self._severities
        words = [word for value in self.values(Slot.SEVERITY) if (word := called(value))]
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
                found.update({text: text for tag in value if (text := _plain(tag))})
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


def called(value: Any) -> str:
    """Return a value as text; an object by its name."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        inside = {folded(name): each for name, each in value.items()}
        return next((text for name in NAMES if (text := _plain(inside.get(name)))), "")
    if isinstance(value, list):
        return ", ".join(text for each in value[:8] if (text := _plain(each)))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or isinstance(value, (dict, list)) else text_of(value)


def _link(value: object) -> Link | None:
    link = Fields(value if isinstance(value, dict) else {"href": text_of(value)})
    return link_to(link.text("href", "url"), link.text("text", "title"))
