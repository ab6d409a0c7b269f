"""Cleared: what a request holds, without the credentials in it, before a source reads it.

Signatures are checked before that, on what came.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from bot.domain.redaction import is_suspect
from bot.parts import PARTS
from bot.sources.cloudevents import PREFIX
from bot.sources.payload import Payload, form_of, in_utf8
from bot.usecases import redact
from bot.web.auth import presented

USUAL = frozenset({"", "utf-8", "utf8", "us-ascii", "iso-8859-1"})
"""Declared charsets in which ASCII is what it looks like."""


async def cleared(request: web.Request, body: bytes, *keys: str) -> bytes:
    """Return a body without its credentials, the same object where there are none; `keys` of ours stood in it. Raises StorageError."""
    if not is_suspect(body):
        return body
    return await redact.message(request.app[PARTS].storage, body, {*presented(request), *keys})


async def cleared_payload(request: web.Request, given: Payload) -> Payload:
    """Return what a source is told without credentials: body, query, and the headers that are kept. Raises StorageError."""
    sound = given if given.charset.lower() in USUAL and b"\0" not in given.body else in_utf8(given)
    body = await cleared(request, sound.body)
    if body is not sound.body:
        given = replace(sound, body=body)
    if given.query:
        given = replace(given, query=form_of(await cleared(request, _form(given.query))))
    if PREFIX + "specversion" in given.headers:
        kept = {name: value for name, value in given.headers.items() if name.startswith(PREFIX)}
        given = replace(given, headers={**given.headers, **form_of(await cleared(request, _form(kept)))})
    return given


def _form(fields: Mapping[str, str]) -> bytes:
    return urlencode(list(fields.items()), errors="replace").encode()
