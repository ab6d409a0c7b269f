"""Silencing: silences of a room are made, prolonged, listed and ended, by people and by the clock."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import mirror, reply, silence, spans
from bot.domain.actor import source
from bot.domain.alert import Alert, Change, Event, State
from bot.domain.commands import Command
from bot.domain.guess import guesses
from bot.domain.matcher import Matcher, matches, names_nothing, written
from bot.domain.mirror import Mirror, Rest
from bot.domain.notice import Lane, News
from bot.domain.readers_silence import A_WHILE
from bot.domain.reply import Outcome, Reply
from bot.domain.signal import Severity
from bot.domain.silence import Silence, covering
from bot.storage import outbox, silences, tenants, timers
from bot.storage.engine import Tx
from bot.storage.timers import Timer
from bot.usecases.asking import MANY, Asked, Turn, ask, numbered
from bot.usecases.change import Ledger
from bot.usecases.due import Due

MOST = 50
"""So many live silences a room may have: each piece of news is held against all of them."""
LOOKED_AT = 10_000
"""So many alerts the mirror looks back over, at most."""
TOLD = "told"
IS_OVER = "the silence is over"


# --- made and prolonged -----------------------------------------------------------------------------------------------


async def silence_some(turn: Turn, command: Command) -> Reply:
    """Make a silence, or prolong one; what hides much, or names nothing, is asked about first."""
    here = turn.caller.room
    if command.starts:
        what = written(command.matchers) or command.topic or (f"S{command.silences[0]}" if command.silences else "all")
        raise Asked(reply.info(mirror.later(what, _time(command))))
    ends_at = _ends_at(turn, command)
    matchers, comment = command.matchers, command.note
    guessed = bool(command.topic)
    if guessed:
        matchers = await _guessed(turn, command)
        command = replace(command, matchers=matchers, topic="")
    if command.silences:
        known = await _known(turn, command.silences[0])
        if known.ended_at is None and turn.now < known.ends_at:
            return await _prolong(turn, known, ends_at)
        # One that is over is begun again, under a new name.
        matchers, comment = known.matchers, comment or known.comment
    live = await silences.of_room(turn.tx, turn.caller.tenant.id, here.id)
    if len(live) >= MOST:
        raise Asked(reply.refused(mirror.TOO_MANY.format(len(live))))
    wanted = Silence(
        tenant=turn.caller.tenant.id,
        number=await silences.next_number(turn.tx, turn.caller.tenant.id),
        room=here.id,
        matchers=matchers,
        created_at=turn.now,
        starts_at=turn.now,
        ends_at=ends_at,
        by=turn.caller.actor.person,
        time_zone=turn.caller.time_zone,
        comment=comment,
    )
    seen = await look(turn.tx, wanted.tenant, here.id, matchers, turn.now)
    broad = names_nothing(matchers)
    if turn.confirmed is None and (broad or guessed or len(seen.open) > MANY):
        await ask(turn, command, seen.open)
        text = mirror.would(wanted, seen, broad=broad, now=turn.now, zone_name=turn.caller.time_zone)
        raise Asked(reply.unclear(text))
    await begin(turn.tx, wanted, turn.now)
    text = mirror.made(wanted, seen, now=turn.now, zone_name=turn.caller.time_zone)
    return Reply(text=text, outcome=Outcome.DONE)


async def _guessed(turn: Turn, command: Command) -> tuple[Matcher, ...]:
    """Return the matcher that a word means, by the labels of the room's alerts. Raises Asked unless it is just one."""
    tenant, room = turn.caller.tenant.id, turn.caller.room.id
    known = {each.number: each for each in await silences.active_in(turn.tx, tenant, room, limit=LOOKED_AT)}
    week = await silences.opened_since(turn.tx, tenant, room, turn.now - mirror.WEEK_SPAN, limit=LOOKED_AT)
    known |= {each.number: each for each in week}
    found = guesses(command.topic, known.values())
    if not found:
        value = command.topic if command.topic.isalnum() else f'"{command.topic}"'
        text = mirror.UNKNOWN_WORD.format(word=command.topic, value=value, time=_time(command))
        raise Asked(reply.unclear(text))
    if len(found) > 1:
        raise Asked(reply.unclear(mirror.which_label(command.topic, found, _time(command))))
    return (found[0].matcher,)


def _time(command: Command) -> str:
    """Write the time of a command as it may be typed again."""
    if command.until is not None:
        return f"until {command.until}"
    return A_WHILE if command.duration is None else spans.spelled(command.duration)


