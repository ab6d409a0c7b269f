"""Which source wrote a message, told by its shape: the members and headers that only its messages have."""

from collections.abc import Iterable, Mapping, Sequence

from bot.sources.payload import Fields, Payload

HEADER = "@"
"""Begins the name of a header in a mark."""

Mark = Sequence[str]
"""Dotted paths of members, and headers, that a message has together, the rarest first: `("incident.policy_name", "version")`."""


class Shapes:
    """The marks of all sources, found by the first name of each, so that a message costs a look-up for each of its members."""

    def __init__(self, marks: Mapping[str, Iterable[Mark]]) -> None:
        self._by_first: dict[str, list[tuple[int, str, Mark]]] = {}
        self._headers: list[tuple[int, str, Mark]] = []
        for rank, (source, each) in enumerate(marks.items()):
            for mark in each:
                known = (rank, source, mark)
                if mark[0].startswith(HEADER):
                    self._headers.append(known)
                else:
                    # A dotted path may also be a name with dots in it.
                    for name in {mark[0], mark[0].partition(".")[0]}:
                        self._by_first.setdefault(name, []).append(known)
        self._names = frozenset(self._by_first)

    def recognise(self, payload: Payload, given: Fields | None) -> str:
        """Return the first source whose mark the message bears whole; "" for none."""
        candidates: Sequence[tuple[int, str, Mark]] = self._headers if payload.headers else ()
        if given is not None and not self._names.isdisjoint(given.values):
            for name in self._names.intersection(given.values):
                candidates = [*candidates, *self._by_first[name]]
        if not candidates:
            return ""
        found = [each[:2] for each in candidates if all(_bears(payload, given, path) for path in each[2])]
        return min(found)[1] if found else ""


def _bears(payload: Payload, given: Fields | None, path: str) -> bool:
    if path[0] == HEADER:
        return path[1:] in payload.headers
    return given is not None and (path in given.values if "." not in path else given.at(path) is not None)
