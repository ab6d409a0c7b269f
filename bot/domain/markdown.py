"""Markdown made of other people's text: no character of it means anything, and nobody named in it is rung where it is pasted."""

import re

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_ACTIVE = re.compile(
    r"""
    \\(?=[!-/:-@\[-`{-~]|$)  # a backslash that would hide what follows
    | (?<=\])\(               # of a link
    | <(?=[A-Za-z/!?])        # of a tag
    | &(?=\#?\w+;)            # of an entity
    | (?<=\s)\#+$             # the end of a heading
    """,
    re.VERBOSE,
)
_ENTITIES = {"<": "&lt;", "&": "&amp;"}
_PAIRS = tuple(map(re.compile, (r"`", r"\*(?!\s)|(?<!\s)\*", r"(?<![^\W_])_|_(?![^\W_])", r"~", r"\$(?!\s)|(?<!\s)\$")))
"""What is markup only where there are two of it."""
_STARTS = re.compile(r"^(?:[-+=>#*](?=\s|$|[=>#-])|\d{1,9}(?=[.)]\s)\d*|\[(?=[ xX]\]))")
_AT = re.compile("[@\uff20\ufe6b]")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]{1,2000}")
_TICKS = re.compile("`+")
WORD_JOINER = "\u2060"
CUT = "…"


def inline(text: str, longest: int = 1000, *, starts: bool = False) -> str:
    """Return a text as one line of Markdown in which it stands for itself: no markup, no html, no mention.

    Only what would be markup is escaped, so that ordinary text reads as it was written. `starts` says that nothing stands
    before it, where `-` or `1.` would begin a list.
    """
    line = " ".join(_UNSEEN.sub(" ", text[: 2 * longest]).split())
    if len(line) > longest or len(text) > 2 * longest:
        line = line[: longest - 1].rstrip() + CUT
    line = _ACTIVE.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), line)
    for pair in _PAIRS:
        if len(pair.findall(line)) > 1:
            line = pair.sub(lambda found: f"\\{found[0]}", line)
    line = _AT.sub(lambda found: found[0] + WORD_JOINER, line)
    if starts:
        line = _STARTS.sub(lambda found: f"{found[0]}\\" if found[0].isdecimal() else f"\\{found[0]}", line)
    return line


def address(href: str) -> str:
    """Return the address of a link, which Markdown makes a link of; one with odd characters stands for itself."""
    return href if _ADDRESS.fullmatch(href) else inline(href)


def block(text: str, longest: int = 8000) -> str:
    """Return a text of several lines as a block of code, in which nothing is markup."""
    lines = [_UNSEEN.sub(" ", line) for line in text[:longest].replace("\r\n", "\n").split("\n")]
    if len(text) > longest:
        lines.append(CUT)
    body = "\n".join(lines).strip("\n")
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(body)), default=0))
    return f"{fence}\n{_AT.sub(lambda found: found[0] + WORD_JOINER, body)}\n{fence}"
