"""Signature: whether a sender signed what it sent with a secret that it shares with us (alert-sources.md 1.3, 1.11, 2.9)."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.source import GRAFANA, PAGERDUTY, SIGNATURES, Source

TOLERANCE = 5 * 60
"""Seconds that a signed time may be off."""
PAGERDUTY_VERSION = "v1="


def genuine(source: Source, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, seconds: int) -> bool:
    """Whether one of the secrets signed a request. `headers` have lower-case names, `seconds` is the time now (epoch)."""
    said = headers.get((source.header or SIGNATURES[source.kind]).lower(), "")
    signed = body
    if source.kind == GRAFANA and source.timestamp_header:
        stamp = headers.get(source.timestamp_header.lower(), "")
        if not (stamp.isascii() and stamp.isdigit() and abs(int(stamp[:12]) - seconds) <= TOLERANCE):
            return False
        signed = f"{stamp}:".encode() + body
    given = list(_signatures(source.kind, said))
    return any(
        hmac.compare_digest(hexadecimal(secret, signed).encode(), each.encode("utf-8", "replace"))
        for secret in secrets
        for each in given
    )


def hexadecimal(secret: str, signed: bytes) -> str:
    """Return the signature: HMAC-SHA256 in small hexadecimal digits."""
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _signatures(kind: str, said: str) -> Iterator[str]:
    if kind != PAGERDUTY:
        yield said.strip()
        return
    for each in said.split(",")[:16]:
        version, _, value = each.strip().partition("=")
        if f"{version}=" == PAGERDUTY_VERSION:
            yield value
