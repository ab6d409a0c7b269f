"""Render: replies and notices as Hipchat's notifications, within its limits (hipchat-api.md 11 and 12, product.md 6)."""

import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.domain.action import PAST
from bot.domain.alert import Action, Alert, State
from bot.domain.notice import News, Notice
from bot.domain.reply import Outcome, Reply
from bot.domain.signal import Severity
from bot.domain.times import clock, lasting, ordinal
from bot.hipchat.text import MESSAGE_LIMIT, cut, disarmed, html, html_within, linked, rings_one, silent, visible

TITLE_LIMIT = 500
DESCRIPTION_LIMIT = 1000
LABEL_LIMIT = 50
VALUE_LIMIT = 200
URL_LIMIT = 2000
LABELS_SHOWN = 8
LINKS_SHOWN = 4

GREETING = "Alertbot is here. Next: post a first alert, or type /alert test. All commands: /alert help"
TEST = "Test message: alerts reach this room."
AGAIN = "This may be a repeat: nobody told the bot whether an earlier try arrived."
OPENED = "{severity}, from {source}"
EARLIER = "; earlier: #{number}"
AT_ONCE = "; {action} by {by}{why}"
REPEATED = "again, {count} time since {since}"
RESOLVED = "resolved by {by} after {lasted}"
UNREPORTED = "{why}: closed, but nobody said that it is resolved"
CHANGED = "{action} by {by}"
UNTIL = " until {}"
FOR_ROOM = "meant for the room {room}, which the bot cannot reach"
YOURS = "#{number} is yours now, from {by}: {summary}"
DIVERTED = "; the channel {channel} was told meanwhile"
FOR = "for {names}: {line}"
DIALOG = "alert-detail"
MORE_LABELS = "and {many} more"

SEVERITY_COLORS = {
    Severity.CRITICAL: "red",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "gray",
}
STATE_COLORS = {State.CLOSED: "green", State.ACKED: "purple", State.SNOOZED: "purple"}
OUTCOME_COLORS = {
    Outcome.DONE: "green",
    Outcome.PARTLY: "yellow",
    Outcome.REFUSED: "gray",
    Outcome.FORBIDDEN: "red",
    Outcome.INFO: "gray",
    Outcome.UNCLEAR: "yellow",
}
SEVERITY_LOZENGES = {
    Severity.CRITICAL: "lozenge-error",
    Severity.ERROR: "lozenge-error",
    Severity.WARNING: "lozenge-moved",
    Severity.INFO: "lozenge",
}
STATE_LOZENGES = {
    State.OPEN: "lozenge-current",
    State.ACKED: "lozenge-complete",
    State.SNOOZED: "lozenge-moved",
    State.CLOSED: "lozenge-success",
}
WORDS = {News.GREETING: GREETING, News.TEST: TEST}
CARDLESS = {
    News.GREETING: "one line, with nothing that a card could show more of",
    News.TEST: "one line, with nothing that a card could show more of",
    News.DIFFERENCES: "longer than a card may be, with lines to paste",
    News.NOISE: "longer than a card may be, with lines to paste",
    News.REPLY: "an answer, which a person reads beside the question",
}
"""News without a card, and why; all other kinds have one."""
FOLDED = frozenset({News.RESOLVED, News.UNREPORTED, News.CHANGED, News.AGAIN})
"""News that folds to its activity line: nobody has to act on it."""
SAID = frozenset(
    {News.SILENCE_ENDING, News.SILENCE_ENDED, News.ESCALATED, News.UNREACHED, News.DIFFERENCES, News.NOISE}
)
"""News in the words of its detail `why`, about alerts of at most `severity`."""
RINGS = frozenset({News.OPENED, News.WORSE, News.REOPENED, News.FLAPPING, News.ENDED})
HOLDS = frozenset({"acked", "owned", "snoozed"})
"""What is done until a time."""
NOISY_LABELS = frozenset({"severity", "priority", "prometheus", "replica", "monitor", "endpoint", "__name__"})


def reply(said: Reply) -> dict[str, Any]:
    """Return the answer to a command: html, or, where somebody is to be rung, text with their mentions in front."""
    color = OUTCOME_COLORS[said.outcome]
    rung = [name for name in said.mentions if rings_one(name)]
    if not rung:
        body = linked(said.text or "-")
        body = body if len(body) <= MESSAGE_LIMIT else html_within(said.text, MESSAGE_LIMIT)
        return {"message": body, "message_format": "html", "color": color, "notify": False}
    names = " ".join(f"@{name}" for name in rung)
    text = cut(f"{names} {silent(said.text)}", MESSAGE_LIMIT)
    return {"message": text, "message_format": "text", "color": color, "notify": False}


