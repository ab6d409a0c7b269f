"""Text from outside, made harmless for a room: it neither rings nor becomes a client command nor turns lines around.

hipchat-api.md 10.2 and 10.3 tell what the two message formats do; product.md 5 what must not happen.
"""

import re
from html import escape

MESSAGE_LIMIT = 10_000
WORD_JOINER = "\u2060"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Controls, zero-width characters, the ones that turn the direction of writing, and lone surrogates, which no JSON carries;
tab and line feed are fine."""
_AT = re.compile("[@\uff20\ufe6b]")
_CODED_AT = re.compile(
    r"&(?:amp;)*(?=(?:commat|#0*(?:64|65131|65312)|#x0*(?:40|fe6b|ff20))(?![0-9a-z]))", re.IGNORECASE
)
_MENTION_NAME = re.compile(r"[^\W_][\w.-]{0,49}\Z")
_EVERYBODY = frozenset({"all", "here"})
_ADDRESS = re.compile(r"\bhttps?://[A-Za-z0-9\[][!#-;=?-\[\]_a-z~]{0,1999}")
"""A web address of visible ASCII: no blank, quotation mark, angle bracket, brace, backslash or backtick."""
_AFTER_ADDRESS = ".,;:!?)'"
_LEADING_SLASH = re.compile(r"^(\s*)/", re.MULTILINE)


def visible(text: str) -> str:
    """Return text in which every character is seen or is a space."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def silent(text: str) -> str:
    """Return outside text for a message of format text: no mention in it rings, no line in it is a client's command.

    A mention that is written as an entity (`&#64;all`) does not ring either, whoever decodes it later.
    """
    text = disarmed(visible(text))
    return _LEADING_SLASH.sub(lambda found: f"{found[1]}{WORD_JOINER}/", text)


def disarmed(text: str) -> str:
    """Return text, or html, in which no mention rings, written as an entity or not."""
    for sign in (_AT, _CODED_AT):
        text = sign.sub(lambda found: found[0] + WORD_JOINER, text)
    return text


def rings_one(name: str) -> bool:
    """Say whether `@name` rings one person: it is a single word, and not the room's `all` or `here` (10.2)."""
    return bool(_MENTION_NAME.match(name)) and name.lower() not in _EVERYBODY


def html(text: str) -> str:
    """Return outside text for a message of format html: every character stands for itself."""
    return escape(visible(text)).replace("\n", "<br>")


def linked(text: str) -> str:
    """Return outside text for a message of format html, its web addresses as links to just what they say."""
    text = visible(text)
    parts, at = [], 0
    for found in _ADDRESS.finditer(text):
        href = found[0].rstrip(_AFTER_ADDRESS)
        if href.count("(") > href.count(")") and text.startswith(")", found.start() + len(href)):
            href += ")"
        parts += [html(text[at : found.start()]), f'<a href="{html(href)}">{html(href)}</a>']
        at = found.start() + len(href)
    return "".join([*parts, html(text[at:])])


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters, the last an ellipsis when some are left out."""
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def html_within(text: str, limit: int) -> str:
    """Return as much of a text as html of at most `limit` characters holds; an entity is never cut in two."""
    whole = html(text)
    if len(whole) <= limit:
        return whole
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if len(html(text[:middle])) < limit:
            low = middle
        else:
            high = middle - 1
    return html(text[:low]) + ELLIPSIS
