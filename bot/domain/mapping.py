"""Mapping: how the JSON of a tool that nobody knows is read: an expression for each field (JMESPath), written by an admin.

Expressions only look; what they can make of a body is bounded, since they are short and may not multiply what they find.
"""

import json
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

FIELDS = ("summary", "severity", "status", "dedup_key", "description", "source", "starts_at", "url")
"""What can be mapped, by the names of our own API; `labels` have an expression each, `items` is the array of alerts in a body."""
TABLES = ("labels", "severity_words", "status_words")
ITEMS = "items"
LONGEST = 500
MULTIPLE = frozenset({"multi_select_list", "multi_select_dict"})
MOST_MULTIPLE = 2
"""An expression that writes one value several times, and that again, would fill any memory."""
MOST_JOINED = 1_000_000
MOST_LABELS = 64
MOST_ITEMS = 10_000

TOO_LONG = "is longer than {} characters"
NO_EXPRESSION = "is no JMESPath expression: {}"
TOO_MANY_LISTS = "has more than {} lists or tables of its own in it"
TOO_MUCH_JOINED = "join makes more than {} characters"
NOT_JSON = "the message is no JSON"
NO_ITEMS = "items finds no array of objects in it"
TOO_MANY = "items finds more than {} alerts"
FAILED = "{name} fails: {reason}"
NO_SUMMARY = "summary finds nothing"


class _Bounded(functions.Functions):
    """JMESPath's functions, of which none makes much more than it is given."""

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, parts: list[str]) -> str:
        """Join texts; a long separator between many would fill any memory."""
        if len(separator) * len(parts) + sum(map(len, parts)) > MOST_JOINED:
            raise ValueError(TOO_MUCH_JOINED.format(MOST_JOINED))
        return separator.join(parts)


_OPTIONS = jmespath.Options(custom_functions=_Bounded())


class Bad(Exception):
    """An expression that cannot be used; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """The expressions, as they were written, by what they are for; `words` are a tool's own words (in small letters) and ours."""

    fields: Table[str, str]
    labels: Table[str, str] = field(default_factory=dict)
    severity_words: Table[str, str] = field(default_factory=dict)
    status_words: Table[str, str] = field(default_factory=dict)


class Unmapped(Exception):
    """A message of which a mapping makes no alert; the text says why."""


def check(expression: str) -> None:
    """Look whether an expression can be used. Raises Bad."""
    if len(expression) > LONGEST:
        raise Bad(TOO_LONG.format(LONGEST))
    try:
        parsed: Any = jmespath.compile(expression).parsed
    except (JMESPathError, RecursionError) as error:
        raise Bad(NO_EXPRESSION.format(" ".join(str(error).split())[:200])) from None
    if _multiple(parsed) > MOST_MULTIPLE:
        raise Bad(TOO_MANY_LISTS.format(MOST_MULTIPLE))


def _multiple(node: Table[str, Any]) -> int:
    return (node["type"] in MULTIPLE) + sum(_multiple(each) for each in node["children"] if isinstance(each, dict))


def apply(mapping: Mapping, body: bytes) -> list[dict[str, Any]]:
    """Return the alerts of a body as objects with our own names, values as they were found. Raises Unmapped for the whole body."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Unmapped(NOT_JSON) from None
    items = [given]
    if ITEMS in mapping.fields:
        found = _find(ITEMS, mapping.fields[ITEMS], given)
        if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
            raise Unmapped(NO_ITEMS)
        if len(found) > MOST_ITEMS:
            raise Unmapped(TOO_MANY.format(MOST_ITEMS))
        items = found
    return [_item(mapping, each) for each in items]


def _item(mapping: Mapping, given: Any) -> dict[str, Any]:
    found = {name: _find(name, text, given) for name, text in mapping.fields.items() if name != ITEMS}
    if found.get("summary") in (None, "", [], {}):
        raise Unmapped(NO_SUMMARY)
    labels = {name: _find(name, text, given) for name, text in mapping.labels.items()}
    for name, words in (("severity", mapping.severity_words), ("status", mapping.status_words)):
        if isinstance(found.get(name), str | int | float):
            found[name] = words.get(str(found[name]).strip().lower(), found[name])
    found["labels"] = {name: value for name, value in labels.items() if value not in (None, "")}
    return {name: value for name, value in found.items() if value is not None}


def _find(name: str, expression: str, given: Any) -> Any:
    try:
        return jmespath.search(expression, given, options=_OPTIONS)
    except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError) as error:
        raise Unmapped(FAILED.format(name=name, reason=" ".join(str(error).split())[:200])) from None


def described(found: Sequence[Table[str, Any]]) -> list[str]:
    """Say what a mapping made of a message, a line for each alert."""
    return [
        ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in each.items()) for each in found
    ]


def written(mapping: Mapping) -> str:
    """Write a mapping as lines `name = expression`, for people to edit: `labels.host = host`, `severity_words.sev1 = critical`."""
    tables = {
        "": mapping.fields,
        "labels.": mapping.labels,
        "severity_words.": mapping.severity_words,
        "status_words.": mapping.status_words,
    }
    return "".join(f"{above}{name} = {text}\n" for above, table in tables.items() for name, text in table.items())


def table_of(text: str) -> dict[str, Any]:
    """Read such lines as the table of a plan file, which is where their problems are found; empty lines are left out."""
    table: dict[str, Any] = {}
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        above, dot, inner = name.partition(".")
        if dot and above in TABLES:
            table.setdefault(above, {})[inner] = value
        elif name:
            table[name] = value
    return table
