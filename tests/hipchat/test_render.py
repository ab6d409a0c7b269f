"""What rooms get to see: within Hipchat's limits whatever comes in, true, and harmless."""

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.actor import Who
from bot.domain.alert import Alert, State
from bot.domain.commands import parse
from bot.domain.notice import Lane, News, Notice
from bot.domain.reply import Outcome, Reply
from bot.domain.signal import Link, Severity
from bot.hipchat import render
from bot.hipchat.digest import digest, spans
from bot.hipchat.text import MESSAGE_LIMIT, html_within, silent
from bot.standin.schemas import CARD
from bot.standin.validation import Invalid, check

NOW = 1_700_000_000_000
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=3000)


def alert(number: int = 12, **changes: Any) -> Alert:
    """Return an open critical alert, changed as said."""
    given: dict[str, Any] = {
        "tenant": 1,
        "number": number,
        "feed": 1,
        "room": 1,
        "dedup_key": "db1/disk",
        "state": State.OPEN,
        "severity": Severity.CRITICAL,
        "reported": Severity.CRITICAL,
        "summary": "Disk 97% full on db1",
        "source": "prometheus",
        "labels": {"service": "db"},
        "opened_at": NOW - 60_000,
        "last_seen_at": NOW,
        "told_at": NOW,
        "state_at": NOW - 60_000,
        "state_by": "prometheus",
        "state_who": Who.SOURCE,
    }
    return Alert(**{**given, **changes})


def notice(number: int = 12, news: News = News.OPENED, **detail: str) -> Notice:
    """Return a piece of news about an alert."""
    return Notice(id=number, news=news, lane=Lane.NEWS, at=NOW, number=number, detail=detail)


def expanded(text: str) -> set[int]:
    """Read the numbers of a digest back, as a person would."""
    numbers: set[int] = set()
    for part in text.split(", "):
        whole, _, missing = part.partition(" except ")
        numbers |= _ranges(whole) - _ranges(missing)
    return numbers


def _ranges(text: str) -> set[int]:
    found = re.findall(r"#(\d+)(?:-#(\d+))?", text)
    return {number for first, last in found for number in range(int(first), int(last or first) + 1)}


@settings(max_examples=200, deadline=None)
@given(
    summary=ANY_TEXT.filter(bool),
    description=ANY_TEXT,
    labels=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=12),
    href=ANY_TEXT,
    why=ANY_TEXT,
    news=st.sampled_from([news for news in News if news is not News.REPLY]),
    again=st.booleans(),
)
def test_no_card_ever_breaks_a_limit(  # noqa: PLR0917 - hypothesis gives each by name
    summary: str, description: str, labels: dict[str, str], href: str, why: str, news: News, again: bool
) -> None:
    """Whatever an alert says, the strict schema of Hipchat takes the card, and the message stays in its limit."""
    told = Notice(
        id=1, news=news, lane=Lane.NEWS, at=NOW, number=12, detail={"why": why, "by": why, "owner": "Lee"}, again=again
    )
    links = (Link(text=why, href=href), Link(text="", href="https://wiki.example.com/" + href))

    body = render.notice(told, alert(summary=summary, description=description, labels=labels, links=links), now=NOW)

    assert 1 <= len(body["message"]) <= MESSAGE_LIMIT
    if "card" in body:
        try:
            check(CARD, body["card"])
        except Invalid as invalid:  # pragma: no cover - the failure's message
            raise AssertionError(invalid) from None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_outside_text_neither_rings_nor_commands(text: str) -> None:
    """In text messages no `@` of an alert touches a name, and no line of it begins with a slash."""
    shown = silent(text)

    assert not re.search("[@\uff20\ufe6b](?!\u2060)", shown)
    assert not re.search(r"^\s*/", shown, re.MULTILINE)


def test_assigning_rings_the_owner_and_nobody_else() -> None:
    """The mention stands in front; what else looks like one is disarmed."""
    body = render.reply(Reply(text="assigned 1: #12 to Lee, note @all", outcome=Outcome.DONE, mentions=("Lee",)))

    assert "text" == body["message_format"]
    assert body["message"].startswith("@Lee assigned 1: #12")
    assert "@all" not in body["message"]


def test_a_reply_is_quoted_html() -> None:
    """Markup of an alert is shown, not obeyed."""
    body = render.reply(Reply(text="<script>x</script>\n#12", outcome=Outcome.INFO))

    assert "&lt;script&gt;x&lt;/script&gt;<br>#12" == body["message"]
    assert "html" == body["message_format"]
    assert body["notify"] is False


def test_colours_follow_severity_and_state() -> None:
    """Critical and error red, warning yellow, info gray; closed green, acked purple."""
    seen = {
        (severity, state): render.notice(
            notice(news=News.CHANGED, severity=severity.word, state=state.value), alert(), now=NOW
        )["color"]
        for severity in Severity
        for state in (State.OPEN, State.ACKED, State.CLOSED)
    }

    assert {"red"} == {seen[Severity.CRITICAL, State.OPEN], seen[Severity.ERROR, State.OPEN]}
    assert "yellow" == seen[Severity.WARNING, State.OPEN]
    assert "gray" == seen[Severity.INFO, State.OPEN]
    assert {"purple"} == {seen[severity, State.ACKED] for severity in Severity}
    assert {"green"} == {seen[severity, State.CLOSED] for severity in Severity}


