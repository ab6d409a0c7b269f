"""Sidebar: the live board of a room, one alert's dialog, and what their buttons do."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web
from markupsafe import Markup

from bot.domain import chart, reasons
from bot.domain.alert import Alert, State
from bot.domain.commands import Command
from bot.domain.errors import Invalid
from bot.domain.listing import counts_line
from bot.domain.reply import Outcome
from bot.domain.signal import DESCRIPTION_LIMIT, SUMMARY_LIMIT, Severity, clean
from bot.domain.spans import DAY, LONGEST, MINUTE
from bot.domain.targets import Targets
from bot.domain.times import clock, lasting
from bot.domain.vocabulary import SEVERITIES
from bot.hipchat.text import visible
from bot.parts import PARTS
from bot.usecases import board, command, directory
from bot.web.bodies import answer
from bot.web.page import STATIC, Visitor, body_as, drawn, fragment, visitor
from bot.web.pulse import PULSE

LONGEST_STREAM = 600.0
"""Seconds after which a page's stream ends, to be opened anew with a fresh JWT."""
CHANGED = b"event: changed\ndata:\n\n"
STILL_HERE = b": still here\n\n"
PRESS_LIMIT = 100
MANY = 200

VERBS: Mapping[str, str] = {
    "ack": "Ack",
    "unack": "Unack",
    "own": "Own",
    "assign": "Assign",
    "unassign": "Unassign",
    "snooze": "Snooze",
    "wake": "Wake",
    "close": "Close",
    "reopen": "Reopen",
    "note": "Note",
    "severity": "Severity",
    "undo": "Undo",
    "create": "Create",
    "test": "Test",
    "unsilence": "End it",
}
"""What buttons do, and what stands on them."""
OFFERED: Mapping[State, tuple[str, ...]] = {
    State.OPEN: ("ack", "own", "snooze", "assign", "close"),
    State.ACKED: ("unack", "own", "snooze", "assign", "close"),
    State.SNOOZED: ("wake", "ack", "assign", "close"),
    State.CLOSED: ("reopen",),
}
"""The buttons of an alert in each state."""
_BUTTON = Markup('<button type="button" data-press="{}">{}</button>')
BUTTONS: Mapping[State, Markup] = {
    state: Markup('<div class="acts">{}</div>').format(
        Markup("").join(_BUTTON.format(verb, VERBS[verb]) for verb in verbs)
    )
    for state, verbs in OFFERED.items()
}
"""The same, as they are drawn: in a row or a dialog that says which alert they are of."""
SPANS: Mapping[str, int] = {"30 min": 30 * MINUTE, "2 h": 120 * MINUTE, "8 h": 480 * MINUTE, "1 d": 1440 * MINUTE}
"""How long a snooze may be chosen to last."""

NOBODY = "nobody"
NO_VERB = "no button does that; there are: {verbs}"
NO_NUMBERS = "numbers is a list of at most {most} alert numbers"
NO_PRESS = "press is a text of 8 to {limit} characters that is new for each press of a button"
NO_SPAN = "for_ms is a number of milliseconds, from a minute to a year"
NO_SEVERITY = "severity is one of {words}"
NO_TEXT = "note says what it is about"
NO_NUMBER = "number is an alert's number"


def routes() -> list[web.RouteDef | web.StaticDef]:
    """Return the routes of the pages in a room."""
    return [
        web.get("/hipchat/sidebar", get_sidebar),
        web.get("/hipchat/sidebar/board", get_board),
        web.get("/hipchat/sidebar/events", get_events),
        web.post("/hipchat/sidebar/press", post_press),
        web.get("/hipchat/dialog/alert", get_alert),
        web.get("/hipchat/dialog/alert/card", get_card),
        web.get("/hipchat/dialog/create", get_create),
        web.get("/hipchat/dialog/charts", get_charts),
        web.static("/hipchat/static", STATIC),
    ]


async def get_sidebar(request: web.Request) -> web.StreamResponse:
    """Draw the board of the room."""
    found = await visitor(request)
    return drawn(request, "sidebar.html", found, spans=SPANS, severities=_severities(), **await _board(request, found))


