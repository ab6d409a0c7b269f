"""Opsgenie: its Alert API at its own paths (alert-sources.md 1.6), so that its clients and SDKs work against us.

What it calls asynchronous is done before the answer; the status of a request tells the truth about it at once. An alert's id
and a request's are made of the number and the outcome, so that nothing has to be kept for them.
"""

import time
from collections.abc import Callable, Mapping

from aiohttp import web

from bot.domain.alert import Action, Alert, Outcome, Refused
from bot.domain.errors import AlertbotError, Unknown
from bot.domain.signal import Signal, key_within_limit
from bot.domain.tenant import Key, Scope
from bot.parts import PARTS
from bot.sources import opsgenie
from bot.sources.opsgenie import Invalid
from bot.sources.payload import Fields
from bot.sources.values import time_of
from bot.usecases import act, views
from bot.web.auth import admitted
from bot.web.bodies import answer, instant
from bot.web.cleared import cleared
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, deliver
from bot.web.opsgenie_list import data_of, unprocessable

PROCESSED = "Request will be processed"
ABSENT = "Alert does not exist"
DONE = "Processed"
CLOSED = "Alert is already closed"
REFUSED = "Alert is so already"
BECAME = (ABSENT, DONE, CLOSED, REFUSED)
"""What can become of a request; its id carries the place in this list."""
ACTIONS = ("Create", "Acknowledge", "UnAcknowledge", "Close", "AddNote", "Snooze", "Assign", "Update")
NAMES: Mapping[str, str] = {
    "acknowledge": "Acknowledge",
    "unacknowledge": "UnAcknowledge",
    "close": "Close",
    "notes": "AddNote",
    "snooze": "Snooze",
    "assign": "Assign",
}
IDENTIFIERS = ("id", "alias", "tiny")
NO_OWNER = "Owner can not be empty"
NO_END = "EndTime must be an ISO 8601 time in the future"
NO_IDENTIFIER = f"identifierType is one of {', '.join(IDENTIFIERS)}"


def routes() -> list[web.RouteDef]:
    """Return the routes of the Alert API."""
    return [
        web.post("/v2/alerts", post_alert),
        web.get("/v2/alerts/requests/{request}", get_request),
        web.get("/v2/alerts/{identifier}", get_alert),
        web.post(
            f"/v2/alerts/{{identifier}}/{{action:{'|'.join([*opsgenie.SPOKEN, 'snooze', 'assign'])}}}", post_action
        ),
        web.post(f"/v2/alerts/{{identifier}}/{{field:{'|'.join(opsgenie.LABELS)}}}", post_labels),
        web.delete(f"/v2/alerts/{{identifier}}/{{field:{'|'.join(opsgenie.LABELS)}}}", delete_labels),
        web.put(f"/v2/alerts/{{identifier}}/{{field:{'|'.join(opsgenie.CHANGED)}}}", put_field),
        web.patch(f"/v2/alerts/{{identifier}}/{{field:{'|'.join(opsgenie.CHANGED)}}}", put_field),
    ]


# --- writing ----------------------------------------------------------------------------------------------------------


async def post_alert(request: web.Request) -> web.Response:
    """Take an alert: 202 after the commit."""
    key = await admitted(request, Scope.INGEST)
    body = await cleared(request, await body_of(request, SOURCE_BODY_LIMIT))
    try:
        created = opsgenie.create(opsgenie.fields_of(body))
    except Invalid as invalid:
        return unprocessable(invalid)
    items = [created.signal]
    if created.note:
        items.append(opsgenie.spoken("notes", Fields({"note": created.note}), created.signal.dedup_key))
    results = await deliver(request, key, opsgenie.SENDER, body, items)
    return _accepted("Create", results[0].alert)


async def post_action(request: web.Request) -> web.Response:
    """Say something of an alert. Its acknowledge and close are good with `ingest`, snooze and assign need `act`."""
    action = request.match_info["action"]
    key = await admitted(request, Scope.ACT if action in {"snooze", "assign"} else Scope.INGEST)
    body = await cleared(request, await body_of(request, SOURCE_BODY_LIMIT))
    name = NAMES.get(action, "Update")
    try:
        given = opsgenie.fields_of(body)
        alert = await _found(request, key)
        if action in {"snooze", "assign"}:
            return _accepted(name, await _acted(request, key, action, given, alert))
        if alert is None:
            opsgenie.spoken(action, given, "")
            return _accepted(name, None)
        signal = opsgenie.spoken(action, given, alert.dedup_key)
    except Invalid as invalid:
        return unprocessable(invalid)
    results = await deliver(request, key, opsgenie.SENDER, body, [signal])
    if results[0].outcome is Outcome.IGNORED:
        return _accepted(name, alert.number, REFUSED if alert.active else CLOSED)
    return _accepted(name, results[0].alert)


async def put_field(request: web.Request) -> web.Response:
    """Put an alert's priority, message or description anew."""
    return await _updated(request, opsgenie.changed)