def test_the_fallback_says_what_the_card_says() -> None:
    """Clients without cards read number, summary, news and labels."""
    body = render.notice(notice(by="prometheus"), alert(), now=NOW)

    assert "<b>#12</b> Disk 97% full on db1<br><b>critical, from prometheus</b><br>service: db" == body["message"]


@pytest.mark.parametrize("news", News)
@pytest.mark.parametrize("about", [alert(), None])
def test_every_kind_of_news_is_a_card_or_says_why_not(news: News, about: Alert | None) -> None:
    """A card never comes without its fallback, which says the number; what has none gives its reason."""
    told = notice(news=news, why="#12 is worse", by="ci", owner="Lee", rings="Dana Lee")
    body = render.notice(told, about, now=NOW)

    assert body.keys() >= {"message", "message_format", "color", "notify"}
    assert ("card" in body) is (news not in render.CARDLESS)
    if "card" in body:
        check(CARD, body["card"])
        assert "#12" in body["message"]
        assert news.value == body["card"]["metadata"]["news"]


def test_who_is_rung_is_named_on_the_card() -> None:
    """The card is drawn instead of the message that rings, so it says for whom it is."""
    body = render.notice(notice(news=News.ESCALATED, why="#12 waits", rings="Dana Lee"), alert(), now=NOW)

    assert "@Dana @Lee #12 waits" == body["message"]
    assert body["card"]["description"]["value"].startswith("for Dana, Lee: #12 waits")


def test_html_is_never_cut_inside_an_entity() -> None:
    """A cut text ends in an ellipsis and not in half an entity."""
    text = html_within("&" * 100, 62)

    assert "&amp;" * 12 + "…" == text


@settings(max_examples=300, deadline=None)
@given(st.sets(st.integers(1, 400), min_size=1, max_size=200))
def test_ranges_name_exactly_their_numbers(numbers: set[int]) -> None:
    """Reading the ranges back gives the numbers, none more and none less."""
    assert numbers == expanded(spans(numbers))


def test_ranges_say_what_is_missing() -> None:
    """The contract's own example."""
    numbers = [number for number in range(100, 413) if number != 120]

    assert "#100-#412 except #120" == spans(numbers)


def test_a_digest_groups_and_counts() -> None:
    """Alerts of one rule are one line, the worst first, with all their numbers."""
    about = {
        number: alert(number, labels={"alertname": "DiskFull"}, severity=Severity.WARNING) for number in range(1, 31)
    }
    about[31] = alert(31, labels={}, summary="Core switch down")

    messages = digest([notice(number) for number in about], about, most=8, now=NOW)

    assert 1 == len(messages)
    lines = messages[0]["message"].split("<br>")
    assert lines[0].startswith("<b>digest: 31 more in 2 groups since ")
    assert "critical · <b>Core switch down</b> 1x: #31" == lines[1]
    assert "warning · <b>DiskFull</b> 30x: #1-#30" == lines[2]
    assert "All of it: /alert list" == lines[-1]
    assert "red" == messages[0]["color"]


@pytest.mark.parametrize(
    ("summaries", "title"),
    [
        (["Queue 3 of shop 12 is full", "Queue 4 of shop 12 is full"], "Queue … of shop 12 is full"),
        (["HTTP 503 on web1", "HTTP 503 on web2", "HTTP 503 on web13"], "HTTP 503 on web…"),
        (["port 443 is down", "port 443 is down"], "port 443 is down"),
    ],
)
def test_a_digest_keeps_the_digits_that_its_members_share(summaries: list[str], title: str) -> None:
    """A group's name leaves out only the digits in which its alerts differ."""
    about = {number: alert(number, summary=text, labels={}) for number, text in enumerate(summaries, 1)}
    (message,) = digest([notice(number) for number in about], about, most=8, now=NOW)

    assert f"<b>{title}</b> {len(about)}x: #1" in message["message"]


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"labels": {"alertname": "DiskFull"}}, "/alert list alertname=DiskFull"),
        ({"labels": {"alertname": "Disk full"}, "state": State.CLOSED}, '/alert list closed alertname="Disk full"'),
        ({"labels": {}}, "/alert list"),
    ],
)
def test_a_digest_ends_with_the_command_that_lists_it(changes: dict[str, Any], command: str) -> None:
    """The last line is a command that shows what the digest is about."""
    about = {number: alert(number, **changes) for number in range(1, 40)}
    (message,) = digest([notice(number) for number in about], about, most=8, now=NOW)

    assert unescape(message["message"]).endswith(f"All of it: {command}")
    assert "list" == parse(command).verb


def test_a_digest_of_a_thousand_different_alerts_stays_in_its_messages() -> None:
    """When names do not group, coarser things do: every number is still there."""
    about = {
        number: alert(number, summary=f"{'x' * (number % 97)} {chr(65 + number % 26)}{'y' * (number % 89)}")
        for number in range(3, 30_000, 30)
    }

    messages = digest([notice(number) for number in about], about, most=1, now=NOW)

    assert 1 == len(messages)
    assert len(messages[0]["message"]) <= MESSAGE_LIMIT
    assert set(about) == _ranges(messages[0]["message"])


def test_first_words_stand_in_the_first_news() -> None:
    """An alert that somebody's words opened is told with them."""
    told = notice(action="noted", by="eve", why="please look")
    body = render.notice(told, alert(), now=NOW)

    assert "noted by eve: please look" in body["message"]
