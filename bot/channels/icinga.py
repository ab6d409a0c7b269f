"""Icinga 2: what people do with what it watches is done there too, through its API (alert-sources.md 2.2).

It concerns alerts that Icinga reports, and no others. Its API shows a certificate of its own authority, so an admin says which one
is meant by its SHA-256 fingerprint.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.external import Place, own_place, place_of
from bot.channels.outbound import Outbound
from bot.domain.alert import Alert
from bot.domain.channel import OF_NAGIOS, Channel, Move, Parcel
from bot.domain.difference import Standing, Survey
from bot.ports import Later, Never, Receipt
from bot.sources.payload import Fields, objects

ACTIONS = "/v1/actions"
AUTHOR = "alertbot"
NOBODY_THERE = 404
SO_ALREADY = 409
PAGE = 200
LISTING_LIMIT = 8 * 1024 * 1024
TEXT_LIMIT = 4000
COMMENT = "{action} in Hipchat (alert {number})"

UNKNOWN = "Icinga knows no {what}"
REFUSED = "Icinga refused it: {status}"
RELOADING = "Icinga is busy with itself: {status}"
UNREAD = "Icinga's answer cannot be read"


class Icinga:
    """Acknowledges problems, takes acknowledgements back, and adds comments."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Do one change there. Icinga takes no second acknowledgement, so a new one replaces the first."""
        place = own_place(parcel)
        if place is None or parcel.action in {"opened", "unreachable"}:
            return Receipt(status=204)
        match parcel.move:
            case Move.ACKNOWLEDGE:
                body = acknowledgement(parcel, to_second=self._outbound.seconds())
                status = await self._act(to, "acknowledge-problem", place, body)
                if status == SO_ALREADY:
                    await self._act(to, "remove-acknowledgement", place, {"author": body["author"]})
                    status = await self._act(to, "acknowledge-problem", place, body)
            case Move.TRIGGER:
                status = await self._act(to, "remove-acknowledgement", place, {"author": _author(parcel)})
            case _:
                status = await self._act(
                    to, "add-comment", place, {"author": _author(parcel), "comment": _comment(parcel)}
                )
        return Receipt(status=status)

    async def probe(self, to: Channel) -> int:
        """Ask who we are there, to see whether address, certificate and login are good."""
        await self._call(to, "GET", "/v1")
        return 200

    async def survey(self, known: Sequence[Alert], to: Channel) -> Survey:
        """Say where hosts and services stand there; those that Icinga does not know are left out."""
        mine = {place_of(alert.labels): alert.number for alert in known if not OF_NAGIOS.isdisjoint(alert.senders)}
        standings: dict[int, Standing] = {}
        for kind in ("services", "hosts"):
            hosts = sorted({place.host for place in mine if bool(place.service) is (kind == "services")})
            for start in range(0, len(hosts), PAGE):
                asked = {
                    "filter": "host.name in names",
                    "filter_vars": {"names": hosts[start : start + PAGE]},
                    "attrs": ["name", "host_name", "state", "acknowledgement"],
                }
                for each in await self._listed(to, kind, asked):
                    service = each.text("name") if kind == "services" else ""
                    number = mine.get(Place(host=each.text("host_name") or each.text("name"), service=service))
                    if number is not None:
                        standings[number] = _standing(each)
        return Survey(standings=standings)

    async def _listed(self, to: Channel, kind: str, asked: Mapping[str, Any]) -> list[Fields]:
        headers = {"X-HTTP-Method-Override": "GET"}
        found = await self._call(to, "POST", f"/v1/objects/{kind}", asked, headers)
        return [each.inner("attrs") for each in found]

    async def _act(self, to: Channel, action: str, place: Place, body: Mapping[str, Any]) -> int:
        """Do an action on one object; return its status there. Names stand in variables, never in the filter's text."""
        wanted = {
            "type": "Service" if place.service else "Host",
            "filter": "host.name==h && service.name==s" if place.service else "host.name==h",
            "filter_vars": {"h": place.host, **({"s": place.service} if place.service else {})},
        }
        try:
            results = await self._call(to, "POST", f"{ACTIONS}/{action}", {**wanted, **body})
        except Never as never:
            # The answer as a whole has the status of its worst part.
            if never.status == SO_ALREADY:
                return SO_ALREADY
            if never.status != NOBODY_THERE:
                raise
            results = []
        if not results:
            what = f"service {place.service} on {place.host}" if place.service else f"host {place.host}"
            raise Never(UNKNOWN.format(what=what), status=NOBODY_THERE)
        code, status = _code(results[0]), results[0].text("status")[:200]
        if code >= 500:
            raise Later(RELOADING.format(status=status), status=code)
        if code >= 400 and code != SO_ALREADY:
            raise Never(REFUSED.format(status=status), status=code)
        return code

    async def _call(
        self,
        to: Channel,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[Fields]:
        login = base64.b64encode(f"{to.settings['user']}:{to.settings['password']}".encode()).decode()
        answer = await self._outbound.call(
            method,
            to.settings["url"].rstrip("/") + path,
            body=None if body is None else json.dumps(body).encode(),
            headers={"Accept": "application/json", "Authorization": f"Basic {login}", **(headers or {})},
            limit=LISTING_LIMIT,
            fingerprint=to.settings.get("fingerprint", ""),
        )
        given = answer.json()
        if not isinstance(given, dict):
            raise Later(UNREAD)
        return objects(given.get("results"))


def acknowledgement(parcel: Parcel, *, to_second: int) -> dict[str, Any]:
    """Return the parameters of an acknowledgement: silent, gone when the state changes (so that worse is heard) or at its time (if that is to come)."""
    body: dict[str, Any] = {"author": _author(parcel), "comment": _comment(parcel), "sticky": False, "notify": False}
    until = parcel.content["until"]
    if until is not None and until // 1000 > to_second:
        body["expiry"] = until // 1000
    return body


def _code(result: Fields) -> int:
    """Return an object's status: Icinga writes it as `200` or `200.0`."""
    whole = result.text("code").partition(".")[0]
    return int(whole) if whole.isdecimal() and len(whole) == 3 else 0


def _author(parcel: Parcel) -> str:
    return str(parcel.content["by"] or AUTHOR)


def _comment(parcel: Parcel) -> str:
    words = COMMENT.format(action=parcel.action, number=parcel.number)
    if parcel.action == "assigned" and parcel.content["owner"]:
        words += f" to {parcel.content['owner']}"
    return f"{words}: {parcel.content['note']}"[:TEXT_LIMIT] if parcel.content["note"] else words


def _standing(attributes: Fields) -> Standing:
    if attributes.text("state") in {"0", "0.0"}:
        return Standing.GONE
    return Standing.FIRING if attributes.text("acknowledgement") in {"", "0", "0.0"} else Standing.ACKED
