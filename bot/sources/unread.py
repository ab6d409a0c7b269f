"""What a message that nobody understands seems to be about: a few words that tell it from others of its kind."""

import contextlib
import json
import re
from urllib.parse import unquote_plus

from bot.domain.charset import decoded, unescaped

SEARCHED = 16 * 1024
WORDS_LIMIT = 120
OTHERS = 3
TITLES = (
    "title",
    "summary",
    "subject",
    "alertname",
    "rulename",
    "name",
    "message",
    "msg",
    "text",
    "reason",
    "description",
)
"""Members that say what it is about, the likeliest first; longer names that end in one of them count as well."""
SECRET = re.compile(r"token|secret|passw|api_?key|auth|signature", re.IGNORECASE)

_TITLE = re.compile(rf"(?:{'|'.join(f'({title})' for title in TITLES)})\Z", re.IGNORECASE)
_FORM = re.compile(r"[\w.\[\]%+-]{1,200}=[^\s]*\Z")
_PAIR = re.compile(
    r"""(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,60}+)["']?[ \t]{0,5}[:=][ \t]{0,5}"""
    r"""(?:"(?P<quoted>(?:[^"\\]|\\.){1,400})|'(?P<single>[^'\n]{1,400})|(?P<bare>[^\s"'{}\[\],&<>][^"'{}\[\],&<>\n]{0,400}))""",
    re.DOTALL,
)
_MARKUP = re.compile(r"<[^<>]{0,1000}>")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_DULL = re.compile(r"(?:[a-z]{2,10}://\S*|[0-9a-f-]{16,}|[\d\W_]*|true|false|null)\Z", re.IGNORECASE)
_ODD = re.compile(r"[\x00-\x1f\x7f\s\N{REPLACEMENT CHARACTER}]+")


def words_of(body: bytes) -> str:
    """Return the likeliest title in a message, else its first plain words; "" where there are none."""
    text = decoded(body[:SEARCHED]).strip("\ufeff\x00 \t\r\n")
    if _FORM.match(text):
        text = "\n".join(_unquoted(pair) for pair in text.split("&"))
    structured = text[:1] in {"{", "[", "<"} or bool(_PAIR.match(text))
    found = _of_members(text) if structured else ""
    if not found:
        lines = (_MARKUP.sub(" ", text) if text.startswith("<") else text).splitlines()
        found = next((line for line in lines if _LETTERS.search(line)), "")
    words = _ODD.sub(" ", found).strip()
    if words[:1] == words[-1:] == '"':
        words = words[1:-1]
    return words if len(words) <= WORDS_LIMIT else words[: WORDS_LIMIT - 1] + "…"


def _unquoted(pair: str) -> str:
    return unescaped(unquote_plus(pair, errors="surrogateescape"))


def _of_members(text: str) -> str:
    """Return the value of the member that is likeliest a title, else the first values that say something."""
    ranked: list[tuple[int, re.Match[str]]] = []
    others: list[re.Match[str]] = []
    for match in _PAIR.finditer(text):
        title = _TITLE.search(match["name"].replace("_", "").replace("-", ""))
        if title is not None:
            ranked.append((title.lastindex or 0, match))
        elif len(others) < OTHERS:
            others.append(match)
    ranked.sort(key=lambda each: each[0])
    best = next((value for _, match in ranked if (value := _value(match))), "")
    return best or ", ".join(filter(None, map(_value, others[:OTHERS])))


def _value(match: re.Match[str]) -> str:
    """Return what a member says; "" for a secret, and for numbers, addresses and the like."""
    if SECRET.search(match["name"]):
        return ""
    value: str = match[match.lastindex or 0].strip()
    if match["quoted"] is not None and "\\" in value:
        with contextlib.suppress(ValueError):
            value = json.loads(f'"{value}"', strict=False).strip()
    return "" if _DULL.match(value) else value