async def post_labels(request: web.Request) -> web.Response:
    """Add tags or details to an alert."""
    return await _updated(request, opsgenie.labelled)


async def delete_labels(request: web.Request) -> web.Response:
    """Take tags or details, which the query names (`tags=a,b`, `keys=a,b`), off an alert."""

    def unlabelled(field: str, _given: Fields, alert: Alert) -> Signal:
        named = request.query.getall("tags" if field == "tags" else "keys", [])
        return opsgenie.unlabelled(field, [name for text in named for name in text.split(",") if name], alert)

    return await _updated(request, unlabelled)


async def _updated(request: web.Request, read: Callable[[str, Fields, Alert], Signal]) -> web.Response:
    """Report an alert as it is but for what a request changes; its note is said beside it."""
    key = await admitted(request, Scope.INGEST)
    body = await cleared(request, await body_of(request, SOURCE_BODY_LIMIT))
    try:
        given = opsgenie.fields_of(body)
        alert = await _found(request, key)
        if alert is None or not alert.active:
            return _accepted("Update", None)
        signals = [read(request.match_info["field"], given, alert)]
    except Invalid as invalid:
        return unprocessable(invalid)
    said = {name: given.text(name) or request.query.get(name, "") for name in ("note", "user", "source")}
    if said["note"]:
        signals.append(opsgenie.spoken("notes", Fields(said), alert.dedup_key))
    await deliver(request, key, opsgenie.SENDER, body, signals)
    return _accepted("Update", alert.number)


async def _acted(request: web.Request, key: Key, action: str, given: Fields, alert: Alert | None) -> int | None:
    """Snooze or assign; None when there is no such alert, or when its state does not allow it."""
    parts = request.app[PARTS]
    now = parts.clock()
    until, to = None, None
    if action == "snooze":
        until = time_of(given.text("endTime"))
        if until is None or until <= now:
            raise Invalid("endTime", NO_END)
    else:
        to = given.text("owner.username", "owner.id")
        if not to:
            raise Invalid("owner", NO_OWNER)
    if alert is None:
        return None
    try:
        await act.perform_api(
            parts.storage,
            key=key,
            number=alert.number,
            action=Action(action),
            by=given.text("user") or given.text("source") or key.name,
            note=given.text("note"),
            to=to,
            until=until,
            now=now,
            rules=parts.rules,
        )
    except Refused:
        return None
    except AlertbotError as error:
        raise Invalid(action, str(error)) from None
    parts.wakeups.outbox.set()
    parts.wakeups.timers.set()
    return alert.number


def _accepted(action: str, number: int | None, became: str = DONE) -> web.Response:
    what = BECAME.index(ABSENT if number is None else became)
    request_id = f"{ACTIONS.index(action):08x}-{what:04x}-4000-8000-{number or 0:012x}"
    return answer({"result": PROCESSED, "took": 0.0, "requestId": request_id}, 202)


# --- reading ----------------------------------------------------------------------------------------------------------


async def get_request(request: web.Request) -> web.Response:
    """Answer what became of a request: what its id says."""
    await admitted(request)
    parts = request.match_info["request"].split("-")
    try:
        action, became, number = ACTIONS[int(parts[0], 16)], BECAME[int(parts[1], 16)], int(parts[4], 16)
    except (ValueError, IndexError):
        return answer({"message": "Request not found", "took": 0.0, "requestId": ""}, 404)
    good = became == DONE
    data = {
        "success": good,
        "isSuccess": good,
        "action": action,
        "processedAt": instant(request.app[PARTS].clock()),
        "integrationId": "alertbot",
        "status": became,
        "alertId": opsgenie.alert_id(number) if number else "",
        "alias": "",
    }
    return answer({"data": data, "took": 0.0, "requestId": request.match_info["request"]})


async def get_alert(request: web.Request) -> web.Response:
    """Answer one alert."""
    key = await admitted(request, Scope.READ)
    begun = time.perf_counter()
    try:
        alert = await _found(request, key)
    except Invalid as invalid:
        return unprocessable(invalid)
    if alert is None:
        return answer({"message": ABSENT, "took": 0.0, "requestId": ""}, 404)
    return answer({"data": data_of(alert), "took": round(time.perf_counter() - begun, 3), "requestId": ""})


async def _found(request: web.Request, key: Key) -> Alert | None:
    """Return the alert that a request names: by id, by alias or by tiny id (`identifierType`); None when there is none. Raises Invalid."""
    named = request.match_info["identifier"]
    storage = request.app[PARTS].storage
    kind = request.query.get("identifierType", "id").lower()
    if kind not in IDENTIFIERS:
        raise Invalid("identifierType", NO_IDENTIFIER)
    if kind == "alias":
        return await views.latest(storage, key, key_within_limit(named))
    number = opsgenie.number_of(named, kind)
    try:
        shown = await views.one(storage, key, number) if number else None
    except Unknown:
        return None
    return shown.alert if shown else None
