"""Text from outside, shown and not obeyed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.notice import Lane, News, Notice
from bot.domain.reply import Outcome, Reply
from bot.hipchat import render
from bot.hipchat.digest import digest
from bot.hipchat.text import MESSAGE_LIMIT, html, html_within, linked, rings_one, silent, visible
from tests.hipchat.test_render import NOW, alert, notice


@pytest.mark.parametrize(
    "hidden",
    ["\x00", "\x1b", "\x7f", "\x85", "\xad", "\u200b", "\u200f", "\u202e", "\u2066", "\ufeff", "\ud800", "\U000e0041"],
)
def test_what_is_not_seen_is_shown(hidden: str) -> None:
    """Controls, zero-width and direction marks, and what no JSON carries, each become a visible sign."""
    assert visible(f"a{hidden}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_ordinary_writing_stays() -> None:
    """Line ends of Windows are line ends; letters, accents and pictures are left alone."""
    assert visible("a\tb\nc\r\nd é ü 日本 🔥 שלום") == "a\tb\nc\nd é ü 日本 🔥 שלום"
    assert html('<a href="x">\r\n&') == "&lt;a href=&quot;x&quot;&gt;<br>&amp;"


@pytest.mark.parametrize("line", ["/code rm -rf", "  /me waves", "x\n/topic y", "x\r\n/clear", "\n\n /quote"])
def test_a_slash_never_leads_a_line(line: str) -> None:
    """No line of outside text is a command of the client."""
    assert not any(part.lstrip().startswith("/") for part in silent(line).splitlines())


@given(st.text(max_size=300), st.integers(10, 200))
def test_html_within_its_limit(text: str, limit: int) -> None:
    """Cut or not, it is within the limit, and has neither raw markup nor half an entity."""
    shown = html_within(text, limit)
    bare = shown.replace("<br>", "")

    assert len(shown) <= limit
    assert not set("<>\"'") & set(bare)
    assert all(part.split(";")[0] in {"amp", "lt", "gt", "quot", "#x27"} for part in bare.split("&")[1:])


@pytest.mark.parametrize("name", ["Dana", "dana.scott", "d-s", "Jörg", "x1", "allan", "hereward"])
def test_names_that_ring_one_person(name: str) -> None:
    """Mention names as Hipchat gives them."""
    assert rings_one(name)


@pytest.mark.parametrize(
    "name", ["", "all", "ALL", "here", "a b", "Dana @all", "@all", "x\n@all", "/me", "x" * 51, "a:b"]
)
def test_names_that_would_ring_a_room(name: str) -> None:
    """A key's holder may write any name into `to`: it never becomes `@all`."""
    said = render.reply(Reply(text="assigned 1: #12", outcome=Outcome.DONE, mentions=(name,)))
    told = render.notice(notice(news=News.ASSIGNED, owner=name, by="ci"), alert(), now=NOW)

    assert not rings_one(name)
    assert said["message_format"] == told["message_format"] == "html"


def test_a_card_rings_nobody() -> None:
    """Description and activity line are fields in which Hipchat may look for mentions."""
    loud = alert(summary="@all look", description="/code\n@here now")
    card = render.notice(notice(news=News.RESOLVED, by="@Dana"), loud, now=NOW)["card"]

    assert not any(f"@{name}" in card["activity"]["html"] for name in ("all", "Dana"))
    assert not any(f"@{name}" in card["description"]["value"] for name in ("here", "Dana"))


def test_an_empty_reply_is_still_a_message() -> None:
    """Hipchat takes no empty message."""
    assert render.reply(Reply(text="", outcome=Outcome.DONE))["message"]


@given(st.integers(1, 8), st.integers(1, 1000), st.integers(2, 5))
def test_a_digest_never_takes_more_messages_than_it_may(most: int, many: int, step: int) -> None:
    """Scattered numbers that fit nowhere are counted, and told how to be had; nothing is longer than a message."""
    numbers = range(1_000_000, 1_000_000 + many * 3 * step, step)
    messages = digest([notice(number) for number in numbers], {}, most=most, now=NOW)

    assert len(messages) <= most
    assert all(len(message["message"]) <= MESSAGE_LIMIT for message in messages)
    listed = sum(message["message"].count("#") for message in messages)
    if listed < len(numbers):
        assert "more among #" in messages[-1]["message"]


def test_what_is_told_of_no_alert_is_in_the_digest() -> None:
    """A greeting that waits in a storm is not lost."""
    greeting = Notice(id=1, news=News.GREETING, lane=Lane.NEWS, at=NOW)
    odd = Notice(id=2, news=News.CHANGED, lane=Lane.NEWS, at=NOW, detail={"why": "hello <b>"})
    (message,) = digest([greeting, odd, notice(12)], {12: alert(12)}, most=8, now=NOW)

    assert render.GREETING in message["message"]
    assert "hello &lt;b&gt;" in message["message"]
    assert "#12" in message["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "see https://x.example/a?b=1&c=2.",
            'see <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.',
        ),
        ("(http://x.example/a_(b))", '(<a href="http://x.example/a_(b)">http://x.example/a_(b)</a>)'),
        ("runbook: https://x.example/a, then", 'runbook: <a href="https://x.example/a">https://x.example/a</a>, then'),
        ('https://x.example/"onclick="y', '<a href="https://x.example/">https://x.example/</a>&quot;onclick=&quot;y'),
        ("javascript:alert(1) http:// https://<b>", "javascript:alert(1) http:// https://&lt;b&gt;"),
    ],
)
def test_an_answer_has_live_links(text: str, message: str) -> None:
    """A web address in an answer is a link to exactly what is written; nothing else becomes one."""
    assert message == render.reply(Reply(text=text, outcome=Outcome.INFO))["message"]


@given(st.text(st.sampled_from("htps://x.e(\"<&')[]@ \\#\n"), max_size=60))
def test_links_change_nothing_of_what_is_read(text: str) -> None:
    """Without its tags an answer with links is the same as without links."""
    assert html(text) == re.sub(r'<a href="[^"]*">|</a>', "", linked(text))
