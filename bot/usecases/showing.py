"""Showing: the verbs that only look."""

from bot.domain import reply
from bot.domain.alert import ACTIVE, State
from bot.domain.commands import Command, Filter, help_text
from bot.domain.reply import Reply
from bot.storage import alerts, search
from bot.usecases.asking import Meant, Turn, meant, room_of

PAGE = 15


async def show_list(turn: Turn, command: Command) -> Reply:
    """List the room's alerts: counts first, then a page of them, the worst first while they are active."""
    wanted = command.targets.filter or Filter()
    query = turn.query(wanted)
    if State.CLOSED not in query.states:
        query = search.worst_first(query)
    many = await search.count(turn.tx, query)
    page = await search.find(turn.tx, query, limit=PAGE, offset=(command.page - 1) * PAGE)
    counts = await alerts.counts_in(turn.tx, turn.caller.tenant.id, turn.caller.room.id)
    return reply.listed(
        page,
        counts={state: counts.get(state, 0) for state in ACTIVE},
        many=many,
        page=command.page,
        pages=max(1, -(-many // PAGE)),
        filtered=wanted != Filter(),
        now=turn.now,
        time_zone=turn.caller.time_zone,
    )


async def show_one(turn: Turn, command: Command) -> Reply:
    """Show alerts with all that is known about them."""
    found = await meant(turn, command)
    if not found.alerts:
        return await _unknown(turn, found)
    return reply.shown(found.alerts, found.unknown, now=turn.now, time_zone=turn.caller.time_zone)


async def show_history(turn: Turn, command: Command) -> Reply:
    """Show what happened to an alert, oldest first."""
    found = await meant(turn, command)
    if not found.alerts:
        return await _unknown(turn, found)
    alert = found.alerts[0]
    events = await alerts.history_of(turn.tx, turn.caller.tenant.id, alert.number)
    return reply.history(alert, events, time_zone=turn.caller.time_zone)


async def show_help(_turn: Turn, command: Command) -> Reply:
    """Explain the grammar, or one verb of it."""
    return Reply(text=help_text(command.topic), outcome=reply.Outcome.INFO)


async def _unknown(turn: Turn, found: Meant) -> Reply:
    return reply.refused(reply.unknown_text(found.unknown, await room_of(turn)))
