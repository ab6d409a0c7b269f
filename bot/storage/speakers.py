"""Speakers: the add-on's installations and the token hooks, with their sealed secrets."""

from bot.domain.tenant import Hook, Installation, Standing
from bot.storage.engine import Row, Tx

PUT = """
INSERT INTO installations
(oauth_id, tenant_id, room_id, secret, capabilities_url, api_url, token_url, scopes, state, installed_at)
VALUES (:oauth_id, :tenant, :room, :secret, :capabilities_url, :api_url, :token_url, :scopes, 'active', :now)
ON CONFLICT (oauth_id) DO UPDATE SET tenant_id = excluded.tenant_id, room_id = excluded.room_id,
secret = excluded.secret, capabilities_url = excluded.capabilities_url, api_url = excluded.api_url,
token_url = excluded.token_url, scopes = excluded.scopes, state = 'active', suspended_at = NULL, next_try_at = NULL,
installed_at = excluded.installed_at, refusals = 0, refused_at = NULL, no_glance = FALSE
"""
INSTALLATION = "SELECT * FROM installations WHERE oauth_id = :oauth_id AND state <> 'removed'"
# The newest first: whoever installs again has lost the one before, of which we may not have heard.
OF_TENANT = (
    "SELECT * FROM installations WHERE tenant_id = :tenant AND state <> 'removed' ORDER BY installed_at DESC, oauth_id"
)
ALL = "SELECT * FROM installations WHERE state <> 'removed' ORDER BY installed_at, oauth_id"
SUSPEND = """
UPDATE installations SET state = 'suspended', suspended_at = :now, next_try_at = :next_try_at
WHERE oauth_id = :oauth_id AND state = 'active'
"""
REFUSED = """
UPDATE installations SET refusals = refusals + 1, refused_at = COALESCE(refused_at, :now)
WHERE oauth_id = :oauth_id RETURNING refusals, refused_at
"""
ACCEPTED = "UPDATE installations SET refusals = 0, refused_at = NULL WHERE oauth_id = :oauth_id AND refusals > 0"
NO_GLANCE = "UPDATE installations SET no_glance = TRUE WHERE oauth_id = :oauth_id"
TRY_LATER = "UPDATE installations SET next_try_at = :next_try_at WHERE oauth_id = :oauth_id"
RESUME = """
UPDATE installations SET state = 'active', suspended_at = NULL, next_try_at = NULL, refusals = 0, refused_at = NULL
WHERE oauth_id = :oauth_id AND state = 'suspended'
"""
REMOVE = "UPDATE installations SET state = 'removed', secret = :nothing WHERE oauth_id = :oauth_id"
DUE = "SELECT * FROM installations WHERE state = 'suspended' AND next_try_at <= :now ORDER BY oauth_id"
NEXT_TRY = "SELECT MIN(next_try_at) AS due FROM installations WHERE state = 'suspended'"

PUT_HOOK = """
INSERT INTO hooks (tenant_id, room_id, kind, label, api_url, token, callback_hash, created_at)
VALUES (:tenant, :room, :kind, :label, :api_url, :token, :callback_hash, :now)
ON CONFLICT (room_id) DO UPDATE SET kind = excluded.kind, label = excluded.label, api_url = excluded.api_url,
token = excluded.token, callback_hash = excluded.callback_hash, oauth_client_id = NULL, webhook_id = NULL
"""
HOOKS = "SELECT * FROM hooks WHERE tenant_id = :tenant ORDER BY id"
HOOK_BY_CALLBACK = "SELECT * FROM hooks WHERE callback_hash = :hash"
BIND_HOOK = """
UPDATE hooks SET oauth_client_id = :oauth_client_id, webhook_id = :webhook_id
WHERE id = :id AND oauth_client_id IS NULL AND webhook_id IS NULL
"""
REMOVE_HOOK = "DELETE FROM hooks WHERE room_id = :room"


def installation_of(row: Row) -> Installation:
    """Read an installation from its row."""
    return Installation(
        oauth_id=row["oauth_id"],
        tenant=row["tenant_id"],
        room=row["room_id"],
        secret=row["secret"],
        capabilities_url=row["capabilities_url"],
        api_url=row["api_url"],
        token_url=row["token_url"],
        scopes=row["scopes"],
        standing=Standing(row["state"]),
        suspended_at=row["suspended_at"],
        next_try_at=row["next_try_at"],
        no_glance=bool(row["no_glance"]),
    )


