"""Markup: the words that a page of HTML shows. It takes time in proportion to the page's length.

The standard library's parser takes a minute for some pages.
"""

import re
from html import unescape

BREAKS = frozenset(
    {"br", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre", "ul", "ol", "hr"}
)
BEGINNINGS = frozenset({"tr", "li", "dt", "dd"})
"""What begins a line, and ends where the next one begins."""
CELLS = frozenset({"td", "th"})
UNSEEN = frozenset({"style", "script", "head", "title"})

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20})?[^<>]*>")
_FOLDED = re.compile(r"[\r\n\t ]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def shown(markup: str) -> str:
    """Return the words of a page: a line for each block and each row of a table, whose cells stay apart."""
    words: list[str] = []
    unseen = at = 0
    markup = _without_comments(markup)
    for tag in _TAG.finditer(markup):
        if not unseen:
            words.append(_FOLDED.sub(" ", markup[at : tag.start()]))
        at = tag.end()
        name = (tag["name"] or "").lower()
        if name in UNSEEN:
            unseen = max(0, unseen - 1) if tag["end"] else unseen + 1
        elif name in CELLS:
            words.append(" ")
        elif name in BREAKS or (name in BEGINNINGS and not tag["end"]):
            words.append("\n> " if name == "blockquote" and not tag["end"] else "\n")
    words.append(_FOLDED.sub(" ", markup[at:]) if not unseen else "")
    lines = (" ".join(unescape(line).split()) for line in "".join(words).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _without_comments(markup: str) -> str:
    first, *others = markup.split("<!--")
    return "".join([first, *(other.partition("-->")[2] for other in others)])
