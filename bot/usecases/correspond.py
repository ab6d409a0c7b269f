"""Correspond: what people do by mail: with the links of a mail, by an answer to it, and ending the mails of a channel.

A ticket says which alert and which address; the address counts as long as it is on a channel's list. The person is the one whom
Hipchat knows by that address. What only looks like them is kept as a note that says so.
"""

from dataclasses import dataclass, replace

from bot.domain import action, errand, letter, reply, spans
from bot.domain.action import Wish
from bot.domain.actor import Actor, Via, Who
from bot.domain.alert import RULES, Action, Alert, Refused, Rules
from bot.domain.channel import Kind
from bot.domain.commands import Command
from bot.domain.errand import Errand
from bot.domain.errors import AlertbotError, Invalid
from bot.domain.letter import Letter
from bot.domain.refusal import refusal
from bot.domain.signal import clean
from bot.domain.tenant import Caller, Speaker, level_of, may
from bot.domain.ticket import Ticket, Use, addressed
from bot.domain.times import clock
from bot.domain.vocabulary import SEVERITIES
from bot.ports import Chat
from bot.storage import alerts, audit, letters, mutes, people, plans, tenants
from bot.storage.engine import Storage, Tx
from bot.storage.people import Known
from bot.usecases import directory
from bot.usecases.act import perform_within
from bot.usecases.command import REFUSALS
from bot.usecases.configure import UNMUTED

A_WHILE = 2 * spans.HOUR
NOTE_LIMIT = 4000
NAME_LIMIT = 200
PAST = {**action.PAST, Action.SEVERITY: "severity of"}
USES = {Use.ACK: Action.ACK, Use.ACK_A_WHILE: Action.ACK, Use.CLOSE: Action.CLOSE}
"""What the links of a mail do."""

ABOUT = "[#{alert.number} {severity}] {alert.summary}"
DONE = "{past} #{number}{detail}"
OVER = "This link is over, or was revoked. The alert is still in its room: /alert show {number}"
NO_LONGER = (
    "The address that this mail went to is no longer on a channel's list, so nothing can be done with it any more."
)
GONE = "There is no alert #{number} any more."
NO_MAILS = "These mails are no longer sent to you: your address is not on the channel's list."
NO_WORDS = "There are no words above the quote, so nothing was done. Write for example: ack 2h"
UNVERIFIED = "{name} (unverified)"
SOMEBODY = "somebody"
OTHER_SENDER = (
    "A mail from {sender} answered yours, but it is not from this address, so it is on #{number} as a note only."
)
TOO_OLD = "The mail that you answered is too old to act by, so your words are on #{number} as a note only."
NO_OTHER = "There is no alert #{number} in the room of this one."
ENDED = "ended the mails of the channel {channel} to {address}"


class Over(AlertbotError):
    """Nothing can be done with it any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Whom a mail went to: the address, its channel, and the person if Hipchat knows them by it."""

    channel: str
    address: str
    known: Known | None
    verified: bool = True

    @property
    def actor(self) -> Actor:
        """The reader as somebody who acts."""
        name, person = self.address or SOMEBODY, f"mail:{self.address.lower()}"
        if not self.verified:
            name, person = UNVERIFIED.format(name=name), f"unverified:{person}"
        elif self.known is not None:
            name, person = self.known.mention_name, self.known.id
        return Actor(kind=Who.PERSON, name=name, id=person, via=Via.MAIL)

    @property
    def zone(self) -> str:
        """The time zone to speak in."""
        return self.known.time_zone if self.known else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """An alert before a link's action: who would act, and why that cannot be done ("": it can)."""

    alert: Alert
    reader: Reader
    why_not: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What became of somebody's wish, in words for them; `to` is their address, "" when nobody is to be told.

    `about` is the alert in a few words, as mails about it have them in their subject.
    """

    text: str
    done: bool
    to: str = ""
    about: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mails:
    """A channel's mails to an address, and whether it has ended them."""

    channel: str
    address: str
    ended: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """An alert that something is wished of, inside a transaction."""

    tx: Tx
    alert: Alert
    now: int
    rules: Rules = RULES


