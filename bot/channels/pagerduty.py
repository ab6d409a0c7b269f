"""PagerDuty's Events API v2 (alert-sources.md 1.5 and 2.1): trigger, acknowledge, resolve. It takes no notes."""

import json

from bot.channels.outbound import Outbound
from bot.channels.webhook import iso
from bot.domain.channel import OURS, Channel, Move, Parcel
from bot.ports import Receipt

URL = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_LIMIT = 1024
BODY_LIMIT = 512_000
CLIENT = "alertbot"


class PagerDuty:
    """Sends events. Every event of an alert has the same key."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Send one parcel; what PagerDuty has no event for is nothing to send."""
        if parcel.move is Move.NOTE:
            return Receipt(status=204)
        body = body_of(parcel, to.settings["routing_key"])
        headers = {"Content-Type": "application/json"}
        answer = await self._outbound.call("POST", to.settings.get("url") or URL, body=body, headers=headers)
        return Receipt(status=answer.status)


def dedup_key(parcel: Parcel) -> str:
    """Return the key that all events of an alert have."""
    return f"{OURS}{parcel.tenant}/{parcel.number}"


def body_of(parcel: Parcel, routing_key: str) -> bytes:
    """Write an event within PagerDuty's limits; details are left off first."""
    told = parcel.content
    payload = {
        "summary": str(told["summary"])[:SUMMARY_LIMIT],
        "source": told["source"] or CLIENT,
        "severity": told["severity"],
        "timestamp": iso(told["opened_at"]),
        "custom_details": {
            "alert": told["alert"],
            "description": told["description"],
            "labels": told["labels"],
            "by": told["by"],
            "note": told["note"],
        },
    }
    event = {
        "routing_key": routing_key,
        "event_action": parcel.move.value,
        "dedup_key": dedup_key(parcel),
        "client": CLIENT,
        "links": told["links"],
        "payload": payload,
    }
    body = json.dumps(event).encode()
    if len(body) > BODY_LIMIT:
        body = json.dumps({**event, "links": [], "payload": {**payload, "custom_details": {}}}).encode()
    return body
