"""What surrounds every API call: the journal, the faults asked for, errors as envelopes, rate headers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from bot.standin.call import base_of, limit_headers
from bot.standin.errors import NO_PATH, TYPES, ApiError, refusal
from bot.standin.faults import Fault
from bot.standin.journal import Entry, Journal
from bot.standin.state import HIPCHAT

JOURNAL: Final = web.AppKey("journal", Journal)
FAULT_MESSAGE: Final = "This fault was asked for"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _is_api(request: web.Request) -> bool:
    return request.path.startswith(("/v2/", "/v1/")) or request.path in ("/v1", "/v2")


@web.middleware
async def journal(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Remember every API call and how it was answered."""
    if not _is_api(request):
        return await handler(request)
    entry = Entry(
        at=request.app[HIPCHAT].clock(),
        method=request.method,
        path=request.raw_path.partition("?")[0],
        query=list(request.query.items()),
        headers=list(request.headers.items()),
        body=await request.read(),
    )
    request.app[JOURNAL].entries.append(entry)
    response = await handler(request)
    dropped = request.transport is None or request.transport.is_closing()
    entry.status = None if dropped else response.status
    return response


@web.middleware
async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors in Hipchat's envelope, and add the rate headers (hipchat-api.md 4.3, 5)."""
    if not _is_api(request):
        return await handler(request)
    hipchat = request.app[HIPCHAT]
    response: web.StreamResponse
    try:
        response = await handler(request)
    except ApiError as error:
        response = refusal(error)
    except web.HTTPNotFound:
        response = refusal(ApiError(404, NO_PATH))
    except web.HTTPException as error:
        response = refusal(ApiError(error.status, TYPES.get(error.status, error.reason)))
    response.headers.update(limit_headers(request, hipchat))
    if response.status == 429 and hipchat.settings.retry_after:
        response.headers["Retry-After"] = "1"
    return response


def _spoiled(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    if fault.drop:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    if fault.status is None:
        return None
    if fault.status in (204, 304):
        return web.Response(status=fault.status)
    response = refusal(ApiError(fault.status, FAULT_MESSAGE))
    response.headers.update(limit_headers(request, request.app[HIPCHAT]))
    if 300 <= fault.status < 400:
        response.headers["Location"] = base_of(request) + "/v2/capabilities"
    return response


@web.middleware
async def faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Spoil the calls that faults are asked for; `after` ones are acted on and only their answer is spoiled."""
    if not _is_api(request):
        return await handler(request)
    fault = request.app[HIPCHAT].faults.for_request(request.method, request.path)
    if fault is None:
        return await handler(request)
    if fault.when == "after":
        answered = await handler(request)
        await asyncio.sleep(fault.delay_ms / 1000)
        return _spoiled(request, fault) or answered
    await asyncio.sleep(fault.delay_ms / 1000)
    return _spoiled(request, fault) or await handler(request)