async def get_board(request: web.Request) -> web.StreamResponse:
    """Draw what of the board changes."""
    return fragment("board.html", **await _board(request, await visitor(request)))


async def _board(request: web.Request, found: Visitor) -> dict[str, Any]:
    parts = request.app[PARTS]
    now = parts.clock()
    rows = await board.rows(parts.storage, found.caller, now)
    return {
        "counts": counts_line(rows.counts),
        "rows": [_row(alert, found, now) for alert in rows.alerts],
        "beyond": rows.beyond,
        "room": found.caller.room.name,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the board, ready to be written."""

    number: int
    severity: str
    state: str
    whose: str
    words: str
    title: str
    since: str
    owner: str
    count: str
    buttons: Markup


def _row(alert: Alert, found: Visitor, now: int) -> Row:
    owner = alert.owner
    summary = visible(alert.summary)
    since = lasting(max(0, now - (alert.opened_at if alert.state is State.OPEN else alert.state_at)))
    labels = " ".join(f"{name}={value}" for name, value in alert.labels.items())
    return Row(
        number=alert.number,
        severity=alert.severity.word,
        state=alert.state.value,
        whose="none" if owner is None else "mine" if owner.id == found.caller.actor.id else "other",
        words=f"#{alert.number} {summary} {visible(alert.source)} {visible(labels)}".lower(),
        title=f"#{alert.number} {summary}",
        since=f"{since} until {clock(alert.until, found.caller.time_zone, now=now)}" if alert.until else since,
        owner=visible(owner.name) if owner else NOBODY,
        count=f" · {alert.count} times" if alert.count > 1 else "",
        buttons=BUTTONS[alert.state],
    )


def _texts(found: Visitor, now: int) -> dict[str, Any]:
    """Return what templates write moments with."""
    zone = found.caller.time_zone

    def since(alert: Alert) -> str:
        return lasting(max(0, now - (alert.opened_at if alert.state is State.OPEN else alert.state_at)))

    def at(moment: int) -> str:
        return clock(moment, zone, now=now)

    texts: dict[str, Callable[..., Any]] = {"since": since, "at": at}
    return texts


def _severities() -> list[str]:
    return [severity.word for severity in sorted(Severity, reverse=True)]


async def get_events(request: web.Request) -> web.StreamResponse:
    """Tell a page whenever something has happened, until its JWT is over: server-sent events without data to trust."""
    found, parts, pulse = await visitor(request), request.app[PARTS], request.app[PULSE]
    left = min(LONGEST_STREAM, max(1.0, (found.expires_at - parts.clock()) / 1000))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    with pulse.opened():
        try:
            async for changed in pulse.beats(found.caller.tenant.id, left):
                await response.write(CHANGED if changed else STILL_HERE)
        except (ConnectionResetError, asyncio.CancelledError):
            return response
    return response


# --- one alert ------------------------------------------------------------------------------------------------------


async def get_alert(request: web.Request) -> web.StreamResponse:
    """Draw an alert with everything that is known about it."""
    found = await visitor(request)
    return drawn(request, "alert.html", found, spans=SPANS, severities=_severities(), **await _detail(request, found))


async def get_card(request: web.Request) -> web.StreamResponse:
    """Draw what of an alert's dialog changes."""
    return fragment("card.html", **await _detail(request, await visitor(request)))


async def _detail(request: web.Request, found: Visitor) -> dict[str, Any]:
    parts = request.app[PARTS]
    now, zone = parts.clock(), found.caller.time_zone
    detail = await board.detail(parts.storage, found.caller, _number(request.query.get("number", "")), now)
    return {
        "alert": detail.alert,
        "events": detail.known.events[-MANY:],
        "why": reasons.why(detail.known, now=now, zone_name=zone),
        "alike": detail.alike,
        "buttons": BUTTONS[detail.alert.state],
        **_texts(found, now),
    }


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid(NO_NUMBER)
    return int(text)


async def get_create(request: web.Request) -> web.StreamResponse:
    """Draw the form of a new alert, with a message's text in it."""
    found = await visitor(request)
    text = clean(" ".join(request.query.get("text", "").split()), SUMMARY_LIMIT)
    return drawn(request, "create.html", found, text=text, severities=_severities(), room=found.caller.room.name)


async def get_charts(request: web.Request) -> web.StreamResponse:
    """Draw the room's last days."""
    found, parts = await visitor(request), request.app[PARTS]
    days = next((each for each in chart.SPANS if request.query.get("days") == str(each)), 7)
    now, zone = parts.clock(), found.caller.time_zone
    since = now - days * DAY
    counted, more = await board.tally(parts.storage, found.caller, since)
    return drawn(
        request,
        "charts.html",
        found,
        room=found.caller.room.name,
        many=counted.many,
        more=more,
        days=days,
        choices=list(chart.SPANS),
        hours=chart.by_hour(counted, since=since, now=now, step=chart.SPANS[days], zone_name=zone),
        waits=chart.waits(counted),
        sources=chart.sources(counted),
    )


# --- buttons --------------------------------------------------------------------------------------------------------


async def post_press(request: web.Request) -> web.Response:
    """Do what a button asks for, once for each `press`: 200 with what came of it, 409 when it was refused."""
    found, parts = await visitor(request), request.app[PARTS]
    asked, press = read(await body_as(request, Pressed))
    reply = await command.press(
        parts.storage,
        found.caller,
        asked,
        message_id=f"press:{found.user}:{press}",
        now=parts.clock(),
        find_person=directory.finder(parts.storage, parts.channel, found.installation, now=parts.clock()),
        rules=parts.rules,
    )
    parts.wakeups.outbox.set()
    parts.wakeups.timers.set()
    parts.wakeups.parcels.set()
    good = reply.outcome in {Outcome.DONE, Outcome.INFO, Outcome.PARTLY}
    return answer({"text": reply.text, "outcome": reply.outcome.value}, 200 if good else 409)


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """What a button asks for, and the press's own id."""

    verb: str
    press: str
    numbers: list[int] | None = None
    note: str = ""
    severity: str | None = None
    to: str = ""
    for_ms: int | None = None


def read(given: Pressed) -> tuple[Command, str]:
    """Read what a button asks for, and the press's own id. Raises Invalid."""
    verb, press = given.verb, given.press
    if verb not in VERBS:
        raise Invalid(NO_VERB.format(verbs=", ".join(VERBS)))
    if not 8 <= len(press) <= PRESS_LIMIT or not press.isprintable():
        raise Invalid(NO_PRESS.format(limit=PRESS_LIMIT))
    text = clean(given.note.strip(), SUMMARY_LIMIT if verb == "create" else DESCRIPTION_LIMIT)
    if verb in {"note", "create"} and not text:
        raise Invalid(NO_TEXT)
    aimless = verb in {"undo", "create", "test", "unsilence"}
    severity = given.severity
    if severity not in SEVERITIES and (severity is not None or verb == "severity"):
        raise Invalid(NO_SEVERITY.format(words=", ".join(_severities())))
    asked = Command(
        silences=tuple(first for first, _ in _ranges(given.numbers)) if verb == "unsilence" else (),
        verb=verb,
        targets=Targets() if aimless else Targets(ranges=_ranges(given.numbers)),
        person=(given.to.strip().removeprefix("@") or "me") if verb == "assign" else None,
        duration=_span(given.for_ms, verb),
        note=text,
        severity=severity,
    )
    return asked, press


def _ranges(numbers: list[int] | None) -> tuple[tuple[int, int], ...]:
    if not numbers or len(numbers) > MANY or not all(0 < number < 2**53 for number in numbers):
        raise Invalid(NO_NUMBERS.format(most=MANY))
    return tuple((number, number) for number in sorted(set(numbers)))


def _span(span: int | None, verb: str) -> int | None:
    if span is None and verb != "snooze":
        return None
    if span is None or not MINUTE <= span <= LONGEST:
        raise Invalid(NO_SPAN)
    return span
