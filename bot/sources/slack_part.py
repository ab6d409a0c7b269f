"""What is read of a message for Slack or Mattermost, or of one of its attachments: texts, fields, buttons, blocks, a color."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.domain.signal import Link
from bot.sources.mrkdwn import mood, plain
from bot.sources.payload import Fields, json_of, objects
from bot.sources.values import link_to

MOST = 20
"""So many attachments and blocks are read."""
LABEL_LONGEST = 128
GREEN, RED, YELLOW = "good", "danger", "warning"
LINK_TEXT = "Source"

_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})\Z", re.IGNORECASE)
_FIELD = re.compile(r"\s*\*{1,2}([^*\n]{1,64}?)(?::\*{1,2}|\*{1,2}(?::|\s*\n))\s*(\S.*)", re.DOTALL)
"""`*Host:* web1`, or the name above its value."""


@dataclass(kw_only=True, slots=True)
class Part:
    """What is read of a message or of one of its attachments."""

    title: str = ""
    lines: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    links: list[Link | None] = field(default_factory=list)
    color: str = ""
    mood: str = ""


def read_part(given: Fields) -> Part:
    """Read a message without its attachments, or an attachment: both have texts and blocks."""
    part = Part(color=_color(given.text("color")))
    if "title" in given.values:
        part.links.append(link_to(given.text("title_link"), LINK_TEXT))
        part.title = _line(part, given.text("title"))
    for name in ("pretext", "text"):
        _add_lines(part, given.text(name))
    if "blocks" in given.values:
        _add_blocks(part, given)
    if not (part.title or part.lines):
        _add_lines(part, given.text("fallback"))
    for each in objects(given.at("fields"))[:MOST]:
        _add_field(part, each.text("title"), each.text("value"))
    for action in objects(given.at("actions")):
        part.links.append(link_to(action.text("url"), plain(action.text("text", "name")).text))
    return part


def _add_blocks(part: Part, given: Fields) -> None:
    """Take what blocks say beside the texts, which in a message with both say the same in fewer words."""
    blocks = Part()
    for block in blocks_of(given):
        _read_block(blocks, block)
    if not part.lines and blocks.title:
        part.lines.append(blocks.title)
    part.lines += [line for line in blocks.lines if line not in part.lines]
    part.labels.update(blocks.labels)
    part.links += blocks.links
    part.mood = part.mood or blocks.mood


def blocks_of(given: Fields) -> list[Fields]:
    """Return the blocks, also where they are a text as in a query of Slack's API."""
    value = given.at("blocks")
    return objects(json_of(value.encode("utf-8", "replace")) if isinstance(value, str) else value)[:MOST]


def _line(part: Part, text: str) -> str:
    """Return a text without its marks; its links and what its emoji say go to the part."""
    found = plain(text)
    part.links += found.links
    part.mood = part.mood or mood(found.emoji)
    return " ".join(found.text.split())


def _add_lines(part: Part, text: str) -> None:
    if not text:
        return
    found = plain(text)
    part.links += found.links
    part.mood = part.mood or mood(found.emoji)
    part.lines += [line.rstrip() for line in found.text.splitlines() if line.strip()]


def _add_field(part: Part, title: str, value: str) -> None:
    """Take a field as a label where it is short, else as a line."""
    name, found = plain(title).text.strip(" :"), plain(value)
    part.links += found.links
    if name and found.text and len(found.text) <= LABEL_LONGEST and "\n" not in found.text:
        part.labels["_".join(name.lower().split())] = found.text
    elif found.text:
        part.lines += [f"{name}: {found.text}" if name else found.text]


def _read_block(part: Part, block: Fields) -> None:
    match block.text("type"):
        case "header":
            part.title = part.title or _line(part, _text(block))
        case "section":
            _add_section(part, _text(block))
            for each in objects(block.at("fields")):
                _add_section(part, each.text("text"))
            _add_button(part, block.inner("accessory"))
        case "context" | "actions":
            for each in objects(block.at("elements")):
                _add_button(part, each)
                if block.text("type") == "context":
                    _add_lines(part, each.text("text"))
        case "rich_text":
            _add_lines(part, "".join(_rich(block, 0)))
        case "markdown" | "alert":
            _add_lines(part, _text(block))
        case _:
            return


def _text(block: Fields) -> str:
    return block.text("text.text") or (block.text("text") if isinstance(block.at("text"), str) else "")


def _add_section(part: Part, text: str) -> None:
    found = _FIELD.fullmatch(text)
    if found is not None:
        _add_field(part, found[1], found[2])
    else:
        _add_lines(part, text)


def _add_button(part: Part, button: Fields) -> None:
    if button.text("url"):
        part.links.append(link_to(button.text("url"), plain(_text(button)).text))


def _rich(element: Fields, depth: int) -> Iterator[str]:
    """Give the texts of a rich text, a line for each of its sections."""
    for each in objects(element.at("elements")):
        match each.text("type"):
            case "text":
                yield each.text("text") + " "
            case "link":
                yield f"<{each.text('url')}|{each.text('text')}> "
            case "emoji":
                yield f":{each.text('name')}: "
            case _ if depth < MOST:
                yield from _rich(each, depth + 1)
                yield "\n"


def _color(given: str) -> str:
    """Return "good", "warning" or "danger" for a color, by its name or its hue; "" for one that says nothing."""
    word = given.lower()
    if word in {GREEN, RED, YELLOW}:
        return word
    found = _HEX.match(word)
    if found is None:
        return {"red": RED, "green": GREEN, "yellow": YELLOW, "orange": YELLOW}.get(word, "")
    digits = found[1] if len(found[1]) > 3 else "".join(each * 2 for each in found[1])
    red, green, blue = (int(digits[at : at + 2], 16) for at in (0, 2, 4))
    if max(red, green, blue) - min(red, green, blue) < 48:
        return ""
    if green >= red and green > blue:
        return GREEN if green > red * 1.25 else YELLOW
    if red > green and red > blue:
        return YELLOW if green > blue * 1.25 and green > red * 0.5 else RED
    return ""
