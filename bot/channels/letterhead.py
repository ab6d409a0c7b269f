"""Letterhead: how a mail leads back to us: the alert's page, buttons, the address for replies, the way to end the mails."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain import link, ticket
from bot.domain.alert import State
from bot.domain.ticket import Use
from bot.ports import Clock

BUTTONS: Sequence[tuple[str, Use, frozenset[State]]] = (
    ("Acknowledge", Use.ACK, frozenset({State.OPEN, State.SNOOZED})),
    ("Acknowledge for 2 hours", Use.ACK_A_WHILE, frozenset({State.OPEN, State.SNOOZED})),
    ("Close", Use.CLOSE, frozenset({State.OPEN, State.ACKED, State.SNOOZED})),
)
"""What can be done by a link, and in which states a mail offers it."""
OPEN = "Open"
SUBJECT = "unsubscribe"


@dataclass(frozen=True, kw_only=True, slots=True)
class Letterhead:
    """`base_url` is our own address for links ("": none), `domain` the one that mails to us come to ("": none come)."""

    base_url: str
    domain: str
    link_key: bytes = field(repr=False)
    ticket_key: bytes = field(repr=False)
    clock: Clock

    def buttons(self, tenant: int, number: int, state: State, address: str) -> list[tuple[str, str]]:
        """Return what an address may do to an alert by a link: the words and the link."""
        if not self.base_url or not number:
            return []
        now = self.clock()
        token = link.written(self.link_key, tenant=tenant, number=number, now=now)
        offered = [
            (text, ticket.to_act(self.ticket_key, use, tenant=tenant, number=number, address=address, now=now))
            for text, use, states in BUTTONS
            if state in states
        ]
        return [*((text, self._page(made)) for text, made in offered), (OPEN, f"{self.base_url}/a/{token}")]

    def reply_to(self, tenant: int, number: int, address: str) -> str:
        """Return where an address replies to mails about an alert; "" when no mails come in."""
        if not self.domain or not number:
            return ""
        now = self.clock()
        made = ticket.to_act(self.ticket_key, Use.REPLY, tenant=tenant, number=number, address=address, now=now)
        return self._address(made)

    def ends(self, tenant: int, channel: str, address: str) -> list[str]:
        """Return the addresses that end a channel's mails to somebody: of a page, and to mail to."""
        made = ticket.to_mute(self.ticket_key, tenant=tenant, channel=channel, address=address)
        found = [self._page(made)] if self.base_url else []
        return found + ([f"mailto:{self._address(made)}?subject={SUBJECT}"] if self.domain else [])

    def _page(self, made: str) -> str:
        return f"{self.base_url}/mail/{made}"

    def _address(self, made: str) -> str:
        return f"alerts+{made}@{self.domain}"
