"""The transcript: a room's messages as lines that read like the room, aligned, with times."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.standin.driver import Shown
from bot.standin.plain import html_to_plain

CARD = "[card {color}] "


def written(messages: Sequence[Shown]) -> str:
    """Return `HH:MM:SS  sender: text` for each message, oldest first; times are UTC."""
    width = max((len(shown.sender) for shown in messages), default=0)
    rows = []
    for shown in messages:
        head = f"{datetime.fromtimestamp(shown.message.at, UTC):%H:%M:%S}  {shown.sender:>{width}}: "
        rows += [
            f"{head if first else ' ' * len(head)}{line}".rstrip()
            for first, line in zip(_once(), _lines(shown), strict=False)
        ]
    return "\n".join(rows)


def _once() -> Iterator[bool]:
    yield True
    while True:
        yield False


def _lines(shown: Shown) -> list[str]:
    """Return a message's text; a card as its title, its description and its attributes, or as what it folds to."""
    card = shown.message.card
    if card is None:
        return shown.text.split("\n")
    mark = CARD.format(color=shown.message.color)
    if "activity" in card:
        return [mark + html_to_plain(card["activity"]["html"])]
    description = card.get("description", "")
    words = description if isinstance(description, str) else description["value"]
    attributes = [f"{each.get('label', '')}: {each['value']['label']}" for each in card.get("attributes", ())]
    return [mark + card["title"], *words.split("\n"), " · ".join(attributes)]
