"""Encoded words: how a header says what is not ASCII (RFC 2047), read however a program has written or broken it."""

import base64
import binascii
import quopri
import re

from bot.domain.charset import decoded, unescaped

_WORD = re.compile(r"=\?(?P<charset>[^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?(?P<way>[bBqQ])\?(?P<text>[^?\r\n]*)\?=")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def words_of(header: str) -> str:
    """Return what a header's line says; its raw bytes are lone surrogates, as the library gives them."""
    line = unescaped(header)
    said: list[str] = []
    pending, charset, at = b"", "", 0
    for match in _WORD.finditer(line):
        between = line[at : match.start()]
        if between.strip() or match["charset"].lower() != charset:
            said.append(decoded(pending, charset))
            pending = b""
        # Blanks between two encoded words are no part of them, and one character may be spread over both.
        said.append("" if at and not between.strip() else between)
        pending, charset, at = pending + _bytes(match["way"], match["text"]), match["charset"].lower(), match.end()
    return "".join([*said, decoded(pending, charset), line[at:]])


def _bytes(way: str, text: str) -> bytes:
    if way in "qQ":
        return quopri.decodestring(text.replace("_", " ").encode("utf-8", "replace"), header=False)
    return unpacked(text)


def unpacked(text: str) -> bytes:
    """Decode base64 as far as it goes: without its padding, with strange characters in it, or cut off."""
    signs = _NOT_BASE64.sub("", text)
    signs = signs[: len(signs) - (len(signs) % 4 == 1)]
    try:
        return base64.b64decode(signs + "=" * (-len(signs) % 4))
    except (binascii.Error, ValueError):
        return b""
