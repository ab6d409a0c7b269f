"""Alertmanager: an ack or a snooze silences exactly this alert there, and the silence ends with it (alert-sources.md 2.4)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bot.channels.outbound import Outbound
from bot.channels.webhook import iso
from bot.domain.alert import Alert
from bot.domain.channel import Channel, Move, Parcel
from bot.domain.difference import Standing, Survey
from bot.ports import Later, Never, Receipt
from bot.sources.payload import objects

SPAN = 4 * 3_600_000
"""Milliseconds of a silence for an ack without a time; each repeat of the ack begins it anew."""
NOT_THERE = 404
LISTING_LIMIT = 32 * 1024 * 1024
REPORTERS = frozenset({"alertmanager", "prometheus"})
"""The senders whose dedup keys are fingerprints that Alertmanager knows."""
NO_LISTING = "its list of alerts cannot be read"
NO_LABELS = "an alert without labels cannot be silenced exactly"


class Alertmanager:
    """Makes and ends silences. The receipt's detail is the id of the silence that is in force, "" for none."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Silence on ack and snooze, end the silence on everything that ends those."""
        base = to.settings["url"].rstrip("/")
        token = to.settings.get("token", "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        match parcel.move:
            case Move.ACKNOWLEDGE:
                body = json.dumps(silence(parcel)).encode()
                headers["Content-Type"] = "application/json"
                answer = await self._outbound.call("POST", f"{base}/api/v2/silences", body=body, headers=headers)
                made = answer.json()
                given = made.get("silenceID") if isinstance(made, dict) else None
                return Receipt(status=answer.status, detail=str(given or ""))
            case Move.NOTE:
                return Receipt(status=204, detail=parcel.reference)
            case _ if not parcel.reference:
                return Receipt(status=204)
        try:
            url = f"{base}/api/v2/silence/{quote(parcel.reference, safe='')}"
            answer = await self._outbound.call("DELETE", url, headers=headers)
        except Never as never:
            if never.status != NOT_THERE:
                raise
            return Receipt(status=NOT_THERE)
        return Receipt(status=answer.status)

    async def survey(self, known: Sequence[Alert], to: Channel) -> Survey:
        """Say where alerts stand there that came from an Alertmanager or a Prometheus; strays are those for our own `receiver`."""
        headers = {"Authorization": f"Bearer {to.settings['token']}"} if to.settings.get("token") else {}
        url = (
            f"{to.settings['url'].rstrip('/')}/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true"
        )
        answer = await self._outbound.call("GET", url, headers=headers, limit=LISTING_LIMIT)
        found = read(answer.json(), to.settings.get("receiver", ""))
        standings = {
            alert.number: found.standings.get(alert.dedup_key, Standing.GONE)
            for alert in known
            if not REPORTERS.isdisjoint(alert.senders)
        }
        return Survey(standings=standings, strays=found.strays)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Alerts as Alertmanager has them, by fingerprint; `strays` are those that fire for our receiver, with their words."""

    standings: Mapping[str, Standing]
    strays: Mapping[str, str]


def read(given: object, receiver: str) -> Listing:
    """Read what `GET /api/v2/alerts` answers. Raises Later for what is none."""
    if not isinstance(given, list):
        raise Later(NO_LISTING)
    standings, strays = {}, {}
    for fields in objects(given):
        key = fields.text("fingerprint")
        if not key:
            continue
        silenced = bool(fields.inner("status").list("silencedBy"))
        standings[key] = Standing.ACKED if silenced else Standing.FIRING
        told = receiver and receiver in {each.text("name") for each in objects(fields.at("receivers"))}
        if told and fields.text("status.state") == "active":
            strays[key] = fields.text("annotations.summary", "labels.alertname")
    return Listing(standings=standings, strays=strays)


def silence(parcel: Parcel) -> dict[str, object]:
    """Write a silence that matches this alert and no other; the one before is replaced. Raises Never without labels."""
    told = parcel.content
    if not told["labels"]:
        raise Never(NO_LABELS)
    note = f": {told['note']}" if told["note"] else ""
    made: dict[str, object] = {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in told["labels"].items()
        ],
        "startsAt": iso(parcel.at),
        "endsAt": iso(told["until"] or parcel.at + SPAN),
        "createdBy": f"{told['by'] or 'alertbot'} (Hipchat)",
        "comment": f"{parcel.action} of alert {parcel.number}{note}",
    }
    return made | ({"id": parcel.reference} if parcel.reference else {})
