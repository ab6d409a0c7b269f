"""Signatures: what is configured of a source, and the refusal of what its sender did not sign."""

import structlog
from aiohttp import web

from bot.domain.source import KINDS, Source
from bot.domain.tenant import Key
from bot.parts import PARTS
from bot.sources.payload import Payload
from bot.sources.signature import genuine
from bot.storage import plans
from bot.web.errors import Problem

NOT_SIGNED = "this is not signed with the secret that is set for {kind} here"

log = structlog.get_logger()


async def configured(request: web.Request, key: Key, kind: str) -> Source | None:
    """Return what is configured of a source of a key's feed; None where nothing is, or can be."""
    if kind not in KINDS:
        return None
    async with request.app[PARTS].storage.read() as tx:
        plan = await plans.load(tx, key.feed.tenant)
    return plan.source_for(key.feed.id, kind)


def check_signature(request: web.Request, source: Source, payload: Payload) -> None:
    """Refuse with 401 what none of a source's secrets signed: nothing of it is stored."""
    parts = request.app[PARTS]
    secrets = parts.vault.open(source.secret.encode()).split()
    if not genuine(source, secrets, payload.headers, payload.body, parts.clock() // 1000):
        log.warning("signature_refused", source=source.name, kind=source.kind)
        raise Problem(401, NOT_SIGNED.format(kind=source.kind))
