"""Mails: the pages behind the links of a mail. Opening one changes nothing, since mail scanners open every link: a button does.

There are no cookies and no scripts: the ticket in the address says who may do what (domain/ticket.py). RFC 8058's one-click
request to end a channel's mails is the same as that page's button.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.domain import ticket
from bot.domain.ticket import Ticket, Use
from bot.domain.times import clock
from bot.parts import PARTS
from bot.sources.payload import FORM, form_of
from bot.storage.engine import StorageError
from bot.usecases import correspond
from bot.usecases.correspond import Over
from bot.web.ingest import body_of
from bot.web.page import headers, templates

BODY_LIMIT = 64 * 1024
NOTE_LIMIT = 2000

NONE = "This link leads nowhere. It may have been cut in two on its way."
ASKS: Mapping[Use, tuple[str, str]] = {
    Use.ACK: ("Acknowledge", "You take it: others see that you work on it, and it rings nobody any more."),
    Use.ACK_A_WHILE: (
        "Acknowledge for 2 hours",
        "You take it for two hours. Then it is open again, unless it is over.",
    ),
    Use.CLOSE: ("Close", "It is over. When it comes again, it is a new alert."),
}
"""What each link's button says, and what comes of it."""
DONE = "Done: {text}. The room has been told."
NOT_DONE = "Nothing was done. {text}"
BUSY = "The bot's database is busy. Please try again in a moment."

log = structlog.get_logger()


def routes() -> list[web.RouteDef]:
    """Return the routes of links in mails."""
    return [web.get("/mail/{ticket}", get_page), web.post("/mail/{ticket}", post_page)]


async def get_page(request: web.Request) -> web.Response:
    """Show what a link is for, with a button: 404 for what nobody signed, 410 when it is over."""
    return await _answered(request, _asked)


async def post_page(request: web.Request) -> web.Response:
    """Do what a link is for: as above, and 409 when the alert does not allow it."""
    return await _answered(request, _done)


async def _answered(
    request: web.Request, work: Callable[[web.Request, Ticket], Awaitable[web.Response]]
) -> web.Response:
    found = ticket.read(request.app[PARTS].letterhead.ticket_key, request.match_info["ticket"])
    if found is None or found.use is Use.REPLY:
        return _page(404, text=NONE)
    try:
        return await work(request, found)
    except Over as over:
        return _page(410, text=over.text)
    except StorageError as error:
        log.warning("mail_link_postponed", reason=str(error))
        return _page(503, text=BUSY)


async def _asked(request: web.Request, found: Ticket) -> web.Response:
    parts = request.app[PARTS]
    key, now = parts.letterhead.ticket_key, parts.clock()
    if found.use is Use.MUTE:
        return _page(mails=await correspond.mails(parts.storage, key, found))
    seen = await correspond.look(parts.storage, key, found, now=now)
    words, meaning = ASKS[found.use]
    opened = clock(seen.alert.opened_at, seen.reader.zone, now=now)
    return _page(
        alert=seen.alert, reader=seen.reader, why_not=seen.why_not, words=words, meaning=meaning, opened=opened
    )


async def _done(request: web.Request, found: Ticket) -> web.Response:
    parts = request.app[PARTS]
    key, now = parts.letterhead.ticket_key, parts.clock()
    # Our own pages send forms; of any other body there is nothing to know.
    given = form_of(await body_of(request, BODY_LIMIT)) if request.content_type == FORM else {}
    if found.use is Use.MUTE:
        ended = "again" not in given
        mails = await correspond.end_mails(parts.storage, key, found, ended=ended, now=now)
        log.info("mails_ended" if ended else "mails_begun_again", tenant=found.tenant, channel=mails.channel)
        return _page(mails=mails)
    note = given.get("note", "")[:NOTE_LIMIT]
    told = await correspond.press(parts.storage, parts.channel, key, found, note=note, now=now, rules=parts.rules)
    for wakeup in (parts.wakeups.outbox, parts.wakeups.timers, parts.wakeups.parcels):
        wakeup.set()
    return _page(200 if told.done else 409, text=(DONE if told.done else NOT_DONE).format(text=told.text))


def _page(status: int = 200, **values: Any) -> web.Response:
    known = {"text": "", "mails": None, "alert": None, **values}
    text = templates.get_template("mail.html").render(theme="light", **known)
    more = {**headers("'none'", forms="'self'"), "X-Robots-Tag": "noindex, nofollow"}
    return web.Response(text=text, status=status, content_type="text/html", headers=more)