# --- links --------------------------------------------------------------------------------------------------------------


async def look(storage: Storage, key: bytes, ticket: Ticket, *, now: int) -> Seen:
    """Return what a link leads to; nothing is changed. Raises Over."""

    async def work(tx: Tx) -> Seen:
        case = _Case(tx=tx, alert=await _alert(tx, ticket), now=now)
        reader = await _presser(case, key, ticket)
        wish = _pressed(ticket, reader, "", now)
        why_not = await _forbidden(case, reader, wish.action)
        try:
            action.act(case.alert, wish, now)
        except Refused as refused:
            why_not = why_not or refusal(refused, now=now, zone_name=reader.zone)
        return Seen(alert=case.alert, reader=reader, why_not=why_not)

    return await storage.look(work)


async def press(
    storage: Storage, chat: Chat[Speaker], key: bytes, ticket: Ticket, *, note: str, now: int, rules: Rules = RULES
) -> Told:
    """Do what a link is for, once somebody has confirmed it. Raises Over."""
    await _introduce(storage, chat, key, ticket, now=now)

    async def work(tx: Tx) -> Told:
        await tenants.lock(tx, ticket.tenant)
        case = _Case(tx=tx, alert=await _alert(tx, ticket), now=now, rules=rules)
        reader = await _presser(case, key, ticket)
        return await _done(case, reader, _pressed(ticket, reader, note, now))

    return await storage.write(work, urgent=True)


async def _alert(tx: Tx, ticket: Ticket) -> Alert:
    """Return the alert of a ticket. Raises Over when it is gone, or when links were revoked."""
    alert = (await alerts.by_numbers(tx, ticket.tenant, [ticket.number])).get(ticket.number)
    if alert is None:
        raise Over(GONE.format(number=ticket.number))
    if ticket.revoked(await tenants.links_since(tx, ticket.tenant)):
        raise Over(OVER.format(number=ticket.number))
    return alert


async def _presser(case: _Case, key: bytes, ticket: Ticket) -> Reader:
    """Return whose link it is. Raises Over."""
    if not ticket.good(case.now):
        raise Over(OVER.format(number=ticket.number))
    reader = await _reader(case.tx, key, ticket)
    if reader is None:
        raise Over(NO_LONGER)
    return reader


def _pressed(ticket: Ticket, reader: Reader, note: str, now: int) -> Wish:
    until = now + A_WHILE if ticket.use is Use.ACK_A_WHILE else None
    return Wish(action=USES[ticket.use], by=reader.actor, note=clean(note.strip(), NOTE_LIMIT), until=until)


async def _reader(tx: Tx, key: bytes, ticket: Ticket) -> Reader | None:
    plan = await plans.load(tx, ticket.tenant)
    listed = [
        (each.name, address.strip())
        for each in plan.channels.values()
        if each.kind is Kind.EMAIL
        for address in each.settings["to"].split(",")
    ]
    found = addressed(key, ticket, listed)
    if found is None:
        return None
    channel, address = found
    known = await people.called(tx, ticket.tenant, address)
    if known is not None and known.email.lower() != address.lower():
        known = None
    return Reader(channel=channel, address=address, known=known)


# --- answers ------------------------------------------------------------------------------------------------------------


