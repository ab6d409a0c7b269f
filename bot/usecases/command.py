"""Command: what somebody typed after /alert is done once, answered the same again, and remembered for undo."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bot.domain import reply
from bot.domain.actor import Person
from bot.domain.alert import RULES, Rules
from bot.domain.commands import Command, Misread, parse
from bot.domain.errors import Invalid
from bot.domain.notice import Lane, News
from bot.domain.reply import Reply
from bot.domain.tenant import Caller, Level, level_of, may
from bot.domain.verbs import NAMES
from bot.storage import calls, outbox, tenants
from bot.storage.engine import BadValue, Busy, Conflict, Full, Storage, StorageError, Tx
from bot.usecases import asking, changing, creating, directory, remembering, shifts, showing, silencing, testing
from bot.usecases.asking import Asked, Turn
from bot.usecases.directory import FindPerson, FindRooms

MINUTE = 60_000
PAGE = "page"
"""What a command came through that a button of a page gave."""

NOT_STORED = "I could not store that: {reason}. Nothing was changed; try again in a minute."
MAYBE_STORED = "I could not store that: {reason}. Try again in a minute."
FAILED = "the database failed"

Rendered = Callable[[Reply], Mapping[str, Any]]
Fits = Callable[[tuple[list[int], list[int]]], bool]

DOERS: Mapping[str, Callable[[Turn, Command], Awaitable[Reply]]] = {
    "list": showing.show_list,
    "show": showing.show_one,
    "history": showing.show_history,
    "help": showing.show_help,
    "ack": changing.change,
    "unack": changing.change,
    "close": changing.change,
    "reopen": changing.change,
    "assign": changing.change,
    "own": changing.change,
    "unassign": changing.change,
    "snooze": changing.change,
    "wake": changing.change,
    "note": changing.change,
    "severity": changing.change,
    "silence": silencing.silence_some,
    "silences": silencing.list_silences,
    "unsilence": silencing.unsilence,
    "oncall": shifts.show_on_call,
    "cover": shifts.cover,
    "uncover": shifts.uncover,
    "page": shifts.page,
    "create": creating.create,
    "why": remembering.show_why,
    "like": remembering.show_like,
    "stats": remembering.show_stats,
    "handover": remembering.hand_over,
    "story": remembering.show_story,
    "undo": changing.undo,
    "no": asking.no,
    "test": testing.test,
}
"""What each verb does; `yes` stands for the command that it confirms."""


async def nowhere(_numbers: Sequence[int]) -> Mapping[int, str]:
    """Know of no other rooms."""
    return {}


REFUSALS: Mapping[Level, str] = {Level.ADMINS: reply.ADMINS_ONLY, Level.NOBODY: reply.SWITCHED_OFF}


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a command came to: the body to answer (empty: none, or it follows by REST), for metrics verb and outcome."""

    body: str
    verb: str = ""
    outcome: str = ""


async def perform(
    storage: Storage,
    caller: Caller,
    text: str,
    *,
    message_id: str,
    via: str,
    now: int,
    rendered: Rendered,
    fits: Fits,
    find_person: FindPerson,
    find_rooms: FindRooms = nowhere,
    rules: Rules = RULES,
    link_key: bytes = b"",
) -> Done:
    """Do what a message asks for, once per (tenant, room, message).

    The same message through the same webhook (`via`) is answered the same again, through another one with nothing.
    `rendered` makes the body of a reply, `fits` says whether the room takes one more answer, `find_person` looks a
    mention name up, `find_rooms` the other rooms of alerts that the caller may see; `link_key` is what our links are signed with.

    When nothing can be written, what needs no writing is answered all the same, and anything else with why not.
    """
    command, misread = _parsed(text)
    person = await _person(command, caller, find_person)
    numbers = _numbers(command)
    elsewhere = await find_rooms(numbers) if numbers else {}

    async def turn_of(tx: Tx) -> Turn:
        return Turn(
            tx=tx,
            caller=caller,
            now=now,
            message_id=message_id,
            rules=rules,
            person=person,
            others=await directory.unreachable(tx, caller),
            elsewhere=elsewhere,
            link_key=link_key,
        )

    def done(answer: Reply) -> Done:
        verb = command.verb if command else "misread"
        return Done(body=msgspec.json.encode(rendered(answer)).decode(), verb=verb, outcome=answer.outcome.value)

    async def work(tx: Tx) -> Done:
        await tenants.lock(tx, caller.tenant.id)
        before = await _before(tx, caller, message_id, via)
        if before is not None:
            return before
        turn = await turn_of(tx)
        answer = await _answer(turn, command, misread)
        await turn.ledger.write(tx)
        answered = done(answer)
        body = await _within_budget(tx, caller, answered.body, now, fits)
        await calls.add(
            tx,
            calls.Call(
                tenant=caller.tenant.id,
                room=caller.room.id,
                message=message_id,
                via=via,
                person=caller.actor.id,
                at=now,
                reply=body,
                undo=turn.undo,
            ),
        )
        return replace(answered, body=body)

    async def only_read(tx: Tx) -> Done:
        before = await _before(tx, caller, message_id, via)
        if before is not None:
            return before
        turn = await turn_of(tx)
        answer = await _answer(turn, command, misread)
        if turn.ledger.events or turn.ledger.posts:
            raise Full
        return done(answer)

    try:
        return await storage.write(work, urgent=True)
    except (Conflict, BadValue):
        raise
    except StorageError as error:
        try:
            return await storage.look(only_read)
        except Full:
            return done(unstored(error, NOT_STORED))
        except StorageError:
            return done(unstored(error))


