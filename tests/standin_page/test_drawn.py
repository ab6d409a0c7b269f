"""How messages and cards are drawn (hipchat-api.md 11, 12; checklist lines 33 and 34)."""

from typing import Any

import pytest

from bot.standin.drawn import ATTACHED_WITHIN, drawn_card, drawn_message, drawn_room
from tests.standin_page.conftest import Group

CARD: dict[str, Any] = {"style": "application", "id": "c1", "title": "db1 <disk>"}


def test_a_plain_card() -> None:
    """Only style, id and title make an application card; the title is text."""
    card = drawn_card(CARD)

    assert card is not None
    assert ("application", "db1 <disk>", None, None, []) == (
        card["style"],
        card["title"],
        card["url"],
        card["activity"],
        card["attributes"],
    )


@pytest.mark.parametrize(
    "card",
    [
        CARD | {"style": "poster"},
        CARD | {"id": ""},
        {"style": "application", "id": "c1"},
        CARD | {"style": "image"},
        CARD | {"style": "link", "url": "https://x.example"},
        CARD | {"style": "link", "description": "d"},
    ],
)
def test_cards_that_the_client_refuses(card: dict[str, Any]) -> None:
    """An unknown style, a missing id, an image or link without its url or description falls back to the message."""
    assert drawn_card(card) is None


def test_a_full_card() -> None:
    """Every field is drawn: html cut to five tags, text literally, addresses only of harmless schemes, lozenges by style."""
    card = drawn_card(
        CARD
        | {
            "url": "https://x.example/1",
            "format": "compact",
            "icon": {"url": "https://x.example/i.png", "url@2x": "https://x.example/i2.png"},
            "thumbnail": {"url": "javascript:alert(1)"},
            "description": {"value": "<b>full</b>\n<script>", "format": "text"},
            "activity": {"html": "<b>1</b> <img src=x onerror=y>by <hc-mention>@Dana</hc-mention>", "icon": "https://x.example/a.png"},
            "attributes": [
                {"label": "State", "value": {"label": "open", "style": "lozenge-error", "url": "javascript:alert(1)"}},
                {"value": {"label": "x", "style": "hostile class", "icon": {"url": "https://x.example/s.png"}}},
            ],
        },
    )  # fmt: skip

    assert {
        "style": "application",
        "format": "compact",
        "title": "db1 <disk>",
        "url": "https://x.example/1",
        "description": "&lt;b&gt;full&lt;/b&gt;<br>&lt;script&gt;",
        "icon": "https://x.example/i.png",
        "thumbnail": None,
        "activity": {"html": '<b>1</b> by <span class="mention">@Dana</span>', "icon": "https://x.example/a.png"},
        "attributes": [
            {"label": "State", "value": "open", "style": "lozenge-error", "url": None, "icon": None},
            {"label": "", "value": "x", "style": None, "url": None, "icon": "https://x.example/s.png"},
        ],
    } == card


def test_a_card_keeps_its_message(group: Group) -> None:
    """A card is drawn instead of the message, which stays for card-unaware clients (line 33)."""
    sent = group.hipchat.notify(
        group.ops, group.addon, message="<b>x</b><h1>y</h1>", card=CARD, color="red", from_label="prom"
    )

    drawn = drawn_message(sent, group.ops, [])

    assert ("<b>x</b>y", "red", "prom", "db1 <disk>") == (
        drawn["html"],
        drawn["color"],
        drawn["label"],
        drawn["card"]["title"],
    )


@pytest.mark.parametrize(("seconds", "under"), [(0, True), (ATTACHED_WITHIN, True), (ATTACHED_WITHIN + 1, False)])
def test_attached_within_five_minutes(group: Group, seconds: float, under: bool) -> None:
    """A notification goes under its parent when sent within 5 minutes of it (hipchat-api.md 11, line 34)."""
    parent = group.hipchat.notify(group.ops, group.addon, message="parent")
    group.clock.now += seconds
    child = group.hipchat.notify(group.ops, group.addon, message="child", attach_to=parent.id)

    assert (parent.id if under else None) == drawn_message(child, group.ops, [])["under"]


def test_attached_elsewhere_or_nowhere(group: Group) -> None:
    """An id that is unknown, or of another room, attaches nothing and is no error (line 34)."""
    other = group.hipchat.notify(group.secret, group.addon, message="other room")
    sent = [group.hipchat.notify(group.ops, group.addon, message="x", attach_to=to) for to in ("nobody", other.id)]

    assert [None, None] == [drawn_message(message, group.ops, [])["under"] for message in sent]


def test_a_deleted_message_shows_nothing(group: Group) -> None:
    """A deleted message keeps its place and tells no text, card or mention."""
    sent = group.hipchat.notify(group.ops, group.addon, message="secret @Dana", message_format="text", card=CARD)
    group.hipchat.delete_message(group.ops, sent)

    drawn = drawn_message(group.ops.messages[-1], group.ops, ["Dana"])

    assert (True, "", None, []) == (drawn["deleted"], drawn["html"], drawn["card"], drawn["mentions"])


def test_unread_messages_are_counted(group: Group) -> None:
    """Unread is what came after the last message seen; all when that is gone, none when nothing was ever seen."""
    sent = [group.hipchat.post(group.ops, group.hipchat.sender(group.dana), str(number)) for number in range(4)]

    assert [0, 3, 4, 0] == [drawn_room(group.ops, seen)["unread"] for seen in (sent[3].id, sent[0].id, "gone", None)]
