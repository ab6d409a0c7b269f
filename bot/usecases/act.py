"""Act: what somebody does to an alert outside the room: through the REST API, by mail, in another service."""

from dataclasses import replace

from bot.domain import action
from bot.domain.action import Wish
from bot.domain.actor import Actor, Person, Via, Who
from bot.domain.alert import RULES, Action, Alert, Rules
from bot.domain.errors import Unknown
from bot.domain.tenant import Key
from bot.storage import alerts, people, tenants
from bot.storage.engine import Storage, Tx
from bot.usecases.change import Decided, Ledger

NO_ALERT = "there is no alert {number} in this feed"


async def perform_api(
    storage: Storage,
    *,
    key: Key,
    number: int,
    action: Action,
    by: str,
    note: str = "",
    to: str | None = None,
    until: int | None = None,
    now: int,
    rules: Rules = RULES,
) -> Alert:
    """Do an action for a key's holder and return the alert as it is then.

    `by` is the name that history shows, as `NAME (via key KEYNAME)`; `to` a mention name, an e-mail address or a name for an assign, `until` epoch ms.
    Raises Unknown for an alert of another feed, Refused (409) and Invalid (422).
    """
    label = f"{by} (via key {key.name})"
    actor = Actor(kind=Who.PERSON, name=by, id=f"api:{by}", via=Via.API, label=label)
    wish = Wish(action=action, by=actor, note=note, until=until)
    return await perform(
        storage, tenant=key.feed.tenant, number=number, wish=wish, to=to, feed=key.feed.id, now=now, rules=rules
    )


async def perform(
    storage: Storage,
    *,
    tenant: int,
    number: int,
    wish: Wish,
    to: str | None = None,
    feed: int | None = None,
    now: int,
    rules: Rules = RULES,
) -> Alert:
    """Do what somebody wishes outside the room, and return the alert as it is then; the room hears of it.

    `to` is whom to assign it to: a mention name, an e-mail address or a name. Raises Unknown for an alert that there is none of
    (in `feed`, when that is given), Refused and Invalid.
    """
    async with storage.begin(urgent=True) as tx:
        return await perform_within(tx, tenant=tenant, number=number, wish=wish, to=to, feed=feed, now=now, rules=rules)


async def perform_within(
    tx: Tx,
    *,
    tenant: int,
    number: int,
    wish: Wish,
    to: str | None = None,
    feed: int | None = None,
    now: int,
    rules: Rules = RULES,
) -> Alert:
    """Do the same as part of a transaction; what is refused has written nothing."""
    await tenants.lock(tx, tenant)
    alert = (await alerts.by_numbers(tx, tenant, [number])).get(number)
    if alert is None or (feed is not None and alert.feed != feed):
        raise Unknown(NO_ALERT.format(number=number))
    if to is not None:
        known = await people.called(tx, tenant, to)
        name = to.removeprefix("@")
        owner = Person(id=known.id, name=known.mention_name) if known else Person(id=f"api:{name}", name=name)
        wish = replace(wish, to=owner)
    return await performed(tx, alert, wish, now=now, rules=rules)


async def performed(tx: Tx, alert: Alert, wish: Wish, *, now: int, rules: Rules = RULES) -> Alert:
    """Do so inside a transaction that holds the tenant's lock. Raises Refused and Invalid."""
    change = action.act(alert, wish, now)
    ledger = Ledger(tenant=alert.tenant, now=now, rules=rules)
    ledger.add(Decided(before=alert, change=change))
    await ledger.write(tx)
    assert change.alert is not None
    return change.alert
