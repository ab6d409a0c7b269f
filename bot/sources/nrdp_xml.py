"""NRDP's XML: check results as senders paste them together, output and all (alert-sources.md 1.7.2).

What is sound is read by an XML parser that expands no entities. What is not (`result is < 100`, `A & B`, control characters, markup inside the
output) is read by its known tags alone: each result's output ends where its own end tag stands. It takes time in proportion to the text.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

LIST = "checkresults"
RESULT = "checkresult"
OUTPUT = "output"
CDATA, CDATA_END = "<![CDATA[", "]]>"

_TAG = re.compile(r"<(/?)(checkresults?|hostname|servicename|state|output|time)\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6}));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LAST = 0x10FFFF


def read(data: str) -> list[dict[str, str]] | None:
    """Return the members of each check result; None for what holds no list of any."""
    try:
        root: Element = fromstring(data.strip())
    except (ParseError, DefusedXmlException, ValueError):
        return _by_tags(data)
    results = [each for each in root if each.tag == RESULT]
    if root.tag != LIST or len(results) < len(root) or any(len(part) for each in results for part in each):
        return _by_tags(data)
    return [{part.tag: part.text or "" for part in each} for each in results]


def _by_tags(data: str) -> list[dict[str, str]] | None:
    return list(_results(data)) or None


def _results(data: str) -> Iterator[dict[str, str]]:
    """Read by the tags that are known: a member ends at its own end tag, at the next member (an output does not), or with its result.

    Of data that is cut off in a member only an output is kept: half a name is another's.
    """
    result: dict[str, str] | None = None
    name, begin = "", 0
    for tag in _TAG.finditer(data):
        closing, tag_name = bool(tag[1]), tag[2].lower()
        outside = tag_name in {RESULT, LIST}
        ends = outside or (closing and tag_name == name) or (name != OUTPUT and not closing)
        if result is not None and name and ends:
            result.setdefault(name, _plain(data[begin : tag.start()]))
            name = ""
        if outside:
            if result:
                yield result
            result = None if closing or tag_name == LIST else {}
        elif not (closing or name or tag[0].endswith("/>")):
            name, begin = tag_name, tag.end()
    if result is not None and name == OUTPUT:
        result.setdefault(name, _plain(data[begin:]))
    if result:
        yield result


def _plain(text: str) -> str:
    """Return the text of a member: without control characters, and with what its sender escaped."""
    kept: list[str] = []
    at = 0
    while (begin := text.find(CDATA, at)) >= 0 and (end := text.find(CDATA_END, begin)) >= 0:
        kept += [_unescaped(text[at:begin]), text[begin + len(CDATA) : end]]
        at = end + len(CDATA_END)
    kept.append(_unescaped(text[at:]))
    return _CONTROL.sub("", "".join(kept))


def _unescaped(text: str) -> str:
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    return chr(code) if code <= _LAST else found[0]