async def answer(
    storage: Storage,
    chat: Chat[Speaker],
    key: bytes,
    ticket: Ticket,
    mail: Letter,
    *,
    message: str,
    now: int,
    rules: Rules = RULES,
) -> Told | None:
    """Do what an answer to a mail asks for, once per mail (`message` tells it apart); None when that was done already.

    Raises Over when there is nothing that it could be about.
    """
    words = letter.said(mail.text)
    wanted = errand.read(words, ticket.number)
    person = wanted.command.person if wanted else None
    also = f"@{person}" if person not in {None, "me"} else ""
    await _introduce(storage, chat, key, ticket, also, sender=mail.sender, now=now)

    async def work(tx: Tx) -> Told | None:
        await tenants.lock(tx, ticket.tenant)
        case = _Case(tx=tx, alert=await _alert(tx, ticket), now=now, rules=rules)
        if not await letters.first(tx, tenant=ticket.tenant, about=f"#{ticket.number}", message=message, now=now):
            return None
        reader = await _reader(tx, key, ticket)
        if reader is None or mail.sender != reader.address.lower() or not ticket.good(now):
            told = await _unverified(case, reader, mail.sender, words)
        else:
            told = await _heard(case, reader, wanted)
        return replace(told, about=ABOUT.format(alert=case.alert, severity=case.alert.severity.word))

    return await storage.write(work, urgent=True)


async def _heard(case: _Case, reader: Reader, wanted: Errand | None) -> Told:
    """Do what a mail's reader asks for."""
    if wanted is None:
        return Told(text=NO_WORDS, done=False, to=reader.address)
    try:
        wish = await _asked(case, wanted.command, reader)
        told = await _done(case, reader, wish, to=_owner(wanted.command, reader))
    except Invalid as invalid:
        return Told(text=invalid.text, done=False, to=reader.address)
    return replace(told, text=f"{told.text}; {wanted.why}" if wanted.why else told.text)


async def _introduce(
    storage: Storage,
    chat: Chat[Speaker],
    key: bytes,
    ticket: Ticket,
    also: str = "",
    *,
    sender: str | None = None,
    now: int,
) -> None:
    """Ask Hipchat who a mail's reader is, and somebody whom they name: before the transaction, since it may take its time.

    For a `sender` who is somebody else, nobody is asked about.
    """

    async def seen(tx: Tx) -> tuple[Reader | None, Alert | None]:
        alert = (await alerts.by_numbers(tx, ticket.tenant, [ticket.number])).get(ticket.number)
        return await _reader(tx, key, ticket), alert

    reader, alert = await storage.look(seen)
    if reader is None or alert is None or sender not in {None, reader.address.lower()}:
        return
    for who in filter(None, (reader.address, also)):
        await directory.learn(storage, chat, ticket.tenant, alert.room, who, now=now)


def _owner(command: Command, reader: Reader) -> str | None:
    """Return whom a command assigns to, as a name that leads to one person."""
    if command.person is None:
        return None
    return command.person if command.person != "me" or reader.known is None else reader.known.mention_name


async def _asked(case: _Case, command: Command, reader: Reader) -> Wish:
    """Make a wish of a command. Raises Invalid for people and alerts that nobody knows."""
    note, tenant = command.note, case.alert.tenant
    if command.person is not None and await people.called(case.tx, tenant, _owner(command, reader) or "") is None:
        raise Invalid(reply.UNKNOWN_PERSON.format(command.person))
    if command.duplicate_of is not None:
        other = (await alerts.by_numbers(case.tx, tenant, [command.duplicate_of])).get(command.duplicate_of)
        if other is None or other.room != case.alert.room:
            raise Invalid(NO_OTHER.format(number=command.duplicate_of))
    if command.reason:
        reason = f"duplicate of #{command.duplicate_of}" if command.duplicate_of is not None else command.reason
        note = f"{reason}: {note}" if note else reason
    until = case.now + command.duration if command.duration is not None else None
    if command.until is not None:
        until = spans.moment(command.until, now=case.now, zone_name=reader.zone)
    return Wish(
        action=Action(command.verb),
        by=reader.actor,
        note=clean(note, NOTE_LIMIT),
        until=until,
        severity=SEVERITIES[command.severity] if command.severity else None,
    )


