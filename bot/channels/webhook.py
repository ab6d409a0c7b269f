"""Signed webhooks as Standard Webhooks has them (alert-sources.md 2.7)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.channels.outbound import Outbound
from bot.domain.channel import Channel, Parcel
from bot.domain.holding import Hold
from bot.ports import Never, Receipt

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)
BAD_SECRET = "its secret is none: whsec_ and the base64 of 24 to 64 random bytes"  # noqa: S105 - words for people

TYPES: Mapping[str, str] = {
    "opened": "alert.created",
    "reopened": "alert.reopened",
    "acked": "alert.acknowledged",
    "owned": "alert.acknowledged",
    "unacked": "alert.unacknowledged",
    "woken": "alert.unacknowledged",
    **dict.fromkeys(Hold, "alert.unacknowledged"),
    "assigned": "alert.assigned",
    "unassigned": "alert.assigned",
    "snoozed": "alert.snoozed",
    "noted": "alert.noted",
    "closed": "alert.closed",
    "unreported": "alert.closed",
    "resolved": "alert.resolved",
    "escalated": "alert.escalated",
    "unreachable": "delivery.failed",
}
"""What happened, as our webhooks call it; everything else is an update."""
UPDATED = "alert.updated"
MOMENTS = ("starts_at", "opened_at", "until")


class Webhook:
    """Posts what happened, signed with the channel's secrets: several during a rotation, apart by spaces."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Post one parcel. A repeat has the same id, by which the receiver knows it."""
        keys = [key_of(secret) for secret in to.settings["secret"].split()]
        body = body_of(parcel)
        seconds = self._outbound.seconds()
        message = f"msg_{parcel.tenant}_{parcel.id}"
        signatures = " ".join(signature(key, message, seconds, body) for key in keys)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signatures,
        }
        answer = await self._outbound.call("POST", to.settings["url"], body=body, headers=headers)
        return Receipt(status=answer.status)


def body_of(parcel: Parcel) -> bytes:
    """Write what is posted: the kind of change, when, and the alert as it was then."""
    data = {
        name: iso(value) if name in MOMENTS and value is not None else value for name, value in parcel.content.items()
    }
    told = {"type": TYPES.get(parcel.action, UPDATED), "timestamp": iso(parcel.at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def iso(moment: int) -> str:
    """Write epoch milliseconds as ISO 8601, to the second."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_of(secret: str) -> bytes:
    """Return the bytes that a secret stands for. Raises Never."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise Never(BAD_SECRET) from None
    if len(key) not in SECRET_BYTES:
        raise Never(BAD_SECRET)
    return key


def signature(key: bytes, message: str, seconds: int, body: bytes) -> str:
    """Return `v1,` and the base64 HMAC-SHA256 of id, timestamp and body."""
    signed = f"{message}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
