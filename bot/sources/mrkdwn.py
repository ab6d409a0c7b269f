"""Text as Slack and Mattermost mark it up, as plain text and the links that it holds."""

import re
from collections.abc import Callable
from typing import NamedTuple

from bot.domain.signal import DESCRIPTION_LIMIT, Link
from bot.sources.values import link_to

EMOJI_KINDS = {
    "good": frozenset({"white_check_mark", "heavy_check_mark", "large_green_circle", "green_circle", "recycle"}),
    "bad": frozenset({"fire", "red_circle", "rotating_light", "x", "no_entry", "exclamation", "boom", "bangbang"}),
}
"""What an emoji at the beginning says."""

_SPECIAL = re.compile(r"<([^<>\n]{1,4096})>")
_LINK = re.compile(r"(?<!\w)!?\[([^\[\]\n]{0,512})\]\(<?(https?://[^\s()<>]{1,2048})>?(?:\s+\"[^\"\n]*\")?\)")
_EVERYBODY = re.compile(r"(?<![\w.])@(?:here|channel|all|everyone)\b:?\s*", re.IGNORECASE)
_BOLD = re.compile(r"(?<![\w*])(\*{1,3}|~{1,2}|_{1,3})(?=[^\s*~_])([^\n]{1,1024}?)(?<=[^\s*~_])\1(?![\w*])")
_CODE = re.compile(r"```(?:\n)?|`")
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_EMOJI = re.compile(r"\s*:([a-z0-9_+'-]{1,64}):(?:skin-tone-\d:)?\s*")


class Plain(NamedTuple):
    """Text without its marks, the links that stood in it, and the emoji that it began with."""

    text: str
    links: tuple[Link, ...] = ()
    emoji: tuple[str, ...] = ()


def plain(text: str) -> Plain:
    """Read marked text. A mention rings nobody: a name stays as a name, numbers of people and `@here` go."""
    text = text[:DESCRIPTION_LIMIT]
    links: list[Link] = []
    if "<" in text:
        text = _SPECIAL.sub(_special(links), text)
    if "](" in text:
        text = _LINK.sub(lambda found: _linked(links, found[2], found[1]), text)
    if "@" in text:
        text = _EVERYBODY.sub("", text)
    if "`" in text:
        text = _CODE.sub("", text)
    if "*" in text or "_" in text or "~" in text:
        text = _BOLD.sub(r"\2", text)
    if "#" in text:
        text = _HEADING.sub("", text)
    if "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    emoji: list[str] = []
    while (found := _EMOJI.match(text)) is not None:
        emoji.append(found[1])
        text = text[found.end() :]
    return Plain(text.strip(), tuple(links), tuple(emoji))


def _special(links: list[Link]) -> Callable[[re.Match[str]], str]:
    """Return what reads `<...>`: a link, a person, a group, a channel, a date."""

    def read(found: re.Match[str]) -> str:
        target, bar, shown = found[1].partition("|")
        match target[:1]:
            case "!":
                return shown if bar and target.startswith("!date^") else ""
            case "@":
                return shown.lstrip("@")
            case "#":
                return f"#{(shown or target[1:]).lstrip('#')}"
        return _linked(links, target, shown) if "://" in target or target.startswith("mailto:") else found[0]

    return read


def _linked(links: list[Link], href: str, shown: str) -> str:
    href = href.replace("&amp;", "&")
    link = link_to(href, shown)
    if link is not None:
        links.append(link)
    return shown or href.removeprefix("mailto:")


def mood(emoji: tuple[str, ...]) -> str:
    """Return "good" or "bad" where an emoji says so, else ""."""
    for name in emoji:
        for said, names in EMOJI_KINDS.items():
            if name in names:
                return said
    return ""
