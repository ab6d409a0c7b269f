"""Payload: a request as a source reads it: body, content type, query, and headers (lower-case names); no I/O."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bot.domain.charset import as_utf8, decoded, unescaped
from bot.sources.values import Broken, readable

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FIELDS_LIMIT = 2_000
PARTS_LIMIT = 16 * 1024 * 1024
CHARSET = "_charset_"
"""The field in which a form may name its own charset (RFC 7578 4.6)."""
WRAPPING = ("payload", "data", "json")
"""Fields of a form that hold a whole message as JSON, as Slack's classic hooks do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """One request; `charset` is the declared one, or "", `now` when it came, in epoch milliseconds (0: nobody knows)."""

    body: bytes
    charset: str = ""
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


def in_utf8(payload: Payload) -> Payload:
    """Return a request whose text is UTF-8, whatever it came in. Parts of a form have charsets of their own."""
    if payload.content_type == MULTIPART:
        return payload
    body = as_utf8(payload.body, payload.charset)
    return payload if body is payload.body else replace(payload, body=body)


def fields_of_form(payload: Payload) -> dict[str, str]:
    """Return the fields of a form of either kind, above those of the query."""
    form = parts_of(payload) if payload.content_type == MULTIPART else form_of(payload.body, payload.charset)
    return {**payload.query, **form}


def fields_of(payload: Payload) -> Fields | None:
    """Return the members of a body that is a JSON object or a form, above those of the query; None when it is neither.

    A text below a query is none of both: see reading.py.
    """
    body = payload.body
    if not body.strip():
        return Fields(unwrapped(dict(payload.query))) if payload.query else None
    given = json_of(body)
    if isinstance(given, dict):
        return Fields({**payload.query, **given})
    if given is not None:
        return None
    form: Mapping[str, Any] = {}
    if payload.content_type == MULTIPART:
        form = parts_of(payload)
    elif _FORM.match(body) or (payload.content_type == FORM and not payload.query):
        form = form_of(body, payload.charset)
    elif payload.query:
        return None
    return Fields(unwrapped({**payload.query, **form})) if form or payload.query else None


def unwrapped(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a form, and the members of the JSON that one of them holds, or that is all there is."""
    if len(form) == 1:
        texts = [*form, *form.values()]
    elif form.keys().isdisjoint(WRAPPING):
        return dict(form)
    else:
        texts = [form.get(name, "") for name in WRAPPING]
    for text in texts:
        if isinstance(text, str) and text.lstrip()[:1] == "{":
            inner = json_of(text.encode("utf-8", "replace"))
            if isinstance(inner, dict):
                return {**form, **inner}
    return dict(form)


_FORM = re.compile(rb"\s*(?:[\w.\[\]%+-]{1,200}=|%7[Bb]%22)")
_decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).decode


def json_of(body: bytes) -> Any:
    """Return what a body says as JSON, or nearly as JSON, numbers as text; None when it is not JSON."""
    sound = readable(body)
    if sound is None:
        return None
    try:
        return _decode(sound.decode())
    except (ValueError, RecursionError, *Broken):
        return None


def parts_of(payload: Payload) -> dict[str, str]:
    """Return the named parts of a form in parts (RFC 7578), the last one of a name; empty when it is none, or far too long."""
    if len(payload.body) > PARTS_LIMIT or payload.body.count(b"\n--") > 2 * FIELDS_LIMIT:
        return {}
    head = f"Content-Type: {payload.headers.get('content-type', '')}\r\n\r\n".encode("utf-8", "replace")
    found: dict[str, bytes] = {}
    charsets: dict[str, str] = {}
    try:
        form: Message = BytesParser().parsebytes(head + payload.body)
    except RecursionError:
        return {}
    parts: Any = form.get_payload()
    for part in parts if isinstance(parts, list) else []:
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and name and not part.is_multipart() and len(found) < FIELDS_LIMIT:
            content = part.get_payload(decode=True)
            found[name] = content if isinstance(content, bytes) else b""
            charsets[name] = str(part.get_content_charset() or "")
    whole = found.get(CHARSET, b"").decode("ascii", "replace") or payload.charset
    return {unescaped(name): decoded(content, charsets[name] or whole) for name, content in found.items()}


def of_body(body: bytes, *, now: int = 0) -> Payload:
    """Return a request of which only the body is left."""
    looks_like_json = body.lstrip()[:1] in (b"{", b"[")
    return Payload(body=body, content_type="application/json" if looks_like_json else FORM, now=now)


def kept(payload: Payload) -> bytes:
    """Return what is kept of a request, so that it is read alike without its query and its headers."""
    if payload.content_type == MULTIPART:
        return urlencode(parts_of(payload), errors="replace").encode() or payload.body
    return payload.body or urlencode(list(payload.query.items()), errors="replace").encode()


def form_of(body: bytes, charset: str = "") -> dict[str, str]:
    """Return the fields of a form, or of a query, the last one of a name; empty when it is none."""
    try:
        try:
            return dict(parse_qsl(body.decode(), True, errors="strict", max_num_fields=FIELDS_LIMIT))
        except UnicodeDecodeError:
            # Each byte is a character of this one, so that nothing is lost before it is known what they are.
            pairs = parse_qsl(body.decode("latin-1"), True, encoding="latin-1", max_num_fields=FIELDS_LIMIT)
    except ValueError:
        return {}
    given = {name: value.encode("latin-1") for name, value in pairs}
    charset = given.get(CHARSET, b"").decode("ascii", "replace") or charset
    return {decoded(name.encode("latin-1"), charset): decoded(value, charset) for name, value in given.items()}