def hook_of(row: Row) -> Hook:
    """Read a token hook from its row."""
    return Hook(
        id=row["id"],
        tenant=row["tenant_id"],
        room=row["room_id"],
        kind=row["kind"],
        label=row["label"],
        api_url=row["api_url"],
        token=row["token"],
        oauth_client_id=row["oauth_client_id"],
        webhook_id=row["webhook_id"],
    )


async def put(tx: Tx, each: Installation, now: int) -> None:
    """Store an installation, over an earlier one of the same OAuth id."""
    await tx.run(
        PUT,
        oauth_id=each.oauth_id,
        tenant=each.tenant,
        room=each.room,
        secret=each.secret,
        capabilities_url=each.capabilities_url,
        api_url=each.api_url,
        token_url=each.token_url,
        scopes=each.scopes,
        now=now,
    )


async def installation(tx: Tx, oauth_id: str) -> Installation | None:
    """Return an installation that was not removed, or None."""
    row = await tx.one(INSTALLATION, oauth_id=oauth_id)
    return installation_of(row) if row else None


async def installations(tx: Tx, tenant: int | None = None) -> list[Installation]:
    """Return the installations of a tenant, or of all, that were not removed."""
    rows = await (tx.all(ALL) if tenant is None else tx.all(OF_TENANT, tenant=tenant))
    return [installation_of(row) for row in rows]


async def suspend(tx: Tx, oauth_id: str, *, now: int, next_try_at: int) -> bool:
    """Stop using an installation whose token Hipchat refused; say whether it was active."""
    return bool(await tx.run(SUSPEND, oauth_id=oauth_id, now=now, next_try_at=next_try_at))


async def refused(tx: Tx, oauth_id: str, now: int) -> tuple[int, int]:
    """Count a refusal of an installation's token URL; return how many there were in a row, and since when (epoch ms)."""
    row = await tx.one(REFUSED, oauth_id=oauth_id, now=now)
    return (row["refusals"], row["refused_at"]) if row else (0, now)


async def accepted(tx: Tx, oauth_id: str) -> None:
    """Forget the refusals of an installation that Hipchat knows after all."""
    await tx.run(ACCEPTED, oauth_id=oauth_id)


async def without_glance(tx: Tx, oauth_id: str) -> None:
    """Note that an installation has no glance, until it is installed or updated anew."""
    await tx.run(NO_GLANCE, oauth_id=oauth_id)


async def try_later(tx: Tx, oauth_id: str, next_try_at: int) -> None:
    """Set when a suspended installation is tried again."""
    await tx.run(TRY_LATER, oauth_id=oauth_id, next_try_at=next_try_at)


async def resume(tx: Tx, oauth_id: str) -> bool:
    """Use a suspended installation again; say whether it was suspended."""
    return bool(await tx.run(RESUME, oauth_id=oauth_id))


async def remove(tx: Tx, oauth_id: str) -> None:
    """Forget an installation's secret for good."""
    await tx.run(REMOVE, oauth_id=oauth_id, nothing=b"")


async def due(tx: Tx, now: int) -> list[Installation]:
    """Return the suspended installations that are to be tried again."""
    return [installation_of(row) for row in await tx.all(DUE, now=now)]


async def next_try(tx: Tx) -> int | None:
    """Return when a suspended installation is next tried, or None."""
    row = await tx.one(NEXT_TRY)
    moment: int | None = row["due"] if row else None
    return moment


async def put_hook(tx: Tx, each: Hook, *, callback_hash: str | None, now: int) -> None:
    """Store a room's token hook, over an earlier one."""
    await tx.run(
        PUT_HOOK,
        tenant=each.tenant,
        room=each.room,
        kind=each.kind,
        label=each.label,
        api_url=each.api_url,
        token=each.token,
        callback_hash=callback_hash,
        now=now,
    )


async def hooks(tx: Tx, tenant: int) -> list[Hook]:
    """Return a tenant's token hooks."""
    return [hook_of(row) for row in await tx.all(HOOKS, tenant=tenant)]


async def hook_by_callback(tx: Tx, callback_hash: str) -> Hook | None:
    """Return the hook whose secret callback path has this hash, or None."""
    row = await tx.one(HOOK_BY_CALLBACK, hash=callback_hash)
    return hook_of(row) if row else None


async def bind_hook(tx: Tx, hook: int, *, oauth_client_id: str, webhook_id: int) -> bool:
    """Bind a callback to the first sender seen; say whether this was the first."""
    return bool(await tx.run(BIND_HOOK, id=hook, oauth_client_id=oauth_client_id, webhook_id=webhook_id))


async def remove_hook(tx: Tx, room: int) -> bool:
    """Forget a room's token hook; say whether there was one."""
    return bool(await tx.run(REMOVE_HOOK, room=room))
