"""API: reading alerts and acting on them with a key, within the key's feed (product.md 4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from bot.domain import spans
from bot.domain.alert import ACTIVE, Action, State
from bot.domain.signal import LABEL_NAME_LIMIT, LABEL_VALUE_LIMIT, Severity, clean
from bot.domain.tenant import Scope
from bot.parts import PARTS
from bot.sources.values import is_null, is_text, members, readable, time_of
from bot.usecases import act, views
from bot.web.auth import admitted
from bot.web.bodies import ActionBody, AlertsBody, HistoryBody, alert_body, answer, event_body
from bot.web.cleared import cleared
from bot.web.errors import Problem
from bot.web.ingest import body_of, check_type

BODY_LIMIT = 64 * 1024
LIMIT_DEFAULT = 50
LIMIT_MOST = 200
HISTORY_LIMIT = 1000
TEXT_LIMIT = 2048
WORDS_LIMIT = 32
LABELS_LIMIT = 16
NAME_LIMIT = 256
NOTE_LIMIT = 4096
NUMBER_DIGITS = 15
LABEL = "label."
LABEL_OF = "label["
"""Begins the other spelling, `label[NAME]=VALUE`, which OpenAPI's clients write."""

STATES: Mapping[str, frozenset[State]] = {
    "active": ACTIVE,
    "all": frozenset(State),
    **{state.value: frozenset({state}) for state in State},
}
SEVERITIES: Mapping[str, Severity] = {severity.word: severity for severity in Severity}
ACTIONS: Mapping[str, Action] = {
    "ack": Action.ACK,
    "unack": Action.UNACK,
    "close": Action.CLOSE,
    "reopen": Action.REOPEN,
    "assign": Action.ASSIGN,
    "snooze": Action.SNOOZE,
    "wake": Action.WAKE,
    "note": Action.NOTE,
}

NO_STATE = "state is one of {states}"
NO_SEVERITY = "severity is one of {severities}, or several with commas between them"
NO_LIMIT = "limit is a number from 1 to {most}"
NO_CURSOR = "cursor is what `next` of the page before said"
NO_LABEL = "a label is asked for as label.NAME=VALUE"
NO_PARAMETER = "there is no parameter {name}; there are state, severity, label.NAME, q, limit and cursor"
TWICE = "{name} is given twice"
TOO_MUCH = "{name} is too long"
NOT_JSON = "the body is not JSON"
NOT_ACTION = 'the body is an object with "by", "note", "until" and "to", each a string'
NO_NOTE = "a note needs its text"
NO_ONE = "say whom it goes to: a mention name"
ONLY_HELD = "only an ack or a snooze ends by itself"
NO_UNTIL = "until is an RFC 3339 time in the future, or a span of at most a year such as 2h or 1h30m"
NO_END = "say until when: an RFC 3339 time, or a span such as 2h"

_decode = msgspec.json.Decoder(ActionBody).decode


def routes() -> list[web.RouteDef]:
    """Return the routes that read alerts and act on them."""
    verbs = "|".join(ACTIONS)
    return [
        web.get("/api/v1/alerts", get_alerts),
        web.get("/api/v1/alerts/{number:[0-9]{1,15}}", get_alert),
        web.get("/api/v1/alerts/{number:[0-9]{1,15}}/history", get_history),
        web.post(f"/api/v1/alerts/{{number:[0-9]{{1,15}}}}/{{action:{verbs}}}", post_action),
    ]


async def get_alerts(request: web.Request) -> web.Response:
    """Answer a page of alerts, newest first."""
    key = await admitted(request, Scope.READ)
    asked = _searched(request.query.items())
    page = await views.page(
        request.app[PARTS].storage,
        key,
        states=asked.states,
        severities=asked.severities,
        labels=asked.labels,
        words=asked.words,
        before=asked.before,
        limit=asked.limit,
    )
    cursor = None if page.before is None else str(page.before)
    return answer(AlertsBody(alerts=[alert_body(shown) for shown in page.alerts], next=cursor))


async def get_alert(request: web.Request) -> web.Response:
    """Answer one alert."""
    key = await admitted(request, Scope.READ)
    return answer(alert_body(await views.one(request.app[PARTS].storage, key, _number(request))))


async def get_history(request: web.Request) -> web.Response:
    """Answer a page of an alert's changes, oldest first: all of them, unless they are very many."""
    key = await admitted(request, Scope.READ)
    number = _number(request)
    asked = _searched((name, value) for name, value in request.query.items() if name in {"limit", "cursor"})
    limit = asked.limit if "limit" in request.query else HISTORY_LIMIT
    events, after = await views.history_of(
        request.app[PARTS].storage, key, number, after=asked.before or 0, limit=limit
    )
    cursor = None if after is None else str(after)
    return answer(HistoryBody(alert=number, history=[event_body(event) for event in events], next=cursor))


async def post_action(request: web.Request) -> web.Response:
    """Do something to an alert and answer it as it is then; 409 when its state does not allow it."""
    key = await admitted(request, Scope.ACT)
    check_type(request)
    parts = request.app[PARTS]
    now = parts.clock()
    action = ACTIONS[request.match_info["action"]]
    said = _said(await cleared(request, await body_of(request, BODY_LIMIT)))
    alert = await act.perform_api(
        parts.storage,
        key=key,
        number=_number(request),
        action=action,
        by=_line(said.by, "/by") or key.name,
        note=_note(said, action),
        to=_to(said, action),
        until=_until(said, action, now),
        now=now,
        rules=parts.rules,
    )
    parts.wakeups.outbox.set()
    parts.wakeups.timers.set()
    return answer(alert_body(await views.beside_room(parts.storage, key, alert)))


