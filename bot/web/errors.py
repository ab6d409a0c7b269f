"""Errors: the one place where an error becomes a status and a body.

Our own API speaks problem documents (RFC 9457); under `/api/v2/` errors are JSON strings, as Alertmanager's are.
"""

import http
from collections.abc import Mapping
from typing import Final

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import UNSET

from bot.domain.alert import Refused
from bot.domain.errors import AlertbotError, Forbidden, Unknown
from bot.parts import PARTS, Parts
from bot.storage.engine import BadValue, StorageError
from bot.web.bodies import JSON, ProblemBody, ResultBody, instant, owner_of

PROBLEM_JSON: Final = "application/problem+json"
ALERTMANAGER_API: Final = "/api/v2/"
RETRY_AFTER: Final = "5"
"""Seconds to wait when the database could not be written. Never a 429: several senders drop what that refuses."""

NOT_STORED = "nothing was stored; send it again"
NO_SUCH_PATH = "there is nothing at this path"
WRONG_METHOD = "this path takes {methods}"
TOO_LARGE = "the body is too large"
UNEXPECTED = "something went wrong here; it has been logged"
ABORTED = "aborted"
"""In the metrics, instead of a status: the sender hung up before its request was whole."""
BROKEN_BODY = "the body could not be read: it ended early, or its compression is broken"

HARDENED: Final[Mapping[str, str]] = {"X-Content-Type-Options": "nosniff", "Server": "alertbot"}
"""Headers of every answer: no browser guesses what it is, and nobody knows which versions answer."""
KEPT_HEADERS: Final = ("Access-Control-Allow-Origin", "Allow", "Retry-After", "WWW-Authenticate")

FAMILIES: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (Forbidden, 403, ""),
    (Unknown, 404, ""),
    (AlertbotError, 422, ""),
    (BadValue, 422, ""),
    (StorageError, 503, NOT_STORED),
    (web.RequestPayloadError, 400, BROKEN_BODY),
)
"""Status and words of each family of errors, the narrower family first; without words its own are good to read."""

log = structlog.get_logger()


class Problem(Exception):
    """A refusal of the web itself: status, words for the sender, and where in the request the fault is."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
        results: list[ResultBody] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.path = path
        self.headers = headers or {}
        self.results = results


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever a handler raises; redirects and other non-errors pass."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, _of_http(error))
    except ConnectionError as error:
        if request.transport is not None and not request.transport.is_closing():
            return _answer(request, error)
        return _hung_up(request)
    except Exception as error:  # noqa: BLE001 - the boundary: what nobody expected is logged whole and answered 500
        return _answer(request, error)


def _hung_up(request: web.Request) -> web.Response:
    """Answer nobody: who sent this request is gone, which is no fault of ours."""
    log.debug("request_aborted", method=request.method, route=_route(request))
    request.app[PARTS].metrics.refused.labels(ABORTED).inc()
    return web.Response(status=400)


def _answer(request: web.Request, error: Exception) -> web.Response:
    body, headers = described(error)
    if body.status == 500:
        log.error("request_failed", method=request.method, route=_route(request), exc_info=error)
    else:
        log.info(
            "request_refused",
            method=request.method,
            route=_route(request),
            status=body.status,
            reason=_reason(error, body),
        )
    request.app[PARTS].metrics.refused.labels(str(body.status)).inc()
    if ALERTMANAGER_API in request.path:
        content, kind = msgspec.json.encode(body.detail), JSON
    else:
        content, kind = msgspec.json.encode(body), PROBLEM_JSON
    response = web.Response(status=body.status, body=content, headers={**headers, "Content-Type": kind})
    packed = "Content-Encoding" in request.headers
    if isinstance(error, web.RequestPayloadError) or (packed and body.status == 413):
        # The rest of a broken body cannot be told from the next request; the rest of a bomb must not be unpacked.
        request.content.feed_eof()
        response.force_close()
    return response


def unread(parts: Parts, problem: Problem) -> web.Response:
    """Answer and log a request that never came to be one; nobody knows where the next one begins."""
    if problem.status < 500:
        log.info("request_refused", status=problem.status, reason=problem.detail)
    parts.metrics.refused.labels(str(problem.status)).inc()
    body, _ = described(problem)
    content = msgspec.json.encode(body)
    response = web.Response(status=body.status, body=content, content_type=PROBLEM_JSON, headers=HARDENED)
    response.force_close()
    return response


def described(error: Exception) -> tuple[ProblemBody, Mapping[str, str]]:
    """Return an error as a problem document, and the headers that go with it."""
    if isinstance(error, Problem):
        path = UNSET if error.path is None else error.path
        results = UNSET if error.results is None else error.results
        return _problem(error.status, error.detail, path=path, results=results), error.headers
    if isinstance(error, Refused):
        alert = error.alert
        held = {"state": alert.state.value, "by": alert.state_by, "since": instant(alert.state_at)}
        return _problem(409, error.text, owner=owner_of(alert), **held), {}
    for family, status, detail in FAMILIES:
        if isinstance(error, family):
            headers = {"Retry-After": RETRY_AFTER} if status == 503 else {}
            return _problem(status, detail or str(error)), headers
    return _problem(500, UNEXPECTED), {}


def _problem(status: int, detail: str, **members: object) -> ProblemBody:
    return ProblemBody(
        type="about:blank",
        title=http.HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        **members,  # type: ignore[arg-type]  # names and types of ProblemBody, given above
    )


def _of_http(error: web.HTTPException) -> Problem:
    """Return what aiohttp, or a handler in its words, refused."""
    detail = error.text or error.reason
    match error:
        case web.HTTPMethodNotAllowed():
            detail = WRONG_METHOD.format(methods=", ".join(sorted(error.allowed_methods)))
        case web.HTTPRequestEntityTooLarge():
            detail = TOO_LARGE
        case web.HTTPNotFound() if detail == "404: Not Found":
            detail = NO_SUCH_PATH
    headers = {name: error.headers[name] for name in KEPT_HEADERS if name in error.headers}
    return Problem(error.status, detail, headers=headers)


def _reason(error: Exception, body: ProblemBody) -> str:
    return str(error) if isinstance(error, StorageError) else body.detail


def _route(request: web.Request) -> str:
    """Return the pattern of the path, never the path itself: keys stand in some."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "(none)"