async def _unverified(case: _Case, reader: Reader | None, sender: str, words: str) -> Told:
    """Keep as a note what came with a good ticket and is not proven to be its owner's; they are told, nobody else."""
    number = case.alert.number
    text = OTHER_SENDER.format(sender=clean(sender, NAME_LIMIT) or SOMEBODY, number=number)
    if reader is not None and sender == reader.address.lower():
        text = TOO_OLD.format(number=number)
    stranger = Reader(channel="", address=clean(sender, NAME_LIMIT), known=None, verified=False)
    forbidden = await _forbidden(case, stranger, Action.NOTE)
    if not words or forbidden:
        return Told(text=forbidden or NO_WORDS, done=False, to=reader.address if reader else "")
    wish = Wish(action=Action.NOTE, by=stranger.actor, note=clean(words, NOTE_LIMIT))
    await perform_within(case.tx, tenant=case.alert.tenant, number=number, wish=wish, now=case.now, rules=case.rules)
    return Told(text=text, done=False, to=reader.address if reader else "")


async def _done(case: _Case, reader: Reader, wish: Wish, to: str | None = None) -> Told:
    """Do a wish, if it is allowed, and say what became of it. Raises Invalid."""
    number, now = case.alert.number, case.now
    forbidden = await _forbidden(case, reader, wish.action)
    if forbidden:
        return Told(text=forbidden, done=False, to=reader.address)
    try:
        after = await perform_within(
            case.tx, tenant=case.alert.tenant, number=number, wish=wish, to=to, now=now, rules=case.rules
        )
    except Refused as refused:
        return Told(text=refusal(refused, now=now, zone_name=reader.zone), done=False, to=reader.address)
    detail = f" to {after.owner.name}" if wish.action is Action.ASSIGN and after.owner else ""
    detail += f" is now {after.severity.word}" if wish.severity is not None else ""
    detail += f" until {clock(wish.until, reader.zone, now=now)}" if wish.until is not None else ""
    text = DONE.format(past=PAST[wish.action], number=number, detail=detail)
    return Told(text=text, done=True, to=reader.address)


async def _forbidden(case: _Case, reader: Reader, verb: Action) -> str:
    """Say why an alert's room does not let somebody do that by mail; "" when it does. Nobody is an admin by mail."""
    guest = bool(reader.known and reader.known.is_guest)
    room = await tenants.room(case.tx, case.alert.room) if case.alert.room is not None else None
    tenant = await tenants.tenant(case.tx, case.alert.tenant)
    if guest or room is None or tenant is None:
        return reply.GUESTS_READ_ONLY if guest else ""
    level = level_of(room, verb.value, changes=True)
    if may(Caller(tenant=tenant, room=room, actor=reader.actor), level):
        return ""
    return REFUSALS[level].format(verb=verb.value, room=room.name)


# --- ending the mails of a channel ----------------------------------------------------------------------------------------


async def mails(storage: Storage, key: bytes, ticket: Ticket) -> Mails:
    """Return whose mails a ticket may end. Raises Over."""

    async def work(tx: Tx) -> Mails:
        reader = await _subscriber(tx, key, ticket)
        ended = reader.address.lower() in await mutes.of_channel(tx, ticket.tenant, reader.channel)
        return Mails(channel=reader.channel, address=reader.address, ended=ended)

    return await storage.look(work)


async def end_mails(storage: Storage, key: bytes, ticket: Ticket, *, ended: bool, now: int) -> Mails:
    """End the mails that a ticket is for, or begin them again. Raises Over."""

    async def work(tx: Tx) -> Mails:
        reader = await _subscriber(tx, key, ticket)
        where = ticket.tenant, reader.channel, reader.address
        changed = await mutes.add(tx, *where, now) if ended else await mutes.end(tx, *where)
        if changed:
            what = (ENDED if ended else UNMUTED).format(channel=reader.channel, address=reader.address)
            await audit.add(tx, tenant=ticket.tenant, room=None, by=reader.actor, what=what, now=now)
        return Mails(channel=reader.channel, address=reader.address, ended=ended)

    return await storage.write(work, urgent=True)


async def _subscriber(tx: Tx, key: bytes, ticket: Ticket) -> Reader:
    reader = await _reader(tx, key, ticket)
    if reader is None:
        raise Over(NO_MAILS)
    return reader
