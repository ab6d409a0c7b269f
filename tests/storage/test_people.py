"""People are known once, and found by any of their names."""

import pytest

from bot.storage import Storage, people, tenants
from bot.storage.people import Known

LEE = Known(
    id="7", name="Lee Wong", mention_name="Lee", email="Lee@example.com", time_zone="", is_guest=False, fetched_at=1
)
LEE_TOO = Known(
    id="8", name="Lee Wong", mention_name="LeeW", email="lw@example.com", time_zone="", is_guest=False, fetched_at=2
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@lee", "7"),
        ("LEE", "7"),
        ("lee@example.com", "7"),
        ("LW@Example.com", "8"),
        ("Lee Wong", None),
        ("nobody", None),
        ("@", None),
        ("", None),
    ],
)
async def test_called(storage: Storage, text: str, found: str | None) -> None:
    """A mention name, an e-mail address or a name means one person, in any case; a name that two have means nobody."""

    async def tenant_of(group: int) -> int:
        async with storage.begin() as tx:
            made = await tenants.add_tenant(tx, host="h", group_id=group, name="g", now=1)
            return made.id

    here, elsewhere = await tenant_of(1), await tenant_of(2)
    async with storage.begin() as tx:
        for known in (
            LEE,
            LEE_TOO,
            Known(id="9", name="Kim", mention_name="Kim", time_zone="", is_guest=True, fetched_at=1),
        ):
            await people.put(tx, here, known)
        meant = await people.called(tx, here, text)
        there = await people.called(tx, elsewhere, text)

    assert found == (meant and meant.id)
    assert None is there
