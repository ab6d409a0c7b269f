"""Testing: a test alert through the whole path, from signal to card."""

from bot.domain import reply
from bot.domain.commands import Command
from bot.domain.reply import Reply
from bot.domain.signal import Severity, Signal
from bot.usecases.asking import Turn
from bot.usecases.ingest import Delivery, receive
from bot.usecases.install import feed_for

SENDER = "test"
SUMMARY = "Test alert by {name}: if you can read this, alerts reach this room"


async def test(turn: Turn, _command: Command) -> Reply:
    """Open a test alert in this room."""
    feed = await feed_for(turn.tx, turn.caller.room, turn.now)
    signal = Signal(
        dedup_key=f"test:{turn.message_id}",
        summary=SUMMARY.format(name=turn.caller.actor.name),
        sender=SENDER,
        source=SENDER,
        severity=Severity.INFO,
        labels={"test": "true"},
    )
    answers = await receive(turn.tx, [Delivery(feed=feed, dialect=SENDER, body=b"", items=[signal])], turn.now)
    number = answers[0][0].alert
    assert number is not None
    return reply.info(reply.TEST_ON_ITS_WAY.format(number))
