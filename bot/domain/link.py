"""Link: the address of an alert's page outside Hipchat: signed, so that nobody makes one up, and good for a while only.

Whoever has one may read that one alert, as everybody may to whom it was forwarded; nothing can be changed through it.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

from bot.domain.spans import DAY

LIFE = 30 * DAY
"""Milliseconds for which a link is good."""
LEEWAY = 10 * 60_000
"""Milliseconds by which the clocks of several processes may differ."""
MAC_BYTES = 18
_PASTED = re.compile(r"/a/((?:\d{1,15})-(\d{1,15})-(?:\d{1,12})-(?:[A-Za-z0-9_-]{24}))(?![A-Za-z0-9_-])", re.ASCII)
_TOKEN = re.compile(r"(\d{1,15})-(\d{1,15})-(\d{1,12})-([A-Za-z0-9_-]{24})\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """What a good signature vouches for: the alert, and when the link was made (epoch ms)."""

    tenant: int
    number: int
    made_at: int

    def good(self, now: int, since: int) -> bool:
        """Whether it is not over, and not made before links were revoked (`since`, epoch ms)."""
        return since <= self.made_at <= now + LEEWAY and now < self.made_at + LIFE


def written(key: bytes, *, tenant: int, number: int, now: int) -> str:
    """Write a link's token for an alert."""
    said = f"{tenant}-{number}-{now // 1000}"
    return f"{said}-{_mac(key, said)}"


def read(key: bytes, token: str) -> Linked | None:
    """Read a token; None when it is none, or signed with another key."""
    found = _TOKEN.match(token)
    if found is None:
        return None
    said = "-".join(found.groups()[:3])
    try:
        given = base64.urlsafe_b64decode(found[4])
    except binascii.Error:
        return None
    if not hmac.compare_digest(base64.urlsafe_b64encode(given), _mac(key, said).encode()):
        return None
    return Linked(tenant=int(found[1]), number=int(found[2]), made_at=int(found[3]) * 1000)


def named(word: str) -> str | None:
    """Give the number, in digits, of the alert that a pasted link is about; None when it is none of ours by its shape."""
    found = _PASTED.search(word)
    return None if found is None else found[2]


def tokens(text: str) -> tuple[str, ...]:
    """Give the tokens of the links in a text; `read` tells whether they are ours."""
    return tuple(found[1] for found in _PASTED.finditer(text)) if "/a/" in text else ()


def _mac(key: bytes, said: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, said.encode(), hashlib.sha256)[:MAC_BYTES]).decode()