def _ends_at(turn: Turn, command: Command) -> int:
    if command.duration is not None:
        return turn.now + command.duration
    assert command.until is not None  # the reader asks for a time
    return spans.moment(command.until, now=turn.now, zone_name=turn.caller.time_zone)


async def _prolong(turn: Turn, known: Silence, ends_at: int) -> Reply:
    await prolong(turn.tx, known, ends_at, turn.now)
    text = mirror.prolonged(known, ends_at, now=turn.now, zone_name=turn.caller.time_zone)
    return Reply(text=text, outcome=Outcome.DONE)


async def begin(tx: Tx, wanted: Silence, now: int) -> None:
    """Keep a new silence and set its timers."""
    await silences.add(tx, wanted)
    await _arm(tx, wanted, wanted.ends_at, now)


async def prolong(tx: Tx, known: Silence, ends_at: int, now: int) -> None:
    """Move a silence's end and its timers."""
    await silences.prolong(tx, known, ends_at)
    await _arm(tx, known, ends_at, now)


async def _arm(tx: Tx, known: Silence, ends_at: int, now: int) -> None:
    """Set a silence's timers; those of an earlier end are moved."""
    asks_at = silence.asks_at(now, ends_at)
    ending = Timer(kind=timers.SILENCE_ENDING, tenant=known.tenant, number=known.number, due_at=asks_at or ends_at)
    ended = Timer(kind=timers.SILENCE_ENDED, tenant=known.tenant, number=known.number, due_at=ends_at)
    await timers.arm(tx, [ended, ending] if asks_at is not None else [ended])
    if asks_at is None:
        await timers.drop(tx, [ending])


async def look(tx: Tx, tenant: int, room: int, matchers: Sequence[Matcher], now: int) -> Mirror:
    """Return what matchers would hide in a room: its open alerts, and those of the last week."""
    active = await silences.active_in(tx, tenant, room, limit=LOOKED_AT)
    week = await silences.opened_since(tx, tenant, room, now - mirror.WEEK_SPAN, limit=LOOKED_AT)
    fit = [seen for seen in week if matches(matchers, seen)]
    return Mirror(
        open=[seen.number for seen in active if seen.state is State.OPEN and matches(matchers, seen)],
        week=[seen.number for seen in fit],
        critical=sum(seen.severity is Severity.CRITICAL for seen in fit),
        all=len(week),
        more=len(week) >= LOOKED_AT,
    )


# --- listed -----------------------------------------------------------------------------------------------------------


async def list_silences(turn: Turn, _command: Command) -> Reply:
    """List the silences of the room."""
    live = await silences.of_room(turn.tx, turn.caller.tenant.id, turn.caller.room.id)
    hid = await silences.how_many(turn.tx, turn.caller.tenant.id, [each.number for each in live])
    return reply.info(mirror.silences(live, hid, now=turn.now, zone_name=turn.caller.time_zone))


async def marks(turn: Turn, shown: Sequence[Alert]) -> dict[int, str]:
    """Return, by alert number, which silences of the room hide it now."""
    live = await silences.of_room(turn.tx, turn.caller.tenant.id, turn.caller.room.id)
    return mirror.marks(live, shown, now=turn.now) if live else {}


# --- ended ------------------------------------------------------------------------------------------------------------


async def unsilence(turn: Turn, command: Command) -> Reply:
    """End silences by hand, and say what waited for their end."""
    live = await silences.of_room(turn.tx, turn.caller.tenant.id, turn.caller.room.id)
    if command.silences:
        chosen = [await _known(turn, number) for number in command.silences]
    elif command.targets.word == "all" or len(live) == 1:
        chosen = live
    else:
        names = " ".join(each.label for each in live)
        raise Asked(reply.unclear(mirror.WHICH.format(names, live[0].label)) if live else reply.info(mirror.NONE))
    if not chosen:
        raise Asked(reply.info(mirror.NONE))
    texts = [
        mirror.no_longer(each, now=turn.now, zone_name=turn.caller.time_zone)
        for each in chosen
        if each.ended_at is not None
    ]
    if len(texts) == len(chosen):
        raise Asked(reply.refused("\n".join(texts)))
    for each in chosen:
        if each.ended_at is not None:
            continue
        rest = await end(turn.tx, each, turn.now)
        texts.append(mirror.over(rest, by_hand=True, now=turn.now, zone_name=turn.caller.time_zone))
        if turn.aloud:
            turn.ledger.posts.append(_post(each, News.SILENCE_ENDED, texts[-1], turn.now))
    return Reply(text="\n".join(texts), outcome=Outcome.DONE)


