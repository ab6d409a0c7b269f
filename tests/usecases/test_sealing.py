"""A database goes with the key that its secrets were sealed with."""

import pytest

from bot.domain.tenant import Hook
from bot.storage import Storage, speakers
from bot.usecases.sealing import OtherKey, match
from bot.vault import Vault
from tests.usecases.conftest import START, World

RIGHT, OTHER = Vault("the right one, of sixteen"), Vault("another one, of sixteen")


async def matched(storage: Storage, vault: Vault) -> bool:
    """Say whether a key fits."""
    try:
        await match(storage, seal=vault.seal, unseal=vault.open, now=START)
    except OtherKey:
        return False
    return True


async def add_hook(world: World, token: bytes) -> None:
    """Join a room by a token."""
    hook = Hook(id=0, tenant=world.tenant.id, room=world.room.id, kind="room", label="", api_url="", token=token)
    async with world.storage.begin() as tx:
        await speakers.put_hook(tx, hook, callback_hash=None, now=START)


async def test_the_first_key_marks_an_empty_database(storage: Storage) -> None:
    """From then on no other one fits."""
    assert await matched(storage, RIGHT)
    assert await matched(storage, RIGHT)
    assert not await matched(storage, OTHER)


async def test_an_older_database_is_marked_when_its_secrets_open(world: World) -> None:
    """Another key does not fit it, and does not mark it."""
    await add_hook(world, RIGHT.seal("token"))

    assert not await matched(world.storage, OTHER)
    assert await matched(world.storage, RIGHT)
    assert not await matched(world.storage, OTHER)


@pytest.mark.parametrize("vault", [RIGHT, OTHER])
async def test_secrets_of_no_key_fit_none(world: World, vault: Vault) -> None:
    """What was sealed with a third key is opened by neither."""
    await add_hook(world, Vault("a third one, of sixteen").seal("token"))

    assert not await matched(world.storage, vault)