def notice(told: Notice, alert: Alert | None, *, now: int, address: str = "", zone_name: str = "") -> dict[str, Any]:
    """Return the message of one notice: a card with a true fallback, but for CARDLESS.

    `address` is the page of the alert, "" for none; `zone_name` the room's time zone, "" for UTC. What rings somebody is text, because only there a mention rings; the card beside it says for whom it is.
    """
    line = "" if alert is None else headline(told, alert, now, zone_name) + _meant_for(told)
    rung = _rung(told)
    if alert is None or told.news in SAID:
        body = _said(told, words_of(told), rung)
    elif told.news is News.ASSIGNED and rung:
        body = _called(told, alert, _yours(told, alert), rung)
    elif rung:
        body = _called(told, alert, line, rung)
    else:
        body = {
            "message": _fallback(told, alert, line, address),
            "message_format": "html",
            "color": color_of(told, alert),
            "notify": told.news in RINGS and _severity(told, alert) >= Severity.ERROR,
        }
    if told.news not in CARDLESS:
        body["card"] = _topic(told, rung) if alert is None else _card(told, alert, _addressed(line, rung), address)
    return body


def _rung(told: Notice) -> list[str]:
    """Return whom a notice rings, by mention name."""
    names = [told.detail.get("owner", "")] if told.news is News.ASSIGNED else told.detail.get("rings", "").split()
    return [name for name in names if rings_one(name)]


def _addressed(line: str, rung: Sequence[str]) -> str:
    """Say for whom a card is, since it is drawn instead of the message that rings them."""
    return FOR.format(names=", ".join(rung), line=line) if rung else line


def words_of(told: Notice) -> str:
    """Return what a notice says that is about no alert."""
    return WORDS.get(told.news) or cut(told.detail.get("why") or TEST, MESSAGE_LIMIT)


def headline(told: Notice, alert: Alert, now: int, zone_name: str = "") -> str:
    """Say in a few words what is new about an alert."""
    by, why = told.detail.get("by", "somebody"), told.detail.get("why", "")
    match told.news:
        case News.OPENED:
            origin = alert.source or ", ".join(alert.senders) or by
            text = OPENED.format(severity=_severity(told, alert).word, source=origin)
            text += EARLIER.format(number=alert.predecessor) if alert.predecessor else ""
            text += (
                AT_ONCE.format(action=told.detail["action"], by=by, why=f": {why}" if why else "")
                if _at_once(told)
                else ""
            )
        case News.WORSE:
            text = f"worse: {why}"
        case News.REOPENED:
            text = f"open again: {why}"
        case News.AGAIN:
            since = clock(alert.opened_at, zone_name, now=now)
            text = REPEATED.format(count=ordinal(int(told.detail.get("count", alert.count))), since=since)
        case News.RESOLVED:
            text = RESOLVED.format(by=by, lasted=lasting(max(0, told.at - alert.opened_at)))
        case News.UNREPORTED:
            text = UNREPORTED.format(why=why)
        case News.CHANGED | News.ASSIGNED:
            text = CHANGED.format(action=told.detail.get("action", "changed"), by=by)
            if told.detail.get("action") in HOLDS and "until" in told.detail:
                text += UNTIL.format(clock(int(told.detail["until"]), zone_name, now=now))
            text += f": {why}" if why else ""
        case _:
            text = why
    return text


def _at_once(told: Notice) -> bool:
    """Whether an alert was opened by what somebody did or wrote at the source."""
    return told.detail.get("action") in {PAST[Action.ACK], PAST[Action.NOTE]}


def _meant_for(told: Notice) -> str:
    """Mark news that was handed over from another room, or that a channel heard first."""
    room, channel = told.detail.get("room", ""), told.detail.get("diverted", "")
    words = f"; {FOR_ROOM.format(room=room)}" if room else ""
    return words + (DIVERTED.format(channel=channel) if channel else "")


def color_of(told: Notice, alert: Alert) -> str:
    """Return the colour of news: of the state it led to, else of the severity it had."""
    state = State(told.detail.get("state", alert.state.value))
    return STATE_COLORS.get(state) or SEVERITY_COLORS[_severity(told, alert)]


def _severity(told: Notice, alert: Alert) -> Severity:
    word = told.detail.get("severity", "")
    return Severity[word.upper()] if word else alert.severity


def _said(told: Notice, words: str, rung: Sequence[str]) -> dict[str, Any]:
    """Return news in the words of its detail."""
    word = told.detail.get("severity", "")
    words = f"{words} {AGAIN}" if told.again else words
    return {
        **_worded(words, rung),
        "color": SEVERITY_COLORS[Severity[word.upper()]] if word else "gray",
        "notify": word in {Severity.ERROR.word, Severity.CRITICAL.word},
    }


def _called(told: Notice, alert: Alert, words: str, rung: Sequence[str]) -> dict[str, Any]:
    """Return news about an alert that rings people; the words name the alert, or it is named in front."""
    if f"#{alert.number}" not in words:
        words = f"#{alert.number} {cut(alert.summary, 500)}: {words}"
    return {
        **_worded(words + (f" ({AGAIN})" if told.again else ""), rung),
        "color": color_of(told, alert),
        "notify": told.news in RINGS and _severity(told, alert) >= Severity.ERROR,
    }


