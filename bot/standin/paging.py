"""Collections with paging (hipchat-api.md 4.1)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiohttp import web

from bot.standin.call import Call
from bot.standin.errors import answer

T = TypeVar("T")

LONGEST_PAGE = 1000


def page(call: Call, items: Sequence[T], shape: Callable[[T], Any]) -> web.Response:
    """Answer the part of a collection that `start-index` and `max-results` ask for."""
    start = call.integer("start-index", 0, 0)
    length = call.integer("max-results", 100, 0, LONGEST_PAGE)
    return collection(call, [shape(item) for item in items[start : start + length]], start, length, total=len(items))


def collection(call: Call, shown: list[Any], start: int, length: int, *, total: int) -> web.Response:
    """Answer a collection; `links.prev` and `links.next` are absent at the ends."""
    links = {"self": _link(call)}
    if start > 0:
        links["prev"] = _link(call, start=max(0, start - length), length=length)
    if length and start + length < total:
        links["next"] = _link(call, start=start + length, length=length)
    return answer({"items": shown, "links": links, "maxResults": length, "startIndex": start})


def _link(call: Call, *, start: int | None = None, length: int | None = None) -> str:
    url = call.request.url.with_path(call.request.raw_path.partition("?")[0], encoded=True)
    # A token that came in the query stays out of links, as it would out of any answer.
    query = {name: value for name, value in call.request.query.items() if name != "auth_token"}
    if start is not None:
        query |= {"start-index": str(start), "max-results": str(length)}
    return call.base + str(url.with_query(query).relative())
