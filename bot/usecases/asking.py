"""Asking: which alerts a command means, and the question that goes before one that means many."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from bot.domain import link, naming, reply
from bot.domain.actor import Person
from bot.domain.alert import ACTIVE, RULES, Action, Alert, Rules, State
from bot.domain.commands import Command, Filter, Targets
from bot.domain.reply import Reply
from bot.domain.signal import Severity
from bot.domain.tenant import Caller
from bot.domain.verbs import NAMES
from bot.domain.vocabulary import SEVERITIES
from bot.storage import alerts, calls, people, search
from bot.storage.engine import Tx
from bot.usecases import candidates
from bot.usecases.change import Ledger

MANY = 5
"""More than this many alerts named by `all`, a filter, a range or a list are asked about first (product.md 5)."""
MOST = 20_000
LATELY = 24 * 60 * 60_000
"""An alert that was closed within this may still be the one that somebody means."""
ANSWER_WITHIN = 2 * 60_000
EXAMPLES = 3
COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}
WHICH = 10


class Asked(Exception):
    """The command cannot go on without another word from its person."""

    def __init__(self, answer: Reply) -> None:
        self.reply = answer
        super().__init__(answer.text)


@dataclass(kw_only=True, slots=True)
class Turn:
    """One command while it is being done: the transaction, who asks, and what is going to be written.

    `others` are the rooms that nobody can speak in, when this is the fallback room that hears their news.
    `aloud` says that the room has to hear of changes, because they were not asked for there.
    `elsewhere` are other rooms that the caller may see, by id, with their names. `link_key` is what our own links are signed
    with. `confirmed` are the numbers that `yes` was said to; `undo` what is kept for taking it back.
    """

    tx: Tx
    caller: Caller
    now: int
    message_id: str
    rules: Rules = RULES
    person: Person | None = None
    others: tuple[int, ...] = ()
    aloud: bool = False
    elsewhere: Mapping[int, str] = field(default_factory=dict)
    link_key: bytes = b""
    confirmed: tuple[int, ...] | None = None
    undo: str = ""
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(tenant=self.caller.tenant.id, now=self.now, rules=self.rules)

    def sees(self, alert: Alert) -> bool:
        """Whether an alert is one of this room's."""
        return alert.room == self.caller.room.id or (alert.room is not None and alert.room in self.others)

    def query(self, wanted: Filter | None = None, *, states: frozenset[State] | None = None) -> search.Query:
        """Return the query of a filter in this room."""
        wanted = wanted or Filter()
        named = frozenset(State(word) for word in wanted.states)
        owner = {"me": self.caller.actor.id, "none": ""}.get(wanted.owner or "x")
        return search.Query(
            tenant=self.caller.tenant.id,
            room=self.caller.room.id,
            also=self.others,
            states=states or named or ACTIVE,
            severities=_severities(wanted),
            owner=owner,
            owner_name=wanted.owner if wanted.owner not in {None, "me", "none"} else None,
            labels=[(name, sign == "=", value) for name, sign, value in wanted.labels],
            words=wanted.text.split(),
        )


