"""Sealing: a database is marked with the key that its secrets were sealed with, and goes with no other one."""

from collections.abc import Callable

import structlog

from bot.domain.channel import SETTINGS
from bot.storage import canary, plans, speakers, tenants
from bot.storage.engine import Storage, Tx

MARK = "alertbot"

log = structlog.get_logger()


class OtherKey(Exception):
    """The secrets in the database were sealed with another SECRET_KEY: start with that one, or the key file that belongs to it."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def match(storage: Storage, *, seal: Callable[[str], bytes], unseal: Callable[[bytes], str], now: int) -> None:
    """Raise OtherKey when a database does not fit the key, by its mark; one without a mark gets it when the key opens its secrets.

    What was sealed with yet another key does not count while the key opens anything: nobody can use it any more.
    """

    def opens(sealed: bytes) -> bool:
        try:
            unseal(sealed)
        except Exception:  # noqa: BLE001 - whatever a vault says of what it cannot open
            return False
        return True

    async def find(tx: Tx) -> tuple[str | None, list[bytes]]:
        mark = await canary.find(tx)
        return mark, await _sealed(tx) if mark is None else []

    mark, secrets = await storage.look(find)
    if mark is None:
        opened = [opens(sealed) for sealed in secrets]
        if opened and not any(opened):
            raise OtherKey
        if not all(opened):
            log.warning("secrets_of_another_key", many=opened.count(False))
        fresh = seal(MARK).decode()
        await storage.write(lambda tx: canary.put(tx, fresh, now))
        mark = await storage.look(canary.find)
    if mark is not None and not opens(mark.encode()):
        raise OtherKey


async def _sealed(tx: Tx) -> list[bytes]:
    """Return every secret that is stored."""
    found = [bytes(each.secret) for each in await speakers.installations(tx)]
    for tenant in await tenants.tenants(tx):
        found += [bytes(hook.token) for hook in await speakers.hooks(tx, tenant.id)]
        plan = await plans.load(tx, tenant.id)
        found += [source.secret.encode() for source in plan.sources if source.secret]
        for channel in plan.channels.values():
            secret = [name for name, setting in SETTINGS[channel.kind].items() if setting.secret]
            found += [channel.settings[name].encode() for name in secret if channel.settings.get(name)]
    return found