def _number(request: web.Request) -> int:
    return int(request.match_info["number"])


# --- what a search asks for -----------------------------------------------------------------------------------------


@dataclass(kw_only=True, slots=True)
class _Search:
    """The parameters of a search while they are being read."""

    states: frozenset[State] = ACTIVE
    severities: frozenset[Severity] = frozenset(Severity)
    labels: list[tuple[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    before: int | None = None
    limit: int = LIMIT_DEFAULT


def _searched(query: Iterable[tuple[str, str]]) -> _Search:
    """Read a search; 400 for a parameter that is not there, 422 for a value that cannot be used."""
    search = _Search()
    seen: set[str] = set()
    for name, value in query:
        if name.startswith(LABEL_OF) and name.endswith("]"):
            name = LABEL + name[len(LABEL_OF) : -1]  # noqa: PLW2901 - the other spelling of the same
        reader = _READERS.get(LABEL if name.startswith(LABEL) else name)
        if reader is None:
            raise Problem(400, NO_PARAMETER.format(name=clean(name, 64)), path=clean(name, NAME_LIMIT))
        if name in seen:
            raise Problem(422, TWICE.format(name=clean(name, 64)), path=clean(name, NAME_LIMIT))
        seen.add(name)
        if len(value) > TEXT_LIMIT:
            raise Problem(422, TOO_MUCH.format(name=clean(name, 64)), path=clean(name, NAME_LIMIT))
        reader(search, name, value)
    return search


def _read_state(search: _Search, name: str, value: str) -> None:
    if value not in STATES:
        raise Problem(422, NO_STATE.format(states=", ".join(STATES)), path=name)
    search.states = STATES[value]


def _read_severity(search: _Search, name: str, value: str) -> None:
    words = [word.strip().lower() for word in value.split(",")]
    if not all(word in SEVERITIES for word in words):
        raise Problem(422, NO_SEVERITY.format(severities=", ".join(SEVERITIES)), path=name)
    search.severities = frozenset(SEVERITIES[word] for word in words)


def _read_label(search: _Search, name: str, value: str) -> None:
    label = name.removeprefix(LABEL)
    if not label or len(search.labels) >= LABELS_LIMIT:
        raise Problem(422, NO_LABEL if not label else TOO_MUCH.format(name=LABEL), path=clean(name, NAME_LIMIT))
    search.labels.append((clean(label, LABEL_NAME_LIMIT), clean(value, LABEL_VALUE_LIMIT)))


def _read_text(search: _Search, name: str, value: str) -> None:
    search.words = clean(value, len(value) + 1).split()
    if len(search.words) > WORDS_LIMIT:
        raise Problem(422, TOO_MUCH.format(name=name), path=name)


def _read_limit(search: _Search, name: str, value: str) -> None:
    if not value.isascii() or not value.isdigit() or len(value) > 3 or not 1 <= int(value) <= LIMIT_MOST:
        raise Problem(422, NO_LIMIT.format(most=LIMIT_MOST), path=name)
    search.limit = int(value)


def _read_cursor(search: _Search, name: str, value: str) -> None:
    if not value.isascii() or not value.isdigit() or len(value) > NUMBER_DIGITS:
        raise Problem(422, NO_CURSOR, path=name)
    search.before = int(value)


_READERS: Mapping[str, Callable[[_Search, str, str], None]] = {
    "state": _read_state,
    "severity": _read_severity,
    LABEL: _read_label,
    "q": _read_text,
    "limit": _read_limit,
    "cursor": _read_cursor,
}


# --- what an action asks for ----------------------------------------------------------------------------------------


def _said(body: bytes) -> ActionBody:
    """Read the body of an action; an empty one says nothing. 400 for what is not JSON, 422 for wrong types."""
    if not body.strip():
        return ActionBody()
    found = readable(body)
    if found is None:
        raise Problem(400, NOT_JSON, path="")
    given = members(found)
    if given is None:
        raise Problem(422, NOT_ACTION, path="")
    for name in ("by", "note", "until", "to"):
        if name in given and not is_null(given[name]) and not is_text(given[name]):
            raise Problem(422, NOT_ACTION, path=f"/{name}")
    return _decode(found)


def _line(text: str | None, path: str) -> str:
    """Return a name as one line."""
    line = " ".join(clean(text, len(text) + 1).split()) if text else ""
    if len(line) > NAME_LIMIT:
        raise Problem(422, TOO_MUCH.format(name=path[1:]), path=path)
    return line


def _note(said: ActionBody, action: Action) -> str:
    note = clean(said.note, NOTE_LIMIT).strip() if said.note else ""
    if action is Action.NOTE and not note:
        raise Problem(422, NO_NOTE, path="/note")
    return note


def _to(said: ActionBody, action: Action) -> str | None:
    name = _line(said.to, "/to").removeprefix("@")
    if action is not Action.ASSIGN:
        return None
    if not name:
        raise Problem(422, NO_ONE, path="/to")
    return name


def _until(said: ActionBody, action: Action, now: int) -> int | None:
    if said.until is None:
        if action is Action.SNOOZE:
            raise Problem(422, NO_END, path="/until")
        return None
    span = spans.compact(said.until.strip().lower())
    until = now + span[0] if span else time_of(said.until)
    if until is None or not now < until <= now + spans.LONGEST:
        raise Problem(422, NO_UNTIL, path="/until")
    if action not in {Action.ACK, Action.SNOOZE}:
        raise Problem(422, ONLY_HELD, path="/until")
    return until
