"""Other people's text in Markdown: nothing in it is markup, and ordinary text reads as it was written."""

import pytest

from bot.domain.markdown import address, inline


@pytest.mark.parametrize(
    "text",
    [
        "Checkout answers in 2.4 s (p99)",
        "Queue mail_out_eu grows: 12,000 waiting!",
        r"C:\temp\new is 97% full",
        "load > 5 & p99 < 3 [eu-west-1] #12 | 1*2",
        "see https://runbooks.example.com/db_1/disk?full=1#now",
        "10. try of job-7: $5 left, ~3 min",
        "db1 -- db2 = a_b_c",
    ],
)
def test_ordinary_text_reads_as_it_was_written(text: str) -> None:
    """Nothing of it is escaped: a backslash would be read by people."""
    assert text == inline(text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("[x](http://evil.example)", r"[x]\(http://evil.example)"),
        ("![x](http://evil.example)", r"![x]\(http://evil.example)"),
        ("**bold** and `code`", r"\*\*bold\*\* and \`code\`"),
        ("_all_ of ~~it~~", r"\_all\_ of \~\~it\~\~"),
        ("<b>full</b>", "&lt;b>full&lt;/b>"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        (r"\*x\*", r"\\\*x\\\*"),
        ("ends ##", r"ends \##"),
        ("@all", "@\u2060all"),
        ("one\n\n# two", "one # two"),
    ],
)
def test_markup_stands_for_itself(text: str, safe: str) -> None:
    """What Markdown would read as markup, html or a mention is shown instead."""
    assert safe == inline(text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("- item", r"\- item"),
        ("1. first", r"1\. first"),
        ("[x] done", r"\[x] done"),
        ("> said", r"\> said"),
        ("-1", "-1"),
    ],
)
def test_a_beginning_begins_nothing(text: str, safe: str) -> None:
    """Where nothing stands before it, a text begins no list, quotation or heading."""
    assert safe == inline(text, starts=True)


def test_an_address_is_a_link() -> None:
    """A web address stays one, an odd one is only text."""
    assert "https://grafana.example.com/d/a_b?x=1&y=*" == address("https://grafana.example.com/d/a_b?x=1&y=*")
    assert "javascript:alert(1)" == address("javascript:alert(1)")
    assert r"https://x.example/]\(y)" == address("https://x.example/](y)")