def _severities(wanted: Filter) -> frozenset[Severity]:
    if wanted.severity is None:
        return frozenset(Severity)
    sign, word = wanted.severity
    return frozenset(severity for severity in Severity if COMPARE[sign](severity, SEVERITIES[word]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Meant:
    """The alerts that a command means, by number, and the numbers that this room does not have.

    `elsewhere` names the rooms of those among them that are in another one, as far as the caller may know.
    `note` is what is left of the command's note where a part of it named the alert; None: all of it.
    """

    alerts: Sequence[Alert]
    unknown: Sequence[int] = ()
    elsewhere: Mapping[int, str] = field(default_factory=dict)
    note: str | None = None


async def meant(turn: Turn, command: Command) -> Meant:
    """Return the alerts that a command's targets mean. Raises Asked when that needs another word."""
    targets = command.targets
    if turn.confirmed is not None:
        return await numbered(turn, turn.confirmed)
    if targets.ranges:
        return await _listed(turn, command)
    if targets.text or not targets.given:
        return await _unlisted(turn, command)
    if targets.pronoun and naming.holds_number(command.note):
        raise Asked(reply.which(command.verb, await candidates.unacked(turn.tx, turn.query())))
    if targets.word == "last":
        newest = await search.find(turn.tx, turn.query(states=frozenset(State)), limit=1)
        if not newest:
            raise Asked(reply.info(reply.NO_ALERTS))
        return Meant(alerts=newest)
    wanted = targets.filter or Filter()
    if targets.word == "mine":
        wanted = replace(wanted, owner="me")
    found = await search.find(turn.tx, turn.query(wanted), limit=MOST)
    if not found:
        raise Asked(reply.info(reply.NONE_MATCHES.format(_words(targets))))
    if len(found) > MANY and (targets.word != "mine" or targets.filter is not None):
        numbers = sorted(alert.number for alert in found)
        await ask(turn, command, numbers)
        raise Asked(reply.would(command.verb, found))
    return Meant(alerts=sorted(found, key=lambda alert: alert.number))


async def _listed(turn: Turn, command: Command) -> Meant:
    """Return the alerts of numbers and links; many at once are asked about."""
    for token in command.targets.links:
        linked = link.read(turn.link_key, token)
        if linked is None or linked.tenant != turn.caller.tenant.id:
            raise Asked(reply.refused(reply.OTHERS_LINK.format(command.verb)))
    found = await numbered(turn, command.targets.numbers)
    if len(found.alerts) > MANY and NAMES[command.verb].changes:
        numbers = sorted(alert.number for alert in found.alerts)
        await ask(turn, command, numbers)
        raise Asked(reply.would(command.verb, found.alerts))
    return found


async def _unlisted(turn: Turn, command: Command) -> Meant:
    """Return the alert that words name, or the only open one where nothing is named; ask which when that may be another."""
    name, note = command.targets.text, command.note
    room = candidates.Room(
        active=turn.query(), everything=turn.query(states=frozenset(State)), closed_since=turn.now - LATELY
    )
    try:
        if not name and not note:
            return Meant(alerts=[await candidates.only_open(turn.tx, room.active)])
        searched = command.targets.quoted or command.duplicate_of is not None
        chosen = await candidates.named(turn.tx, room, name, note, searched=searched)
    except candidates.Unnamed as unnamed:
        fitting = (name or note) if unnamed.matching else ""
        raise Asked(reply.which(command.verb, unnamed.candidates, fitting=fitting)) from None
    if name:
        return Meant(alerts=[chosen.alert], note=note if chosen.matched else f"{name} {note}".strip())
    named_by_note = chosen.matched and not chosen.alone and command.verb != Action.NOTE
    return Meant(alerts=[chosen.alert], note="" if named_by_note else None)


async def numbered(turn: Turn, numbers: Sequence[int]) -> Meant:
    """Return the alerts of these numbers that the room has, and which it has not."""
    found = await alerts.by_numbers(turn.tx, turn.caller.tenant.id, list(numbers))
    here = {number: alert for number, alert in found.items() if turn.sees(alert)}
    return Meant(
        alerts=[here[number] for number in numbers if number in here],
        unknown=[number for number in numbers if number not in here],
        elsewhere=_elsewhere(turn, found),
    )


def _elsewhere(turn: Turn, found: Mapping[int, Alert]) -> dict[int, str]:
    rooms = {number: turn.elsewhere.get(alert.room or 0) for number, alert in found.items() if not turn.sees(alert)}
    return {number: room for number, room in rooms.items() if room is not None}


async def ask(turn: Turn, command: Command, numbers: Sequence[int]) -> None:
    """Keep a command until its person says yes to it, for exactly these numbers."""
    await calls.ask(
        turn.tx,
        tenant=turn.caller.tenant.id,
        room=turn.caller.room.id,
        person=turn.caller.actor.id,
        at=turn.now,
        command=msgspec.json.encode(replace(command, targets=Targets())).decode(),
        numbers=msgspec.json.encode(list(numbers)).decode(),
    )


async def yes(turn: Turn) -> Command | Reply:
    """Return the command that a person was asked about, for exactly the numbers that were shown."""
    asked = await calls.asked(
        turn.tx,
        tenant=turn.caller.tenant.id,
        room=turn.caller.room.id,
        person=turn.caller.actor.id,
        since=turn.now - ANSWER_WITHIN,
    )
    if asked is None:
        return reply.info(reply.NOTHING_ASKED)
    await _answered(turn)
    command, numbers = asked
    turn.confirmed = tuple(msgspec.json.decode(numbers, type=list[int]))
    confirmed = msgspec.json.decode(command, type=Command)
    if confirmed.person is not None:
        turn.person = await _named(turn, confirmed.person)
    return confirmed


async def _named(turn: Turn, name: str) -> Person | None:
    """Return whom the question named, as the directory knew them when it was asked."""
    if name == "me":
        return turn.caller.actor.person
    known = await people.by_mention(turn.tx, turn.caller.tenant.id, name)
    return Person(id=known.id, name=known.mention_name) if known else None


async def no(turn: Turn, _command: Command) -> Reply:
    """Forget what was asked."""
    asked = await calls.asked(
        turn.tx,
        tenant=turn.caller.tenant.id,
        room=turn.caller.room.id,
        person=turn.caller.actor.id,
        since=turn.now - ANSWER_WITHIN,
    )
    if asked is None:
        return reply.info(reply.NOTHING_ASKED)
    await _answered(turn)
    return reply.info(reply.LEFT)


async def _answered(turn: Turn) -> None:
    await calls.answered(turn.tx, tenant=turn.caller.tenant.id, room=turn.caller.room.id, person=turn.caller.actor.id)


async def open_numbers(turn: Turn) -> list[int]:
    """Return a few real numbers of the room for examples, open ones first."""
    found = await search.find(turn.tx, turn.query(states=frozenset({State.OPEN})), limit=EXAMPLES)
    if not found:
        found = await search.find(turn.tx, turn.query(states=frozenset(State)), limit=EXAMPLES)
    return [alert.number for alert in found]


async def here_of(turn: Turn, found: Meant) -> reply.Here:
    """Return what a reply about unknown numbers tells of the room; the database is asked only where there are any."""
    if not found.unknown:
        return reply.Here(last=None)
    newest = await search.find(turn.tx, turn.query(states=frozenset(State)), limit=1)
    still = await search.find(turn.tx, turn.query(states=frozenset({State.OPEN})), limit=WHICH)
    return reply.Here(
        last=newest[0].number if newest else None,
        open=tuple(alert.number for alert in still),
        elsewhere=found.elsewhere,
    )


def _words(targets: Targets) -> str:
    return "that" if targets.filter is not None else f'"{targets.word}"'