async def _known(turn: Turn, number: int) -> Silence:
    """Return a silence of this room that a person named. Raises Asked when there is none."""
    found = await silences.find(turn.tx, turn.caller.tenant.id, number)
    if found is None or found.room != turn.caller.room.id:
        alert = (await numbered(turn, [number])).alerts
        if alert and alert[0].state is State.SNOOZED:
            raise Asked(reply.info(mirror.IS_SNOOZED.format(number=number)))
        raise Asked(reply.refused(mirror.NO_SUCH.format(name=f"S{number}")))
    return found


async def end(tx: Tx, over: Silence, now: int) -> Rest:
    """End a silence: what waited is told by whoever called, what another silence covers goes on waiting for that one's end."""
    hid = (await silences.how_many(tx, over.tenant, [over.number])).get(over.number, 0)
    active = await silences.still_active(tx, over)
    waiting = await silences.waiting(tx, over)
    await silences.end(tx, over, now)
    await timers.drop(
        tx,
        [
            Timer(kind=kind, tenant=over.tenant, number=over.number, due_at=now)
            for kind in (timers.SILENCE_ENDING, timers.SILENCE_ENDED)
        ],
    )
    others = await silences.live(tx, over.tenant)
    ledger = Ledger(tenant=over.tenant, now=now)
    told: list[Alert] = []
    covered: dict[str, int] = {}
    for alert in waiting:
        still = covering(others, alert, over.room, now)
        if still:
            covered[still[0].label] = covered.get(still[0].label, 0) + 1
            await silences.hand_over(tx, over.tenant, still[0].number, [alert.number], now)
            known = replace(alert, silenced_by=still[0].number)
        else:
            told.append(alert)
            known = replace(alert, heard=True, silenced_by=None, told_at=now)
            event = Event(action=TOLD, at=now, by=source(over.label), note=IS_OVER)
            ledger.events.append((alert.number, event))
            # Channels hear of it now, as the room does.
            ledger.moves.append((Change(alert=known, news=News.OPENED, why=IS_OVER), known))
        if alert.room == over.room:
            ledger.changed[alert.number] = known
    await ledger.write(tx)
    return Rest(silence=over, alerts=hid, closed=hid - active, waiting=told, covered=covered)


# --- the clock --------------------------------------------------------------------------------------------------------


async def ending(due: Due, timer: Timer) -> None:
    """Ask a silence's author, shortly before its end, whether it shall go on."""
    known = await silences.find(due.tx, due.tenant, timer.number)
    if known is None or known.ended_at is not None or due.now >= known.ends_at:
        return
    hid = (await silences.how_many(due.tx, due.tenant, [known.number])).get(known.number, 0)
    text = mirror.ends_soon(known, hid, now=due.now, zone_name=await _zone_of(due, known))
    due.ledger.posts.append(_post(known, News.SILENCE_ENDING, text, due.now, rings=known.by.name))


async def ended(due: Due, timer: Timer) -> None:
    """End a silence whose time is over, and tell the room what waited."""
    known = await silences.find(due.tx, due.tenant, timer.number)
    if known is None or known.ended_at is not None:
        return
    if due.now < known.ends_at:
        due.again(timer, known.ends_at)
        return
    await due.flush()
    rest = await end(due.tx, known, due.now)
    text = mirror.over(rest, by_hand=False, now=due.now, zone_name=await _zone_of(due, known))
    worst = max((alert.severity for alert in rest.waiting), default=None)
    due.ledger.posts.append(_post(known, News.SILENCE_ENDED, text, due.now, worst=worst))


async def _zone_of(due: Due, known: Silence) -> str:
    """Return the time zone to speak in: the room's, else the author's."""
    return await tenants.zone_of(due.tx, known.room) or known.time_zone


def _post(
    known: Silence, news: News, text: str, now: int, *, rings: str = "", worst: Severity | None = None
) -> outbox.Post:
    detail = {"why": text, "rings": rings, "severity": worst.word if worst is not None else ""}
    return outbox.Post(
        tenant=known.tenant,
        room=known.room,
        news=news,
        lane=Lane.CRITICAL if worst is Severity.CRITICAL else Lane.NEWS,
        at=now,
        detail={name: value for name, value in detail.items() if value},
    )
