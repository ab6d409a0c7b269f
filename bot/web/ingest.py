"""Ingest: alerts that backends post, to our own API and to the paths that their webhooks expect."""

from collections.abc import Sequence

import msgspec
from aiohttp import web

from bot import sources
from bot.domain.alert import Outcome
from bot.domain.charset import as_utf8, unescaped
from bot.domain.signal import Rejected, Signal
from bot.domain.tenant import Key, Scope
from bot.parts import PARTS
from bot.sources import AUTO, BY_QUERY, SOURCES, cloudevents, cloudwatch, generic, victorops
from bot.sources.payload import Payload, form_of
from bot.sources.values import Item
from bot.usecases.ingest import Delivery, Result
from bot.web.auth import admitted
from bot.web.bodies import ResultBody, ResultsBody, answer
from bot.web.cleared import cleared, cleared_payload
from bot.web.errors import Problem
from bot.web.signatures import check_signature, configured

BODY_LIMIT = 1024 * 1024
ITEMS_LIMIT = 1000
SOURCE_BODY_LIMIT = 16 * 1024 * 1024
"""Senders of other dialects drop what we refuse, so theirs may be large, and of any number of items."""

ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
ANY_BYTES = frozenset({"application/x-www-form-urlencoded", "application/octet-stream"})
"""What curl, urllib and others claim when nobody told them what they send. Their body counts when it looks like JSON."""

WRONG_TYPE = "send JSON, with Content-Type: application/json"
WRONG_ENCODING = "send the body plain, or with Content-Encoding: gzip or deflate"
TOO_LARGE = "the body is larger than {limit} KiB"
TOO_MANY = "{count} alerts in one request are too many; send up to {limit}"
NONE_GOOD = "none of the {count} alerts could be used"
NO_SOURCE = "there is no source {name}; there are: {names}"


def routes() -> list[web.RouteDef]:
    """Return the routes that take alerts."""
    return [
        web.post("/api/v1/alerts", post_alerts),
        web.post("/in/{source}", post_source),
        web.post("/in/{source}/{key}", post_source),
        web.get("/in/{source}", get_source, allow_head=False),
        web.get("/in/{source}/{key}", get_source, allow_head=False),
        web.post(f"/in/{{source:{victorops.SENDER}}}/{{key}}/{{routing}}", post_source),
        *(web.options(f"/in/{{source:{cloudevents.SENDER}}}{rest}", allow_events) for rest in ("", "/{key}")),
    ]


async def post_alerts(request: web.Request) -> web.Response:
    """Take alerts in our own dialect: 202 after the commit, 400 when none was good (product.md 4)."""
    key = await admitted(request, Scope.INGEST)
    check_type(request)
    body = await body_of(request, BODY_LIMIT)
    if request.content_type in ANY_BYTES and body.lstrip()[:1] not in (b"{", b"["):
        raise Problem(415, WRONG_TYPE)
    body = await cleared(request, body)
    items = generic.parse(body, origin=key.name or generic.SENDER)
    if len(items) > ITEMS_LIMIT:
        raise Problem(413, TOO_MANY.format(count=len(items), limit=ITEMS_LIMIT))
    if not has_signal(items):
        raise _none_good(items)
    return answer(results_body(items, await deliver(request, key, generic.SENDER, body, items)), 202)


async def get_source(request: web.Request) -> web.Response:
    """Take a webhook whose words stand in its query; without one only where its senders do so."""
    name = request.match_info["source"]
    silent = not request.rel_url.raw_query_string and name not in BY_QUERY
    # What SNS signs is posted to an address of its own, where its signature is looked at.
    if silent or (name == cloudwatch.SENDER and request.can_read_body):
        raise web.HTTPMethodNotAllowed("GET", ["POST"])
    return await post_source(request)


async def post_source(request: web.Request) -> web.Response:
    """Take another tool's webhook. What nobody understands is an odd-looking alert by now, so nothing is refused."""
    name = request.match_info["source"]
    key = await admitted(request, Scope.INGEST)
    if name not in SOURCES:
        raise Problem(404, NO_SOURCE.format(name=name, names=", ".join(SOURCES)))
    payload = await payload_of(request, SOURCE_BODY_LIMIT)
    source = await configured(request, key, name)
    if source is not None and source.secret:
        check_signature(request, source, payload)
    payload = await cleared_payload(request, payload)
    found = sources.take(name, payload, source.mapping if source is not None else None)
    results = results_body(found.items, await deliver(request, key, name, found.kept, found.items))
    sender = next((item.sender for item in found.items if isinstance(item, Signal)), "")
    return answer(msgspec.structs.replace(results, source=sender) if name == AUTO and sender else results)


