"""Matchers as Alertmanager's API reads them: `service="db"`, `host=~web.*`, `"host.name"="s1"`, `{a="b",c!="d"}`.

Each text is read in the classic way first, which takes anything for a value; what that cannot read is read by the rules that came with names
in UTF-8, where names and values may stand in quotation marks with Go's escapes. That is how Alertmanager decides where both could be meant.
"""

import re
from collections.abc import Iterator

from bot.domain.matcher import Matcher, of_label
from bot.domain.words import Misread, shown

BAD_MATCHER = "bad matcher format: {text}"
LONGEST = 4096

_CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*)", re.DOTALL)
_CLASSIC_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_CLASSIC_BARE = re.compile(r'(?:[^"\\]|\\.|\\$)*', re.DOTALL)
_CLASSIC_ESCAPE = re.compile(r'\\([\\n"])')
_BETWEEN_COMMAS = re.compile(r'(?:[^",\\]|\\.|"(?:[^"\\]|\\.)*")+', re.DOTALL)
_TOKEN = re.compile(r"""\s*(?:(=~|!~|!=|[={},])|"((?:[^"\\\n]|\\.)*)"|([^\s{}!=~,\\"'`]+))""")
_GO_ESCAPE = re.compile(
    r'\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))', re.DOTALL
)
_GO_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_SIGNS = ("=", "!=", "=~", "!~")


def read(text: str) -> list[Matcher]:
    """Read the matchers of a text, at least one. Raises Misread for anything else."""
    stripped = text.strip()
    braced = stripped.startswith("{")
    if len(text) > LONGEST or (stripped.endswith("}") and not braced):
        raise _bad(text)
    found = _classic_list(stripped) if braced else _classic(stripped)
    found = found or _modern(stripped)
    if not found or not all(name for name, _, _ in found):
        raise _bad(text)
    return [of_label(*each) for each in found]


def _bad(text: str) -> Misread:
    return Misread(BAD_MATCHER.format(text=shown(text, 200)))


Parts = list[tuple[str, str, str]]
"""Name, sign and value of each matcher."""


def _classic(text: str) -> Parts:
    """Read one matcher in the classic way; nothing when it is none."""
    found = _CLASSIC.fullmatch(text)
    if found is None:
        return []
    name, sign, value = found.groups()
    if value.startswith('"'):
        quoted = _CLASSIC_QUOTED.fullmatch(value)
        if quoted is None:
            return []
        value = quoted[1]
    elif not _CLASSIC_BARE.fullmatch(value):
        return []
    return [(name, sign, _CLASSIC_ESCAPE.sub(lambda each: "\n" if each[1] == "n" else each[1], value))]


def _classic_list(text: str) -> Parts:
    """Read matchers in braces, with commas between them; nothing when one is none."""
    if not text.endswith("}"):
        return []
    inner = text[1:-1].strip().removesuffix(",")
    found: Parts = []
    at = 0
    while at < len(inner):
        part = _BETWEEN_COMMAS.match(inner, at)
        one = _classic(part[0].strip()) if part else []
        if part is None or not one:
            return []
        found += one
        at = part.end() + 1
    return found


def _modern(text: str) -> Parts:
    """Read matchers with names in UTF-8; nothing when they are none."""
    try:
        tokens = list(_tokens(text))
    except ValueError:
        return []
    if tokens and tokens[0] == ("{", None):
        if tokens[-1] != ("}", None):
            return []
        tokens = tokens[1:-1]
    if tokens and tokens[-1] == (",", None):
        tokens.pop()
    found: Parts = []
    for at in range(0, len(tokens), 4):
        match tokens[at : at + 4]:
            case [(None, str(name)), (str(sign), None), (None, str(value)), *rest] if sign in _SIGNS and rest in (
                [],
                [(",", None)],
            ):
                found.append((name, sign, value))
            case _:
                return []
    return found


def _tokens(text: str) -> Iterator[tuple[str | None, str | None]]:
    """Part a text into signs and words. Raises ValueError for what is neither."""
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text[at:])
        sign, quoted, bare = found.groups()
        yield (sign, None) if sign else (None, _unquoted(quoted) if quoted is not None else bare)
        at = found.end()


def _unquoted(text: str) -> str:
    """Take Go's escapes out of a text. Raises ValueError for any other, and for bytes that are no text."""
    kept, at = bytearray(), 0
    for each in _GO_ESCAPE.finditer(text):
        plain, byte, octal, short, long, other = each.groups()
        if other is not None:
            raise ValueError(text)
        kept += text[at : each.start()].encode()
        if plain:
            kept += _GO_PLAIN[plain].encode()
        elif byte or octal:
            kept.append(int(byte, 16) if byte else int(octal, 8))
        else:
            kept += chr(int(short or long, 16)).encode()
        at = each.end()
    return (kept + text[at:].encode()).decode()
