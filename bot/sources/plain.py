"""Plain text, as scripts send it: the first line says what it is about, in its words or in lines of `name: value`."""

import re

from bot.domain.charset import decoded
from bot.domain.headline import read_title, steady
from bot.domain.markup import shown
from bot.domain.signal import Kind, Signal, made_key
from bot.sources.build import build
from bot.sources.payload import FORM, MULTIPART, Fields, Payload, json_of

LIMIT = 64 * 1024
"""Longer texts are no messages."""
FEW = 2
"""So many lines of `name: value` are no accident."""

_HTML = re.compile(
    r"\s*<(?:!doctype html|html|head|body|h[1-6]|p|div|table|b|strong|br|span|ul|pre)\b[^<>]*>", re.IGNORECASE
)
_DATA = re.compile(r"[{<%]|\[\s*[{\[\]\"'\d]|---|--[\w-]+\r?\n|[\w.\[\]%+-]{1,200}=\S*\Z")
"""How what is no plain text begins: JSON, markup, YAML, parts, or a form that is nothing else."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\N{REPLACEMENT CHARACTER}]")
_WORD = re.compile(r"[^\W\d_]{2}")
_PAIR = re.compile(r"[ \t*-]*([A-Za-z][\w .-]{0,40}?)[ \t]*[:=][ \t]*(.*)")


def text_of(payload: Payload) -> str:
    """Return a body that is plain text, or a page's words; "" for any other."""
    body = payload.body
    if payload.content_type == MULTIPART or len(body) > LIMIT or (payload.query and payload.content_type != FORM):
        return ""
    found = json_of(body) if body.lstrip()[:1] == b'"' else None
    text = found if isinstance(found, str) else decoded(body)
    if _HTML.match(text):
        text = shown(text)
    text = text.strip()
    return "" if _DATA.match(text) or _UNPRINTABLE.search(text) or not _WORD.search(text.partition("\n")[0]) else text


def pairs_of(text: str) -> Fields | None:
    """Return what a text says in lines of `name: value`; None where one of its lines is no such line."""
    matches = [_PAIR.fullmatch(line.rstrip()) for line in text.splitlines() if line.strip()]
    if len(matches) < FEW or None in matches:
        return None
    return Fields({match[1]: match[2] for match in reversed(matches) if match is not None})


def read(text: str, sender: str) -> Signal:
    """Return what a text says. One that says in its first line what became of the problem is known by that line, any other by all of it."""
    summary = text.partition("\n")[0]
    headline = read_title(summary)
    return build(
        sender,
        key=made_key(headline.name if headline.kind is not None else steady(text), {}),
        summary=summary,
        kind=headline.kind or Kind.FIRING,
        severity=headline.severity.word if headline.severity is not None else "",
        description=text if text != summary else "",
    )