async def payload_of(request: web.Request, limit: int) -> Payload:
    """Read what a source is told; errors as those of `raw_body_of`."""
    return Payload(
        body=await raw_body_of(request, limit),
        charset=request.charset or "",
        content_type=request.content_type,
        query=query_of(request),
        headers={header.lower(): unescaped(value) for header, value in request.headers.items()},
        now=request.app[PARTS].clock(),
    )


def query_of(request: web.Request) -> dict[str, str]:
    """Return the query, the last value of a name, whatever charset its bytes are of."""
    raw = request.rel_url.raw_query_string
    return form_of(raw.encode("utf-8", "surrogateescape")) if raw else {}


async def allow_events(request: web.Request) -> web.Response:
    """Answer a sender of CloudEvents that asks whether it may send (alert-sources.md 1.14)."""
    headers = {"Allow": "POST", "WebHook-Allowed-Origin": request.headers.get("WebHook-Request-Origin", "*")}
    if "WebHook-Request-Rate" in request.headers:
        headers["WebHook-Allowed-Rate"] = request.headers["WebHook-Request-Rate"]
    return web.Response(headers=headers)


async def deliver(request: web.Request, key: Key, dialect: str, body: bytes, items: Sequence[Item]) -> list[Result]:
    """Hand a request's items to the intake and return what became of them, after the commit; the body is kept and was cleared."""
    delivery = Delivery(feed=key.feed, dialect=dialect, body=body, items=items)
    return await request.app[PARTS].intake.receive(delivery)


def has_signal(items: Sequence[Item]) -> bool:
    """Whether any item can be used."""
    return any(isinstance(item, Signal) for item in items)


def results_body(items: Sequence[Item], results: Sequence[Result]) -> ResultsBody:
    """Return what became of each item as the API says it."""
    return ResultsBody(results=[_result(item, result) for item, result in zip(items, results, strict=True)])


def _result(item: Item, result: Result) -> ResultBody:
    if isinstance(item, Rejected):
        return _rejected(item)
    if item.note:
        return ResultBody(alert=result.alert, outcome=result.outcome.value, dedup_key=result.dedup_key, note=item.note)
    return ResultBody(alert=result.alert, outcome=result.outcome.value, dedup_key=result.dedup_key)


def _rejected(item: Rejected) -> ResultBody:
    return ResultBody(
        alert=None, outcome=Outcome.REJECTED.value, dedup_key=item.dedup_key, error=item.reason, path=item.path
    )


def _none_good(items: Sequence[Item]) -> Problem:
    rejected = [item for item in items if isinstance(item, Rejected)]
    first = rejected[0]
    detail = first.reason if len(rejected) == 1 else NONE_GOOD.format(count=len(rejected))
    return Problem(400, detail, path=first.path, results=[_rejected(item) for item in rejected])


def check_type(request: web.Request) -> None:
    """Refuse with 415 what says that it is no JSON. Who says nothing may be sending JSON."""
    if "Content-Type" not in request.headers:
        return
    kind = request.content_type
    if kind != "application/json" and not kind.endswith("+json") and kind not in ANY_BYTES:
        raise Problem(415, WRONG_TYPE)


async def body_of(request: web.Request, limit: int) -> bytes:
    """Read the body as UTF-8, whatever charset it came in; errors as those of `raw_body_of`."""
    return as_utf8(await raw_body_of(request, limit), request.charset or "")


async def raw_body_of(request: web.Request, limit: int) -> bytes:
    """Read the body, decompressed where it says so; 413 as soon as it is longer than `limit` bytes, 415 for other encodings.

    RequestPayloadError when it ends early or its compression is broken.
    """
    if request.headers.get("Content-Encoding", "").lower() not in ENCODINGS:
        raise Problem(415, WRONG_ENCODING)
    length = request.content_length
    if length is not None and length > limit:
        raise Problem(413, TOO_LARGE.format(limit=limit // 1024))
    read = request.content.readany
    body = await read()
    if not request.content.at_eof():
        parts = bytearray(body)
        while len(parts) <= limit and (chunk := await read()):
            parts += chunk
        body = bytes(parts)
    if len(body) > limit:
        raise Problem(413, TOO_LARGE.format(limit=limit // 1024))
    return body
