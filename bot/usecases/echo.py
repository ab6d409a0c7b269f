"""Echo: what people do to an alert of ours in another service is done here too, once, and not sent back there."""

import contextlib

from bot.domain.action import Wish
from bot.domain.actor import source
from bot.domain.alert import RULES, Action, Alert, Refused, Rules, State
from bot.domain.errors import Invalid
from bot.domain.spans import MINUTE
from bot.storage import alerts, inbox, parcels, tenants
from bot.storage.engine import Storage, Tx
from bot.usecases import act
from bot.usecases.retention import DAY, LASTING_DAYS

MOVES: dict[Action, frozenset[State]] = {
    Action.ACK: frozenset({State.OPEN}),
    Action.UNACK: frozenset({State.ACKED, State.SNOOZED}),
    Action.CLOSE: frozenset({State.OPEN, State.ACKED, State.SNOOZED}),
    Action.REOPEN: frozenset({State.CLOSED}),
}
"""The states in which what was done there changes something here: in all others it is our own news coming back."""
REMEMBERED = LASTING_DAYS * DAY
"""Milliseconds for which an event that comes again changes nothing."""
SKEW = MINUTE
"""Milliseconds by which the service's clock may be behind ours, so that nobody's ack is lost for that."""


async def heard(
    storage: Storage,
    *,
    feed: int,
    tenant: int,
    number: int | None,
    dialect: str,
    incident: str,
    event: str,
    by: str,
    action: Action | None,
    note: str,
    at: int | None,
    now: int,
    rules: Rules = RULES,
) -> int | None:
    """Do what was done there; return the alert's number, None when the incident is about none of ours.

    `incident` is the service's name of it, by which it is known where an event does not carry ours; `event` is the service's name of
    this event, `at` when it was done (epoch ms): what is older than the alert's own state comes too late.
    """

    async def work(tx: Tx) -> int | None:
        await tenants.lock(tx, tenant)
        meant = number if number is not None else await parcels.referred(tx, tenant, dialect, incident)
        alert = (await alerts.by_numbers(tx, tenant, [meant])).get(meant) if meant is not None else None
        if alert is None:
            return None
        if event and await inbox.came(tx, feed, [event], now - REMEMBERED):
            return alert.number
        if event:
            await inbox.remember_came(tx, feed, [event], now)
        if number is not None:
            await parcels.refer_to(tx, tenant, dialect, alert.number, incident)
        wish = Wish(action=action or Action.NOTE, by=source(by, dialect), note=note)
        if _changes(alert, wish, at):
            # Refused: a closed alert that a newer one has taken over, for example.
            with contextlib.suppress(Refused, Invalid):
                await act.performed(tx, alert, wish, now=now, rules=rules)
        return alert.number

    return await storage.write(work)


def _changes(alert: Alert, wish: Wish, at: int | None) -> bool:
    """Whether what was done there is news here."""
    if wish.action is Action.NOTE:
        return bool(wish.note)
    return alert.state in MOVES[wish.action] and (at is None or at >= alert.state_at - SKEW)
