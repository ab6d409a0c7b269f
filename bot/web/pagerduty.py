"""PagerDuty's v3 webhooks: acks and resolves of there come back to the room (alert-sources.md 2.9). Unsigned, nothing happens."""

from aiohttp import web

from bot.domain.source import PAGERDUTY
from bot.domain.tenant import Scope
from bot.parts import PARTS
from bot.sources import pagerduty_webhook
from bot.sources.payload import Payload
from bot.usecases import echo
from bot.web.auth import admitted
from bot.web.bodies import answer
from bot.web.cleared import cleared
from bot.web.errors import Problem
from bot.web.ingest import SOURCE_BODY_LIMIT, deliver, raw_body_of, results_body
from bot.web.signatures import check_signature, configured

UNCONFIGURED = 'no secret is set: add a [[source]] of kind "pagerduty-webhook" with the one that PagerDuty shows'
NOT_ABOUT = "this is about no incident; nothing was done"


def routes() -> list[web.RouteDef]:
    """Return the addresses that PagerDuty posts to."""
    return [web.post(f"/in/{PAGERDUTY}", post_event), web.post(f"/in/{PAGERDUTY}/{{key}}", post_event)]


async def post_event(request: web.Request) -> web.Response:
    """Take an event: what is about an alert of ours is done to it, any other incident is an alert of the feed."""
    key = await admitted(request, Scope.INGEST)
    parts = request.app[PARTS]
    body = await raw_body_of(request, SOURCE_BODY_LIMIT)
    source = await configured(request, key, PAGERDUTY)
    if source is None:
        raise Problem(401, UNCONFIGURED)
    headers = {header.lower(): value for header, value in request.headers.items()}
    check_signature(request, source, Payload(body=body, headers=headers))
    body = await cleared(request, body)
    event = pagerduty_webhook.read(body)
    if event is None or event.tenant not in {None, key.feed.tenant}:
        return answer({"text": NOT_ABOUT})
    number = await echo.heard(
        parts.storage,
        feed=key.feed.id,
        tenant=key.feed.tenant,
        number=event.number,
        dialect=PAGERDUTY,
        incident=event.incident,
        event=event.id,
        by=event.by,
        action=event.action,
        note=event.note,
        at=event.at,
        now=parts.clock(),
        rules=parts.rules,
    )
    if number is not None:
        parts.wakeups.outbox.set()
        parts.wakeups.timers.set()
        parts.wakeups.parcels.set()
        return answer({"alert": number})
    if event.number is not None:
        return answer({"text": NOT_ABOUT})
    items = [event.signal]
    return answer(results_body(items, await deliver(request, key, PAGERDUTY, body, items)))
