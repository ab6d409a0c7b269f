"""Board: what a room's pages show: its active alerts, and one alert with all that is known about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.alert import Alert, Event, State
from bot.domain.errors import Unknown
from bot.domain.reasons import Known
from bot.domain.tally import Tally
from bot.domain.tenant import Caller
from bot.storage import alerts, boards, history, search, tenants
from bot.storage.engine import Storage, Tx
from bot.usecases import remembering
from bot.usecases.asking import Turn
from bot.usecases.directory import unreachable

MOST = 1000
"""So many alerts a board shows; what is beyond is counted."""
NO_ALERT = "there is no alert #{number} in this room"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """The worst of a room's active alerts, and how many there are of each state."""

    alerts: Sequence[Alert]
    counts: Mapping[State, int]

    @property
    def beyond(self) -> int:
        """How many are not shown."""
        return sum(self.counts.values()) - len(self.alerts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """One alert, what is known about it, and earlier ones like it."""

    alert: Alert
    known: Known
    alike: Sequence[Alert]


async def rows(storage: Storage, caller: Caller, now: int) -> Rows:
    """Return what is active in the caller's room, the worst first."""

    async def work(tx: Tx) -> Rows:
        turn = await _turn(tx, caller, now)
        query = search.worst_first(turn.query())
        found = await search.find(tx, query, limit=MOST)
        return Rows(alerts=found, counts=await search.counts(tx, query))

    return await storage.look(work)


async def detail(storage: Storage, caller: Caller, number: int, now: int) -> Detail:
    """Return an alert of the caller's room. Raises Unknown."""

    async def work(tx: Tx) -> Detail:
        turn = await _turn(tx, caller, now)
        alert = (await alerts.by_numbers(tx, caller.tenant.id, [number])).get(number)
        if alert is None or not turn.sees(alert):
            raise Unknown(NO_ALERT.format(number=number))
        known = await remembering.known_of(tx, alert, now)
        return Detail(alert=alert, known=known, alike=await remembering.alike(tx, alert))

    return await storage.look(work)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """An alert behind a link, its history, the name of its room, and since when links are good (epoch ms)."""

    alert: Alert
    events: Sequence[Event]
    room: str
    since: int


async def linked(storage: Storage, tenant: int, number: int) -> Seen | None:
    """Return what a link leads to; None when it is gone."""

    async def work(tx: Tx) -> Seen | None:
        alert = (await alerts.by_numbers(tx, tenant, [number])).get(number)
        if alert is None:
            return None
        room = await tenants.room(tx, alert.room) if alert.room is not None else None
        return Seen(
            alert=alert,
            events=(await history.past(tx, tenant, number)).events,
            room=room.name if room else "",
            since=await tenants.links_since(tx, tenant),
        )

    return await storage.look(work)


async def tally(storage: Storage, caller: Caller, since: int) -> tuple[Tally, bool]:
    """Return what the caller's room adds up to since a moment (epoch ms), and whether there was too much to count all."""
    return await storage.look(lambda tx: remembering.added_up(tx, caller.tenant.id, caller.room.id, since))


async def changed(storage: Storage, since: int | None) -> tuple[int, set[int]]:
    """Return the id of the newest change, and the tenants of whom something changed after `since` (None: nobody)."""

    async def work(tx: Tx) -> tuple[int, set[int]]:
        last = await boards.last_change(tx)
        return last, set() if since is None or last <= since else await boards.changed_since(tx, since, last)

    return await storage.look(work)


async def _turn(tx: Tx, caller: Caller, now: int) -> Turn:
    return Turn(tx=tx, caller=caller, now=now, message_id="", others=await unreachable(tx, caller))
