"""Values of members as text, and all that there are in an object."""

from collections.abc import Iterator
from typing import Any

from bot.sources.member_names import NAMES, folded
from bot.sources.payload import text_of

PAIRED = ("name", "title", "key", "label")
"""What the name is called of a `value` beside it."""
DEEP_LIMIT = 12


def called(value: Any) -> str:
    """Return a value as text; an object by its name."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        inside = {folded(name): each for name, each in value.items()}
        return next((text for name in NAMES if (text := plain(inside.get(name)))), "")
    if isinstance(value, list):
        return ", ".join(text for each in value[:8] if (text := plain(each)))
    return plain(value)


def plain(value: Any) -> str:
    """Return a value as text; "" for an object or an array."""
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or isinstance(value, (dict, list)) else text_of(value)


def everything(values: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each value that is neither object nor array, with the names of the members that lead to it, in their order."""
    if len(names) > DEEP_LIMIT:
        return
    if isinstance(values, dict):
        called_so = (
            next((text for each in PAIRED if (text := plain(values.get(each)))), "") if "value" in values else ""
        )
        if called_so:
            yield (*names, called_so), values["value"]
            return
        for name, value in values.items():
            yield from everything(value, (*names, name))
    elif isinstance(values, list):
        for value in values:
            yield from everything(value, (*names, names[-1] if names else ""))
    else:
        yield names, values
