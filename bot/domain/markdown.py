"""Markdown made of other people's text: no character of it means anything, and nobody named in it is rung where it is pasted."""

import re

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_PUNCTUATION = re.compile(r"[\\`*_\[\]#|~!()<>&$]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_ADDRESS = re.compile(r"(://|\bwww\.)", re.IGNORECASE)
_AT = re.compile("[@\uff20\ufe6b]")
_STARTS = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")
_TICKS = re.compile("`+")
WORD_JOINER = "\u2060"
CUT = "…"


def inline(text: str, longest: int = 1000) -> str:
    """Return a text as one line of Markdown in which it stands for itself: no markup, no html, no link, no mention."""
    line = " ".join(_UNSEEN.sub(" ", text[: 2 * longest]).split())
    if len(line) > longest or len(text) > 2 * longest:
        line = line[: longest - 1].rstrip() + CUT
    line = _PUNCTUATION.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)
    line = _ADDRESS.sub(lambda found: found[0].replace("://", r"\://").replace(".", r"\."), line)
    line = _AT.sub(lambda found: found[0] + WORD_JOINER, line)
    return _STARTS.sub(lambda found: f"\\{found[0]}" if not found[0].isdecimal() else f"{found[0]}\\", line)


def block(text: str, longest: int = 8000) -> str:
    """Return a text of several lines as a block of code, in which nothing is markup."""
    lines = [_UNSEEN.sub(" ", line) for line in text[:longest].replace("\r\n", "\n").split("\n")]
    if len(text) > longest:
        lines.append(CUT)
    body = "\n".join(lines).strip("\n")
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(body)), default=0))
    return f"{fence}\n{_AT.sub(lambda found: found[0] + WORD_JOINER, body)}\n{fence}"
