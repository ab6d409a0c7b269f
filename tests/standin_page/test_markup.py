"""What survives of other people's html and text (hipchat-api.md 10.1-10.3, 12; checklist lines 27 and 31)."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.standin.markup import (
    ATTRIBUTES,
    BUILTINS,
    CARD_TAGS,
    MESSAGE_TAGS,
    builtin,
    card_text,
    is_builtin,
    sanitise,
    text_to_html,
)

VOID = {"br", "img"}
NAMES = ["Dana", "DanaScott", "lee.w", "Zoë"]


class Reader(HTMLParser):
    """Reads sanitised html again: which tags and attributes it has, and whether each tag is closed in its turn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.well_formed = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and that it waits for its end."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag; any other order is not well-formed."""
        self.well_formed = self.well_formed and bool(self.open) and self.open.pop() == tag


def read(html: str) -> Reader:
    """Read html as a browser would, closely enough."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("plain", "plain"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<b>x</b> <i>y</i> <strong>z</strong> <em>e</em>", "<b>x</b> <i>y</i> <strong>z</strong> <em>e</em>"),
        ("one<br>two<br/>three", "one<br>two<br>three"),
        ("<B>x</B>", "<b>x</b>"),
        ("<p>x</p><div>y</div><h1>z</h1>", "xyz"),
        ("<script>alert(1)</script>x", "x"),
        ("<style>b {color: red}</style>x", "x"),
        ("x<script>alert(1)", "x"),
        ("<b>x<i>y</b>z</i>", "<b>x<i>y</i></b>z"),
        ("</b>x</table>", "x"),
        ("<b/>x", "<b></b>x"),
        ("<!-- hidden -->x<!DOCTYPE html><?pi ?>", "x"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a<li>b</li></li></ul>"),
        ('<table><tr><td colspan="2" onclick="x()">1</td></tr></table>', '<table><tr><td colspan="2">1</td></tr></table>'),
        ('<a href="https://x.example/?a=1&amp;b=2">l</a>', '<a href="https://x.example/?a=1&amp;b=2">l</a>'),
        ('<a href="mailto:a@b.example">l</a>', '<a href="mailto:a@b.example">l</a>'),
        ('<a href="hipchat://www.hipchat.com/room/1">l</a>', '<a href="hipchat://www.hipchat.com/room/1">l</a>'),
        ('<a href="javascript:alert(1)">l</a>', "<a>l</a>"),
        ('<a href="JaVa\tScript&colon;alert(1)">l</a>', "<a>l</a>"),
        ('<a href="&#1;javascript:alert(1)">l</a>', "<a>l</a>"),
        ('<a href="data:text/html,x">l</a>', "<a>l</a>"),
        ('<a href="//evil.example/x">l</a>', "<a>l</a>"),
        ('<a href="/_page/x">l</a>', "<a>l</a>"),
        ('<a href="https://x.example" target="_top" onclick="x()">l</a>', '<a href="https://x.example">l</a>'),
        ('<a data-target="key:panel" data-target-options=\'{"a":"<"}\'>l</a>',
         '<a data-target="key:panel" data-target-options="{&quot;a&quot;:&quot;&lt;&quot;}">l</a>'),
        ('<img src="https://x.example/a.png" alt="a" width="16" height="16" onerror="x()">',
         '<img src="https://x.example/a.png" alt="a" width="16" height="16">'),
        ('<img src="javascript:x" alt=\'"><script>\'>', '<img alt="&quot;&gt;&lt;script&gt;">'),
        ('<img src="mailto:a@b.example">', "<img>"),
        ('<span style="color: red; font-weight: bold; position: fixed">x</span>',
         '<span style="color: red; font-weight: bold">x</span>'),
        ('<span style="color: expression(alert(1))">x</span>', "<span>x</span>"),
        ('<span style="width: url(https://x.example)">x</span>', "<span>x</span>"),
        ('<span style="color:#FF0000;width:10px" class="big">x</span>', '<span style="color: #ff0000; width: 10px">x</span>'),
        ("<svg><a href='javascript:x'>t</a></svg>", "<a>t</a>"),
        ("<iframe src='https://x.example'>t</iframe>", "t"),
        ("<form action=x><input name=a><button>t</button></form>", "t"),
    ],
)  # fmt: skip
def test_only_hipchats_tags_survive(html: str, expected: str) -> None:
    """Tags and attributes of hipchat-api.md 10.3 stay, others go and leave their text, and each tag is closed (line 31)."""
    assert expected == sanitise(html)


HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<script>", "</script>", "<style>", "</style>", "<b>", "</b>", "<a href=", "javascript:alert(1)", '"', "'", ">",
                "<", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<svg>", "<math>", "<table>", "<td>", "</table>", "<img src=x ",
                "onerror=alert(1)", "<span style='", "color:red", "url(x)", "&lt;", "&#60;", "&#x3c", "\x00", "\u202e", "\ud800",
                "<br>", "<hc-mention>", "</hc-mention>", "<plaintext>", "<textarea>", "<title>", "<noscript>", "<?", "<template>",
                "data-target=", "https://x.example",
            ],
        ),
        st.text(max_size=5),
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(HOSTILE)
def test_no_script_survives(html: str) -> None:
    """Whatever comes in, what goes out read again has only allowed tags, attributes and addresses, and is well-formed."""
    found = read(sanitise(html))

    assert found.well_formed
    assert not found.open
    assert not re.search(r"<(?!/?[a-z])", sanitise(html))
    for tag, attributes in found.tags:
        assert tag in MESSAGE_TAGS | {"span"}
        assert set(attributes) <= ATTRIBUTES.get(tag, frozenset()) | ({"class"} if tag == "span" else set())
        assert urlsplit(attributes.get("href") or "https:").scheme in {"http", "https", "mailto", "hipchat"}
        assert urlsplit(attributes.get("src") or "https:").scheme in {"http", "https"}
        assert "(" not in (attributes.get("style") or "").replace("rgb(", "")


@given(HOSTILE)
def test_sanitised_html_stays_as_it_is(html: str) -> None:
    """Sanitising twice gives the same as once, so nothing hides in a first reading."""
    once = sanitise(html).replace(' class="mention"', "")

    assert once == sanitise(once)


@given(HOSTILE)
def test_cards_keep_only_five_tags(html: str) -> None:
    """Card fields keep `a b i strong span` only (hipchat-api.md 12), and no markup at all in text format."""
    assert {tag for tag, _ in read(card_text(html)).tags} <= CARD_TAGS
    assert {tag for tag, _ in read(card_text(html, "text")).tags} <= {"br"}


@pytest.mark.parametrize(
    ("value", "text_format", "expected"),
    [
        ("<b>x</b><table><tr><td>y</td></tr></table>", "html", "<b>x</b>y"),
        ("a<br>b<img src='https://x.example/a.png'>", "html", "ab"),
        ("<hc-mention>@Dana</hc-mention> did", "html", '<span class="mention">@Dana</span> did'),
        ("<b>x</b>\n& y", "text", "&lt;b&gt;x&lt;/b&gt;<br>&amp; y"),
    ],
)
def test_card_text(value: str, text_format: str, expected: str) -> None:
    """A card's html loses what cards do not allow; its text is drawn literally."""
    assert expected == card_text(value, "text" if text_format == "text" else "html")


