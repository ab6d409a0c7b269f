"""SNS: notifications of CloudWatch, with their signature checked, and subscriptions confirmed (alert-sources.md 1.10).

Certificate and confirmation are fetched from SNS's own hosts and no others, whatever a body says.
"""

import structlog
from aiohttp import web

from bot.domain.tenant import Scope
from bot.parts import PARTS, Parts
from bot.ports import Later, Never
from bot.sources import cloudwatch
from bot.sources.payload import Payload
from bot.web.auth import admitted
from bot.web.bodies import answer
from bot.web.cleared import cleared
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, body_of, deliver, results_body

BARE = "x-amz-sns-rawdelivery"
KEPT = 32
FORGED = "the message is not signed by SNS"
LATER = "SNS's certificate cannot be fetched just now: {reason}"
CONFIRMED = "the subscription is confirmed"
NOT_CONFIRMED = "the subscription cannot be confirmed: {reason}"

CERTIFICATES: web.AppKey[dict[str, bytes]] = web.AppKey("certificates", dict)
"""SNS's certificates by their addresses; an address is never reused for another one."""

log = structlog.get_logger()


def routes() -> list[web.RouteDef]:
    """Return the addresses that SNS posts to."""
    return [web.post("/in/cloudwatch", post_message), web.post("/in/cloudwatch/{key}", post_message)]


async def post_message(request: web.Request) -> web.Response:
    """Take a message: 403 for what SNS did not sign, 503 while that cannot be told."""
    key = await admitted(request, Scope.INGEST)
    parts = request.app[PARTS]
    body = await body_of(request, SOURCE_BODY_LIMIT)
    found = cloudwatch.envelope(body)
    if found is not None:
        await _check(request, found)
        if found.kind == cloudwatch.CONFIRMATION:
            return await _confirm(parts, found)
    elif request.headers.get(BARE, "").lower() != "true":
        log.info("sns_bare_message", feed=key.feed.id)
    body = await cleared(request, body)
    items = cloudwatch.parse(Payload(body=body))
    results = await deliver(request, key, cloudwatch.SENDER, body, items) if items else []
    return answer(results_body(items, results))


async def _check(request: web.Request, found: cloudwatch.Envelope) -> None:
    if not found.certificate:
        raise Problem(403, FORGED)
    known = request.app[CERTIFICATES]
    if found.certificate not in known:
        try:
            fetched = await request.app[PARTS].outbound.call("GET", found.certificate)
        except (Later, Never) as trouble:
            raise Problem(503, LATER.format(reason=trouble.reason)) from None
        if len(known) >= KEPT:
            known.clear()
        known[found.certificate] = fetched.text.encode()
    if not cloudwatch.genuine(found, known[found.certificate]):
        raise Problem(403, FORGED)


async def _confirm(parts: Parts, found: cloudwatch.Envelope) -> web.Response:
    if not found.confirm:
        raise Problem(403, FORGED)
    try:
        await parts.outbound.call("GET", found.confirm)
    except (Later, Never) as trouble:
        raise Problem(503, NOT_CONFIRMED.format(reason=trouble.reason)) from None
    log.info("sns_subscription_confirmed")
    return answer({"text": CONFIRMED})
