"""People: what Hipchat's directory said of a tenant's users, kept for a while."""

from dataclasses import dataclass

from bot.storage.engine import Row, Tx

PUT = """
INSERT INTO people (tenant_id, id, name, mention_name, email, time_zone, is_guest, fetched_at)
VALUES (:tenant, :id, :name, :mention_name, :email, :time_zone, :is_guest, :now)
ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, mention_name = excluded.mention_name,
email = excluded.email, time_zone = excluded.time_zone, is_guest = excluded.is_guest, fetched_at = excluded.fetched_at
"""
BY_ID = "SELECT * FROM people WHERE tenant_id = :tenant AND id = :id"
BY_MENTION = (
    "SELECT * FROM people WHERE tenant_id = :tenant AND LOWER(mention_name) = :mention ORDER BY fetched_at DESC"
)
LATEST = "SELECT * FROM people WHERE tenant_id = :tenant ORDER BY fetched_at DESC LIMIT :limit"
CALLED = """
SELECT * FROM people WHERE tenant_id = :tenant
AND (LOWER(mention_name) = :called OR LOWER(email) = :called OR LOWER(name) = :called) ORDER BY fetched_at DESC
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A user as the directory had it at `fetched_at` (epoch ms). `id` is Hipchat's, as text.

    Who is not `confirmed` is somebody whom the directory does not know, or could not be asked about: a guest at most.
    """

    id: str
    name: str
    mention_name: str
    time_zone: str
    is_guest: bool
    fetched_at: int
    email: str = ""
    confirmed: bool = True


def _known(row: Row) -> Known:
    return Known(
        id=row["id"],
        name=row["name"],
        mention_name=row["mention_name"],
        time_zone=row["time_zone"],
        is_guest=bool(row["is_guest"]),
        fetched_at=row["fetched_at"],
        email=row["email"],
    )


async def put(tx: Tx, tenant: int, known: Known) -> None:
    """Keep what the directory said."""
    await tx.run(
        PUT,
        tenant=tenant,
        id=known.id,
        name=known.name,
        mention_name=known.mention_name,
        email=known.email,
        time_zone=known.time_zone,
        is_guest=known.is_guest,
        now=known.fetched_at,
    )


async def by_id(tx: Tx, tenant: int, person: str) -> Known | None:
    """Return a user by id, or None."""
    row = await tx.one(BY_ID, tenant=tenant, id=person)
    return _known(row) if row else None


async def by_mention(tx: Tx, tenant: int, mention: str) -> Known | None:
    """Return a user by mention name (any case, without `@`), or None."""
    row = await tx.one(BY_MENTION, tenant=tenant, mention=mention.lower())
    return _known(row) if row else None


async def called(tx: Tx, tenant: int, text: str) -> Known | None:
    """Return the user that a mention name (with or without `@`), an e-mail address or a name means; None unless it is one."""
    wanted = text.removeprefix("@").lower()
    if not wanted:
        return None
    found = [_known(row) for row in await tx.all(CALLED, tenant=tenant, called=wanted)]
    for field in ("mention_name", "email", "name"):
        meant = {each.id: each for each in found if getattr(each, field).lower() == wanted}
        if len(meant) == 1:
            return next(iter(meant.values()))
    return None


async def latest(tx: Tx, tenant: int, limit: int) -> list[Known]:
    """Return the people whom the directory was asked about last, by their names."""
    rows = await tx.all(LATEST, tenant=tenant, limit=limit)
    return sorted((_known(row) for row in rows), key=lambda each: each.name.casefold())