@given(HOSTILE)
def test_text_is_never_markup(text: str) -> None:
    """A text keeps every character visible and brings no tags but the client's own (line 31)."""
    found = read(text_to_html(text, NAMES))

    assert found.well_formed
    assert {tag for tag, _ in found.tags} <= {"a", "br", "span", "pre", "code", "blockquote"}
    assert all((attributes.get("href") or "https:").startswith("http") for _, attributes in found.tags)


MENTION = '<span class="mention">{}</span>'


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@Dana", ["@Dana"]),
        ("hi @dana!", ["@dana"]),
        ("(@DANA)", ["@DANA"]),
        ("@DanaScott and @Dana", ["@DanaScott", "@Dana"]),
        ("@Danas", []),
        ("a@Dana", []),
        ("_@Dana", []),
        ("@Dana_", []),
        ("@@Dana", ["@Dana"]),
        ("@lee.w.", ["@lee.w"]),
        ("@leexw", []),
        ("@here @all @All", ["@here", "@all", "@All"]),
        ("@allthethings", []),
        ("@\u2060Dana", []),
        ("@nobody", []),
        ("https://x.example/@Dana", []),
    ],
)
def test_mentions(text: str, mentioned: list[str]) -> None:
    """A mention is an exact name between non-word characters, in any case (hipchat-api.md 10.2)."""
    html = text_to_html(text, NAMES)

    assert mentioned == [part.split("</span>")[0] for part in html.split('<span class="mention">')[1:]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\nb\r\nc", "a<br>b<br>c"),
        (
            "see https://x.example/a?b=1&c=2.",
            'see <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.',
        ),
        ("(http://x.example/a_(b))", '(<a href="http://x.example/a_(b)">http://x.example/a_(b)</a>)'),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("/code <b> @Dana\n x", "<pre><code>&lt;b&gt; @Dana\n x</code></pre>"),
        ("/code\nx", "<pre><code>x</code></pre>"),
        ("/pre x", "<pre>x</pre>"),
        ("/quote hi @Dana", "<blockquote>hi " + MENTION.format("@Dana") + "</blockquote>"),
        ("/me waves", '<span class="me">waves</span>'),
        ("/em waves", '<span class="me">waves</span>'),
        ("/codex x", "/codex x"),
        ("/alert ack 1", "/alert ack 1"),
        ("good :)", 'good <span class="emoticon" title=":)">☺</span>'),
        ("(success) done", '<span class="emoticon" title="(success)">✔</span> done'),
        ("f(y) http://x:P", 'f(y) <a href="http://x:P">http://x:P</a>'),
    ],
)
def test_text_as_the_client_draws_it(text: str, expected: str) -> None:
    """Everything is escaped; links, emoticons, `/code`, `/quote` and `/me` are drawn (hipchat-api.md 10.3, line 31)."""
    assert expected == text_to_html(text, NAMES)


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/topic on call: @Dana", "topic", "on call: @Dana"),
        ("/clear", "clear", ""),
        ("/enter Ops", "join", "Ops"),
        ("/leave", "part", ""),
        ("/available", "here", ""),
        ("/hereabouts", "here", ""),
        ("/awayish x", "away", "x"),
        ("/dnd2", "dnd", ""),
        ("/keys", "shortcuts", ""),
        ("/prefs", "settings", ""),
        ("/call", "videocall", ""),
        ("/Topic x", "topic", "x"),
    ],
)
def test_client_commands(text: str, name: str, argument: str) -> None:
    """The client keeps its own commands, `/here`, `/away` and `/dnd` by prefix (hipchat-api.md 10.1, line 27)."""
    found = builtin(text)

    assert found is not None
    assert (name, argument) == (found.name, found.argument)


@pytest.mark.parametrize(
    "text",
    ["/alert", "/alerts list", "/me x", "/code x", "/quote x", "/topical", "/calls", " /topic x", "topic x", "/"],
)
def test_other_texts_go_to_the_room(text: str) -> None:
    """What is not a client command is sent, `/alert` above all (hipchat-api.md 10.1, line 27)."""
    assert not is_builtin(text)


@pytest.mark.parametrize("word", sorted(BUILTINS))
def test_each_client_command_is_kept(word: str) -> None:
    """Each listed command and alias stays in the client (line 27)."""
    assert is_builtin(f"/{word}")
    assert is_builtin(f"/{word} x")