def _worded(words: str, rung: Sequence[str]) -> dict[str, Any]:
    """Return words as html, or as text with the mentions of those they ring in front."""
    if not rung:
        return {"message": html_within(words, MESSAGE_LIMIT), "message_format": "html"}
    names = " ".join(f"@{name}" for name in rung)
    return {"message": cut(f"{names} {silent(words)}", MESSAGE_LIMIT), "message_format": "text"}


def _yours(told: Notice, alert: Alert) -> str:
    """Say that an alert was assigned from outside the room."""
    by = told.detail.get("by", "somebody")
    return YOURS.format(number=alert.number, by=by, summary=cut(alert.summary, 500)) + _meant_for(told)


def _fallback(told: Notice, alert: Alert, line: str, address: str) -> str:
    parts = [
        f"<b>{_number(alert, address)}</b> {html_within(alert.summary, 4000)}",
        f"<b>{html_within(line, 1000)}</b>",
        html_within(" · ".join(f"{name}: {value}" for name, value in _labels(alert)), 3000),
        html(AGAIN) if told.again else "",
    ]
    return "<br>".join(filter(None, parts))


def _number(alert: Alert, address: str) -> str:
    """Return an alert's number as a link: in the client it opens the dialog (hipchat-api.md 10.3), elsewhere the page."""
    if not address:
        return f"#{alert.number}"
    options = html(json.dumps({"urlTemplateValues": {"alert": {"number": str(alert.number)}}}))
    return f'<a href="{html(address)}" data-target="{DIALOG}" data-target-options="{options}">#{alert.number}</a>'


def _card(told: Notice, alert: Alert, line: str, address: str) -> dict[str, Any]:
    card: dict[str, Any] = {
        "style": "application",
        "id": str(uuid.uuid4()),
        "format": "medium",
        "title": cut(f"#{alert.number} {visible(' '.join(alert.summary.split()))}", TITLE_LIMIT),
        "description": {"value": _description(told, alert, line), "format": "text"},
        "attributes": _attributes(told, alert),
        "metadata": {"alert": alert.number, "news": told.news.value},
    }
    link = address or next((link.href for link in alert.links if _is_web(link.href)), None)
    if link:
        card["url"] = link
    if told.news in FOLDED:
        # Hipchat itself writes mentions into this field (12), so an `@` from outside is disarmed here too.
        words = disarmed(html_within(f"{line} · {' '.join(alert.summary.split())}", 400))
        card["activity"] = {"html": f"<b>#{alert.number}</b> {words}"}
    return card


def _topic(told: Notice, rung: Sequence[str]) -> dict[str, Any]:
    """Return the card of news that is about no single alert: its words, and below what of them is too long for a title."""
    words = words_of(told)
    card: dict[str, Any] = {
        "style": "application",
        "id": str(uuid.uuid4()),
        "format": "medium",
        "title": cut(_addressed(visible(words), rung), TITLE_LIMIT),
        "metadata": {"news": told.news.value},
    }
    rest = "\n".join(filter(None, [AGAIN if told.again else "", words if len(card["title"]) == TITLE_LIMIT else ""]))
    if rest:
        card["description"] = {"value": cut(silent(rest), DESCRIPTION_LIMIT), "format": "text"}
    return card


def _description(told: Notice, alert: Alert, line: str) -> str:
    parts = [line, AGAIN if told.again else "", alert.description]
    # Of format text, like a message in which an `@` rings.
    return cut(silent("\n".join(filter(None, parts))) or "-", DESCRIPTION_LIMIT)


def _attributes(told: Notice, alert: Alert) -> list[dict[str, Any]]:
    severity, state = _severity(told, alert), State(told.detail.get("state", alert.state.value))
    rows = [
        _row("Severity", severity.word, style=SEVERITY_LOZENGES[severity]),
        _row("State", state.value, style=STATE_LOZENGES[state]),
    ]
    owner, count = told.detail.get("owner", ""), told.detail.get("count", "1")
    if owner:
        rows.append(_row("Owner", owner))
    if count != "1":
        rows.append(_row("Count", count))
    labels = _labels(alert)
    rows += [_row(name, value) for name, value in labels[:LABELS_SHOWN]]
    if len(labels) > LABELS_SHOWN:
        rows.append(_row("Labels", MORE_LABELS.format(many=len(labels) - LABELS_SHOWN)))
    web = [link for link in alert.links if _is_web(link.href)]
    rows += [_row(link.text, "open", url=link.href) for link in web[:LINKS_SHOWN]]
    return rows


def _row(label: str, value: str, **more: str) -> dict[str, Any]:
    name = cut(visible(" ".join(label.split())) or "-", LABEL_LIMIT)
    return {"label": name, "value": {"label": cut(visible(value) or "-", VALUE_LIMIT), **more}}


def _labels(alert: Alert) -> list[tuple[str, str]]:
    return [(name, value) for name, value in alert.labels.items() if name not in NOISY_LABELS and value]


def _is_web(href: str) -> bool:
    if len(href) > URL_LIMIT or not href.isascii() or not href.isprintable():
        return False
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