def unstored(error: StorageError, text: str = MAYBE_STORED) -> Reply:
    """Return what is answered where the database refuses, and nobody can see whether it did so in time."""
    reason = str(error).partition(":")[0] if isinstance(error, Busy | Full) else FAILED
    return reply.refused(text.format(reason=reason))


async def press(
    storage: Storage,
    caller: Caller,
    command: Command,
    *,
    message_id: str,
    now: int,
    find_person: FindPerson,
    rules: Rules = RULES,
) -> Reply:
    """Do what a button of a page asks for, once per (tenant, room, message), and answer the same again.

    The room hears of it as of any other news; nobody is asked back, since the page names its alerts one by one.
    """
    person = await _person(command, caller, find_person)

    async def work(tx: Tx) -> Reply:
        await tenants.lock(tx, caller.tenant.id)
        before = await calls.find(tx, tenant=caller.tenant.id, room=caller.room.id, message=message_id)
        if before is not None:
            return msgspec.json.decode(before.reply, type=Reply)
        turn = Turn(
            tx=tx,
            caller=caller,
            now=now,
            message_id=message_id,
            rules=rules,
            person=person,
            others=await directory.unreachable(tx, caller),
            aloud=True,
        )
        answer = await _answer(turn, command, None)
        await turn.ledger.write(tx)
        call = calls.Call(
            tenant=caller.tenant.id,
            room=caller.room.id,
            message=message_id,
            via=PAGE,
            person=caller.actor.id,
            at=now,
            reply=msgspec.json.encode(answer).decode(),
            undo=turn.undo,
        )
        await calls.add(tx, call)
        return answer

    return await storage.write(work, urgent=True)


async def _before(tx: Tx, caller: Caller, message_id: str, via: str) -> Done | None:
    call = await calls.find(tx, tenant=caller.tenant.id, room=caller.room.id, message=message_id)
    if call is None:
        return None
    return Done(body=call.reply if call.via == via else "", verb="again", outcome="again")


def _parsed(text: str) -> tuple[Command | None, Misread | None]:
    try:
        return parse(text), None
    except Misread as misread:
        return None, misread


async def _person(command: Command | None, caller: Caller, find_person: FindPerson) -> Person | None:
    """Look up whom a command names, before the transaction: the directory may take its time."""
    if command is None or command.person is None or command.verb == "list":
        return None
    return caller.actor.person if command.person == "me" else await find_person(command.person)


def _numbers(command: Command | None) -> Sequence[int]:
    """Return the numbers of alerts that a command names."""
    if command is None:
        return ()
    return (*command.targets.numbers, *([command.duplicate_of] if command.duplicate_of is not None else []))


async def _answer(turn: Turn, command: Command | None, misread: Misread | None) -> Reply:
    if command is None:
        assert misread is not None
        return reply.misread(misread, await asking.open_numbers(turn))
    try:
        if command.verb == "yes":
            confirmed = await asking.yes(turn)
            if isinstance(confirmed, Reply):
                return confirmed
            command = confirmed
        level = level_of(turn.caller.room, command.verb, changes=NAMES[command.verb].changes)
        if not may(turn.caller, level):
            return reply.forbidden(_refusal(turn.caller, level).format(verb=command.verb, room=turn.caller.room.name))
        return await DOERS[command.verb](turn, command)
    except Asked as question:
        return question.reply
    except Invalid as invalid:
        return reply.unclear(invalid.text)


def _refusal(caller: Caller, level: Level) -> str:
    if not caller.confirmed:
        return reply.UNCONFIRMED
    return reply.GUESTS_READ_ONLY if caller.is_guest else REFUSALS[level]


async def _within_budget(tx: Tx, caller: Caller, body: str, now: int, fits: Fits) -> str:
    """Count the answer; one that the room would not take now follows by REST, and the callback answers nothing."""
    sent = await outbox.sent_since(tx, caller.room.id, now - MINUTE)
    if fits(sent):
        await outbox.add_sent(tx, caller.room.id, now, answer=True)
        return body
    later = outbox.Post(
        tenant=caller.tenant.id,
        room=caller.room.id,
        news=News.REPLY,
        lane=Lane.COMMAND,
        at=now,
        detail={"body": body},
    )
    await outbox.add(tx, [later])
    return ""
