"""Dialects: other services' own addresses and answers, so that their clients post to us as to those.

PagerDuty Events v2 (alert-sources.md 1.5) and v1 and NRDP (1.7.2). Their keys stand in the body and are good for ingest only.
"""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from bot.domain.signal import Rejected
from bot.domain.tenant import Key, Scope
from bot.parts import PARTS
from bot.sources import nrdp, pagerduty, pagerduty_v1
from bot.sources.payload import fields_of_form
from bot.sources.values import odd
from bot.usecases import changes
from bot.web.auth import admitted_with
from bot.web.bodies import answer
from bot.web.cleared import cleared
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, deliver, has_signal, payload_of

PROCESSED = "Event processed"
CHANGED = "Change event processed"
INVALID = "Event object is invalid"
UNKNOWN_KEY = "'{name}' is unknown, or was revoked"
VERSION = "2.0.5"

NRDP_DONE = "{many} checks processed."
NRDP_PRODUCT = "alertbot (NRDP)"


def routes() -> list[web.RouteDef]:
    """Return the addresses that those services' clients post to."""
    return [
        web.post("/v2/enqueue", post_event),
        web.post("/v2/change/enqueue", post_change),
        web.post("/generic/2010-04-15/create_event.json", post_event_v1),
        *(web.route(method, path, nrdp_call) for method in ("GET", "POST") for path in ("/nrdp", "/nrdp/")),
    ]


# --- PagerDuty --------------------------------------------------------------------------------------------------------


async def post_event(request: web.Request) -> web.Response:
    """Take an event: 202 after the commit with its key, 400 with every reason."""
    body = await body_of(request, SOURCE_BODY_LIMIT)
    try:
        key = await _pagerduty_key(request, body)
        body = await cleared(request, body)
        event = pagerduty.read(body)
    except pagerduty.Invalid as invalid:
        return _invalid(invalid)
    await deliver(request, key, pagerduty.SENDER, body, [event.signal])
    return answer({"status": "success", "message": PROCESSED, "dedup_key": event.dedup_key}, 202)


async def post_change(request: web.Request) -> web.Response:
    """Take a change event: it is kept, and shown beside the alerts that come after it."""
    body = await body_of(request, SOURCE_BODY_LIMIT)
    try:
        key = await _pagerduty_key(request, body)
        event = pagerduty.read_change(await cleared(request, body))
    except pagerduty.Invalid as invalid:
        return _invalid(invalid)
    parts = request.app[PARTS]
    now = parts.clock()
    await changes.keep(parts.storage, key.feed, event.summary, event.source, event.link, at=event.at or now, now=now)
    return answer({"status": "success", "message": CHANGED}, 202)


async def post_event_v1(request: web.Request) -> web.Response:
    """Take an event of the older API: 200 after the commit with its key, 400 with every reason."""
    body = await body_of(request, SOURCE_BODY_LIMIT)
    try:
        key = await _pagerduty_key(request, body, pagerduty_v1.CREDENTIAL)
        body = await cleared(request, body)
        event = pagerduty_v1.read(body)
    except pagerduty.Invalid as invalid:
        return _invalid(invalid)
    await deliver(request, key, pagerduty.SENDER, body, [event.signal])
    return answer({"status": "success", "message": PROCESSED, "incident_key": event.dedup_key})


async def _pagerduty_key(request: web.Request, body: bytes, name: str = pagerduty.CREDENTIAL) -> Key:
    try:
        return await admitted_with(request, pagerduty.credential(body, name), Scope.INGEST)
    except Problem:
        raise pagerduty.Invalid(UNKNOWN_KEY.format(name=name)) from None


def _invalid(invalid: pagerduty.Invalid) -> web.Response:
    return answer({"status": "invalid event", "message": INVALID, "errors": invalid.errors}, 400)


# --- NRDP -------------------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """NRDP's word for what is wrong with a call."""


async def nrdp_call(request: web.Request) -> web.Response:
    """Do what a form asks for. The answer is always 200: what it is worth stands in its body, as XML unless JSON came."""
    given = fields_of_form(await payload_of(request, SOURCE_BODY_LIMIT))
    as_json = "json" in given or "JSONDATA" in given
    try:
        match given.get("cmd", ""):
            case "hello":
                return _nrdp(0, "OK", as_json, product=NRDP_PRODUCT, version=VERSION)
            case "submitcheck":
                output = await _nrdp_checks(request, given, as_json=as_json)
            case "submitcmd":
                output = await _nrdp_command(request, given)
            case _:
                return _nrdp(-1, "NO REQUEST HANDLER", as_json)
    except _Refused as refused:
        return _nrdp(-1, str(refused), as_json)
    return _nrdp(0, "OK", as_json, output=output)


async def _nrdp_key(request: web.Request, given: Mapping[str, str]) -> Key:
    if not given.get("token"):
        raise _Refused("NO TOKEN")
    try:
        return await admitted_with(request, given["token"], Scope.INGEST)
    except Problem:
        raise _Refused("BAD TOKEN") from None


async def _nrdp_checks(request: web.Request, given: Mapping[str, str], *, as_json: bool) -> str:
    key = await _nrdp_key(request, given)
    names = ("json", "JSONDATA") if as_json else ("xml", "XMLDATA")
    data = next((given[name] for name in names if given.get(name)), "")
    if not data:
        raise _Refused("NO DATA")
    body = await cleared(request, data.encode("utf-8", "replace"), given["token"])
    try:
        items = nrdp.results(body.decode(), xml=not as_json)
    except nrdp.Unreadable:
        await deliver(request, key, nrdp.SENDER, body, [odd(body, nrdp.SENDER)])
        raise _Refused("BAD JSON" if as_json else "BAD XML") from None
    bad = [item.reason for item in items if isinstance(item, Rejected)]
    if items:
        # What none can use is shown as it came: its sender looks at the answer no more than at a log.
        await deliver(request, key, nrdp.SENDER, body, items if has_signal(items) else [odd(body, nrdp.SENDER)])
    return " ".join([NRDP_DONE.format(many=len(items) - len(bad)), *bad])


async def _nrdp_command(request: web.Request, given: Mapping[str, str]) -> str:
    key = await _nrdp_key(request, given)
    body = await cleared(request, given.get("command", "").encode("utf-8", "replace"), given["token"])
    items = nrdp.command(body.decode())
    if not has_signal(items):
        raise _Refused("NO COMMAND")
    await deliver(request, key, nrdp.SENDER, body, items)
    return ""


def _nrdp(status: int, message: str, as_json: bool, *, output: str = "", **more: str) -> web.Response:
    if as_json:
        result: dict[str, Any] = {"status": status, "message": message}
        return answer({"result": result | ({"meta": {"output": output}} if output else {}) | more})
    parts = [f"<status>{status}</status>", f"<message>{escape(message)}</message>"]
    parts += [f"<meta><output>{escape(output)}</output></meta>"] if output else []
    parts += [f"<{name}>{escape(value)}</{name}>" for name, value in more.items()]
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<result>{"".join(parts)}</result>\n'
    return web.Response(text=text, content_type="text/xml")
