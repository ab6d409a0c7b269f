"""Remembering: the verbs that look back: why, like, stats, handover, story."""

from collections.abc import Sequence

from bot.domain import action, handover, likeness, reasons, recall, reply, spans, tally
from bot.domain import story as stories
from bot.domain.action import Wish
from bot.domain.actor import Who
from bot.domain.alert import HOUR, MINUTE, Action, Alert, Refused
from bot.domain.commands import Command
from bot.domain.mirror import what
from bot.domain.reasons import Known
from bot.domain.recall import Recalled
from bot.domain.reply import Reply
from bot.domain.routing import route_for
from bot.domain.silence import covering
from bot.domain.tally import SEEN_ACTIONS, Tally
from bot.domain.telling import Telling
from bot.storage import (
    alerts,
    changes,
    feeds,
    history,
    memory,
    outbox,
    parcels,
    plans,
    search,
    silences,
    tenants,
    timers,
)
from bot.storage.engine import Tx
from bot.usecases.asking import Asked, Turn, ask, here_of, meant
from bot.usecases.change import Decided

WEEK = 7 * spans.DAY
COUNTED_MOST = 20_000
"""So many alerts are added up, the newest."""
LIKE_MOST = 5
CHANGES_SHOWN = 5
LOOKED_AT = 500
"""So many alerts with the same words, or not in the index yet, are looked at."""


# --- one alert --------------------------------------------------------------------------------------------------------


async def show_why(turn: Turn, command: Command) -> Reply:
    """Say what led to where an alert stands, and what was told of it to whom."""
    alert = await _one(turn, command)
    known = await known_of(turn.tx, alert, turn.now)
    return reply.info(reasons.why(known, now=turn.now, zone_name=turn.caller.time_zone))


async def show_story(turn: Turn, command: Command) -> Reply:
    """Write the post-mortem of an alert in Markdown."""
    alert = await _one(turn, command)
    text = stories.story(await known_of(turn.tx, alert, turn.now), now=turn.now, zone_name=turn.caller.time_zone)
    return reply.info(stories.cut(text, alert.number))


async def show_like(turn: Turn, command: Command) -> Reply:
    """Show earlier alerts that were like one, how they ended and what was written down."""
    alert = await _one(turn, command)
    found = []
    for other in await alike(turn.tx, alert):
        how = likeness.alike(alert, other)
        events = (await history.past(turn.tx, other.tenant, other.number)).events
        notes = [
            (event.by.name, event.note) for event in events if event.action == "noted" and event.by.kind is Who.PERSON
        ]
        found.append(Recalled(alert=other, alike=how or likeness.Alike.WORDS, notes=notes))
    return reply.info(recall.recalled(alert, found, now=turn.now, zone_name=turn.caller.time_zone))


async def _one(turn: Turn, command: Command) -> Alert:
    found = await meant(turn, command)
    if not found.alerts:
        raise Asked(reply.refused(reply.unknown_text(found.unknown, await here_of(turn, found))))
    return found.alerts[0]


async def known_of(tx: Tx, alert: Alert, now: int) -> Known:
    """Return all that is known about an alert besides itself."""
    feed = await feeds.feed(tx, alert.feed)
    room = await tenants.room(tx, alert.room) if alert.room is not None else None
    plan = await plans.load(tx, alert.tenant)
    route = route_for(plan.routes, alert.feed, alert)
    past = await history.past(tx, alert.tenant, alert.number)
    tellings, untold = await _tellings(tx, alert, room.name if room else "")
    hiding = covering(await silences.live(tx, alert.tenant), alert, alert.room, now)
    return Known(
        alert=alert,
        feed=feed.name if feed else str(alert.feed),
        room=room.name if room else "",
        route=route.name if route else "",
        policy=route.policy if route else "",
        events=past.events,
        left_out=past.left_out,
        tellings=tellings,
        untold=untold,
        due=await timers.of_alert(tx, alert.tenant, alert.number, sorted(reasons.WHAT)) if alert.active else [],
        changes=await _changes(tx, alert),
        silences=[f"{silence.label} ({what(silence)})" for silence in hiding],
    )


async def _changes(tx: Tx, alert: Alert) -> list[tuple[int, str]]:
    """Return what the alert's feed said was changed in the hour before it was opened, the last first."""
    found = await changes.between(tx, alert.feed, alert.opened_at - HOUR, alert.opened_at + MINUTE, CHANGES_SHOWN)
    return [(each.at, " · ".join(filter(None, (each.summary, each.source, each.link)))) for each in found]


