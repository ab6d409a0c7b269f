"""Sematext's event stream (alert-sources.md 2.6): what happened to alerts, on the timeline of an App. Nothing can be acked there."""

import json
from urllib.parse import quote

from bot.channels.outbound import Outbound
from bot.channels.webhook import iso
from bot.domain.channel import Channel, Parcel
from bot.ports import Receipt

URL = "https://event-receiver.sematext.com"
CREATOR = "alertbot"
TYPE = "alert"
MESSAGE = "alert {number} {action}{by}: {summary}"
NOTED = " ({note})"
TEXT_LIMIT = 4000
TAGS_LIMIT = 20


class Sematext:
    """Posts events. The App's write token is part of the path, which no error names."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Post one change as an event; the same one again is the same event at the same time."""
        base = (to.settings.get("url") or URL).rstrip("/")
        url = f"{base}/{quote(to.settings['token'], safe='')}/event"
        headers = {"Content-Type": "application/json"}
        answer = await self._outbound.call("POST", url, body=event(parcel), headers=headers)
        return Receipt(status=answer.status)


def event(parcel: Parcel) -> bytes:
    """Write a change as an event."""
    told = parcel.content
    by = f" by {told['by']}" if told["by"] else ""
    message = MESSAGE.format(number=parcel.number, action=parcel.action, by=by, summary=told["summary"])
    if told["note"]:
        message += NOTED.format(note=told["note"])
    return json.dumps(
        {
            "timestamp": iso(parcel.at),
            "message": message[:TEXT_LIMIT],
            "name": f"#{parcel.number} {parcel.action}",
            "tags": [f"{name}:{value}" for name, value in told["labels"].items()][:TAGS_LIMIT],
            "severity": told["severity"],
            "priority": told["severity"].upper(),
            "creator": CREATOR,
            "type": TYPE,
        }
    ).encode()
