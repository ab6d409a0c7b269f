"""Render: replies and notices as Hipchat's notifications, within its limits (hipchat-api.md 11 and 12, product.md 6)."""

import uuid
from typing import Any
from urllib.parse import urlsplit

from bot.domain.alert import Alert, State
from bot.domain.notice import News, Notice
from bot.domain.reply import Outcome, Reply
from bot.domain.signal import Severity
from bot.domain.times import clock, lasting, ordinal
from bot.hipchat.text import MESSAGE_LIMIT, WORD_JOINER, cut, html, html_within, rings_one, silent, visible

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
REPEATED = "again, {count} time since {since}"
RESOLVED = "resolved by {by} after {lasted}"
UNREPORTED = "{why}: closed, but nobody said that it is resolved"
CHANGED = "{action} by {by}"
UNTIL = " until {}"
FOR_ROOM = "meant for the room {room}, which the bot cannot reach"
YOURS = "#{number} is yours now, from {by}: {summary}"
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
    Outcome.REFUSED: "red",
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
FOLDED = frozenset({News.RESOLVED, News.UNREPORTED, News.CHANGED, News.AGAIN})
"""News that folds to its activity line: nobody has to act on it."""
SAID = frozenset({News.SILENCE_ENDING, News.SILENCE_ENDED, News.ESCALATED, News.UNREACHED, News.NOISE})
"""News in the words of its detail `why`, for those named in `rings`, about alerts of at most `severity`."""
RINGS = frozenset({News.OPENED, News.WORSE, News.REOPENED, News.FLAPPING, News.ENDED})
HOLDS = frozenset({"acked", "owned", "snoozed"})
"""What is done until a time."""
NOISY_LABELS = frozenset({"severity", "priority", "prometheus", "replica", "monitor", "endpoint", "__name__"})


def reply(said: Reply) -> dict[str, Any]:
    """Return the answer to a command: html, or, where somebody is to be rung, text with their mentions in front."""
    color = OUTCOME_COLORS[said.outcome]
    rung = [name for name in said.mentions if rings_one(name)]
    if not rung:
        body = html_within(said.text or "-", MESSAGE_LIMIT)
        return {"message": body, "message_format": "html", "color": color, "notify": False}
    names = " ".join(f"@{name}" for name in rung)
    text = cut(f"{names} {silent(said.text)}", MESSAGE_LIMIT)
    return {"message": text, "message_format": "text", "color": color, "notify": False}


def notice(told: Notice, alert: Alert | None, *, now: int) -> dict[str, Any]:
    """Return the message of one notice: a card with a true fallback, or plain words where there is no alert."""
    if told.news in SAID:
        return _said(told)
    rung = [name for name in told.detail.get("rings", "").split() if rings_one(name)]
    if rung:
        return _called(told, rung)
    if told.news in WORDS or alert is None:
        return _plain(words_of(told), again=told.again)
    if told.news is News.ASSIGNED and rings_one(told.detail.get("owner", "")):
        return _rung(told, alert)
    line = headline(told, alert, now) + _meant_for(told)
    return {
        "message": _fallback(told, alert, line),
        "message_format": "html",
        "color": color_of(told, alert),
        "notify": told.news in RINGS and _severity(told, alert) >= Severity.ERROR,
        "card": _card(told, alert, line),
    }


def words_of(told: Notice) -> str:
    """Return what a notice says that is about no alert."""
    return WORDS.get(told.news) or cut(told.detail.get("why") or TEST, MESSAGE_LIMIT)


def headline(told: Notice, alert: Alert, now: int) -> str:
    """Say in a few words what is new about an alert."""
    by, why = told.detail.get("by", "somebody"), told.detail.get("why", "")
    match told.news:
        case News.OPENED:
            origin = alert.source or ", ".join(alert.senders) or by
            text = OPENED.format(severity=_severity(told, alert).word, source=origin)
            text += EARLIER.format(number=alert.predecessor) if alert.predecessor else ""
        case News.WORSE:
            text = f"worse: {why}"
        case News.REOPENED:
            text = f"open again: {why}"
        case News.AGAIN:
            since = clock(alert.opened_at, "UTC", now=now)
            text = REPEATED.format(count=ordinal(int(told.detail.get("count", alert.count))), since=since)
        case News.RESOLVED:
            text = RESOLVED.format(by=by, lasted=lasting(max(0, told.at - alert.opened_at)))
        case News.UNREPORTED:
            text = UNREPORTED.format(why=why)
        case News.CHANGED | News.ASSIGNED:
            text = CHANGED.format(action=told.detail.get("action", "changed"), by=by)
            if told.detail.get("action") in HOLDS and "until" in told.detail:
                text += UNTIL.format(clock(int(told.detail["until"]), "UTC", now=now))
            text += f": {why}" if why else ""
        case _:
            text = why
    return text