async def _tellings(tx: Tx, alert: Alert, home: str) -> tuple[list[Telling], int]:
    """Return what rooms and channels were told, in the order of what happened, and how much is left out."""
    rooms, missing = await outbox.tellings_of(tx, alert.tenant, alert.number, home)
    channels, also_missing = await parcels.tellings_of(tx, alert.tenant, alert.number)
    return sorted([*rooms, *channels], key=lambda each: each.at), missing + also_missing


async def alike(tx: Tx, alert: Alert) -> Sequence[Alert]:
    """Return earlier alerts of an alert's room that are like it, newest first: the same problem or name, else the same words."""
    tokens = [likeness.problem_token(alert), likeness.name_token(alert)]
    fresh = [other for other in await memory.unindexed(tx, alert, LOOKED_AT) if likeness.alike(alert, other)]
    found = [*await memory.with_any(tx, alert, tokens, LIKE_MOST), *fresh]
    words = likeness.word_tokens(alert)
    if len(found) < LIKE_MOST and words:
        found += await memory.with_all(tx, alert, words, LIKE_MOST)
    return likeness.newest(found, LIKE_MOST)


# --- a room -----------------------------------------------------------------------------------------------------------


async def show_stats(turn: Turn, command: Command) -> Reply:
    """Add up what came into the room in a span: how many, how fast they were taken up and closed, what was loudest."""
    since = turn.now - (command.duration or WEEK)
    counted, more = await added_up(turn.tx, turn.caller.tenant.id, turn.caller.room.id, since)
    return reply.info(tally.stats(counted, since=since, now=turn.now, zone_name=turn.caller.time_zone, more=more))


async def added_up(tx: Tx, tenant: int, room: int, since: int) -> tuple[Tally, bool]:
    """Return the tally of the alerts that were opened in a room since a moment, and whether there were too many to count."""
    counted = Tally()
    below: int | None = None
    while counted.many < COUNTED_MOST:
        page = await memory.opened_since(tx, tenant, room, since, below)
        acks = await memory.acks_of(tx, tenant, [alert.number for alert in page.alerts], SEEN_ACTIONS)
        for alert in page.alerts:
            counted.add(alert, acks.get(alert.number, ()))
        if page.below is None:
            return counted, False
        below = page.below
    return counted, True


async def hand_over(turn: Turn, command: Command) -> Reply:
    """Show the open work of the room; with a person, give them what is the caller's, once that is confirmed."""
    if command.person is None:
        query = search.worst_first(turn.query())
        many = sum((await search.counts(turn.tx, query)).values())
        active = await search.find(turn.tx, query, limit=handover.ROWS)
        return reply.info(handover.open_work(active, many, now=turn.now, zone_name=turn.caller.time_zone))
    if turn.person is None:
        return reply.unclear(reply.UNKNOWN_PERSON.format(command.person))
    if turn.person.id == turn.caller.actor.id:
        return reply.info(handover.TO_SELF)
    if turn.confirmed is None:
        active = await search.find(turn.tx, turn.query(), limit=COUNTED_MOST)
        numbers = sorted(alert.number for alert in active if handover.is_mine(alert, turn.caller.actor))
        if not numbers:
            return reply.info(handover.NOTHING_YOURS)
        await ask(turn, command, numbers)
        raise Asked(reply.unclear(handover.would(turn.person.name, numbers)))
    return await _given(turn, turn.confirmed)


async def _given(turn: Turn, numbers: Sequence[int]) -> Reply:
    assert turn.person is not None
    found = await alerts.by_numbers(turn.tx, turn.caller.tenant.id, numbers)
    wish = Wish(action=Action.ASSIGN, by=turn.caller.actor, note="handover", to=turn.person)
    done: list[Alert] = []
    skipped: list[tuple[int, str]] = []
    for number in numbers:
        alert = found.get(number)
        if alert is None or not handover.is_mine(alert, turn.caller.actor):
            skipped.append((number, handover.NOT_YOURS))
            continue
        try:
            decided = action.act(alert, wish, turn.now)
        except Refused as refused:
            skipped.append((number, refused.text))
            continue
        turn.ledger.add(Decided(before=alert, change=decided, told=False))
        done.append(alert)
    outcome = reply.Outcome.DONE if not skipped else reply.Outcome.PARTLY if done else reply.Outcome.REFUSED
    text = reply.summary_line("assigned", done, skipped, detail=f"to {turn.person.name}")
    return Reply(text=text, outcome=outcome, mentions=(turn.person.name,) if done else ())
