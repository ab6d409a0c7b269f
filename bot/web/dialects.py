"""Dialects: other services' own addresses and answers, so that their clients post to us as to those.

PagerDuty Events v2 (alert-sources.md 1.5) and NRDP (1.7.2). Their keys stand in the body and are good for ingest only.
"""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from bot.domain.signal import Rejected
from bot.domain.tenant import Key, Scope
from bot.parts import PARTS
from bot.sources import nrdp, pagerduty
from bot.sources.payload import fields_of_form
from bot.usecases import changes
from bot.web.auth import admitted_with
from bot.web.bodies import answer
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, deliver, has_signal, payload_of

PROCESSED = "Event processed"
CHANGED = "Change event processed"
INVALID = "Event object is invalid"
UNKNOWN_KEY = "'routing_key' is unknown, or was revoked"
VERSION = "2.0.5"

NRDP_DONE = "{many} checks processed."
NRDP_PRODUCT = "alertbot (NRDP)"


def routes() -> list[web.RouteDef]:
    """Return the addresses that those services' clients post to."""
    return [
        web.post("/v2/enqueue", post_event),
        web.post("/v2/change/enqueue", post_change),
        *(web.route(method, path, nrdp_call) for method in ("GET", "POST") for path in ("/nrdp", "/nrdp/")),
    ]


# --- PagerDuty --------------------------------------------------------------------------------------------------------


async def post_event(request: web.Request) -> web.Response:
    """Take an event: 202 after the commit with its key, 400 with every reason."""
    body = await body_of(request, SOURCE_BODY_LIMIT)
    try:
        key = await _pagerduty_key(request, body)
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
        event = pagerduty.read_change(body)
    except pagerduty.Invalid as invalid:
        return _invalid(invalid)
    parts = request.app[PARTS]
    now = parts.clock()
    await changes.keep(parts.storage, key.feed, event.summary, event.source, event.link, at=event.at or now, now=now)
    return answer({"status": "success", "message": CHANGED}, 202)


async def _pagerduty_key(request: web.Request, body: bytes) -> Key:
    try:
        return await admitted_with(request, pagerduty.routing_key(body), Scope.INGEST)
    except Problem:
        raise pagerduty.Invalid(UNKNOWN_KEY) from None


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
    try:
        items = nrdp.results(data, xml=not as_json)
    except nrdp.Unreadable:
        raise _Refused("BAD JSON" if as_json else "BAD XML") from None
    if has_signal(items):
        await deliver(request, key, nrdp.SENDER, data.encode("utf-8", "replace"), items)
    bad = [item.reason for item in items if isinstance(item, Rejected)]
    return " ".join([NRDP_DONE.format(many=len(items) - len(bad)), *bad])


async def _nrdp_command(request: web.Request, given: Mapping[str, str]) -> str:
    key = await _nrdp_key(request, given)
    items = nrdp.command(given.get("command", ""))
    if not items:
        raise _Refused("NO COMMAND")
    await deliver(request, key, nrdp.SENDER, given["command"].encode("utf-8", "replace"), items)
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
