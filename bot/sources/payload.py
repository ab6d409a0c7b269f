"""Payload: a request as a source reads it: body, content type, query, and headers (lower-case names); no I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bot.sources.values import Broken, readable

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FIELDS_LIMIT = 2_000
PARTS_LIMIT = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """One request; `now` is when it came, in epoch milliseconds (0: nobody knows)."""

    body: bytes
    content_type: str = "application/json"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    now: int = 0


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of a payload whose values are read as text, wherever they stand. Numbers are texts, as they were written."""

    values: Mapping[str, Any]

    def text(self, *paths: str) -> str:
        """Return the first value of these dotted paths that is not empty, as text; "" without one."""
        for path in paths:
            value = self.at(path)
            found = "" if value is None else text_of(value).strip()
            if found:
                return found
        return ""

    def at(self, path: str) -> Any:
        """Return what stands at a dotted path, or at a name that has those dots in it; None when there is nothing."""
        if "." not in path:
            return self.values.get(path)
        first, *others = path.split(".")
        value = self.values.get(first)
        for name in others:
            value = value.get(name) if isinstance(value, dict) else None
        return self.values.get(path) if value is None else value

    def inner(self, path: str) -> "Fields":
        """Return the object at a dotted path; an empty one where there is none."""
        value = self.at(path)
        return Fields(value if isinstance(value, dict) else {})

    def list(self, path: str) -> list[Any]:
        """Return the array at a dotted path; an empty one where there is none."""
        value = self.at(path)
        return value if isinstance(value, list) else []

    def texts(self, path: str) -> dict[str, str]:
        """Return the members of the object at a dotted path as texts, without the empty ones."""
        value = self.at(path)
        if not isinstance(value, dict):
            return {}
        found = {name: text_of(each) for name, each in value.items()}
        return {name: text for name, text in found.items() if name and text}


def objects(value: Any) -> list[Fields]:
    """Return the objects that an array holds; none where it is no array."""
    return [Fields(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Return a value as text: a string as it is, true and false as words, the rest as compact JSON, nothing as ""."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fields_of_form(payload: Payload) -> dict[str, str]:
    """Return the fields of a form of either kind, above those of the query."""
    form = parts_of(payload) if payload.content_type == MULTIPART else form_of(payload.body)
    return {**payload.query, **form}


def fields_of(payload: Payload) -> Fields | None:
    """Return the members of a body that is a JSON object or a form, above those of the query; None when it is neither."""
    body = payload.body
    if not body.strip():
        return Fields(dict(payload.query)) if payload.query else None
    given = json_of(body)
    if isinstance(given, dict):
        return Fields({**payload.query, **given})
    if given is None and (payload.content_type in {FORM, MULTIPART} or payload.query):
        form = parts_of(payload) if payload.content_type == MULTIPART else form_of(body)
        return Fields({**payload.query, **form}) if form or payload.query else None
    return None


_decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).decode


def json_of(body: bytes) -> Any:
    """Return what a body says as JSON, numbers as text; None when it is not JSON."""
    sound = readable(body)
    if sound is None:
        return None
    try:
        return _decode(sound.decode())
    except (ValueError, RecursionError, *Broken):
        return None


def parts_of(payload: Payload) -> dict[str, str]:
    """Return the named parts of a form in parts (RFC 7578), the last one of a name; empty when it is none, or far too long."""
    if len(payload.body) > PARTS_LIMIT:
        return {}
    head = f"Content-Type: {payload.headers.get('content-type', '')}\r\n\r\n".encode("utf-8", "replace")
    found: dict[str, str] = {}
    try:
        form: Message = BytesParser().parsebytes(head + payload.body)
    except RecursionError:
        return {}
    parts: Any = form.get_payload()
    for part in parts if isinstance(parts, list) else []:
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and name and not part.is_multipart() and len(found) < FIELDS_LIMIT:
            content = part.get_payload(decode=True)
            found[name] = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return found


def of_body(body: bytes, *, now: int = 0) -> Payload:
    """Return a request of which only the body is left."""
    looks_like_json = body.lstrip()[:1] in (b"{", b"[")
    return Payload(body=body, content_type="application/json" if looks_like_json else FORM, now=now)


def kept(payload: Payload) -> bytes:
    """Return what is kept of a request, so that it is read alike without its query and its headers."""
    if payload.content_type == MULTIPART:
        return urlencode(parts_of(payload)).encode() or payload.body
    return payload.body or urlencode(list(payload.query.items())).encode()


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form, the last one of a name; empty when it is none."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_LIMIT)
    except ValueError:
        return {}
    return dict(pairs)
