"""Ticket: what a mail lets its reader do without Hipchat: one thing, to one alert, for a while, signed for one address.

A ticket is written in small letters and digits, since some mail servers fold case, and with `alerts+` before it fits the 64
characters that the part before an `@` may have (RFC 5321 4.5.3.1.1).
"""

import base64
import binascii
import enum
import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.spans import DAY

LIFE = 7 * DAY
"""Milliseconds for which a ticket is good. The one that ends mails is good for ever."""
MAC_BYTES = 16
TAG_BYTES = 6
LENGTH = 56

_SAID = struct.Struct(f">BIII{TAG_BYTES}s")


class Use(enum.IntEnum):
    """What a ticket is good for."""

    REPLY = 1
    ACK = 2
    ACK_A_WHILE = 3
    CLOSE = 4
    MUTE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """What a good signature vouches for. `tag` stands for the address; `number` is 0 and there is no end where mails are ended."""

    use: Use
    tenant: int
    number: int
    ends_at: int
    tag: bytes

    def good(self, now: int) -> bool:
        """Whether it is not over."""
        return now < self.ends_at

    def revoked(self, since: int) -> bool:
        """Whether it was made before links were revoked (`since`, epoch ms); what ends mails stays good."""
        return self.use is not Use.MUTE and self.ends_at - LIFE < since


def to_act(key: bytes, use: Use, *, tenant: int, number: int, address: str, now: int) -> str:
    """Write a ticket for something that one address may do to one alert."""
    ends_at = now + LIFE
    return _written(
        key, Ticket(use=use, tenant=tenant, number=number, ends_at=ends_at, tag=tag_of(key, tenant, address))
    )


def to_mute(key: bytes, *, tenant: int, channel: str, address: str) -> str:
    """Write a ticket that ends a channel's mails to an address."""
    tag = tag_of(key, tenant, address, channel)
    return _written(key, Ticket(use=Use.MUTE, tenant=tenant, number=0, ends_at=0, tag=tag))


def read(key: bytes, text: str) -> Ticket | None:
    """Read a ticket in any case; None when it is none, or signed with another key."""
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        raw = base64.b32decode(text.upper())
    except binascii.Error:
        return None
    said, mac = raw[: _SAID.size], raw[_SAID.size :]
    if not hmac.compare_digest(mac, _mac(key, said)):
        return None
    use, tenant, number, ends, tag = _SAID.unpack(said)
    return Ticket(use=Use(use), tenant=tenant, number=number, ends_at=ends * 1000, tag=tag)


def tag_of(key: bytes, tenant: int, address: str, channel: str = "") -> bytes:
    """Return what stands for an address (any case) in a tenant's tickets, or for one in a channel."""
    said = f"tag\n{tenant}\n{address.strip().lower()}\n{channel}".encode("utf-8", "replace")
    return hmac.digest(key, said, hashlib.sha256)[:TAG_BYTES]


def addressed(key: bytes, ticket: Ticket, known: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the one of the known (channel, address) that a ticket was made for; None when it is no longer among them."""
    for channel, address in known:
        tag = tag_of(key, ticket.tenant, address, channel if ticket.use is Use.MUTE else "")
        if hmac.compare_digest(tag, ticket.tag):
            return channel, address
    return None


def _written(key: bytes, made: Ticket) -> str:
    said = _SAID.pack(made.use, made.tenant, made.number, made.ends_at // 1000, made.tag)
    return base64.b32encode(said + _mac(key, said)).decode().lower()


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, b"ticket\n" + said, hashlib.sha256)[:MAC_BYTES]
