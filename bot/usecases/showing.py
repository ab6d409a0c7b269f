"""Showing: the verbs that only look."""

from bot.domain import listing, reply
from bot.domain.alert import State
from bot.domain.commands import Command, help_text
from bot.domain.reply import Reply
from bot.storage import history, search
from bot.usecases import silencing
from bot.usecases.asking import Meant, Turn, here_of, meant

PAGE = 15
CARDS = 5
REST = "One at a time, please: /alert show NUMBER also tells about {}."


async def show_list(turn: Turn, command: Command) -> Reply:
    """List the room's alerts: counts first, then a page of them, the worst first while they are active."""
    chosen = command.targets.filter
    query = turn.query(chosen)
    if State.CLOSED not in query.states:
        query = search.worst_first(query)
    counts = await search.counts(turn.tx, query)
    page = await search.find(turn.tx, query, limit=PAGE, offset=(command.page - 1) * PAGE)
    text = listing.listing(
        page,
        counts,
        now=turn.now,
        zone_name=turn.caller.time_zone,
        chosen=chosen,
        page=command.page,
        pages=max(1, -(-sum(counts.values()) // PAGE)),
        silenced=await silencing.marks(turn, page),
    )
    return reply.info(text)


async def show_one(turn: Turn, command: Command) -> Reply:
    """Show alerts with all that is known about them."""
    found = await meant(turn, command)
    if not found.alerts:
        return await _unknown(turn, found)
    marks = await silencing.marks(turn, found.alerts[:CARDS])
    cards = [
        listing.card(alert, now=turn.now, zone_name=turn.caller.time_zone, silenced=marks.get(alert.number, ""))
        for alert in found.alerts[:CARDS]
    ]
    rest = [alert.number for alert in found.alerts[CARDS:]]
    if rest:
        cards.append(REST.format(reply.named(rest)))
    if found.unknown:
        cards.append(reply.unknown_text(found.unknown, await here_of(turn, found)))
    return reply.info("\n\n".join(cards))


async def show_history(turn: Turn, command: Command) -> Reply:
    """Show what happened to an alert, oldest first."""
    found = await meant(turn, command)
    if not found.alerts:
        return await _unknown(turn, found)
    alert = found.alerts[0]
    events, many = await history.newest(turn.tx, turn.caller.tenant.id, alert.number, listing.ROWS)
    left_out = many - len(events)
    text = listing.history(alert, events, left_out=left_out, now=turn.now, zone_name=turn.caller.time_zone)
    return reply.info(text)


async def show_help(_turn: Turn, command: Command) -> Reply:
    """Explain the grammar, or one verb of it."""
    return reply.info(help_text(command.topic))


async def _unknown(turn: Turn, found: Meant) -> Reply:
    return reply.refused(reply.unknown_text(found.unknown, await here_of(turn, found)))