def _meant_for(told: Notice) -> str:
    """Mark news that was handed over from another room."""
    room = told.detail.get("room", "")
    return f"; {FOR_ROOM.format(room=room)}" if room else ""


def color_of(told: Notice, alert: Alert) -> str:
    """Return the colour of news: of the state it led to, else of the severity it had."""
    state = State(told.detail.get("state", alert.state.value))
    return STATE_COLORS.get(state) or SEVERITY_COLORS[_severity(told, alert)]


def _severity(told: Notice, alert: Alert) -> Severity:
    word = told.detail.get("severity", "")
    return Severity[word.upper()] if word else alert.severity


def _plain(text: str, *, again: bool) -> dict[str, Any]:
    words = f"{text} {AGAIN}" if again else text
    return {"message": html_within(words, MESSAGE_LIMIT), "message_format": "html", "color": "gray", "notify": False}


def _said(told: Notice) -> dict[str, Any]:
    """Return news in words: text where somebody is to be rung, because only there a mention rings."""
    word = told.detail.get("severity", "")
    words = f"{words_of(told)} {AGAIN}" if told.again else words_of(told)
    body: dict[str, Any] = {
        "message": html_within(words, MESSAGE_LIMIT),
        "message_format": "html",
        "color": SEVERITY_COLORS[Severity[word.upper()]] if word else "gray",
        "notify": word in {Severity.ERROR.word, Severity.CRITICAL.word},
    }
    rung = " ".join(f"@{name}" for name in told.detail.get("rings", "").split(" ") if rings_one(name))
    if rung:
        body |= {"message": cut(f"{rung} {silent(words)}", MESSAGE_LIMIT), "message_format": "text"}
    return body


def _rung(told: Notice, alert: Alert) -> dict[str, Any]:
    """Return an assignment from outside the room: text, because only there a mention rings, so without a card."""
    words = YOURS.format(number=alert.number, by=told.detail.get("by", "somebody"), summary=cut(alert.summary, 500))
    words += _meant_for(told)
    text = f"@{told.detail['owner']} {silent(words)}" + (f" ({AGAIN})" if told.again else "")
    return {
        "message": cut(text, MESSAGE_LIMIT),
        "message_format": "text",
        "color": color_of(told, alert),
        "notify": False,
    }


def _called(told: Notice, rung: list[str]) -> dict[str, Any]:
    """Return news that rings people: text, because only there a mention rings, so without a card."""
    names = " ".join(f"@{name}" for name in rung)
    words = told.detail.get("why", "") + _meant_for(told)
    text = f"{names} {silent(words)}" + (f" ({AGAIN})" if told.again else "")
    severity = Severity[told.detail.get("severity", Severity.WARNING.word).upper()]
    state = State(told.detail.get("state", State.OPEN.value))
    return {
        "message": cut(text, MESSAGE_LIMIT),
        "message_format": "text",
        "color": STATE_COLORS.get(state) or SEVERITY_COLORS[severity],
        "notify": told.news in RINGS and severity >= Severity.ERROR,
    }


def _fallback(told: Notice, alert: Alert, line: str) -> str:
    parts = [
        f"<b>#{alert.number}</b> {html_within(alert.summary, 4000)}",
        f"<b>{html_within(line, 1000)}</b>",
        html_within(" · ".join(f"{name}: {value}" for name, value in _labels(alert)), 3000),
        html(AGAIN) if told.again else "",
    ]
    return "<br>".join(filter(None, parts))


def _card(told: Notice, alert: Alert, line: str) -> dict[str, Any]:
    card: dict[str, Any] = {
        "style": "application",
        "id": str(uuid.uuid4()),
        "format": "medium",
        "title": cut(f"#{alert.number} {visible(' '.join(alert.summary.split()))}", TITLE_LIMIT),
        "description": {"value": _description(told, alert, line), "format": "text"},
        "attributes": _attributes(told, alert),
        "metadata": {"alert": alert.number, "news": told.news.value},
    }
    link = next((link.href for link in alert.links if _is_web(link.href)), None)
    if link:
        card["url"] = link
    if told.news in FOLDED:
        # Hipchat itself writes mentions into this field (12), so an `@` from outside is disarmed here too.
        words = html_within(f"{line} · {' '.join(alert.summary.split())}", 400).replace("@", f"@{WORD_JOINER}")
        card["activity"] = {"html": f"<b>#{alert.number}</b> {words}"}
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
