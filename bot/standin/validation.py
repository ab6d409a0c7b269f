"""Checks of JSON values against a small schema language, with the messages of validictory (hipchat-api.md 4.3).

A schema is a mapping: `type` (a name or a list of names), `required`, `min` and `max` (lengths), `enum`, `pattern`, `format`
(`url`, `regex`), `properties`, `items`, `closed` (no other keys), `any_of`. Unknown keys of a value are fine unless `closed`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

Schema = Mapping[str, Any]

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_MAX_DEPTH: Final = 40


class Invalid(ValueError):
    """A value breaks its schema; `path` leads to the field, `extra` are further keys of the error body."""

    def __init__(self, path: tuple[str, ...], message: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.extra = extra or {}

    @property
    def field(self) -> str:
        """The top-level field that the error is about."""
        return self.path[0] if self.path else ""


def python2(value: Any) -> str:
    """Write a value as Python 2 did, which is what Hipchat's messages quote."""
    match value:
        case str():
            return "u" + repr(value)
        case list() | tuple():
            return "[" + ", ".join(python2(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{python2(key)}: {python2(item)}" for key, item in value.items()) + "}"
        case _:
            return repr(value)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path)


def is_type(value: Any, name: str) -> bool:
    """Whether the value is of a type of the schema language; `flag` is a boolean or one of its spellings."""
    if name == "flag":
        return isinstance(value, bool) or value in ("true", "false")
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def check(value: Any, schema: Schema, path: tuple[str, ...] = ()) -> None:
    """Raise Invalid at the first breach."""
    if len(path) > _MAX_DEPTH:
        raise Invalid(path, f"Value for field '{path[0]}' is nested too deeply")
    if "any_of" in schema:
        _check_any(value, schema["any_of"], path)
        return
    _check_type(value, schema, path)
    match value:
        case str():
            _check_string(value, schema, path)
        case dict():
            _check_object(value, schema, path)
        case list() if "items" in schema:
            for number, item in enumerate(value):
                check(item, schema["items"], (*path, str(number)))
    if "enum" in schema and value not in schema["enum"]:
        options = list(schema["enum"])
        message = f"Value {python2(value)} for field '{_dotted(path)}' is not in the enumeration: {options!r}"
        raise Invalid(path, message, {"options": options})


def _check_type(value: Any, schema: Schema, path: tuple[str, ...]) -> None:
    expected = schema.get("type")
    names = [expected] if isinstance(expected, str) else expected
    if names and not any(is_type(value, name) for name in names):
        message = f"Value {python2(value)} for field '{_dotted(path)}' is not of type {expected}"
        raise Invalid(path, message, {"expected_type": expected})


def _check_any(value: Any, choices: list[Schema], path: tuple[str, ...]) -> None:
    breaches = []
    for choice in choices:
        try:
            check(value, choice, path)
        except Invalid as error:
            breaches.append((choice, error))
        else:
            return
    # The breach inside the choice of the right type says more than "not of any type".
    for choice, breach in breaches:
        if isinstance(choice.get("type"), str) and is_type(value, choice["type"]):
            raise breach
    message = f"Value {python2(value)} for field '{_dotted(path)}' is not of type {[c.get('type') for c in choices]}"
    raise Invalid(path, message, {"expected_type": choices})


def _check_string(value: str, schema: Schema, path: tuple[str, ...]) -> None:
    field = _dotted(path)
    if len(value) < schema.get("min", 0):
        if not value:
            raise Invalid(path, f"Value {python2(value)} for field '{field}' cannot be blank'")
        bound = f"must have length greater than or equal to {schema['min']}"
        raise Invalid(path, f"Value {python2(value)} for field '{field}' {bound}")
    if "max" in schema and len(value) > schema["max"]:
        bound = f"must have length less than or equal to {schema['max']}"
        raise Invalid(path, f"Value {python2(value)} for field '{field}' {bound}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        rule = f"does not match regular expression '{schema['pattern']}'"
        raise Invalid(path, f"Value {python2(value)} for field '{field}' {rule}")
    match schema.get("format"):
        case "url" if not is_absolute(value):
            raise Invalid(path, f"Value {python2(value)} for field '{field}' is not an absolute URL")
        case "regex" if not _compiles(value):
            raise Invalid(path, f"Value {python2(value)} for field '{field}' is not a regular expression")


def _check_object(value: dict[str, Any], schema: Schema, path: tuple[str, ...]) -> None:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    for name, rule in properties.items():
        inner = (*path, name)
        if name in value:
            check(value[name], rule, inner)
        elif rule.get("required"):
            raise Invalid(inner, f"Required field '{_dotted(inner)}' is missing")
    unknown = [name for name in value if name not in properties] if schema.get("closed") else []
    if unknown:
        raise Invalid((*path, unknown[0]), f"Unknown field '{_dotted((*path, unknown[0]))}'")


def is_absolute(url: str) -> bool:
    """Whether the address is an absolute http or https one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True
