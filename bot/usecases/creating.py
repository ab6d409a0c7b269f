"""Creating: an alert that a person makes in a room."""

from bot.domain import episode, reply
from bot.domain.actor import Actor
from bot.domain.alert import Change, Event, Outcome
from bot.domain.commands import Command
from bot.domain.notice import News
from bot.domain.reply import Reply
from bot.domain.signal import SUMMARY_LIMIT, Severity, Signal, clean
from bot.domain.vocabulary import SEVERITIES
from bot.storage import tenants
from bot.usecases.asking import Turn
from bot.usecases.change import Decided
from bot.usecases.install import feed_for

SENDER = "room"
OPENED = "opened"
CREATED = "created #{number} {severity}: {summary}"


async def create(turn: Turn, command: Command) -> Reply:
    """Open an alert in this room. Nobody reports it, so it stays until somebody closes it."""
    feed = await feed_for(turn.tx, turn.caller.room, turn.now)
    by: Actor = turn.caller.actor
    signal = Signal(
        dedup_key=f"{SENDER}:{turn.message_id}",
        summary=clean(command.note, SUMMARY_LIMIT),
        sender=SENDER,
        severity=SEVERITIES[command.severity] if command.severity else Severity.WARNING,
        source=by.name,
    )
    tenant = turn.caller.tenant.id
    number = await tenants.last_number(turn.tx, tenant) + 1
    alert = episode.opened(signal, turn.now, tenant=tenant, number=number, feed=feed.id, room=turn.caller.room.id)
    event = Event(action=OPENED, at=turn.now, by=by)
    news = News.OPENED if turn.aloud else None
    change = Change(alert=alert, outcome=Outcome.OPENED, events=(event,), news=news, why="made by hand")
    turn.ledger.add(Decided(before=None, change=change, told=turn.aloud))
    await tenants.numbered(turn.tx, tenant, number)
    text = CREATED.format(number=number, severity=alert.severity.word, summary=alert.summary)
    return Reply(text=text, outcome=reply.Outcome.DONE)
